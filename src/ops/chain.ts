// Products and distances that are no methods of tensors: chains of matrices, distances between all pairs of vectors.

import { ArgumentError, ShapeError } from "../errors.js";
import { asNumber, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { checkSameDtype } from "../op/gemm.js";
import { broadcastShapes, formatShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { sub } from "./arithmetic.js";
import { chained } from "./linalg/products.js";
import { vectorNorm } from "./linalg/vector-norm.js";
import { unsqueeze } from "./views.js";

/** The product of matrices, in the order with the fewest multiplications. */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  return chained("chainMatmul", matrices, 1);
}

/** Options of `cdist`. */
export interface CdistOptions {
  /** Order of the norm: 2. */
  readonly p?: number;
  /** Accepted as in PyTorch; distances are always computed from differences. */
  readonly computeMode?: string;
}

const MODES = ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"];

/**
 * Distances of all pairs of vectors: a [..., P, M] and b [..., R, M] give [..., P, R]; batches broadcast. The gradient of coinciding
 * vectors is 0.
 */
export function cdist(a: Tensor, b: Tensor, ...rest: Trailing<[p: number | undefined], CdistOptions>): Tensor {
  asTensor("cdist", a, "a");
  asTensor("cdist", b, "b");
  checkSameDtype("cdist", a, b);
  const { p, computeMode } = parse("cdist", rest, { p: 2, computeMode: MODES[0] as string }, ["p"]);
  if (!(asNumber("cdist", p, "p") >= 0))
    throw new ArgumentError(`cdist: cdist only supports non-negative p values, got ${p}`);
  if (!MODES.includes(computeMode))
    throw new ArgumentError(`cdist: ${describe(computeMode)} is not a valid value for compute_mode`);
  if (a.ndim < 2 || b.ndim < 2)
    throw new ShapeError(
      `cdist: both inputs must have at least two dimensions, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    throw new ShapeError(
      `cdist: X1 and X2 must have the same number of columns. X1: ${formatShape(a.shape)} X2: ${formatShape(b.shape)}`,
    );
  }
  broadcastShapes("cdist", a.shape.slice(0, -2), b.shape.slice(0, -2));
  return composed("cdist", () => vectorNorm(sub(unsqueeze(a, -2), unsqueeze(b, -3)), p, -1));
}
