// Reverse mode as functions of functions: grad, gradAndValue, vjp, linearize.

import { runPass } from "../autograd/engine.js";
import { leavesOf, mapTree, sameStructure } from "../autograd/trees.js";
import { ArgumentError, GraphError, ShapeError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import { to } from "../ops/cast.js";
import { onesLike, zerosLike } from "../ops/creation.js";
import { mode, recorded } from "../tape/mode.js";
import { edgeOf } from "../tape/record.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { type History, Tensor } from "../tensor/tensor.js";
import { type Argnums, type Chosen, outputTensors, select, withAux } from "./arguments.js";
import { entering, followed, leaving, Source, unfollowed } from "./source.js";

/** Options of `grad`, `jacrev` and kin. */
export interface GradOptions {
  /** Which arguments are differentiated by; the first if left out. */
  readonly argnums?: Argnums;
  /** Whether `f` gives `[output, aux]`, of which the second is handed on as it is. */
  readonly hasAux?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: any function can be transformed
type AnyFunction = (...args: any[]) => any;
type AuxOf<R> = R extends readonly [unknown, infer Aux] ? Aux : never;
type ValueOf<R, O> = O extends { readonly hasAux: true } ? (R extends readonly [infer V, unknown] ? V : never) : R;
type NumsOf<O> = O extends { readonly argnums: infer N } ? N : 0;

const edge = (x: Tensor): History => edgeOf(x) as History;

/** Gradients by inputs of a transform, zeros where nothing leads to them. */
export function gradientsBy(
  outputs: readonly Tensor[],
  seeds: readonly Tensor[],
  inputs: readonly Tensor[],
  { createGraph, retainGraph }: { readonly createGraph: boolean; readonly retainGraph: boolean },
): Tensor[] {
  const live = outputs.flatMap((output, i) => (output.tracked ? [{ output, seed: seeds[i] as Tensor }] : []));
  const results =
    live.length === 0
      ? inputs.map(() => null)
      : runPass({
          roots: live.map(({ output }) => edge(output)),
          gradients: live.map(({ seed }) => seed),
          retainGraph,
          createGraph,
          inputs: inputs.map(edge),
          accumulate: null,
        });
  return results.map((result, i) => result ?? zerosLike(inputs[i] as Tensor));
}

function scalar(op: string, output: unknown): Tensor {
  if (!(output instanceof Tensor)) {
    throw new ArgumentError(`${op}: Expected f(*args) to return a tensor, got ${describe(output)}`);
  }
  if (output.ndim !== 0) {
    throw new GraphError(
      `${op}: Expected f(*args) to return a scalar tensor, got tensor with ${output.ndim} dims. Maybe you wanted to use the ` +
        "vjp or jacrev APIs instead?",
    );
  }
  return output;
}

/** Gradients and value, not yet put in PyTorch's order. */
function differentiate(
  op: string,
  f: AnyFunction,
  args: readonly unknown[],
  argnums: Argnums,
  hasAux: boolean,
): { readonly gradients: unknown; readonly value: unknown; readonly aux: unknown } {
  const outside = mode.grad;
  const source = new Source();
  const selection = select(op, args, argnums);
  const inputs = selection.tensors.map((x) => entering(op, x, source));
  let given: { readonly output: unknown; readonly aux: unknown };
  let output: Tensor;
  try {
    given = withAux(
      op,
      recorded(() => f(...selection.replaced(inputs))),
      hasAux,
    );
    output = scalar(op, given.output);
  } finally {
    source.open = false;
  }
  const createGraph = outside && followed([output]);
  const gradients = gradientsBy([output], [onesLike(output)], inputs, { createGraph, retainGraph: createGraph });
  return {
    gradients: leaving(selection.shaped(gradients)),
    value: settled(output, outside),
    aux: settled(given.aux, outside),
  };
}

/** A result as the caller sees it: without history where nobody outside follows it, or the caller records nothing. */
function settled(tree: unknown, outside: boolean): unknown {
  return outside ? leaving(tree) : mapTree(tree, (x) => (x.tracked ? unfollowed(x) : x));
}

function checked(op: string, f: unknown, rest: readonly unknown[]): Required<GradOptions> {
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  return parse<Required<GradOptions>>(op, rest, { argnums: 0, hasAux: false });
}

/**
 * The function that gives the gradient of `f`, which must give a 0-dim tensor, by its first argument, or by those that
 * `argnums` names, in the structure of the argument. Composes with itself and the other transforms. With `hasAux` `f` gives
 * `[value, aux]`, and the result is `[gradient, aux]`.
 *
 * ```js
 * func.grad((x) => x.sin())(tensor(1)); // cos 1
 * func.grad(func.grad((x) => x.pow(3)))(tensor(2)); // 12
 * ```
 * @throws GraphError where the result has dims: use `vjp` or `jacrev`.
 */
export function grad<F extends AnyFunction, const O extends GradOptions = Record<never, never>>(
  f: F,
  ...rest: [options?: O]
): (
  ...args: Parameters<F>
) => O extends { readonly hasAux: true }
  ? [Chosen<Parameters<F>, NumsOf<O>>, AuxOf<ReturnType<F>>]
  : Chosen<Parameters<F>, NumsOf<O>> {
  const { argnums, hasAux } = checked("grad", f, rest);
  return ((...args: unknown[]) => {
    const { gradients, aux } = differentiate("grad", f, args, argnums, hasAux);
    return hasAux ? [gradients, aux] : gradients;
  }) as never;
}

/**
 * The function that gives `[gradient, value]` of `f`, as `grad` does; with `hasAux` `[gradient, [value, aux]]`.
 *
 * ```js
 * const [slope, value] = func.gradAndValue((x) => x.pow(2))(tensor(3)); // 6 and 9
 * ```
 */
export function gradAndValue<F extends AnyFunction, const O extends GradOptions = Record<never, never>>(
  f: F,
  ...rest: [options?: O]
): (
  ...args: Parameters<F>
) => [
  Chosen<Parameters<F>, NumsOf<O>>,
  O extends { readonly hasAux: true } ? ReturnType<F> : ValueOf<ReturnType<F>, O>,
] {
  const { argnums, hasAux } = checked("gradAndValue", f, rest);
  return ((...args: unknown[]) => {
    const { gradients, value, aux } = differentiate("gradAndValue", f, args, argnums, hasAux);
    return [gradients, hasAux ? [value, aux] : value];
  }) as never;
}

/** `gradAndValue` with the value first: `[value, gradient]`, or `[[value, aux], gradient]`. */
export function valueAndGrad<F extends AnyFunction, const O extends GradOptions = Record<never, never>>(
  f: F,
  ...rest: [options?: O]
): (
  ...args: Parameters<F>
) => [
  O extends { readonly hasAux: true } ? ReturnType<F> : ValueOf<ReturnType<F>, O>,
  Chosen<Parameters<F>, NumsOf<O>>,
] {
  const both = gradAndValue(f, ...rest);
  return ((...args: Parameters<F>) => {
    const [gradients, value] = both(...args);
    return [value, gradients];
  }) as never;
}

/** Options of `vjp`. */
export interface AuxOptions {
  /** Whether `f` gives `[output, aux]`. */
  readonly hasAux?: boolean;
}

/** The linear map from cotangents of a function's output to gradients of its arguments. */
export interface Pullback {
  readonly output: unknown;
  readonly aux: unknown;
  readonly outputs: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  /** Gradients, one for each input tensor, from cotangents, one for each output tensor. */
  readonly pull: (cotangents: readonly Tensor[]) => Tensor[];
}

/** Runs `f` on the tensors of its arguments, and keeps what is needed to pull cotangents back. */
export function pullback(
  op: string,
  f: AnyFunction,
  tensors: readonly Tensor[],
  argumentsFrom: (tensors: readonly Tensor[]) => readonly unknown[],
  hasAux: boolean,
): Pullback {
  const outside = mode.grad;
  const source = new Source();
  const inputs = tensors.map((x) => entering(op, x, source));
  let given: { readonly output: unknown; readonly aux: unknown };
  let outputs: Tensor[];
  try {
    given = withAux(
      op,
      recorded(() => f(...argumentsFrom(inputs))),
      hasAux,
    );
    outputs = outputTensors(op, given.output);
  } finally {
    source.open = false;
  }
  const isFollowed = followed(outputs);
  return {
    output: settled(given.output, outside),
    aux: settled(given.aux, outside),
    outputs,
    inputs,
    pull: (cotangents) => {
      const createGraph = mode.grad && (isFollowed || cotangents.some((each) => each.tracked));
      const gradients = gradientsBy(outputs, cotangents, inputs, { createGraph, retainGraph: true });
      return leaving(gradients) as Tensor[];
    },
  };
}

/** Checks cotangents or tangents against what they belong to. */
export function fitting(op: string, what: string, tree: unknown, like: unknown): Tensor[] {
  if (!sameStructure(like, tree)) {
    throw new ArgumentError(
      `${op}: Expected pytree structure of ${what} to be the same as pytree structure of what they belong to: one tensor for each`,
    );
  }
  const expected = leavesOf(like);
  return leavesOf(tree).map((x, i) => {
    const own = expected[i] as Tensor;
    x.check(op);
    if (!sameShape(x.shape, own.shape)) {
      throw new ShapeError(
        `${op}: ${what}: Mismatch in shape: expected ${formatShape(own.shape)}, got ${formatShape(x.shape)}`,
      );
    }
    return x.dtype === own.dtype ? x : to(x, own.dtype);
  });
}

/**
 * `[output, pull]`: the output of `f` at `primals` (an array, one for each argument), and the function that takes a
 * cotangent of the output's structure to the array of gradients, one for each argument. It may be called again and again.
 * With `hasAux` `f` gives `[output, aux]` and the result is `[output, pull, aux]`.
 *
 * ```js
 * const [y, pull] = func.vjp((a, b) => a.mul(b), [tensor([1, 2]), tensor([3, 4])]);
 * const [ga, gb] = pull(tensor([1, 1])); // [3, 4] and [1, 2]
 * ```
 */
export function vjp<const A extends readonly unknown[], R, const O extends AuxOptions = Record<never, never>>(
  f: (...args: A) => R,
  primals: A,
  ...rest: [options?: O]
): O extends { readonly hasAux: true }
  ? [ValueOf<R, O>, (cotangents: ValueOf<R, O>) => { -readonly [I in keyof A]: A[I] }, AuxOf<R>]
  : [R, (cotangents: R) => { -readonly [I in keyof A]: A[I] }] {
  const op = "vjp";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const { hasAux } = parse<Required<AuxOptions>>(op, rest, { hasAux: false });
  const args = listOf(op, primals, "primals");
  const selection = select(
    op,
    args,
    args.map((_, i) => i),
  );
  const back = pullback(op, f as AnyFunction, selection.tensors, selection.replaced, hasAux);
  const pull = (cotangents: unknown): unknown =>
    selection.shaped(back.pull(fitting(op, "cotangents", cotangents, back.output)));
  return (hasAux ? [back.output, pull, back.aux] : [back.output, pull]) as never;
}

/** Checks that primals or tangents come in an array. */
export function listOf(op: string, value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new ArgumentError(
    `${op}: Expected ${what} to be an array with one entry for each argument, got ${describe(value)}`,
  );
}

/**
 * `[output, push]`: the output of `f` at `primals`, and the linear map that takes tangents, one for each argument, to the
 * tangent of the output. `f` runs once, however often the map is used; so it must be pure.
 *
 * ```js
 * const [y, push] = func.linearize((x) => x.pow(2), tensor([1, 2]));
 * push(tensor([1, 0])); // [2, 0]
 * ```
 */
export function linearize<const A extends readonly unknown[], R>(
  f: (...args: A) => R,
  ...primals: A
): [R, (...tangents: { -readonly [I in keyof A]: A[I] }) => R] {
  const op = "linearize";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const selection = select(
    op,
    listOf(op, primals, "primals"),
    primals.map((_, i) => i),
  );
  const back = pullback(op, f as AnyFunction, selection.tensors, selection.replaced, false);
  // Jᵀu is linear in u: its derivative by u is J.
  const source = new Source();
  const us = back.outputs.map((output) => entering(op, zerosLike(output), source));
  const gradients = recorded(() =>
    gradientsBy(back.outputs, us, back.inputs, { createGraph: true, retainGraph: true }),
  );
  source.open = false;
  const isFollowed = followed(gradients);
  const push = (...tangents: unknown[]): unknown => {
    const seeds = fitting(op, "tangents", tangents, primals);
    const createGraph = mode.grad && (isFollowed || seeds.some((each) => each.tracked));
    const results = leaving(gradientsBy(gradients, seeds, us, { createGraph, retainGraph: true })) as Tensor[];
    let at = 0;
    return mapTree(back.output, () => results[at++]);
  };
  return [back.output, push] as never;
}
