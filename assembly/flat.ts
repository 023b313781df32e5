// Whole calls of elementwise kernels on operands that are one run each: memory for the result, the block, and the kernel.

import { allocate } from "./memory/allocator";

const SIZES: usize = 144;

/** Writes the part of a block that is the same for all: one loop dim, the result and `inputs` operands. */
@inline function begin(block: usize, inputs: u32, count: u32, out: usize, width: u32): void {
  store<u32>(block, 0);
  store<u32>(block, 1, 4);
  store<u32>(block, inputs + 1, 8);
  store<u32>(block, count, SIZES);
  store<u32>(block, <u32>out, SIZES + 4);
  store<u32>(block, width, SIZES + 8);
}

/**
 * Runs a kernel of one operand over `count` elements, `count` > 0. `place` is the kernel's in the table, `width` the bytes
 * of an element. Returns the result's address, or 0 where memory cannot grow; then nothing happened.
 */
export function flat1(place: u32, block: usize, count: u32, width: u32, a: usize): usize {
  const out = allocate(count * width);
  if (out == 0) return 0;
  begin(block, 1, count, out, width);
  store<u32>(block, <u32>a, SIZES + 12);
  store<u32>(block, width, SIZES + 16);
  call_indirect<void>(place, block, <u32>0, count);
  return out;
}

/** The same for two operands; each step is `width`, or 0 for an operand that is one element. */
export function flat2(
  place: u32, block: usize, count: u32, width: u32, a: usize, stepA: u32, b: usize, stepB: u32,
): usize {
  const out = allocate(count * width);
  if (out == 0) return 0;
  begin(block, 2, count, out, width);
  store<u32>(block, <u32>a, SIZES + 12);
  store<u32>(block, stepA, SIZES + 16);
  store<u32>(block, <u32>b, SIZES + 20);
  store<u32>(block, stepB, SIZES + 24);
  call_indirect<void>(place, block, <u32>0, count);
  return out;
}
