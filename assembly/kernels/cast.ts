// Copies and casts: elements moved between two strided places, as they are or to another dtype.

import { pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { along, copyRun, fillRun } from "../loops/runs";
import {
  addressHere,
  colsHere,
  colStride,
  nextRectangle,
  ownBlock,
  rowsHere,
  rowStride,
  setPointer,
  setSize,
  setStride,
  startWalk,
} from "../loops/walk";

// Copies, one for all dtypes of a width.

/** Elements in a vector. */
@inline function lanes<T>(): u32 {
  return 16 / <u32>sizeof<T>();
}

/** Rows of a transposed plane that are worked on together: whole cache lines are read before they are left. */
const BAND: u32 = 16;

/** Transposes one vector of rows by one vector of columns. */
@inline function transposeBlock<T>(out: usize, from: usize, outRow: isize, fromCol: isize): void {
  if (sizeof<T>() == 4) {
    const from2 = from + fromCol * 2, out2 = out + outRow * 2;
    const a = v128.load(from), b = v128.load(from + fromCol);
    const c = v128.load(from2), d = v128.load(from2 + fromCol);
    const ab = v128.shuffle<u32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
    const ef = v128.shuffle<u32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<u64>(ab, cd, 0, 2));
    v128.store(out + outRow, v128.shuffle<u64>(ab, cd, 1, 3));
    v128.store(out2, v128.shuffle<u64>(ef, gh, 0, 2));
    v128.store(out2 + outRow, v128.shuffle<u64>(ef, gh, 1, 3));
  } else {
    const a = v128.load(from), b = v128.load(from + fromCol);
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
    v128.store(out + outRow, v128.shuffle<u64>(a, b, 1, 3));
  }
}

/** out[r][c] = from[c][r], out dense along c and from dense along r. */
function transposePlane<T>(out: usize, from: usize, rows: u32, cols: u32, outRow: isize, fromCol: isize): void {
  const step = lanes<T>();
  const wholeRows = rows & ~(step - 1), wholeCols = cols & ~(step - 1);
  const down = outRow * <isize>step;
  // Rows 4 KiB apart share one set of the first cache, which has eight ways in most machines.
  const band = outRow & 4095 ? BAND : BAND / 2;
  for (let first: u32 = 0; first < wholeRows; first += band) {
    const n = min(band, wholeRows - first);
    let to = out + along(first, outRow), at = from + along(first, sizeof<T>());
    for (let c: u32 = 0; c < wholeCols; c += step) {
      let q = to, p = at;
      for (let r: u32 = 0; r < n; r += step) {
        transposeBlock<T>(q, p, outRow, fromCol);
        q += down;
        p += 16;
      }
      to += 16;
      at += along(step, fromCol);
    }
  }
  for (let r: u32 = 0; r < rows; r++) {
    // The columns left over and, below the last whole band, all of them.
    const c = r < wholeRows ? wholeCols : 0;
    const to = out + along(r, outRow) + along(c, sizeof<T>());
    copyRun<T>(to, from + along(r, sizeof<T>()) + along(c, fromCol), cols - c, sizeof<T>(), fromCol);
  }
}

/** Copies a plane of rows and columns. */
function copyPlane<T>(
  out: usize,
  from: usize,
  rows: u32,
  cols: u32,
  outRow: isize,
  fromRow: isize,
  outCol: isize,
  fromCol: isize,
): void {
  const size = <isize>sizeof<T>();
  if (sizeof<T>() >= 4 && outCol != fromCol && rows >= lanes<T>() && cols >= lanes<T>()) {
    if (outCol == size && fromRow == size) {
      transposePlane<T>(out, from, rows, cols, outRow, fromCol);
      return;
    }
    if (fromCol == size && outRow == size) {
      transposePlane<T>(out, from, cols, rows, outCol, fromRow);
      return;
    }
  }
  if (cols < 8 && !(outCol == size && fromCol == size && cols >= lanes<T>())) {
    for (let r: u32 = 0; r < rows; r++) {
      let q = out, p = from;
      for (let c: u32 = 0; c < cols; c++) {
        store<T>(q, load<T>(p));
        q += outCol;
        p += fromCol;
      }
      out += outRow;
      from += fromRow;
    }
    return;
  }
  for (let r: u32 = 0; r < rows; r++) {
    copyRun<T>(out, from, cols, outCol, fromCol);
    out += outRow;
    from += fromRow;
  }
}

/** Copies a range of the nest, plane by plane. */
function copyPlanes<T>(block: usize, begin: u32, end: u32): void {
  const outRow = rowStride(block, 0), fromRow = rowStride(block, 1);
  const outCol = colStride(block, 0), fromCol = colStride(block, 1);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    copyPlane<T>(addressHere(0), addressHere(1), rowsHere(), colsHere(), outRow, fromRow, outCol, fromCol);
  }
}

/** The dim whose plane with the last one is a transpose; the last dim itself when there is none. */
function transposedDim<T>(block: usize): u32 {
  const last = rankOf(block) - 1;
  const size = <isize>sizeof<T>();
  const outCol = strideOf(block, 0, last), fromCol = strideOf(block, 1, last);
  if (sizeof<T>() < 4 || outCol == fromCol || (outCol != size && fromCol != size)) return last;
  const other: u32 = outCol == size ? 1 : 0;
  for (let d = <i32>last - 1; d >= 0; d--) if (strideOf(block, other, d) == size) return d;
  return last;
}

/**
 * Copies positions [first, last) along dim `dim` at one position of the dims before it, all of the dims after it, as
 * a nest in which `dim` comes last but one.
 */
function copySlab<T>(block: usize, dim: u32, outer: u32, first: u32, last: u32): void {
  const rank = rankOf(block);
  const own = ownBlock(rank - dim, 2);
  const to = rank - dim - 2;
  let total = last - first;
  for (let d = dim + 1; d < rank; d++) {
    const size = sizeOf(block, d);
    setSize(own, d + 1 < rank ? d - dim - 1 : to + 1, size);
    total *= size;
  }
  setSize(own, to, last - first);
  for (let k: u32 = 0; k < 2; k++) {
    let address = pointerOf(block, k) + along(first, strideOf(block, k, dim));
    let rest = outer;
    for (let d = <i32>dim - 1; d >= 0; d--) {
      const size = sizeOf(block, d);
      address += along(rest % size, strideOf(block, k, d));
      rest /= size;
    }
    setPointer(own, k, address);
    for (let d = dim + 1; d < rank; d++) setStride(own, k, d + 1 < rank ? d - dim - 1 : to + 1, strideOf(block, k, d));
    setStride(own, k, to, strideOf(block, k, dim));
  }
  copyPlanes<T>(own, 0, total);
}

function copy<T>(block: usize, begin: u32, end: u32): void {
  if (begin >= end) return;
  const rank = rankOf(block);
  if (rank < 3) {
    if (rank == 1) {
      const out = colStride(block, 0), from = colStride(block, 1);
      const to = pointerOf(block, 0) + along(begin, out), at = pointerOf(block, 1) + along(begin, from);
      copyRun<T>(to, at, end - begin, out, from);
    } else copyPlanes<T>(block, begin, end);
    return;
  }
  const dim = transposedDim<T>(block);
  if (dim >= rank - 2) {
    copyPlanes<T>(block, begin, end);
    return;
  }
  // Transposed over dims that are not neighbours: whole positions of the first of them are one nest of its own.
  let below: u32 = 1;
  for (let d = dim + 1; d < rank; d++) below *= sizeOf(block, d);
  const size = sizeOf(block, dim);
  let first = begin / below + (begin % below ? 1 : 0);
  const last = end / below;
  if (first >= last) {
    copyPlanes<T>(block, begin, end);
    return;
  }
  copyPlanes<T>(block, begin, first * below);
  copyPlanes<T>(block, last * below, end);
  while (first < last) {
    const outer = first / size, at = first % size;
    const n = min(size - at, last - first);
    copySlab<T>(block, dim, outer, at, at + n);
    first += n;
  }
}

/**
 * out = from, for the dtypes of 1 byte: operands out, from over any nest, range of its elements, no parameters.
 * A scalar source (all strides 0) makes it a fill. The operands are the same place or do not overlap.
 */
export function copy_w1(block: usize, begin: u32, end: u32): void {
  copy<u8>(block, begin, end);
}
/** out = from, for the dtypes of 4 bytes; as `copy_w1`. */
export function copy_w4(block: usize, begin: u32, end: u32): void {
  copy<u32>(block, begin, end);
}
/** out = from, for the dtypes of 8 bytes; as `copy_w1`. */
export function copy_w8(block: usize, begin: u32, end: u32): void {
  copy<u64>(block, begin, end);
}

// Casts. All have operands out, from over any nest, a range of its elements, no parameters. To bool, 0 gives 0 and all
// else, NaN too, 1. From float to integer: towards zero, saturating, NaN gives 0. The operands do not overlap.

/** How `F` becomes `T`: one element, and four dense ones with the same bits. */
abstract class Cast<F, T> {
  abstract one(a: F): T;
  abstract four(out: usize, from: usize): void;
}

function castRun<F, T, R extends Cast<F, T>>(out: usize, from: usize, n: u32, outCol: isize, fromCol: isize): void {
  const rule = changetype<R>(0);
  if (fromCol == 0) {
    if (n) fillRun<T>(out, rule.one(load<F>(from)), n, outCol);
    return;
  }
  if (outCol == <isize>sizeof<T>() && fromCol == <isize>sizeof<F>()) {
    for (; n >= 8; n -= 8) {
      rule.four(out, from);
      rule.four(out + 4 * sizeof<T>(), from + 4 * sizeof<F>());
      out += 8 * sizeof<T>();
      from += 8 * sizeof<F>();
    }
  }
  for (; n; n--) {
    store<T>(out, rule.one(load<F>(from)));
    out += outCol;
    from += fromCol;
  }
}

@inline function cast<F, T, R extends Cast<F, T>>(block: usize, begin: u32, end: u32): void {
  const outRow = rowStride(block, 0), fromRow = rowStride(block, 1);
  const outCol = colStride(block, 0), fromCol = colStride(block, 1);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    let out = addressHere(0), from = addressHere(1);
    const cols = colsHere();
    for (let rows = rowsHere(); rows; rows--) {
      castRun<F, T, R>(out, from, cols, outCol, fromCol);
      out += outRow;
      from += fromRow;
    }
  }
}

/** Stores four masks of 32 bits as bytes 0 or 1. */
@inline function storeMasks(out: usize, masks: v128): void {
  const ones = i16x8.narrow_i32x4_u(i32x4.shr_u(masks, 31), i32x4.splat(0));
  store<u32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(ones, ones), 0));
}

/** Four bytes as four integers of 32 bits. */
@inline function loadBytes(from: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load_zero<u32>(from)));
}

@final class F32F64 extends Cast<f32, f64> {
  @inline one(a: f32): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = v128.load(from);
    v128.store(out, f64x2.promote_low_f32x4(a));
    v128.store(out, f64x2.promote_low_f32x4(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class F32I32 extends Cast<f32, i32> {
  @inline one(a: f32): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, i32x4.trunc_sat_f32x4_s(v128.load(from))); }
}
@final class F32U8 extends Cast<f32, u8> {
  @inline one(a: f32): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void { storeMasks(out, f32x4.ne(v128.load(from), f32x4.splat(0))); }
}
@final class F64F32 extends Cast<f64, f32> {
  @inline one(a: f64): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void {
    const a = f32x4.demote_f64x2_zero(v128.load(from)), b = f32x4.demote_f64x2_zero(v128.load(from, 16));
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
  }
}
@final class F64I32 extends Cast<f64, i32> {
  @inline one(a: f64): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void {
    const a = i32x4.trunc_sat_f64x2_s_zero(v128.load(from)), b = i32x4.trunc_sat_f64x2_s_zero(v128.load(from, 16));
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
  }
}
@final class F64U8 extends Cast<f64, u8> {
  @inline one(a: f64): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void {
    const zero = f64x2.splat(0);
    const a = f64x2.ne(v128.load(from), zero), b = f64x2.ne(v128.load(from, 16), zero);
    storeMasks(out, v128.shuffle<u32>(a, b, 0, 2, 4, 6));
  }
}
@final class I32F32 extends Cast<i32, f32> {
  @inline one(a: i32): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, f32x4.convert_i32x4_s(v128.load(from))); }
}
@final class I32F64 extends Cast<i32, f64> {
  @inline one(a: i32): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = v128.load(from);
    v128.store(out, f64x2.convert_low_i32x4_s(a));
    v128.store(out, f64x2.convert_low_i32x4_s(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class I32U8 extends Cast<i32, u8> {
  @inline one(a: i32): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void { storeMasks(out, i32x4.ne(v128.load(from), i32x4.splat(0))); }
}
@final class U8F32 extends Cast<u8, f32> {
  @inline one(a: u8): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, f32x4.convert_i32x4_s(loadBytes(from))); }
}
@final class U8F64 extends Cast<u8, f64> {
  @inline one(a: u8): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = loadBytes(from);
    v128.store(out, f64x2.convert_low_i32x4_s(a));
    v128.store(out, f64x2.convert_low_i32x4_s(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class U8I32 extends Cast<u8, i32> {
  @inline one(a: u8): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, loadBytes(from)); }
}

/** float32 to float64. */
export function cast_f32_f64(block: usize, begin: u32, end: u32): void { cast<f32, f64, F32F64>(block, begin, end); }
/** float32 to int32. */
export function cast_f32_i32(block: usize, begin: u32, end: u32): void { cast<f32, i32, F32I32>(block, begin, end); }
/** float32 to bool. */
export function cast_f32_u8(block: usize, begin: u32, end: u32): void { cast<f32, u8, F32U8>(block, begin, end); }
/** float64 to float32, to nearest. */
export function cast_f64_f32(block: usize, begin: u32, end: u32): void { cast<f64, f32, F64F32>(block, begin, end); }
/** float64 to int32. */
export function cast_f64_i32(block: usize, begin: u32, end: u32): void { cast<f64, i32, F64I32>(block, begin, end); }
/** float64 to bool. */
export function cast_f64_u8(block: usize, begin: u32, end: u32): void { cast<f64, u8, F64U8>(block, begin, end); }
/** int32 to float32, to nearest. */
export function cast_i32_f32(block: usize, begin: u32, end: u32): void { cast<i32, f32, I32F32>(block, begin, end); }
/** int32 to float64. */
export function cast_i32_f64(block: usize, begin: u32, end: u32): void { cast<i32, f64, I32F64>(block, begin, end); }
/** int32 to bool. */
export function cast_i32_u8(block: usize, begin: u32, end: u32): void { cast<i32, u8, I32U8>(block, begin, end); }
/** bool to float32. */
export function cast_u8_f32(block: usize, begin: u32, end: u32): void { cast<u8, f32, U8F32>(block, begin, end); }
/** bool to float64. */
export function cast_u8_f64(block: usize, begin: u32, end: u32): void { cast<u8, f64, U8F64>(block, begin, end); }
/** bool to int32. */
export function cast_u8_i32(block: usize, begin: u32, end: u32): void { cast<u8, i32, U8I32>(block, begin, end); }
