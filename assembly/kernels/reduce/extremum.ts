// Where the largest or smallest element is: the extremum is folded first, then the first element equal to it is found.
//
// All kernels here: parameter 0 is the number of reduced dims, the last ones of the nest, in their own order; the
// range is the flat index over the other dims; the caller refuses empty reductions. The index counts the reduced
// elements in row-major order. NaN counts as the extremum, the first one wins; so does the first of equal elements.

import { integer } from "../../block";
import { Fold, Merge, mergeBy, read, readPart, Rows, rowsBy, Run, runBy } from "../../loops/fold";
import {
  accumulators, chunkAt, chunkLength, foldColumns, foldGroup, groupBytes, groupSize, offsetOf, Reduction, reductionOf,
} from "../../loops/reduce";
import { KERNEL_SCRATCH, scratch } from "../../memory/scratch";
import { Max, Min } from "./folds";

/** Lanes of x that are the extremum `v`. */
@inline function hits<V>(x: v128, v: v128): v128 {
  return isFloat<V>() ? v128.or(v128.eq<V>(x, v), v128.ne<V>(x, x)) : v128.eq<V>(x, v);
}

/** Whether one of four neighbouring vectors has the extremum. */
@inline function anyHit<V>(p: usize, a: v128, b: v128, c: v128, d: v128): bool {
  const low = v128.or(hits<V>(v128.load(p), a), hits<V>(v128.load(p, 16), b));
  return v128.any_true(v128.or(low, v128.or(hits<V>(v128.load(p, 32), c), hits<V>(v128.load(p, 48), d))));
}

/** Index of the first of `n` neighbouring elements that is the extremum at `extremum`, or −1. */
type Find = (from: usize, n: u32, extremum: usize) => i32;

function findBy<In>(): Find {
  return (from: usize, n: u32, extremum: usize): i32 => {
    const lanes: u32 = 16 / <u32>sizeof<In>();
    const v = v128.load_splat<In>(extremum);
    let i: u32 = 0;
    // Four vectors at once, until one of them has it.
    for (; i + 4 * lanes <= n; i += 4 * lanes, from += 64) if (anyHit<In>(from, v, v, v, v)) break;
    for (; i < n; i += lanes, from += 16) {
      const left = n - i;
      const x = left < lanes ? readPart<In, In>(from, left) : v128.load(from);
      const found = i8x16.bitmask(hits<In>(x, v));
      const first = ctz(found) / <i32>sizeof<In>();
      if (found && first < <i32>left) return i + first;
    }
    return -1;
  };
}

/** The smaller index in every lane. */
@inline function earlier<I>(a: v128, b: v128): v128 {
  return sizeof<I>() == 4 ? i32x4.min_u(a, b) : v128.bitselect(a, b, i64x2.lt_s(a, b));
}

/** Finds the first rows in which columns are the extrema that stand in the context. */
function findRowsBy<In, V, I>(): Rows {
  return (
    from: usize, stride: isize, rows: u32, cols: u32, acc: usize, context: usize, fresh: bool, position: u32,
  ): void => {
    const lanes: u32 = 16 / <u32>sizeof<V>();
    const bytes = groupBytes(cols, sizeof<V>());
    const none = v128.splat<I>(<I>i32.MAX_VALUE);
    if (fresh) for (let at: usize = 0; at < bytes; at += 16) v128.store(acc + at, none);
    for (; rows; rows--, from += stride, position++) {
      const index = v128.splat<I>(<I>position);
      let p = from;
      for (let at: usize = 0; at < bytes; at += 16, p += lanes * <u32>sizeof<In>()) {
        if (sizeof<In>() == sizeof<V>()) {
          let c = context + at;
          while (
            at + 64 <= bytes &&
            !anyHit<V>(p, v128.load(c), v128.load(c, 16), v128.load(c, 32), v128.load(c, 48))
          ) {
            at += 64;
            p += 64;
            c += 64;
          }
          if (at >= bytes) break;
        }
        const found = hits<V>(read<In, V>(p), v128.load(context + at));
        if (v128.any_true(found)) {
          v128.store(acc + at, earlier<I>(v128.load(acc + at), v128.bitselect(index, none, found)));
        }
      }
    }
  };
}

/** Merges indices: the smaller ones stay. */
function mergeIndicesBy<I>(): Merge {
  return (from: usize, to: usize, bytes: usize): void => {
    for (const end = to + bytes; to != end; to += 16, from += 16) {
      v128.store(to, earlier<I>(v128.load(from), v128.load(to)));
    }
  };
}

/** Writes the indices and, where there is an operand before them, the values of `cols` outputs. */
function write(over: Reduction, begin: u32, cols: u32, indices: usize, width: usize): void {
  const to = over.operand - 1;
  let out = over.at(to, begin);
  let values = over.at(0, begin);
  let first = over.at(over.operand, begin);
  for (let i: u32 = 0; i < cols; i++) {
    const index = load<u32>(indices);
    if (to) {
      const from = first + offsetOf(over.block, over.operand, over.outer, over.rank, index);
      if (over.size == 4) store<u32>(values, load<u32>(from));
      else if (over.size == 8) store<u64>(values, load<u64>(from));
      else store<u8>(values, load<u8>(from));
    }
    store<u32>(out, index);
    indices += width;
    out += over.step(to);
    values += over.step(0);
    first += over.across;
  }
}

function extremumBy(
  block: usize, begin: u32, end: u32, operand: u32, size: usize, width: usize, run: Run, rows: Rows, merge: Merge,
  find: Find, findRows: Rows, mergeIndices: Merge,
): void {
  const over = reductionOf(0, block, operand, size, integer(block, 0));
  const acc = accumulators();
  const extrema = scratch() + KERNEL_SCRATCH;
  while (begin < end) {
    const cols = groupSize(over, begin, end, width);
    foldGroup(over, width, begin, cols, acc, run, rows, merge);
    memory.copy(extrema, acc, groupBytes(cols, width));
    const first = over.at(operand, begin);
    if (over.whole) {
      for (let position: u32 = 0; position < over.count; ) {
        const n = chunkLength(over, position);
        const index = find(chunkAt(over, first, position, n), n, extrema);
        if (index >= 0) {
          store<u32>(acc, position + index);
          break;
        }
        position += n;
      }
    } else {
      foldColumns(over, width, first, cols, extrema, findRows, mergeIndices);
    }
    write(over, begin, cols, acc, width);
    begin += cols;
  }
}

/** `V` are the lanes in which elements are compared, `I` integers as wide, `R` the fold of the extremum. */
@inline function extremum<In, V, I, R extends Fold<V>>(block: usize, begin: u32, end: u32, operand: u32): void {
  extremumBy(
    block, begin, end, operand, sizeof<In>(), sizeof<V>(), runBy<In, V, R>(), rowsBy<In, V, R>(), mergeBy<V, R>(),
    findBy<In>(), findRowsBy<In, V, I>(), mergeIndicesBy<I>(),
  );
}

/** Index of the largest element as int32: operands indices, input. */
export function argmax_f32_i32(block: usize, begin: u32, end: u32): void {
  extremum<f32, f32, i32, Max<f32>>(block, begin, end, 1);
}
export function argmax_f64_i32(block: usize, begin: u32, end: u32): void {
  extremum<f64, f64, i64, Max<f64>>(block, begin, end, 1);
}
export function argmax_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, i32, Max<i32>>(block, begin, end, 1);
}
export function argmax_i64_i32(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, i64, Max<i64>>(block, begin, end, 1);
}
export function argmax_u8_i32(block: usize, begin: u32, end: u32): void {
  extremum<u8, i32, i32, Max<i32>>(block, begin, end, 1);
}

/** Index of the smallest element as int32: operands indices, input. */
export function argmin_f32_i32(block: usize, begin: u32, end: u32): void {
  extremum<f32, f32, i32, Min<f32>>(block, begin, end, 1);
}
export function argmin_f64_i32(block: usize, begin: u32, end: u32): void {
  extremum<f64, f64, i64, Min<f64>>(block, begin, end, 1);
}
export function argmin_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, i32, Min<i32>>(block, begin, end, 1);
}
export function argmin_i64_i32(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, i64, Min<i64>>(block, begin, end, 1);
}
export function argmin_u8_i32(block: usize, begin: u32, end: u32): void {
  extremum<u8, i32, i32, Min<i32>>(block, begin, end, 1);
}

/** Largest element and its index: operands values, indices (int32), input. */
export function maxdim_f32(block: usize, begin: u32, end: u32): void {
  extremum<f32, f32, i32, Max<f32>>(block, begin, end, 2);
}
export function maxdim_f64(block: usize, begin: u32, end: u32): void {
  extremum<f64, f64, i64, Max<f64>>(block, begin, end, 2);
}
export function maxdim_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, i32, Max<i32>>(block, begin, end, 2);
}
export function maxdim_i64(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, i64, Max<i64>>(block, begin, end, 2);
}
export function maxdim_u8(block: usize, begin: u32, end: u32): void {
  extremum<u8, i32, i32, Max<i32>>(block, begin, end, 2);
}

/** Smallest element and its index: operands values, indices (int32), input. */
export function mindim_f32(block: usize, begin: u32, end: u32): void {
  extremum<f32, f32, i32, Min<f32>>(block, begin, end, 2);
}
export function mindim_f64(block: usize, begin: u32, end: u32): void {
  extremum<f64, f64, i64, Min<f64>>(block, begin, end, 2);
}
export function mindim_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, i32, Min<i32>>(block, begin, end, 2);
}
export function mindim_i64(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, i64, Min<i64>>(block, begin, end, 2);
}
export function mindim_u8(block: usize, begin: u32, end: u32): void {
  extremum<u8, i32, i32, Min<i32>>(block, begin, end, 2);
}
