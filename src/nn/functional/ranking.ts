// Losses on pairs, triplets and margins, and measures of similarity.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asNumber, asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { isIndexDtype, narrowIndex } from "../../op/indexed.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { eq, ge, gt, ne } from "../../ops/compare.js";
import { arange, zeros } from "../../ops/creation.js";
import { clampMin } from "../../ops/extrema.js";
import { gather, indexSelect } from "../../ops/gather.js";
import { relu, sigmoid, sqrt } from "../../ops/pointwise.js";
import { mean, sum } from "../../ops/reduce.js";
import { cumprod } from "../../ops/scan.js";
import { scatterAdd } from "../../ops/scatter.js";
import { reshape } from "../../ops/shape.js";
import { unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { logsigmoid } from "./activation.js";
import { pointLoss, type ReducedLoss } from "./point-loss.js";
import { checkReduction, type ReductionOption, reduceLoss } from "./reduction.js";

/** Options of losses with a margin. */
export interface MarginOptions extends ReductionOption {
  readonly margin?: number;
}

function marginOf(op: string, rest: readonly unknown[], margin: number) {
  const given = parse(op, rest, { margin, reduction: "mean" });
  return { margin: asNumber(op, given.margin, "margin"), reduction: checkReduction(op, given.reduction) };
}

/** max(0, −target · (input1 − input2) + margin): target 1 wants input1 larger, −1 input2. Margin 0. */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...rest: [options?: MarginOptions]
): Tensor {
  const op = "marginRankingLoss";
  for (const x of [input1, input2, target]) asTensor(op, x);
  const { margin, reduction } = marginOf(op, rest, 0);
  if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
    throw new ShapeError(
      `${op}: margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${formatShape(input1.shape)}, ` +
        `input2: ${formatShape(input2.shape)}, target: ${formatShape(target.shape)}`,
    );
  }
  return composed(op, () => reduceLoss(clampMin(add(mul(neg(target), sub(input1, input2)), margin), 0), reduction));
}

/** input where target is 1, max(0, margin − input) where it is −1. Margin 1. */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, ...rest: [options?: MarginOptions]): Tensor {
  const op = "hingeEmbeddingLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const { margin, reduction } = marginOf(op, rest, 1);
  return composed(op, () => {
    const apart = where(ne(target, 1), clampMin(sub(margin, input), 0), 0);
    return reduceLoss(add(apart, where(ne(target, -1), input, 0)), reduction);
  });
}

/** 1 − cos where target is 1, max(0, cos − margin) where it is −1; vectors along the last dim. Margin 0. */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...rest: [options?: MarginOptions]
): Tensor {
  const op = "cosineEmbeddingLoss";
  for (const x of [input1, input2, target]) asTensor(op, x);
  const { margin, reduction } = marginOf(op, rest, 0);
  if (target.ndim > 1)
    throw new ShapeError(
      `${op}: 0D or 1D target tensor expected, multi-target not supported, got ${formatShape(target.shape)}`,
    );
  if (input1.ndim !== target.ndim + 1 || input2.ndim !== target.ndim + 1) {
    throw new ShapeError(
      `${op}: ${target.ndim + 1}D input tensors expected with ${target.ndim}D target tensor, found inputs with sizes ` +
        `${formatShape(input1.shape)} and ${formatShape(input2.shape)}`,
    );
  }
  return composed(op, () => {
    const dim = target.ndim;
    const square = (x: Tensor) => add(sum(mul(x, x), dim), 1e-12);
    const cosine = div(sum(mul(input1, input2), dim), sqrt(mul(square(input1), square(input2))));
    const together = where(eq(target, 1), sub(1, cosine), 0);
    return reduceLoss(add(together, where(eq(target, -1), clampMin(sub(cosine, margin), 0), 0)), reduction);
  });
}

const softMargin: ReducedLoss = pointLoss({
  name: "softMarginLoss",
  of: (x, t) => neg(logsigmoid(mul(x, t))),
  input: (g, x, t) => neg(mul(mul(g, t), sigmoid(neg(mul(x, t))))),
  target: (g, x, t) => neg(mul(mul(g, x), sigmoid(neg(mul(x, t))))),
});

/** log(1 + e^(−target · input)), targets 1 or −1. */
export function softMarginLoss(input: Tensor, target: Tensor, ...rest: [options?: ReductionOption]): Tensor {
  const op = "softMarginLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const reduction = checkReduction(op, parse(op, rest, { reduction: "mean" }).reduction);
  broadcastShapes(op, input.shape, target.shape);
  return softMargin(input, target, reduction);
}

/** Options of `multiMarginLoss`. */
export interface MultiMarginLossOptions extends MarginOptions {
  /** Exponent, 1 or 2. */
  readonly p?: number;
  /** A weight for each class. */
  readonly weight?: Tensor | null;
}

/** The shape [N, C] of scores that come as [N, C], [C] or []. */
function asRows(op: string, input: Tensor): readonly [number, number] {
  const valid = input.ndim === 2 ? (input.shape[1] as number) > 0 : input.ndim < 2 && input.numel() > 0;
  if (!valid) {
    throw new ShapeError(
      `${op}: Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${formatShape(input.shape)}`,
    );
  }
  return input.ndim === 2 ? (input.shape as readonly [number, number]) : [1, input.numel()];
}

/** Σ_j max(0, margin − x[t] + x[j])ᵖ / C over the classes j other than the target t, times its weight. */
export function multiMarginLoss(input: Tensor, target: Tensor, ...rest: [options?: MultiMarginLossOptions]): Tensor {
  const op = "multiMarginLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const given = parse(op, rest, { p: 1, margin: 1, weight: null as Tensor | null, reduction: "mean" });
  const { p, margin, weight } = given;
  const reduction = checkReduction(op, given.reduction);
  if (p !== 1 && p !== 2) throw new ArgumentError(`${op}: only supports p == 1 and p == 2, got ${p}`);
  const [count, classes] = asRows(op, input);
  if (target.numel() !== count || target.ndim > 1) {
    throw new ShapeError(
      `${op}: inconsistent target size, target tensor should be 1-D with size equal to batch size; Expected target size [${count}], but got ${formatShape(target.shape)}`,
    );
  }
  if (weight !== null) {
    asTensor(op, weight, "weight");
    if (weight.ndim !== 1)
      throw new ShapeError(`${op}: weight must be one-dimensional, got ${formatShape(weight.shape)}`);
    if (weight.numel() !== classes)
      throw new ShapeError(`${op}: inconsistent weight size, expected ${classes} but got ${formatShape(weight.shape)}`);
  }
  if (!isIndexDtype(target.dtype))
    throw new DTypeError(`${op}: expected class indices of dtype int32 or int64, got ${target.dtype}`);
  return composed(op, () => {
    const x = reshape(input, [count, classes]);
    const t = reshape(target, [count, 1]);
    // A kink at 0 has no gradient, so relu and not clampMin.
    let terms = relu(add(sub(x, gather(x, 1, t)), margin));
    if (p === 2) terms = mul(terms, terms);
    if (weight !== null) terms = mul(terms, reshape(indexSelect(weight, 0, reshape(target, [count])), [count, 1]));
    const others = ne(t, arange(classes, { dtype: "int32" }));
    const loss = div(sum(where(others, terms, 0), 1), classes);
    return reduceLoss(input.ndim < 2 ? reshape(loss, []) : loss, reduction);
  });
}

/**
 * Σ over targets j and classes i that are none of max(0, 1 − x[j] + x[i]) / C; a row of targets ends at its first −1.
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, ...rest: [options?: ReductionOption]): Tensor {
  const op = "multilabelMarginLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const reduction = checkReduction(op, parse(op, rest, { reduction: "mean" }).reduction);
  const [count, classes] = asRows(op, input);
  if (!sameShape(input.shape, target.shape) && !(input.ndim < 2 && target.ndim < 2 && target.numel() === classes)) {
    throw new ShapeError(
      `${op}: inconsistent target size: ${formatShape(target.shape)} for input of size: ${formatShape(input.shape)}`,
    );
  }
  if (!isIndexDtype(target.dtype))
    throw new DTypeError(`${op}: expected class indices of dtype int32 or int64, got ${target.dtype}`);
  return composed(op, () => {
    const x = reshape(input, [count, classes]);
    const t = reshape(target, [count, classes]);
    const counts = cumprod(to(ge(t, 0), "int32"), 1);
    const safe = mul(narrowIndex(t), counts);
    const isTarget = gt(scatterAdd(zeros([count, classes], { dtype: "int32" }), 1, safe, counts), 0);
    const gap = relu(add(sub(unsqueeze(x, 1), unsqueeze(gather(x, 1, safe), 2)), 1));
    const seen = where(unsqueeze(isTarget, 1), 0, mul(gap, unsqueeze(to(counts, x.dtype), 2)));
    const loss = div(sum(seen, [1, 2]), classes);
    return reduceLoss(input.ndim < 2 ? reshape(loss, []) : loss, reduction);
  });
}

/** Options of `multilabelSoftMarginLoss`. */
export interface MultilabelSoftMarginLossOptions extends ReductionOption {
  readonly weight?: Tensor | null;
}

/** −avg over the classes (last dim) of w (t log σ(x) + (1 − t) log σ(−x)). */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  ...rest: [options?: MultilabelSoftMarginLossOptions]
): Tensor {
  const op = "multilabelSoftMarginLoss";
  asTensor(op, input);
  asTensor(op, target, "target");
  const { weight, reduction } = parse(op, rest, { weight: null as Tensor | null, reduction: "mean" });
  const how = checkReduction(op, reduction);
  return composed(op, () => {
    let loss = neg(add(mul(target, logsigmoid(input)), mul(sub(1, target), logsigmoid(neg(input)))));
    if (weight !== null) loss = mul(loss, weight);
    return reduceLoss(mean(loss, -1), how);
  });
}
