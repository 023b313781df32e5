// The allocator over linear memory: blocks of any size up to almost 4 GiB, found and merged in constant time.
//
// Two-level segregated fit with boundary tags (Masmano, Ripoll, Crespo, Real: "TLSF: a new dynamic memory allocator
// for real-time systems", 2004), with unsigned sizes throughout. Free blocks wait in bins by size, sixteen bins to a
// power of two; bits say which bins hold something. Blocks are multiples of 64 bytes and start 16 bytes before a
// multiple of 64, so that every payload is aligned to a cache line:
//
//     byte 0    size of the whole block, a multiple of 64; bit 0 is set while it is free
//     byte 4    the block to the left, 0 for the first
//     byte 8    mark: tells a block in use from anything else
//     byte 12   bytes asked for
//     byte 16   payload; while free: the next and the previous free block of its bin
//
// Small blocks that are released wait in a list for their very size, unmerged, since most are wanted again at once; they
// are merged only when nothing else is left.
//
// The heap ends with a block of size 0 that is never free. The state is this instance's own: only the main instance
// may allocate, and the bins lie in the heap since static data is written again by each instance that shares it.

import { SCRATCH_BYTES, scratch, setScratch } from "./scratch";

const GRANULE: u32 = 64;
const HEADER: u32 = 16;
const FREE: u32 = 1;
const MARK: u32 = 0x9d3f51c6;

/** Bins 0 to 31 hold one size each; from there each power of two has sixteen. 2²⁶ granules need 369. */
const BINS: u32 = 384;
const WORDS: u32 = BINS >> 5;

/** Blocks up to this many granules wait unmerged. */
const QUICK: u32 = 32;

/** The last page stays unused: its end is 2³², which wraps, and some engines cannot view it. */
const MOST_PAGES: u32 = 65535;
/** Memory grows by a quarter, by at least 1 MiB and at most 64 MiB at once. */
const LEAST_STEP: u32 = 16;
const MOST_STEP: u32 = 1024;
/** How many blocks of a bin that may be too small are tried before a larger bin is. */
const TRIES: u32 = 8;

/** Heads of the bins, then their bits, then heads of the lists of small blocks, by granules. */
let bins: usize = 0;
/** Which words of bits are not zero. */
let summary: u32 = 0;
/** The block of size 0 that ends the heap. */
let end: usize = 0;
let live: u32 = 0;
let peak: u32 = 0;
let pooled: u32 = 0;

@inline function sizeOf(block: usize): u32 {
  return load<u32>(block) & ~FREE;
}

@inline function isFree(block: usize): bool {
  return (load<u32>(block) & FREE) != 0;
}

@inline function leftOf(block: usize): usize {
  return load<u32>(block, 4);
}

@inline function nextOf(block: usize): usize {
  return load<u32>(block, 16);
}

/** The mark of a block in use; that of any other is 0. */
@inline function markOf(block: usize): u32 {
  return <u32>block ^ MARK;
}

/** Blocks of bin b + 1 are all larger than those of bin b; within a bin sizes differ by less than a sixteenth. */
@inline function binOf(size: u32): u32 {
  const granules = size >> 6;
  if (granules < 32) return granules;
  const shift = 27 - clz<u32>(granules);
  return (shift << 4) + (granules >> shift);
}

@inline function headAt(bin: u32): usize {
  return bins + (<usize>bin << 2);
}

@inline function bitsAt(word: u32): usize {
  return bins + (BINS << 2) + (<usize>word << 2);
}

@inline function quickAt(granules: u32): usize {
  return bins + (BINS << 2) + (WORDS << 2) + (<usize>granules << 2);
}

/** Makes [block, block + size) a free block, the first to be taken of its bin. */
function insert(block: usize, left: usize, size: u32): void {
  const bin = binOf(size);
  const head = load<u32>(headAt(bin));
  store<u32>(block, size | FREE);
  store<u32>(block, <u32>left, 4);
  store<u32>(block, 0, 8);
  store<u32>(block, head, 16);
  store<u32>(block, 0, 20);
  if (head != 0) store<u32>(head, <u32>block, 20);
  store<u32>(headAt(bin), <u32>block);
  store<u32>(block + size, <u32>block, 4);
  const word = bin >> 5;
  store<u32>(bitsAt(word), load<u32>(bitsAt(word)) | (1 << (bin & 31)));
  summary |= 1 << word;
  pooled += size;
}

/** Takes a free block out of its bin. */
function remove(block: usize): void {
  const size = sizeOf(block);
  const next = load<u32>(block, 16);
  const previous = load<u32>(block, 20);
  pooled -= size;
  if (next != 0) store<u32>(next, previous, 20);
  if (previous != 0) {
    store<u32>(previous, next, 16);
    return;
  }
  const bin = binOf(size);
  store<u32>(headAt(bin), next);
  if (next != 0) return;
  const word = bin >> 5;
  const bits = load<u32>(bitsAt(word)) & ~(1 << (bin & 31));
  store<u32>(bitsAt(word), bits);
  if (bits == 0) summary &= ~(1 << word);
}

/** A free block of at least `size` bytes, the one last released where there are several; 0 when there is none. */
function find(size: u32): usize {
  if (summary == 0) return 0;
  const bin = binOf(size);
  let block: usize = load<u32>(headAt(bin));
  for (let tries = TRIES; block != 0 && tries != 0; tries--) {
    if (sizeOf(block) >= size) return block;
    block = nextOf(block);
  }
  const from = bin + 1;
  let word = from >> 5;
  let bits = load<u32>(bitsAt(word)) & (<u32>-1 << (from & 31));
  if (bits == 0) {
    const words = summary & (<u32>-2 << word);
    if (words != 0) {
      word = ctz<u32>(words);
      bits = load<u32>(bitsAt(word));
    }
  }
  if (bits != 0) return load<u32>(headAt((word << 5) + ctz<u32>(bits)));
  while (block != 0 && sizeOf(block) < size) block = nextOf(block);
  return block;
}

/** Merges the small blocks that wait; whether there were any. */
function mergeSmall(): bool {
  if (bins == 0) return false;
  let any = false;
  for (let granules: u32 = 0; granules <= QUICK; granules++) {
    let block: usize = load<u32>(quickAt(granules));
    store<u32>(quickAt(granules), 0);
    while (block != 0) {
      const next = nextOf(block);
      pooled -= load<u32>(block);
      merge(block);
      block = next;
      any = true;
    }
  }
  return any;
}

/** Ends the heap at byte `limit`; the block before this end is `left`. */
function close(limit: u32, left: usize): void {
  end = limit - HEADER;
  store<u32>(end, 0);
  store<u32>(end, <u32>left, 4);
  store<u32>(end, 0, 8);
}

/** Grows memory until its last block is free and has at least `size` bytes; that block, or 0 when memory is full. */
function extend(size: u32): usize {
  if (end == 0) return 0;
  const pages = <u32>memory.size();
  if (pages >= MOST_PAGES) return 0;
  const limit = pages << 16;
  // Pages someone else has added are his: the block at the end then swallows them, never to be released.
  const adjoins = <u32>end + HEADER == limit;
  const last = leftOf(end);
  const merges = adjoins && last != 0 && isFree(last);
  const lacking = !adjoins ? size + GRANULE : merges ? size - sizeOf(last) : size;
  const need = ((lacking - 1) >> 16) + 1;
  const room = MOST_PAGES - pages;
  if (need > room) return 0;
  const step = min<u32>(max<u32>(max<u32>(LEAST_STEP, min<u32>(pages >> 2, MOST_STEP)), need), room);
  if (memory.grow(<i32>step) < 0 && (step == need || memory.grow(<i32>need) < 0)) return 0;

  let block = end;
  let left = last;
  if (merges) {
    remove(last);
    block = last;
    left = leftOf(last);
  } else if (!adjoins) {
    block = limit + GRANULE - HEADER;
    left = end;
    store<u32>(end, <u32>(block - end));
  }
  close(<u32>memory.size() << 16, block);
  insert(block, left, <u32>(end - block));
  return block;
}

/**
 * Sets aside this instance's scratch arena and makes the rest of memory the heap. Called once, right after
 * instantiation, by the main instance only; a second call does nothing.
 */
export function initialise(): void {
  if (end != 0) return;
  const arena: u32 = (<u32>__heap_base + GRANULE - 1) & ~(GRANULE - 1);
  const table = arena + <u32>SCRATCH_BYTES;
  const tableBytes = ((BINS << 2) + (WORDS << 2) + ((QUICK + 1) << 2) + GRANULE - 1) & ~(GRANULE - 1);
  const first = table + tableBytes + GRANULE - HEADER;
  const least = (first + GRANULE + HEADER + 0xffff) >> 16;
  const pages = <u32>memory.size();
  if (pages < least && memory.grow(<i32>(least - pages)) < 0) return;
  setScratch(arena);
  bins = table;
  memory.fill(table, 0, tableBytes);
  close(min<u32>(<u32>memory.size(), MOST_PAGES) << 16, first);
  insert(first, 0, <u32>(end - first));
}

/**
 * Address of `bytes` bytes, a multiple of 64, with any contents; 0 when memory cannot grow that far. Never traps. No
 * bytes are a valid request: each gets an address of its own.
 */
export function allocate(bytes: u32): usize {
  if (bytes >= MOST_PAGES << 16) return 0;
  const size = (bytes + HEADER + GRANULE - 1) & ~(GRANULE - 1);
  let block: usize = 0;
  if (size <= QUICK * GRANULE && bins != 0) {
    block = load<u32>(quickAt(size >> 6));
    if (block != 0) {
      store<u32>(quickAt(size >> 6), <u32>nextOf(block));
      store<u32>(block, markOf(block), 8);
      store<u32>(block, bytes, 12);
      pooled -= size;
      live += bytes;
      if (live > peak) peak = live;
      return block + HEADER;
    }
  }
  block = find(size);
  if (block == 0 && mergeSmall()) block = find(size);
  if (block == 0) {
    block = extend(size);
    if (block == 0) return 0;
  }
  remove(block);
  const rest = sizeOf(block) - size;
  store<u32>(block, size);
  store<u32>(block, markOf(block), 8);
  store<u32>(block, bytes, 12);
  if (rest != 0) insert(block + size, block, rest);
  live += bytes;
  if (live > peak) peak = live;
  return block + HEADER;
}

/** Like `allocate`, for what the artifact needs itself: it counts neither as live nor for the peak. */
export function reserve(bytes: u32): usize {
  const before = live, highest = peak;
  const address = allocate(bytes);
  live = before;
  peak = highest;
  if (address != 0) store<u32>(address - HEADER, 0, 12);
  return address;
}

/** Makes a block that nobody uses a free one, together with its free neighbours. */
function merge(unused: usize): void {
  let block = unused;
  let size = load<u32>(block);
  let left = leftOf(block);
  const right = block + size;
  if (isFree(right)) {
    size += sizeOf(right);
    remove(right);
  }
  if (left != 0 && isFree(left)) {
    size += sizeOf(left);
    remove(left);
    block = left;
    left = leftOf(block);
  }
  insert(block, left, size);
}

/**
 * Gives back what `allocate` gave; large blocks are merged with free neighbours at once. Address 0 is ignored; so is one that is not in
 * use, except in a debug build, which traps.
 */
export function release(address: usize): void {
  if (address == 0) return;
  const block = address - HEADER;
  if ((address & (GRANULE - 1)) != 0 || address <= bins || address >= end || load<u32>(block, 8) != markOf(block)) {
    assert(false, "release: not an address in use");
    return;
  }
  const size = load<u32>(block);
  live -= load<u32>(block, 12);
  store<u32>(block, 0, 8);
  if (size > QUICK * GRANULE) {
    merge(block);
    return;
  }
  const head = quickAt(size >> 6);
  store<u32>(block, load<u32>(head), 16);
  store<u32>(head, <u32>block);
  pooled += size;
}

/** Bytes asked for and not yet released; exactly the sum of the requests, without rounding and headers. */
export function liveBytes(): f64 {
  return <f64>live;
}

/** The most bytes that were live at once since the start or the last `resetPeak`. */
export function peakBytes(): f64 {
  return <f64>peak;
}

/** Bytes taken from the system and free: the sum of all free blocks, headers included. */
export function pooledBytes(): f64 {
  return <f64>pooled;
}

/** Lets `peakBytes` start again from what is live now. */
export function resetPeak(): void {
  peak = live;
}

/**
 * Writes what this instance keeps outside of memory, all of its globals that change, into its scratch arena, and returns
 * where: another instance on a copy of the memory goes on from there by `resume`.
 */
export function suspend(): usize {
  const at = scratch();
  store<usize>(at, bins);
  store<u32>(at, summary, 4);
  store<usize>(at, end, 8);
  store<u32>(at, live, 12);
  store<u32>(at, peak, 16);
  store<u32>(at, pooled, 20);
  return at;
}

/** Goes on from where another instance was suspended, in place of `initialise`. */
export function resume(at: usize): void {
  bins = load<usize>(at);
  summary = load<u32>(at, 4);
  end = load<usize>(at, 8);
  live = load<u32>(at, 12);
  peak = load<u32>(at, 16);
  pooled = load<u32>(at, 20);
  setScratch(at);
}
