// Pooling: the largest element or the average of windows, regular ones or ones that divide the image evenly.
//
// The nest is that of `window.ts`, as are parameters 0–11; adaptive windows (parameter 12 is 1) take their bounds from the sizes
// of image and result alone. Range: planes, over n and c. Results are contiguous.

import { integer, parameter, pointerOf, sizeOf, strideOf } from "../block";

const OD: u32 = 5;

/** First element of window `o`; may lie in the padding. Adaptive windows have stride 0. */
@inline function startOf(o: i32, stride: i32, padding: i32, size: i32, places: i32): i32 {
  return stride ? o * stride - padding : <i32>(<i64>o * <i64>size / <i64>places);
}

/** One behind the last element of window `o`; may lie in the padding. */
@inline function endOf(o: i32, start: i32, stride: i32, reach: i32, size: i32, places: i32): i32 {
  return stride ? start + reach : <i32>((<i64>(o + 1) * <i64>size + <i64>places - 1) / <i64>places);
}

/** The first element of a window that lies in the image. */
@inline function inside(start: i32, by: i32): i32 {
  return start >= 0 ? start : start + (by - 1 - start) / by * by;
}

/** Step from window to window along an axis; 0 where windows are adaptive. */
function strideAlong(block: usize, axis: u32): i32 {
  return integer(block, 12) != 0 ? 0 : integer(block, axis);
}

/** Elements from the first to behind the last of a regular window. */
function reachAlong(block: usize, axis: u32): i32 {
  return (<i32>sizeOf(block, 2 + axis) - 1) * integer(block, 3 + axis) + 1;
}

/** Operands out, indices (int32, flat in the image), x: the first largest element of each window; NaN wins. */
function maximum<T>(block: usize, begin: u32, end: u32): void {
  const C = sizeOf(block, 1);
  const D = <i32>sizeOf(block, OD), H = <i32>sizeOf(block, OD + 1), W = <i32>sizeOf(block, OD + 2);
  const depth = integer(block, 9), height = integer(block, 10), width = integer(block, 11);
  const stepD = integer(block, 3), stepH = integer(block, 4), stepW = integer(block, 5);
  const strideD = strideAlong(block, 0), strideH = strideAlong(block, 1), strideW = strideAlong(block, 2);
  const padD = integer(block, 6), padH = integer(block, 7), padW = integer(block, 8);
  const reachD = reachAlong(block, 0), reachH = reachAlong(block, 1), reachW = reachAlong(block, 2);
  const sd = strideOf(block, 2, 2), sh = strideOf(block, 2, 3), sw = strideOf(block, 2, 4);
  const byH = sh * stepH, byW = sw * stepW;
  for (let at = begin; at < end; at++) {
    const first = <usize>at * D * H * W;
    let out = pointerOf(block, 0) + first * sizeof<T>(), indices = pointerOf(block, 1) + (first << 2);
    const x = pointerOf(block, 2) + strideOf(block, 2, 0) * (at / C) + strideOf(block, 2, 1) * (at % C);
    for (let d = 0; d < D; d++) {
      const startD = startOf(d, strideD, padD, depth, D);
      const d0 = inside(startD, stepD), d1 = min(endOf(d, startD, strideD, reachD, depth, D), depth);
      for (let h = 0; h < H; h++) {
        const startH = startOf(h, strideH, padH, height, H);
        const h0 = inside(startH, stepH), h1 = min(endOf(h, startH, strideH, reachH, height, H), height);
        const corner = x + sd * d0 + sh * h0;
        const base = (d0 * height + h0) * width;
        for (let w = 0; w < W; w++, out += sizeof<T>(), indices += 4) {
          const startW = startOf(w, strideW, padW, width, W);
          const w0 = inside(startW, stepW), w1 = min(endOf(w, startW, strideW, reachW, width, W), width);
          let where = base + w0;
          if (d0 >= d1 || h0 >= h1 || w0 >= w1) {
            store<T>(out, <T>-Infinity);
            store<i32>(indices, where);
            continue;
          }
          // Which element wins is anybody's guess, so no branches: its address is chosen, not its value.
          let plane = corner + sw * w0;
          let best = plane;
          for (let i = d0; i < d1; i += stepD, plane += sd * stepD) {
            let row = plane;
            for (let j = h0; j < h1; j += stepH, row += byH) {
              let from = row;
              let index = (i * height + j) * width + w0;
              for (let k = w0; k < w1; k += stepW, from += byW, index += stepW) {
                const value = load<T>(from);
                const wins = i32(value > load<T>(best)) | i32(value != value);
                best = select<usize>(from, best, wins);
                where = select<i32>(index, where, wins);
              }
            }
          }
          store<T>(out, load<T>(best));
          store<i32>(indices, where);
        }
      }
    }
  }
}
export function max_pool_f32(block: usize, begin: u32, end: u32): void { maximum<f32>(block, begin, end); }
export function max_pool_f64(block: usize, begin: u32, end: u32): void { maximum<f64>(block, begin, end); }

/**
 * Operands out, x. Forward: the average of each window, the sum divided by parameter 14 or, where that is 0, by the number of
 * elements, with those of the padding where parameter 13 is 1. Otherwise the adjoint, operands g (contiguous) and image, to
 * which each window's share is added.
 */
@inline function average<T>(block: usize, begin: u32, end: u32, forward: bool): void {
  const C = sizeOf(block, 1);
  const D = <i32>sizeOf(block, OD), H = <i32>sizeOf(block, OD + 1), W = <i32>sizeOf(block, OD + 2);
  const depth = integer(block, 9), height = integer(block, 10), width = integer(block, 11);
  const strideD = strideAlong(block, 0), strideH = strideAlong(block, 1), strideW = strideAlong(block, 2);
  const padD = integer(block, 6), padH = integer(block, 7), padW = integer(block, 8);
  const reachD = reachAlong(block, 0), reachH = reachAlong(block, 1), reachW = reachAlong(block, 2);
  const sd = strideOf(block, 1, 2), sh = strideOf(block, 1, 3), sw = strideOf(block, 1, 4);
  const counts = integer(block, 13) != 0;
  const given = parameter(block, 14);
  for (let at = begin; at < end; at++) {
    let out = pointerOf(block, 0) + <usize>at * D * H * W * sizeof<T>();
    const x = pointerOf(block, 1) + strideOf(block, 1, 0) * (at / C) + strideOf(block, 1, 1) * (at % C);
    for (let d = 0; d < D; d++) {
      const startD = startOf(d, strideD, padD, depth, D), stopD = endOf(d, startD, strideD, reachD, depth, D);
      const d0 = max(startD, 0), d1 = min(stopD, depth);
      for (let h = 0; h < H; h++) {
        const startH = startOf(h, strideH, padH, height, H), stopH = endOf(h, startH, strideH, reachH, height, H);
        const h0 = max(startH, 0), h1 = min(stopH, height);
        const outer = counts ? (min(stopD, depth + padD) - startD) * (min(stopH, height + padH) - startH) : (d1 - d0) * (h1 - h0);
        const corner = x + sd * d0 + sh * h0;
        for (let w = 0; w < W; w++, out += sizeof<T>()) {
          const startW = startOf(w, strideW, padW, width, W), stopW = endOf(w, startW, strideW, reachW, width, W);
          const w0 = max(startW, 0), w1 = min(stopW, width);
          const elements = outer * (counts ? min(stopW, width + padW) - startW : w1 - w0);
          const by = <T>(given != 0 ? given : <f64>elements);
          let sum: T = 0;
          const share: T = forward ? 0 : (load<T>(out) / by) as T;
          let plane = corner + sw * w0;
          for (let i = d0; i < d1; i++, plane += sd) {
            let row = plane;
            for (let j = h0; j < h1; j++, row += sh) {
              let from = row;
              for (let k = w0; k < w1; k++, from += sw) {
                if (forward) sum = (sum + load<T>(from)) as T;
                else store<T>(from, (load<T>(from) + share) as T);
              }
            }
          }
          if (forward) store<T>(out, (sum / by) as T);
        }
      }
    }
  }
}
export function avg_pool_f32(block: usize, begin: u32, end: u32): void { average<f32>(block, begin, end, true); }
export function avg_pool_f64(block: usize, begin: u32, end: u32): void { average<f64>(block, begin, end, true); }
export function avg_pool_backward_f32(block: usize, begin: u32, end: u32): void { average<f32>(block, begin, end, false); }
export function avg_pool_backward_f64(block: usize, begin: u32, end: u32): void { average<f64>(block, begin, end, false); }
