// Runs a captured step: a list of kernels with their blocks, in one call.
//
// An entry is 16 bytes: the kernel's place in the table, its block, its extent, and a word whose highest bit says that the
// kernel may find fault with the data. A chain is an entry of place 0xffffffff: its block is the number of entries behind it
// that belong to it, elementwise all, whose elements at one place depend on each other's at the same place only. They run
// piece by piece, the last word's number of elements at a time, so that what passes from one to the next stays in the cache.

const ENTRY: usize = 16;
const CHAIN: u32 = 0xffffffff;

/** Runs `count` entries from `list` on; returns the index of the one that found fault with the data, else `count`. */
export function replay(list: usize, count: u32): u32 {
  const end = list + <usize>count * ENTRY;
  for (let at = list; at < end; at += ENTRY) {
    const place = load<u32>(at);
    const block = <usize>load<u32>(at, 4);
    const extent = load<u32>(at, 8);
    if (place != CHAIN) {
      call_indirect<void>(place, block, 0, extent);
      if (load<i32>(at, 12) < 0 && load<u32>(block)) return <u32>((at - list) / ENTRY);
      continue;
    }
    const piece = load<u32>(at, 12);
    const last = at + block * ENTRY;
    for (let begin: u32 = 0; begin < extent; begin += piece) {
      const stop = min<u32>(extent - begin, piece) + begin;
      for (let each = at + ENTRY; each <= last; each += ENTRY) {
        call_indirect<void>(load<u32>(each), <usize>load<u32>(each, 4), begin, stop);
      }
    }
    at = last;
  }
  return count;
}
