// Exponential functions of vectors: eˣ = 2ⁿ · eʳ with n = round(x / ln 2), and a polynomial for eʳ.

import { constant, decrement, mulAdd, polynomial, signOf } from "./vector";

// ln 2 in two parts, the first short enough that n times it is exact.
// Coefficients: minimax for (eʳ − 1 − r) / r² on |r| ≤ ln 2 / 2, relative error of eʳ below 2⁻²⁸ and 2⁻⁵⁷, and for
// (2ʳ − 1) / r on |r| ≤ ½, relative error of 2ʳ below 2⁻²⁷ and 2⁻⁵⁵.
const F32 = memory.data<f32>([
  -104, 89, 1.44269502162933349609, 12582912, 0.693145751953125, 1.42860676533018704e-6, 1, 0.5, -40, -151, 129,
  0.4999999403953552, 0.16666516661643982, 0.04166810214519501, 0.008369194343686104, 0.0013838964514434338,
  0.6931472420692444, 0.24022655189037323, 0.05550272762775421, 0.009617065079510212, 0.0013417742447927594,
  0.00015825092850718647,
]);
const F64 = memory.data<f64>([
  -746, 710, 1.4426950408889634, 6755399441055744, 6.93147180369123816490e-1, 1.90821492927058770002e-10, 1, 0.5,
  -40, -1076, 1025,
  0.5000000000000011, 0.16666666666666438, 0.041666666666525805, 0.008333333333473773, 0.0013888888944852409,
  0.00019841269560194117, 2.4801491766613273e-5, 2.7557531046548883e-6, 2.763074206868622e-7, 2.5019771056164182e-8,
  0.6931471805599457, 0.240226506959101, 0.05550410866478791, 0.009618129107605605, 0.0013333558153950265,
  0.00015403530443917646, 1.5252726961623019e-5, 1.3215441248650743e-6, 1.0180799722556316e-7, 7.0728549900889345e-9,
  4.058483892002833e-10,
]);
const LOWEST: usize = 0;
const HIGHEST: usize = 1;
const LOG2_E: usize = 2;
const SHIFTER: usize = 3;
const LN2_HIGH: usize = 4;
const LN2_LOW: usize = 5;
const ONE: usize = 6;
const HALF: usize = 7;
const MINUS_FORTY: usize = 8;
const LOWEST2: usize = 9;
const HIGHEST2: usize = 10;
const COEFFICIENTS: usize = 11;

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

/** round(x / ln 2) + 1.5 · 2^(bits of the fraction): the integer stands in the low bits. */
@inline export function exponentOf<T>(x: v128): v128 {
  return mulAdd<T>(x, constant<T>(table<T>(), LOG2_E), constant<T>(table<T>(), SHIFTER));
}

/** x − n ln 2 for n from `exponentOf`. */
@inline export function remainderOf<T>(x: v128, shifted: v128): v128 {
  const n = v128.sub<T>(shifted, constant<T>(table<T>(), SHIFTER));
  x = v128.sub<T>(x, v128.mul<T>(n, constant<T>(table<T>(), LN2_HIGH)));
  return v128.sub<T>(x, v128.mul<T>(n, constant<T>(table<T>(), LN2_LOW)));
}

/** eʳ − 1 for |r| ≤ ln 2 / 2. */
@inline export function smallExpm1<T>(r: v128): v128 {
  return v128.add<T>(r, smallExpm2<T>(r));
}

/** eʳ − 1 − r for |r| ≤ ln 2 / 2. */
@inline export function smallExpm2<T>(r: v128): v128 {
  const p = polynomial<T>(r, table<T>(), COEFFICIENTS, sizeof<T>() == 4 ? 5 : 10);
  return v128.mul<T>(p, v128.mul<T>(r, r));
}

/** e^(x + `low`) / 2ⁿ − 1 for a `low` far below x, n from `exponentOf` x: the remainder is rounded at its end only. */
@inline export function expm1OfSum<T>(x: v128, low: v128, shifted: v128): v128 {
  const n = v128.sub<T>(shifted, constant<T>(table<T>(), SHIFTER));
  const high = v128.sub<T>(x, v128.mul<T>(n, constant<T>(table<T>(), LN2_HIGH)));
  low = v128.sub<T>(low, v128.mul<T>(n, constant<T>(table<T>(), LN2_LOW)));
  return v128.add<T>(high, v128.add<T>(low, smallExpm2<T>(v128.add<T>(high, low))));
}

/** 1 in every lane, from the table of the exponential. */
@inline export function one<T>(): v128 {
  return constant<T>(table<T>(), ONE);
}

/** p · 2ⁿ where neither underflows nor overflows. */
@inline export function scaleOnce<T>(p: v128, n: v128): v128 {
  if (sizeof<T>() == 4) return v128.mul<T>(p, i32x4.add(i32x4.shl(n, 23), one<T>()));
  return v128.mul<T>(p, i64x2.add(i64x2.shl(n, 52), one<T>()));
}

/** p · 2ⁿ in two steps, so that subnormal results are rounded once and the largest do not overflow on the way. */
@inline export function scaleTwice<T>(p: v128, n: v128): v128 {
  // Bits shifted in from above are shifted out again by scaleOnce: only the low 9 or 12 count.
  const half = i32x4.shr_s(n, 1);
  return scaleOnce<T>(scaleOnce<T>(p, half), i32x4.sub(n, half));
}

/** eˣ for x that is at most 0 and may be −∞; 1 to full precision at 0. */
@inline export function expOfNegative<T>(x: v128): v128 {
  // The operand order keeps NaN.
  x = v128.pmax<T>(x, constant<T>(table<T>(), LOWEST));
  const n = exponentOf<T>(x);
  return scaleTwice<T>(v128.add<T>(smallExpm1<T>(remainderOf<T>(x, n)), one<T>()), n);
}

/** eˣ: exact at 0, 0 at −∞, ∞ at ∞; below 1 unit in the last place, subnormal results included. */
@inline export function exp<T>(x: v128): v128 {
  return expOfNegative<T>(v128.pmin<T>(x, constant<T>(table<T>(), HIGHEST)));
}

/** ½ eᵃ for a ≥ 0; `highest` is a number where it overflows for sure, the same is meant by all above. */
@inline export function halfExp<T>(a: v128, highest: v128): v128 {
  a = v128.pmin<T>(a, highest);
  const n = exponentOf<T>(a);
  const p = v128.add<T>(smallExpm1<T>(remainderOf<T>(a, n)), one<T>());
  return scaleTwice<T>(p, decrement<T>(n));
}

/** eˣ − 1 without cancellation: −1 at −∞, ∞ at ∞; within 2 units in the last place. */
@inline export function expm1<T>(x: v128): v128 {
  // −1 to the last place from −40 down.
  const inside = v128.pmax<T>(v128.pmin<T>(x, constant<T>(table<T>(), HIGHEST)), constant<T>(table<T>(), MINUS_FORTY));
  const n = exponentOf<T>(inside);
  const m = expm1OfSum<T>(inside, v128.xor(x, x), n);
  // Half of 2ⁿ (1 + m) − 1, so that 2ⁿ does not overflow before the result does.
  const half = constant<T>(table<T>(), HALF);
  const scale = sizeof<T>() == 4 ? i32x4.add(i32x4.shl(n, 23), half) : i64x2.add(i64x2.shl(n, 52), half);
  const y = mulAdd<T>(scale, m, v128.sub<T>(scale, half));
  // The sign is that of x already but for −0.
  return v128.or(v128.add<T>(y, y), signOf<T>(x));
}

/** 2ˣ, exact for whole x; within 2 units in the last place, mostly 1, subnormal results included. */
@inline export function exp2<T>(x: v128): v128 {
  x = v128.pmax<T>(v128.pmin<T>(x, constant<T>(table<T>(), HIGHEST2)), constant<T>(table<T>(), LOWEST2));
  const shifter = constant<T>(table<T>(), SHIFTER);
  const n = v128.add<T>(x, shifter);
  const r = v128.sub<T>(x, v128.sub<T>(n, shifter));
  const first = COEFFICIENTS + (sizeof<T>() == 4 ? 5 : 10);
  const p = polynomial<T>(r, table<T>(), first, sizeof<T>() == 4 ? 6 : 11);
  return scaleTwice<T>(mulAdd<T>(p, r, one<T>()), n);
}
