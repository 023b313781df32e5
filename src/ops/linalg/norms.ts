// Norms of matrices, condition, rank, and the pseudoinverse.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { called, composed } from "../../op/composed.js";
import { asMatrices, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import type { Dims } from "../../op/reduction.js";
import { checkDtype, type DType } from "../../tensor/dtype.js";
import { finfo } from "../../tensor/info.js";
import { formatShape, normalizeDims } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { Tensor } from "../../tensor/tensor.js";
import { add, div, mul, sub } from "../arithmetic.js";
import { to } from "../cast.js";
import { gt } from "../compare.js";
import { full } from "../creation.js";
import { maximum } from "../extrema.js";
import { amax, amin } from "../extremum.js";
import { product, turned } from "../gemm.js";
import { abs, reciprocal } from "../pointwise.js";
import { sum } from "../reduce.js";
import { permute } from "../shape.js";
import { unsqueeze } from "../views.js";
import { where } from "../where.js";
import { eigh, eigvalsh } from "./eigen.js";
import { invEx } from "./lu.js";
import { svd, svdvals } from "./svd.js";
import { vectorNorm } from "./vector-norm.js";

/** Which norm of a matrix: Frobenius, nuclear (sum of singular values), or a number. */
export type MatrixOrder = "fro" | "nuc" | number;

/** Options of the norms of matrices. */
export interface MatrixNormOptions {
  readonly ord?: MatrixOrder | null;
  readonly dim?: Dims;
  readonly keepdim?: boolean;
  readonly dtype?: DType | null;
}

/** The two dims put last. */
function atEnd(x: Tensor, dims: readonly [number, number]): Tensor {
  const others = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...others, ...dims];
  return order.every((d, i) => d === i) ? x : permute(x, order);
}

/** Puts dims of size 1 where two dims were reduced. */
function kept(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  if (!keepdim) return x;
  return [...dims].sort((a, b) => a - b).reduce((out, dim) => unsqueeze(out, dim), x);
}

function normOfMatrix(
  name: string,
  A: Tensor,
  ord: MatrixOrder,
  dims: readonly [number, number],
  keepdim: boolean,
): Tensor {
  if (ord === "fro") return vectorNorm(A, 2, [...dims], keepdim);
  const x = atEnd(A, dims);
  if (ord === "nuc") return kept(sum(svdvals(x), -1), dims, keepdim);
  if (typeof ord !== "number")
    throw new ArgumentError(`${name}: Order ${describe(ord)} not supported; use "fro", "nuc", ±1, ±2 or ±Infinity`);
  const size = Math.abs(ord);
  const extreme = ord > 0 ? amax : amin;
  if (size === 2) return kept(extreme(svdvals(x), -1), dims, keepdim);
  if (size === 1) return kept(extreme(vectorNorm(x, 1, -2), -1), dims, keepdim);
  if (size === Number.POSITIVE_INFINITY) return kept(extreme(vectorNorm(x, 1, -1), -1), dims, keepdim);
  throw new ArgumentError(`${name}: Order ${ord} not supported; use "fro", "nuc", ±1, ±2 or ±Infinity`);
}

function twoDims(name: string, A: Tensor, dim: Dims | undefined): [number, number] {
  const dims = normalizeDims(name, (dim ?? [-2, -1]) as readonly number[], A.ndim);
  if (dims.length !== 2) throw new ArgumentError(`${name}: dim must be a 2-tuple, got ${describe(dim)}`);
  return dims as [number, number];
}

/** Norms of matrices over two dims (the last): "fro", "nuc", 2 and −2 by singular values, 1 and −1 of columns, ∞ and −∞ of rows. */
export function matrixNorm(
  A: Tensor,
  ...rest: Trailing<
    [ord: MatrixOrder | undefined, dim: Dims | undefined, keepdim: boolean | undefined],
    MatrixNormOptions
  >
): Tensor {
  const name = "linalg.matrixNorm";
  asMatrices(name, A);
  const { ord, dim, keepdim, dtype } = parse<Required<MatrixNormOptions>>(
    name,
    rest,
    { ord: "fro", dim: [-2, -1], keepdim: false, dtype: null },
    ["ord", "dim", "keepdim"],
  );
  const dims = twoDims(name, A, dim);
  asBoolean(name, keepdim, "keepdim");
  return composed(name, () => {
    const x = dtype === null ? A : to(A, checkDtype(name, dtype));
    return normOfMatrix(name, x, ord ?? "fro", dims, keepdim);
  });
}

/**
 * A norm of vectors or matrices: without `ord` the Euclidean norm of all elements over `dim`; with it that of matrices where two dims
 * are named (or there are two), else that of vectors.
 */
export function norm(
  A: Tensor,
  ...rest: Trailing<
    [ord: MatrixOrder | null | undefined, dim: Dims | undefined, keepdim: boolean | undefined],
    MatrixNormOptions
  >
): Tensor {
  const name = "linalg.norm";
  asTensor(name, A, "A");
  const { ord, dim, keepdim, dtype } = parse<Required<MatrixNormOptions>>(
    name,
    rest,
    { ord: null, dim: null, keepdim: false, dtype: null },
    ["ord", "dim", "keepdim"],
  );
  const count = dim === null ? A.ndim : typeof dim === "number" ? 1 : dim.length;
  if (ord === null) return called(name, () => vectorNorm(A, { ord: 2, dim, keepdim, dtype }));
  if (dim === null && A.ndim > 2)
    throw new ShapeError(`${name}: If dim is not specified but ord is, the input must be 1D or 2D. Got ${A.ndim}D.`);
  if (count === 2) return called(name, () => matrixNorm(A, { ord, dim: dim ?? [0, 1], keepdim, dtype }));
  if (typeof ord !== "number")
    throw new ArgumentError(
      `${name}: Order ${describe(ord)} not supported for vectors; it needs two dims, got ${formatShape(A.shape)}`,
    );
  return called(name, () => vectorNorm(A, { ord, dim, keepdim, dtype }));
}

/** The condition number: the ratio of the largest and smallest singular values, or ‖A‖ · ‖A⁻¹‖ in the norm `p`. */
export function cond(
  A: Tensor,
  ...rest: Trailing<[p: MatrixOrder | null | undefined], { readonly p?: MatrixOrder | null }>
): Tensor {
  const name = "linalg.cond";
  asMatrices(name, A);
  const { p } = parse<{ readonly p: MatrixOrder | null }>(name, rest, { p: null }, ["p"]);
  return composed(name, () => {
    if (p === null || p === 2 || p === -2) {
      const s = svdvals(A);
      const [most, least] = [amax(s, -1), amin(s, -1)];
      return p === -2 ? div(least, most) : div(most, least);
    }
    const [m, n] = sizesOf(A);
    if (m !== n)
      throw new ShapeError(
        `${name}: ${describe(p)} norm is only defined for square matrices, got ${formatShape(A.shape)}`,
      );
    const { inverse, info } = invEx(A);
    const value = mul(matrixNorm(A, p), matrixNorm(inverse, p));
    return where(gt(info, 0), Number.POSITIVE_INFINITY, value);
  });
}

/** Options of `pinv` and `matrixRank`. */
export interface ToleranceOptions {
  /** Singular values up to this, or up to `rtol` times the largest, count as 0. */
  readonly atol?: Tensor | number | null;
  /** The larger size times the dtype's precision if neither is given. */
  readonly rtol?: Tensor | number | null;
  /** Whether A is symmetric, and eigenvalues stand for singular values. */
  readonly hermitian?: boolean;
}

/** The bound up to which singular values count as 0. */
function bound(A: Tensor, largest: Tensor, { atol, rtol }: ToleranceOptions): Tensor {
  const [m, n] = sizesOf(A);
  const absolute = atol ?? 0;
  const isZero = typeof absolute === "number" && absolute === 0;
  const relative = rtol ?? (isZero ? Math.max(m, n) * finfo(A.dtype).eps : 0);
  const fromTensor = (x: Tensor | number): Tensor =>
    x instanceof Tensor ? to(x, A.dtype) : full([], x, { dtype: A.dtype });
  // Both where the absolute one is a tensor: its zeros leave the default relative one.
  const wanted =
    atol instanceof Tensor && (rtol === null || rtol === undefined)
      ? where(gt(fromTensor(absolute), 0), 0, Math.max(m, n) * finfo(A.dtype).eps)
      : fromTensor(relative);
  return maximum(fromTensor(absolute), mul(to(wanted, A.dtype), largest));
}

/** The number of singular values above the tolerance, int32. */
export function matrixRank(
  A: Tensor,
  ...rest: Trailing<
    [tol: Tensor | number | null | undefined, hermitian: boolean | undefined],
    ToleranceOptions & { readonly tol?: Tensor | number | null }
  >
): Tensor {
  const name = "linalg.matrixRank";
  asMatrices(name, A);
  const given = parse<Required<ToleranceOptions> & { readonly tol: Tensor | number | null }>(
    name,
    rest,
    { tol: null, hermitian: false, atol: null, rtol: null },
    ["tol", "hermitian"],
  );
  return composed(name, () => {
    const s = given.hermitian ? abs(eigvalsh(A)) : svdvals(A);
    if (s.shape.at(-1) === 0) return sum(to(s, "int32"), -1);
    const least =
      given.tol === null ? bound(A, amax(s, -1), given) : bound(A, amax(s, -1), { atol: given.tol, rtol: 0 });
    return sum(to(gt(s, unsqueeze(least, -1)), "int32"), -1);
  });
}

const pinvOp: Applied<Required<ToleranceOptions>> = op({
  name: "linalgPinv",
  label: "LinalgPinvBackward0",
  forward: ([a], given: Required<ToleranceOptions>) =>
    temporaries(() => {
      const A = a as Tensor;
      if (given.hermitian) {
        const { eigenvalues, eigenvectors } = eigh(A);
        const inverse = inverted(A, eigenvalues, given);
        return product(mul(eigenvectors, unsqueeze(inverse, -2)), turned(eigenvectors), 1);
      }
      const { U, S, Vh } = svd(A, { fullMatrices: false });
      return product(mul(turned(Vh), unsqueeze(inverted(A, S, given), -2)), turned(U), 1);
    }),
  gradients: { a: { reads: ["a", "out"], of: ({ g, a, out }) => temporaries(() => gradientOfPinv(g, a, out)) } },
});

/** 1 / s above the tolerance, else 0. */
function inverted(A: Tensor, s: Tensor, given: ToleranceOptions): Tensor {
  if (s.shape.at(-1) === 0) return s;
  const size = abs(s);
  const counts = gt(size, unsqueeze(bound(A, amax(size, -1), given), -1));
  return where(counts, reciprocal(where(counts, s, 1)), 0);
}

/** Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems" (1973). */
function gradientOfPinv(g: Tensor, a: Tensor, p: Tensor): Tensor {
  const [m, n] = sizesOf(a);
  const gt_ = turned(g);
  if (m <= n) {
    const K = product(gt_, p, 1);
    const Kp = product(K, turned(p), 1);
    const first = sub(Kp, turned(product(p, K, 1)));
    return add(
      sub(first, product(product(a, p, 1), Kp, 1)),
      product(product(turned(p), p, 1), sub(gt_, product(K, a, 1)), 1),
    );
  }
  const K = product(p, gt_, 1);
  const pK = product(turned(p), K, 1);
  const first = sub(product(product(sub(gt_, product(a, K, 1)), p, 1), turned(p), 1), turned(product(K, p, 1)));
  return add(first, sub(pK, product(product(pK, p, 1), a, 1)));
}

/** The pseudoinverse of Moore and Penrose: singular values up to the tolerance count as 0. */
export function pinv(
  A: Tensor,
  ...rest: Trailing<
    [rcond: Tensor | number | null | undefined, hermitian: boolean | undefined],
    ToleranceOptions & { readonly rcond?: Tensor | number | null }
  >
): Tensor {
  const name = "linalg.pinv";
  asMatrices(name, A);
  const given = parse<Required<ToleranceOptions> & { readonly rcond: Tensor | number | null }>(
    name,
    rest,
    { rcond: null, hermitian: false, atol: null, rtol: null },
    ["rcond", "hermitian"],
  );
  asBoolean(name, given.hermitian, "hermitian");
  const [m, n] = sizesOf(A);
  if (given.hermitian && m !== n)
    throw new ShapeError(
      `${name}: A must be batches of square matrices when hermitian is true, got ${formatShape(A.shape)}`,
    );
  const { atol, hermitian } = given;
  return called(name, () => pinvOp([A], { atol, rtol: given.rcond ?? given.rtol, hermitian }));
}
