// Leaving the tape: detach.

import { asTensor } from "../op/args.js";
import { alias, type Tensor } from "../tensor/tensor.js";

/** The same elements without history: shares storage and version, does not require gradients, drops tangents. */
export function detach(x: Tensor): Tensor {
  return alias(asTensor("detach", x), x.layout);
}
