// Reading the options of optimisers.

import { ArgumentError } from "../errors.js";
import { parse } from "../op/args.js";

/** Options of PyTorch that choose between ways to compute the same update; here there is one, so they change nothing. */
export interface Ways {
  /** Taken and kept in the groups; the update is one kernel for all parameters in any case. */
  readonly foreach?: boolean | null;
  /** As `foreach`. */
  readonly fused?: boolean | null;
  /** As `foreach`. */
  readonly capturable?: boolean;
  /** Must be false: updates are not recorded. */
  readonly differentiable?: boolean;
}

/** Options of Adam and its kin. */
export interface MomentOptions extends Ways {
  /** What the averages of the gradient and of its size keep of themselves, [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the size of the gradient, 1e-8. */
  readonly eps?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

/** Throws unless the options of a group of Adam or its kin make sense. */
export function checkMoments(op: string, group: Required<Pick<MomentOptions, "betas" | "eps" | "weightDecay">>): void {
  checkBetas(op, group.betas);
  atLeast(op, "epsilon value", group.eps, 0);
  atLeast(op, "weight_decay value", group.weightDecay, 0);
}

/**
 * Reads options: `defaults` are those of every group, in PyTorch's order; `newer` those that are in a group only if given,
 * so that state dictionaries stay what older versions of PyTorch write and read.
 */
export function settings<T extends object, N extends object>(
  op: string,
  rest: readonly unknown[],
  defaults: T,
  newer: N,
): T & Partial<N> {
  const all = { ...parse(op, rest, { ...newer, ...defaults } as T & N, ["lr" as keyof (T & N) & string]) };
  const read = {} as Record<string, unknown>;
  for (const [key, value] of Object.entries({ ...defaults, ...all })) {
    if (key in defaults || value !== (newer as Record<string, unknown>)[key]) read[key] = value;
  }
  if (read.differentiable === true) {
    throw new ArgumentError(`${op}: differentiable updates are not supported; compute them with operations`);
  }
  return read as T & Partial<N>;
}

/** Throws unless a number is at least `least`. NaN is refused. */
export function atLeast(op: string, what: string, value: number, least: number): void {
  if (!(value >= least)) throw new ArgumentError(`${op}: Invalid ${what}: ${String(value)}`);
}

/** Throws unless both are in [0, 1). */
function checkBetas(op: string, betas: readonly [number, number]): void {
  if (!Array.isArray(betas) || betas.length !== 2) {
    throw new ArgumentError(`${op}: Invalid betas: expected an array of two numbers, got ${String(betas)}`);
  }
  betas.forEach((beta, i) => {
    if (!(beta >= 0 && beta < 1))
      throw new ArgumentError(`${op}: Invalid beta parameter at index ${i}: ${String(beta)}`);
  });
}
