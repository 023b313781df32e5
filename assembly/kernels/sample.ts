// Samples whose distribution is a tensor's contents: counts with given rates, categories with given weights.
//
// Conventions as in `random.ts`: operand 0 is the result, operand 1 the generator's state, all operands contiguous,
// only pointers, parameters and the range are read, and the range is always the whole.

import { fail, integer, pointerOf, STATUS_DOMAIN } from "../block";
import { exp } from "../math/exp";
import { log } from "../math/log";
import { drawUnit } from "../math/mersenne";

function logOf(x: f64): f64 {
  return f64x2.extract_lane(log<f64>(f64x2.splat(x)), 0);
}

/** log k! for an integer k: the logarithm of the product while that is exact, then Stirling's series. */
function logFactorial(k: f64): f64 {
  if (k < 19) {
    let product: f64 = 1;
    for (let i: f64 = 2; i <= k; i++) product *= i;
    return logOf(product);
  }
  const r = 1 / k;
  const r2 = r * r;
  const series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680))));
  return (k + 0.5) * logOf(k) - k + 0.9189385332046727 + series;
}

/** Counts uniform factors until their product falls to e^(−rate) (Knuth, The Art of Computer Programming 2, 3.4.1). */
function countFew(state: usize, rate: f64): f64 {
  const limit = f64x2.extract_lane(exp<f64>(f64x2.splat(-rate)), 0);
  let count: f64 = 0;
  for (let product = drawUnit(state); product > limit; product *= drawUnit(state)) count++;
  return count;
}

/** Transformed rejection, PTRS (Hörmann: "The transformed rejection method for generating Poisson variables", 1993). */
function countMany(state: usize, rate: f64): f64 {
  const root = sqrt<f64>(rate);
  const b = 0.931 + 2.53 * root;
  const a = -0.059 + 0.02483 * b;
  const enough = 0.9277 - 3.6224 / (b - 2);
  const logRate = logOf(rate);
  const logInverse = logOf(1.1239 + 1.1328 / (b - 3.4));
  while (true) {
    const u = drawUnit(state) - 0.5;
    const v = drawUnit(state);
    const us = 0.5 - abs<f64>(u);
    const k = floor<f64>((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= enough) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (logOf(v) + logInverse - logOf(a / (us * us) + b) <= k * logRate - rate - logFactorial(k)) return k;
  }
}

function poisson<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  for (let i = begin; i < end; i++) {
    const at = <usize>i * sizeof<T>();
    const rate = <f64>load<T>(pointerOf(block, 2) + at);
    let count: f64 = 0;
    if (!(rate >= 0 && rate < Infinity)) fail(block, STATUS_DOMAIN, i);
    else if (rate >= 10) count = countMany(state, rate);
    else if (rate > 0) count = countFew(state, rate);
    store<T>(pointerOf(block, 0) + at, <T>count);
  }
}

/**
 * Poisson counts with the rates in operand 2, of the result's size and dtype: `poisson`. Fails with STATUS_DOMAIN and
 * the position of a rate that is negative, infinite or NaN.
 */
export function poisson_f32(block: usize, begin: u32, end: u32): void { poisson<f32>(block, begin, end); }
/** Like `poisson_f32`. */
export function poisson_f64(block: usize, begin: u32, end: u32): void { poisson<f64>(block, begin, end); }

/** Running sums of `n` weights divided by their total; false when the weights are none. */
function cumulate<T extends number>(to: usize, weights: usize, n: u32): bool {
  let total: T = <T>0;
  for (let i: u32 = 0; i < n; i++) {
    const weight = load<T>(weights + <usize>i * sizeof<T>());
    if (!(weight >= 0 && weight < <T>Infinity)) return false;
    total = (total + weight) as T;
    store<T>(to + <usize>i * sizeof<T>(), total);
  }
  if (!(total > 0)) return false;
  for (let i: u32 = 0; i < n; i++) {
    const at = to + <usize>i * sizeof<T>();
    store<T>(at, (load<T>(at) / total) as T);
  }
  return true;
}

function multinomial<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const sums = pointerOf(block, 3);
  const samples = <u32>integer(block, 0);
  const categories = <u32>integer(block, 1);
  for (let row = begin; row < end; row++) {
    if (!cumulate<T>(sums, pointerOf(block, 2) + <usize>row * categories * sizeof<T>(), categories)) {
      fail(block, STATUS_DOMAIN, row);
      return;
    }
    let out = pointerOf(block, 0) + ((<usize>row * samples) << 2);
    for (let i: u32 = 0; i < samples; i++, out += 4) {
      const u = drawUnit(state);
      let low: u32 = 0;
      for (let high = categories; low < high; ) {
        const middle = low + ((high - low) >> 1);
        if (<f64>load<T>(sums + <usize>middle * sizeof<T>()) < u) low = middle + 1;
        else high = middle;
      }
      store<i32>(out, low);
    }
  }
}

/**
 * Categories drawn with replacement: `multinomial` with `replacement` and at least two samples (for one sample, and
 * without replacement, PyTorch takes the largest of weights divided by `exponential` numbers). Operand 0 is an i32
 * result [rows, samples], 2 the weights [rows, categories], 3 a work area of `categories` elements of their dtype, left
 * with any contents. Range of rows. Parameters: 0 samples, 1 categories. The dtype in the name is that of the weights.
 * Fails with STATUS_DOMAIN and the row when a weight is negative, infinite or NaN, or all are 0.
 */
export function multinomial_f32(block: usize, begin: u32, end: u32): void { multinomial<f32>(block, begin, end); }
/** Like `multinomial_f32`. */
export function multinomial_f64(block: usize, begin: u32, end: u32): void { multinomial<f64>(block, begin, end); }
