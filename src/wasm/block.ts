// Writing a call block: the words that tell a kernel what to work on (their meaning: `assembly/block.ts`).

import { allocate, views } from "./memory.js";
import type { DType } from "./words.js";

/** Most loop dims of a block. */
export const MOST_DIMS = 16;
/** Most operands of a block. */
export const MOST_OPERANDS = 12;
/** Parameters of a block. */
const PARAMETERS = 16;
const PARAMETER_WORD = 4;
const SIZES_WORD = 36;
const BLOCK_BYTES = 4 * (SIZES_WORD + MOST_DIMS + MOST_OPERANDS * (MOST_DIMS + 1));

let address = 0;

/** Address of the block that eager calls write; made on first use. */
export function blockAddress(): number {
  if (address === 0) address = allocate("init", BLOCK_BYTES);
  return address;
}

/** Writes a parameter. */
export function setParameter(index: number, value: number): void {
  views.f64[(blockAddress() >>> 3) + (PARAMETER_WORD >> 1) + index] = value;
}

/** Writes a scalar operand in a dtype, from the last parameter down, and returns its address. */
export function scalarOperand(slot: number, value: number | boolean, dtype: DType): number {
  const at = blockAddress() + 4 * PARAMETER_WORD + 8 * (PARAMETERS - 1 - slot);
  const number = Number(value);
  if (dtype === "float32") views.f32[at >>> 2] = number;
  else if (dtype === "float64") views.f64[at >>> 3] = number;
  else if (dtype === "int32") views.i32[at >>> 2] = number;
  else views.u8[at] = number !== 0 ? 1 : 0;
  return at;
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
