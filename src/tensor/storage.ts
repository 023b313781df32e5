// A storage: a block of linear memory that tensors share, counted by its holders, with a version.

import { allocate, linearBytes, liveBytes, release } from "../wasm/memory.js";

/** The part of a storage that outlives it: what the finaliser needs to free the block. */
interface Allocation {
  address: number;
}

const finaliser =
  typeof FinalizationRegistry === "undefined"
    ? null
    : new FinalizationRegistry<Allocation>((allocation) => free(allocation));

function free(allocation: Allocation): void {
  if (allocation.address === 0) return;
  release(allocation.address);
  allocation.address = 0;
}

/** Live bytes from which memory that only the garbage collector frees is worth a warning. */
const WARN_AT = 2 ** 31;
let warned = false;
let unscoped = 0;

function warnOnce(): void {
  if (warned || liveBytes() < WARN_AT) return;
  warned = true;
  console.warn(
    `wengert: ${(liveBytes() / 2 ** 30).toFixed(1)} GiB of tensors are live outside any scope. The garbage collector frees them ` +
      "only when the program yields to its event loop; wrap the work in scope(() => { ... }), or await now and then.",
  );
}

/** Bytes from which on a block gets a weight; smaller ones are counted together until they reach it. */
const WEIGHED = 1 << 20;
let unweighed = 0;

/** An untouched buffer: it takes no pages, but its size tells the garbage collector what hangs on its owner. */
function weightOf(bytes: number): ArrayBuffer | null {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return null; // an engine with a bound on its buffers collects without being told
  }
}

/** A counted block of linear memory. Handles, saved values and captures hold it; the last to let go frees it. */
export class Storage {
  readonly bytes: number;
  /** Writes so far, shared by all views; a saved value remembers it. */
  version = 0;
  private holders = 1;
  private watched = false;
  private readonly allocation: Allocation;
  /** Held for its size alone: see `weightOf`. */
  weight: ArrayBuffer | null = null;

  private readonly origin: Storage | null;

  /**
   * A block of its own, or with `origin` the block of another storage under a version of its own.
   * @throws OutOfMemoryError when linear memory cannot grow.
   */
  constructor(op: string, bytes: number, origin: Storage | null = null) {
    this.bytes = bytes;
    this.origin = origin;
    this.allocation = origin === null ? { address: allocate(op, bytes) } : origin.allocation;
    origin?.hold();
  }

  /** Address of the first byte. */
  get address(): number {
    return this.allocation.address;
  }

  /** Whether exactly one handle or saved value holds the block. */
  get exclusive(): boolean {
    return this.holders === 1;
  }

  hold(): void {
    this.holders++;
  }

  letGo(): void {
    if (--this.holders > 0) return;
    this.weight = null;
    if (this.origin === null) free(this.allocation);
    else this.origin.letGo();
  }

  /** Whether the block is still there. */
  get alive(): boolean {
    return this.holders > 0;
  }

  /** Lets the garbage collector free the block when nothing refers to this object any more. */
  watch(): void {
    this.origin?.watch();
    if (this.origin !== null || this.watched || finaliser === null) return;
    this.watched = true;
    finaliser.register(this, this.allocation);
    unweighed += this.bytes;
    if (unweighed >= WEIGHED) {
      // Collectors let garbage grow in proportion to what is in use, of which linear memory is a part that never shrinks.
      this.weight = weightOf(unweighed * Math.ceil(linearBytes() / 2 ** 30));
      unweighed = 0;
    }
    if ((++unscoped & 63) === 0 || this.bytes > 1 << 20) warnOnce();
  }
}
