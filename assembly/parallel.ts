// Threads: instances of the artifact on one shared memory, which work a kernel's range off in pieces.
//
// The main instance hands out one range at a time and works along; workers are other instances, each with a scratch
// arena of its own, that spin for a while and then sleep until there is something to do. They meet in a control block:
//
//     byte 0      generation   counts what was handed out; workers sleep on it
//     byte 4      sleepers     how many of them do
//     byte 8      quits        1 tells workers to return
//     byte 12     broken       1 once a worker broke off
//     byte 64     state        how many workers look at the range, and CLOSED while none may begin to
//     byte 68     waits        whether the main instance sleeps on the state
//     byte 128    next         the piece that is handed out next
//     byte 192    place, block, extent, grain
//     byte 256    for each worker 16 bytes: where the piece began that failed, status, detail, how often it took part
//
// A worker that wakes up late finds the state closed and goes back to sleep: nobody waits for it, and it never reads a
// range that is being written. Pieces are small and handed out as they are asked for, so that a worker whom the system
// takes the processor away does not hold up the others. The bits of a result do not depend on any of this: a kernel
// gives the same in any pieces.

import { rankOf } from "./block";
import { reserve } from "./memory/allocator";
import { SCRATCH_BYTES, setScratch } from "./memory/scratch";

const SLEEPERS: usize = 4;
const QUITS: usize = 8;
const BROKEN: usize = 12;
const STATE: usize = 64;
const WAITS: usize = 68;
const NEXT: usize = 128;
const PLACE: usize = 192;
const BLOCK: usize = 196;
const EXTENT: usize = 200;
const GRAIN: usize = 204;
const SLOTS: usize = 256;
const SLOT: usize = 16;

const CLOSED: u32 = 1 << 30;
/**
 * Bit of a grain that says that the range is worth waking workers for; without it, those that are awake take part. The
 * bit above it is free for lists of grains to use.
 */
const WAKES: u32 = 1 << 30;
/** None of the positions in a range. */
const NOWHERE: u32 = -1;

/** Bytes of a worker's copy of a block, behind its arena. */
const COPY_BYTES: u32 = 2048;
const SIZES: usize = 144;

/** Looks for something to do before a worker sleeps, some 100 µs: waking up takes as long. */
const WORKER_SPINS: u32 = 1 << 17;
/** Looks for the end of the others' pieces before the main instance sleeps. */
const MAIN_SPINS: u32 = 1 << 15;

// Of the main instance: its control block, 0 while it is alone.
let control: usize = 0;
let workers: u32 = 0;
let sleeps: bool = false;

/** Works off pieces until none is left; returns where the first one began that failed, else NOWHERE. */
function work(at: usize, block: usize): u32 {
  const place = load<u32>(at, PLACE), extent = load<u32>(at, EXTENT), grain = load<u32>(at, GRAIN);
  const pieces = (extent - 1) / grain + 1;
  let failed = NOWHERE;
  let piece: u32;
  while ((piece = atomic.add<u32>(at, 1, NEXT)) < pieces) {
    const begin = piece * grain;
    call_indirect<void>(place, block, begin, begin + min(extent - begin, grain));
    if (failed == NOWHERE && load<u32>(block) != 0) failed = begin;
  }
  return failed;
}

/**
 * Runs the kernel with number `place` in the table on a block, over the range [0, extent): in pieces of `grain`, on all
 * threads. In one go where there is no other thread that would take part, where the grain is 0 or not below the extent.
 * A failure is told in
 * the block as if the pieces had come one after the other.
 */
export function parallel(place: u32, block: usize, extent: u32, grain: u32): void {
  const at = control;
  const wakes = (grain & WAKES) != 0;
  grain &= ~WAKES;
  if (at == 0 || grain == 0 || extent <= grain || (!wakes && load<u32>(at, SLEEPERS) == workers)) {
    call_indirect<void>(place, block, 0, extent);
    return;
  }
  // Where a kernel trapped, the range that it belonged to was left open.
  if (atomic.load<u32>(at, STATE) < CLOSED) settle(at);
  store<u32>(at, place, PLACE);
  store<u32>(at, <u32>block, BLOCK);
  store<u32>(at, extent, EXTENT);
  store<u32>(at, grain, GRAIN);
  atomic.store<u32>(at, 0, NEXT);
  atomic.and<u32>(at, ~CLOSED, STATE);
  atomic.add<u32>(at, 1);
  // Whoever counts as asleep only afterwards finds the generation changed and does not sleep.
  const sleepers = wakes ? atomic.load<u32>(at, SLEEPERS) : 0;
  if (sleepers != 0) atomic.notify(at, min(sleepers, (extent - 1) / grain));
  const failed = work(at, block);
  settle(at);
  if (load<u32>(at, BROKEN) != 0) unreachable();
  tell(at, block, failed);
}

/** Closes the range that was handed out, and returns when no worker is at it any more. */
function settle(at: usize): void {
  let state = atomic.or<u32>(at, CLOSED, STATE) | CLOSED;
  for (let spins = MAIN_SPINS; state != CLOSED; state = atomic.load<u32>(at, STATE)) {
    if (spins != 0) spins--;
    else if (sleeps) {
      atomic.store<u32>(at, 1, WAITS);
      atomic.wait<i32>(at + STATE, <i32>state, -1);
      atomic.store<u32>(at, 0, WAITS);
    }
  }
}

/** Of the failures, tells the one in the first piece: the main instance's began at `first`, those of workers are in their slots. */
function tell(at: usize, block: usize, first: u32): void {
  let slot = at + SLOTS;
  for (let left = workers; left != 0; left--, slot += SLOT) {
    const status = load<u32>(slot, 4);
    if (status == 0) continue;
    if (load<u32>(slot) < first) {
      first = load<u32>(slot);
      store<u32>(block, status);
      store<u32>(block, load<u32>(slot, 8), 12);
    }
    store<u32>(slot, 0, 4);
  }
}

/** A worker's part: it has its own copy of the block, whose words for failures are its own. */
function join(at: usize, index: u32, copy: usize): void {
  const block = <usize>load<u32>(at, BLOCK);
  const rank = rankOf(block), operands = load<u32>(block, 8);
  memory.copy(copy, block, SIZES + (<usize>(rank + operands * (rank + 1)) << 2));
  store<u32>(copy, 0);
  const slot = at + SLOTS + <usize>index * SLOT;
  store<u32>(slot, load<u32>(slot, 12) + 1, 12);
  const failed = work(at, copy);
  if (failed == NOWHERE) return;
  store<u32>(slot, failed);
  store<u32>(slot, load<u32>(copy), 4);
  store<u32>(slot, load<u32>(copy, 12), 8);
}

/** What a worker's thread runs: returns when it is told to quit. `arena` is its own memory, of `arenaBytes()` bytes. */
export function serve(at: usize, index: u32, arena: usize): void {
  setScratch(arena);
  const copy = arena + SCRATCH_BYTES;
  let seen = atomic.load<u32>(at);
  while (atomic.load<u32>(at, QUITS) == 0) {
    let spins = WORKER_SPINS;
    while (spins != 0 && atomic.load<u32>(at) == seen) spins--;
    if (spins == 0) {
      atomic.add<u32>(at, 1, SLEEPERS);
      atomic.wait<i32>(at, <i32>seen, -1);
      atomic.sub<u32>(at, 1, SLEEPERS);
    }
    const generation = atomic.load<u32>(at);
    if (generation == seen) continue;
    seen = generation;
    if (atomic.add<u32>(at, 1, STATE) < CLOSED) join(at, index, copy);
    leave(at);
  }
}

/** A worker goes: the last one wakes the main instance if that sleeps. */
function leave(at: usize): void {
  if (atomic.sub<u32>(at, 1, STATE) == CLOSED + 1 && atomic.load<u32>(at, WAITS) != 0) atomic.notify(at + STATE, 1);
}

/** For a worker whose kernel trapped: the main instance traps in its turn, as the range lacks a piece. */
export function breakOff(at: usize): void {
  atomic.store<u32>(at, 1, BROKEN);
  leave(at);
}

/** Bytes of a worker's own memory: its scratch arena and a copy of the block it works on. */
export function arenaBytes(): u32 {
  return <u32>SCRATCH_BYTES + COPY_BYTES;
}

/** A control block for `count` workers, closed; 0 when memory is full. */
export function openControl(count: u32): usize {
  const bytes = <u32>SLOTS + count * <u32>SLOT;
  const at = reserve(bytes);
  if (at == 0) return 0;
  memory.fill(at, 0, bytes);
  store<u32>(at, CLOSED, STATE);
  return at;
}

/** From now on `parallel` shares out to `count` workers who serve `at`; `mayWait` tells whether this thread may sleep. */
export function share(at: usize, count: u32, mayWait: bool): void {
  control = at;
  workers = count;
  sleeps = mayWait;
}

/** Ends sharing, and tells the workers who serve `at` to return. */
export function dismiss(at: usize): void {
  if (control == at) control = 0;
  atomic.store<u32>(at, 1, QUITS);
  atomic.add<u32>(at, 1);
  atomic.notify(at, -1);
}
