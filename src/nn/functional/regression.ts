// Losses on values: squared, absolute and smooth absolute errors, and likelihoods of counts and of normal values.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { type Binary, elementwise, type Ternary } from "../../op/elementwise.js";
import { isTrue } from "../../op/truth.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { gt, lt } from "../../ops/compare.js";
import { full } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { clampMin } from "../../ops/extrema.js";
import { abs, exp, log } from "../../ops/pointwise.js";
import { any } from "../../ops/reduce.js";
import { reshape } from "../../ops/shape.js";
import { where } from "../../ops/where.js";
import { unrecorded } from "../../tape/mode.js";
import { isFloat } from "../../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { Tensor } from "../../tensor/tensor.js";
import { pointLoss, type ReducedLoss } from "./point-loss.js";
import { checkReduction, type Reduction, type ReductionOption, reduceLoss, warnIfBroadcast } from "./reduction.js";

/** (a − b) · c, element by element. */
const scaledDifference: Ternary = elementwise({
  name: "scaledDifference",
  kernel: "scaled_difference",
  dtype: "float",
  partials: {
    a: { reads: ["c"], of: ({ g, c }) => mul(g, c) },
    b: { reads: ["c"], of: ({ g, c }) => neg(mul(g, c)) },
    c: { reads: ["a", "b"], of: ({ g, a, b }) => scaledDifference(a, b, g) },
  },
});

/** (a − b)², element by element. */
const squaredDifference: Binary = elementwise({
  name: "mseLoss",
  kernel: "squared_difference",
  dtype: "float",
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => scaledDifference(a, b, mul(g, 2)) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => scaledDifference(b, a, mul(g, 2)) },
  },
});

const squaredError: ReducedLoss = pointLoss({
  name: "mseLoss",
  of: (x, t) => squaredDifference(x, t),
  input: (g, x, t) => scaledDifference(x, t, mul(g, 2)),
  target: (g, x, t) => scaledDifference(t, x, mul(g, 2)),
});

function checkPair(op: string, input: Tensor, target: Tensor): void {
  asTensor(op, input);
  asTensor(op, target, "target");
  broadcastShapes(op, input.shape, target.shape);
  warnIfBroadcast(op, input, target);
}

/**
 * Mean squared error, (input − target)²; floating-point, promoted, differentiable in both. Shapes that differ broadcast, with
 * a warning. With `weight` each element counts by it, and the mean is Σ weight · error / Σ weight.
 */
export function mseLoss(input: Tensor, target: Tensor, ...rest: [options?: ReductionOption & WeightOption]): Tensor {
  const { weight, reduction } = parse("mseLoss", rest, { reduction: "mean", weight: null as Tensor | null });
  const how = checkReduction("mseLoss", reduction);
  checkPair("mseLoss", input, target);
  if (weight !== null) return temporaries(() => weighted("mseLoss", squaredDifference(input, target), weight, how));
  return how === "none" ? squaredDifference(input, target) : squaredError(input, target, how);
}

/** A weight for each element. */
export interface WeightOption {
  readonly weight?: Tensor | null;
}

/** Elements of a loss, weighted and reduced; the mean is that of the weights. */
function weighted(op: string, loss: Tensor, weight: Tensor, reduction: Reduction): Tensor {
  asTensor(op, weight, "weight");
  if (!sameShape(weight.shape, loss.shape)) {
    throw new ShapeError(
      `${op}: Inputs and weight must have the same size, got ${formatShape(loss.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  const all = mul(loss, weight);
  if (reduction !== "mean") return reduceLoss(all, reduction);
  return div(reduceLoss(all, "sum"), reduceLoss(weight, "sum"));
}

/** Mean absolute error, |input − target|. Where both are equal the derivative is 0. */
export function l1Loss(input: Tensor, target: Tensor, ...rest: [options?: ReductionOption & WeightOption]): Tensor {
  const { weight, reduction } = parse("l1Loss", rest, { reduction: "mean", weight: null as Tensor | null });
  const how = checkReduction("l1Loss", reduction);
  checkPair("l1Loss", input, target);
  return composed("l1Loss", () => {
    const loss = abs(sub(input, target));
    return weight === null ? reduceLoss(loss, how) : weighted("l1Loss", loss, weight, how);
  });
}

/** ½ d² / b where d = |x − t| < b, else d − b / 2. */
const smoothError: Ternary = elementwise({
  name: "smoothError",
  kernel: "smooth_error",
  dtype: "float",
  partials: { x: null, t: null, b: null },
});

/** (x − t) / b, not beyond ±1; the derivative is 0 at ±1. */
const smoothSlope: Ternary = elementwise({
  name: "smoothSlope",
  kernel: "smooth_slope",
  dtype: "float",
  partials: {
    x: { reads: ["out", "b"], of: ({ g, out, b }) => div(where(lt(abs(out), 1), g, 0), b) },
    t: { reads: ["out", "b"], of: ({ g, out, b }) => neg(div(where(lt(abs(out), 1), g, 0), b)) },
    b: null,
  },
});

const smooth: ReducedLoss = pointLoss({
  name: "smoothL1Loss",
  of: (x, t, beta) => smoothError(x, t, beta),
  input: (g, x, t, beta) => mul(g, smoothSlope(x, t, beta)),
  target: (g, x, t, beta) => mul(g, smoothSlope(t, x, beta)),
});

const huber: ReducedLoss = pointLoss({
  name: "huberLoss",
  of: (x, t, delta) => mul(smoothError(x, t, delta), delta),
  input: (g, x, t, delta) => mul(mul(g, delta), smoothSlope(x, t, delta)),
  target: (g, x, t, delta) => mul(mul(g, delta), smoothSlope(t, x, delta)),
});

/** Options of `smoothL1Loss`. */
export interface SmoothL1LossOptions extends ReductionOption {
  /** Where the square ends: 1; 0 gives `l1Loss`. */
  readonly beta?: number;
}

/** ½ d² / β where d = |input − target| < β, else d − β / 2. */
export function smoothL1Loss(input: Tensor, target: Tensor, ...rest: [options?: SmoothL1LossOptions]): Tensor {
  const { beta, reduction } = parse("smoothL1Loss", rest, { reduction: "mean", beta: 1 });
  const how = checkReduction("smoothL1Loss", reduction);
  if (!(asNumber("smoothL1Loss", beta, "beta") >= 0)) {
    throw new ArgumentError(`smoothL1Loss: smooth_l1_loss does not support negative values for beta, got ${beta}`);
  }
  checkPair("smoothL1Loss", input, target);
  if (beta === 0) return temporaries(() => reduceLoss(abs(sub(input, target)), how));
  return smooth(input, target, how, beta);
}

/** Options of `huberLoss`. */
export interface HuberLossOptions extends ReductionOption, WeightOption {
  /** Where the square ends: 1. */
  readonly delta?: number;
}

/** ½ d² where d = |input − target| ≤ δ, else δ (d − δ / 2). */
export function huberLoss(input: Tensor, target: Tensor, ...rest: [options?: HuberLossOptions]): Tensor {
  const { delta, reduction, weight } = parse("huberLoss", rest, {
    reduction: "mean",
    delta: 1,
    weight: null as Tensor | null,
  });
  const how = checkReduction("huberLoss", reduction);
  if (!(asNumber("huberLoss", delta, "delta") > 0)) {
    throw new ArgumentError(`huberLoss: huber_loss does not support non-positive values for delta, got ${delta}.`);
  }
  checkPair("huberLoss", input, target);
  if (weight === null) return huber(input, target, how, delta);
  return composed("huberLoss", () => weighted("huberLoss", huber(input, target, "none", delta), weight, how));
}

/** Options of `poissonNllLoss`. */
export interface PoissonNllLossOptions extends ReductionOption {
  /** Whether the input is the logarithm of the rate (true) or the rate. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of log(target!) is added. */
  readonly full?: boolean;
  /** Added to rates before their logarithm is taken: 10⁻⁸. */
  readonly eps?: number;
}

/** Negative log-likelihood of counts: e^input − target · input, or input − target · log(input + eps) without `logInput`. */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  ...rest: Trailing<[logInput: boolean | undefined, full: boolean | undefined], PoissonNllLossOptions>
): Tensor {
  const op = "poissonNllLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const given = parse(op, rest, { logInput: true, full: false, eps: 1e-8, reduction: "mean" }, ["logInput", "full"]);
  asBoolean(op, given.logInput, "logInput");
  asBoolean(op, given.full, "full");
  const reduction = checkReduction(op, given.reduction);
  broadcastShapes(op, input.shape, target.shape);
  return composed(op, () => {
    const loss = given.logInput
      ? sub(exp(input), mul(target, input))
      : sub(input, mul(target, log(add(input, given.eps))));
    if (!given.full) return reduceLoss(loss, reduction);
    // log(t!) ≈ t log t − t + ½ log(2 π t), where t > 1; a constant for the gradient by the input.
    const stirling = add(sub(mul(target, log(target)), target), mul(log(mul(target, TWO_PI)), 0.5));
    return reduceLoss(add(loss, where(gt(target, 1), stirling, 0)), reduction);
  });
}

const TWO_PI = 6.283185307179586;
const HALF_LOG_TWO_PI = 0.9189385332046727;

/** Options of `gaussianNllLoss`. */
export interface GaussianNllLossOptions extends ReductionOption {
  /** Whether ½ log 2π is added. */
  readonly full?: boolean;
  /** Least variance: 10⁻⁶. */
  readonly eps?: number;
}

/** Negative log-likelihood of normal values: ½ (log var + (input − target)² / var), var at least `eps`. */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  ...rest: [options?: GaussianNllLossOptions]
): Tensor {
  const op = "gaussianNllLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const { full: whole, eps, reduction } = parse(op, rest, { full: false, eps: 1e-6, reduction: "mean" });
  const how = checkReduction(op, reduction);
  broadcastShapes(op, input.shape, target.shape);
  if (!isFloat(input.dtype)) throw new DTypeError(`${op}: expected a floating-point input, got ${input.dtype}`);
  return composed(op, () => {
    let spread: Tensor | number = variance;
    if (spread instanceof Tensor) {
      spread.check(op);
      if (isTrue(any(lt(spread, 0)))) throw new ArgumentError(`${op}: var has negative entry/entries`);
      spread = aligned(op, spread, input);
      const least = spread;
      // The clamp is invisible to the gradient.
      const raised = unrecorded(() => sub(clampMin(detach(least), eps), detach(least)));
      spread = add(spread, raised);
    } else {
      if (!(spread >= 0)) throw new ArgumentError(`${op}: var has negative entry/entries: ${spread}`);
      spread = full([], Math.max(spread, eps), { dtype: input.dtype });
    }
    const error = sub(input, target);
    let loss = mul(add(log(spread), div(mul(error, error), spread)), 0.5);
    if (whole) loss = add(loss, HALF_LOG_TWO_PI);
    return reduceLoss(loss, how);
  });
}

/** The variance in a shape that goes with the input: of its size, or one for each row. */
function aligned(op: string, variance: Tensor, input: Tensor): Tensor {
  if (sameShape(variance.shape, input.shape)) return variance;
  const rows = input.shape.slice(0, -1);
  if (sameShape(variance.shape, rows) && input.ndim > 0) return reshape(variance, [...rows, 1]);
  const matches =
    variance.ndim === input.ndim && variance.shape.every((size, d) => size === 1 || size === input.shape[d]);
  if (matches) return variance;
  throw new ShapeError(
    `${op}: var is of incorrect size: ${formatShape(variance.shape)} for an input ${formatShape(input.shape)}`,
  );
}
