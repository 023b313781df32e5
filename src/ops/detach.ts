// Leaving the tape: detach.

import { asTensor, nothingMore } from "../op/args.js";
import { alias, type Tensor } from "../tensor/tensor.js";

/** The same elements without history: shares storage and version, does not require gradients, drops tangents. */
export function detach(x: Tensor, ...rest: []): Tensor {
  nothingMore("detach", rest);
  return alias(asTensor("detach", x), x.layout);
}
