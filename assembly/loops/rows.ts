// The way through a nest for elementwise kernels: row by row, strided elements by way of scratch memory.
//
// A row is the innermost dim of the nest. Where every operand of a row is dense or a splat (stride 0), the row
// runs on vectors in place; a splat becomes four copies of itself in scratch memory that the loop reads again
// and again. Any other row, and what a row leaves over, is brought into scratch memory chunk by chunk, worked on
// by the same vector code, and taken back. So there is one formula for every element, whatever its strides.

import { pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { scratch } from "../memory/scratch";

/** Elements in a chunk of strided elements. */
const CHUNK: u32 = 128;
/** Chunk buffers: 0 to 2 for the operands, then the result, and the bytes of a bool result. */
export const RESULT: i32 = 3;
const ANSWERS: i32 = 3;
export const BYTES: i32 = 4;
/** Bytes between the chunk buffers in scratch memory: CHUNK elements of 8 bytes. */
const SLOT: usize = 1024;
/** Where the odometer keeps its state in scratch memory, behind the chunk buffers and the splats. */
const ODOMETER: usize = 8192;
/** Where splats are kept: 64 bytes each. */
const SPLATS: usize = 7168;

@inline export function slot(index: i32): usize {
  return scratch() + <usize>index * SLOT;
}

// The odometer: the index of the current row and the address of every operand in it.

@inline function indexAt(dim: u32): usize {
  return scratch() + ODOMETER + (<usize>dim << 2);
}

/** Address of operand `operand` at the current position. */
@inline export function cursor(operand: u32): usize {
  return <usize>load<u32>(scratch() + ODOMETER + 64 + (<usize>operand << 2));
}

@inline function setCursor(operand: u32, address: usize): void {
  store<u32>(scratch() + ODOMETER + 64 + (<usize>operand << 2), <u32>address);
}

/** Puts the odometer on the flat index `begin`. */
export function seek(block: usize, operands: u32, begin: u32): void {
  const rank = rankOf(block);
  for (let k: u32 = 0; k < operands; k++) setCursor(k, pointerOf(block, k));
  let rest = begin;
  for (let d = <i32>rank - 1; d >= 0; d--) {
    const size = sizeOf(block, d);
    const at = rest % size;
    rest /= size;
    store<u32>(indexAt(d), at);
    if (at) for (let k: u32 = 0; k < operands; k++) setCursor(k, cursor(k) + <usize>at * <usize>strideOf(block, k, d));
  }
}

/** Moves to the start of the next row. */
export function nextRow(block: usize, operands: u32): void {
  const rank = rankOf(block);
  if (rank == 0) return;
  const at = load<u32>(indexAt(rank - 1));
  if (at) {
    for (let k: u32 = 0; k < operands; k++) setCursor(k, cursor(k) - <usize>at * <usize>strideOf(block, k, rank - 1));
    store<u32>(indexAt(rank - 1), 0);
  }
  for (let d = <i32>rank - 2; d >= 0; d--) {
    const i = load<u32>(indexAt(d)) + 1;
    const size = sizeOf(block, d);
    if (i < size) {
      store<u32>(indexAt(d), i);
      for (let k: u32 = 0; k < operands; k++) setCursor(k, cursor(k) + strideOf(block, k, d));
      return;
    }
    store<u32>(indexAt(d), 0);
    for (let k: u32 = 0; k < operands; k++) setCursor(k, cursor(k) - <usize>(size - 1) * <usize>strideOf(block, k, d));
  }
}

/** Elements in a row of the nest. */
@inline export function rowSize(block: usize): u32 {
  const rank = rankOf(block);
  return rank ? sizeOf(block, rank - 1) : 1;
}

/** Byte stride of an operand along a row. */
@inline export function rowStride(block: usize, operand: u32): isize {
  const rank = rankOf(block);
  return rank ? strideOf(block, operand, rank - 1) : 0;
}

/** Position in its row of flat index `begin`. */
@inline export function inRow(block: usize): u32 {
  const rank = rankOf(block);
  return rank ? load<u32>(indexAt(rank - 1)) : 0;
}

// Strided elements to and from chunk buffers, by width.

export function gather1(to: usize, from: usize, stride: isize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, from += stride) store<u8>(to + i, load<u8>(from));
}
function gather4(to: usize, from: usize, stride: isize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, from += stride) store<u32>(to + (<usize>i << 2), load<u32>(from));
}
function gather8(to: usize, from: usize, stride: isize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, from += stride) store<u64>(to + (<usize>i << 3), load<u64>(from));
}
function scatter1(to: usize, stride: isize, from: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, to += stride) store<u8>(to, load<u8>(from + i));
}
function scatter4(to: usize, stride: isize, from: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, to += stride) store<u32>(to, load<u32>(from + (<usize>i << 2)));
}
function scatter8(to: usize, stride: isize, from: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++, to += stride) store<u64>(to, load<u64>(from + (<usize>i << 3)));
}

/** Brings `n` elements into a chunk buffer and pads them with the last one to a whole number of vectors. */
@inline function gather<T>(to: usize, from: usize, stride: isize, n: u32): void {
  if (sizeof<T>() == 1) gather1(to, from, stride, n);
  else if (sizeof<T>() == 4) gather4(to, from, stride, n);
  else gather8(to, from, stride, n);
  const last = load<T>(to + <usize>(n - 1) * sizeof<T>());
  for (let i = n; i & (16 / <u32>sizeof<T>() - 1); i++) store<T>(to + <usize>i * sizeof<T>(), last);
}

@inline export function scatter<T>(to: usize, stride: isize, from: usize, n: u32): void {
  if (sizeof<T>() == 1) scatter1(to, stride, from, n);
  else if (sizeof<T>() == 4) scatter4(to, stride, from, n);
  else scatter8(to, stride, from, n);
}

/** Writes four vectors full of the element at `from` where `bring` finds them, if operand `k` is a splat. */
@inline export function splat<T>(k: i32, from: usize, stride: isize): void {
  if (stride) return;
  const to = scratch() + SPLATS + (<usize>k << 6);
  const v = v128.splat<T>(load<T>(from));
  v128.store(to, v);
  v128.store(to, v, 16);
  v128.store(to, v, 32);
  v128.store(to, v, 48);
}

@inline function dense<T>(stride: isize): bool {
  return stride == <isize>sizeof<T>() || stride == 0;
}

/** Elements in a vector. */
@inline export function lanesOf<T>(): u32 {
  return 16 / <u32>sizeof<T>();
}

/** How many of the `n` elements left in a row are worked on next: whole vectors, or the few that do not fill one. */
@inline export function stretch<T>(n: u32, direct: bool): u32 {
  if (n < lanesOf<T>()) return n;
  return (direct ? n : min(n, CHUNK)) & ~(lanesOf<T>() - 1);
}

/** Where vectors of operand `k` can be read for a stretch of `m` elements from `p` on. */
@inline export function bring<T>(k: i32, p: usize, stride: isize, m: u32): usize {
  if (stride == 0) return scratch() + SPLATS + (<usize>k << 6);
  if (stride == <isize>sizeof<T>() && m >= lanesOf<T>()) return p;
  gather<T>(slot(k), p, stride, m);
  return slot(k);
}

/** Turns `m` lanes of zeros or ones at `from` into bytes 0 or 1 at `to`; writes up to 15 bytes too many. */
function narrow1(to: usize, from: usize, m: u32): void {
  for (let i: u32 = 0; i < m; i += 16) v128.store(to + i, v128.and(v128.load(from + i), i8x16.splat(1)));
}
function narrow4(to: usize, from: usize, m: u32): void {
  for (let i: u32 = 0; i < m; i += 16, from += 64) {
    const low = i16x8.narrow_i32x4_s(v128.load(from), v128.load(from, 16));
    const high = i16x8.narrow_i32x4_s(v128.load(from, 32), v128.load(from, 48));
    v128.store(to + i, v128.and(i8x16.narrow_i16x8_s(low, high), i8x16.splat(1)));
  }
}
function narrow8(to: usize, from: usize, m: u32): void {
  for (let i: u32 = 0; i < m; i++) store<u8>(to + i, load<u8>(from + (<usize>i << 3)) & 1);
}

/** Writes the answers for a stretch of `m` elements to the bool result. */
function answers<T>(out: usize, stride: isize, m: u32): void {
  const masks = slot(ANSWERS), bytes = slot(BYTES);
  if (sizeof<T>() == 1) narrow1(bytes, masks, m);
  else if (sizeof<T>() == 4) narrow4(bytes, masks, m);
  else narrow8(bytes, masks, m);
  if (stride == 1) memory.copy(out, bytes, m);
  else scatter1(out, stride, bytes, m);
}

/**
 * The loop that a rule is compiled into: `left` elements, whole vectors (or the few that a padded vector holds), from
 * each operand on, which moves by its step of 16 bytes, or 0 for a splat.
 */
export type Run = (left: i32, out: usize, a: usize, stepA: usize, b: usize, stepB: usize, c: usize, stepC: usize) => void;

/** In the place of a block's detail, with an empty range, asks which loop a kernel runs: its place in the table is the answer. */
const ASKED: u32 = 0x52554e3f;

/** Answers who asks: the loop's place in the table, and the bytes of its elements in the place of the status. */
function tell(block: usize, size: usize, run: Run): void {
  store<u32>(block, <u32>size);
  store<u32>(block, load<u32>(changetype<usize>(run)), 12);
}

/** The way through the nest, for `inputs` operands of the width of `W`. */
function walk<W>(block: usize, begin: u32, end: u32, inputs: u32, test: bool, run: Run): void {
  if (begin >= end) {
    if (load<u32>(block, 12) == ASKED && !test) tell(block, sizeof<W>(), run);
    return;
  }
  const size = <isize>sizeof<W>();
  const row = rowSize(block);
  const so = rowStride(block, 0), sa = rowStride(block, 1);
  const sb = inputs > 1 ? rowStride(block, 2) : 0, sc = inputs > 2 ? rowStride(block, 3) : 0;
  const direct = !test && so == size && dense<W>(sa) && dense<W>(sb) && dense<W>(sc);
  const stepA: usize = sa ? 16 : 0, stepB: usize = sb ? 16 : 0, stepC: usize = sc ? 16 : 0;
  // One run of whole vectors, as most small calls are, needs no odometer.
  if (direct && rankOf(block) == 1 && ((end - begin) & (lanesOf<W>() - 1)) == 0) {
    const a = pointerOf(block, 1) + <usize>begin * <usize>sa;
    const b = inputs > 1 ? pointerOf(block, 2) + <usize>begin * <usize>sb : 0;
    const c = inputs > 2 ? pointerOf(block, 3) + <usize>begin * <usize>sc : 0;
    splat<W>(0, a, sa);
    if (inputs > 1) splat<W>(1, b, sb);
    if (inputs > 2) splat<W>(2, c, sc);
    const m = end - begin;
    run(
      <i32>m, pointerOf(block, 0) + <usize>begin * <usize>so, bring<W>(0, a, sa, m), stepA,
      inputs > 1 ? bring<W>(1, b, sb, m) : 0, stepB, inputs > 2 ? bring<W>(2, c, sc, m) : 0, stepC,
    );
    return;
  }
  seek(block, inputs + 1, begin);
  let at = inRow(block);
  let out = cursor(0), a = cursor(1), b = cursor(2), c = cursor(3);
  // From a row to the next where there is one dim of rows only, without the odometer: from its end, where they are then.
  const plain = rankOf(block) == 2;
  let nextOut: usize = 0, nextA: usize = 0, nextB: usize = 0, nextC: usize = 0;
  if (plain) {
    nextOut = <usize>strideOf(block, 0, 0) - <usize>row * <usize>so;
    nextA = <usize>strideOf(block, 1, 0) - <usize>row * <usize>sa;
    if (inputs > 1) nextB = <usize>strideOf(block, 2, 0) - <usize>row * <usize>sb;
    if (inputs > 2) nextC = <usize>strideOf(block, 3, 0) - <usize>row * <usize>sc;
  }
  for (let i = begin; ; at = 0) {
    let n = min(row - at, end - i);
    i += n;
    splat<W>(0, a, sa);
    if (inputs > 1) splat<W>(1, b, sb);
    if (inputs > 2) splat<W>(2, c, sc);
    while (n) {
      const m = stretch<W>(n, direct);
      const inPlace = !test && so == size && m >= lanesOf<W>();
      const a0 = bring<W>(0, a, sa, m);
      const b0 = inputs > 1 ? bring<W>(1, b, sb, m) : 0;
      const c0 = inputs > 2 ? bring<W>(2, c, sc, m) : 0;
      run(<i32>m, inPlace ? out : slot(RESULT), a0, stepA, b0, stepB, c0, stepC);
      if (test) answers<W>(out, so, m);
      else if (!inPlace) scatter<W>(out, so, slot(RESULT), m);
      out += <usize>m * <usize>so;
      a += <usize>m * <usize>sa;
      b += <usize>m * <usize>sb;
      c += <usize>m * <usize>sc;
      n -= m;
    }
    if (i >= end) return;
    if (plain) {
      out += nextOut;
      a += nextA;
      b += nextB;
      c += nextC;
      continue;
    }
    nextRow(block, inputs + 1);
    out = cursor(0);
    a = cursor(1);
    b = cursor(2);
    c = cursor(3);
  }
}

/** One copy of the walk for each width. */
function walk1(block: usize, begin: u32, end: u32, inputs: u32, test: bool, run: Run): void {
  walk<u8>(block, begin, end, inputs, test, run);
}
function walk4(block: usize, begin: u32, end: u32, inputs: u32, test: bool, run: Run): void {
  walk<u32>(block, begin, end, inputs, test, run);
}
function walk8(block: usize, begin: u32, end: u32, inputs: u32, test: bool, run: Run): void {
  walk<u64>(block, begin, end, inputs, test, run);
}

@inline export function walkBy<T>(block: usize, begin: u32, end: u32, inputs: u32, test: bool, run: Run): void {
  if (sizeof<T>() == 1) walk1(block, begin, end, inputs, test, run);
  else if (sizeof<T>() == 4) walk4(block, begin, end, inputs, test, run);
  else walk8(block, begin, end, inputs, test, run);
}
