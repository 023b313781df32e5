// How much of a kernel's range is worth a thread's while: the grain in which `parallel` hands it out.

import { views } from "./memory.js";

/** What decides on grains, in steps of a nest's innermost loop: some tenths of a nanosecond each. */
export const grains = {
  /** Ranges with less work than this are not cut: the caller has done it before a worker is awake. */
  least: 1 << 16,
  /** The least work of a piece. */
  piece: 1 << 14,
  /** Most pieces of a range. */
  pieces: 32,
};

/** Elements of a piece are a multiple of so many where they can be: whole vectors, and cache lines of one thread. */
const ALIGNED = 64;

/**
 * The piece in which the range [0, extent) of a block is handed out to threads, or 0 where it is not cut. The work is the
 * product of the nest's sizes; `whole` is for ranges that must not be cut, `weight` for kernels whose steps take longer
 * or shorter than a few operations on an element.
 */
export function grainOf(block: number, extent: number, whole: boolean, weight = 1): number {
  if (whole || extent < 2) return 0;
  const words = views.i32;
  let at = block >>> 2;
  let work = weight;
  const rank = words[at + 1] as number;
  at += 36;
  for (const end = at + rank; at < end; at++) work *= words[at] as number;
  if (work < grains.least) return 0;
  const least = Math.max(Math.ceil(extent / grains.pieces), Math.ceil((grains.piece * extent) / work));
  const grain = least > ALIGNED ? Math.ceil(least / ALIGNED) * ALIGNED : least;
  return grain < extent ? grain : 0;
}
