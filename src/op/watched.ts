// Whether anybody follows what is computed: the tape or forward mode.

import { mode } from "../tape/mode.js";
import { recording } from "../tape/record.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Whether operations on these are recorded, or push tangents. A formula may then not use a kernel without a derivative of
 * its own, and says the same in operations.
 */
export function watched(inputs: readonly (Tensor | null)[]): boolean {
  if (recording(inputs)) return true;
  return mode.levels > 0 && inputs.some((input) => input !== null && input.tangents !== null);
}
