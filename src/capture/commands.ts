// The list of a captured step: a line for each kernel, chain of kernels, or series of flat calls, and the blocks behind it.

import { blockAddress } from "../wasm/block.js";
import { views } from "../wasm/memory.js";
import { placeNamed } from "../wasm/places.js";
import { chainsOf, PIECE } from "./chains.js";
import { FLAT_BYTES, type FlatCall, Loops, SPLAT_BYTES, writeFlat } from "./flat.js";
import { type Entry, pointerWord, type Renewal } from "./record.js";

/** Bytes of a line. */
export const ENTRY = 16;
/** Bytes of the block of a chain. */
const CHAIN_BYTES = 144;
/** The bit of a line's last word that asks to look at the block's status. */
const CHECKED = 0x80000000;

/** Entries that are one line: one by itself, a chain, or flat calls one behind the other. */
interface Group {
  readonly kind: "one" | "chain" | "flat";
  readonly from: number;
  to: number;
}

/** Where the list is cut: a renewal must not come before what may find fault with the data. */
export function cutsOf(entries: readonly Entry[], renewals: readonly Renewal[]): ReadonlySet<number> {
  const cuts = new Set<number>([0]);
  let from = 0;
  for (const renewal of renewals) {
    let checked = false;
    for (; from < renewal.from; from++) checked ||= (entries[from] as Entry).check !== null;
    if (checked) cuts.add(renewal.from);
  }
  return cuts;
}

/** The list and the blocks of a step. */
export class Commands {
  readonly bytes: number;
  /** For each cut the line that it is before. */
  readonly starts = new Map<number, number>();
  private readonly groups: Group[] = [];
  private readonly calls: (FlatCall | null)[];
  private readonly sizes: number[];
  private readonly members: number;
  private readonly heads: number;
  private readonly flats: number;
  private readonly splats: number;

  /** `words` are the blocks with their final pointers; what `isRenewed` is written again and needs a block of its own. */
  constructor(
    private readonly entries: readonly Entry[],
    private readonly words: readonly Int32Array[],
    cuts: ReadonlySet<number>,
    isRenewed: (at: number) => boolean,
  ) {
    const loops = new Loops(blockAddress());
    this.calls = entries.map((entry, at) => (isRenewed(at) ? null : loops.flat(entry)));
    const chains = new Map(chainsOf(entries, words, cuts));
    for (let at = 0; at < entries.length; ) {
      const kind = chains.has(at) ? "chain" : this.calls[at] !== null ? "flat" : "one";
      let to = chains.get(at) ?? at + 1;
      if (kind === "flat") while (to < entries.length && this.calls[to] !== null && !cuts.has(to)) to++;
      if (cuts.has(at)) this.starts.set(at, this.groups.length);
      this.groups.push({ kind, from: at, to });
      at = to;
    }
    this.sizes = words.map((each, at) => (this.calls[at] === null ? Math.ceil(each.length / 4) * ENTRY : 0));
    const count = (kind: Group["kind"]): number =>
      this.groups.reduce((sum, group) => sum + (group.kind === kind ? group.to - group.from : 0), 0);
    const scalars = this.calls.reduce((sum, call) => sum + (call?.scalars.filter((word) => word >= 0).length ?? 0), 0);
    this.members = ENTRY * this.groups.length;
    this.heads = this.members + ENTRY * count("chain");
    this.flats = this.heads + CHAIN_BYTES * chains.size;
    this.splats = this.flats + FLAT_BYTES * count("flat");
    this.bytes = this.splats + SPLAT_BYTES * scalars + this.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Writes all of it from `list` on; gives each entry's block, and each line's entry, -1 for several. */
  write(list: number, blocks: number[], lines: number[]): void {
    const [chain, series] = [placeNamed("chain") as number, placeNamed("flats") as number];
    let members = list + this.members;
    let head = list + this.heads;
    let flat = list + this.flats;
    let splat = list + this.splats;
    let block = list + this.bytes - this.sizes.reduce((sum, size) => sum + size, 0);
    const put = (at: number, ...given: readonly number[]): void => views.u32.set(given, at >>> 2);
    this.groups.forEach(({ kind, from, to }, index) => {
      const line = list + ENTRY * index;
      const first = this.entries[from] as Entry;
      lines.push(kind === "one" ? from : -1);
      if (kind === "chain") {
        put(line, chain, head, first.extent, first.grain);
        views.u32.fill(0, head >>> 2, (head + CHAIN_BYTES) >>> 2);
        put(head + ENTRY, members, to - from, PIECE);
        head += CHAIN_BYTES;
      } else if (kind === "flat") put(line, series, flat, to - from, 0);
      else put(line, first.place, block, first.extent, first.check === null ? first.grain : first.grain + CHECKED);
      for (let at = from; at < to; at++) {
        const entry = this.entries[at] as Entry;
        const words = this.words[at] as Int32Array;
        const call = this.calls[at] as FlatCall | null;
        blocks.push(block);
        if (call !== null) {
          splat = writeFlat(call, words, entry.extent, flat, splat);
          flat += FLAT_BYTES;
          continue;
        }
        for (const k of entry.own) words[pointerWord(words, k)] = block + (words[pointerWord(words, k)] as number);
        views.i32.set(words, block >>> 2);
        if (kind === "chain") {
          put(members, entry.place, block, 0, 0);
          members += ENTRY;
        }
        block += this.sizes[at] as number;
      }
    });
  }
}
