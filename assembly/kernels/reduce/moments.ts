// Reductions that look at their elements twice: variance and log-sum-exp; and norms of any power.
//
// All kernels here: parameter 0 is the number of reduced dims, the last ones of the nest; the range is the flat index
// over the other dims; operands are the results, then the input.

import { integer, parameter } from "../../block";
import { Contextual, finishBy, putBy } from "../../loops/fold";
import { accumulators, foldBy, groupBytes, groupSize, reductionOf, TILE } from "../../loops/reduce";
import { pow } from "../../math/pow";
import { KERNEL_SCRATCH, scratch } from "../../memory/scratch";
import { Max, Mean, Sum, SumOfExp } from "./folds";

/** Σ (x − c)². */
@final class Deviation extends Contextual<f64> {
  @inline neutral(): v128 { return f64x2.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 {
    const d = f64x2.sub(x, c);
    return f64x2.add(acc, f64x2.mul(d, d));
  }
  @inline merge(a: v128, b: v128): v128 { return f64x2.add(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return acc; }
  @inline parallel(): bool { return true; }
}

/**
 * Variance in two passes, of float32 too in float64: Σ (x − mean)² / max(0, n − correction), the quotient as IEEE has
 * it. Operand `input` is preceded by the variance and perhaps the mean.
 */
function variance<T>(block: usize, begin: u32, end: u32, input: u32): void {
  const over = reductionOf(0, block, input, sizeof<T>(), integer(block, 0));
  const acc = accumulators();
  const means = scratch() + KERNEL_SCRATCH;
  const n = <f64>over.count;
  const divisor = max(0.0, n - parameter(block, 1));
  while (begin < end) {
    const cols = groupSize(over, begin, end, 8);
    const bytes = groupBytes(cols, 8);
    foldBy<T, f64, Sum<f64>>(over, begin, cols, acc);
    finishBy<f64, Mean<f64>>()(acc, bytes, n, acc);
    memory.copy(means, acc, bytes);
    foldBy<T, f64, Deviation>(over, begin, cols, means);
    finishBy<f64, Mean<f64>>()(acc, bytes, divisor, acc);
    putBy<f64, T>()(acc, over.at(0, begin), over.step(0), cols);
    if (input > 1) putBy<f64, T>()(means, over.at(1, begin), over.step(1), cols);
    begin += cols;
  }
}

/** Variance: operands result, input; parameter 1 is the correction. */
export function var_f32(block: usize, begin: u32, end: u32): void { variance<f32>(block, begin, end, 1); }
export function var_f64(block: usize, begin: u32, end: u32): void { variance<f64>(block, begin, end, 1); }

/** Variance and mean: operands variance, mean, input; parameter 1 is the correction. */
export function varmean_f32(block: usize, begin: u32, end: u32): void { variance<f32>(block, begin, end, 2); }
export function varmean_f64(block: usize, begin: u32, end: u32): void { variance<f64>(block, begin, end, 2); }

function logSumExp<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 1, sizeof<T>(), integer(block, 0));
  const acc = accumulators();
  const shifts = scratch() + KERNEL_SCRATCH;
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    const bytes = groupBytes(cols, sizeof<T>());
    foldBy<T, T, Max<T>>(over, begin, cols, acc);
    for (let at: usize = 0; at < bytes; at += 16) {
      // An infinite shift would make NaN of ∞ − ∞.
      const m = v128.load(acc + at);
      v128.store(shifts + at, v128.andnot(m, v128.eq<T>(v128.abs<T>(m), v128.splat<T>(<T>Infinity))));
    }
    foldBy<T, T, SumOfExp<T>>(over, begin, cols, shifts);
    finishBy<T, SumOfExp<T>>()(acc, bytes, 0, shifts);
    putBy<T, T>()(acc, over.at(0, begin), over.step(0), cols);
    begin += cols;
  }
}

/** log Σ eˣ, shifted by the largest element: −∞ of none or of −∞ only, ∞ with ∞, NaN with NaN. */
export function logsumexp_f32(block: usize, begin: u32, end: u32): void { logSumExp<f32>(block, begin, end); }
export function logsumexp_f64(block: usize, begin: u32, end: u32): void { logSumExp<f64>(block, begin, end); }

/** Σ |x|ᶜ, and in the end the c-th root of it. */
@final class NormP<T> extends Contextual<T> {
  @inline neutral(): v128 { return i32x4.splat(0); }
  @inline fold(acc: v128, x: v128, c: v128): v128 { return v128.add<T>(acc, pow<T>(v128.abs<T>(x), c)); }
  @inline merge(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
  @inline finish(acc: v128, n: f64, c: v128): v128 { return pow<T>(acc, v128.div<T>(v128.splat<T>(<T>1), c)); }
  @inline parallel(): bool { return false; }
}

function normOfPower<T>(block: usize, begin: u32, end: u32): void {
  const over = reductionOf(0, block, 1, sizeof<T>(), integer(block, 0));
  const acc = accumulators();
  const powers = scratch() + KERNEL_SCRATCH;
  const p = v128.splat<T>(<T>parameter(block, 1));
  for (let at: usize = 0; at < TILE; at += 16) v128.store(powers + at, p);
  while (begin < end) {
    const cols = groupSize(over, begin, end, sizeof<T>());
    foldBy<T, T, NormP<T>>(over, begin, cols, powers);
    finishBy<T, NormP<T>>()(acc, groupBytes(cols, sizeof<T>()), 0, powers);
    putBy<T, T>()(acc, over.at(0, begin), over.step(0), cols);
    begin += cols;
  }
}

/** (Σ |x|ᵖ)^(1/p) with parameter 1 = p, any finite number but 0 (that norm is `count_nonzero`). */
export function normp_f32(block: usize, begin: u32, end: u32): void { normOfPower<f32>(block, begin, end); }
export function normp_f64(block: usize, begin: u32, end: u32): void { normOfPower<f64>(block, begin, end); }
