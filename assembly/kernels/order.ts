// What needs order but is no sort of numbers: the most frequent element, and rows in lexicographic order.

import { integer, pointerOf } from "../block";
import { along } from "../loops/runs";
import { addressHere, colStride, nextRectangle, rowsHere, rowStride, startWalk, widthOf } from "../loops/walk";

function mode<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = widthOf(block);
  if (n == 0) return;
  const right2 = colStride(block, 2), right3 = colStride(block, 3);
  startWalk(block, 4, begin * n, end * n);
  while (nextRectangle(block)) {
    for (let row: u32 = 0, rows = rowsHere(); row < rows; row++) {
      let at = addressHere(2) + along(row, rowStride(block, 2));
      let index = addressHere(3) + along(row, rowStride(block, 3));
      let most: u32 = 0, length: u32 = 0, place: u32 = 0;
      let found: T = 0;
      for (let i: u32 = 0; i < n; i++) {
        const x = load<T>(at);
        at += right2;
        length++;
        if (i + 1 == n || load<T>(at) != x) {
          if (length > most) {
            most = length;
            found = x;
            place = load<u32>(index);
          }
          length = 0;
        }
        index += right3;
      }
      store<T>(addressHere(0) + along(row, rowStride(block, 0)), found);
      store<u32>(addressHere(1) + along(row, rowStride(block, 1)), place);
    }
  }
}

/**
 * The most frequent element of each sorted row, the smallest of several, and where the last of its like was before
 * sorting. Operands values and indices (int32), both with stride 0 over the last dim, then the sorted rows and where
 * their elements were (int32). Range: the flat index over all dims but the last. Each NaN counts for itself.
 */
export function mode_f32(block: usize, begin: u32, end: u32): void { mode<f32>(block, begin, end); }
export function mode_f64(block: usize, begin: u32, end: u32): void { mode<f64>(block, begin, end); }
export function mode_i32(block: usize, begin: u32, end: u32): void { mode<i32>(block, begin, end); }
export function mode_i64(block: usize, begin: u32, end: u32): void { mode<i64>(block, begin, end); }

/** Whether row `a` comes before row `b`, both of `m` elements. */
function before<T extends number>(a: usize, b: usize, m: u32): bool {
  for (; m; m--, a += sizeof<T>(), b += sizeof<T>()) {
    const x = load<T>(a), y = load<T>(b);
    if (x < y) return true;
    if (x > y) return false;
  }
  return false;
}

/** Merges the lists [from, middle) and [middle, end) of row numbers into `to`. */
function merge<T extends number>(rows: usize, m: u32, from: usize, middle: usize, end: usize, to: usize): void {
  const bytes = <isize>m * <isize>sizeof<T>();
  let a = from, b = middle;
  for (; a < middle || b < end; to += 4) {
    let next: u32;
    if (a == middle) {
      next = load<u32>(b);
      b += 4;
    } else if (b == end) {
      next = load<u32>(a);
      a += 4;
    } else if (before<T>(rows + along(load<u32>(b), bytes), rows + along(load<u32>(a), bytes), m)) {
      next = load<u32>(b);
      b += 4;
    } else {
      next = load<u32>(a);
      a += 4;
    }
    store<u32>(to, next);
  }
}

/** Merge sort from lists of one row up, stable. */
function sortRows<T extends number>(block: usize): void {
  const n = <u32>integer(block, 0), m = <u32>integer(block, 1);
  const order = pointerOf(block, 0), rows = pointerOf(block, 1);
  let from = order, to = pointerOf(block, 2);
  for (let i: u32 = 0; i < n; i++) store<u32>(from + along(i, 4), i);
  for (let width: u32 = 1; width < n; width *= 2) {
    for (let i: u32 = 0; i < n; i += 2 * width) {
      const middle = min(i + width, n), end = min(i + 2 * width, n);
      merge<T>(rows, m, from + along(i, 4), from + along(middle, 4), from + along(end, 4), to + along(i, 4));
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != order) memory.copy(order, from, along(n, 4));
}

/**
 * The numbers of rows in lexicographic order, stable. Operands order (int32 [n]), rows (dense [n, m]), and n more int32
 * of temporary memory; strides are not read. Parameters n, m. In one piece; the range is not read.
 */
export function sort_rows_f32(block: usize, begin: u32, end: u32): void { sortRows<f32>(block); }
export function sort_rows_f64(block: usize, begin: u32, end: u32): void { sortRows<f64>(block); }
export function sort_rows_i32(block: usize, begin: u32, end: u32): void { sortRows<i32>(block); }
export function sort_rows_i64(block: usize, begin: u32, end: u32): void { sortRows<i64>(block); }
