// Sine, cosine and tangent of vectors: reduction modulo π / 2 in four exact pieces, then a polynomial.

import { reduceHuge } from "./reduction";
import { constant, increment, mulAdd, odd, polynomial, select, signMask, signOf } from "./vector";

// π / 2 in four parts of 14 bits (float32) or 32 bits (float64), the last one full: up to LARGEST the multiples of the
// first three are exact, and what is left of π / 2 is too small to count even next to one of its multiples.
// Coefficients: minimax for (sin r − r) / r³, (cos r − 1 + r² / 2) / r⁴ and (tan r − r) / r³ as functions of r²,
// |r| ≤ π / 4; relative errors of sin r below 2⁻²⁷ and 2⁻⁵⁷, of cos r 2⁻³² and 2⁻⁶³, of tan r 2⁻²⁹ and 2⁻⁵⁶.
const F32 = memory.data<f32>([
  1600, 0.6366197723675814, 12582912,
  1.5706787109375, 1.1761486530303955e-4, 9.920313459588215e-10, 6.223371969669989e-14, 1, 0.5,
  -0.16666655242443085, 0.008332187309861183, -0.00019517895998433232,
  0.04166664555668831, -0.0013887309469282627, 2.4432327336398885e-5,
  0.33333349227905273, 0.1333267241716385, 0.05405944585800171, 0.021282769739627838, 0.010837703943252563,
  8.385914406972006e-5, 0.00438036909326911,
]);
const F64 = memory.data<f64>([
  3200000, 0.6366197723675814, 6755399441055744,
  1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32, 1, 0.5,
  -0.1666666666666663, 0.00833333333332184, -0.00019841269829358506, 2.755731353849798e-6, -2.5050734385416947e-8,
  1.5895432999242725e-10,
  0.041666666666666595, -0.0013888888888873307, 2.4801587288965233e-5, -2.7557314203082113e-7, 2.0875703140183355e-9,
  -1.135861705079637e-11,
  0.3333333333333276, 0.13333333333417108, 0.05396825392547956, 0.021869489637517708, 0.008863218762035274,
  0.003592292712776896, 0.001454735853245177, 0.0005951579723496591, 0.0002221042873503765, 0.00013709453568033767,
  -2.7190324030820024e-5, 9.01934149021812e-5, -4.5277721339810116e-5, 2.096000231152852e-5,
]);
const LARGEST: usize = 0;
const TWO_OVER_PI: usize = 1;
const SHIFTER: usize = 2;
const HALF_PI: usize = 3;
const ONE: usize = 7;
const HALF: usize = 8;
const SINE: usize = 9;

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

/** sin(r + qπ/2) for |r| ≤ π / 4, where q is an integer in each lane. */
@inline function quarterWave<T>(r: v128, q: v128): v128 {
  const c = table<T>();
  const count: usize = sizeof<T>() == 4 ? 3 : 6;
  const z = v128.mul<T>(r, r);
  const sine = mulAdd<T>(polynomial<T>(z, c, SINE, count), v128.mul<T>(z, r), r);
  const tail = v128.mul<T>(polynomial<T>(z, c, SINE + count, count), v128.mul<T>(z, z));
  const cosine = v128.sub<T>(constant<T>(c, ONE), v128.sub<T>(v128.mul<T>(z, constant<T>(c, HALF)), tail));
  const sign = sizeof<T>() == 4 ? i32x4.shl(q, 30) : i64x2.shl(q, 62);
  return v128.xor(select(odd<T>(q), cosine, sine), v128.and(sign, signMask<T>()));
}

/** sin(x + qπ/2) for x ≥ 1000, or NaN. */
function hugeWave(x: f64, q: i64): f64 {
  const reduced = reduceHuge(x);
  q += i64x2.extract_lane(reduced, 1);
  return f64x2.extract_lane(quarterWave<f64>(f64x2.splat(f64x2.extract_lane(reduced, 0)), i64x2.splat(q)), 0);
}

/** Replaces in y the lanes whose x is above LARGEST by sin(x + qπ/2). */
function hugeLanes_f32(x: v128, y: v128, q: i64): v128 {
  for (let lane = 0; lane < 4; lane++) {
    const number = f32x4.extract_lane(x, 0);
    let result = f32x4.extract_lane(y, 0);
    if (number > load<f32>(F32)) result = <f32>hugeWave(number, q);
    // Turned by one lane each time: after four turns all are back in place.
    x = v128.shuffle<i32>(x, x, 1, 2, 3, 0);
    y = v128.shuffle<i32>(f32x4.replace_lane(y, 0, result), y, 1, 2, 3, 0);
  }
  return y;
}

/** The same for float64. */
function hugeLanes_f64(x: v128, y: v128, q: i64): v128 {
  const first = f64x2.extract_lane(x, 0);
  const second = f64x2.extract_lane(x, 1);
  if (first > load<f64>(F64)) y = f64x2.replace_lane(y, 0, hugeWave(first, q));
  if (second > load<f64>(F64)) y = f64x2.replace_lane(y, 1, hugeWave(second, q));
  return y;
}

/** sin(x + qπ/2) for x ≥ 0, q 0 or 1. */
@inline function wave<T>(x: v128, q: i32): v128 {
  const c = table<T>();
  const shifter = constant<T>(c, SHIFTER);
  const shifted = mulAdd<T>(x, constant<T>(c, TWO_OVER_PI), shifter);
  const n = v128.sub<T>(shifted, shifter);
  const first = v128.sub<T>(x, v128.mul<T>(n, constant<T>(c, HALF_PI)));
  const part = v128.mul<T>(n, constant<T>(c, HALF_PI + 1));
  const second = v128.sub<T>(first, part);
  // What rounding `second` lost is carried into the next step, so only the last subtraction that matters rounds.
  const lost = v128.sub<T>(v128.sub<T>(first, second), part);
  const third = v128.sub<T>(second, v128.sub<T>(v128.mul<T>(n, constant<T>(c, HALF_PI + 2)), lost));
  const r = v128.sub<T>(third, v128.mul<T>(n, constant<T>(c, HALF_PI + 3)));
  // One more quarter makes a cosine of the sine.
  const y = quarterWave<T>(r, q ? increment<T>(shifted) : shifted);
  if (v128.any_true(v128.gt<T>(x, constant<T>(c, LARGEST)))) {
    return sizeof<T>() == 4 ? hugeLanes_f32(x, y, q) : hugeLanes_f64(x, y, q);
  }
  return y;
}

/** tan(r + `low` + qπ/2) for |r| ≤ π / 4, where q is an integer in each lane and `low` at most the rounding of r. */
@inline function quarterTangent<T>(r: v128, low: v128, q: v128): v128 {
  const c = table<T>();
  const one = constant<T>(c, ONE);
  const z = v128.mul<T>(r, r);
  const p = polynomial<T>(z, c, SINE + (sizeof<T>() == 4 ? 6 : 12), sizeof<T>() == 4 ? 7 : 14);
  // tan′ = 1 + tan² is near enough to 1 + r² for so small a correction.
  const small = mulAdd<T>(p, v128.mul<T>(z, r), mulAdd<T>(low, z, low));
  const t = v128.add<T>(r, small);
  return select(odd<T>(q), v128.neg<T>(v128.div<T>(one, t)), t);
}

/** tan x for x ≥ 1000, or NaN. */
function hugeTangent(x: f64): f64 {
  const reduced = reduceHuge(x);
  const low = v128.shuffle<i64>(reduced, reduced, 1, 1);
  return f64x2.extract_lane(quarterTangent<f64>(reduced, low, low), 0);
}

/** Replaces in y the lanes whose x is above LARGEST by tan x. */
function hugeTangents<T>(x: v128, y: v128): v128 {
  for (let lane = 0; lane < (sizeof<T>() == 4 ? 4 : 2); lane++) {
    // Turned by one lane each time: at the end all are back in place.
    if (sizeof<T>() == 4) {
      const number = f32x4.extract_lane(x, 0);
      if (number > load<f32>(F32)) y = f32x4.replace_lane(y, 0, <f32>hugeTangent(number));
      x = v128.shuffle<i32>(x, x, 1, 2, 3, 0);
      y = v128.shuffle<i32>(y, y, 1, 2, 3, 0);
    } else {
      const number = f64x2.extract_lane(x, 0);
      if (number > load<f64>(F64)) y = f64x2.replace_lane(y, 0, hugeTangent(number));
      x = v128.shuffle<i64>(x, x, 1, 0);
      y = v128.shuffle<i64>(y, y, 1, 0);
    }
  }
  return y;
}

function tanBody<T>(signed: v128): v128 {
  const c = table<T>();
  const x = v128.abs<T>(signed);
  const shifter = constant<T>(c, SHIFTER);
  const shifted = mulAdd<T>(x, constant<T>(c, TWO_OVER_PI), shifter);
  const n = v128.sub<T>(shifted, shifter);
  // As in `wave`, but what rounding the remainder lost is kept: next to a pole it is magnified.
  const first = v128.sub<T>(x, v128.mul<T>(n, constant<T>(c, HALF_PI)));
  const part = v128.mul<T>(n, constant<T>(c, HALF_PI + 1));
  const second = v128.sub<T>(first, part);
  const lost = v128.sub<T>(v128.sub<T>(first, second), part);
  const third = v128.sub<T>(v128.mul<T>(n, constant<T>(c, HALF_PI + 2)), lost);
  const most = v128.sub<T>(second, third);
  const lostToo = v128.sub<T>(v128.sub<T>(second, most), third);
  const fourth = v128.sub<T>(v128.mul<T>(n, constant<T>(c, HALF_PI + 3)), lostToo);
  const r = v128.sub<T>(most, fourth);
  let y = quarterTangent<T>(r, v128.sub<T>(v128.sub<T>(most, r), fourth), shifted);
  if (v128.any_true(v128.gt<T>(x, constant<T>(c, LARGEST)))) y = hugeTangents<T>(x, y);
  return v128.xor(y, signOf<T>(signed));
}

/** sin x for every finite x, however large; NaN at ±∞; within 1 unit in the last place but for rare cases. */
@inline export function sin<T>(x: v128): v128 {
  // By the sign apart, −0 stays −0.
  return v128.xor(wave<T>(v128.abs<T>(x), 0), signOf<T>(x));
}

/** cos x for every finite x, however large; NaN at ±∞; within 1 unit in the last place but for rare cases. */
@inline export function cos<T>(x: v128): v128 {
  return wave<T>(v128.abs<T>(x), 1);
}

/** tan x for every finite x, however large; NaN at ±∞; within 2 units in the last place. */
@inline export function tan<T>(x: v128): v128 {
  return tanBody<T>(x);
}
