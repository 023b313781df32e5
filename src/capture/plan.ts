// The plan of a step's memory: from when to when each piece is used, and a place in one arena by these lifetimes.

import { type Entry, type Piece, pointerWord, type Renewal } from "./record.js";

/** An operand's pointer that lies in a piece: its word in the block, the piece, and how far behind the piece's start. */
export interface Pointer {
  readonly word: number;
  readonly piece: number;
  readonly shift: number;
}

/** Where everything of a step lies. */
export interface Plan {
  /** Bytes of the arena. */
  readonly bytes: number;
  /** For each piece its place in the arena; -1 for those that outlive the step, or that nothing uses. */
  readonly places: readonly number[];
  /** For each entry its pointers into pieces. */
  readonly pointers: readonly (readonly Pointer[])[];
}

/** The piece that an address belongs to. */
function pieceOf(
  address: number,
  touched: readonly number[],
  pieces: readonly Piece[],
  pieceAt: (address: number) => number,
): number {
  let nearest = -1;
  let distance = Number.POSITIVE_INFINITY;
  for (const index of touched) {
    const { address: start, bytes } = pieces[index] as Piece;
    const away = address < start ? start - address : Math.max(0, address - start - bytes);
    if (away < distance) [nearest, distance] = [index, away];
    if (away === 0) return index;
  }
  const own = pieceAt(address);
  if (own < 0) return nearest;
  const { address: start, bytes } = pieces[own] as Piece;
  // Some kernels are pointed a step beside their operand.
  return address < start + Math.max(1, bytes) || nearest < 0 ? own : nearest;
}

/** First and last use of each piece. */
class Lives {
  readonly first: number[];
  readonly last: number[];

  constructor(count: number) {
    this.first = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
    this.last = new Array<number>(count).fill(-1);
  }

  use(piece: number, at: number): void {
    this.first[piece] = Math.min(this.first[piece] as number, at);
    this.last[piece] = Math.max(this.last[piece] as number, at);
  }
}

/** Plans a record; `pieceAt` finds the piece at or before an address, -1 for addresses from outside. */
export function planOf(
  entries: readonly Entry[],
  pieces: readonly Piece[],
  renewals: readonly Renewal[],
  pieceAt: (address: number) => number,
): Plan {
  const lives = new Lives(pieces.length);
  const pointers = entries.map(({ words, touched, own }, at) => {
    for (const piece of touched) lives.use(piece, at);
    const found: Pointer[] = [];
    for (let k = 0; k < (words[2] as number); k++) {
      if (own.includes(k)) continue;
      const word = pointerWord(words, k);
      const address = (words[word] as number) >>> 0;
      if (pieceAt(address) < 0) continue;
      const piece = pieceOf(address, touched, pieces, pieceAt);
      lives.use(piece, at);
      found.push({ word, piece, shift: address - (pieces[piece] as Piece).address });
    }
    return found;
  });
  // Tables name memory that no pointer of a block does: a part that is computed anew uses all it uses to its end.
  for (const { from, to } of renewals) {
    for (let at = from; at < to; at++) {
      for (const piece of (entries[at] as Entry).touched) lives.use(piece, to - 1);
    }
  }
  const { bytes, places } = placesOf(pieces, lives, entries.length);
  return { bytes, places, pointers };
}

/** A run of free bytes. */
interface Free {
  at: number;
  bytes: number;
}

/** Places by first and last use: the smallest free run that fits, else behind everything. */
function placesOf(
  pieces: readonly Piece[],
  { first, last }: Lives,
  count: number,
): { readonly bytes: number; readonly places: readonly number[] } {
  const places = new Array<number>(pieces.length).fill(-1);
  const begins: number[][] = Array.from({ length: count }, () => []);
  const ends: number[][] = Array.from({ length: count }, () => []);
  pieces.forEach(({ freed }, index) => {
    if (!freed || (last[index] as number) < 0) return;
    (begins[first[index] as number] as number[]).push(index);
    (ends[last[index] as number] as number[]).push(index);
  });
  const sizeOf = (index: number): number => Math.max(64, Math.ceil((pieces[index] as Piece).bytes / 64) * 64);
  const free: Free[] = [];
  let end = 0;
  for (let at = 0; at < count; at++) {
    for (const index of begins[at] as number[]) {
      const size = sizeOf(index);
      let best = -1;
      free.forEach(({ bytes }, i) => {
        if (bytes >= size && (best < 0 || bytes < (free[best] as Free).bytes)) best = i;
      });
      const run = free[best];
      if (run !== undefined) {
        places[index] = run.at;
        run.at += size;
        run.bytes -= size;
        if (run.bytes === 0) free.splice(best, 1);
        continue;
      }
      // The last run grows where it is free, so that sizes that differ a little share it.
      const tail = free.length > 0 ? (free[free.length - 1] as Free) : null;
      if (tail !== null && tail.at + tail.bytes === end) {
        places[index] = tail.at;
        free.pop();
        end = tail.at + size;
      } else {
        places[index] = end;
        end += size;
      }
    }
    for (const index of ends[at] as number[]) giveBack(free, places[index] as number, sizeOf(index));
  }
  return { bytes: end, places };
}

/** Puts a run among the free ones, which are in order, and merges it with its neighbours. */
function giveBack(free: Free[], at: number, bytes: number): void {
  let low = 0;
  let high = free.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((free[middle] as Free).at < at) low = middle + 1;
    else high = middle;
  }
  const left = free[low - 1];
  const right = free[low];
  if (left !== undefined && left.at + left.bytes === at) {
    left.bytes += bytes;
    if (right !== undefined && at + bytes === right.at) {
      left.bytes += right.bytes;
      free.splice(low, 1);
    }
  } else if (right !== undefined && at + bytes === right.at) {
    right.at = at;
    right.bytes += bytes;
  } else free.splice(low, 0, { at, bytes });
}
