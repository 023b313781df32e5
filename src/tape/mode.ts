// The modes of recording: one small record, changed only by blocks that put it back.

import type { Operand } from "../op/nest.js";
import type { Operation } from "../op/operation.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
import { making, type Tensor } from "../tensor/tensor.js";
import type { Node } from "./node.js";

type Push = (
  operation: Operation,
  inputs: readonly Operand[],
  outputs: readonly Tensor[],
  parameters: unknown,
  inPlace: boolean,
) => void;

/** Whoever is told of every operation and every node that runs. */
export interface Trace {
  /** An operation begins on some operands, or, where there is a node, its backward. What was begun inside ends with it. */
  begin(name: string, operands: readonly unknown[], node: Node | null): number;
  /** It has ended, with its results where it gives any. */
  end(token: number, outputs?: readonly Tensor[], parameters?: unknown): void;
}

/** What is recorded at the moment. */
export const mode = {
  /** Whether operations on tracked tensors are recorded. */
  grad: true,
  /** Whether tensors are made without version tracking, for inference only. */
  get inference(): boolean {
    return making.inference;
  },
  set inference(flag: boolean) {
    making.inference = flag;
  },
  /** Whether nodes remember where they were made, and gradients are looked at for NaN. */
  anomaly: false,
  checkNan: true,
  /** Told of every node that is made, where somebody asked for it. */
  created: null as ((node: Node) => void) | null,
  /** Told of what runs, while a profile is taken. */
  trace: null as Trace | null,
  /** Forward mode: tangents of levels below this one are pushed through operations. */
  levels: 0,
  /** Pushes tangents through a call; brought by whoever opens a level. */
  push: null as Push | null,
};

type Mode = typeof mode;

/** A mode that was entered without a function: leave it by `using` or by `dispose()`. */
export class ModeBlock implements Disposable {
  private readonly before: Partial<Mode>;
  private open = true;
  declare [Symbol.dispose]: () => void;

  constructor(change: Partial<Mode>) {
    this.before = {};
    for (const key of Object.keys(change) as (keyof Mode)[]) Object.assign(this.before, { [key]: mode[key] });
    Object.assign(mode, change);
  }

  /** Puts the mode back. */
  dispose(): void {
    if (!this.open) return;
    this.open = false;
    Object.assign(mode, this.before);
  }
}
disposable(ModeBlock.prototype);

/** Runs `body` under a changed mode, and puts it back on return and on throw. */
export function under<T>(op: string, change: Partial<Mode>, body: () => T): T {
  const block = new ModeBlock(change);
  try {
    return checkedSync(op, body());
  } finally {
    block.dispose();
  }
}

function checkedSync<T>(op: string, result: T): T {
  refuseAsync(op, result);
  return result;
}

/** Runs `body` with recording set; for the library's own use, without the check for promises. */
function withGrad<T>(flag: boolean, body: () => T): T {
  const before = mode.grad;
  mode.grad = flag;
  try {
    return body();
  } finally {
    mode.grad = before;
  }
}

/** Runs `body` without recording. */
export function unrecorded<T>(body: () => T): T {
  return withGrad(false, body);
}

/** Runs `body` with recording on. */
export function recorded<T>(body: () => T): T {
  return withGrad(true, body);
}

/** A function or generator function that runs under a mode at every call, and at every resumption. */
// biome-ignore lint/suspicious/noExplicitAny: any function can be wrapped
type Wrap = <F extends (...args: any[]) => unknown>(f: F) => F;

/** A mode usable as a block, with `using`, and as a wrapper. */
export interface GradMode {
  (): ModeBlock;
  <T>(body: () => T): T;
  wrap: Wrap;
}

/** Makes the three forms of a mode. */
export function gradMode(op: string, change: Partial<Mode>): GradMode {
  function block<T>(body?: () => T): T | ModeBlock {
    const entered = new ModeBlock(change);
    if (body === undefined) return entered;
    // As `under` does, with one frame less on the stack: bodies nest.
    try {
      return checkedSync(op, body());
    } finally {
      entered.dispose();
    }
  }
  block.wrap = wrapper(op, change);
  return block as GradMode;
}

function wrapper(op: string, change: Partial<Mode>): Wrap {
  return (f) => {
    const wrapped = isGenerator(f)
      ? function (this: unknown, ...args: unknown[]) {
          return resumed(op, change, f.apply(this, args) as Generator);
        }
      : function (this: unknown, ...args: unknown[]) {
          return under(op, change, () => f.apply(this, args));
        };
    return wrapped as typeof f;
  };
}

function isGenerator(f: (...args: never[]) => unknown): boolean {
  return Object.prototype.toString.call(f) === "[object GeneratorFunction]";
}

/** A generator whose body runs under the mode, while the caller between two values does not. */
function* resumed(op: string, change: Partial<Mode>, inner: Generator): Generator {
  let send: () => IteratorResult<unknown> = () => inner.next();
  try {
    for (;;) {
      const { done, value } = under(op, change, send);
      if (done) return value;
      try {
        const got: unknown = yield value;
        send = () => inner.next(got);
      } catch (error) {
        send = () => inner.throw(error);
      }
    }
  } finally {
    under(op, change, () => inner.return(undefined));
  }
}

/**
 * Nothing inside is recorded: results do not require gradients. `noGrad(() => …)`, `using _ = noGrad()`,
 * or `noGrad.wrap(f)`.
 * @throws ArgumentError if the function is asynchronous.
 */
export const noGrad: GradMode = /* @__PURE__ */ gradMode("noGrad", { grad: false });

/** Turns recording on again inside `noGrad`, not inside `inferenceMode`; in the same three forms. */
export const enableGrad: GradMode = /* @__PURE__ */ gradMode("enableGrad", {
  get grad() {
    return !making.inference;
  },
});

/** Whether operations are recorded at the moment. */
export function isGradEnabled(): boolean {
  return mode.grad;
}

/**
 * Sets recording: at once, until the enclosing block ends, and for the length of `body` where one is given.
 * Without a function the returned block can be used with `using`.
 */
export function setGradEnabled(flag: boolean): ModeBlock;
export function setGradEnabled<T>(flag: boolean, body: () => T): T;
export function setGradEnabled<T>(flag: boolean, body?: () => T): T | ModeBlock {
  const change = { grad: flag && !mode.inference };
  return body === undefined ? new ModeBlock(change) : under("setGradEnabled", change, body);
}

/** Options of `inferenceMode`. */
export interface InferenceOptions {
  /** False makes an ordinary block inside one. */
  readonly mode?: boolean;
}

/**
 * Like `noGrad`, and what is made inside is for inference only: it cannot be saved for backward, nor written in place
 * outside. `inferenceMode(() => …)`, `using _ = inferenceMode()`, or `inferenceMode.wrap(f)`.
 */
export const inferenceMode: InferenceMode = /* @__PURE__ */ inferenceModes();

/** The forms of `inferenceMode`. */
export interface InferenceMode {
  (): ModeBlock;
  (options: InferenceOptions): ModeBlock;
  <T>(body: () => T, options?: InferenceOptions): T;
  wrap: Wrap;
}

function inferenceModes(): InferenceMode {
  const change = (on: boolean): Partial<Mode> =>
    on ? { grad: false, inference: true } : { grad: true, inference: false };
  function block(...args: unknown[]): unknown {
    const body = typeof args[0] === "function" ? (args[0] as () => unknown) : undefined;
    const options = (body === undefined ? args[0] : args[1]) as InferenceOptions | undefined;
    const changed = change(options?.mode ?? true);
    return body === undefined ? new ModeBlock(changed) : under("inferenceMode", changed, body);
  }
  block.wrap = wrapper("inferenceMode", change(true));
  return block as InferenceMode;
}

/** Whether inference mode is on. */
export function isInferenceModeEnabled(): boolean {
  return mode.inference;
}
