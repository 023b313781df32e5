// Pooling: the largest element or the average of windows, regular ones or ones that divide the image evenly.
//
// The nest is that of `window.ts`, as are parameters 0–11; adaptive windows (parameter 12 is 1) take their bounds from the sizes
// of image and result alone. Range: planes, over n and c. Results are contiguous.

import { integer, parameter, pointerOf, sizeOf, strideOf } from "../block";

const OD: u32 = 5;

@inline function isAdaptive(block: usize): bool {
  return integer(block, 12) != 0;
}

/** First element of window `o` along an axis; may lie in the padding. */
@inline function startOf(block: usize, axis: u32, o: i32): i32 {
  if (isAdaptive(block)) return <i32>(<i64>o * integer(block, 9 + axis) / <i64>sizeOf(block, OD + axis));
  return o * integer(block, axis) - integer(block, 6 + axis);
}

/** One behind the last element of window `o`; may lie in the padding. */
@inline function endOf(block: usize, axis: u32, o: i32): i32 {
  const places = <i64>sizeOf(block, OD + axis);
  if (isAdaptive(block)) return <i32>((<i64>(o + 1) * integer(block, 9 + axis) + places - 1) / places);
  return startOf(block, axis, o) + (<i32>sizeOf(block, 2 + axis) - 1) * integer(block, 3 + axis) + 1;
}

/** The first element of the window that lies in the image. */
@inline function inside(block: usize, axis: u32, start: i32): i32 {
  const by = integer(block, 3 + axis);
  return start >= 0 ? start : start + (by - 1 - start) / by * by;
}

/** Operands out, indices (int32, flat in the image), x: the first largest element of each window; NaN wins. */
function maximum<T>(block: usize, begin: u32, end: u32): void {
  const C = sizeOf(block, 1);
  const D = <i32>sizeOf(block, OD), H = <i32>sizeOf(block, OD + 1), W = <i32>sizeOf(block, OD + 2);
  const depth = integer(block, 9), height = integer(block, 10), width = integer(block, 11);
  const stepD = integer(block, 3), stepH = integer(block, 4), stepW = integer(block, 5);
  const sd = strideOf(block, 2, 2), sh = strideOf(block, 2, 3), sw = strideOf(block, 2, 4);
  for (let at = begin; at < end; at++) {
    const first = <usize>at * D * H * W;
    let out = pointerOf(block, 0) + first * sizeof<T>(), indices = pointerOf(block, 1) + (first << 2);
    const x = pointerOf(block, 2) + strideOf(block, 2, 0) * (at / C) + strideOf(block, 2, 1) * (at % C);
    for (let d = 0; d < D; d++) {
      const d0 = inside(block, 0, startOf(block, 0, d)), d1 = min(endOf(block, 0, d), depth);
      for (let h = 0; h < H; h++) {
        const h0 = inside(block, 1, startOf(block, 1, h)), h1 = min(endOf(block, 1, h), height);
        for (let w = 0; w < W; w++, out += sizeof<T>(), indices += 4) {
          const w0 = inside(block, 2, startOf(block, 2, w)), w1 = min(endOf(block, 2, w), width);
          let best: T = -Infinity;
          let where = (d0 * height + h0) * width + w0;
          for (let i = d0; i < d1; i += stepD) {
            for (let j = h0; j < h1; j += stepH) {
              const row = x + sd * i + sh * j;
              for (let k = w0; k < w1; k += stepW) {
                const value = load<T>(row + sw * k);
                if (value > best || value != value) {
                  best = value;
                  where = (i * height + j) * width + k;
                }
              }
            }
          }
          store<T>(out, best);
          store<i32>(indices, where);
        }
      }
    }
  }
}
export function max_pool_f32(block: usize, begin: u32, end: u32): void { maximum<f32>(block, begin, end); }
export function max_pool_f64(block: usize, begin: u32, end: u32): void { maximum<f64>(block, begin, end); }

/** What the sum of a window is divided by: parameter 14, or its elements, with the padding where parameter 13 is 1. */
@inline function divisor(block: usize, d: i32, h: i32, w: i32, inner: i32): f64 {
  const given = parameter(block, 14);
  if (given != 0) return given;
  if (integer(block, 13) == 0) return <f64>inner;
  let all: i32 = 1;
  all *= min(endOf(block, 0, d), integer(block, 9) + integer(block, 6)) - startOf(block, 0, d);
  all *= min(endOf(block, 1, h), integer(block, 10) + integer(block, 7)) - startOf(block, 1, h);
  all *= min(endOf(block, 2, w), integer(block, 11) + integer(block, 8)) - startOf(block, 2, w);
  return <f64>all;
}

/**
 * Operands out, x. Forward: the average of each window. Otherwise the adjoint, operands g (contiguous) and image, to which each
 * window's share is added.
 */
@inline function average<T>(block: usize, begin: u32, end: u32, forward: bool): void {
  const C = sizeOf(block, 1);
  const D = <i32>sizeOf(block, OD), H = <i32>sizeOf(block, OD + 1), W = <i32>sizeOf(block, OD + 2);
  const depth = integer(block, 9), height = integer(block, 10), width = integer(block, 11);
  const sd = strideOf(block, 1, 2), sh = strideOf(block, 1, 3), sw = strideOf(block, 1, 4);
  for (let at = begin; at < end; at++) {
    let out = pointerOf(block, 0) + <usize>at * D * H * W * sizeof<T>();
    const x = pointerOf(block, 1) + strideOf(block, 1, 0) * (at / C) + strideOf(block, 1, 1) * (at % C);
    for (let d = 0; d < D; d++) {
      const d0 = max(startOf(block, 0, d), 0), d1 = min(endOf(block, 0, d), depth);
      for (let h = 0; h < H; h++) {
        const h0 = max(startOf(block, 1, h), 0), h1 = min(endOf(block, 1, h), height);
        for (let w = 0; w < W; w++, out += sizeof<T>()) {
          const w0 = max(startOf(block, 2, w), 0), w1 = min(endOf(block, 2, w), width);
          const by = <T>divisor(block, d, h, w, (d1 - d0) * (h1 - h0) * (w1 - w0));
          let sum: T = 0;
          const share: T = forward ? 0 : (load<T>(out) / by) as T;
          for (let i = d0; i < d1; i++) {
            for (let j = h0; j < h1; j++) {
              let from = x + sd * i + sh * j + sw * w0;
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
