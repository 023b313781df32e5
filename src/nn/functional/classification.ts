// Losses on class scores: negative log-likelihood and cross entropy; and one-hot vectors.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asInteger, asNumber, asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { noGradientFor } from "../../op/constant.js";
import { checkSameDtype } from "../../op/gemm.js";
import { isIndexDtype } from "../../op/indexed.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { xlogy } from "../../ops/combine.js";
import { eq } from "../../ops/compare.js";
import { full } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { exp } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { expand, reshape } from "../../ops/shape.js";
import { logSoftmax } from "../../ops/softmax.js";
import { where } from "../../ops/where.js";
import { isFloat } from "../../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import { Tensor } from "../../tensor/tensor.js";
import { entropyOf, fits } from "./cross-entropy.js";
import { linear } from "./linear.js";
import { checkTarget, classDim, type Nll, nll, nllMean } from "./nll.js";
import { checkReduction, type Reduction, type ReductionOption, reduceLoss } from "./reduction.js";

/** Options of `nllLoss`. */
export interface NllLossOptions extends ReductionOption {
  /** A weight for each class, [C]. */
  readonly weight?: Tensor | null;
  /** Targets with this value do not count. Default −100. */
  readonly ignoreIndex?: number;
}

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. */
  readonly labelSmoothing?: number;
}

function checkWeight(name: string, input: Tensor, weight: Tensor | null): void {
  if (weight === null) return;
  asTensor(name, weight, "weight");
  checkSameDtype(name, input, weight);
  const classes = input.shape[classDim(input.ndim)] as number;
  if (weight.ndim !== 1 || weight.shape[0] !== classes) {
    throw new ShapeError(
      `${name}: weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ` +
        formatShape(weight.shape),
    );
  }
}

function checkIndices(name: string, target: Tensor): void {
  if (isIndexDtype(target.dtype)) return;
  throw new DTypeError(
    `${name}: expected class indices of dtype int32 or int64, got ${target.dtype}; convert the target with .to("int32")`,
  );
}

function checkFloat(name: string, input: Tensor): void {
  if (!isFloat(input.dtype))
    throw new DTypeError(`${name}: not implemented for ${input.dtype}: expected a floating-point input`);
}

function nllOf(input: Tensor, target: Tensor, weight: Tensor | null, ignore: number, reduction: Reduction): Tensor {
  const given: Nll = { ignore, shape: input.shape, sum: reduction === "sum" };
  const inputs = [input, target, weight ?? 0];
  if (reduction !== "mean") return nll(inputs, given);
  const [loss, total] = nllMean.all(inputs, given) as [Tensor, Tensor];
  total.dispose();
  return loss;
}

/**
 * Negative log-likelihood, −weight[t] · input[t] for the class index t of each row; input [N, C], [C] or [N, C, …] of
 * log-probabilities, target int32 of that shape without the classes. The mean is weighted by the classes' weights; of
 * nothing it is NaN.
 * @throws ArgumentError for a target that is no class, ShapeError, DTypeError.
 */
export function nllLoss(input: Tensor, target: Tensor, ...rest: [options?: NllLossOptions]): Tensor {
  asTensor("nllLoss", input);
  asTensor("nllLoss", target, "target");
  const { weight, ignoreIndex, reduction } = parse("nllLoss", rest, {
    weight: null as Tensor | null,
    ignoreIndex: -100,
    reduction: "mean",
  });
  checkFloat("nllLoss", input);
  checkIndices("nllLoss", target);
  checkTarget("nllLoss", input, target);
  checkWeight("nllLoss", input, weight);
  noGradientFor("nllLoss", { weight });
  return nllOf(
    input,
    target,
    weight,
    asInteger("nllLoss", ignoreIndex, "ignoreIndex"),
    checkReduction("nllLoss", reduction),
  );
}

/** The class weights in the shape that broadcasts against the input. */
function acrossClasses(weight: Tensor, rank: number): Tensor {
  return reshape(
    weight,
    Array.from({ length: rank }, (_, d) => (d === classDim(rank) ? -1 : 1)),
  );
}

interface Smoothed {
  readonly weight: Tensor | null;
  readonly ignore: number;
  readonly reduction: Reduction;
  readonly smoothing: number;
}

function smoothed(scores: Tensor, target: Tensor, { weight, ignore, reduction, smoothing }: Smoothed): Tensor {
  const at = classDim(scores.ndim);
  const classes = scores.shape[at] as number;
  const sharp = nllOf(scores, target, weight, ignore, reduction);
  const weighted = weight === null ? scores : mul(scores, acrossClasses(weight, scores.ndim));
  const ignored = eq(target, ignore);
  const even = where(ignored, 0, neg(sum(weighted, at)));
  let spread = even;
  if (reduction !== "none") spread = sum(even);
  if (reduction === "mean") {
    // The weight of all targets: the losses of scores that are −1 everywhere.
    const minusOne = expand(full([], -1, { dtype: scores.dtype as "float32" }), scores.shape);
    spread = div(spread, nllOf(minusOne, target, weight, ignore, "sum"));
  }
  return add(mul(sharp, 1 - smoothing), mul(spread, smoothing / classes));
}

function ofProbabilities(scores: Tensor, target: Tensor, { weight, reduction, smoothing }: Smoothed): Tensor {
  const at = classDim(scores.ndim);
  const classes = scores.shape[at] as number;
  const soft = smoothing > 0 ? add(mul(target, 1 - smoothing), smoothing / classes) : target;
  const weighted = weight === null ? soft : mul(soft, acrossClasses(weight, scores.ndim));
  const products = mul(scores, weighted);
  if (reduction === "none") return neg(sum(products, at));
  const total = neg(sum(products));
  return reduction === "sum" ? total : div(total, scores.numel() / classes);
}

/**
 * Cross entropy of scores (logits) and targets: input [N, C], [C] or [N, C, …]; target class indices, int32, of that shape
 * without the classes, or probabilities of the input's shape. Index targets: −weight[t] · logSoftmax(input)[t], the mean
 * weighted by the classes' weights; `ignoreIndex` does not count. Probabilities: −Σ weight · target · logSoftmax(input),
 * the mean over the rows.
 *
 * ```js
 * F.crossEntropy(logits, labels, { labelSmoothing: 0.1 })
 * ```
 * @throws ArgumentError for a target that is no class, ShapeError, DTypeError.
 */
export function crossEntropy(input: Tensor, target: Tensor, ...rest: [options?: CrossEntropyOptions]): Tensor {
  const name = "crossEntropy";
  asTensor(name, input);
  asTensor(name, target, "target");
  const given = parse(name, rest, {
    weight: null as Tensor | null,
    ignoreIndex: -100,
    reduction: "mean",
    labelSmoothing: 0,
  });
  const { weight } = given;
  const smoothing = asNumber(name, given.labelSmoothing, "labelSmoothing");
  const reduction = checkReduction(name, given.reduction);
  const ignore = asInteger(name, given.ignoreIndex, "ignoreIndex");
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new ArgumentError(`${name}: label_smoothing must be between 0.0 and 1.0. Got: ${smoothing}`);
  }
  checkFloat(name, input);
  const probabilities = isFloat(target.dtype) && sameShape(input.shape, target.shape);
  if (!probabilities) {
    checkIndices(name, target);
    checkTarget(name, input, target);
  } else if (input.ndim === 0) checkTarget(name, input, target);
  if (probabilities && ignore >= 0) {
    throw new ArgumentError(`${name}: ignore_index is not supported for floating point target`);
  }
  checkWeight(name, input, weight);
  if (!probabilities) noGradientFor(name, { weight });
  return composed(name, () => {
    if (!probabilities && smoothing === 0 && fits(input, weight)) {
      return entropyOf(input, target, weight, ignore, reduction);
    }
    const scores = logSoftmax(input, classDim(input.ndim));
    const all: Smoothed = { weight, ignore, reduction, smoothing };
    if (probabilities) return ofProbabilities(scores, target, all);
    return smoothing > 0 ? smoothed(scores, target, all) : nllOf(scores, target, weight, ignore, reduction);
  });
}

/** Options of `klDiv`. */
export interface KlDivOptions {
  /** "batchmean" divides the sum by the first size, as the mathematical definition wants. */
  readonly reduction?: Reduction | "batchmean";
  /** Whether the target is a logarithm too. */
  readonly logTarget?: boolean;
}

/** Kullback-Leibler divergence: target · (log target − input) of log-probabilities `input`; 0 where the target is 0. */
export function klDiv(input: Tensor, target: Tensor, ...rest: [options?: KlDivOptions]): Tensor {
  asTensor("klDiv", input);
  asTensor("klDiv", target, "target");
  const { reduction, logTarget } = parse("klDiv", rest, { reduction: "mean", logTarget: false });
  const how = reduction === "batchmean" ? "sum" : checkReduction("klDiv", reduction);
  broadcastShapes("klDiv", input.shape, target.shape);
  return composed("klDiv", () => {
    const loss = logTarget ? mul(exp(target), sub(target, input)) : sub(xlogy(target, target), mul(target, input));
    const reduced = reduceLoss(loss, how);
    return reduction === "batchmean" && input.ndim > 0 ? div(reduced, input.shape[0] as number) : reduced;
  });
}

/** Options of `linearCrossEntropy`. */
export interface LinearCrossEntropyOptions extends CrossEntropyOptions {
  /** Added to the scores: the weight's shape without its last dim. */
  readonly linearBias?: Tensor | null;
}

/**
 * Cross entropy of the scores that a linear map gives: input [N, in] or [in], linearWeight [C, …, in]; target class indices
 * [N, …] or probabilities [N, C, …].
 */
export function linearCrossEntropy(
  input: Tensor,
  linearWeight: Tensor,
  target: Tensor,
  ...rest: [options?: LinearCrossEntropyOptions]
): Tensor {
  const name = "linearCrossEntropy";
  for (const [what, x] of Object.entries({ input, linearWeight, target })) asTensor(name, x, what);
  const defaults = {
    linearBias: null as Tensor | null,
    weight: null as Tensor | null,
    ignoreIndex: -100,
    reduction: "mean" as Reduction,
    labelSmoothing: 0,
  };
  const { linearBias, ...options } = parse(name, rest, defaults);
  // By class weights there is no derivative where the target is indices.
  const weight = options.weight instanceof Tensor && !isFloat(target.dtype) ? detach(options.weight) : options.weight;
  if (input.ndim !== 1 && input.ndim !== 2)
    throw new ShapeError(`${name}: expected input with dimensionality 1 or 2, got ${input.ndim}`);
  if (linearWeight.ndim < 2)
    throw new ShapeError(`${name}: expected linear_weight with dimensionality at least 2, got ${linearWeight.ndim}`);
  const outer = linearWeight.shape.slice(0, -1);
  const width = linearWeight.shape.at(-1) as number;
  if (input.shape.at(-1) !== width) {
    throw new ShapeError(
      `${name}: expected equal input and linear_weight last dimensions (in_features), got ${input.shape.at(-1)} and ${width}, respectively`,
    );
  }
  if (outer.length > 1 && input.ndim === 1) {
    throw new ShapeError(
      `${name}: K-dimensional loss defined by linear_weight shape ${formatShape(linearWeight.shape)} requires batched input, (N, ${width}), ` +
        `got unbatched input with shape ${formatShape(input.shape)}`,
    );
  }
  if (linearBias !== null && !sameShape(asTensor(name, linearBias, "linearBias").shape, outer)) {
    throw new ShapeError(
      `${name}: expected linear_bias shape ${formatShape(outer)}, got ${formatShape(linearBias.shape)}`,
    );
  }
  if (isFloat(target.dtype) && options.ignoreIndex >= 0) {
    throw new ArgumentError(`${name}: ignore_index cannot be specified when target contains probabilities`);
  }
  return composed(name, () => {
    const flat = linear(
      input,
      reshape(linearWeight, [-1, width]),
      linearBias === null ? null : reshape(linearBias, [-1]),
    );
    return crossEntropy(reshape(flat, [...input.shape.slice(0, -1), ...outer]), target, { ...options, weight });
  });
}
