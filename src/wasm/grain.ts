// How much of a kernel's range is worth a thread's while: the grain in which `parallel` hands it out.

import { views } from "./memory.js";

/** What decides on grains, in steps of a nest's innermost loop: from a tenth of a nanosecond to one each. */
export const grains = {
  /** Ranges with less work than this are not cut: it takes microseconds. */
  least: 1 << 15,
  /** Ranges with less work are not worth waking workers, which takes the caller ten microseconds. */
  waking: 1 << 17,
  /** The least work of a piece. */
  piece: 1 << 13,
  /** Most pieces of a range. */
  pieces: 32,
};

/** What tells a kernel's work from its nest. */
export interface Weight {
  /** What a step weighs, where an operation on an element is 1. */
  readonly step: number;
  /** How many of the nest's last sizes are no loops of the kernel's. */
  readonly others: number;
  /** Whether each piece of a range begins with work of its own, so that they must not be many. */
  readonly prepares: boolean;
}

/** The weight of most kernels. */
export const ORDINARY: Weight = { step: 1, others: 0, prepares: false };

/** Bit of a grain for ranges that workers are woken for: see `assembly/parallel.ts`. */
const WAKES = 2 ** 30;

/** Elements of a piece are a multiple of so many where they can be: whole vectors, and cache lines of one thread. */
const ALIGNED = 64;

/** Columns of a piece where kernels work down columns side by side: narrower ones make too little of each row's bytes. */
const COLUMNS = 256;

/** Whether elements of the last operand lie closer together along another dim than along the innermost. */
function goesDown(block: number): boolean {
  const words = views.i32;
  const at = block >>> 2;
  const rank = words[at + 1] as number;
  const record = at + 36 + rank + ((words[at + 2] as number) - 1) * (rank + 1);
  const inner = Math.abs(words[record + rank] as number);
  for (let d = 1; d < rank; d++) {
    const stride = Math.abs(words[record + d] as number);
    if (stride !== 0 && stride < inner) return true;
  }
  return false;
}

/**
 * The piece in which the range [0, extent) of a block is handed out to threads, or 0 where it is not cut. The work is the
 * product of the nest's sizes; `whole` is for ranges that must not be cut, `weight` is the kernel's. Bit 30 says whether the
 * work is worth waking workers.
 */
export function grainOf(block: number, extent: number, whole: boolean, weight = ORDINARY): number {
  if (whole || extent < 2) return 0;
  const words = views.i32;
  let at = block >>> 2;
  let work = weight.step;
  const rank = (words[at + 1] as number) - weight.others;
  at += 36;
  for (const end = at + rank; at < end; at++) work *= words[at] as number;
  if (work < grains.least) return 0;
  let least = Math.max(Math.ceil(extent / grains.pieces), Math.ceil((grains.piece * extent) / work));
  if (work > extent && weight.step === 1 && goesDown(block)) least = Math.max(least, Math.min(COLUMNS, extent >>> 3));
  let grain = least > ALIGNED ? Math.ceil(least / ALIGNED) * ALIGNED : least;
  if (weight.prepares) grain = Math.max(grain, Math.ceil(Math.sqrt(extent / 8)));
  if (grain >= extent) return 0;
  return work < grains.waking ? grain : grain + WAKES;
}
