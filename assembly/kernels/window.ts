// Windows sliding over up to three dims: unrolled into columns, and columns summed back. Convolution is these and gemm.
//
// The nest has the dims n, c, then the place in the window (kd, kh, kw), then the window's place (od, oh, ow). Strides of the
// image over the window's dims are given for steps of one element along d, h, w, over the places are not read. Parameters:
// 0–2 step from window to window, 3–5 dilation, 6–8 padding, 9–11 sizes of the image, each along d, h, w.
// Operands: columns (any strides, but neighbouring along ow), image (any strides).

import { integer, pointerOf, sizeOf, strideOf } from "../block";

const OD: u32 = 5;

/** First place along `axis` (0 to 2) whose element `k` of the window lies in the image. */
function firstPlace(block: usize, axis: u32, k: i32): i32 {
  const step = integer(block, axis);
  const missing = integer(block, 6 + axis) - k * integer(block, 3 + axis);
  return missing <= 0 ? 0 : min((missing + step - 1) / step, <i32>sizeOf(block, OD + axis));
}

/** One behind the last such place. */
function endPlace(block: usize, axis: u32, k: i32): i32 {
  const step = integer(block, axis);
  const last = integer(block, 9 + axis) - 1 + integer(block, 6 + axis) - k * integer(block, 3 + axis);
  return last < 0 ? 0 : min(last / step + 1, <i32>sizeOf(block, OD + axis));
}

/** Bytes from the first element of the image to element `k` of the window at place 0, which may lie in the padding. */
function offsetAt(block: usize, axis: u32, k: i32): isize {
  return strideOf(block, 1, 2 + axis) * (k * integer(block, 3 + axis) - integer(block, 6 + axis));
}

/** Bytes from one place to the next along `axis`. */
function pace(block: usize, axis: u32): isize {
  return strideOf(block, 1, 2 + axis) * integer(block, axis);
}

/** Copies n elements, `step` bytes apart, to neighbouring places. */
@inline function copyRun<T>(to: usize, from: usize, step: isize, n: i32): void {
  const size = <usize>sizeof<T>();
  if (step == <isize>size) {
    for (; n >= <i32>(16 / sizeof<T>()); n -= <i32>(16 / sizeof<T>()), to += 16, from += 16) v128.store(to, v128.load(from));
  }
  for (; n > 0; n--, to += size, from += step) store<T>(to, load<T>(from));
}

/** Copies n neighbouring elements. */
@inline function copyDense<T>(to: usize, from: usize, n: i32): void {
  const lanes = <i32>(16 / sizeof<T>());
  if (n >= lanes) {
    const last = <usize>(n - lanes) * sizeof<T>();
    // The last vector may overlap the one before it.
    const ending = v128.load(from + last);
    for (let i: usize = 0; i < last; i += 16) v128.store(to + i, v128.load(from + i));
    v128.store(to + last, ending);
    return;
  }
  for (; n > 0; n--, to += sizeof<T>(), from += sizeof<T>()) store<T>(to, load<T>(from));
}

@inline function zeroRun<T>(to: usize, n: i32): void {
  for (; n > 0; n--, to += sizeof<T>()) store<T>(to, <T>0);
}

/** columns[n, c, k, o] = image[n, c, o · step + k · dilation − padding], 0 outside. Range: planes of places, over n, c and k. */
function unroll<T>(block: usize, begin: u32, end: u32): void {
  const KD = sizeOf(block, 2), KH = sizeOf(block, 3), KW = sizeOf(block, 4), C = sizeOf(block, 1);
  const places = <i32>sizeOf(block, OD), rows = <i32>sizeOf(block, OD + 1), width = <i32>sizeOf(block, OD + 2);
  const paceD = pace(block, 0), paceH = pace(block, 1), paceW = pace(block, 2);
  const stepD = strideOf(block, 0, OD), stepH = strideOf(block, 0, OD + 1);
  const size = <isize>sizeof<T>();
  for (let at = begin; at < end; at++) {
    let rest = at;
    const kw = <i32>(rest % KW);
    rest /= KW;
    const kh = <i32>(rest % KH);
    rest /= KH;
    const kd = <i32>(rest % KD);
    rest /= KD;
    const c = rest % C, n = rest / C;
    let column = pointerOf(block, 0) + strideOf(block, 0, 0) * n + strideOf(block, 0, 1) * c + strideOf(block, 0, 2) * kd +
      strideOf(block, 0, 3) * kh + strideOf(block, 0, 4) * kw;
    const firstD = firstPlace(block, 0, kd), endD = endPlace(block, 0, kd);
    const firstH = firstPlace(block, 1, kh), endH = max(endPlace(block, 1, kh), firstH);
    const firstW = firstPlace(block, 2, kw), endW = max(endPlace(block, 2, kw), firstW);
    const count = endW - firstW;
    const image = pointerOf(block, 1) + strideOf(block, 1, 0) * n + strideOf(block, 1, 1) * c +
      offsetAt(block, 0, kd) + offsetAt(block, 1, kh) + offsetAt(block, 2, kw) + paceW * firstW;
    for (let d = 0; d < places; d++, column += stepD) {
      const plane = image + paceD * d;
      const isInside = d >= firstD && d < endD;
      let row = column;
      const first = isInside ? firstH : rows, last = isInside ? endH : rows;
      for (let h = 0; h < first; h++, row += stepH) zeroRun<T>(row, width);
      let from = plane + paceH * first;
      if (paceW == size && firstW == 0 && count == width) {
        for (let h = first; h < last; h++, row += stepH, from += paceH) copyDense<T>(row, from, count);
      } else {
        for (let h = first; h < last; h++, row += stepH, from += paceH) {
          zeroRun<T>(row, firstW);
          copyRun<T>(row + <usize>firstW * sizeof<T>(), from, paceW, count);
          zeroRun<T>(row + <usize>endW * sizeof<T>(), width - endW);
        }
      }
      for (let h = last; h < rows; h++, row += stepH) zeroRun<T>(row, width);
    }
  }
}
export function unroll_w4(block: usize, begin: u32, end: u32): void { unroll<u32>(block, begin, end); }
export function unroll_w8(block: usize, begin: u32, end: u32): void { unroll<u64>(block, begin, end); }

/** Adds n neighbouring elements to places `step` bytes apart. */
@inline function addRun<T>(to: usize, from: usize, step: isize, n: i32): void {
  const size = <usize>sizeof<T>();
  if (step == <isize>size) {
    for (; n >= <i32>(16 / sizeof<T>()); n -= <i32>(16 / sizeof<T>()), to += 16, from += 16) {
      v128.store(to, v128.add<T>(v128.load(to), v128.load(from)));
    }
  }
  for (; n > 0; n--, to += step, from += size) store<T>(to, (load<T>(to) + load<T>(from)) as T);
}

/**
 * The adjoint: adds every element of the columns to the place in the image that it came from. The image holds zeros, or what
 * is to be added to. Range: images, over n and c.
 */
function rollUp<T>(block: usize, begin: u32, end: u32): void {
  const KD = <i32>sizeOf(block, 2), KH = <i32>sizeOf(block, 3), KW = <i32>sizeOf(block, 4), C = sizeOf(block, 1);
  const paceD = pace(block, 0), paceH = pace(block, 1), paceW = pace(block, 2);
  const stepD = strideOf(block, 0, OD), stepH = strideOf(block, 0, OD + 1);
  for (let at = begin; at < end; at++) {
    const c = at % C, n = at / C;
    const columns = pointerOf(block, 0) + strideOf(block, 0, 0) * n + strideOf(block, 0, 1) * c;
    const image = pointerOf(block, 1) + strideOf(block, 1, 0) * n + strideOf(block, 1, 1) * c;
    for (let kd = 0; kd < KD; kd++) {
      const firstD = firstPlace(block, 0, kd), endD = endPlace(block, 0, kd);
      for (let kh = 0; kh < KH; kh++) {
        const firstH = firstPlace(block, 1, kh), endH = endPlace(block, 1, kh);
        for (let kw = 0; kw < KW; kw++) {
          const firstW = firstPlace(block, 2, kw), count = endPlace(block, 2, kw) - firstW;
          if (count <= 0) continue;
          const column = columns + strideOf(block, 0, 2) * kd + strideOf(block, 0, 3) * kh + strideOf(block, 0, 4) * kw +
            <usize>firstW * sizeof<T>();
          const start = image + offsetAt(block, 0, kd) + offsetAt(block, 1, kh) + offsetAt(block, 2, kw) + paceW * firstW;
          for (let d = firstD; d < endD; d++) {
            let to = start + paceD * d + paceH * firstH, from = column + stepD * d + stepH * firstH;
            for (let h = firstH; h < endH; h++, to += paceH, from += stepH) addRun<T>(to, from, paceW, count);
          }
        }
      }
    }
  }
}
export function roll_up_f32(block: usize, begin: u32, end: u32): void { rollUp<f32>(block, begin, end); }
export function roll_up_f64(block: usize, begin: u32, end: u32): void { rollUp<f64>(block, begin, end); }
