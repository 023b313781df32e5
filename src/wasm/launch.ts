// The one door to kernels.

import { ArgumentError, NumericalError } from "../errors.js";
import { blockAddress, recordOf } from "./block.js";
import type { Kernel } from "./kernels.js";
import { views } from "./memory.js";
import { recording, refuseWhileRecording } from "./recording.js";
import { run } from "./run.js";

/** What the next launch does for each example that `vmap` hides: byte strides of each operand over the hidden dims. */
export interface Repeat {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
  readonly pointers: readonly number[];
  /** Of the written block. */
  readonly rank: number;
}

let repeat: Repeat | null = null;

/** Says how the launch that follows is repeated, or that it is not. */
export function repeatLaunch(value: Repeat | null): void {
  repeat = value;
}

/** Runs a kernel on the written block, over the range [0, extent). */
export function launch(kernel: Kernel, extent: number): void {
  if (repeat !== null) launchRepeatedly(kernel, extent, false, repeat);
  else run(kernel, blockAddress(), extent, false);
}

/** Runs the kernel for each example, until it finds fault with one. */
function launchRepeatedly(
  kernel: Kernel,
  extent: number,
  whole: boolean,
  { sizes, strides, pointers, rank }: Repeat,
): void {
  repeat = null;
  const block = blockAddress();
  const at = sizes.map(() => 0);
  if (sizes.includes(0)) return;
  for (;;) {
    pointers.forEach((pointer, k) => {
      const moved = at.reduce((sum, i, d) => sum + i * ((strides[k] as readonly number[])[d] as number), pointer);
      views.i32[recordOf(block, rank, k)] = moved;
    });
    run(kernel, block, extent, whole);
    if (status() !== 0) return;
    let d = at.length - 1;
    for (; d >= 0; d--) {
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (sizes[d] as number)) break;
      at[d] = 0;
    }
    if (d < 0) return;
  }
}

/**
 * Runs a kernel whose range is never cut, as it carries something from one element to the next: a count, or what was
 * written to a place before.
 */
export function launchWhole(kernel: Kernel, extent: number): void {
  if (repeat !== null) launchRepeatedly(kernel, extent, true, repeat);
  else run(kernel, blockAddress(), extent, true);
}

/** The status for an index out of range, as in `assembly/block.ts`. */
const STATUS_INDEX = 1;

/** The status that the last kernel left in the block: 0 when all went well. */
export function status(): number {
  return views.u32[blockAddress() >>> 2] as number;
}

/** The number that goes with the status: an index, a row, a count. */
export function detail(): number {
  refuseWhileRecording("launch", "makes a shape that depends on data");
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
  start: typeof launch = launch,
): void {
  if (recording.by !== null) {
    recording.by.checked(op, about, () => start(kernel, extent));
    return;
  }
  start(kernel, extent);
  const found = status();
  if (found !== 0) throw faultOf(found, op, about(detail()));
}

/** The error for a status that a kernel left. */
export function faultOf(found: number, op: string, about: string): ArgumentError | NumericalError {
  const text = `${op}: ${about}`;
  return found === STATUS_INDEX ? new ArgumentError(text) : new NumericalError(text);
}
