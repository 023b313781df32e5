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

/** Where `value` is larger than `best`, or NaN. */
@inline function wins(value: v128, best: v128): v128 {
  return v128.or(v128.gt<f32>(value, best), v128.ne<f32>(value, value));
}

/** Windows of 2 × 2 elements of float32, 2 from one to the next, four windows at a time; the last four may overlap others. */
function twoByTwo(windows: i32, out: usize, indices: usize, row: usize, byRow: usize, where: i32, nextRow: i32): void {
  const lanes = v128.add<i32>(i32x4(0, 2, 4, 6), v128.splat<i32>(where));
  const one = v128.splat<i32>(1), below = v128.splat<i32>(nextRow), beside = v128.splat<i32>(nextRow + 1);
  for (let w = 0; ; w = min(w + 4, windows - 4)) {
    const from = row + (<usize>w << 3);
    const left = v128.load(from), right = v128.load(from, 16);
    const lower = v128.load(from + byRow), lowest = v128.load(from + byRow, 16);
    const first = v128.add<i32>(lanes, v128.splat<i32>(w << 1));
    let best = v128.shuffle<u32>(left, right, 0, 2, 4, 6);
    let value = v128.shuffle<u32>(left, right, 1, 3, 5, 7);
    let won = wins(value, best);
    best = v128.bitselect(value, best, won);
    // A lane of `won` is 0 or −1.
    let place = v128.and(won, one);
    value = v128.shuffle<u32>(lower, lowest, 0, 2, 4, 6);
    won = wins(value, best);
    best = v128.bitselect(value, best, won);
    place = v128.bitselect(below, place, won);
    value = v128.shuffle<u32>(lower, lowest, 1, 3, 5, 7);
    won = wins(value, best);
    v128.store(out + (<usize>w << 2), v128.bitselect(value, best, won));
    v128.store(indices + (<usize>w << 2), v128.add<i32>(first, v128.bitselect(beside, place, won)));
    if (w == windows - 4) return;
  }
}

/** Four elements, `pace` bytes from one to the next. */
@inline function loadFour(from: usize, pace: usize): v128 {
  if (pace == 4) return v128.load(from);
  let four = v128.load32_zero(from);
  four = v128.load_lane<u32>(from + pace, four, 1);
  four = v128.load_lane<u32>(from + pace * 2, four, 2);
  return v128.load_lane<u32>(from + pace * 3, four, 3);
}

/**
 * Windows of float32 next to each other, four at a time, all of whose columns lie in the image: `windows` of them, whose rows
 * begin at `plane`, at index `where`. The last four may overlap the four before them.
 */
function rowOfMaxima(
  stride: i32, windows: i32, out: usize, indices: usize, plane: usize, where: i32, planes: i32, rows: i32,
  columns: i32, byPlane: usize, byRow: usize, byColumn: usize, nextPlane: i32, nextRow: i32, nextColumn: i32,
): void {
  const lanes = v128.mul<i32>(i32x4(0, 1, 2, 3), v128.splat<i32>(stride));
  const further = v128.splat<i32>(nextColumn);
  const pace = <usize>stride << 2;
  for (let w = 0; ; w = min(w + 4, windows - 4)) {
    const first = plane + pace * w;
    const index = where + stride * w;
    let best = loadFour(first, pace);
    let place = v128.add<i32>(v128.splat<i32>(index), lanes);
    for (let i = 0; i < planes; i++) {
      let row = first + byPlane * i;
      let at = v128.add<i32>(v128.splat<i32>(index + nextPlane * i), lanes);
      for (let j = rows; j > 0; j--, row += byRow) {
        let from = row;
        let here = at;
        for (let k = columns; k > 0; k--, from += byColumn) {
          const value = loadFour(from, pace);
          const won = wins(value, best);
          best = v128.bitselect(value, best, won);
          place = v128.bitselect(here, place, won);
          here = v128.add<i32>(here, further);
        }
        at = v128.add<i32>(at, v128.splat<i32>(nextRow));
      }
    }
    v128.store(out + (<usize>w << 2), best);
    v128.store(indices + (<usize>w << 2), place);
    if (w == windows - 4) return;
  }
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
  // Windows from `(padW + strideW - 1) / strideW` to here lie in the image with all their columns; where these lie next to each
  // other, and there are enough of them, four are taken at once.
  let last = 0;
  if (sizeof<T>() == 4 && strideW > 0 && sw == sizeof<T>() && width >= reachW - padW) {
    last = min((width - reachW + padW) / strideW + 1, W);
    if (last - (padW + strideW - 1) / strideW < 4) last = 0;
  }
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
        const planes = (d1 - d0 + stepD - 1) / stepD, rows = (h1 - h0 + stepH - 1) / stepH;
        let w = 0;
        for (; w < W; w++, out += sizeof<T>(), indices += 4) {
          const startW = startOf(w, strideW, padW, width, W);
          if (startW >= 0 && w < last && planes > 0 && rows > 0) {
            const windows = last - w;
            const row = corner + sw * startW, where = base + startW, columns = <i32>sizeOf(block, 4);
            const byD = sd * stepD, nextD = height * width * stepD, nextH = width * stepH;
            if (strideW == 2 && columns == 2 && stepW == 1 && rows == 2 && planes == 1) {
              twoByTwo(windows, out, indices, row, byH, where, nextH);
            } else {
              rowOfMaxima(
                strideW, windows, out, indices, row, where, planes, rows, columns, byD, byH, byW, nextD, nextH, stepW,
              );
            }
            w = last - 1;
            out += (windows - 1) << 2;
            indices += (windows - 1) << 2;
            continue;
          }
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
 * Operands image (contiguous), g, indices, over n, c and places: zeros, and each window's gradient added to the element that
 * its index names. Parameter 0: elements of a plane.
 */
function maximumBackward<T>(block: usize, begin: u32, end: u32): void {
  const C = sizeOf(block, 1), D = sizeOf(block, 2), H = sizeOf(block, 3), W = sizeOf(block, 4);
  const plane = <usize>integer(block, 0) * sizeof<T>();
  const step = strideOf(block, 1, 4), indexStep = strideOf(block, 2, 4);
  for (let at = begin; at < end; at++) {
    const n = at / C, c = at % C;
    const image = pointerOf(block, 0) + plane * at;
    const g = pointerOf(block, 1) + strideOf(block, 1, 0) * n + strideOf(block, 1, 1) * c;
    const indices = pointerOf(block, 2) + strideOf(block, 2, 0) * n + strideOf(block, 2, 1) * c;
    memory.fill(image, 0, plane);
    for (let d: u32 = 0; d < D; d++) {
      for (let h: u32 = 0; h < H; h++) {
        let from = g + strideOf(block, 1, 2) * d + strideOf(block, 1, 3) * h;
        let index = indices + strideOf(block, 2, 2) * d + strideOf(block, 2, 3) * h;
        for (let w = W; w > 0; w--, from += step, index += indexStep) {
          // A window without elements has an index outside the image.
          const to = <usize>load<u32>(index) * sizeof<T>();
          if (to < plane) store<T>(image + to, (load<T>(image + to) + load<T>(from)) as T);
        }
      }
    }
  }
}
export function max_pool_backward_f32(block: usize, begin: u32, end: u32): void {
  maximumBackward<f32>(block, begin, end);
}
export function max_pool_backward_f64(block: usize, begin: u32, end: u32): void {
  maximumBackward<f64>(block, begin, end);
}

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
