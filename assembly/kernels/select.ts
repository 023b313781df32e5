// Compaction by a mask: where it is true, and the elements there, one behind the other.
//
// The order is the row-major one of the nest, so the dims of the nest are in their own order and the range is the whole
// nest in one piece. The mask is bool: any byte but 0 is true.

import { pointerOf, rankOf } from "../block";
import { along, copyRun } from "../loops/runs";
import {
  addressHere,
  colHere,
  colsHere,
  colStride,
  nextRectangle,
  outerHere,
  rowHere,
  rowsHere,
  rowStride,
  startWalk,
} from "../loops/walk";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Positions of a mask that are looked at together. */
const CHUNK: u32 = 4096;

/** Where the list of true positions is kept. */
@inline function list(): usize {
  return scratch() + KERNEL_SCRATCH;
}

/** Lists the positions among `n` ≤ CHUNK where a mask is true; returns their number. */
function trues(mask: usize, stride: isize, n: u32): u32 {
  let at = list();
  let i: u32 = 0;
  if (stride == 1) {
    for (; i + 16 <= n; i += 16) {
      let bits = <u32>i8x16.bitmask(i8x16.ne(v128.load(mask + i), i8x16.splat(0)));
      for (let first = i; bits; bits >>= 4, first += 4) {
        // Stores of positions that are not true are overwritten by the next one.
        store<u32>(at, first);
        at += (bits & 1) << 2;
        store<u32>(at, first + 1);
        at += (bits & 2) << 1;
        store<u32>(at, first + 2);
        at += bits & 4;
        store<u32>(at, first + 3);
        at += (bits & 8) >> 1;
      }
    }
  }
  let p = mask + along(i, stride);
  for (; i < n; i++) {
    store<u32>(at, i);
    at += <usize>(load<u8>(p) != 0) << 2;
    p += stride;
  }
  return <u32>(at - list()) >> 2;
}

/** Number of true elements among `n`. */
function countRun(mask: usize, stride: isize, n: u32): u32 {
  let count: u32 = 0;
  if (stride == 1) {
    for (; n >= 16; n -= 16) {
      count += popcnt<u32>(i8x16.bitmask(i8x16.ne(v128.load(mask), i8x16.splat(0))));
      mask += 16;
    }
  }
  for (; n; n--) {
    count += <u32>(load<u8>(mask) != 0);
    mask += stride;
  }
  return count;
}

/**
 * Counts the true elements of a mask: the result is the block's detail, with status 0.
 * Operand 0: the mask over any nest (order does not matter). Range: elements of the nest, in one piece.
 */
export function mask_count_u8(block: usize, begin: u32, end: u32): void {
  const down = rowStride(block, 0), right = colStride(block, 0);
  let count: u32 = 0;
  startWalk(block, 1, begin, end);
  while (nextRectangle(block)) {
    let mask = addressHere(0);
    const cols = colsHere();
    for (let rows = rowsHere(); rows; rows--) {
      count += countRun(mask, right, cols);
      mask += down;
    }
  }
  store<u32>(block, count, 12);
}

/**
 * Coordinates of the true elements of a mask, one row each, in row-major order.
 * Operands out (int32 [count, rank], dense; its strides in the block are not read), mask. The nest is the mask's dims,
 * none merged or left out. Range: all of the nest, in one piece. The count comes from `mask_count_u8`.
 */
export function nonzero_u8(block: usize, begin: u32, end: u32): void {
  const rank = rankOf(block);
  const down = rowStride(block, 1), right = colStride(block, 1);
  let out = pointerOf(block, 0);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    const rows = rowsHere(), cols = colsHere();
    for (let r: u32 = 0; r < rows; r++) {
      const mask = addressHere(1) + along(r, down);
      for (let c: u32 = 0; c < cols; c += CHUNK) {
        const count = trues(mask + along(c, right), right, min(CHUNK, cols - c));
        let at = list();
        for (let i: u32 = 0; i < count; i++) {
          for (let d: u32 = 0; d + 2 < rank; d++) {
            store<u32>(out, outerHere(d));
            out += 4;
          }
          if (rank > 1) {
            store<u32>(out, rowHere() + r);
            out += 4;
          }
          if (rank > 0) {
            store<u32>(out, colHere() + c + load<u32>(at));
            out += 4;
          }
          at += 4;
        }
      }
    }
  }
}

/** Elements of a strided run at the listed positions to dense places. */
function pick<T>(out: usize, from: usize, count: u32, stride: isize): void {
  let at = list();
  for (; count; count--) {
    store<T>(out, load<T>(from + along(load<u32>(at), stride)));
    out += sizeof<T>();
    at += 4;
  }
}

/** Dense elements to the listed positions of a strided run. */
function put<T>(out: usize, from: usize, count: u32, stride: isize): void {
  let at = list();
  for (; count; count--) {
    store<T>(out + along(load<u32>(at), stride), load<T>(from));
    from += sizeof<T>();
    at += 4;
  }
}

/** Moves the elements where the mask, operand 2, is true between the nest and the dense operand `dense`. */
@inline function compact<T>(block: usize, begin: u32, end: u32, dense: u32): void {
  const spread: u32 = 1 - dense;
  const size = <isize>sizeof<T>();
  const down = rowStride(block, spread), right = colStride(block, spread);
  const maskDown = rowStride(block, 2), maskRight = colStride(block, 2);
  let at = pointerOf(block, dense);
  startWalk(block, 3, begin, end);
  while (nextRectangle(block)) {
    const rows = rowsHere(), cols = colsHere();
    for (let r: u32 = 0; r < rows; r++) {
      const mask = addressHere(2) + along(r, maskDown), there = addressHere(spread) + along(r, down);
      for (let c: u32 = 0; c < cols; c += CHUNK) {
        const n = min(CHUNK, cols - c);
        const count = trues(mask + along(c, maskRight), maskRight, n);
        const place = there + along(c, right);
        if (dense == 0) {
          if (count == n) copyRun<T>(at, place, n, size, right);
          else pick<T>(at, place, count, right);
        } else {
          if (count == n) copyRun<T>(place, at, n, right, size);
          else put<T>(place, at, count, right);
        }
        at += along(count, size);
      }
    }
  }
}

/**
 * The elements of from where the mask is true, in row-major order, dtypes of 1 byte.
 * Operands out (dense [count]; its strides in the block are not read), from, mask, the last two broadcast to the nest,
 * whose dims are in their own order (merging is fine). Range: all of the nest, in one piece. The count comes from
 * `mask_count_u8` over the same nest.
 */
export function masked_select_w1(block: usize, begin: u32, end: u32): void {
  compact<u8>(block, begin, end, 0);
}
/** The elements where a mask is true, dtypes of 4 bytes; as `masked_select_w1`. */
export function masked_select_w4(block: usize, begin: u32, end: u32): void {
  compact<u32>(block, begin, end, 0);
}
/** The elements where a mask is true, dtypes of 8 bytes; as `masked_select_w1`. */
export function masked_select_w8(block: usize, begin: u32, end: u32): void {
  compact<u64>(block, begin, end, 0);
}

/**
 * Replaces the elements of out where the mask is true by those of from, one after the other, dtypes of 1 byte.
 * Operands out (holds a copy of the tensor), from (dense, at least as many elements as the mask has true ones over the
 * nest, to be checked with `mask_count_u8` before; its strides in the block are not read), mask broadcast to the nest,
 * whose dims are out's in their own order (merging is fine). Range: all of the nest, in one piece.
 */
export function masked_scatter_w1(block: usize, begin: u32, end: u32): void {
  compact<u8>(block, begin, end, 1);
}
/** Replaces the elements where a mask is true, dtypes of 4 bytes; as `masked_scatter_w1`. */
export function masked_scatter_w4(block: usize, begin: u32, end: u32): void {
  compact<u32>(block, begin, end, 1);
}
/** Replaces the elements where a mask is true, dtypes of 8 bytes; as `masked_scatter_w1`. */
export function masked_scatter_w8(block: usize, begin: u32, end: u32): void {
  compact<u64>(block, begin, end, 1);
}
