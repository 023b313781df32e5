// Forward mode as a function of functions: jvp. Levels nest.

import { closeLevel, openLevel, setTangent, tangentAt } from "../autograd/forward.js";
import { leavesOf, mapTree } from "../autograd/trees.js";
import { ArgumentError, DTypeError, GraphError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import { zerosLike } from "../ops/creation.js";
import { view } from "../ops/shape.js";
import { mode } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { outputTensors, withAux } from "./arguments.js";
import { fitting, listOf } from "./reverse.js";

/** Options of `jvp`. */
export interface JvpOptions {
  /** Whether `f` gives `[output, aux]`. */
  readonly hasAux?: boolean;
  /** Whether an output that does not depend on the inputs is an error rather than a tangent of zeros. */
  readonly strict?: boolean;
}

/** What was pushed through a function. */
export interface Pushed {
  readonly output: unknown;
  readonly tangent: unknown;
  readonly aux: unknown;
}

/** A handle on `x` below the innermost level, so that only the levels outside see where it comes from. */
function below(x: Tensor): Tensor {
  const { levels } = mode;
  mode.levels = levels - 1;
  try {
    return view(x, x.shape);
  } finally {
    mode.levels = levels;
  }
}

/** Runs `f` on the tensors of its arguments with tangents. */
export function pushforward(
  op: string,
  // biome-ignore lint/suspicious/noExplicitAny: any function can be transformed
  f: (...args: any[]) => any,
  tensors: readonly Tensor[],
  tangents: readonly Tensor[],
  argumentsFrom: (tensors: readonly Tensor[]) => readonly unknown[],
  { hasAux, strict }: Required<JvpOptions>,
): Pushed {
  for (const x of tensors) {
    x.check(op);
    if (!isFloat(x.dtype)) throw new DTypeError(`${op}: Expected primals to be floating point, but got: ${x.dtype}`);
  }
  const level = openLevel();
  try {
    const duals = tensors.map((x, i) => {
      const dual = below(x);
      setTangent(dual, level, tangents[i] as Tensor);
      return dual;
    });
    const { output, aux } = withAux(op, f(...argumentsFrom(duals)), hasAux);
    outputTensors(op, output);
    const tangent = mapTree(output, (x) => {
      const found = tangentAt(x, level);
      if (found === null && strict)
        throw new GraphError(
          `${op}: jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict.`,
        );
      found?.expose();
      return found ?? belowZeros(x);
    });
    return { output, tangent, aux };
  } finally {
    closeLevel();
  }
}

function belowZeros(x: Tensor): Tensor {
  const { levels } = mode;
  mode.levels = levels - 1;
  try {
    return zerosLike(x);
  } finally {
    mode.levels = levels;
  }
}

/**
 * `[output, tangent]`: the output of `f` at `primals`, and the product of its Jacobian with `tangents`; both arrays with
 * one entry for each argument. Calls nest. With `hasAux` `f` gives `[output, aux]` and the result is `[output, tangent, aux]`.
 *
 * ```js
 * const [y, t] = func.jvp((x) => x.sin(), [tensor(0)], [tensor(1)]); // 0 and 1
 * ```
 */
export function jvp<const A extends readonly unknown[], R, const O extends JvpOptions = Record<never, never>>(
  f: (...args: A) => R,
  primals: A,
  tangents: { readonly [I in keyof A]: A[I] },
  ...rest: [options?: O]
): O extends { readonly hasAux: true } ? (R extends readonly [infer V, infer Aux] ? [V, V, Aux] : never) : [R, R] {
  const op = "jvp";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const { hasAux, strict } = parse<Required<JvpOptions>>(op, rest, { hasAux: false, strict: false });
  const args = listOf(op, primals, "primals");
  const seeds = fitting(op, "tangents", listOf(op, tangents, "tangents"), args);
  const build = (values: readonly Tensor[]): unknown[] => {
    let at = 0;
    return args.map((arg) => mapTree(arg, () => values[at++]));
  };
  const { output, tangent, aux } = pushforward(op, f as never, leavesOf(args), seeds, build, { hasAux, strict });
  return (hasAux ? [output, tangent, aux] : [output, tangent]) as never;
}
