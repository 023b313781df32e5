// Logarithms of vectors: x = 2ᵏ · (1 + f), and log(1 + f) by the series of the inverse hyperbolic tangent.

import { constant, mulAdd, polynomial, select, shortened, signOf } from "./vector";

// ln 2 in two parts, the first short enough that k times it is exact.
// Coefficients: minimax for (log((1 + s) / (1 − s)) − 2s) / s³ as a function of s², |s| ≤ 3 − 2√2.
const F32 = memory.data<f32>([
  1, 2, 0.5, 0.693138122558594, 9.05800061445916072e-6, 8388608, 23, Infinity, 1.1754943508222875e-38,
  0.6666677594184875, 0.3997758626937866, 0.29870694875717163,
]);
const F64 = memory.data<f64>([
  1, 2, 0.5, 6.93147180369123816490e-1, 1.90821492927058770002e-10, 18014398509481984, 54, Infinity,
  2.2250738585072014e-308,
  0.6666666666666734, 0.3999999999941694, 0.28571428741931765, 0.22222198616360353, 0.18183562233878273,
  0.1531410077485989, 0.14795476295449364,
]);
const ONE: usize = 0;
const TWO: usize = 1;
const HALF: usize = 2;
const LN2_HIGH: usize = 3;
const LN2_LOW: usize = 4;
const SUBNORMAL: usize = 5;
const SUBNORMAL_BITS: usize = 6;
const INFINITE: usize = 7;
const LEAST_NORMAL: usize = 8;
const COEFFICIENTS: usize = 9;

// For the logarithm to the base b: 1 / ln b and log 2 in two parts each, the first parts short.
const BASE2_F32 = memory.data<f32>([1.4423828125, 0.00031222839606925845, 1, 0]);
const BASE2_F64 = memory.data<f64>([1.4426950216293335, 1.9259629911266175e-8, 1, 0]);
const BASE10_F32 = memory.data<f32>([0.4342041015625, 9.038033749675378e-5, 0.301025390625, 4.605039066518657e-6]);
const BASE10_F64 = memory.data<f64>([
  0.4342944771051407, 4.798111141615973e-9, 0.30102999566395283, 2.8363394551044964e-14,
]);

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

// Bit patterns: √½ and the fraction.
const BITS_F32 = memory.data<u32>([0x3f3504f3, 0x007fffff]);
const BITS_F64 = memory.data<u64>([0x3fe6a09e667f3bcd, 0x000fffffffffffff]);

@inline function pattern<T>(index: usize): v128 {
  return constant<T>(sizeof<T>() == 4 ? BITS_F32 : BITS_F64, index);
}

/** Lanes that are below ∞: not ∞ and not NaN. */
@inline function finite<T>(x: v128): v128 {
  return v128.lt<T>(x, constant<T>(table<T>(), INFINITE));
}

/** y with −∞ at 0, NaN below, x at ∞ and NaN, where y is finite but meaningless; unchanged elsewhere. */
@inline function withPoles<T>(x: v128, y: v128): v128 {
  const zero = v128.xor(x, x);
  y = v128.sub<T>(y, v128.and(v128.eq<T>(x, zero), constant<T>(table<T>(), INFINITE)));
  y = v128.add<T>(y, v128.andnot(x, finite<T>(x)));
  // All bits set are a NaN.
  return v128.or(y, v128.lt<T>(x, zero));
}

/** The bits of x counted from those of √½: `exponentOf` them is k and `fractionOf` them m in x = 2ᵏ m, √½ ≤ m < √2. */
@inline export function bitsOf<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(x, pattern<T>(0)) : i64x2.sub(x, pattern<T>(0));
}

/** k of `bitsOf` x. */
@inline export function exponentOf<T>(bits: v128): v128 {
  if (sizeof<T>() == 4) return f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  return f64x2.convert_low_i32x4_s(i32x4.shr_s(v128.shuffle<i32>(bits, bits, 1, 3, 1, 3), 20));
}

/** m of `bitsOf` x. */
@inline export function fractionOf<T>(bits: v128): v128 {
  const fraction = v128.and(bits, pattern<T>(1));
  return sizeof<T>() == 4 ? i32x4.add(fraction, pattern<T>(0)) : i64x2.add(fraction, pattern<T>(0));
}

/** m − 1 of `bitsOf` x. */
@inline function excessOf<T>(bits: v128): v128 {
  return v128.sub<T>(fractionOf<T>(bits), constant<T>(table<T>(), ONE));
}

/** f² / 2. */
@inline function halfSquare<T>(f: v128): v128 {
  return v128.mul<T>(v128.mul<T>(f, f), constant<T>(table<T>(), HALF));
}

/** log(1 + f) − f + f² / 2. */
@inline function thirdOrder<T>(f: v128, half: v128): v128 {
  const s = v128.div<T>(f, v128.add<T>(f, constant<T>(table<T>(), TWO)));
  const z = v128.mul<T>(s, s);
  const r = v128.mul<T>(z, polynomial<T>(z, table<T>(), COEFFICIENTS, sizeof<T>() == 4 ? 3 : 7));
  return v128.mul<T>(s, v128.add<T>(half, r));
}

/** k log 2 + log(1 + f) + `low`: f is exact, what is taken off it is small. */
@inline function natural<T>(k: v128, f: v128, low: v128): v128 {
  const half = halfSquare<T>(f);
  low = mulAdd<T>(k, constant<T>(table<T>(), LN2_LOW), v128.add<T>(thirdOrder<T>(f, half), low));
  const near = v128.sub<T>(f, v128.sub<T>(half, low));
  return mulAdd<T>(k, constant<T>(table<T>(), LN2_HIGH), near);
}

/** (k log 2 + log(1 + f)) / log b, the leading part of f − f² / 2 multiplied exactly. */
@inline function based<T>(k: v128, f: v128, base: usize): v128 {
  const half = halfSquare<T>(f);
  const whole = v128.sub<T>(f, half);
  const high = shortened<T>(whole);
  const low = v128.add<T>(v128.sub<T>(v128.sub<T>(f, high), half), thirdOrder<T>(f, half));
  const far = v128.mul<T>(k, constant<T>(base, 2));
  const near = v128.mul<T>(high, constant<T>(base, 0));
  let rest = mulAdd<T>(v128.add<T>(low, high), constant<T>(base, 1), v128.mul<T>(low, constant<T>(base, 0)));
  rest = mulAdd<T>(k, constant<T>(base, 3), rest);
  const sum = v128.add<T>(far, near);
  return v128.add<T>(sum, v128.add<T>(rest, v128.add<T>(v128.sub<T>(far, sum), near)));
}

/** The logarithm to the base whose constants are at `base`, or the natural one for 0. */
@inline function logarithm<T>(x: v128, base: usize): v128 {
  const c = table<T>();
  const tiny = v128.lt<T>(x, constant<T>(c, LEAST_NORMAL));
  const bits = bitsOf<T>(select(tiny, v128.mul<T>(x, constant<T>(c, SUBNORMAL)), x));
  const k = v128.sub<T>(exponentOf<T>(bits), v128.and(tiny, constant<T>(c, SUBNORMAL_BITS)));
  const f = excessOf<T>(bits);
  return withPoles<T>(x, base == 0 ? natural<T>(k, f, v128.xor(x, x)) : based<T>(k, f, base));
}

/** log x: 0 at 1, −∞ at 0, NaN below, ∞ at ∞; below 1 unit in the last place. */
@inline export function log<T>(x: v128): v128 {
  return logarithm<T>(x, 0);
}

function log2Body<T>(x: v128): v128 {
  return logarithm<T>(x, sizeof<T>() == 4 ? BASE2_F32 : BASE2_F64);
}

function log10Body<T>(x: v128): v128 {
  return logarithm<T>(x, sizeof<T>() == 4 ? BASE10_F32 : BASE10_F64);
}

/** Logarithm to the base 2, exact for powers of 2; below 1 unit in the last place. */
@inline export function log2<T>(x: v128): v128 {
  return log2Body<T>(x);
}

/** Logarithm to the base 10; below 1 unit in the last place. */
@inline export function log10<T>(x: v128): v128 {
  return log10Body<T>(x);
}

/** low / high where that is a small correction of log high, 0 at the poles. */
@inline function correction<T>(high: v128, low: v128): v128 {
  const regular = v128.and(finite<T>(high), v128.gt<T>(high, v128.xor(high, high)));
  return v128.and(v128.div<T>(low, high), regular);
}

/** log(2^−`halvings` (high + low)), where low is at most the rounding error of high and high is not subnormal. */
@inline export function logOfSum<T>(high: v128, low: v128, halvings: v128): v128 {
  const bits = bitsOf<T>(high);
  const k = v128.sub<T>(exponentOf<T>(bits), halvings);
  return withPoles<T>(high, natural<T>(k, excessOf<T>(bits), correction<T>(high, low)));
}

/** log(1 + x) without cancellation: −∞ at −1, NaN below; below 1 unit in the last place. */
@inline export function log1p<T>(x: v128): v128 {
  const one = constant<T>(table<T>(), ONE);
  const high = v128.add<T>(one, x);
  // What rounding the sum lost (Knuth's sum, whichever is larger).
  const other = v128.sub<T>(high, x);
  const low = v128.add<T>(v128.sub<T>(x, v128.sub<T>(high, other)), v128.sub<T>(one, other));
  const bits = bitsOf<T>(high);
  const k = exponentOf<T>(bits);
  // Where 1 + x needs no scaling, x itself is f, exactly.
  const unscaled = v128.eq<T>(k, v128.xor(x, x));
  const f = select(unscaled, x, excessOf<T>(bits));
  const y = natural<T>(k, f, v128.andnot(correction<T>(high, low), unscaled));
  // The sign is that of x already but for −0.
  return v128.or(withPoles<T>(high, y), signOf<T>(x));
}
