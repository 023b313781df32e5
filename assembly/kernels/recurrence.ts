// First-order linear recurrences along the last dim of a nest: what the derivatives of running products are made of.

import { along } from "../loops/runs";
import { addressHere, colStride, nextRectangle, rowsHere, rowStride, startWalk, widthOf } from "../loops/walk";

function recurrence<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = widthOf(block);
  if (n == 0) return;
  const down0 = rowStride(block, 0), down1 = rowStride(block, 1), down2 = rowStride(block, 2);
  const right0 = colStride(block, 0), right1 = colStride(block, 1), right2 = colStride(block, 2);
  startWalk(block, 3, begin * n, end * n);
  while (nextRectangle(block)) {
    for (let row: u32 = 0, rows = rowsHere(); row < rows; row++) {
      let out = addressHere(0) + along(row, down0);
      let a = addressHere(1) + along(row, down1);
      let b = addressHere(2) + along(row, down2);
      let carried = <f64>load<T>(b);
      store<T>(out, <T>carried);
      for (let k: u32 = 1; k < n; k++) {
        out += right0;
        a += right1;
        b += right2;
        carried = <f64>load<T>(b) + <f64>load<T>(a) * carried;
        store<T>(out, <T>carried);
      }
    }
  }
}

/**
 * s[k] = b[k] + a[k]·s[k − 1] along the last dim, from s[0] = b[0] on; a[0] is not read. Operands s, a, b; s may be b.
 * Range: the flat index over the other dims. float32 is carried in float64.
 */
export function recurrence_f32(block: usize, begin: u32, end: u32): void { recurrence<f32>(block, begin, end); }
export function recurrence_f64(block: usize, begin: u32, end: u32): void { recurrence<f64>(block, begin, end); }
