// Losses on values: mean squared error and its kin.

import { asTensor, parse } from "../../op/args.js";
import { type Binary, elementwise, type Ternary } from "../../op/elementwise.js";
import { type Applied, op } from "../../op/op.js";
import { mul, neg } from "../../ops/arithmetic.js";
import { detach } from "../../ops/detach.js";
import { broadcastShapes, numel } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
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

interface Mean {
  readonly reduction: Reduction;
  /** 2 for the sum, 2 / n for the mean. */
  readonly factor: number;
}

/** The sum or the mean of (a − b)². */
const squaredError: Applied<Mean> = op({
  name: "mseLoss",
  forward: ([a, b], { reduction }: Mean) =>
    temporaries(() => reduceLoss(squaredDifference(detach(a as Tensor), detach(b as Tensor)), reduction)),
  gradients: {
    a: { reads: ["a", "b"], of: ({ g, a, b }, { factor }) => scaledDifference(a, b, mul(g, factor)) },
    b: { reads: ["a", "b"], of: ({ g, a, b }, { factor }) => scaledDifference(b, a, mul(g, factor)) },
  },
});

/**
 * Mean squared error, (input − target)²; floating-point, promoted, differentiable in both. Shapes that differ broadcast, with
 * a warning.
 */
export function mseLoss(input: Tensor, target: Tensor, ...rest: [options?: ReductionOption]): Tensor {
  asTensor("mseLoss", input);
  asTensor("mseLoss", target, "target");
  const reduction = checkReduction("mseLoss", parse("mseLoss", rest, { reduction: "mean" }).reduction);
  warnIfBroadcast("mseLoss", input, target);
  if (reduction === "none") return squaredDifference(input, target);
  const count = numel(broadcastShapes("mseLoss", input.shape, target.shape));
  return squaredError([input, target], { reduction, factor: reduction === "sum" ? 2 : 2 / count });
}
