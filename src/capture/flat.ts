// Flat calls: small elementwise runs whose operands are one run of whole vectors each, without the way through the nest.

import type { Kernel } from "../wasm/kernels.js";
import { views } from "../wasm/memory.js";
import { kernelOf, placeOf } from "../wasm/table.js";
import { type Entry, pointerWord, SIZES } from "./record.js";

/** Bytes of a flat call, and of the copies of a scalar that its loop reads again and again. */
export const FLAT_BYTES = 48;
export const SPLAT_BYTES = 64;
/** Elements up to which it pays. */
const SMALL = 4096;
/** The question which loop a kernel runs: `assembly/loops/rows.ts` answers it. */
const ASKED = 0x52554e3f;

/**
 * Kernels that are their loop and nothing else: others prepare scratch memory for it, or choose it by a parameter. A test
 * holds them to it.
 */
export const FLAT_STEMS: readonly string[] = (
  "add sub rsub mul div maximum minimum neg abs sqrt relu exp tanh sigmoid tanh_backward sigmoid_backward relu_backward " +
  "squared_difference scaled_difference"
).split(" ");

/** The loop of a kernel: its place in the table, and the bytes of its elements; 0 where a kernel has none. */
interface Loop {
  readonly place: number;
  readonly width: number;
}

/** A flat call: its loop, and for each operand where its scalar is in the block, or null for a run. */
export interface FlatCall {
  readonly loop: Loop;
  /** Words of the scalars' pointers in the parameters, by operand; -1 for operands that are runs. */
  readonly scalars: readonly number[];
}

const NONE: Loop = { place: 0, width: 0 };

/** Asks kernels for their loops, in a block of memory that is free for it. */
export class Loops {
  private readonly kernels = new Map<number, Kernel>();
  private readonly known = new Map<number, Loop>();

  constructor(private readonly block: number) {
    for (const stem of FLAT_STEMS) {
      for (const word of ["f32", "f64"]) {
        const kernel = kernelOf(`${stem}_${word}`);
        if (kernel !== undefined) this.kernels.set(placeOf(kernel), kernel);
      }
    }
  }

  private of(place: number, operands: number): Loop {
    const known = this.known.get(place);
    if (known !== undefined) return known;
    const kernel = this.kernels.get(place);
    if (kernel === undefined) return NONE;
    const at = this.block >>> 2;
    const { u32 } = views;
    // An empty range over one dim: nothing for a kernel that does not know the question.
    u32.fill(0, at, at + SIZES + 16);
    u32[at + 1] = 1;
    u32[at + 2] = operands;
    u32[at + 3] = ASKED;
    kernel(this.block, 0, 0);
    const answered = views.u32[at + 3] !== ASKED;
    const loop = answered ? { place: views.u32[at + 3] as number, width: views.u32[at] as number } : NONE;
    this.known.set(place, loop);
    return loop;
  }

  /** An entry as a flat call, or null where it is none. */
  flat(entry: Entry): FlatCall | null {
    const { words, extent } = entry;
    const operands = words[2] as number;
    if (!entry.elementwise || entry.whole || entry.check !== null || extent > SMALL || operands > 4) return null;
    if (words[1] !== 1 || words[SIZES] !== extent) return null;
    const loop = this.of(entry.place, operands);
    if (loop === NONE || extent % (16 / loop.width) !== 0) return null;
    const scalars: number[] = [];
    for (let k = 0; k < operands; k++) {
      const word = pointerWord(words, k);
      const step = words[word + 1];
      if (step === loop.width) scalars.push(-1);
      else if (step === 0 && k > 0 && entry.own.includes(k)) scalars.push((words[word] as number) >>> 2);
      else return null;
    }
    return { loop, scalars };
  }
}

/** Writes a flat call at `at`, and its scalars at `splats`; returns the end of what it used there. */
export function writeFlat(
  { loop, scalars }: FlatCall,
  words: Int32Array,
  extent: number,
  at: number,
  splats: number,
): number {
  const record = [loop.place, extent];
  let end = splats;
  scalars.forEach((scalar, k) => {
    if (scalar < 0) record.push(words[pointerWord(words, k)] as number);
    else {
      const given = words.subarray(scalar, scalar + Math.max(1, loop.width >> 2));
      // Parameters are 8 bytes wide: an element narrower than a word is repeated byte by byte.
      const bytes = new Uint8Array(given.buffer, given.byteOffset, loop.width);
      for (let i = 0; i < SPLAT_BYTES; i += loop.width) views.u8.set(bytes, end + i);
      record.push(end);
      end += SPLAT_BYTES;
    }
    if (k > 0) record.push(scalar < 0 ? 16 : 0);
  });
  views.u32.fill(0, at >>> 2, (at + FLAT_BYTES) >>> 2);
  views.u32.set(record, at >>> 2);
  return end;
}
