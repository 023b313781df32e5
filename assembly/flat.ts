// Whole calls of kernels on operands that are one run each: memory for the result, the block, and the kernel.

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
  if (out != 0) flatInto(place, block, count, width, out, a, stepA, b, stepB);
  return out;
}

/** The same with the result written to `out`, which is `count` elements in one run. */
export function flatInto(
  place: u32, block: usize, count: u32, width: u32, out: usize, a: usize, stepA: u32, b: usize, stepB: u32,
): void {
  begin(block, 2, count, out, width);
  store<u32>(block, <u32>a, SIZES + 12);
  store<u32>(block, stepA, SIZES + 16);
  store<u32>(block, <u32>b, SIZES + 20);
  store<u32>(block, stepB, SIZES + 24);
  call_indirect<void>(place, block, <u32>0, count);
}

/** The same as `flat2` for three operands. */
export function flat3(
  place: u32, block: usize, count: u32, width: u32, a: usize, stepA: u32, b: usize, stepB: u32, c: usize, stepC: u32,
): usize {
  const out = allocate(count * width);
  if (out == 0) return 0;
  begin(block, 3, count, out, width);
  store<u32>(block, <u32>a, SIZES + 12);
  store<u32>(block, stepA, SIZES + 16);
  store<u32>(block, <u32>b, SIZES + 20);
  store<u32>(block, stepB, SIZES + 24);
  store<u32>(block, <u32>c, SIZES + 28);
  store<u32>(block, stepC, SIZES + 32);
  call_indirect<void>(place, block, <u32>0, count);
  return out;
}

/**
 * Runs a reduction of `inner` elements, a step of `stepInner` bytes apart, into each of `outer` results, whose elements
 * are `step` bytes apart; results are `width` bytes wide. Returns the results' address, or 0 where memory cannot grow.
 */
export function flatFold(
  place: u32, block: usize, outer: u32, inner: u32, width: u32, a: usize, step: u32, stepInner: u32,
): usize {
  const out = allocate(outer * width);
  if (out == 0) return 0;
  store<u32>(block, 0);
  store<u32>(block, 2, 8);
  store<f64>(block, 1, 16);
  const at = block + SIZES;
  if (outer == 1) {
    store<u32>(block, 1, 4);
    store<u32>(at, inner);
    store<u32>(at, <u32>out, 4);
    store<u32>(at, 0, 8);
    store<u32>(at, <u32>a, 12);
    store<u32>(at, stepInner, 16);
  } else {
    store<u32>(block, 2, 4);
    store<u32>(at, outer);
    store<u32>(at, inner, 4);
    store<u32>(at, <u32>out, 8);
    store<u32>(at, width, 12);
    store<u32>(at, 0, 16);
    store<u32>(at, <u32>a, 20);
    store<u32>(at, step, 24);
    store<u32>(at, stepInner, 28);
  }
  call_indirect<void>(place, block, <u32>0, outer);
  return out;
}

/**
 * Runs a product of matrices, out = beta · c + alpha · (a @ b), for a [m, k] and b [k, n] with byte strides of rows and
 * columns; c is no operand where its address is 0. `extent` is the kernel's range.
 */
export function flatGemm(
  place: u32, block: usize, extent: u32, m: u32, n: u32, k: u32, width: u32, alpha: f64, beta: f64,
  out: usize, outRow: u32, a: usize, aRow: u32, aColumn: u32, b: usize, bRow: u32, bColumn: u32,
  c: usize, cRow: u32, cColumn: u32,
): void {
  store<u32>(block, 0);
  store<u32>(block, 3, 4);
  store<u32>(block, c == 0 ? 3 : 4, 8);
  store<f64>(block, alpha, 16);
  store<f64>(block, beta, 24);
  const at = block + SIZES;
  store<u32>(at, m);
  store<u32>(at, n, 4);
  store<u32>(at, k, 8);
  store<u32>(at, <u32>out, 12);
  store<u32>(at, outRow, 16);
  store<u32>(at, width, 20);
  store<u32>(at, 0, 24);
  store<u32>(at, <u32>a, 28);
  store<u32>(at, aRow, 32);
  store<u32>(at, 0, 36);
  store<u32>(at, aColumn, 40);
  store<u32>(at, <u32>b, 44);
  store<u32>(at, 0, 48);
  store<u32>(at, bColumn, 52);
  store<u32>(at, bRow, 56);
  if (c != 0) {
    store<u32>(at, <u32>c, 60);
    store<u32>(at, cRow, 64);
    store<u32>(at, cColumn, 68);
    store<u32>(at, 0, 72);
  }
  call_indirect<void>(place, block, <u32>0, extent);
}
