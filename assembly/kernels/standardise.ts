// Normalisation: layer, group, batch and root-mean-square norm are one computation over differently cut rows.
//
// x is contiguous with dims [S, R, K, L]; row r has the S · K · L elements of index r, which are standardised together. The
// factor and the summand of element (s, r, k, l) are w[(r mod G) · K + k] and b at the same place. So layer norm has S = L = 1
// and G = 1, group norm S = 1, batch norm K = 1 and G = R.
//
// All kernels: the nest is [R], the range is over rows. Parameters: 0 S, 1 K, 2 L, 3 G, 4 eps, 5 flags. Operands that a flag
// does not announce are left out at the end, or not read.

import { integer, parameter, pointerOf, sizeOf } from "../block";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Flags: there is w; there is b; mean and variance are given; elements are not centred (root mean square). */
const WEIGHT: i32 = 1;
const BIAS: i32 = 2;
const GIVEN: i32 = 4;
const RAW: i32 = 8;

/** Elements that are summed in lanes before the lanes are added up in float64. */
const STRETCH: u32 = 256;

@inline function lanesOf<T>(): u32 {
  return 16 / <u32>sizeof<T>();
}

@inline function splat<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/** The sum of the lanes. */
@inline function across<T>(v: v128): f64 {
  let sum = <f64>v128.extract_lane<T>(v, 0) + <f64>v128.extract_lane<T>(v, 1);
  if (sizeof<T>() == 4) sum += <f64>v128.extract_lane<T>(v, 2) + <f64>v128.extract_lane<T>(v, 3);
  return sum;
}

/** What a row's segment is made of; `at` is in bytes. */
abstract class Term {
  abstract many(x: v128, g: v128, w: v128, mean: v128, scale: v128): v128;
}
@final class Plain<T> extends Term {
  @inline many(x: v128, g: v128, w: v128, mean: v128, scale: v128): v128 { return x; }
}
@final class Squared<T> extends Term {
  @inline many(x: v128, g: v128, w: v128, mean: v128, scale: v128): v128 {
    const d = v128.sub<T>(x, mean);
    return v128.mul<T>(d, d);
  }
}
@final class Weighted<T> extends Term {
  @inline many(x: v128, g: v128, w: v128, mean: v128, scale: v128): v128 { return v128.mul<T>(g, w); }
}
@final class Projected<T> extends Term {
  @inline many(x: v128, g: v128, w: v128, mean: v128, scale: v128): v128 {
    return v128.mul<T>(v128.mul<T>(g, w), v128.mul<T>(v128.sub<T>(x, mean), scale));
  }
}

/** A vector of the n ≤ lanes elements at `at`, zeros behind them. */
@inline function part<T>(at: usize, n: u32): v128 {
  let v = v128.splat<T>(<T>0);
  if (n > 0) v = v128.replace_lane<T>(v, 0, load<T>(at));
  if (sizeof<T>() == 4) {
    if (n > 1) v = v128.replace_lane<T>(v, 1, load<T>(at + sizeof<T>()));
    if (n > 2) v = v128.replace_lane<T>(v, 2, load<T>(at + 2 * sizeof<T>()));
  }
  return v;
}

@inline function writePart<T>(at: usize, v: v128, n: u32): void {
  if (n > 0) store<T>(at, v128.extract_lane<T>(v, 0));
  if (sizeof<T>() == 4) {
    if (n > 1) store<T>(at + sizeof<T>(), v128.extract_lane<T>(v, 1));
    if (n > 2) store<T>(at + 2 * sizeof<T>(), v128.extract_lane<T>(v, 2));
  }
}

/** Keeps the first n lanes. */
@inline function firstLanes<T>(v: v128, n: u32): v128 {
  if (n < 1) v = v128.replace_lane<T>(v, 0, <T>0);
  if (n < 2) v = v128.replace_lane<T>(v, 1, <T>0);
  if (sizeof<T>() == 4) {
    if (n < 3) v = v128.replace_lane<T>(v, 2, <T>0);
    v = v128.replace_lane<T>(v, 3, <T>0);
  }
  return v;
}

/** Sums a term over n neighbouring elements; `step` is 16 where w advances with them, 0 where it is one vector. */
function run<T, R extends Term>(x: usize, g: usize, w: usize, step: usize, mean: v128, scale: v128, n: u32): f64 {
  const rule = changetype<R>(0);
  let total: f64 = 0;
  const lanes = lanesOf<T>();
  while (n >= lanes) {
    let left = min(n, STRETCH) & ~(lanes - 1);
    n -= left;
    let a = v128.splat<T>(<T>0), b = a;
    for (; left >= 2 * lanes; left -= 2 * lanes) {
      a = v128.add<T>(a, rule.many(v128.load(x), v128.load(g), v128.load(w), mean, scale));
      b = v128.add<T>(b, rule.many(v128.load(x, 16), v128.load(g, 16), v128.load(w + step), mean, scale));
      x += 32;
      g += 32;
      w += 2 * step;
    }
    if (left) {
      a = v128.add<T>(a, rule.many(v128.load(x), v128.load(g), v128.load(w), mean, scale));
      x += 16;
      g += 16;
      w += step;
    }
    total += across<T>(v128.add<T>(a, b));
  }
  if (n) {
    const weight = step ? part<T>(w, n) : v128.load(w);
    total += across<T>(firstLanes<T>(rule.many(part<T>(x, n), part<T>(g, n), weight, mean, scale), n));
  }
  return total;
}

/** Where a splat of w stands while a channel is worked on. */
@inline function splatAt(): usize {
  return scratch() + KERNEL_SCRATCH;
}

/** Sums a term over a row. */
function rowSum<T, R extends Term>(block: usize, r: u32, xs: u32, gs: u32, ws: u32, mean: f64, scale: f64): f64 {
  const S = <u32>integer(block, 0), K = <u32>integer(block, 1), L = <u32>integer(block, 2), G = <u32>integer(block, 3);
  const R = sizeOf(block, 0);
  const size = sizeof<T>();
  const n = K * L;
  const vm = splat<T>(mean), vs = splat<T>(scale);
  const weighs = (integer(block, 5) & WEIGHT) != 0 && ws != 0;
  const at = splatAt();
  v128.store(at, splat<T>(1));
  let total: f64 = 0;
  for (let s: u32 = 0; s < S; s++) {
    const from = <usize>(s * R + r) * n * size;
    const x = pointerOf(block, xs) + from, g = pointerOf(block, gs) + from;
    if (!weighs) {
      total += run<T, R>(x, g, at, 0, vm, vs, n);
      continue;
    }
    const w = pointerOf(block, ws) + <usize>((r % G) * K) * size;
    if (L == 1) {
      total += run<T, R>(x, g, w, 16, vm, vs, n);
      continue;
    }
    for (let k: u32 = 0; k < K; k++) {
      v128.store(at, v128.splat<T>(load<T>(w + <usize>k * size)));
      total += run<T, R>(x + <usize>k * L * size, g + <usize>k * L * size, at, 0, vm, vs, L);
    }
  }
  return total;
}

/** y = (x − mean) · scale · w + b for n neighbouring elements. */
function affine<T>(y: usize, x: usize, w: usize, b: usize, step: usize, mean: v128, scale: v128, n: u32): void {
  const lanes = lanesOf<T>();
  for (; n >= lanes; n -= lanes, x += 16, y += 16, w += step, b += step) {
    const h = v128.mul<T>(v128.sub<T>(v128.load(x), mean), scale);
    v128.store(y, v128.add<T>(v128.mul<T>(h, v128.load(w)), v128.load(b)));
  }
  if (n) {
    const h = v128.mul<T>(v128.sub<T>(part<T>(x, n), mean), scale);
    const weight = step ? part<T>(w, n) : v128.load(w), bias = step ? part<T>(b, n) : v128.load(b);
    writePart<T>(y, v128.add<T>(v128.mul<T>(h, weight), bias), n);
  }
}

@inline function scaleOf(variance: f64, eps: f64): f64 {
  return 1 / sqrt(variance + eps);
}

/**
 * Operands y, mean, variance (both [R], written, or read where GIVEN), x, w, b: y = (x − mean) / √(variance + eps) · w + b.
 * With RAW the mean is 0 and the variance the mean square.
 */
function standardise<T>(block: usize, begin: u32, end: u32): void {
  const S = <u32>integer(block, 0), K = <u32>integer(block, 1), L = <u32>integer(block, 2), G = <u32>integer(block, 3);
  const eps = parameter(block, 4);
  const flags = integer(block, 5);
  const R = sizeOf(block, 0);
  const size = sizeof<T>();
  const n = K * L;
  const count = <f64>S * <f64>n;
  const ones = splatAt() + 16, zeros = splatAt() + 32;
  for (let r = begin; r < end; r++) {
    let mean: f64 = 0, variance: f64 = 0;
    const offset = <usize>r * size;
    if (flags & GIVEN) {
      mean = <f64>load<T>(pointerOf(block, 1) + offset);
      variance = <f64>load<T>(pointerOf(block, 2) + offset);
    } else {
      if (!(flags & RAW)) mean = rowSum<T, Plain<T>>(block, r, 3, 3, 0, 0, 1) / count;
      variance = rowSum<T, Squared<T>>(block, r, 3, 3, 0, mean, 1) / count;
      store<T>(pointerOf(block, 1) + offset, <T>mean);
      store<T>(pointerOf(block, 2) + offset, <T>variance);
    }
    const vm = splat<T>(mean), vs = splat<T>(scaleOf(variance, eps));
    v128.store(ones, splat<T>(1));
    v128.store(zeros, splat<T>(0));
    const first = <usize>((r % G) * K) * size;
    const w = flags & WEIGHT ? pointerOf(block, 4) + first : 0;
    const b = flags & BIAS ? pointerOf(block, 5) + first : 0;
    for (let s: u32 = 0; s < S; s++) {
      const from = <usize>(s * R + r) * n * size;
      const y = pointerOf(block, 0) + from, x = pointerOf(block, 3) + from;
      if (L == 1 && w != 0 && b != 0) affine<T>(y, x, w, b, 16, vm, vs, n);
      else if (w == 0 && b == 0) affine<T>(y, x, ones, zeros, 0, vm, vs, n);
      else {
        for (let k: u32 = 0; k < K; k++) {
          v128.store(ones, w ? v128.splat<T>(load<T>(w + <usize>k * size)) : splat<T>(1));
          v128.store(zeros, b ? v128.splat<T>(load<T>(b + <usize>k * size)) : splat<T>(0));
          affine<T>(y + <usize>k * L * size, x + <usize>k * L * size, ones, zeros, 0, vm, vs, L);
        }
      }
    }
  }
}
export function standardise_f32(block: usize, begin: u32, end: u32): void { standardise<f32>(block, begin, end); }
export function standardise_f64(block: usize, begin: u32, end: u32): void { standardise<f64>(block, begin, end); }

/** d = scale · (g · w − c − (x − mean) · scale · e) for n neighbouring elements. */
function slopes<T>(d: usize, g: usize, x: usize, w: usize, step: usize, mean: v128, scale: v128, c: v128, e: v128, n: u32): void {
  const lanes = lanesOf<T>();
  while (n) {
    const few = n < lanes;
    const vx = few ? part<T>(x, n) : v128.load(x), vg = few ? part<T>(g, n) : v128.load(g);
    const vw = few && step ? part<T>(w, n) : v128.load(w);
    const h = v128.mul<T>(v128.mul<T>(v128.sub<T>(vx, mean), scale), e);
    const r = v128.mul<T>(scale, v128.sub<T>(v128.sub<T>(v128.mul<T>(vg, vw), c), h));
    if (few) {
      writePart<T>(d, r, n);
      return;
    }
    v128.store(d, r);
    n -= lanes;
    d += 16;
    g += 16;
    x += 16;
    w += step;
  }
}

/**
 * Gradient of x. Operands d, g, x, mean, variance, w: with h = (x − mean) · scale, scale = 1 / √(variance + eps), and averages
 * over the row, d = scale · (g · w − avg(g · w) − h · avg(g · w · h)); with RAW without the first average.
 */
function backward<T>(block: usize, begin: u32, end: u32): void {
  const S = <u32>integer(block, 0), K = <u32>integer(block, 1), L = <u32>integer(block, 2), G = <u32>integer(block, 3);
  const eps = parameter(block, 4);
  const flags = integer(block, 5);
  const R = sizeOf(block, 0);
  const size = sizeof<T>();
  const n = K * L;
  const count = <f64>S * <f64>n;
  const ones = splatAt() + 16;
  for (let r = begin; r < end; r++) {
    const mean = <f64>load<T>(pointerOf(block, 3) + <usize>r * size);
    const scale = scaleOf(<f64>load<T>(pointerOf(block, 4) + <usize>r * size), eps);
    const c = flags & RAW ? 0 : rowSum<T, Weighted<T>>(block, r, 2, 1, 5, mean, scale) / count;
    const e = rowSum<T, Projected<T>>(block, r, 2, 1, 5, mean, scale) / count;
    const vm = splat<T>(mean), vs = splat<T>(scale), vc = splat<T>(c), ve = splat<T>(e);
    const w = flags & WEIGHT ? pointerOf(block, 5) + <usize>((r % G) * K) * size : 0;
    v128.store(ones, splat<T>(1));
    for (let s: u32 = 0; s < S; s++) {
      const from = <usize>(s * R + r) * n * size;
      const d = pointerOf(block, 0) + from, g = pointerOf(block, 1) + from, x = pointerOf(block, 2) + from;
      if (w == 0) slopes<T>(d, g, x, ones, 0, vm, vs, vc, ve, n);
      else if (L == 1) slopes<T>(d, g, x, w, 16, vm, vs, vc, ve, n);
      else {
        for (let k: u32 = 0; k < K; k++) {
          const by = <usize>k * L * size;
          v128.store(ones, v128.splat<T>(load<T>(w + <usize>k * size)));
          slopes<T>(d + by, g + by, x + by, ones, 0, vm, vs, vc, ve, L);
        }
      }
    }
  }
}
export function standardise_backward_f32(block: usize, begin: u32, end: u32): void { backward<f32>(block, begin, end); }
export function standardise_backward_f64(block: usize, begin: u32, end: u32): void { backward<f64>(block, begin, end); }

/** Rows that are summed before they are added to the others; columns worked on at once. */
const ROWS: u32 = 64;
const COLUMNS: u32 = 512;

/**
 * Gradients of w and b where S = L = G = 1. Operands dw, db, g, x, mean, variance: dw[k] = Σᵣ g · (x − mean) · scale, db[k] = Σᵣ g.
 * The nest is [K], the range is over columns. Parameters: 0 R, 1 K, 4 eps.
 */
export function standardise_affine_f32(block: usize, begin: u32, end: u32): void {
  const R = <u32>integer(block, 0), K = <u32>integer(block, 1);
  const eps = parameter(block, 4);
  const mean = pointerOf(block, 4), variance = pointerOf(block, 5);
  const sums = scratch() + KERNEL_SCRATCH;
  const bias: usize = COLUMNS * 4, totals: usize = COLUMNS * 8;
  for (; begin < end; begin += COLUMNS) {
    const cols = min(COLUMNS, end - begin);
    const whole = <usize>(cols & ~3) << 2, bytes = <usize>cols << 2;
    memory.fill(sums, 0, COLUMNS * 16);
    for (let r: u32 = 0; r < R; ) {
      for (const last = min(R, r + ROWS); r < last; r++) {
        const from = (<usize>r * K + begin) << 2;
        const g = pointerOf(block, 2) + from, x = pointerOf(block, 3) + from;
        const m = load<f32>(mean + (<usize>r << 2));
        const s = <f32>scaleOf(<f64>load<f32>(variance + (<usize>r << 2)), eps);
        const vm = f32x4.splat(m), vs = f32x4.splat(s);
        for (let at: usize = 0; at < whole; at += 16) {
          const to = sums + at;
          const vg = v128.load(g + at);
          const h = f32x4.mul(f32x4.sub(v128.load(x + at), vm), vs);
          v128.store(to, f32x4.add(v128.load(to), f32x4.mul(vg, h)));
          v128.store(to, f32x4.add(v128.load(to, COLUMNS * 4), vg), COLUMNS * 4);
        }
        for (let at = whole; at < bytes; at += 4) {
          const to = sums + at;
          const y = load<f32>(g + at);
          store<f32>(to, load<f32>(to) + y * ((load<f32>(x + at) - m) * s));
          store<f32>(to + bias, load<f32>(to + bias) + y);
        }
      }
      for (let at: usize = 0; at < totals; at += 16) {
        v128.store(sums + totals + at, f32x4.add(v128.load(sums + totals + at), v128.load(sums + at)));
        v128.store(sums + at, f32x4.splat(0));
      }
    }
    memory.copy(pointerOf(block, 0) + (<usize>begin << 2), sums + totals, bytes);
    memory.copy(pointerOf(block, 1) + (<usize>begin << 2), sums + totals + bias, bytes);
  }
}
