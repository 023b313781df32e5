// Losses on class scores: negative log-likelihood and cross entropy; and one-hot vectors.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asInteger, asNumber, asTensor, parse } from "../../op/args.js";
import { checkSameDtype } from "../../op/gemm.js";
import { launchReduction, reduced } from "../../op/reduction.js";
import { add, div, mul, neg } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { eq, ge, lt } from "../../ops/compare.js";
import { arange, full } from "../../ops/creation.js";
import { any, sum } from "../../ops/reduce.js";
import { expand, reshape } from "../../ops/shape.js";
import { logSoftmax } from "../../ops/softmax.js";
import { where } from "../../ops/where.js";
import { isFloat } from "../../tensor/dtype.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { checkTarget, classDim, type Nll, nll, nllMean } from "./nll.js";
import { checkReduction, type Reduction, type ReductionOption } from "./reduction.js";

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
  if (target.dtype === "int32") return;
  throw new DTypeError(
    `${name}: expected class indices of dtype int32, got ${target.dtype}; convert the target with .to("int32")`,
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
  return temporaries(() => {
    const scores = logSoftmax(input, classDim(input.ndim));
    const all: Smoothed = { weight, ignore, reduction, smoothing };
    if (probabilities) return ofProbabilities(scores, target, all);
    return smoothing > 0 ? smoothed(scores, target, all) : nllOf(scores, target, weight, ignore, reduction);
  });
}

const maxima = /* @__PURE__ */ new KernelFamily("amax");

/** Options of `oneHot`. */
export interface OneHotOptions {
  /** Number of classes; one more than the largest index if left out or −1. */
  readonly numClasses?: number;
}

/**
 * Class indices as vectors of 0 and 1: int32 [...] gives int32 [..., numClasses]. Not differentiable.
 * @throws ArgumentError for indices that are negative or no class.
 */
export function oneHot(input: Tensor, ...rest: [numClasses?: number | OneHotOptions, options?: OneHotOptions]): Tensor {
  asTensor("oneHot", input);
  const numClasses = asInteger(
    "oneHot",
    parse("oneHot", rest, { numClasses: -1 }, ["numClasses"]).numClasses,
    "numClasses",
  );
  if (input.dtype !== "int32")
    throw new DTypeError(`oneHot: one_hot is only applicable to index tensor of dtype int32, got ${input.dtype}`);
  if (numClasses < -1 || numClasses === 0) {
    if (input.numel() > 0 || numClasses < -1)
      throw new ArgumentError(`oneHot: num_classes should be positive, got ${numClasses}`);
  }
  return temporaries(() => {
    let classes = numClasses;
    if (input.numel() === 0) {
      if (numClasses <= 0) throw new ArgumentError("oneHot: Can not infer total number of classes from empty tensor.");
    } else {
      if (any(lt(input, 0)).item() === true) throw new ArgumentError("oneHot: Class values must be non-negative.");
      const whole = reduced("oneHot", input, null, false);
      if (classes === -1)
        classes =
          ((launchReduction("oneHot", maxima.of("int32"), input, whole, ["int32"])[0] as Tensor).item() as number) + 1;
      else if (any(ge(input, classes)).item() === true) {
        throw new ArgumentError(`oneHot: Class values must be smaller than num_classes, which is ${classes}.`);
      }
    }
    const column = reshape(input, [...input.shape, 1]);
    return to(eq(column, arange(classes, { dtype: "int32" })), "int32");
  });
}
