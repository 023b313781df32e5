// Jacobians and Hessians as functions of functions: one batched pass over unit vectors.

import { cutUp, unitVectors } from "../autograd/batched.js";
import { leavesOf, mapTree } from "../autograd/trees.js";
import { underVmap } from "../autograd/vmap.js";
import { ArgumentError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import { zeros } from "../ops/creation.js";
import { cat } from "../ops/join.js";
import { reshape, select as selectIndex } from "../ops/shape.js";
import type { Randomness } from "../tensor/batch.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Argnums, select } from "./arguments.js";
import { pushforward } from "./forward.js";
import { pullback } from "./reverse.js";

/** Options of `jacrev`. */
export interface JacrevOptions {
  readonly argnums?: Argnums;
  readonly hasAux?: boolean;
  /** Most rows computed at a time: 1 is a loop, null (default) all at once. */
  readonly chunkSize?: number | null;
}

/** Options of `jacfwd`. */
export interface JacfwdOptions {
  readonly argnums?: Argnums;
  readonly hasAux?: boolean;
  /** What random functions inside do: see `vmap`. */
  readonly randomness?: Randomness;
}

// biome-ignore lint/suspicious/noExplicitAny: any function can be transformed
type AnyFunction = (...args: any[]) => any;
/** A function of the same arguments: Jacobians nest outputs, then inputs. */
// biome-ignore lint/suspicious/noExplicitAny: the structure follows from f's results and argnums
type Jacobian<F extends AnyFunction> = (...args: Parameters<F>) => any;

/**
 * The function that gives the Jacobian of `f` by its first argument, or those that `argnums` names, in reverse mode: one
 * backward pass over all rows at once. For a tensor and a tensor it has the output's shape and then the input's;
 * structures nest outputs, then inputs. With `hasAux` `f` gives `[output, aux]`, and the result is `[Jacobian, aux]`.
 *
 * ```js
 * func.jacrev((x) => x.sin())(tensor([0, 1])); // the diagonal matrix of cosines, [2, 2]
 * ```
 */
export function jacrev<F extends AnyFunction>(f: F, ...rest: [options?: JacrevOptions]): Jacobian<F> {
  const op = "jacrev";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const { argnums, hasAux, chunkSize } = parse<Required<JacrevOptions>>(op, rest, {
    argnums: 0,
    hasAux: false,
    chunkSize: null,
  });
  if (chunkSize !== null && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new ArgumentError(`${op}: jacrev: \`chunkSize\` should be greater than 0, got ${describe(chunkSize)}`);
  }
  return ((...args: unknown[]) => {
    const selection = select(op, args, argnums);
    const back = pullback(op, f, selection.tensors, selection.replaced, hasAux);
    const outputs = leavesOf(back.output);
    const total = outputs.reduce((sum, x) => sum + x.numel(), 0);
    const pieces: Tensor[][] = [];
    const step = chunkSize ?? Math.max(1, total);
    for (let start = 0; start < total; start += step) {
      pieces.push(rowsOf(op, back.pull, outputs, start, Math.min(step, total - start), chunkSize === 1));
    }
    const byInput = back.inputs.map((x, i): Tensor => {
      if (pieces.length === 0) return zeros([0, ...x.shape], { dtype: x.dtype });
      return pieces.length === 1
        ? ((pieces[0] as Tensor[])[i] as Tensor)
        : cat(pieces.map((piece) => piece[i] as Tensor));
    });
    const cut = back.inputs.map((x, i) => cutUp(byInput[i] as Tensor, 0, outputs, [], x.shape));
    let at = 0;
    const jacobian = mapTree(back.output, () => {
      const own = selection.shaped(cut.map((parts) => parts[at]));
      at++;
      return own;
    });
    return hasAux ? [jacobian, back.aux] : jacobian;
  }) as Jacobian<F>;
}

/** Rows of the Jacobian by each input: [count, ...shape of the input]. */
function rowsOf(
  op: string,
  pull: (cotangents: readonly Tensor[]) => Tensor[],
  outputs: readonly Tensor[],
  start: number,
  count: number,
  loop: boolean,
): Tensor[] {
  const units = unitVectors(outputs, start, count);
  if (loop) return pull(units.map((unit) => selectIndex(unit, 0, 0))).map((row) => reshape(row, [1, ...row.shape]));
  return underVmap<Tensor[]>(
    op,
    units.map((x) => ({ x, dim: 0 })),
    count,
    "error",
    (cotangents) => pull(cotangents),
    0,
  );
}

/**
 * The function that gives the Jacobian of `f` as `jacrev` does, in forward mode: one pass that pushes all unit tangents
 * at once. Cheaper where there are more outputs than inputs.
 *
 * ```js
 * func.jacfwd((x) => x.outer(x))(tensor([1, 2])); // [2, 2, 2]
 * ```
 */
export function jacfwd<F extends AnyFunction>(f: F, ...rest: [options?: JacfwdOptions]): Jacobian<F> {
  const op = "jacfwd";
  if (typeof f !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const { argnums, hasAux, randomness } = parse<Required<JacfwdOptions>>(op, rest, {
    argnums: 0,
    hasAux: false,
    randomness: "error",
  });
  return ((...args: unknown[]) => {
    const selection = select(op, args, argnums);
    const inputs = selection.tensors;
    const count = inputs.reduce((sum, x) => sum + x.numel(), 0);
    const body = (tangents: readonly Tensor[]): unknown => {
      const pushed = pushforward(op, f, inputs, tangents, selection.replaced, { hasAux, strict: false });
      return hasAux ? [pushed.tangent, pushed.output, pushed.aux] : [pushed.tangent, pushed.output];
    };
    const units = unitVectors(inputs, 0, count).map((x) => ({ x, dim: 0 }));
    // Tangents come with the unit vectors' dim behind their own.
    const [tangents, values, aux] = underVmap<[unknown, unknown, unknown]>(op, units, count, randomness, body, -1);
    const outputs = leavesOf(values).map((x) => x.shape.slice(0, -1));
    const columns = leavesOf(tangents);
    const cut = columns.map((whole, k) => cutUp(whole, whole.ndim - 1, inputs, outputs[k] as readonly number[], []));
    let at = 0;
    const jacobian = mapTree(values, () => selection.shaped(cut[at++] as Tensor[]));
    return hasAux ? [jacobian, mapTree(aux, (x) => selectIndex(x, -1, 0))] : jacobian;
  }) as Jacobian<F>;
}

/**
 * The function that gives the Hessian of `f`, forward over reverse: `jacfwd(jacrev(f))`.
 *
 * ```js
 * func.hessian((x) => x.pow(3).sum())(tensor([1, 2])); // the diagonal matrix of 6 and 12
 * ```
 */
export function hessian<F extends AnyFunction>(f: F, ...rest: [options?: { readonly argnums?: Argnums }]): Jacobian<F> {
  const { argnums } = parse<{ argnums: Argnums }>("hessian", rest, { argnums: 0 });
  return jacfwd(jacrev(f, { argnums }), { argnums }) as Jacobian<F>;
}
