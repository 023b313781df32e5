// Whether anybody follows what is computed: the tape or forward mode.

import { mode, unrecorded } from "../tape/mode.js";
import { recording } from "../tape/record.js";
import { alias, type Tensor } from "../tensor/tensor.js";

/**
 * Whether operations on these are recorded, or push tangents. A formula may then not use a kernel without a derivative of
 * its own, and says the same in operations.
 */
export function watched(inputs: readonly (Tensor | null)[]): boolean {
  if (recording(inputs)) return true;
  return mode.levels > 0 && inputs.some((input) => input !== null && input.tangents !== null);
}

/** Runs `body` on inputs that nobody follows: off the tape, and without tangents where forward mode is on. */
export function unwatched<R>(inputs: readonly Tensor[], body: (...inputs: Tensor[]) => R): R {
  if (mode.levels === 0) return unrecorded(() => body(...inputs));
  const plain = inputs.map((input) => alias(input, input.layout));
  try {
    return body(...plain);
  } finally {
    for (const input of plain) input.dispose();
  }
}
