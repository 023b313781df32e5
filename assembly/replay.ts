// Runs a captured step: a list of kernels with their blocks, in one call.
//
// An entry is 16 bytes: the kernel's place in the table, its block, its extent, and the grain in which the range is shared
// out to threads. The highest bit of the grain's word says that the kernel may find fault with the data.

import { parallel } from "./parallel";

const ENTRY: usize = 16;
const CHECKED: u32 = 1 << 31;

/** Runs `count` entries from `list` on; returns the index of the one that found fault with the data, else `count`. */
export function replay(list: usize, count: u32): u32 {
  const end = list + <usize>count * ENTRY;
  for (let at = list; at < end; at += ENTRY) {
    const block = <usize>load<u32>(at, 4);
    const grain = load<u32>(at, 12);
    if (grain == 0) {
      call_indirect<void>(load<u32>(at), block, 0, load<u32>(at, 8));
      continue;
    }
    parallel(load<u32>(at), block, load<u32>(at, 8), grain & ~CHECKED);
    if (grain & CHECKED && load<u32>(block)) return <u32>((at - list) / ENTRY);
  }
  return count;
}

/**
 * A chain of elementwise kernels over one range, as if it were one kernel: piece by piece through all of them, so that what
 * passes from one to the next stays in the cache. Each element depends on none of the others but those at its own place.
 * The block has no dims and no operands; its first parameters are 32-bit words: the address of the kernels' entries, how many
 * they are, and the elements of a piece.
 */
export function chain(block: usize, begin: u32, end: u32): void {
  const list = <usize>load<u32>(block, 16);
  const stop = list + <usize>load<u32>(block, 20) * ENTRY;
  const piece = load<u32>(block, 24);
  for (let from = begin; from < end; from += piece) {
    const to = from + min<u32>(piece, end - from);
    for (let at = list; at < stop; at += ENTRY) call_indirect<void>(load<u32>(at), <usize>load<u32>(at, 4), from, to);
  }
}

/** Bytes of a flat call. */
const FLAT: usize = 48;

/**
 * Flat calls, as if they were one kernel: what kernels do with operands that are one run of whole vectors each. `list` has
 * for each call the loop's place in the table, the number of elements, the result's address, and for three operands their
 * address and step.
 */
export function flats(list: usize, begin: u32, end: u32): void {
  const stop = list + <usize>end * FLAT;
  for (let at = list + <usize>begin * FLAT; at < stop; at += FLAT) {
    call_indirect<void>(
      load<u32>(at), load<i32>(at, 4), load<usize>(at, 8), load<usize>(at, 12), load<usize>(at, 16), load<usize>(at, 20),
      load<usize>(at, 24), load<usize>(at, 28), load<usize>(at, 32),
    );
  }
}
