// Binary search in sorted rows.

import { integer } from "../block";
import { along } from "../loops/runs";
import { addressHere, colsHere, colStride, nextRectangle, operandsOf, rowsHere, rowStride, startWalk } from "../loops/walk";

/** Address of the element of a sorted row at a position, perhaps by way of a list of positions. */
@inline function placeOf(row: usize, stride: isize, sorter: usize, step: isize, at: u32): usize {
  return row + along(sorter ? load<u32>(sorter + along(at, step)) : at, stride);
}

function search<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = <u32>integer(block, 0);
  const stride = <isize>integer(block, 1);
  const right = integer(block, 2);
  const step = <isize>integer(block, 3);
  const operands = operandsOf(block);
  const sorts = operands == 4;
  startWalk(block, operands, begin, end);
  while (nextRectangle(block)) {
    const rows = rowsHere(), cols = colsHere();
    for (let r: u32 = 0; r < rows; r++) {
      let out = addressHere(0) + along(r, rowStride(block, 0));
      let from = addressHere(1) + along(r, rowStride(block, 1));
      let row = addressHere(2) + along(r, rowStride(block, 2));
      let sorter = sorts ? addressHere(3) + along(r, rowStride(block, 3)) : 0;
      for (let c: u32 = 0; c < cols; c++) {
        const x = load<T>(from);
        let low: u32 = 0, high = n;
        while (low < high) {
          const middle = (low + high) >> 1;
          const y = load<T>(placeOf(row, stride, sorter, step, middle));
          // NaN is greater than everything: it goes to the end.
          if (right ? y > x : y >= x) high = middle;
          else low = middle + 1;
        }
        store<u32>(out, low);
        out += colStride(block, 0);
        from += colStride(block, 1);
        row += colStride(block, 2);
        if (sorts) sorter += colStride(block, 3);
      }
    }
  }
}

/**
 * Where an element belongs in a sorted row: the number of elements in it that are less, or not greater, as int32.
 * Operands out (int32), values, first elements of the rows (stride 0 over dims that share a row), and perhaps first
 * elements of rows of int32 that tell the order of unsorted ones. Parameters: 0 size of a row, 1 its byte stride, 2
 * whether equal elements come before (1) or behind (0), 3 byte stride of a row of the last operand. Range: elements.
 */
export function searchsorted_f32_i32(block: usize, begin: u32, end: u32): void { search<f32>(block, begin, end); }
export function searchsorted_f64_i32(block: usize, begin: u32, end: u32): void { search<f64>(block, begin, end); }
export function searchsorted_i64_i32(block: usize, begin: u32, end: u32): void { search<i64>(block, begin, end); }
export function searchsorted_i32(block: usize, begin: u32, end: u32): void { search<i32>(block, begin, end); }
