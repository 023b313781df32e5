// The one door to kernels.

import { ArgumentError, NumericalError } from "../errors.js";
import { blockAddress } from "./block.js";
import type { Kernel } from "./kernels.js";
import { views } from "./memory.js";

/** Runs a kernel on the written block, over the range [0, extent). */
export function launch(kernel: Kernel, extent: number): void {
  kernel(blockAddress(), 0, extent);
}

/**
 * Runs a kernel whose range is never cut, as it carries something from one element to the next: a count, or what was
 * written to a place before.
 */
export function launchWhole(kernel: Kernel, extent: number): void {
  kernel(blockAddress(), 0, extent);
}

/** The status for an index out of range, as in `assembly/block.ts`. */
const STATUS_INDEX = 1;

/** The status that the last kernel left in the block: 0 when all went well. */
export function status(): number {
  return views.u32[blockAddress() >>> 2] as number;
}

/** The number that goes with the status: an index, a row, a count. */
export function detail(): number {
  return views.i32[(blockAddress() >>> 2) + 3] as number;
}

/**
 * Runs a kernel that may find fault with the data; by `launchWhole` where its range must not be cut.
 * @throws ArgumentError for an index out of range, NumericalError for the rest; `about` says what the index belongs to.
 */
export function launchChecked(
  op: string,
  kernel: Kernel,
  extent: number,
  about: (detail: number) => string,
  run: typeof launch = launch,
): void {
  run(kernel, extent);
  const found = status();
  if (found === 0) return;
  const text = `${op}: ${about(detail())}`;
  if (found === STATUS_INDEX) throw new ArgumentError(text);
  throw new NumericalError(text);
}
