// Least squares.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, describe, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { asMatrices, batchOf, sameDtype, sizesOf } from "../../op/matrices.js";
import { isAlwaysTrue } from "../../op/truth.js";
import { broadcastShapes, formatShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { mul, sub } from "../arithmetic.js";
import { eq } from "../compare.js";
import { empty } from "../creation.js";
import { detach } from "../detach.js";
import { product } from "../gemm.js";
import { all, sum } from "../reduce.js";
import { reshape, select } from "../shape.js";
import { narrow, unsqueeze } from "../views.js";
import { matrixRank, pinv } from "./norms.js";
import { svdvals } from "./svd.js";

/** Options of `lstsq`. */
export interface LstsqOptions {
  /** Singular values up to this times the largest count as 0. */
  readonly rcond?: number | null;
  /** Which of LAPACK's results are given: "gelsy" (default), "gelsd", "gelss" or "gels". */
  readonly driver?: "gels" | "gelsy" | "gelsd" | "gelss" | null;
}

/** What `lstsq` gives. */
export interface LeastSquares {
  /** The X of least ‖A X − B‖; of those the smallest. */
  readonly solution: Tensor;
  /** Sums of squares of what is left, where A has full rank and more rows than columns; else empty. */
  readonly residuals: Tensor;
  readonly rank: Tensor;
  readonly singularValues: Tensor;
}

/** Least-squares solutions of A X = B: A [..., m, n], B [..., m, k] (or [..., m]). */
export function lstsq(
  A: Tensor,
  B: Tensor,
  ...rest: readonly (number | null | LstsqOptions | undefined)[]
): LeastSquares {
  const name = "linalg.lstsq";
  asMatrices(name, A);
  asTensor(name, B, "B");
  const { rcond, driver } = parse<Required<LstsqOptions>>(name, rest, { rcond: null, driver: null }, ["rcond"]);
  const drivers = ["gels", "gelsy", "gelsd", "gelss"];
  if (driver !== null && !drivers.includes(driver))
    throw new ArgumentError(
      `${name}: parameter driver should be one of ${drivers.join(", ")}, got ${describe(driver)}`,
    );
  if (B.ndim === 0) throw new ShapeError(`${name}: input B must have at least 1 dimension, got []`);
  sameDtype(name, A, B);
  const isVector = B.ndim === 1 || (B.ndim === A.ndim - 1 && B.shape.join() === A.shape.slice(0, -1).join());
  const [m, n] = sizesOf(A);
  if (B.shape.at(isVector ? -1 : -2) !== m)
    throw new ShapeError(
      `${name}: input.size(-2) should match other.size(${isVector ? -1 : -2}), got ${formatShape(A.shape)} and ${formatShape(B.shape)}`,
    );
  const kind = driver ?? "gelsy";
  return composed(name, () => {
    const right = isVector ? unsqueeze(B, -1) : B;
    broadcastShapes(name, batchOf(A), batchOf(right));
    const wide = product(pinv(A, { rtol: rcond }), right, 1);
    const plain = detach(A);
    const rank = kind === "gels" ? empty([0], { dtype: "int32" }) : matrixRank(plain, { rtol: rcond });
    const given = kind === "gelsd" || kind === "gelss";
    const singularValues = given ? svdvals(plain) : empty([0], { dtype: A.dtype });
    // Empty ones belong to the tape as well.
    let residuals = narrow(reshape(wide, [-1]), 0, 0, 0);
    const isFull = kind === "gels" || isAlwaysTrue(all(eq(rank, n)));
    if (m > n && kind !== "gelsy" && isFull) {
      const error = sub(product(A, wide, 1), right);
      residuals = sum(mul(error, error), -2);
    }
    return { solution: isVector ? select(wide, wide.ndim - 1, 0) : wide, residuals, rank, singularValues };
  }) as unknown as LeastSquares;
}
