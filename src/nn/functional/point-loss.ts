// The kind of losses that compare input and target element by element and then reduce: one node on the tape for both.

import { type Applied, op } from "../../op/op.js";
import { unwatched } from "../../op/watched.js";
import { mul } from "../../ops/arithmetic.js";
import { broadcastShapes, numel } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Reduction, reduceLoss } from "./reduction.js";

export interface PointLoss {
  /** The loss's name, the same as that of the exported function. */
  readonly name: string;
  /** The node's name where it is not "NameBackward0". */
  readonly label?: string;
  /** The elements; p is the loss's own parameter. */
  readonly of: (x: Tensor, t: Tensor, p: number) => Tensor;
  /** g times the derivative of the elements by the input. */
  readonly input: (g: Tensor, x: Tensor, t: Tensor, p: number) => Tensor;
  /** The same by the target. */
  readonly target: (g: Tensor, x: Tensor, t: Tensor, p: number) => Tensor;
}

interface Parameters {
  readonly reduction: Reduction;
  readonly p: number;
  readonly count: number;
}

/** Calls a loss whose arguments are checked. */
export type ReducedLoss = (x: Tensor, t: Tensor, reduction: Reduction, p?: number) => Tensor;

/** Declares a loss by its elements and their derivatives. */
/* @__NO_SIDE_EFFECTS__ */
export function pointLoss(spec: PointLoss): ReducedLoss {
  const scaled = (g: Tensor, { reduction, count }: Parameters): Tensor =>
    reduction === "mean" ? mul(g, 1 / count) : g;
  const applied: Applied<Parameters> = op({
    name: spec.name,
    ...(spec.label === undefined ? {} : { label: spec.label }),
    forward: ([x, t], { reduction, p }: Parameters) =>
      temporaries(() =>
        unwatched([x as Tensor, t as Tensor], (a, b) => reduceLoss(spec.of(a as Tensor, b as Tensor, p), reduction)),
      ),
    gradients: {
      x: { reads: ["x", "t"], of: ({ g, x, t }, given) => spec.input(scaled(g, given), x, t, given.p) },
      t: { reads: ["x", "t"], of: ({ g, x, t }, given) => spec.target(scaled(g, given), x, t, given.p) },
    },
  });
  return (x, t, reduction, p = 0) => {
    const count = reduction === "mean" ? numel(broadcastShapes(spec.name, x.shape, t.shape)) : 1;
    return applied([x, t], { reduction, p, count });
  };
}
