// Writing a call block: the words that tell a kernel what to work on (their meaning: `assembly/block.ts`).

import { brainBits, halfBits, toInt64 } from "./bits.js";
import { allocate, views } from "./memory.js";
import { aside } from "./recording.js";
import type { DType } from "./words.js";

/** Most loop dims of a block. */
export const MOST_DIMS = 16;
/** Most operands of a block. */
export const MOST_OPERANDS = 12;
/** Parameters of a block. */
const PARAMETERS = 16;
const PARAMETER_WORD = 4;
const SIZES_WORD = 36;
/** Bytes of a block. */
export const BLOCK_BYTES = 4 * (SIZES_WORD + MOST_DIMS + MOST_OPERANDS * (MOST_DIMS + 1));

let address = 0;

/** Address of the block that eager calls write; made on first use. */
export function blockAddress(): number {
  if (address === 0) address = aside(() => allocate("init", BLOCK_BYTES));
  return address;
}

/** Writes a parameter. */
export function setParameter(index: number, value: number): void {
  views.f64[(blockAddress() >>> 3) + (PARAMETER_WORD >> 1) + index] = value;
}

/** Writes a scalar operand in a dtype, from the last parameter down, and returns its address. */
export function scalarOperand(slot: number, value: number | boolean | bigint, dtype: DType): number {
  const at = blockAddress() + 4 * PARAMETER_WORD + 8 * (PARAMETERS - 1 - slot);
  store(at, value, dtype);
  return at;
}

/** Writes one value in a dtype. Integers keep the low bits of what they cannot hold. */
function store(at: number, value: number | boolean | bigint, dtype: DType): void {
  if (dtype === "float32") views.f32[at >>> 2] = Number(value);
  else if (dtype === "float64") views.f64[at >>> 3] = Number(value);
  else if (dtype === "int64") views.i64[at >>> 3] = toInt64(value);
  else if (dtype === "float16") views.u16[at >>> 1] = halfBits(Number(value));
  else if (dtype === "bfloat16") views.u16[at >>> 1] = brainBits(Number(value));
  else {
    const number = Number(typeof value === "bigint" ? BigInt.asIntN(32, value) : value);
    if (dtype === "int32") views.i32[at >>> 2] = number;
    else if (dtype === "uint8") views.u8[at] = number;
    else if (dtype === "int8") views.i8[at] = number;
    else if (dtype === "int16") views.i16[at >>> 1] = number;
    else views.u8[at] = Number(value) !== 0 ? 1 : 0;
  }
}

/** An operand of the block in a dtype that computes as another: where its elements lie, gaps between them included. */
export interface Narrow {
  readonly operand: number;
  readonly dtype: DType;
  readonly start: number;
  /** Elements from the lowest address to the highest. */
  readonly count: number;
}

const narrow: Narrow[] = [];
let results = MOST_OPERANDS;

/** Starts a block: none of its operands is known yet. */
export function forgetNarrow(): void {
  if (narrow.length > 0) narrow.length = 0;
  results = MOST_OPERANDS;
}

/** Notes an operand in a dtype that computes as another. */
export function noteNarrow(operand: number, dtype: DType, start: number, count: number): void {
  narrow.push({ operand, dtype, start, count });
}

/** Says that an operand that was noted lies elsewhere, and reaches further. */
export function moveNarrow(operand: number, shift: number, further: number): void {
  const at = narrow.findIndex((each) => each.operand === operand);
  const known = narrow[at];
  if (known !== undefined) narrow[at] = { ...known, start: known.start + shift, count: known.count + further };
}

/** Says how many of the operands, the first ones, the kernel writes; where nobody does, it may be all. */
export function setResults(count: number): void {
  results = count;
}

/** The operands noted since the block was started, and how many operands may be written. */
export function narrowOperands(): { readonly operands: readonly Narrow[]; readonly results: number } {
  return { operands: narrow, results };
}

/** Index, in 32-bit words, of the record of operand `k` in a block of a rank: its pointer, then its byte strides. */
export function recordOf(block: number, rank: number, k: number): number {
  return (block >>> 2) + SIZES_WORD + rank + k * (rank + 1);
}

/** Writes rank, sizes, and the operands' pointers and byte strides; `strides[k][d]` is operand k's along dim d. */
export function writeBlock(
  rank: number,
  sizes: ArrayLike<number>,
  operands: number,
  pointers: ArrayLike<number>,
  strides: ArrayLike<ArrayLike<number>>,
): number {
  const block = blockAddress();
  const words = views.i32;
  let at = block >>> 2;
  words[at] = 0;
  words[at + 1] = rank;
  words[at + 2] = operands;
  at += SIZES_WORD;
  for (let d = 0; d < rank; d++) words[at++] = sizes[d] as number;
  for (let k = 0; k < operands; k++) {
    const own = strides[k] as ArrayLike<number>;
    words[at++] = pointers[k] as number;
    for (let d = 0; d < rank; d++) words[at++] = own[d] as number;
  }
  return block;
}
