// Powers of vectors: xʸ = e^(y log x), the logarithm and the product kept in two parts where float64 asks for it.

import { scaleOnce, scaleTwice } from "./exp";
import { bitsOf, exponentOf, fractionOf } from "./log";
import { constant, highHalf, joinHalves, lowHalf, mulAdd, odd, polynomial, shortened, signMask } from "./vector";

// Float64. With s = f / (2 + f): 3/2 · log(1 + f) = s (3 + s² + s⁴ · R(s²)), R minimax for |s| ≤ 3 − 2√2, relative
// error of the logarithm below 2⁻⁶⁶. Working with 3/2 of the logarithm saves a multiplication by 2/3 in two parts.
const F64 = memory.data<f64>([
  3, 1.0397207704372704, 4.02647561217523e-10, 0.9617966939259756, 6755399441055744, 1200, 1,
  0.6666666567325592, 9.934107462565104e-9, 18446744073709551616.0, 2.2250738585072014e-308, Infinity, 0.5, 54,
  0.6000000000000338, 0.42857142855149344, 0.33333333779893914, 0.27272676549495917, 0.23080136062906645,
  0.19885224880526262, 0.1979451073308184,
  0.5000000000000011, 0.16666666666666438, 0.041666666666525805, 0.008333333333473773, 0.0013888888944852409,
  0.00019841269560194117, 2.4801491766613273e-5, 2.7557531046548883e-6, 2.763074206868622e-7, 2.5019771056164182e-8,
]);
const THREE: usize = 0;
const LN2_HIGH: usize = 1;
const LN2_LOW: usize = 2;
const INVERSE_LN2: usize = 3;
const SHIFTER: usize = 4;
const FARTHEST: usize = 5;
const ONE: usize = 6;
const TWO_THIRDS: usize = 7;
const TWO_THIRDS_LOW: usize = 8;
const LARGEST: usize = 9;
const SMALLEST: usize = 10;
const INFINITE: usize = 11;
const HALF: usize = 12;
const LOGARITHM: usize = 14;
const EXPONENTIAL: usize = 21;

// Float32, computed in float64: coefficients for the logarithm as in log.ts and for (eʳ − 1 − r) / r², relative errors
// below 2⁻⁴⁴ and 2⁻³⁴.
const NARROW = memory.data<f64>([
  0.6931471805599453, 1.4426950408889634, 6755399441055744, 120, 1,
  0.6666666667580381, 0.39999995620879936, 0.28572109253200073, 0.22176185035212675, 0.19584200153980982,
  0.5000000067684348, 0.16666665869078442, 0.041666294940682976, 0.008333497041829627, 0.0013944660051104791,
  0.00019790359380517499,
]);

const F32 = memory.data<f32>([0.5, 1.401298464324817e-45, Infinity]);

/** (2^−`bias` x)ʸ for normal x > 0 and |y| ≤ 2⁶⁴, below 1 unit in the last place. */
function power_f64(x: v128, y: v128, bias: v128): v128 {
  const c = F64;
  const bits = bitsOf<f64>(x);
  const k = f64x2.sub(exponentOf<f64>(bits), bias);
  const m = fractionOf<f64>(bits);

  // s = high + low. The denominator 1 + m is split exactly, so that the rest of the division is exact but for its end.
  const one = constant<f64>(c, ONE);
  const f = f64x2.sub(m, one);
  const mHigh = shortened<f64>(m);
  const inverse = f64x2.div(one, f64x2.add(m, one));
  const high = shortened<f64>(f64x2.mul(f, inverse));
  let rest = f64x2.sub(f, f64x2.mul(high, f64x2.add(mHigh, one)));
  rest = f64x2.sub(rest, f64x2.mul(high, f64x2.sub(m, mHigh)));
  const low = f64x2.mul(rest, inverse);
  const s = f64x2.add(high, low);

  // t = 3 + s² + s⁴ R = tHigh + tLow.
  const square = f64x2.mul(high, high);
  const squareLow = f64x2.mul(low, f64x2.add(high, s));
  const z = f64x2.add(square, squareLow);
  const r = mulAdd<f64>(f64x2.mul(z, z), polynomial<f64>(z, c, LOGARITHM, 7), squareLow);
  const three = constant<f64>(c, THREE);
  const tHigh = shortened<f64>(f64x2.add(three, f64x2.add(square, r)));
  const tLow = f64x2.sub(r, f64x2.sub(f64x2.sub(tHigh, three), square));

  // l = 3/2 log x = k · 3/2 log 2 + s t = lHigh + lLow.
  const product = f64x2.mul(high, tHigh);
  const far = f64x2.mul(k, constant<f64>(c, LN2_HIGH));
  const l = f64x2.add(far, product);
  const lHigh = shortened<f64>(l);
  let lLow = mulAdd<f64>(low, tHigh, f64x2.mul(tLow, s));
  lLow = f64x2.add(lLow, f64x2.mul(k, constant<f64>(c, LN2_LOW)));
  lLow = f64x2.add(lLow, f64x2.sub(product, f64x2.sub(lHigh, far)));

  // p = y l = pHigh + pLow; beyond FARTHEST the result is 0 or ∞ whatever the low part.
  const yHigh = shortened<f64>(y);
  const exact = f64x2.mul(yHigh, lHigh);
  const limit = constant<f64>(c, FARTHEST);
  const pHigh = f64x2.pmax(f64x2.pmin(exact, limit), f64x2.neg(limit));
  let pLow = mulAdd<f64>(f64x2.sub(y, yHigh), lHigh, f64x2.mul(y, lLow));
  pLow = v128.and(pLow, f64x2.eq(exact, pHigh));

  // e^(2/3 p): the remainder a + b of p by 3/2 log 2, times 2/3 in two parts; all small parts are added last.
  const shifter = constant<f64>(c, SHIFTER);
  const shifted = mulAdd<f64>(pHigh, constant<f64>(c, INVERSE_LN2), shifter);
  const n = f64x2.sub(shifted, shifter);
  const a = f64x2.sub(pHigh, f64x2.mul(n, constant<f64>(c, LN2_HIGH)));
  const b = f64x2.sub(pLow, f64x2.mul(n, constant<f64>(c, LN2_LOW)));
  const sum = f64x2.add(a, b);
  const twoThirds = constant<f64>(c, TWO_THIRDS);
  const aHigh = shortened<f64>(sum);
  const main = f64x2.mul(aHigh, twoThirds);
  let small = f64x2.mul(f64x2.add(f64x2.sub(a, aHigh), b), twoThirds);
  small = mulAdd<f64>(sum, constant<f64>(c, TWO_THIRDS_LOW), small);
  const e = f64x2.add(main, small);
  small = mulAdd<f64>(polynomial<f64>(e, c, EXPONENTIAL, 10), f64x2.mul(e, e), small);
  const nearly = f64x2.add(one, main);
  small = f64x2.add(small, f64x2.sub(main, f64x2.sub(nearly, one)));
  return scaleTwice<f64>(f64x2.add(nearly, small), shifted);
}

/** xʸ of float32 values in float64: relative error below 2⁻³⁰, so that rounding to float32 is all that counts. */
function power_narrow(x: v128, y: v128): v128 {
  const c = NARROW;
  const bits = bitsOf<f64>(x);
  const k = exponentOf<f64>(bits);
  const m = fractionOf<f64>(bits);
  const one = constant<f64>(c, 4);
  const f = f64x2.sub(m, one);
  const s = f64x2.div(f, f64x2.add(m, one));
  const z = f64x2.mul(s, s);
  const l = mulAdd<f64>(f64x2.mul(polynomial<f64>(z, c, 5, 5), z), s, f64x2.add(s, s));
  const limit = constant<f64>(c, 3);
  let p = f64x2.mul(y, mulAdd<f64>(k, constant<f64>(c, 0), l));
  p = f64x2.pmax(f64x2.pmin(p, limit), f64x2.neg(limit));
  const shifter = constant<f64>(c, 2);
  const shifted = mulAdd<f64>(p, constant<f64>(c, 1), shifter);
  const r = f64x2.sub(p, f64x2.mul(f64x2.sub(shifted, shifter), constant<f64>(c, 0)));
  const e = mulAdd<f64>(polynomial<f64>(r, c, 10, 6), f64x2.mul(r, r), f64x2.add(r, one));
  return scaleOnce<f64>(e, shifted);
}

/** Whether y is an odd whole number. */
function isOdd(y: f64): bool {
  const half = y * 0.5;
  return trunc(y) == y && trunc(half) != half;
}

/** xʸ where x or y is zero, subnormal, infinite, NaN or, for y, very large: C99, annex F.9.4.4. */
function unusualPower(x: f64, y: f64): f64 {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return NaN;
  const a = abs(x);
  if (abs(y) >= load<f64>(F64, LARGEST << 3)) {
    if (a == 1) return 1;
    return a > 1 == y > 0 ? Infinity : 0;
  }
  let power: f64;
  if (a == 0 || a == Infinity) {
    power = (a == 0) == y < 0 ? Infinity : 0;
  } else {
    if (x < 0 && trunc(y) != y) return NaN;
    power = f64x2.extract_lane(power_f64(f64x2.splat(a * 18014398509481984), f64x2.splat(y), f64x2.splat(54)), 0);
  }
  return isOdd(y) && reinterpret<i64>(x) < 0 ? -power : power;
}

/** `power`, with the lanes of the mask replaced by what holds for unusual operands. */
function unusualLanes_f32(x: v128, y: v128, power: v128, unusual: v128): v128 {
  for (let lane = 0; lane < 4; lane++) {
    if (i32x4.extract_lane(unusual, 0)) {
      power = f32x4.replace_lane(power, 0, <f32>unusualPower(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
    }
    // Turned by one lane each time: after four turns all are back in place.
    x = v128.shuffle<i32>(x, x, 1, 2, 3, 0);
    y = v128.shuffle<i32>(y, y, 1, 2, 3, 0);
    power = v128.shuffle<i32>(power, power, 1, 2, 3, 0);
    unusual = v128.shuffle<i32>(unusual, unusual, 1, 2, 3, 0);
  }
  return power;
}

/** The same for float64. */
function unusualLanes_f64(x: v128, y: v128, power: v128, unusual: v128): v128 {
  if (i64x2.extract_lane(unusual, 0)) {
    power = f64x2.replace_lane(power, 0, unusualPower(f64x2.extract_lane(x, 0), f64x2.extract_lane(y, 0)));
  }
  if (i64x2.extract_lane(unusual, 1)) {
    power = f64x2.replace_lane(power, 1, unusualPower(f64x2.extract_lane(x, 1), f64x2.extract_lane(y, 1)));
  }
  return power;
}

/** |x|ʸ made xʸ where x is negative: the sign of odd powers, NaN where y is not whole. */
@inline function signed<T>(x: v128, y: v128, power: v128): v128 {
  const negative = v128.lt<T>(x, v128.xor(x, x));
  if (!v128.any_true(negative)) return power;
  const half = v128.mul<T>(y, constant<T>(sizeof<T>() == 4 ? F32 : F64, sizeof<T>() == 4 ? 0 : HALF));
  const odd = v128.andnot(v128.ne<T>(v128.trunc<T>(half), half), v128.ne<T>(v128.trunc<T>(y), y));
  power = v128.xor(power, v128.and(v128.and(odd, negative), signMask<T>()));
  // All bits set are a NaN.
  return v128.or(power, v128.and(negative, v128.ne<T>(v128.trunc<T>(y), y)));
}

// Not inlined: at their size a call costs nothing.

function pow_f32(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  let power = joinHalves(power_narrow(lowHalf(a), lowHalf(y)), power_narrow(highHalf(a), highHalf(y)));
  power = signed<f32>(x, y, power);
  const infinite = constant<f32>(F32, 2);
  let usual = v128.and(f32x4.ge(a, constant<f32>(F32, 1)), f32x4.lt(a, infinite));
  usual = v128.and(usual, f32x4.lt(f32x4.abs(y), infinite));
  const unusual = v128.not(usual);
  return v128.any_true(unusual) ? unusualLanes_f32(x, y, power, unusual) : power;
}

function pow_f64(x: v128, y: v128): v128 {
  const a = f64x2.abs(x);
  let power = signed<f64>(x, y, power_f64(a, y, i64x2.splat(0)));
  let usual = v128.and(f64x2.ge(a, constant<f64>(F64, SMALLEST)), f64x2.lt(a, constant<f64>(F64, INFINITE)));
  usual = v128.and(usual, f64x2.lt(f64x2.abs(y), constant<f64>(F64, LARGEST)));
  const unusual = v128.not(usual);
  return v128.any_true(unusual) ? unusualLanes_f64(x, y, power, unusual) : power;
}

/** xʸ for all operands as C99 and IEEE 754 define it; below 1 unit in the last place. */
@inline export function pow<T>(x: v128, y: v128): v128 {
  return sizeof<T>() == 4 ? pow_f32(x, y) : pow_f64(x, y);
}
