// The recorder of a step: nothing is run, memory has addresses that stand for it, and what happens is written down.

import { GraphError, OutOfMemoryError } from "../errors.js";
import { outsideScopes } from "../tensor/lifetime.js";
import type { Storage } from "../tensor/storage.js";
import { alias, type Tensor } from "../tensor/tensor.js";
import { BLOCK_BYTES, blockAddress } from "../wasm/block.js";
import { grainOf } from "../wasm/grain.js";
import { type Kernel, WidthFamily } from "../wasm/kernels.js";
import { allocate, linearBytes, release, views } from "../wasm/memory.js";
import { type About, type Recorder, recording } from "../wasm/recording.js";
import { runs } from "../wasm/run.js";
import { placeOf, weightOf } from "../wasm/table.js";
import { dismiss, enlist, type Owner } from "./owners.js";
import {
  type Entry,
  type Leaf,
  type Needed,
  PARAMETERS,
  type Piece,
  pointerWord,
  type Renewal,
  SIZES,
} from "./record.js";
import { snapshot } from "./snapshot.js";
import { depthHere, userPlace } from "./where.js";

/** Where addresses end that a block can hold. */
const END = 2 ** 32 - 2 ** 16;
/** Bytes between pieces: kernels may be pointed a step beside their operand, and it is to be clear whose that is. */
const GAP = 4096;

const copies = /* @__PURE__ */ new WidthFamily("copy");

/** Records a step while it is the recorder of `recording`. */
export class StepRecorder implements Recorder, Owner {
  readonly entries: Entry[] = [];
  readonly pieces: Piece[] = [];
  readonly renewals: Renewal[] = [];
  readonly leaves = new Map<Tensor, Leaf>();
  /** Storages from outside that recorded runs use. */
  readonly outside = new Set<Storage>();
  /** Memory from outside that was given back while the step was recorded, which uses it. */
  readonly kept: number[] = [];
  readonly writes: Storage[] = [];
  private readonly renewedWrites: Storage[] = [];
  private readonly addresses = new Set<number>();
  private readonly constants: Tensor[] = [];
  private readonly snapshots = new Map<object, () => void>();
  private touched: number[] = [];
  private isElementwise = false;
  private renewal: Renewal | null = null;
  private readonly main = blockAddress();
  /** Addresses from here on stand for pieces: the upper half of those that are not in use. */
  private readonly base = Math.ceil((linearBytes() + (END - linearBytes()) / 2) / 4096) * 4096;
  private next = this.base + 2 ** 20;
  private readonly given = new Map<number, number[]>();
  private readonly depth = depthHere();
  private restored = false;

  constructor() {
    enlist(this);
    recording.outer = runs.taken;
    recording.by = this;
    runs.taken = (kernel, block, extent, whole) => this.run(kernel, block, extent, whole);
  }

  /** Ends recording; what was given back goes on to be looked after until `leave`. */
  stop(): void {
    if (recording.by !== this) return;
    recording.by = null;
    runs.taken = recording.outer;
    recording.outer = null;
  }

  leave(): void {
    dismiss(this);
  }

  /** Puts back what JavaScript has changed: fields of optimisers and schedulers, gradients, versions. */
  restore(): void {
    if (this.restored) return;
    this.restored = true;
    for (const { tensor, before, owned, seen } of this.leaves.values()) {
      tensor.gradient = before;
      tensor.gradientOwned = owned;
      tensor.gradientSeen = seen;
    }
    for (const put of [...this.snapshots.values()].reverse()) put();
    for (const storage of this.writes) storage.version--;
    for (const storage of this.renewedWrites) storage.version--;
  }

  /** Lets constants go: from now on the record holds their storages. */
  dropConstants(): void {
    for (const constant of this.constants.splice(0)) constant.dispose();
  }

  /** After a failure: gives what lives on memory of its own, and frees what was held. */
  abort(): void {
    const made = [...this.leaves.values()].map(({ tensor, before }) =>
      tensor.gradient === before ? null : tensor.gradient,
    );
    this.stop();
    this.restore();
    for (const gradient of made) gradient?.dispose();
    for (const { gradients } of this.renewals) for (const [, gradient] of gradients) gradient?.dispose();
    for (const { owner, freed, bytes } of this.pieces)
      if (!freed && owner !== null) owner.address = allocate("capture", bytes);
    this.leave();
    this.dropConstants();
    for (const address of this.kept) release(address);
  }

  owns(address: number): boolean {
    if (address >= this.base) {
      const index = this.pieceAt(address);
      const piece = this.pieces[index];
      if (piece === undefined || piece.freed) return true;
      piece.freed = true;
      piece.owner = null;
      const same = this.given.get(piece.bytes);
      if (same === undefined) this.given.set(piece.bytes, [index]);
      else same.push(index);
      return true;
    }
    if (!this.addresses.has(address)) return false;
    this.kept.push(address);
    return true;
  }

  allocate(op: string, bytes: number): number {
    const room = Math.ceil(bytes / 64) * 64 + GAP;
    let index = this.pieces.length;
    if (this.next + room <= END) {
      this.pieces.push({ address: this.next, bytes, owner: null, freed: false });
      this.next += room;
    } else {
      // No more addresses: a piece of the size that was given back stands for this one as well.
      const same = this.given.get(bytes)?.pop();
      if (same === undefined) {
        throw new OutOfMemoryError(
          `${op}: out of memory: ${bytes} bytes asked while a step is captured; capture smaller parts`,
        );
      }
      index = same;
      (this.pieces[index] as Piece).freed = false;
    }
    this.renewal?.asked.push(index);
    return (this.pieces[index] as Piece).address;
  }

  made(owner: { address: number }): void {
    const piece = this.pieces[this.pieceAt(owner.address)];
    if (piece !== undefined) piece.owner = owner;
  }

  /** The last piece that begins at or before an address; -1 for addresses from outside. */
  pieceAt(address: number): number {
    if (address < this.base) return -1;
    let low = 0;
    let high = this.pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.pieces[middle] as Piece).address <= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  touch(storage: Storage, address: number): void {
    if (address >= this.base) this.touched.push(this.pieceAt(address));
    // What is computed anew asks again at every step.
    else if (this.renewal === null) {
      this.outside.add(storage);
      this.addresses.add(address);
    }
  }

  copied(to: number, from: number, bytes: number): void {
    if (from < this.base) {
      this.refuse("vmap", "writes mapped values into a tensor from outside that is not mapped over");
    }
    const words = new Int32Array(SIZES + 5);
    words[1] = 1;
    words[2] = 2;
    words.set([bytes, to, 1, from, 1], SIZES);
    this.append(copies.of(1), words, bytes, false, 0, []);
  }

  wrote(storage: Storage): void {
    (this.renewal === null ? this.writes : this.renewedWrites).push(storage);
    this.renewal?.writes.push(storage);
  }

  gradientRead(tensor: Tensor): void {
    this.leaf(tensor, "same");
  }

  gradientAsked(tensor: Tensor): void {
    this.leaf(tensor, "some");
  }

  gradientDropped(tensor: Tensor): boolean {
    const leaf = this.leaf(tensor, "any");
    if (leaf === null || tensor.gradient !== leaf.before) return false;
    tensor.gradient = null;
    return true;
  }

  private leaf(tensor: Tensor, needed: Needed): Leaf | null {
    const known = this.leaves.get(tensor);
    if (known !== undefined) {
      if (needed === "same" && known.needed === "some" && tensor.gradient === known.before) known.needed = needed;
      return known;
    }
    if (tensor.isDisposed || tensor.storage.address >= this.base) return null;
    const { gradient, gradientOwned, gradientSeen } = tensor;
    const leaf: Leaf = { tensor, before: gradient, owned: gradientOwned, seen: gradientSeen, needed };
    this.leaves.set(tensor, leaf);
    return leaf;
  }

  /** Whether a storage is memory of the step. */
  has(storage: Storage): boolean {
    return storage.alive && storage.address >= this.base;
  }

  elementwise(): void {
    this.isElementwise = true;
  }

  checked(op: string, about: About, start: () => void): void {
    const from = this.entries.length;
    start();
    for (let i = from; i < this.entries.length; i++) (this.entries[i] as Entry).check = { op, about };
  }

  constant(x: Tensor): void {
    this.constants.push(x);
  }

  anew(owners: readonly object[], f: () => void, steady: (() => readonly unknown[]) | null): void {
    for (const owner of owners) if (!this.snapshots.has(owner)) this.snapshots.set(owner, snapshot(owner));
    if (this.renewal !== null) {
      f();
      return;
    }
    const gradients: (readonly [Tensor, Tensor | null])[] = [];
    for (const { tensor, before, needed } of this.leaves.values()) {
      const { gradient } = tensor;
      if (needed !== "any" && gradient === before) continue;
      gradients.push([tensor, gradient === null ? null : outsideScopes(() => alias(gradient, gradient.layout))]);
    }
    const from = this.entries.length;
    // Gradients from outside may be others at each step.
    const fixed = [...this.leaves.values()].every(({ needed }) => needed !== "some") ? steady : null;
    const renewal: Renewal = { f, steady: fixed, last: [], writes: [], from, to: from, asked: [], gradients };
    this.renewals.push(renewal);
    this.renewal = renewal;
    try {
      f();
    } finally {
      this.renewal = null;
      renewal.to = this.entries.length;
    }
  }

  refuse(op: string, what: string): never {
    const place = userPlace(this.depth);
    throw new GraphError(
      `${op}: ${what}, which cannot be captured: a captured step repeats what was recorded, whatever the values are. ` +
        `Do it outside of the step, with what that returns${place === "" ? "" : ` (at ${place})`}`,
    );
  }

  private run(kernel: Kernel, block: number, extent: number, whole: boolean): void {
    // What is no export of the artifact runs others, which come here by themselves.
    if (placeOf(kernel) < 0) {
      this.isElementwise = false;
      kernel(block, 0, extent);
      return;
    }
    const at = block >>> 2;
    const rank = views.i32[at + 1] as number;
    const operands = views.i32[at + 2] as number;
    const words = views.i32.slice(at, at + SIZES + rank + operands * (rank + 1));
    words[0] = words[3] = 0;
    const own: number[] = [];
    for (let k = 0; k < operands; k++) {
      const pointer = (words[pointerWord(words, k)] as number) >>> 0;
      const inMain = pointer >= this.main && pointer < this.main + BLOCK_BYTES;
      if (!inMain && (pointer < block || pointer >= block + BLOCK_BYTES)) continue;
      own.push(k);
      const home = inMain ? this.main : block;
      // A cast of a scalar reads it out of another block's parameters, and has none of its own.
      if (home !== block) {
        const from = (home >>> 2) + PARAMETERS;
        words.set(views.i32.subarray(from, from + SIZES - PARAMETERS), PARAMETERS);
      }
      words[pointerWord(words, k)] = pointer - home;
    }
    this.append(kernel, words, extent, whole, grainOf(block, extent, whole, weightOf(kernel)), own);
  }

  private append(
    kernel: Kernel,
    words: Int32Array,
    extent: number,
    whole: boolean,
    grain: number,
    own: readonly number[],
  ): void {
    const { isElementwise: elementwise, touched } = this;
    this.entries.push({ place: placeOf(kernel), extent, whole, grain, words, elementwise, touched, own, check: null });
    this.touched = [];
    this.isElementwise = false;
  }
}
