// Connectionist temporal classification (Graves et al., 2006): how likely a sequence of labels is, however it is spread in time.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asInteger, asTensor, describe, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { logaddexp } from "../../ops/combine.js";
import { eq, ge, gt, logicalAnd, lt, ne } from "../../ops/compare.js";
import { arange, full, tensor } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { clamp, clampMin } from "../../ops/extrema.js";
import { gather, take } from "../../ops/gather.js";
import { cat, stack } from "../../ops/join.js";
import { exp } from "../../ops/pointwise.js";
import { mean, sum } from "../../ops/reduce.js";
import { cumsum } from "../../ops/scan.js";
import { reshape, select } from "../../ops/shape.js";
import { narrow, squeeze, unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { isFloat } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import { tolist } from "../../tensor/read.js";
import { Tensor } from "../../tensor/tensor.js";
import { checkReduction, type ReductionOption, reduceLoss } from "./reduction.js";

/** Options of `ctcLoss`. */
export interface CtcLossOptions extends ReductionOption {
  /** The class that stands for no label: 0. */
  readonly blank?: number;
  /** Whether losses of sequences too short for their labels are 0 instead of infinite. */
  readonly zeroInfinity?: boolean;
}

/** Lengths, one for each sequence: an array, or a tensor of integers. */
export type Lengths = readonly number[] | number | Tensor;

/** Logarithm of a probability that is 0, but finite, so that differences of such have derivatives. */
const NEVER = -1e30;

function lengthsOf(name: string, lengths: Lengths, what: string, count: number, most: number): Tensor {
  const list = lengths instanceof Tensor ? [tolist(lengths)].flat() : typeof lengths === "number" ? [lengths] : lengths;
  if (!Array.isArray(list) || list.length !== count)
    throw new ArgumentError(`${name}: expected ${what} of ${count} sequences, got ${describe(lengths)}`);
  for (const length of list as number[]) {
    if (!Number.isInteger(length) || length < 0 || length > most) {
      throw new ArgumentError(`${name}: expected ${what} to be integers from 0 to ${most}, got ${String(length)}`);
    }
  }
  return tensor(list as number[], { dtype: "int32" });
}

/** Labels as rows [N, S], from rows or from one sequence after the other. */
function rowsOf(targets: Tensor, lengths: Tensor, most: number): Tensor {
  if (targets.ndim === 2 || most === 0) return targets.ndim === 2 ? targets : reshape(targets, [lengths.numel(), 0]);
  const starts = sub(cumsum(lengths, 0), lengths);
  const places = add(unsqueeze(starts, 1), arange(most, { dtype: "int32" }));
  return take(targets, clamp(places, 0, targets.numel() - 1));
}

/** The label behind each one, `by` places further in front. */
function shifted(x: Tensor, by: number, fill: number): Tensor {
  const [count, width] = x.shape as readonly [number, number];
  return cat([full([count, by], fill, { dtype: x.dtype }), narrow(x, 1, 0, width - by)], 1);
}

/**
 * −log of the probability of the labels: logProbs [T, N, C] (or [T, C]) logarithms of probabilities, targets int32 [N, S] or
 * all labels in one row, and the lengths of both. The mean is that of the losses divided by the lengths of their targets.
 */
export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  ...rest: [options?: CtcLossOptions]
): Tensor {
  const name = "ctcLoss";
  asTensor(name, logProbs, "logProbs");
  asTensor(name, targets, "targets");
  const given = parse(name, rest, { blank: 0, reduction: "mean", zeroInfinity: false });
  const reduction = checkReduction(name, given.reduction);
  asBoolean(name, given.zeroInfinity, "zeroInfinity");
  if (!isFloat(logProbs.dtype))
    throw new DTypeError(`${name}: expected floating-point logProbs, got ${logProbs.dtype}`);
  if (targets.dtype !== "int32") throw new DTypeError(`${name}: expected targets of dtype int32, got ${targets.dtype}`);
  if (logProbs.ndim !== 2 && logProbs.ndim !== 3)
    throw new ShapeError(`${name}: expected logProbs [T, N, C] or [T, C], got ${formatShape(logProbs.shape)}`);
  const classes = logProbs.shape.at(-1) as number;
  const blank = asInteger(name, given.blank, "blank");
  if (blank < 0 || blank >= classes)
    throw new ArgumentError(`${name}: blank must be in label range, 0 to ${classes - 1}, got ${blank}`);
  return composed(name, () => {
    const batched = logProbs.ndim === 3;
    const scores = batched ? logProbs : unsqueeze(logProbs, 1);
    const [steps, count] = scores.shape as readonly [number, number];
    const inputs = lengthsOf(name, inputLengths, "input lengths", count, steps);
    const limit = targets.ndim === 2 ? (targets.shape[1] as number) : targets.numel();
    const lengths = lengthsOf(name, targetLengths, "target lengths", count, limit);
    const most = Math.max(0, ...([tolist(lengths)].flat() as number[]));
    const labels = narrow(rowsOf(targets, lengths, most), 1, 0, most);
    const losses = lossesOf(scores, labels, inputs, lengths, blank);
    const finite = given.zeroInfinity
      ? where(gt(losses, -NEVER / 10), 0, losses)
      : where(gt(losses, -NEVER / 10), Number.POSITIVE_INFINITY, losses);
    const shaped = batched ? finite : squeeze(finite, 0);
    if (reduction !== "mean") return reduceLoss(shaped, reduction);
    return mean(div(finite, to(clampMin(lengths, 1), finite.dtype)));
  });
}

function lossesOf(scores: Tensor, labels: Tensor, inputs: Tensor, lengths: Tensor, blank: number): Tensor {
  const [steps, count] = scores.shape as readonly [number, number];
  const most = labels.shape[1] as number;
  const width = 2 * most + 1;
  // Labels with a blank before each and at the end.
  const blanks = full([count, most], blank, { dtype: "int32" });
  const pairs = reshape(stack([blanks, labels], 2), [count, 2 * most]);
  const path = cat([pairs, full([count, 1], blank, { dtype: "int32" })], 1);
  const skips = logicalAnd(ne(path, blank), ne(path, width > 2 ? shifted(path, 2, blank) : path));
  const at = (t: number): Tensor => gather(select(scores, 0, t), 1, path);
  const places = arange(width, { dtype: "int32" });
  const start = logicalAnd(lt(places, 2), lt(places, unsqueeze(add(mul(lengths, 2), 1), 1)));
  let alpha = where(start, at(0), NEVER);
  for (let t = 1; t < steps; t++) {
    let next = alpha;
    if (width > 1) next = logaddexp(next, shifted(alpha, 1, NEVER));
    if (width > 2) next = logaddexp(next, where(skips, shifted(alpha, 2, NEVER), NEVER));
    alpha = where(unsqueeze(gt(inputs, t), 1), add(next, at(t)), alpha);
  }
  const last = gather(alpha, 1, unsqueeze(mul(lengths, 2), 1));
  const before = gather(alpha, 1, unsqueeze(clampMin(sub(mul(lengths, 2), 1), 0), 1));
  const ends = logaddexp(last, where(unsqueeze(eq(lengths, 0), 1), NEVER, before));
  const losses = where(eq(inputs, 0), where(eq(lengths, 0), 0, -NEVER), neg(squeeze(ends, 1)));
  // As in PyTorch the gradient is that of normalised scores: what a softmax in front would add is in it already.
  const counts = unsqueeze(ge(unsqueeze(sub(inputs, 1), 0), unsqueeze(arange(steps, { dtype: "int32" }), 1)), 2);
  const spread = sum(where(counts, exp(scores), 0), [0, 2]);
  return add(losses, sub(spread, detach(spread)));
}
