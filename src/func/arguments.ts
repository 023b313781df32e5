// The arguments of transforms: those that are differentiated, and results in their structure.

import { leavesOf, mapTree } from "../autograd/trees.js";
import { ArgumentError } from "../errors.js";
import { describe } from "../op/args.js";
import { Tensor } from "../tensor/tensor.js";

/** Which arguments: a number, or several; negative ones count from the end. */
export type Argnums = number | readonly number[];

/** Gradients by the arguments that `N` names: one of the argument's structure, or an array of them. */
export type Chosen<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [I in keyof N]: N[I] extends number ? A[N[I]] : never }
  : N extends number
    ? A[N]
    : A[0];

/** The places that `argnums` names, counted from the front. */
function placesOf(op: string, argnums: Argnums, count: number): number[] {
  const list = typeof argnums === "number" ? [argnums] : argnums;
  if (!Array.isArray(list) || list.length === 0 || list.some((at) => !Number.isInteger(at))) {
    throw new ArgumentError(`${op}: argnums must be an integer or a non-empty array of them, got ${describe(argnums)}`);
  }
  const places = list.map((at: number) => {
    if (at < -count || at >= count) {
      throw new ArgumentError(
        `${op}: Got argnum=${at}, but only ${count} positional inputs: argnums must be from ${-count} to ${count - 1}`,
      );
    }
    return at < 0 ? at + count : at;
  });
  if (new Set(places).size < places.length) {
    throw new ArgumentError(`${op}: argnums must be unique, got [${list.join(", ")}]`);
  }
  return places;
}

/** The chosen arguments taken apart into tensors, and put together again. */
export interface Selection {
  /** Tensors of the chosen arguments, in order. */
  readonly tensors: readonly Tensor[];
  /** All arguments, with other tensors in the places of the chosen ones. */
  readonly replaced: (tensors: readonly Tensor[]) => unknown[];
  /** Something for each tensor in the structure of what was chosen. */
  readonly shaped: (values: readonly unknown[]) => unknown;
}

/** Chooses arguments. */
export function select(op: string, args: readonly unknown[], argnums: Argnums): Selection {
  const places = placesOf(op, argnums, args.length);
  const tensors: Tensor[] = [];
  for (const place of places) {
    const before = tensors.length;
    leavesOf(args[place], tensors);
    if (tensors.length === before && !(args[place] instanceof Tensor)) {
      throw new ArgumentError(
        `${op}: expected argument ${place} to be a tensor or tensors in arrays and objects, got ${describe(args[place])}`,
      );
    }
  }
  const build = (values: readonly unknown[]): unknown[] => {
    let at = 0;
    return places.map((place) => mapTree(args[place], () => values[at++]));
  };
  return {
    tensors,
    replaced: (values) => {
      const built = build(values);
      return args.map((arg, i) => (places.includes(i) ? built[places.indexOf(i)] : arg));
    },
    shaped: (values) => {
      const built = build(values);
      return typeof argnums === "number" ? built[0] : built;
    },
  };
}

/** Splits what a function gave into result and aux. */
export function withAux(
  op: string,
  value: unknown,
  hasAux: boolean,
): { readonly output: unknown; readonly aux: unknown } {
  if (!hasAux) return { output: value, aux: undefined };
  if (!Array.isArray(value) || value.length !== 2) {
    throw new ArgumentError(
      `${op}: Expected f to return [output, aux] as hasAux is true: output of function f should be a tuple: (output, aux), got ${describe(value)}`,
    );
  }
  return { output: value[0], aux: value[1] };
}

/** The tensors of a function's output, which must hold nothing else. */
export function outputTensors(op: string, output: unknown): Tensor[] {
  const walk = (value: unknown): void => {
    if (value instanceof Tensor) return;
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      Object.values(value).forEach(walk);
    } else {
      throw new ArgumentError(
        `${op}: Expected f to be a function that has non-empty output of only tensors, got ${describe(value)}`,
      );
    }
  };
  walk(output);
  const tensors = leavesOf(output);
  if (tensors.length === 0) {
    throw new ArgumentError(
      `${op}: Expected f to be a function that has non-empty output (got output = ${describe(output)})`,
    );
  }
  return tensors;
}
