// Fused multiply and add, rounded once: wasm has no such instruction, but other libraries' numbers come from one.

/** `sum`, whose rounding error is `error`, rounded to odd instead: rounding it again then equals rounding once. */
@inline function toOdd(sum: f64, error: f64): f64 {
  const bits = reinterpret<u64>(sum);
  if (bits & 1 || !(error < 0 || error > 0)) return sum;
  return reinterpret<f64>(error > 0 == sum > 0 ? bits + 1 : bits - 1);
}

/** The rounding error of sum = a + b, exactly (Knuth, Møller). */
@inline function errorOfSum(a: f64, b: f64, sum: f64): f64 {
  const t = sum - a;
  return a - (sum - t) + (b - t);
}

/** a · b + c, rounded once. */
@inline export function fused_f32(a: f32, b: f32, c: f32): f32 {
  const product = <f64>a * <f64>b;
  const sum = product + <f64>c;
  return <f32>toOdd(sum, errorOfSum(product, <f64>c, sum));
}

/**
 * a · b + c, rounded once; |a| and |b| below 2⁹⁹⁵, a · b not subnormal. Dekker's exact product, then the sum of three
 * of Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008.
 */
export function fused_f64(a: f64, b: f64, c: f64): f64 {
  const product = a * b;
  let t = a * 134217729.0;
  const aHigh = t - (t - a);
  const aLow = a - aHigh;
  t = b * 134217729.0;
  const bHigh = t - (t - b);
  const bLow = b - bHigh;
  const low = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const lower = c + low;
  const high = product + lower;
  const lowerError = errorOfSum(c, low, lower);
  const highError = errorOfSum(product, lower, high);
  const rest = lowerError + highError;
  return high + toOdd(rest, errorOfSum(lowerError, highError, rest));
}
