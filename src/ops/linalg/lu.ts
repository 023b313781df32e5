// LU factorisation, and what it solves: linear systems, inverses, determinants.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, nothingMore, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { contiguousCopy, copyInto } from "../../op/copy.js";
import { checkIndex } from "../../op/indexed.js";
import { asMatrices, asSquare, batchOf, launchMatrices, numerical, sameDtype, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { isTrue } from "../../op/truth.js";
import { watched } from "../../op/watched.js";
import { allShown } from "../../tensor/batch.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { item } from "../../tensor/read.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily, kernelNamed } from "../../wasm/kernels.js";
import { add, div, mul, neg, sub } from "../arithmetic.js";
import { to } from "../cast.js";
import { eq, ne } from "../compare.js";
import { arange, eye } from "../creation.js";
import { detach } from "../detach.js";
import { argmax } from "../extremum.js";
import { gather } from "../gather.js";
import { product, turned } from "../gemm.js";
import { cat } from "../join.js";
import { nonzero } from "../nonzero.js";
import { any, sum } from "../reduce.js";
import { expand, reshape, select } from "../shape.js";
import { tril, triu } from "../triangle.js";
import { diagonal, narrow, unsqueeze } from "../views.js";
import { solveLeft, solveRight } from "./triangular.js";

const factors = /* @__PURE__ */ new KernelFamily("lu");

/** Factors, pivots (counted from 1) and info of batches of matrices. */
interface Factored {
  readonly LU: Tensor;
  readonly pivots: Tensor;
  readonly info: Tensor;
}

function launchFactor(a: Tensor, pivot: boolean): Factored {
  const [m, n] = sizesOf(a);
  const batch = batchOf(a);
  const LU = contiguousCopy(a);
  const pivots = empty("luFactor", [...batch, Math.min(m, n)], "int32");
  const info = empty("luFactor", batch, "int32");
  if (LU.numel() === 0) {
    copyInto(pivots, 1);
    copyInto(info, 0);
  } else launchMatrices(factors.of(a.dtype), batch, [m, n], [LU, pivots, info], [pivot ? 1 : 0]);
  return { LU, pivots, info };
}

/** Row i of the factored matrix is row order[i] of the original: [..., m]. */
function orderOf(pivots: Tensor, m: number): Tensor {
  const batch = pivots.shape.slice(0, -1);
  const order = empty("luUnpack", [...batch, m], "int32");
  const source = contiguousCopy(pivots);
  launchMatrices(kernelNamed("pivots_order_i32"), batch, [m, pivots.shape.at(-1) as number], [order, source]);
  source.dispose();
  return order;
}

/** The order that takes rows back. */
function inverseOrder(order: Tensor): Tensor {
  const m = order.shape.at(-1) as number;
  if (order.numel() === 0) return order;
  const places = arange(m, { dtype: "int32" });
  return to(argmax(to(eq(unsqueeze(order, -2), unsqueeze(places, -1)), "int32"), -1), "int32");
}

/** Rows in another order: out[i] = x[order[i]]. */
function reordered(x: Tensor, order: Tensor): Tensor {
  const batch = broadcastShapes("lu", batchOf(x), order.shape.slice(0, -1));
  const [m, n] = sizesOf(x);
  const at = expand(unsqueeze(order, -1), [...batch, m, n]);
  const source = sameShape(batchOf(x), batch) ? x : expand(x, [...batch, m, n]);
  return gather(source, source.ndim - 2, at);
}

/** The gradient of A = P L U from that of L (strictly below) and U, put together in one. */
function gradientOfFactors(g: Tensor, LU: Tensor, pivots: Tensor): Tensor {
  const [m, n] = sizesOf(LU);
  const k = Math.min(m, n);
  const square = (x: Tensor): Tensor => narrow(narrow(x, -2, 0, k), -1, 0, k);
  const [gSquare, own] = [square(g), square(LU)];
  const L = add(tril(own, -1), eye(k, { dtype: LU.dtype as "float32" }));
  const U = triu(own);
  // With M = L⁻¹ Pᵀ dA U⁻¹: dL = L tril(M, −1), dU = triu(M) U.
  let inner = add(tril(product(turned(L), tril(gSquare, -1), 1), -1), triu(product(triu(gSquare), turned(U), 1)));
  const back = (x: Tensor): Tensor =>
    solveRight(turned(own), solveLeft(turned(own), x, { upper: true, unit: true }), { upper: false, unit: false });
  let permuted: Tensor;
  if (m < n) {
    const [U2, gU2] = [narrow(LU, -1, k, n - k), narrow(g, -1, k, n - k)];
    inner = sub(inner, tril(product(gU2, turned(U2), 1), -1));
    permuted = cat([back(inner), solveLeft(turned(own), gU2, { upper: true, unit: true })], -1);
  } else if (m > n) {
    const [L2, gL2] = [narrow(LU, -2, k, m - k), narrow(g, -2, k, m - k)];
    inner = sub(inner, triu(product(turned(L2), gL2, 1)));
    permuted = cat([back(inner), solveRight(turned(own), gL2, { upper: false, unit: false })], -2);
  } else permuted = back(inner);
  return reordered(permuted, inverseOrder(orderOf(pivots, m)));
}

const luFactorOp: Applied<boolean> = op({
  name: "linalgLuFactorEx",
  outputs: ["LU", "pivots", "info"],
  forward: ([a], pivot: boolean) => {
    const { LU, pivots, info } = launchFactor(a as Tensor, pivot);
    return [LU, pivots, info];
  },
  gradients: {
    a: { reads: ["LU", "pivots"], of: ({ g, LU, pivots }) => temporaries(() => gradientOfFactors(g, LU, pivots)) },
  },
});

/** Options of the LU functions. */
export interface LuOptions {
  /** Whether rows are exchanged: without it a small pivot spoils the result. */
  readonly pivot?: boolean;
}

function factored(
  name: string,
  A: Tensor,
  { pivot, checkErrors }: Required<LuOptions & ExOptions>,
): [Tensor, Tensor, Tensor] {
  asMatrices(name, A);
  const results = luFactorOp.all([A], asBoolean(name, pivot, "pivot")) as [Tensor, Tensor, Tensor];
  if (checkErrors) {
    checkInfo(
      name,
      results[2],
      (order) => `U[${order},${order}] is zero and using it on luSolve would result in a division by zero.`,
    );
  }
  return results;
}

/** Throws if a factorisation met a zero pivot. */
export function checkInfo(name: string, info: Tensor, what: (order: number) => string): void {
  temporaries(() => {
    if (info.numel() === 0 || !isTrue(any(ne(info, 0)))) return null;
    const flat = reshape(allShown(info), [-1]);
    const at = item(select(select(nonzero(flat) as Tensor, 0, 0), 0, 0)) as number;
    const order = item(select(flat, 0, at)) as number;
    return numerical(name, `${flat.numel() > 1 || info.ndim > 0 ? `(Batch element ${at}): ` : ""}${what(order)}`);
  });
}

/** Factors of A = P L U in one matrix, and the pivots: row i was exchanged with row pivots[i], counted from 1. */
export function luFactor(A: Tensor, ...rest: [options?: LuOptions]): { readonly LU: Tensor; readonly pivots: Tensor } {
  const name = "linalg.luFactor";
  const [LU, pivots, info] = factored(name, A, { ...parse(name, rest, { pivot: true }), checkErrors: true });
  info.dispose();
  return { LU, pivots };
}

/** Options of functions that tell about failure instead of throwing. */
export interface ExOptions {
  /** Whether to throw nevertheless. */
  readonly checkErrors?: boolean;
}

/** `luFactor` that does not throw: `info` is the place of the first zero on the diagonal of U, counted from 1, or 0. */
export function luFactorEx(
  A: Tensor,
  ...rest: [options?: LuOptions & ExOptions]
): { readonly LU: Tensor; readonly pivots: Tensor; readonly info: Tensor } {
  const name = "linalg.luFactorEx";
  const [LU, pivots, info] = factored(name, A, parse(name, rest, { pivot: true, checkErrors: false }));
  return { LU, pivots, info };
}

/** The permutation, lower and upper factor in factored matrices. */
export function unpack(LU: Tensor, pivots: Tensor): [Tensor, Tensor, Tensor] {
  const [m, n] = sizesOf(LU);
  const k = Math.min(m, n);
  const order = orderOf(pivots, m);
  const P = to(eq(unsqueeze(arange(m, { dtype: "int32" }), -1), unsqueeze(order, -2)), LU.dtype);
  const L = add(tril(narrow(LU, -1, 0, k), -1), eye(m, k, { dtype: LU.dtype as "float32" }));
  return [P, L, triu(narrow(LU, -2, 0, k))];
}

/** A = P L U: the permutation [m, m], the lower factor [m, k] with ones on its diagonal, and the upper one [k, n]. */
export function lu(
  A: Tensor,
  ...rest: [options?: LuOptions]
): { readonly P: Tensor; readonly L: Tensor; readonly U: Tensor } {
  const name = "linalg.lu";
  return composed(name, () => {
    const [LU, pivots] = factored(name, A, { ...parse(name, rest, { pivot: true }), checkErrors: false });
    const [P, L, U] = unpack(LU, pivots);
    return { P, L, U };
  });
}

/** Solves A X = B by the factors of A: P L U X = B, or with the adjoint. */
function solveFactored(LU: Tensor, pivots: Tensor, B: Tensor, adjoint: boolean): Tensor {
  const order = orderOf(pivots, sizesOf(LU)[0]);
  if (!adjoint) {
    const y = solveLeft(LU, reordered(B, order), { upper: false, unit: true });
    return solveLeft(LU, y, { upper: true, unit: false });
  }
  const y = solveLeft(turned(LU), B, { upper: false, unit: false });
  return reordered(solveLeft(turned(LU), y, { upper: true, unit: true }), inverseOrder(order));
}

/** Options of `luSolve`. */
export interface LuSolveOptions {
  /** Whether A X = B (true) or X A = B is solved. */
  readonly left?: boolean;
  /** Whether Aᵀ stands for A. */
  readonly adjoint?: boolean;
}

/** Solves A X = B, or X A = B, by the factors that `luFactor` gives. */
export function luSolve(LU: Tensor, pivots: Tensor, B: Tensor, ...rest: [options?: LuSolveOptions]): Tensor {
  const name = "linalg.luSolve";
  asSquare(name, LU, "LU");
  asMatrices(name, B, "B");
  checkIndex(name, pivots, "pivots");
  sameDtype(name, LU, B);
  const { left, adjoint } = parse(name, rest, { left: true, adjoint: false });
  asBoolean(name, left, "left");
  asBoolean(name, adjoint, "adjoint");
  if (LU.shape.at(-1) !== B.shape.at(left ? -2 : -1) || pivots.shape.at(-1) !== LU.shape.at(-1)) {
    throw new ShapeError(
      `${name}: Incompatible shapes of LU and B: ${formatShape(LU.shape)}, pivots ${formatShape(pivots.shape)} and ${formatShape(B.shape)}`,
    );
  }
  return composed(name, () =>
    left ? solveFactored(LU, pivots, B, adjoint) : turned(solveFactored(LU, pivots, turned(B), !adjoint)),
  );
}

const solveOp: Applied<boolean> = op({
  name: "linalgSolveEx",
  outputs: ["out", "LU", "pivots", "info"],
  forward: ([a, b], _vector: boolean) =>
    temporaries(() => {
      const { LU, pivots, info } = launchFactor(a as Tensor, true);
      const out = solveFactored(LU, pivots, b as Tensor, false);
      return [out, LU, pivots, info];
    }),
  gradients: {
    a: {
      reads: ["a", "out", "LU", "pivots"],
      of: ({ g, a, out, LU, pivots }) => neg(product(adjointSolution(a, g, LU, pivots), turned(out), 1)),
    },
    b: { reads: ["a", "LU", "pivots"], of: ({ g, a, LU, pivots }) => adjointSolution(a, g, LU, pivots) },
  },
  tangent: ([a], [out], [ta, tb]) => {
    const moved = ta ? product(ta, out as Tensor, 1) : null;
    const right = tb ? expand(tb, (out as Tensor).shape) : null;
    const total = moved === null ? (right as Tensor) : right === null ? neg(moved) : sub(right, moved);
    return [solveOp.all([a as Tensor, total], false)[0] as Tensor, null, null, null];
  },
});

/** A⁻ᵀ g: by the factors that are there, or where somebody follows by an operation of its own. */
function adjointSolution(a: Tensor, g: Tensor, LU: Tensor, pivots: Tensor): Tensor {
  if (watched([a, g])) return solveOp.all([turned(a), g], false)[0] as Tensor;
  return temporaries(() => solveFactored(detach(LU), pivots, g, true));
}

function solved(name: string, A: Tensor, B: Tensor, left: boolean): { readonly result: Tensor; readonly info: Tensor } {
  asSquare(name, A);
  sameDtype(name, A, B);
  // A right side with as many dims as the batch of A holds vectors.
  const isVector = B.ndim === 1 || (B.ndim === A.ndim - 1 && sameShape(B.shape, A.shape.slice(0, -1)));
  if (!left && isVector)
    throw new ArgumentError(`${name}: Vector broadcasting of the left hand side is not supported for left=False`);
  const rows = isVector ? B.shape.at(-1) : B.shape.at(left ? -2 : -1);
  if (rows !== A.shape.at(-1) || B.ndim === 0) {
    throw new ShapeError(
      `${name}: Incompatible shapes of A and B for the equation ${left ? "AX = B" : "XA = B"}: ${formatShape(A.shape)} and ${formatShape(B.shape)}`,
    );
  }
  const right = isVector ? unsqueeze(B, -1) : left ? B : turned(B);
  broadcastShapes(name, batchOf(A), batchOf(right));
  const [out, , , info] = solveOp.all([left ? A : turned(A), right], false) as [Tensor, Tensor, Tensor, Tensor];
  return { result: isVector ? select(out, out.ndim - 1, 0) : left ? out : turned(out), info };
}

/** Options of `solve`. */
export interface SolveOptions {
  /** Whether A X = B (true) or X A = B is solved. */
  readonly left?: boolean;
}

const singular = (order: number): string =>
  `The solver failed because the input matrix is singular: U[${order},${order}] is zero.`;

/**
 * The solution of A X = B, or X A = B: A [..., n, n], B [..., n, k], [n], or one vector for each matrix. Batches broadcast.
 * @throws NumericalError for a singular matrix.
 */
export function solve(A: Tensor, B: Tensor, ...rest: [options?: SolveOptions]): Tensor {
  const name = "linalg.solve";
  const left = asBoolean(name, parse(name, rest, { left: true }).left, "left");
  return composed(name, () => {
    const { result, info } = solved(name, A, B, left);
    checkInfo(name, info, singular);
    return result;
  });
}

/** `solve` that does not throw: `info` is the place of the first zero pivot, counted from 1, or 0. */
export function solveEx(
  A: Tensor,
  B: Tensor,
  ...rest: [options?: SolveOptions & ExOptions]
): { readonly result: Tensor; readonly info: Tensor } {
  const name = "linalg.solveEx";
  const { left, checkErrors } = parse(name, rest, { left: true, checkErrors: false });
  return composed(name, () => {
    const { result, info } = solved(name, A, B, asBoolean(name, left, "left"));
    if (checkErrors) checkInfo(name, info, singular);
    return { result, info };
  });
}

const inverseOp: Applied<null> = op({
  name: "linalgInvEx",
  outputs: ["out", "info"],
  forward: ([a]) =>
    temporaries(() => {
      const source = a as Tensor;
      const { LU, pivots, info } = launchFactor(source, true);
      const one = expand(eye(sizesOf(source)[0], { dtype: source.dtype as "float32" }), source.shape);
      return [solveFactored(LU, pivots, one, false), info];
    }),
  gradients: { a: { reads: ["out"], of: ({ g, out }) => neg(product(turned(out), product(g, turned(out), 1), 1)) } },
  tangent: (_inputs, [out], [t]) => [neg(product(out as Tensor, product(t as Tensor, out as Tensor, 1), 1)), null],
});

/** The inverse of square matrices. @throws NumericalError for a singular one. */
export function inv(A: Tensor, ...rest: []): Tensor {
  nothingMore("linalg.inv", rest);
  const name = "linalg.inv";
  asSquare(name, A);
  const [out, info] = inverseOp.all([A], null) as [Tensor, Tensor];
  checkInfo(
    name,
    info,
    (order) =>
      `The diagonal element ${order} is zero, the inversion could not be completed because the input matrix is singular.`,
  );
  info.dispose();
  return out;
}

/** `inv` that does not throw: `info` is the place of the first zero pivot, counted from 1, or 0. */
export function invEx(A: Tensor, ...rest: [options?: ExOptions]): { readonly inverse: Tensor; readonly info: Tensor } {
  const name = "linalg.invEx";
  asSquare(name, A);
  const { checkErrors } = parse(name, rest, { checkErrors: false });
  const [inverse, info] = inverseOp.all([A], null) as [Tensor, Tensor];
  if (checkErrors)
    checkInfo(name, info, (order) => `The diagonal element ${order} is zero, the input matrix is singular.`);
  return { inverse, info };
}

/** Signs of the permutations of pivots. */
export function parity(pivots: Tensor, dtype: Tensor["dtype"]): Tensor {
  const n = pivots.shape.at(-1) as number;
  const exchanges = sum(to(ne(pivots, arange(1, n + 1, 1, { dtype: "int32" })), dtype), -1);
  return sub(1, mul(sub(exchanges, mul(floorHalf(exchanges), 2)), 2));
}

function floorHalf(x: Tensor): Tensor {
  return to(to(div(x, 2), "int32"), x.dtype);
}

/** Factors of square matrices, for determinants; nobody follows them. */
export function plainFactors(a: Tensor): { readonly diagonal: Tensor; readonly sign: Tensor } {
  const { LU, pivots } = launchFactor(a, true);
  return { diagonal: diagonal(LU, 0, -2, -1), sign: parity(pivots, a.dtype) };
}
