// The namespace `utils.checkpoint`: functions that are run again in the backward pass instead of keeping what they saved.

import { ArgumentError } from "../errors.js";
import { asBoolean, asInteger, describe, parse } from "../op/args.js";
import { mode } from "../tape/mode.js";
import { Tensor } from "../tensor/tensor.js";
import { earlyStopping, Frame } from "./recompute.js";
import { reentrant } from "./reentrant.js";

export { setCheckpointDebugEnabled, setCheckpointEarlyStop } from "./recompute.js";

/** Runs a function inside something: a mode, hooks, a profile. */
export type Around = <T>(body: () => T) => T;

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /**
   * True: PyTorch's older kind, which runs a backward pass inside the backward pass. It does not go with `grad()` or
   * `inputs`, and needs an argument that requires grad. Default false.
   */
  readonly useReentrant?: boolean;
  /** Draw the same random numbers when the function runs again (default). */
  readonly preserveRngState?: boolean;
  /** "default" compares shapes and dtypes of what is saved in both runs; "none" does not. */
  readonly determinismCheck?: "default" | "none";
  /** On a disagreement between the two runs tell the operations of both. */
  readonly debug?: boolean;
  /** Stop the second run once everything that is needed is there (default: as `setCheckpointEarlyStop` says). */
  readonly earlyStop?: boolean | null;
  /** Makes what the first and the second run are run inside. */
  readonly contextFn?: (() => readonly [Around, Around]) | null;
}

const defaults = {
  useReentrant: false,
  preserveRngState: true,
  determinismCheck: "default",
  debug: false,
  earlyStop: null as boolean | null,
  contextFn: null as (() => readonly [Around, Around]) | null,
};

/**
 * `fn(...args)`, of which the tape keeps the tensors among `args` and nothing else: in a backward pass `fn` runs a second
 * time when what it had saved is first needed. Memory for time; values and gradients are the same.
 *
 * `fn` runs in a scope of its own: of the tensors it makes only what it returns survives.
 *
 * ```js
 * const y = utils.checkpoint.checkpoint((h) => block(h), [x]);
 * ```
 * @throws CheckpointError in the backward pass, where the second run saved something else than the first.
 */
export function checkpoint<const A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  args: A,
  ...rest: [options?: CheckpointOptions]
): R {
  const op = "checkpoint";
  const options = parse(op, rest, defaults as CheckpointOptions & typeof defaults);
  if (typeof fn !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(fn)}`);
  if (!Array.isArray(args as unknown)) throw new ArgumentError(`${op}: args must be an array, got ${describe(args)}`);
  for (const name of ["useReentrant", "preserveRngState", "debug"] as const) asBoolean(op, options[name], name);
  for (const arg of args) if (arg instanceof Tensor) arg.check(op);
  if (!["default", "none"].includes(options.determinismCheck)) {
    throw new ArgumentError(
      `${op}: determinismCheck should be one of "default", "none", but got ${describe(options.determinismCheck)}`,
    );
  }
  if (options.useReentrant) {
    if (options.contextFn !== null || options.debug)
      throw new ArgumentError(`${op}: Passing contextFn or debug is only supported when useReentrant is false`);
    return reentrant(fn as (...args: readonly unknown[]) => R, args, options.preserveRngState);
  }
  const [first, again] = options.contextFn?.() ?? [plainly, plainly];
  if (!mode.grad) return first(() => fn(...args));
  const frame = new Frame((...given) => again(() => fn(...(given as unknown as A))), args, {
    preserveRngState: options.preserveRngState,
    compares: options.determinismCheck === "default",
    traces: options.debug,
    stops: options.earlyStop ?? earlyStopping(),
  });
  return frame.run(() => first(() => fn(...args)));
}

function plainly<T>(body: () => T): T {
  return body();
}

/** A function of one value, or a module of one. */
export type Step = ((x: Tensor) => Tensor) | { call(x: Tensor): Tensor };

/**
 * Applies functions or modules one after the other, in `segments` checkpointed pieces; the last piece is run plainly.
 */
export function checkpointSequential(
  functions: Iterable<Step>,
  segments: number,
  input: Tensor,
  ...rest: [options?: CheckpointOptions]
): Tensor {
  const op = "checkpointSequential";
  const steps = [...functions].map((step): ((x: Tensor) => Tensor) => {
    if (typeof step === "function") return step;
    if (typeof step?.call === "function") return (x) => step.call(x);
    throw new ArgumentError(`${op}: expected functions or modules, got ${describe(step)}`);
  });
  asInteger(op, segments, "segments");
  if (segments < 1 || segments > steps.length)
    throw new ArgumentError(`${op}: segments must be between 1 and ${steps.length}, got ${segments}`);
  const piece = (from: number, to: number) => (x: Tensor) =>
    steps.slice(from, to).reduce((value, step) => step(value), x);
  const size = Math.floor(steps.length / segments);
  let value = input;
  for (let i = 0; i < segments - 1; i++) value = checkpoint(piece(i * size, (i + 1) * size), [value], ...rest);
  return piece((segments - 1) * size, steps.length)(value);
}
