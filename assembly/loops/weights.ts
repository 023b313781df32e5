// Rows of neighbouring float32 numbers and their exponentials, for what is normalised by the sum of these.

import { expOfNegative } from "../math/exp";
import { Max, Min } from "../kernels/reduce/folds";
import { scratch } from "../memory/scratch";
import { firstLanes, readPart, runBy } from "./fold";

const LANES: u32 = 4;

/** The largest of x · factor for n neighbouring numbers; NaN if there is one. Works in the start of what loops work in. */
export function largest(row: usize, n: u32, factor: f64): f64 {
  if (n == 0) return -Infinity;
  // Rounding keeps the order, so the factor can come last.
  const run = factor < 0 ? runBy<f32, f32, Min<f32>>() : runBy<f32, f32, Max<f32>>();
  run(row, n, scratch(), scratch());
  return <f64>(load<f32>(scratch()) * <f32>factor);
}

/**
 * to = e^(x · factor − least) for n numbers, and zeros up to `width`; gives the sum. Writes whole vectors, and may
 * work in place.
 */
export function exponentials(from: usize, to: usize, n: u32, width: u32, by: f64, least: f64): f64 {
  const factor = f32x4.splat(<f32>by), shift = f32x4.splat(<f32>least);
  const end = to + (<usize>((width + LANES - 1) & ~(LANES - 1)) << 2);
  let a = f32x4.splat(0), b = a;
  for (; n >= 2 * LANES; n -= 2 * LANES, from += 32, to += 32) {
    const x = expOfNegative<f32>(f32x4.sub(f32x4.mul(v128.load(from), factor), shift));
    const y = expOfNegative<f32>(f32x4.sub(f32x4.mul(v128.load(from, 16), factor), shift));
    v128.store(to, x);
    v128.store(to, y, 16);
    a = f32x4.add(a, x);
    b = f32x4.add(b, y);
  }
  for (; n; from += 16, to += 16) {
    const own = n < LANES ? readPart<f32, f32>(from, n) : v128.load(from);
    let x = expOfNegative<f32>(f32x4.sub(f32x4.mul(own, factor), shift));
    if (n < LANES) x = v128.and(x, firstLanes<f32>(n));
    v128.store(to, x);
    a = f32x4.add(a, x);
    n -= min(n, LANES);
  }
  for (; to < end; to += 16) v128.store(to, f32x4.splat(0));
  a = f32x4.add(a, b);
  const sum = <f64>f32x4.extract_lane(a, 0) + <f64>f32x4.extract_lane(a, 1);
  return sum + <f64>f32x4.extract_lane(a, 2) + <f64>f32x4.extract_lane(a, 3);
}

/** to = x · f for n numbers; may work in place. */
export function rescale(from: usize, to: usize, n: u32, f: f64): void {
  const factor = f32x4.splat(<f32>f);
  for (; n >= LANES; n -= LANES, from += 16, to += 16) v128.store(to, f32x4.mul(v128.load(from), factor));
  for (; n; n--, from += 4, to += 4) store<f32>(to, load<f32>(from) * <f32>f);
}
