// Natural logarithm of vectors: x = 2ᵏ · (1 + f), and log(1 + f) by the series of the inverse hyperbolic tangent.

import { constant, polynomial, select } from "./vector";

// ln 2 in two parts, the first short enough that k times it is exact.
// Coefficients: minimax for (log((1 + s) / (1 − s)) − 2s) / s³ as a function of s², |s| ≤ 3 − 2√2.
const F32 = memory.data<f32>([
  1, 2, 0.5, 0.693138122558594, 9.05800061445916072e-6, 8388608,
  0.6666677594184875, 0.3997758626937866, 0.29870694875717163,
]);
const F64 = memory.data<f64>([
  1, 2, 0.5, 6.93147180369123816490e-1, 1.90821492927058770002e-10, 18014398509481984,
  0.6666666666666734, 0.3999999999941694, 0.28571428741931765, 0.22222198616360353, 0.18183562233878273,
  0.1531410077485989, 0.14795476295449364,
]);
const ONE: usize = 0;
const TWO: usize = 1;
const HALF: usize = 2;
const LN2_HIGH: usize = 3;
const LN2_LOW: usize = 4;
const SUBNORMAL: usize = 5;
const COEFFICIENTS: usize = 6;

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

/** Lanes that are not positive normal numbers: zero, subnormal, negative, infinite or NaN. */
@inline function unusual<T>(x: v128): v128 {
  // An unsigned comparison of the bits from the least normal number on, shifted to the signed range, which is cheaper.
  if (sizeof<T>() == 4) return i32x4.gt_s(i32x4.sub(x, i32x4.splat(0x80800000)), i32x4.splat(-0x01000001));
  return i64x2.gt_s(i64x2.sub(x, i64x2.splat(0x8010000000000000)), i64x2.splat(-0x0020000000000001));
}

/** What is added to the logarithm of an unusual lane: −∞ at 0, NaN below 0 and at NaN, ∞ at ∞, else 0. */
@inline function singular<T>(x: v128): v128 {
  const zero = v128.xor(x, x);
  const infinite = v128.div<T>(constant<T>(table<T>(), ONE), zero);
  const pole = v128.andnot(v128.neg<T>(infinite), v128.ne<T>(x, zero));
  const rest = v128.sqrt<T>(v128.andnot(x, v128.lt<T>(v128.abs<T>(x), infinite)));
  return v128.add<T>(v128.add<T>(pole, rest), v128.sqrt<T>(v128.and(x, v128.lt<T>(x, zero))));
}

/** log x: 0 at 1, −∞ at 0, NaN below, ∞ at ∞; below 1 unit in the last place. */
@inline export function log<T>(x: v128): v128 {
  const special = unusual<T>(x);
  let bias: v128 = i64x2.splat(0);
  let add: v128 = bias;
  if (v128.any_true(special)) {
    const scaled = v128.mul<T>(x, constant<T>(table<T>(), SUBNORMAL));
    add = v128.and(singular<T>(x), special);
    bias = v128.and(special, sizeof<T>() == 4 ? f32x4.splat(23) : f64x2.splat(54));
    x = select(special, scaled, x);
  }
  const one = constant<T>(table<T>(), ONE);
  let k: v128, m: v128;
  if (sizeof<T>() == 4) {
    // Counted from √½, so that 1 + f lies in [√½, √2).
    const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3));
    k = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
    m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  } else {
    const bits = i64x2.sub(x, i64x2.splat(0x3fe6a09e667f3bcd));
    const high = v128.shuffle<i32>(bits, bits, 1, 3, 1, 3);
    k = f64x2.convert_low_i32x4_s(i32x4.shr_s(high, 20));
    m = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd));
  }
  k = v128.sub<T>(k, bias);
  const f = v128.sub<T>(m, one);
  const s = v128.div<T>(f, v128.add<T>(f, constant<T>(table<T>(), TWO)));
  const z = v128.mul<T>(s, s);
  const r = v128.mul<T>(z, polynomial<T>(z, table<T>(), COEFFICIENTS, sizeof<T>() == 4 ? 3 : 7));
  const half = v128.mul<T>(v128.mul<T>(f, f), constant<T>(table<T>(), HALF));
  // log(1 + f) = f − (f²/2 − s (f²/2 + r)): f is exact, what is taken off is small.
  let low = v128.mul<T>(s, v128.add<T>(half, r));
  low = v128.add<T>(low, v128.mul<T>(k, constant<T>(table<T>(), LN2_LOW)));
  const near = v128.sub<T>(f, v128.sub<T>(half, low));
  return v128.add<T>(v128.add<T>(near, v128.mul<T>(k, constant<T>(table<T>(), LN2_HIGH))), add);
}

/** log x of float32. */
@inline export function log_f32(x: v128): v128 {
  return log<f32>(x);
}

/** log x of float64. */
@inline export function log_f64(x: v128): v128 {
  return log<f64>(x);
}
