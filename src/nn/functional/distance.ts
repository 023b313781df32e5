// Distances and similarities of vectors, scaling to a length, and losses on triplets.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, asInteger, asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { add, div, mul, pow, sub } from "../../ops/arithmetic.js";
import { ones } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { clampMin, minimum } from "../../ops/extrema.js";
import { indexSelect } from "../../ops/gather.js";
import { vectorNorm } from "../../ops/linalg/vector-norm.js";
import { nonzero } from "../../ops/nonzero.js";
import { norm } from "../../ops/norm.js";
import { sum } from "../../ops/reduce.js";
import { expand, reshape, select } from "../../ops/shape.js";
import { triu } from "../../ops/triangle.js";
import { squeeze, unsqueeze } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import { isFloat } from "../../tensor/dtype.js";
import { broadcastShapes, normalizeDim } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { padConstant } from "./pad.js";
import { avgPool2d, avgPool3d } from "./pooling.js";
import { checkReduction, type ReductionOption, reduceLoss } from "./reduction.js";

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Order of the norm: 2. */
  readonly p?: number;
  readonly dim?: number | readonly number[];
  /** Least length to divide by: 10⁻¹². */
  readonly eps?: number;
}

/** x / max(‖x‖ₚ, eps) along a dim (1). */
export function normalize(
  input: Tensor,
  ...rest: Trailing<
    [p: number | undefined, dim: number | readonly number[] | undefined, eps: number | undefined],
    NormalizeOptions
  >
): Tensor {
  asTensor("normalize", input);
  const { p, dim, eps } = parse<Required<NormalizeOptions>>("normalize", rest, { p: 2, dim: 1, eps: 1e-12 }, [
    "p",
    "dim",
    "eps",
  ]);
  return composed("normalize", () =>
    div(input, clampMin(norm(input, p, dim, true), asNumber("normalize", eps, "eps"))),
  );
}

/** Options of `pairwiseDistance`. */
export interface PairwiseDistanceOptions {
  readonly p?: number;
  /** Added to the differences: 10⁻⁶. */
  readonly eps?: number;
  readonly keepdim?: boolean;
}

/** ‖x1 − x2 + eps‖ₚ along the last dim; shapes broadcast. */
export function pairwiseDistance(
  x1: Tensor,
  x2: Tensor,
  ...rest: Trailing<
    [p: number | undefined, eps: number | undefined, keepdim: boolean | undefined],
    PairwiseDistanceOptions
  >
): Tensor {
  const name = "pairwiseDistance";
  asTensor(name, x1, "x1");
  asTensor(name, x2, "x2");
  const { p, eps, keepdim } = parse(name, rest, { p: 2, eps: 1e-6, keepdim: false }, ["p", "eps", "keepdim"]);
  asBoolean(name, keepdim, "keepdim");
  return composed(name, () => norm(add(sub(x1, x2), eps), p, -1, keepdim));
}

/** Options of `cosineSimilarity`. */
export interface CosineSimilarityOptions {
  readonly dim?: number;
  /** Least length to divide by: 10⁻⁸. */
  readonly eps?: number;
}

/** The length along a dim, kept, and not below eps; the bound is invisible to the gradient. */
function lengthOf(x: Tensor, dim: number, eps: number): Tensor {
  const length = vectorNorm(x, 2, dim, true);
  const raised = unrecorded(() => sub(clampMin(detach(length), eps), detach(length)));
  return add(length, raised);
}

/** x1 · x2 / (max(‖x1‖, eps) max(‖x2‖, eps)) along a dim (1); shapes broadcast. */
export function cosineSimilarity(
  x1: Tensor,
  x2: Tensor,
  ...rest: Trailing<[dim: number | undefined, eps: number | undefined], CosineSimilarityOptions>
): Tensor {
  const name = "cosineSimilarity";
  asTensor(name, x1, "x1");
  asTensor(name, x2, "x2");
  const { dim, eps } = parse(name, rest, { dim: 1, eps: 1e-8 }, ["dim", "eps"]);
  const shape = broadcastShapes(name, x1.shape, x2.shape);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), shape.length);
  return composed(name, () => {
    const [a, b] = [expand(x1, shape), expand(x2, shape)];
    return sum(mul(div(a, lengthOf(a, at, eps)), div(b, lengthOf(b, at, eps))), at);
  });
}

/** Options of `tripletMarginLoss`. */
export interface TripletMarginLossOptions extends ReductionOption {
  readonly margin?: number;
  /** Order of the norm: 2. */
  readonly p?: number;
  readonly eps?: number;
  /** Whether the distance of positive and negative counts where it is smaller. */
  readonly swap?: boolean;
}

function checkTriplet(name: string, anchor: Tensor, positive: Tensor, negative: Tensor, margin: number): void {
  for (const [what, x] of Object.entries({ anchor, positive, negative })) asTensor(name, x, what);
  if (!(margin > 0)) throw new ArgumentError(`${name}: margin must be greater than 0, got ${margin}`);
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim) {
    throw new ShapeError(
      `${name}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ` +
        `${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
    );
  }
}

/** max(0, d(anchor, positive) − d(anchor, negative) + margin), d a norm of the difference along the last dim. */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...rest: [options?: TripletMarginLossOptions]
): Tensor {
  const name = "tripletMarginLoss";
  const given = parse(name, rest, { margin: 1, p: 2, eps: 1e-6, swap: false, reduction: "mean" });
  const { p, eps } = given;
  return ofTriplets(name, anchor, positive, negative, given, (a, b) => pairwiseDistance(a, b, { p, eps }));
}

/** Options of `tripletMarginWithDistanceLoss`. */
export interface TripletMarginWithDistanceLossOptions extends ReductionOption {
  /** How far apart two batches of vectors are; `pairwiseDistance` if left out. */
  readonly distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  readonly margin?: number;
  readonly swap?: boolean;
}

/** `tripletMarginLoss` with a distance of one's own. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...rest: [options?: TripletMarginWithDistanceLossOptions]
): Tensor {
  const name = "tripletMarginWithDistanceLoss";
  const given = parse<Required<TripletMarginWithDistanceLossOptions>>(name, rest, {
    distanceFunction: null,
    margin: 1,
    swap: false,
    reduction: "mean",
  });
  const distance = given.distanceFunction ?? ((a: Tensor, b: Tensor) => pairwiseDistance(a, b));
  return ofTriplets(name, anchor, positive, negative, given, distance);
}

function ofTriplets(
  name: string,
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  given: { readonly margin: number; readonly swap: boolean; readonly reduction: unknown },
  distance: (a: Tensor, b: Tensor) => Tensor,
): Tensor {
  const reduction = checkReduction(name, given.reduction);
  checkTriplet(name, anchor, positive, negative, given.margin);
  asBoolean(name, given.swap, "swap");
  return composed(name, () => {
    const near = distance(anchor, positive);
    let far = distance(anchor, negative);
    if (given.swap) far = minimum(far, distance(positive, negative));
    return reduceLoss(clampMin(add(sub(near, far), given.margin), 0), reduction);
  });
}

/** Distances of the pairs of different rows of [N, M], in the order (0, 1), (0, 2), …: [N (N − 1) / 2]. */
export function pdist(input: Tensor, ...rest: Trailing<[p: number | undefined], { readonly p?: number }>): Tensor {
  asTensor("pdist", input);
  const p = asNumber("pdist", parse("pdist", rest, { p: 2 }, ["p"]).p, "p");
  if (input.ndim !== 2) throw new ShapeError(`pdist: only supports 2D tensors, got: ${input.ndim}D`);
  if (!isFloat(input.dtype)) throw new ArgumentError(`pdist: only supports floating-point dtypes, got ${input.dtype}`);
  if (!(p >= 0)) throw new ArgumentError(`pdist: only supports non-negative p values, got ${p}`);
  return composed("pdist", () => {
    const count = input.shape[0] as number;
    const pairs = unrecorded(() => nonzero(triu(ones([count, count], { dtype: "bool" }), 1)) as Tensor);
    const row = (i: number): Tensor => indexSelect(input, 0, select(pairs, 1, i));
    return vectorNorm(sub(row(0), row(1)), p, 1);
  });
}

/** Options of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}

/** x / (k + α · avg of x² over `size` neighbouring channels)^β: [N, C, …]. */
export function localResponseNorm(
  input: Tensor,
  size: number,
  ...rest: Trailing<
    [alpha: number | undefined, beta: number | undefined, k: number | undefined],
    LocalResponseNormOptions
  >
): Tensor {
  const name = "localResponseNorm";
  asTensor(name, input);
  asInteger(name, size, "size");
  const { alpha, beta, k } = parse(name, rest, { alpha: 1e-4, beta: 0.75, k: 1 }, ["alpha", "beta", "k"]);
  if (input.ndim < 3)
    throw new ShapeError(`${name}: Expected 3D or higher dimensionality input (got ${input.ndim} dimensions)`);
  if (input.numel() === 0) return input;
  return composed(name, () => {
    const around = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    const squares = unsqueeze(mul(input, input), 1);
    let average: Tensor;
    if (input.ndim === 3)
      average = squeeze(avgPool2d(padConstant(squares, [0, 0, ...around]), [size, 1], { stride: 1 }), 1);
    else {
      const [n, c, first] = input.shape as readonly [number, number, number];
      const wide = padConstant(reshape(squares, [n, 1, c, first, -1]), [0, 0, 0, 0, ...around]);
      average = reshape(squeeze(avgPool3d(wide, [size, 1, 1], { stride: 1 }), 1), input.shape);
    }
    return div(input, pow(add(mul(average, alpha), k), beta));
  });
}
