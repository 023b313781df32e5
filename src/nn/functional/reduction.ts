// What losses share: how their elements are reduced, and warnings about shapes that only broadcast.

import { ArgumentError } from "../../errors.js";
import { describe } from "../../op/args.js";
import { mean, sum } from "../../ops/reduce.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { warnOnce } from "../../tensor/warn.js";

/** How the elements of a loss become its result: all of them, their mean, or their sum. */
export type Reduction = "none" | "mean" | "sum";

/** The option that all losses have. */
export interface ReductionOption {
  /** "mean" if left out. */
  readonly reduction?: Reduction;
}

/** Checks the option. */
export function checkReduction(op: string, value: unknown): Reduction {
  if (value === "none" || value === "mean" || value === "sum") return value;
  throw new ArgumentError(`${op}: ${describe(value)} is not a valid value for reduction; use "none", "mean" or "sum"`);
}

/** Reduces the elements of a loss. */
export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  return reduction === "none" ? loss : reduction === "mean" ? mean(loss) : sum(loss);
}

/** Warns, once for each loss, where the target's shape is not the input's: broadcasting is rarely what was meant. */
export function warnIfBroadcast(op: string, input: Tensor, target: Tensor): void {
  if (sameShape(input.shape, target.shape)) return;
  warnOnce(
    `${op}: Using a target size (${formatShape(target.shape)}) that is different to the input size ` +
      `(${formatShape(input.shape)}). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.`,
    `${op}: broadcast target`,
  );
}
