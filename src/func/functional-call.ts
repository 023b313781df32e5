// Modules as functions of their parameters: functionalCall, stackModuleState.

import { ArgumentError } from "../errors.js";
import { asTensor, describe, isOptions, parse } from "../op/args.js";
import { detach } from "../ops/detach.js";
import { stack } from "../ops/join.js";
import { Tensor } from "../tensor/tensor.js";

/** What is needed of a module; every `nn.Module` has it. */
export interface ModuleLike {
  namedParameters(): Iterable<readonly [string, Tensor]>;
  namedBuffers(): Iterable<readonly [string, Tensor]>;
  // biome-ignore lint/suspicious/noExplicitAny: a module's forward pass takes and gives what it likes
  call(...args: any[]): any;
}

/** Tensors by the names that `namedParameters` and `namedBuffers` tell. */
export type NamedTensors = { readonly [name: string]: Tensor };

/** Options of `functionalCall`. */
export interface FunctionalCallOptions {
  /** Whether what is one parameter under several names is replaced under all of them. */
  readonly tieWeights?: boolean;
  /** Whether all parameters and buffers must be given, and no others. */
  readonly strict?: boolean;
}

interface Holder {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

interface Members {
  members(): readonly { readonly key: string; readonly field: string; readonly value: unknown }[];
  replaceMember(field: string, value: unknown): void;
}

// Modules can be called, so they are functions too.
const isHolder = (x: unknown): x is object => (typeof x === "object" && x !== null) || typeof x === "function";
const hasMembers = (x: unknown): x is Members => isHolder(x) && typeof (x as Partial<Members>).members === "function";

/** The place that a dotted name leads to. */
function holderOf(module: object, name: string): Holder | null {
  const path = name.split(".");
  const last = path.pop() as string;
  let at: unknown = module;
  for (const key of path) at = memberOf(at, key)?.get();
  return memberOf(at, last);
}

function memberOf(at: unknown, key: string): Holder | null {
  if (!isHolder(at)) return null;
  if (hasMembers(at)) {
    const member = at.members().find((each) => each.key === key);
    if (member !== undefined) {
      return { get: () => member.value, set: (value) => at.replaceMember(member.field, value) };
    }
  }
  if (!(key in at)) return null;
  const own = at as Record<string, unknown>;
  return {
    get: () => own[key],
    set: (value) => {
      own[key] = value;
    },
  };
}

/** All places of all tensors, also those that `namedParameters` lists once only: by walking the members. */
function placesOf(at: unknown, tensor: unknown, found: Holder[], seen: Set<unknown>): void {
  if (!hasMembers(at) || seen.has(at)) return;
  seen.add(at);
  for (const { field, value } of at.members()) {
    if (value === tensor) found.push({ get: () => value, set: (other) => at.replaceMember(field, other) });
    else placesOf(value, tensor, found, seen);
  }
}

/**
 * Calls a module with other tensors in the places of its parameters and buffers, by name; what is not named stays its
 * own. `params` is an object of tensors, or an array of such objects; `args` one argument or an array of them. The module
 * has its own tensors back when the call ends, also by an exception.
 *
 * ```js
 * const loss = (params) => F.mseLoss(func.functionalCall(model, params, [x]), y);
 * const gradients = func.grad(loss)(Object.fromEntries(model.namedParameters()));
 * ```
 * @throws ArgumentError for a name that the module does not have.
 */
export function functionalCall<M extends ModuleLike>(
  module: M,
  params: NamedTensors | readonly NamedTensors[],
  args: unknown,
  ...rest: [options?: FunctionalCallOptions]
): ReturnType<M["call"]> {
  const op = "functionalCall";
  const { tieWeights, strict } = parse<Required<FunctionalCallOptions>>(op, rest, { tieWeights: true, strict: false });
  const given = new Map<string, Tensor>();
  for (const each of Array.isArray(params) ? params : [params]) {
    if (!isOptions(each)) {
      throw new ArgumentError(
        `${op}: Expected parameters as an object of tensors, or an array of such, got ${describe(each)}`,
      );
    }
    for (const [name, value] of Object.entries(each)) {
      if (given.has(name))
        throw new ArgumentError(
          `${op}: ${name} appears in multiple dictionaries; behavior of functional call is ambiguous`,
        );
      given.set(name, asTensor(op, value, name));
    }
  }
  const own = new Map([...module.namedParameters(), ...module.namedBuffers()]);
  if (strict) {
    const missing = [...own.keys()].filter((name) => !given.has(name));
    const unexpected = [...given.keys()].filter((name) => !own.has(name));
    if (missing.length + unexpected.length > 0) {
      throw new ArgumentError(
        `${op}: Error(s) in strict mode: missing key(s): ${missing.join(", ")}; unexpected key(s): ${unexpected.join(", ")}`,
      );
    }
  }
  const swaps: { readonly holder: Holder; readonly before: unknown; readonly value: Tensor }[] = [];
  for (const [name, value] of given) {
    const holder = holderOf(module, name);
    const before = holder?.get();
    if (holder === null || !(before instanceof Tensor)) {
      throw new ArgumentError(
        `${op}: the module has no parameter or buffer "${name}"; it has ${[...own.keys()].join(", ")}`,
      );
    }
    swaps.push({ holder, before, value });
    if (!tieWeights) continue;
    const all: Holder[] = [];
    placesOf(module, before, all, new Set());
    for (const place of all) swaps.push({ holder: place, before, value });
  }
  const list = Array.isArray(args) ? args : [args];
  try {
    for (const { holder, value } of swaps) holder.set(value);
    return module.call(...list) as ReturnType<M["call"]>;
  } finally {
    for (const { holder, before } of swaps) holder.set(before);
  }
}

/**
 * `[parameters, buffers]` of several modules of one kind, stacked by name along a new first dim: with `vmap` over them and
 * `functionalCall` an ensemble runs as one. The stacked parameters are leaves that require gradients.
 *
 * ```js
 * const [params, buffers] = func.stackModuleState(models);
 * func.vmap((p, b, x) => func.functionalCall(models[0], [p, b], x), { inDims: [0, 0, null] })(params, buffers, x);
 * ```
 */
export function stackModuleState(models: readonly ModuleLike[]): [Record<string, Tensor>, Record<string, Tensor>] {
  const op = "stackModuleState";
  const [first] = models;
  if (!Array.isArray(models) || first === undefined) {
    throw new ArgumentError(`${op}: Expected at least one model, got 0.`);
  }
  const stacked = (of: (model: ModuleLike) => Iterable<readonly [string, Tensor]>, leaves: boolean) => {
    const all = models.map((model) => new Map(of(model)));
    return Object.fromEntries(
      [...(all[0] as Map<string, Tensor>)].map(([name, example]) => {
        const list = all.map((each) => {
          const own = each.get(name);
          if (own === undefined)
            throw new ArgumentError(`${op}: Expected all models to be of the same class; one has no "${name}"`);
          return detach(own);
        });
        const value = stack(list);
        value.collects = leaves && example.tracked;
        return [name, value];
      }),
    );
  };
  return [stacked((model) => model.namedParameters(), true), stacked((model) => model.namedBuffers(), false)];
}
