// Scopes as the user sees them: `scope`, `keep`, and what goes on when they end.

import { ArgumentError } from "../errors.js";
import { closeScope, openScope, type ScopeRecord } from "./lifetime.js";
import { Tensor } from "./tensor.js";

/** Gives a class `[Symbol.dispose]` where the runtime has that symbol. */
export function disposable(prototype: { dispose(): void }): void {
  if (typeof Symbol.dispose !== "symbol") return;
  Object.defineProperty(prototype, Symbol.dispose, {
    value(this: { dispose(): void }) {
      this.dispose();
    },
    configurable: true,
    writable: true,
  });
}

disposable(Tensor.prototype);

/** A scope that was opened without a function: close it by `using` or by `dispose()`. */
export class Scope implements Disposable {
  private record: ScopeRecord | null = openScope();
  declare [Symbol.dispose]: () => void;

  /** Frees everything made since the scope was opened but what was kept. */
  dispose(): void {
    if (this.record === null) return;
    closeScope(this.record, null);
    this.record = null;
  }
}
disposable(Scope.prototype);

/** Throws if the function given to a block that must be synchronous turned out to be asynchronous. */
export function refuseAsync(op: string, result: unknown): void {
  if (result !== null && typeof result === "object" && typeof (result as { then?: unknown }).then === "function") {
    throw new ArgumentError(
      `${op}: expected a synchronous function, got one that returns a promise; it would end before its work`,
    );
  }
}

/**
 * Runs `body` and frees at its end every tensor made inside, but what it returns (also inside arrays, objects, maps
 * and sets), what it `keep`s, gradients of leaves, and what was written into tensors from outside.
 * Without a function it opens a scope that `using` or `dispose()` closes.
 *
 * ```js
 * const total = scope(() => a.mul(b).sum()); // the product is freed
 * ```
 * @throws ArgumentError if `body` is asynchronous. Whatever `body` throws goes on, after everything was freed.
 */
export function scope(): Scope;
export function scope<T>(body: () => T): T;
export function scope<T>(body?: () => T): T | Scope {
  if (body === undefined) return new Scope();
  const record = openScope();
  let survives: ((tensor: Tensor) => boolean) | null = null;
  try {
    const result = body();
    refuseAsync("scope", result);
    if (result instanceof Tensor) survives = (tensor) => tensor === result;
    else if (result !== null && (typeof result === "object" || typeof result === "function")) {
      const found = new Set<unknown>();
      collect(result, found);
      survives = (tensor) => found.has(tensor);
    }
    return result;
  } finally {
    closeScope(record, survives);
  }
}

/** Everything that can be reached from a result, modules being functions; tensors are not looked into. */
function collect(value: object, found: Set<unknown>): void {
  const pending: unknown[] = [value];
  for (let at = pending.pop(); pending.length > 0 || at !== undefined; at = pending.pop()) {
    if (at === null || (typeof at !== "object" && typeof at !== "function")) continue;
    if (found.has(at) || ArrayBuffer.isView(at)) continue;
    found.add(at);
    if (at instanceof Tensor) {
      if (at.gradient !== null) pending.push(at.gradient);
    } else if (at instanceof Map) pending.push(...at.keys(), ...at.values());
    else if (at instanceof Set) pending.push(...at);
    else pending.push(...Object.values(at));
  }
}

/** What holds tensors, as far as it can be told: modules and structures of arrays, objects, maps and sets. */
function heldBy(value: object): Tensor[] {
  const found = new Set<unknown>();
  collect(value, found);
  return [...found].filter((each): each is Tensor => each instanceof Tensor);
}

/**
 * Lets a tensor, or all that an array, an object or a module holds, outlive every open scope; it is freed by `dispose()` or
 * by the garbage collector. Returns what it was given.
 */
export function keep<T extends object>(value: T): T {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    throw new ArgumentError(`keep: expected a tensor or something that holds tensors, got ${typeof value}`);
  }
  const tensors = value instanceof Tensor ? [value] : heldBy(value);
  for (const tensor of tensors) tensor.check("keep");
  for (const tensor of tensors) tensor.kept = true;
  return value;
}
