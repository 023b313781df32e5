// A captured step in linear memory: its list of kernels, their blocks, and the memory that they work in.

import { GraphError } from "../errors.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Kernel } from "../wasm/kernels.js";
import { faultOf } from "../wasm/launch.js";
import { allocate, artifact, release, views } from "../wasm/memory.js";
import { type Recorder, recording } from "../wasm/recording.js";
import { runs } from "../wasm/run.js";
import { placeOf } from "../wasm/table.js";
import { Commands, cutsOf, ENTRY } from "./commands.js";
import { dismiss, enlist, type Owner } from "./owners.js";
import { type Plan, planOf } from "./plan.js";
import { type Entry, PARAMETERS, type Piece, pointerWord, type Renewal } from "./record.js";
import type { StepRecorder } from "./recorder.js";

/** A part of a replay: entries of the list, or something to compute anew. */
type Part = { readonly first: number; readonly count: number } | Renewal;

/** Memory of the step that tensors hold beyond it. */
interface Survivor {
  readonly piece: Piece;
  /** Whether no tensor holds it any more. */
  free: boolean;
}

/** A step that was recorded, ready to run. */
export class Program implements Owner {
  /** Kernels of a step. */
  readonly launches: number;
  /** Bytes of linear memory: of the arena, the list, and what outlives a step. */
  readonly bytes: number;
  private readonly entries: readonly Entry[];
  private readonly pieces: readonly Piece[];
  private readonly parts: Part[] = [];
  private readonly addresses: number[];
  private readonly interior = new Set<number>();
  private readonly survivors = new Map<number, Survivor>();
  private readonly blocks: number[] = [];
  /** For each entry of the list the entry of the record; -1 for several in one. */
  private readonly recorded: number[] = [];
  private readonly outside: Storage[];
  private readonly kept: readonly number[];
  private readonly written: readonly Storage[];
  private arena = 0;
  private list = 0;
  private renewal: Renewal | null = null;
  private at = 0;
  private asked = 0;
  private readonly rewriter: Recorder;
  /** Values that JavaScript gave at the last step. */
  private readonly constants: Tensor[] = [];

  /** Takes over what a recorder has recorded, once it has stopped. */
  constructor(recorder: StepRecorder) {
    const { entries, pieces, renewals } = recorder;
    this.entries = entries;
    this.pieces = pieces;
    this.launches = entries.length;
    const plan = planOf(entries, pieces, renewals, (address) => recorder.pieceAt(address));
    this.addresses = pieces.map(() => 0);
    let bytes = plan.bytes;
    try {
      if (plan.bytes > 0) this.arena = allocate("capture", plan.bytes);
      pieces.forEach((piece, index) => {
        const place = plan.places[index] as number;
        if (place >= 0) {
          this.addresses[index] = this.arena + place;
          this.interior.add(this.arena + place);
        } else if (!piece.freed) {
          const address = allocate("capture", piece.bytes);
          this.addresses[index] = address;
          this.survivors.set(address, { piece, free: piece.owner === null });
          bytes += piece.bytes;
        }
      });
      bytes += this.write(plan, renewals);
    } catch (error) {
      for (const address of [...this.survivors.keys(), this.arena, this.list]) if (address !== 0) release(address);
      throw error;
    }
    this.bytes = bytes;
    pieces.forEach(({ owner, freed }, index) => {
      if (!freed && owner !== null) owner.address = this.addresses[index] as number;
    });
    this.outside = [...recorder.outside].filter((storage) => storage.alive);
    for (const storage of this.outside) storage.hold();
    this.kept = recorder.kept;
    this.written = recorder.writes.filter((storage) => recorder.outside.has(storage));
    this.rewriter = this.rewriting();
    enlist(this);
  }

  /** Writes the list and the blocks; returns their bytes. */
  private write({ pointers }: Plan, renewals: readonly Renewal[]): number {
    const { entries } = this;
    const cuts = cutsOf(entries, renewals);
    const words = entries.map((entry, at) => {
      const moved = entry.words.slice();
      for (const { word, piece, shift } of pointers[at] ?? []) moved[word] = (this.addresses[piece] as number) + shift;
      return moved;
    });
    const commands = new Commands(entries, words, cuts, (at) => renewals.some(({ from, to }) => at >= from && at < to));
    this.list = allocate("capture", commands.bytes);
    commands.write(this.list, this.blocks, this.recorded);
    this.cut(renewals, cuts, commands.starts);
    return commands.bytes;
  }

  /** Puts the parts of a step in order: JavaScript's before the entries, as far as nothing before them may fail. */
  private cut(renewals: readonly Renewal[], cuts: ReadonlySet<number>, starts: ReadonlyMap<number, number>): void {
    let first = 0;
    const runTo = (end: number): void => {
      if (end > first) this.parts.push({ first, count: end - first });
      first = end;
    };
    for (const renewal of renewals) {
      if (cuts.has(renewal.from)) runTo(starts.get(renewal.from) ?? this.recorded.length);
      this.parts.push(renewal);
    }
    runTo(this.recorded.length);
  }

  /**
   * Runs the step.
   * @throws ArgumentError or NumericalError for what a kernel finds fault with in the data, as the operation itself does.
   */
  run(): void {
    for (const constant of this.constants.splice(0)) constant.dispose();
    const exports = artifact();
    for (const part of this.parts) {
      if ("f" in part) this.renew(part);
      else {
        const failed = exports.replay(this.list + ENTRY * part.first, part.count) >>> 0;
        if (failed !== part.count) this.fail(part.first + failed);
      }
    }
    for (const storage of this.written) storage.written();
  }

  private fail(index: number): never {
    const at = this.recorded[index] as number;
    const words = (this.blocks[at] as number) >>> 2;
    const status = views.u32[words] as number;
    const detail = views.i32[words + 3] as number;
    views.u32[words] = 0;
    views.u32[words + 3] = 0;
    const { op, about } = (this.entries[at] as Entry).check as NonNullable<Entry["check"]>;
    throw faultOf(status, op, about(detail));
  }

  /** Lets JavaScript write blocks and tables of this step: its runs are those of the record. */
  private renew(renewal: Renewal): void {
    const { gradients, steady, last, writes } = renewal;
    if (steady !== null) {
      const numbers = steady();
      if (numbers.length === last.length && numbers.every((each, i) => Object.is(each, last[i]))) {
        for (const storage of writes) storage.written();
        return;
      }
      renewal.last = [...numbers];
    }
    for (const [leaf, gradient] of gradients) leaf.gradient = gradient;
    const { taken } = runs;
    this.renewal = renewal;
    this.at = renewal.from;
    this.asked = 0;
    recording.outer = taken;
    recording.by = this.rewriter;
    runs.taken = this.rewrite;
    try {
      renewal.f();
    } finally {
      recording.by = null;
      runs.taken = taken;
      recording.outer = null;
      this.renewal = null;
    }
    if (this.at !== renewal.to) this.differs();
  }

  private readonly rewrite = (kernel: Kernel, block: number, extent: number): void => {
    const place = placeOf(kernel);
    if (place < 0) {
      kernel(block, 0, extent);
      return;
    }
    const { at } = this;
    const entry = at < (this.renewal as Renewal).to ? this.entries[at] : undefined;
    if (entry === undefined || entry.place !== place || entry.extent !== extent) this.differs();
    const from = block >>> 2;
    const { words } = entry;
    if (views.i32[from + 1] !== words[1] || views.i32[from + 2] !== words[2]) this.differs();
    const own = this.blocks[at] as number;
    const to = own >>> 2;
    views.i32.copyWithin(to + PARAMETERS, from + PARAMETERS, from + words.length);
    for (const k of entry.own) {
      const word = pointerWord(words, k);
      views.i32[to + word] = own + (words[word] as number);
    }
    this.at++;
  };

  private differs(): never {
    throw new GraphError(
      "capture: a part of the step that is computed anew, such as an optimiser's update, is not what it was when it was captured; " +
        "capture the step again after changing parameters, groups or options",
    );
  }

  private rewriting(): Recorder {
    const nothing = (): void => {};
    return {
      allocate: (_op, bytes) => {
        const index = (this.renewal as Renewal).asked[this.asked++];
        if (index === undefined || bytes > this.sizeOf(index)) this.differs();
        return this.addresses[index] as number;
      },
      made: nothing,
      touch: nothing,
      copied: () => this.differs(),
      wrote: nothing,
      gradientRead: nothing,
      gradientAsked: nothing,
      gradientDropped: () => false,
      elementwise: nothing,
      checked: (_op, _about, start) => start(),
      constant: (x) => this.constants.push(x),
      anew: (_owners, f) => f(),
      refuse: (op, what) => {
        throw new GraphError(`${op}: ${what}, which cannot be captured`);
      },
    };
  }

  private sizeOf(index: number): number {
    return (this.pieces[index] as Piece).bytes;
  }

  owns(address: number): boolean {
    const survivor = this.survivors.get(address);
    if (survivor !== undefined) {
      survivor.free = true;
      return true;
    }
    return this.interior.has(address);
  }

  /** Frees all of it; memory that a tensor still holds is that tensor's from now on. */
  dispose(): void {
    for (const part of this.parts) {
      if ("f" in part) for (const [, gradient] of part.gradients) gradient?.dispose();
    }
    for (const constant of this.constants.splice(0)) constant.dispose();
    dismiss(this);
    for (const [address, { free }] of this.survivors) if (free) release(address);
    for (const address of [this.arena, this.list, ...this.kept]) if (address !== 0) release(address);
    for (const storage of this.outside.splice(0)) storage.letGo();
  }
}
