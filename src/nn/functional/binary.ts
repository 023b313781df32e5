// Binary cross entropy of probabilities and of scores.

import { DTypeError, NumericalError, ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { type Binary, elementwise, type Ternary } from "../../op/elementwise.js";
import { isTrue } from "../../op/truth.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { ge, le, logicalAnd, logicalNot } from "../../ops/compare.js";
import { clampMin } from "../../ops/extrema.js";
import { log, log1p, sigmoid } from "../../ops/pointwise.js";
import { any } from "../../ops/reduce.js";
import { expand } from "../../ops/shape.js";
import { isFloat } from "../../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { logsigmoid } from "./activation.js";
import { pointLoss, type ReducedLoss } from "./point-loss.js";
import { checkReduction, type ReductionOption, reduceLoss } from "./reduction.js";

/** g (p − t) / max(p (1 − p), 10⁻¹²). */
const bceBackward: Ternary = elementwise({
  name: "binaryCrossEntropyBackward",
  kernel: "bce_backward",
  dtype: "float",
  partials: {
    y: { reads: ["p", "t"], of: ({ g, p, t }) => bceBackward(g, p, t) },
    // (p² − 2 p t + t) / (p (1 − p))², the derivative of the quotient
    p: {
      reads: ["y", "p", "t"],
      of: ({ g, y, p, t }) => {
        const spread = clampMin(mul(p, sub(1, p)), 1e-12);
        return mul(mul(g, y), div(div(add(mul(p, sub(p, mul(t, 2))), t), spread), spread));
      },
    },
    t: { reads: ["y", "p"], of: ({ g, y, p }) => neg(div(mul(g, y), clampMin(mul(p, sub(1, p)), 1e-12))) },
  },
});

/** The derivative by the target, max(log(1 − p), −100) − max(log p, −100). */
function byTarget(g: Tensor, p: Tensor): Tensor {
  return mul(g, sub(clampMin(log1p(neg(p)), -100), clampMin(log(p), -100)));
}

const bce: Binary = elementwise({
  name: "binaryCrossEntropy",
  kernel: "bce",
  dtype: "float",
  partials: {
    p: { reads: ["p", "t"], of: ({ g, p, t }) => bceBackward(g, p, t) },
    t: { reads: ["p"], of: ({ g, p }) => byTarget(g, p) },
  },
});

const bceReduced: ReducedLoss = pointLoss({
  name: "binaryCrossEntropy",
  of: (p, t) => bce(p, t),
  input: (g, p, t) => bceBackward(g, p, t),
  target: (g, p) => byTarget(g, p),
});

/** Options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions extends ReductionOption {
  /** A factor for each element, broadcast to the input. */
  readonly weight?: Tensor | null;
}

function checkOperands(op: string, input: Tensor, target: Tensor, weight: Tensor | null): void {
  asTensor(op, input);
  asTensor(op, target, "target");
  if (weight !== null) asTensor(op, weight, "weight");
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      `${op}: Using a target size (${formatShape(target.shape)}) that is different to the input size (${formatShape(input.shape)}) is not ` +
        "allowed. Please ensure they have the same size.",
    );
  }
  for (const x of [input, target]) {
    if (!isFloat(x.dtype))
      throw new DTypeError(`${op}: expected floating-point tensors, got ${x.dtype}; convert with .to("float32")`);
  }
}

/**
 * Cross entropy of probabilities and targets in [0, 1]: −w (t log p + (1 − t) log(1 − p)), logarithms not below −100.
 * @throws NumericalError for a probability outside [0, 1].
 */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  ...rest: [options?: BinaryCrossEntropyOptions]
): Tensor {
  const op = "binaryCrossEntropy";
  const { weight, reduction } = parse(op, rest, { weight: null as Tensor | null, reduction: "mean" });
  const how = checkReduction(op, reduction);
  checkOperands(op, input, target, weight);
  return composed(op, () => {
    if (isTrue(any(logicalNot(logicalAnd(ge(input, 0), le(input, 1)))))) {
      throw new NumericalError(`${op}: all elements of input should be between 0 and 1`);
    }
    if (weight === null) return how === "none" ? bce(input, target) : bceReduced(input, target, how);
    return reduceLoss(mul(bce(input, target), expand(weight, input.shape)), how);
  });
}

/** g (σ(x) − t). */
const logitsBackward: Ternary = elementwise({
  name: "binaryCrossEntropyWithLogitsBackward",
  kernel: "bce_logits_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x", "t"], of: ({ g, x, t }) => logitsBackward(g, x, t) },
    x: {
      reads: ["y", "x"],
      of: ({ g, y, x }) => {
        const s = sigmoid(x);
        return mul(mul(g, y), mul(s, sub(1, s)));
      },
    },
    t: { reads: ["y"], of: ({ g, y }) => neg(mul(g, y)) },
  },
});

const logits: Binary = elementwise({
  name: "binaryCrossEntropyWithLogits",
  kernel: "bce_logits",
  dtype: "float",
  partials: {
    x: { reads: ["x", "t"], of: ({ g, x, t }) => logitsBackward(g, x, t) },
    t: { reads: ["x"], of: ({ g, x }) => neg(mul(g, x)) },
  },
});

const logitsReduced: ReducedLoss = pointLoss({
  name: "binaryCrossEntropyWithLogits",
  of: (x, t) => logits(x, t),
  input: (g, x, t) => logitsBackward(g, x, t),
  target: (g, x) => neg(mul(g, x)),
});

/** Options of `binaryCrossEntropyWithLogits`. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** Factor of the positive part, broadcast to the target. */
  readonly posWeight?: Tensor | null;
}

/** Cross entropy of σ(input) and targets, without overflow: w ((1 − t) x − (1 + (posWeight − 1) t) log σ(x)). */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  ...rest: [options?: BinaryCrossEntropyWithLogitsOptions]
): Tensor {
  const op = "binaryCrossEntropyWithLogits";
  const given = parse(op, rest, { weight: null as Tensor | null, reduction: "mean", posWeight: null as Tensor | null });
  const { weight, posWeight } = given;
  const how = checkReduction(op, given.reduction);
  checkOperands(op, input, target, weight);
  if (posWeight !== null) {
    asTensor(op, posWeight, "posWeight");
    broadcastShapes(op, target.shape, posWeight.shape);
  }
  if (weight === null && posWeight === null)
    return how === "none" ? logits(input, target) : logitsReduced(input, target, how);
  return composed(op, () => {
    let loss: Tensor;
    if (posWeight === null) loss = logits(input, target);
    else {
      const factor = add(mul(sub(posWeight, 1), target), 1);
      loss = sub(mul(sub(1, target), input), mul(factor, logsigmoid(input)));
    }
    return reduceLoss(weight === null ? loss : mul(loss, weight), how);
  });
}
