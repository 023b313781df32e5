// Scans along the last dim of a nest: running sums, products, extrema with their indices, log-sum-exp.
//
// All kernels here: the range is the flat index over all dims but the last. Operands are the results, then the input.
// The result may be the input itself.

import { read } from "../loops/fold";
import { accumulators, TILE } from "../loops/reduce";
import { Columns, columnsBy, Lines, linesBy, readPair, Running, scan, writePair } from "../loops/scan";
import { exp } from "../math/exp";
import { log } from "../math/log";
import { greatest, least } from "./reduce/folds";

@final class RunningSum<T> extends Running<T> {
  @inline start(): v128 { return i32x4.splat(0); }
  @inline step(carried: v128, x: v128): v128 { return v128.add<T>(carried, x); }
}
@final class RunningProduct<T> extends Running<T> {
  @inline start(): v128 { return v128.splat<T>(<T>1); }
  @inline step(carried: v128, x: v128): v128 { return v128.mul<T>(carried, x); }
}

@inline function running<T, Acc, R extends Running<Acc>>(block: usize, begin: u32, end: u32): void {
  scan(
    block, begin, end, 1, sizeof<T>(), sizeof<T>(), sizeof<Acc>(), linesBy<T, Acc, T, R>(), columnsBy<T, Acc, T, R>(),
    true,
  );
}

/** Running sum, one element after the other as PyTorch has it: float32 is carried in float64, int32 wraps. */
export function cumsum_f32(block: usize, begin: u32, end: u32): void {
  running<f32, f64, RunningSum<f64>>(block, begin, end);
}
export function cumsum_f64(block: usize, begin: u32, end: u32): void {
  running<f64, f64, RunningSum<f64>>(block, begin, end);
}
export function cumsum_i32(block: usize, begin: u32, end: u32): void {
  running<i32, i32, RunningSum<i32>>(block, begin, end);
}
export function cumsum_i64(block: usize, begin: u32, end: u32): void {
  running<i64, i64, RunningSum<i64>>(block, begin, end);
}

/** Running product: float32 is carried in float64, int32 wraps. */
export function cumprod_f32(block: usize, begin: u32, end: u32): void {
  running<f32, f64, RunningProduct<f64>>(block, begin, end);
}
export function cumprod_f64(block: usize, begin: u32, end: u32): void {
  running<f64, f64, RunningProduct<f64>>(block, begin, end);
}
export function cumprod_i32(block: usize, begin: u32, end: u32): void {
  running<i32, i32, RunningProduct<i32>>(block, begin, end);
}
export function cumprod_i64(block: usize, begin: u32, end: u32): void {
  running<i64, i64, RunningProduct<i64>>(block, begin, end);
}

/** The largest element so far. */
@final class Rising<T> {
  @inline start(): v128 { return v128.splat<T>(isFloat<T>() ? <T>-Infinity : least<T>()); }
  @inline reaches(x: v128, extremum: v128): v128 { return v128.ge<T>(x, extremum); }
}

/** The smallest element so far. */
@final class Falling<T> {
  @inline start(): v128 { return v128.splat<T>(isFloat<T>() ? <T>Infinity : greatest<T>()); }
  @inline reaches(x: v128, extremum: v128): v128 { return v128.le<T>(x, extremum); }
}

/** Lanes in which x takes over from the extremum so far: NaN always does, nothing else does from NaN. */
@inline function takesOver<T, O>(x: v128, extremum: v128): v128 {
  const reaches = changetype<O>(0).reaches(x, extremum);
  return isFloat<T>() ? v128.or(reaches, v128.ne<T>(x, x)) : reaches;
}

/** Indices, `I` as wide as the elements, as int32 in the low bytes. */
@inline function asIndices<I>(v: v128): v128 {
  return sizeof<I>() == 8 ? v128.shuffle<u32>(v, v, 0, 2, 0, 2) : v;
}

function extremumLinesBy<T, I, O>(): Lines {
  return (
    n: u32, a: usize, b: usize, stride: isize, to: usize, to2: usize, toStride: isize, also: usize, also2: usize,
    alsoStride: isize,
  ): void => {
    let extremum = changetype<O>(0).start(), index = v128.splat<I>(<I>0);
    for (let i: u32 = 0; i < n; i++) {
      const x = readPair<T, T>(a, b);
      const taken = takesOver<T, O>(x, extremum);
      extremum = v128.bitselect(x, extremum, taken);
      index = v128.bitselect(v128.splat<I>(<I>i), index, taken);
      writePair<T, T>(to, to2, extremum);
      writePair<i32, i32>(also, also2, asIndices<I>(index));
      a += stride;
      b += stride;
      to += toStride;
      to2 += toStride;
      also += alsoStride;
      also2 += alsoStride;
    }
  };
}

function extremumColumnsBy<T, I, O>(): Columns {
  return (
    n: u32, cols: u32, from: usize, stride: isize, to: usize, toStride: isize, also: usize, alsoStride: isize,
  ): void => {
    const state = accumulators();
    const end = state + <usize>cols * sizeof<T>();
    for (let at = state; at != end; at += 16) v128.store(at, changetype<O>(0).start());
    for (let i: u32 = 0; i < n; i++, from += stride, to += toStride, also += alsoStride) {
      let p = from, q = to, r = also;
      for (let at = state; at != end; at += 16, p += 16, q += 16, r += 64 / <usize>sizeof<T>()) {
        const x = read<T, T>(p);
        let extremum = v128.load(at);
        const taken = takesOver<T, O>(x, extremum);
        extremum = v128.bitselect(x, extremum, taken);
        const index = v128.bitselect(v128.splat<I>(<I>i), v128.load(at, TILE), taken);
        v128.store(at, extremum);
        v128.store(at, index, TILE);
        v128.store(q, extremum);
        if (sizeof<T>() == 4) v128.store(r, index);
        else v128.store_lane<u64>(r, asIndices<I>(index), 0);
      }
    }
  };
}

@inline function extremum<T, I, O>(block: usize, begin: u32, end: u32): void {
  scan(
    block, begin, end, 2, sizeof<T>(), sizeof<T>(), sizeof<T>(), extremumLinesBy<T, I, O>(),
    extremumColumnsBy<T, I, O>(), true,
  );
}

/** Running maximum: operands values, indices (int32), input. The latest of equal elements counts; NaN stays. */
export function cummax_f32(block: usize, begin: u32, end: u32): void {
  extremum<f32, i32, Rising<f32>>(block, begin, end);
}
export function cummax_f64(block: usize, begin: u32, end: u32): void {
  extremum<f64, i64, Rising<f64>>(block, begin, end);
}
export function cummax_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, Rising<i32>>(block, begin, end);
}
export function cummax_i64(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, Rising<i64>>(block, begin, end);
}

/** Running minimum: operands values, indices (int32), input. The latest of equal elements counts; NaN stays. */
export function cummin_f32(block: usize, begin: u32, end: u32): void {
  extremum<f32, i32, Falling<f32>>(block, begin, end);
}
export function cummin_f64(block: usize, begin: u32, end: u32): void {
  extremum<f64, i64, Falling<f64>>(block, begin, end);
}
export function cummin_i32(block: usize, begin: u32, end: u32): void {
  extremum<i32, i32, Falling<i32>>(block, begin, end);
}
export function cummin_i64(block: usize, begin: u32, end: u32): void {
  extremum<i64, i64, Falling<i64>>(block, begin, end);
}

/** log Σ eˣ with x, from the largest x before, m, and Σ e^(x − m), which are carried in scratch memory. */
function logSumExp(x: v128): v128 {
  const m = v128.load(accumulators()), s = v128.load(accumulators(), 16);
  // Equal infinities have no difference; NaN has, and stays in the sum.
  const distance = v128.andnot(f64x2.abs(f64x2.sub(m, x)), f64x2.eq(m, x));
  const e = exp<f64>(f64x2.neg(distance)), one = f64x2.splat(1);
  const larger = f64x2.gt(x, m);
  const sum = f64x2.add(f64x2.mul(s, v128.bitselect(e, one, larger)), v128.bitselect(one, e, larger));
  const largest = v128.bitselect(x, m, larger);
  v128.store(accumulators(), largest);
  v128.store(accumulators(), sum, 16);
  return f64x2.add(largest, log<f64>(sum));
}

function logSumExpLinesBy<T>(): Lines {
  return (
    n: u32, a: usize, b: usize, stride: isize, to: usize, to2: usize, toStride: isize, also: usize, also2: usize,
    alsoStride: isize,
  ): void => {
    v128.store(accumulators(), f64x2.splat(-Infinity));
    v128.store(accumulators(), f64x2.splat(0), 16);
    for (; n; n--, a += stride, b += stride, to += toStride, to2 += toStride) {
      writePair<f64, T>(to, to2, logSumExp(readPair<T, f64>(a, b)));
    }
  };
}

/** Running log Σ eˣ, carried in float64. */
export function logcumsumexp_f32(block: usize, begin: u32, end: u32): void {
  const columns = columnsBy<f32, f64, f32, RunningSum<f64>>();
  scan(block, begin, end, 1, 4, 4, 8, logSumExpLinesBy<f32>(), columns, false);
}
export function logcumsumexp_f64(block: usize, begin: u32, end: u32): void {
  const columns = columnsBy<f64, f64, f64, RunningSum<f64>>();
  scan(block, begin, end, 1, 8, 8, 8, logSumExpLinesBy<f64>(), columns, false);
}
