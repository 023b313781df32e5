// A storage: a block of linear memory that tensors share, counted by its holders, with a version.

import { GraphError } from "../errors.js";
import { allocate, linearBytes, liveBytes, release, views } from "../wasm/memory.js";
import { recording } from "../wasm/recording.js";

/** Where a block is, for who must know it without the storage, or change it: the finaliser, and captures. */
interface Allocation {
  address: number;
  readonly bytes: number;
}

const finaliser =
  typeof FinalizationRegistry === "undefined"
    ? null
    : new FinalizationRegistry<Allocation>((allocation) => free(allocation));

function free(allocation: Allocation): void {
  if (allocation.address === 0) return;
  release(allocation.address);
  allocation.address = 0;
  outstanding -= allocation.bytes;
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

/** Bytes of the blocks that the garbage collector answers for at the moment. */
let outstanding = 0;
/** So many of them are no reason to tell it: what is let go by hand as fast as it is made never gets there. */
const UNTOLD = 1 << 26;
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

/** A dim that `vmap` hides: the storages of the examples lie `stride` bytes apart. */
export interface HiddenDim {
  /** Which call of `vmap` hides it. */
  readonly level: number;
  readonly size: number;
  readonly stride: number;
}

/** Hidden dims, by rising level, which is from the outermost call of `vmap` inwards. */
export type Batch = readonly HiddenDim[];

/** Whether any dim was ever hidden: until then nobody looks for hidden dims. */
export const batching = { used: false };

/** A counted block of linear memory. Handles, saved values and captures hold it; the last to let go frees it. */
export class Storage {
  /** Bytes of one example, where dims are hidden. */
  readonly bytes: number;
  /** Hidden dims: every layout on this storage is that of one example. */
  batch: Batch | null = null;
  /** Not written yet, as far as calls under `vmap` have to know: they give fresh results the dims they need. */
  fresh: boolean = batching.used;
  /** Writes so far, shared by all views; a saved value remembers it. */
  version = 0;
  private holders = 1;
  /** Whether writes count for the storage whose block this is too. */
  private announces = false;
  /** Where the block is, unless it is another storage's or `allocation` says it. */
  private place: number;
  private allocation: Allocation | null = null;
  private watched = false;
  /** Held for its size alone: see `weightOf`. */
  weight: ArrayBuffer | null = null;

  private readonly origin: Storage | null;

  /**
   * A block of its own: a new one, or the one allocated at `place`. With `origin` the block of another storage under a
   * version of its own.
   * @throws OutOfMemoryError when linear memory cannot grow.
   */
  constructor(op: string, bytes: number, origin: Storage | null = null, place = 0) {
    this.bytes = bytes;
    this.origin = origin;
    if (origin === null) {
      this.place = place === 0 ? allocate(op, bytes) : place;
      if (recording.by !== null) recording.by.made(this.shared());
    } else {
      this.place = 0;
      this.fresh = false;
      this.batch = origin.batch;
      origin.hold();
    }
  }

  /** Address of the first byte. */
  get address(): number {
    const address = this.where;
    // A capture must know what a run uses: whoever writes an address into a block asks here first.
    if (recording.by !== null) recording.by.touch(this, address);
    return address;
  }

  private get where(): number {
    if (this.origin !== null) return this.origin.where;
    return this.allocation === null ? this.place : this.allocation.address;
  }

  private shared(): Allocation {
    this.allocation ??= { address: this.place, bytes: this.bytes };
    return this.allocation;
  }

  /** The same block with other dims hidden, under the same version as far as writes through it go. */
  hiding(batch: Batch | null): Storage {
    const storage = new Storage("vmap", this.bytes, this);
    storage.batch = batch === null || batch.length === 0 ? null : batch;
    storage.version = this.version;
    storage.announces = true;
    return storage;
  }

  /** Counts a write. */
  written(): void {
    this.version++;
    if (recording.by !== null) recording.by.wrote(this);
    if (this.announces) this.origin?.written();
  }

  /**
   * Gives a block of its own the hidden dims that a call needs; what is in it already is repeated for all examples.
   * @throws GraphError where the block belongs to somebody else.
   */
  spread(sizes: readonly { readonly level: number; readonly size: number }[]): void {
    const batch: HiddenDim[] = [];
    let stride = this.bytes;
    for (let i = sizes.length - 1; i >= 0; i--) {
      const { level, size } = sizes[i] as HiddenDim;
      batch.unshift({ level, size, stride });
      stride *= size;
    }
    const from = this.where;
    if (this.origin !== null) {
      throw new GraphError(
        "vmap: in-place arithmetic is not possible because there exists a Tensor `other` that has more elements than `self`: " +
          "the written tensor is not mapped over, but what is written into it is. Use the form without the underscore.",
      );
    }
    const address = allocate("vmap", stride);
    const old = this.batch ?? [];
    if (!this.fresh) {
      const { u8 } = views;
      const repeat = (dim: number, to: number, from: number): void => {
        const hidden = batch[dim];
        if (hidden === undefined) {
          if (recording.by === null) u8.copyWithin(to, from, from + this.bytes);
          else recording.by.copied(to, from, this.bytes);
          return;
        }
        const step = old.find(({ level }) => level === hidden.level)?.stride ?? 0;
        for (let i = 0; i < hidden.size; i++) repeat(dim + 1, to + i * hidden.stride, from + i * step);
      };
      repeat(0, address, from);
    }
    release(from);
    this.place = address;
    if (this.allocation !== null) this.allocation.address = address;
    if (recording.by !== null) recording.by.made(this.shared());
    this.batch = batch;
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
    if (this.origin !== null) this.origin.letGo();
    else {
      release(this.where);
      this.place = 0;
      if (this.allocation !== null) this.allocation.address = 0;
      if (this.watched) outstanding -= this.bytes;
      this.weight = null;
    }
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
    finaliser.register(this, this.shared());
    outstanding += this.bytes;
    unweighed = outstanding < UNTOLD ? 0 : unweighed + this.bytes;
    if (unweighed >= WEIGHED) {
      // Collectors let garbage grow in proportion to what is in use, of which linear memory is a part that never shrinks.
      this.weight = weightOf(unweighed * Math.ceil(linearBytes() / 2 ** 30));
      unweighed = 0;
    }
    if ((++unscoped & 63) === 0 || this.bytes > 1 << 20) warnOnce();
  }
}
