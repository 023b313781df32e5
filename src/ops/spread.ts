// A gradient of a reduction, back over the dims that were reduced.

import type { Reduced } from "../op/reduction.js";
import type { Tensor } from "../tensor/tensor.js";
import { expand, reshape } from "./shape.js";

/** A gradient of a reduction, broadcast back over the reduced dims; no memory is copied. */
export function spread(g: Tensor, reduced: Reduced, shape: readonly number[]): Tensor {
  return expand(reduced.keepdim ? g : reshape(g, reduced.kept), shape);
}
