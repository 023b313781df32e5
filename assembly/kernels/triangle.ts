// Triangles, bands and diagonals of matrices: part of the source, zeros elsewhere.

import { integer } from "../block";
import { along, copyRun, fillRun } from "../loops/runs";
import {
  addressHere,
  colHere,
  colsHere,
  colStride,
  nextRectangle,
  rowHere,
  rowsHere,
  rowStride,
  startWalk,
} from "../loops/walk";

/** Columns that are kept of row i, counted from its element on the diagonal: those before, it, those behind. */
const BEFORE: u32 = 1;
const BEHIND: u32 = 2;

function band<T>(block: usize, begin: u32, end: u32, keep: u32): void {
  const diagonal = <i64>integer(block, 0);
  const outRow = rowStride(block, 0), fromRow = rowStride(block, 1);
  const outCol = colStride(block, 0), fromCol = colStride(block, 1);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    let out = addressHere(0), from = addressHere(1);
    const rows = rowsHere(), cols = colsHere();
    // The column on the diagonal, counted from the rectangle's first.
    let on = <i64>rowHere() + diagonal - <i64>colHere();
    for (let r: u32 = 0; r < rows; r++, on++) {
      const first = keep & BEFORE ? 0 : <u32>min(max(on, 0), <i64>cols);
      const last = keep & BEHIND ? cols : <u32>min(max(on + 1, 0), <i64>cols);
      const at = out + along(first, outCol);
      fillRun<T>(out, 0, first, outCol);
      copyRun<T>(at, from + along(first, fromCol), last - first, outCol, fromCol);
      fillRun<T>(out + along(last, outCol), 0, cols - last, outCol);
      out += outRow;
      from += fromRow;
    }
  }
}

/**
 * Lower triangles, dtypes of 1 byte: out[…, i, j] = from[…, i, j] where j ≤ i + diagonal, else 0.
 * Operands out, from; the last two dims of the nest are rows and columns, not merged with others. Range of elements
 * of the nest. Parameter 0: the diagonal (int32). out may be from.
 */
export function tril_w1(block: usize, begin: u32, end: u32): void {
  band<u8>(block, begin, end, BEFORE);
}
/** Lower triangles, dtypes of 4 bytes; as `tril_w1`. */
export function tril_w4(block: usize, begin: u32, end: u32): void {
  band<u32>(block, begin, end, BEFORE);
}
/** Lower triangles, dtypes of 8 bytes; as `tril_w1`. */
export function tril_w8(block: usize, begin: u32, end: u32): void {
  band<u64>(block, begin, end, BEFORE);
}

/** Upper triangles, dtypes of 1 byte: out[…, i, j] = from[…, i, j] where j ≥ i + diagonal, else 0; as `tril_w1`. */
export function triu_w1(block: usize, begin: u32, end: u32): void {
  band<u8>(block, begin, end, BEHIND);
}
/** Upper triangles, dtypes of 4 bytes; as `triu_w1`. */
export function triu_w4(block: usize, begin: u32, end: u32): void {
  band<u32>(block, begin, end, BEHIND);
}
/** Upper triangles, dtypes of 8 bytes; as `triu_w1`. */
export function triu_w8(block: usize, begin: u32, end: u32): void {
  band<u64>(block, begin, end, BEHIND);
}

/**
 * Only a diagonal, dtypes of 1 byte: out[…, i, j] = from[…, i, j] where j = i + diagonal, else 0; as `tril_w1`.
 * With the scalar 1 as from (all strides 0) this is eye; with a vector along the last dim, a diagonal matrix.
 */
export function eye_w1(block: usize, begin: u32, end: u32): void {
  band<u8>(block, begin, end, 0);
}
/** Only a diagonal, dtypes of 4 bytes; as `eye_w1`. */
export function eye_w4(block: usize, begin: u32, end: u32): void {
  band<u32>(block, begin, end, 0);
}
/** Only a diagonal, dtypes of 8 bytes; as `eye_w1`. */
export function eye_w8(block: usize, begin: u32, end: u32): void {
  band<u64>(block, begin, end, 0);
}
