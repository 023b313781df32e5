// The namespace `autograd.functional`: Jacobians, Hessians and their products, of functions of tensors.

import { ArgumentError, GraphError, ShapeError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import { onesLike, zeros, zerosLike } from "../ops/creation.js";
import { stack } from "../ops/join.js";
import { reshape } from "../ops/shape.js";
import { recorded } from "../tape/mode.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { Tensor } from "../tensor/tensor.js";
import { batchedForward, batchedReverse } from "./batched.js";
import {
  type ArgumentsOf,
  gradients,
  type Inputs,
  type Like,
  listOf,
  outputsOf,
  prepared,
  released,
  type TensorFunction,
  unit,
} from "./functions-of-tensors.js";

export type { TensorFunction } from "./functions-of-tensors.js";

/** Options that all functions here have. */
export interface FunctionalOptions {
  /** Record the computation, so that its result can be differentiated. */
  readonly createGraph?: boolean;
  /** Throw where an output does not depend on an input, rather than give zeros. */
  readonly strict?: boolean;
}

/** Options of `jacobian`. */
export interface JacobianOptions extends FunctionalOptions {
  /** Compute all rows in one batched pass. */
  readonly vectorize?: boolean;
  /** "reverse-mode" (default) or "forward-mode", which takes `vectorize: true`. */
  readonly strategy?: "reverse-mode" | "forward-mode";
}

/** Options of `hessian`. */
export interface HessianOptions extends FunctionalOptions {
  readonly vectorize?: boolean;
  readonly outerJacobianStrategy?: "reverse-mode" | "forward-mode";
}

/** One Jacobian for each output and input: shape of the output, then of the input. */
function reverseJacobian(
  op: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
  strict: boolean,
): Tensor[][] {
  return outputs.map((output) => {
    const rows: Tensor[][] = inputs.map(() => []);
    for (let j = 0; j < output.numel(); j++) {
      gradients(op, [output], inputs, [unit(output, j)], createGraph, strict).forEach((row, i) => {
        (rows[i] as Tensor[]).push(row);
      });
    }
    return rows.map((list, i) => {
      const input = inputs[i] as Tensor;
      const shape = [...output.shape, ...input.shape];
      return list.length === 0 ? zeros(shape, { dtype: input.dtype }) : reshape(stack(list, 0), shape);
    });
  });
}

/** Nested as the function's outputs, then its inputs: what is single is not wrapped. */
function nested<T>(rows: readonly (readonly T[])[], singleOutput: boolean, singleInput: boolean): T | T[] | T[][] {
  const inner = rows.map((row) => (singleInput ? (row[0] as T) : [...row]));
  return (singleOutput ? inner[0] : inner) as T | T[] | T[][];
}

/** Nested as a function's outputs, then its inputs. */
export type JacobianOf<R, I> = R extends readonly unknown[] ? { -readonly [K in keyof R]: Like<I> } : Like<I>;

/** Nested as the inputs, twice. */
export type HessianOf<I> = I extends readonly unknown[] ? { -readonly [K in keyof I]: Like<I> } : Tensor;

/**
 * The Jacobian of a function: for one output and one input a tensor of the output's shape and then the input's; arrays
 * nest outputs, then inputs.
 */
export function jacobian<const I extends Inputs, const R extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => R,
  inputs: I,
  ...rest: [options?: JacobianOptions]
): JacobianOf<R, I>;
export function jacobian(f: unknown, inputs: Inputs, ...rest: [options?: JacobianOptions]): unknown {
  const op = "jacobian";
  const { createGraph, strict, vectorize, strategy } = parse(op, rest, {
    createGraph: false,
    strict: false,
    vectorize: false,
    strategy: "reverse-mode" as string,
  });
  if (strategy !== "reverse-mode" && strategy !== "forward-mode") {
    throw new ArgumentError(
      `${op}: Expected strategy to be either "forward-mode" or "reverse-mode". Got ${describe(strategy)}`,
    );
  }
  if (strategy === "forward-mode") {
    if (createGraph) throw new ArgumentError(`${op}: createGraph=true is not supported with strategy "forward-mode"`);
    if (strict) throw new ArgumentError(`${op}: strict=true is not supported with strategy "forward-mode"`);
    if (!vectorize) throw new ArgumentError(`${op}: strategy "forward-mode" takes vectorize=true`);
  } else if (strict && vectorize)
    throw new ArgumentError(`${op}: strict=true and vectorize=true are not supported together`);
  return recorded(() => {
    const own = prepared(op, inputs, createGraph);
    if (strategy === "forward-mode") {
      const { jacobians, single } = batchedForward(op, f as TensorFunction, own);
      return nested(
        jacobians.map((row) => row.map((each) => released(each, false))),
        single,
        inputs instanceof Tensor,
      ) as Tensor;
    }
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const rows = vectorize
      ? batchedReverse(op, outputs, own, createGraph)
      : reverseJacobian(op, outputs, own, createGraph, strict);
    return nested(
      rows.map((row) => row.map((each) => released(each, createGraph))),
      single,
      inputs instanceof Tensor,
    ) as Tensor;
  });
}

function scalarOutput(op: string, outputs: readonly Tensor[], single: boolean): Tensor {
  const [output] = outputs;
  if (!single || output === undefined)
    throw new GraphError(`${op}: The function given to ${op} should return a single Tensor`);
  if (output.numel() !== 1)
    throw new GraphError(`${op}: The Tensor returned by the function given to ${op} should contain a single element`);
  return output;
}

/** The Hessian of a function of a single element: for one input of the input's shape twice; arrays nest inputs twice. */
export function hessian<const I extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => Inputs,
  inputs: I,
  ...rest: [options?: HessianOptions]
): HessianOf<I>;
export function hessian(f: unknown, inputs: Inputs, ...rest: [options?: HessianOptions]): unknown {
  const op = "hessian";
  const { createGraph, strict, vectorize, outerJacobianStrategy } = parse(op, rest, {
    createGraph: false,
    strict: false,
    vectorize: false,
    outerJacobianStrategy: "reverse-mode" as string,
  });
  if (outerJacobianStrategy !== "reverse-mode" && outerJacobianStrategy !== "forward-mode") {
    throw new ArgumentError(
      `${op}: Expected outerJacobianStrategy to be either "forward-mode" or "reverse-mode". Got ${describe(outerJacobianStrategy)}`,
    );
  }
  const first = (...own: Tensor[]): Tensor[] => {
    for (const x of own) if (!x.tracked) x.collects = true;
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const output = scalarOutput(op, outputs, single);
    return gradients(op, [reshape(output, [])], own, null, true, strict);
  };
  const options =
    outerJacobianStrategy === "forward-mode"
      ? { strategy: "forward-mode" as const, vectorize: true }
      : { createGraph, strict, vectorize };
  const rows = jacobian(first, listOf(op, inputs, "inputs"), options) as Tensor[][];
  return inputs instanceof Tensor ? ((rows[0] as Tensor[])[0] as Tensor) : rows;
}

/** Checks a vector against what it multiplies, or makes the only one there is for a single element. */
function vectors(op: string, v: Inputs | null | undefined, like: readonly Tensor[], what: string): Tensor[] {
  if (v === null || v === undefined) {
    if (like.length !== 1 || (like[0] as Tensor).numel() !== 1) {
      throw new GraphError(
        `${op}: The vector v can only be null if the user-provided function ${what} a single Tensor with a single element.`,
      );
    }
    return [onesLike(like[0] as Tensor)];
  }
  const list = listOf(op, v, "v");
  if (list.length !== like.length)
    throw new ArgumentError(`${op}: v is a list of invalid length: should be ${like.length} but got ${list.length}.`);
  list.forEach((each, i) => {
    const { shape } = like[i] as Tensor;
    if (!sameShape(each.shape, shape)) {
      throw new ShapeError(
        `${op}: v has invalid size: should be ${formatShape(shape)} but got ${formatShape(each.shape)}.`,
      );
    }
  });
  return list;
}

function unlist(list: readonly Tensor[], single: boolean, createGraph: boolean): Tensor | Tensor[] {
  const results = list.map((each) => released(each, createGraph));
  return single ? (results[0] as Tensor) : results;
}

type Rest = [v?: Inputs | null | FunctionalOptions, options?: FunctionalOptions];

function read(
  op: string,
  rest: Rest,
): { readonly v: Inputs | null; readonly createGraph: boolean; readonly strict: boolean } {
  return parse(op, rest, { v: null as Inputs | null, createGraph: false, strict: false }, ["v"]);
}

/** `[f(inputs), vᵀJ]`; `v` may be left out for an output of one element. */
export function vjp<const I extends Inputs, const R extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => R,
  inputs: I,
  ...rest: Rest
): [Like<R>, Like<I>];
export function vjp(f: unknown, inputs: Inputs, ...rest: Rest): unknown {
  const op = "vjp";
  const { v, createGraph, strict } = read(op, rest);
  return recorded(() => {
    const own = prepared(op, inputs, createGraph);
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const seeds = vectors(op, v, outputs, "returns");
    const product = gradients(op, outputs, own, seeds, createGraph, strict);
    return [unlist(outputs, single, createGraph), unlist(product, inputs instanceof Tensor, createGraph)];
  });
}

/** `[f(inputs), Jv]`; `v` may be left out for an input of one element. Computed by differentiating twice. */
export function jvp<const I extends Inputs, const R extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => R,
  inputs: I,
  ...rest: Rest
): [Like<R>, Like<R>];
export function jvp(f: unknown, inputs: Inputs, ...rest: Rest): unknown {
  const op = "jvp";
  const { v, createGraph, strict } = read(op, rest);
  return recorded(() => {
    const own = prepared(op, inputs, createGraph);
    const tangents = vectors(op, v, own, "has");
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const us = outputs.map((output) => {
      const u = zerosLike(output);
      u.collects = true;
      return u;
    });
    const first = gradients(op, outputs, own, us, true, strict);
    const product = gradients(op, first, us, tangents, createGraph, strict);
    return [unlist(outputs, single, createGraph), unlist(product, single, createGraph)];
  });
}

/** `[f(inputs), vᵀH]` of a function of a single element. */
export function vhp<const I extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => Inputs,
  inputs: I,
  ...rest: Rest
): [Tensor, Like<I>];
export function vhp(f: unknown, inputs: Inputs, ...rest: Rest): unknown {
  const op = "vhp";
  const { v, createGraph, strict } = read(op, rest);
  return recorded(() => {
    const own = prepared(op, inputs, createGraph);
    const seeds = vectors(op, v, own, "has");
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const output = scalarOutput(op, outputs, single);
    const first = gradients(op, [reshape(output, [])], own, null, true, strict);
    const product = gradients(op, first, own, seeds, createGraph, strict);
    return [released(output, createGraph), unlist(product, inputs instanceof Tensor, createGraph)];
  });
}

/** `[f(inputs), Hv]` of a function of a single element. */
export function hvp<const I extends Inputs>(
  f: (...inputs: ArgumentsOf<I>) => Inputs,
  inputs: I,
  ...rest: Rest
): [Tensor, Like<I>];
export function hvp(f: unknown, inputs: Inputs, ...rest: Rest): unknown {
  const op = "hvp";
  const { v, createGraph, strict } = read(op, rest);
  return recorded(() => {
    const own = prepared(op, inputs, createGraph);
    const tangents = vectors(op, v, own, "has");
    const { outputs, single } = outputsOf(op, f as TensorFunction, own);
    const output = scalarOutput(op, outputs, single);
    const first = gradients(op, [reshape(output, [])], own, null, true, strict);
    // The Hessian is symmetric where second derivatives are continuous, but its product is taken as it is defined.
    const us = first.map((each) => {
      const u = zerosLike(each);
      u.collects = true;
      return u;
    });
    const second = gradients(op, first, own, us, true, strict);
    const product = gradients(op, second, us, tangents, createGraph, false);
    return [released(output, createGraph), unlist(product, inputs instanceof Tensor, createGraph)];
  });
}
