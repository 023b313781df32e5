// What linear algebra has outside the namespace `linalg`: older names and forms.

import { ShapeError } from "../errors.js";
import { asBoolean, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { asMatrices, asSquare, sameDtype } from "../op/matrices.js";
import { broadcastShapes, formatShape } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { clone } from "./cast.js";
import { turned } from "./gemm.js";
import { type CholeskyOptions, choleskyAs } from "./linalg/cholesky.js";
import * as determinants from "./linalg/determinant.js";
import { crossAlong } from "./linalg/diagonal.js";
import * as factors from "./linalg/lu.js";
import { pinv } from "./linalg/norms.js";
import * as products from "./linalg/products.js";
import { qr as linalgQr } from "./linalg/qr.js";
import { svd as linalgSvd } from "./linalg/svd.js";
import { solveLeft } from "./linalg/triangular.js";
import { sum } from "./reduce.js";
import { expand } from "./shape.js";
import { diagonal } from "./views.js";

export { choleskyInverse, choleskySolve } from "./linalg/cholesky.js";
export { logdet } from "./linalg/determinant.js";
export { geqrf, ormqr } from "./linalg/qr.js";

/** `linalg.cholesky`. */
export function cholesky(A: Tensor, ...rest: Trailing<[upper: boolean | undefined], CholeskyOptions>): Tensor {
  return called("cholesky", () =>
    choleskyAs("cholesky", A, parse("cholesky", rest, { upper: false }, ["upper"]).upper),
  );
}

/** `linalg.det`. */
export function det(A: Tensor, ...rest: []): Tensor {
  nothingMore("det", rest);
  return called("det", () => determinants.det(A));
}

/** `linalg.slogdet`. */
export function slogdet(A: Tensor, ...rest: []): { readonly sign: Tensor; readonly logabsdet: Tensor } {
  nothingMore("slogdet", rest);
  return called("slogdet", () => determinants.slogdet(A));
}

/** `linalg.inv`. */
export function inverse(A: Tensor, ...rest: []): Tensor {
  nothingMore("inverse", rest);
  return called("inverse", () => factors.inv(A));
}

/** `linalg.matrixExp`. */
export function matrixExp(A: Tensor, ...rest: []): Tensor {
  nothingMore("matrixExp", rest);
  return called("matrixExp", () => products.matrixExp(A));
}

/** `linalg.matrixPower`. */
export function matrixPower(A: Tensor, n: number, ...rest: []): Tensor {
  nothingMore("matrixPower", rest);
  return called("matrixPower", () => products.matrixPower(A, n));
}

/** `linalg.pinv`. */
export function pinverse(
  A: Tensor,
  ...rest: Trailing<[rcond: number | undefined], { readonly rcond?: number }>
): Tensor {
  return called("pinverse", () => pinv(A, { rcond: parse("pinverse", rest, { rcond: 1e-15 }, ["rcond"]).rcond }));
}

/** `linalg.qr`, reduced unless `some` is false. */
export function qr(
  A: Tensor,
  ...rest: Trailing<[some: boolean | undefined], { readonly some?: boolean }>
): { readonly Q: Tensor; readonly R: Tensor } {
  const { some } = parse("qr", rest, { some: true }, ["some"]);
  return called("qr", () => linalgQr(A, asBoolean("qr", some, "some") ? "reduced" : "complete"));
}

/** Options of `svd`. */
export interface OldSvdOptions {
  /** Whether U and V are thin. */
  readonly some?: boolean;
  /** Whether U and V are computed at all. */
  readonly computeUv?: boolean;
}

/** A = U diag(S) Vᵀ; `linalg.svd` gives Vᵀ instead. */
export function svd(
  A: Tensor,
  ...rest: Trailing<[some: boolean | undefined, computeUv: boolean | undefined], OldSvdOptions>
): { readonly U: Tensor; readonly S: Tensor; readonly V: Tensor } {
  const { some, computeUv } = parse("svd", rest, { some: true, computeUv: true }, ["some", "computeUv"]);
  asBoolean("svd", some, "some");
  asBoolean("svd", computeUv, "computeUv");
  return composed("svd", () => {
    const { U, S, Vh } = linalgSvd(A, { fullMatrices: !some });
    return { U, S, V: turned(Vh) };
  });
}

/** Factors of A = P L U in one matrix and the pivots; with `getInfos` also where a pivot was 0. */
export function lu(
  A: Tensor,
  ...rest: Trailing<
    [pivot: boolean | undefined, getInfos: boolean | undefined],
    { readonly pivot?: boolean; readonly getInfos?: boolean }
  >
): Tensor[] {
  const { pivot, getInfos } = parse("lu", rest, { pivot: true, getInfos: false }, ["pivot", "getInfos"]);
  const { LU, pivots, info } = called("lu", () => factors.luFactorEx(A, { pivot }));
  if (getInfos) return [LU, pivots, info];
  info.dispose();
  return [LU, pivots];
}

/** Solves A X = B by the factors that `lu` gives. */
export function luSolve(B: Tensor, LU: Tensor, pivots: Tensor, ...rest: []): Tensor {
  nothingMore("luSolve", rest);
  return called("luSolve", () => factors.luSolve(LU, pivots, B));
}

/** The permutation and the factors L and U that are packed in one matrix; what is not unpacked has shape [0]. */
export function luUnpack(
  LU: Tensor,
  pivots: Tensor,
  ...rest: Trailing<
    [unpackData: boolean | undefined, unpackPivots: boolean | undefined],
    { readonly unpackData?: boolean; readonly unpackPivots?: boolean }
  >
): { readonly P: Tensor; readonly L: Tensor; readonly U: Tensor } {
  asMatrices("luUnpack", LU, "LU");
  asTensor("luUnpack", pivots, "pivots");
  const { unpackData, unpackPivots } = parse("luUnpack", rest, { unpackData: true, unpackPivots: true }, [
    "unpackData",
    "unpackPivots",
  ]);
  asBoolean("luUnpack", unpackData, "unpackData");
  asBoolean("luUnpack", unpackPivots, "unpackPivots");
  return composed("luUnpack", () => {
    const [P, L, U] = factors.unpack(LU, pivots);
    const nothing = (): Tensor => empty("luUnpack", [0], LU.dtype);
    return { P: unpackPivots ? P : nothing(), L: unpackData ? L : nothing(), U: unpackData ? U : nothing() };
  });
}

/** Options of `triangularSolve`. */
export interface TriangularSolveOptions {
  readonly upper?: boolean;
  readonly transpose?: boolean;
  readonly unitriangular?: boolean;
}

/** Solves A X = B for a triangular A; gives the solution and a copy of A. */
export function triangularSolve(
  B: Tensor,
  A: Tensor,
  ...rest: Trailing<
    [upper: boolean | undefined, transpose: boolean | undefined, unitriangular: boolean | undefined],
    TriangularSolveOptions
  >
): { readonly solution: Tensor; readonly clonedCoefficient: Tensor } {
  const name = "triangularSolve";
  asSquare(name, A);
  asMatrices(name, B, "B");
  sameDtype(name, A, B);
  const { upper, transpose, unitriangular } = parse(
    name,
    rest,
    { upper: true, transpose: false, unitriangular: false },
    ["upper", "transpose", "unitriangular"],
  );
  asBoolean(name, upper, "upper");
  asBoolean(name, transpose, "transpose");
  asBoolean(name, unitriangular, "unitriangular");
  if (A.shape.at(-1) !== B.shape.at(-2))
    throw new ShapeError(
      `${name}: Incompatible matrix sizes: A is ${formatShape(A.shape)}, B is ${formatShape(B.shape)}`,
    );
  const batch = broadcastShapes(name, A.shape.slice(0, -2), B.shape.slice(0, -2));
  return composed(name, () => {
    const own = transpose ? turned(A) : A;
    const solution = solveLeft(own, B, { upper: upper !== transpose, unit: unitriangular });
    return { solution, clonedCoefficient: clone(expand(A, [...batch, ...A.shape.slice(-2)])) };
  });
}

/** The sum of the diagonal of a matrix. */
export function trace(x: Tensor, ...rest: []): Tensor {
  nothingMore("trace", rest);
  asTensor("trace", x);
  if (x.ndim !== 2) throw new ShapeError(`trace: expected a matrix, got ${formatShape(x.shape)}`);
  return composed("trace", () => sum(diagonal(x)));
}

/** The Kronecker product: every element of a times all of b. */
export function kron(a: Tensor, b: Tensor, ...rest: []): Tensor {
  nothingMore("kron", rest);
  return called("kron", () => products.kroneckerProduct(a, b));
}

/** The cross product of vectors of three elements along a dim: the first of size 3 if none is named. */
export function cross(
  a: Tensor,
  b: Tensor,
  ...rest: Trailing<[dim: number | null | undefined], { readonly dim?: number | null }>
): Tensor {
  asTensor("cross", a, "a");
  asTensor("cross", b, "b");
  const { dim } = parse("cross", rest, { dim: null as number | null }, ["dim"]);
  if (dim !== null) return crossAlong("cross", a, b, dim);
  const found = a.shape.indexOf(3);
  if (found < 0) throw new ShapeError(`cross: no dimension of size 3 in input ${formatShape(a.shape)}`);
  return called("cross", () => crossAlong("cross", a, b, found));
}
