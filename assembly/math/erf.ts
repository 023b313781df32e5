// Error function of vectors and its complement: odd polynomial near 0, e^(−x²) times a polynomial further out.

import { expm1OfSum, exponentOf, one, remainderOf, scaleOnce, scaleTwice, smallExpm1 } from "./exp";
import { constant, highHalf, joinHalves, lowHalf, mulAdd, polynomial, select, shortened, signOf } from "./vector";

// NEAR: where the forms meet. Coefficients: minimax for erf x / x − 1 as a function of x² below NEAR, relative error of
// erf x below 2⁻²⁹ and 2⁻⁵⁵; for float32 then minimax for log(1 − erf x) on [NEAR, 4], error of erf x below 2⁻²⁸.
const F32 = memory.data<f32>([
  0.75, 4,
  0.12837916612625122, -0.3761261999607086, 0.11283379048109055, -0.026834335178136826, 0.005113156512379646,
  -0.0006737572839483619,
  -2.0960800611646846e-5, -1.1284356117248535, -0.6358375549316406, -0.1051689013838768, 0.02285073697566986,
  -0.0032064863480627537, 0.00021325824491214007,
]);
const F64 = memory.data<f64>([
  0.75, 28,
  0.1283791670955126, -0.37612638903184176, 0.11283791670978854, -0.026866170650281043, 0.005223977681875881,
  -0.0008548330533957743, 0.00012055462879288352, -1.4928481653681965e-5, 1.6494802662746672e-6,
  -1.6471796287342583e-7, 1.33483422039772e-8,
]);
const NEAR: usize = 0;
const HIGHEST: usize = 1;
const COEFFICIENTS: usize = 2;
const TAIL: usize = 8;

// The complement as e^(−x²) K / (1 + 2x), the form of Shepherd and Laframboise (1981): K varies little.
// Coefficients: minimax for K as a polynomial in (x − 3) / (x + 3) on [0.749, 27.3], relative error below 2⁻⁵⁴.
const COMPLEMENT = memory.data<f64>([
  3, 1, 0.85, 2,
  1.2530080582697296, -0.1356211061245816, -0.047562294353432316, 0.1296451587028126, -0.11927366341658058,
  0.06830802734224448, -0.02377051488443304, 0.0025293918379186322, 0.0018886898912632826, -0.0007798323521097207,
  -0.00010515614351287154, 0.00012509874297187806, 4.932349777674603e-6, -2.0093332868793675e-5, -6.832040149823489e-7,
  3.442622714098738e-6, 2.7836960875417747e-7, -5.575280869779864e-7, -7.557167408763699e-8, 4.92823484411092e-8,
  1.666400367938394e-8,
]);
// The same in (x − 2.5) / (x + 2.5) on [0, 10.1], relative error below 2⁻³³: for float32, computed in float64.
const NARROW = memory.data<f64>([
  2.5, 1, 10.5, 2,
  1.2648381843294765, -0.12235676151506814, -0.09902453401710287, 0.15762984573800176, -0.10296721884933746,
  0.0327618227398892, 0.0009338371278318588, -0.004386545100453338, 0.00048100387392519797, 0.0006388903025058885,
  -6.061384056816042e-5, -0.0001060344584261428, -1.944083926850491e-5,
]);

/** erf x − x for x below NEAR. */
@inline function nearTerm<T>(x: v128): v128 {
  const c = sizeof<T>() == 4 ? F32 : F64;
  return v128.mul<T>(polynomial<T>(v128.mul<T>(x, x), c, COEFFICIENTS, sizeof<T>() == 4 ? 6 : 11), x);
}

/** 1 − erf a for a ≥ NEAR, within 2 units in the last place. */
function farErfc(a: v128): v128 {
  const c = COMPLEMENT;
  // From HIGHEST on it is 0 to the last place. The operand order keeps NaN.
  a = f64x2.pmin(a, constant<f64>(F64, HIGHEST));
  const three = constant<f64>(c, 0);
  const t = f64x2.div(f64x2.sub(a, three), f64x2.add(a, three));
  const double = f64x2.add(a, a);
  const one = constant<f64>(c, 1);
  const denominator = f64x2.add(double, one);
  const lost = f64x2.sub(double, f64x2.sub(denominator, one));
  const center = constant<f64>(c, 4);
  const around = f64x2.mul(polynomial<f64>(t, c, 5, 20), t);
  const whole = f64x2.add(center, around);
  const k = f64x2.div(whole, denominator);
  const kHigh = shortened<f64>(k);
  const kLow = f64x2.sub(k, kHigh);
  const dHigh = shortened<f64>(denominator);
  const dLow = f64x2.sub(denominator, dHigh);
  let rest = f64x2.sub(f64x2.sub(whole, f64x2.mul(kHigh, dHigh)), f64x2.mul(kHigh, dLow));
  rest = f64x2.sub(f64x2.sub(rest, f64x2.mul(kLow, dHigh)), f64x2.mul(kLow, dLow));
  // What rounding K, the denominator and their quotient lost, relative to K, which is near 1 / 0.85.
  rest = f64x2.add(f64x2.sub(rest, f64x2.mul(lost, k)), f64x2.sub(around, f64x2.sub(whole, center)));
  // a² in two parts: the first exact, the second what is left, and with it those losses.
  const high = shortened<f64>(a);
  const square = f64x2.neg(f64x2.mul(high, high));
  const n = exponentOf<f64>(square);
  let low = f64x2.mul(f64x2.sub(a, high), f64x2.add(a, high));
  low = f64x2.sub(f64x2.mul(rest, constant<f64>(c, 2)), low);
  return scaleTwice<f64>(mulAdd<f64>(k, expm1OfSum<f64>(square, low, n), k), n);
}

/** 1 − erf x of float32 values in float64, relative error below 2⁻³⁰. */
function narrowErfc(x: v128): v128 {
  const c = NARROW;
  const a = f64x2.pmin(f64x2.abs(x), constant<f64>(c, 2));
  const middle = constant<f64>(c, 0);
  const t = f64x2.div(f64x2.sub(a, middle), f64x2.add(a, middle));
  const k = f64x2.div(polynomial<f64>(t, c, 4, 13), f64x2.add(f64x2.add(a, a), constant<f64>(c, 1)));
  const square = f64x2.neg(f64x2.mul(a, a));
  const n = exponentOf<f64>(square);
  const y = scaleOnce<f64>(mulAdd<f64>(k, smallExpm1<f64>(remainderOf<f64>(square, n)), k), n);
  return select(f64x2.lt(x, v128.xor(x, x)), f64x2.sub(constant<f64>(c, 3), y), y);
}

@inline function erf_f32(x: v128): v128 {
  const a = f32x4.abs(x);
  const near = f32x4.add(a, nearTerm<f32>(a));
  // 1 to the last place from HIGHEST on. The operand order keeps NaN.
  const power = polynomial<f32>(f32x4.pmin(a, constant<f32>(F32, HIGHEST)), F32, TAIL, 7);
  const n = exponentOf<f32>(power);
  const rest = scaleOnce<f32>(f32x4.add(smallExpm1<f32>(remainderOf<f32>(power, n)), one<f32>()), n);
  const far = f32x4.sub(one<f32>(), rest);
  return v128.or(select(f32x4.lt(a, constant<f32>(F32, NEAR)), near, far), signOf<f32>(x));
}

// The others are not inlined: at their size a call costs nothing.

function erf_f64(x: v128): v128 {
  const a = f64x2.abs(x);
  const isNear = f64x2.lt(a, constant<f64>(F64, NEAR));
  const near = f64x2.add(a, nearTerm<f64>(a));
  if (i64x2.all_true(isNear)) return v128.or(near, signOf<f64>(x));
  const far = f64x2.sub(one<f64>(), farErfc(a));
  return v128.or(select(isNear, near, far), signOf<f64>(x));
}

function erfc_f32(x: v128): v128 {
  return joinHalves(narrowErfc(lowHalf(x)), narrowErfc(highHalf(x)));
}

function erfc_f64(x: v128): v128 {
  const a = f64x2.abs(x);
  const isNear = f64x2.lt(a, constant<f64>(F64, NEAR));
  // 1 − x is exact where erf x exceeds ½.
  const near = f64x2.sub(f64x2.sub(one<f64>(), x), nearTerm<f64>(x));
  if (i64x2.all_true(isNear)) return near;
  const far = farErfc(a);
  const left = f64x2.sub(constant<f64>(COMPLEMENT, 3), far);
  return select(isNear, near, select(f64x2.lt(x, v128.xor(x, x)), left, far));
}

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt: odd, ±1 at ±∞; within 2 units in the last place, mostly 1. */
@inline export function erf<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? erf_f32(x) : erf_f64(x);
}

/** 1 − erf x without cancellation, subnormal results included; within 2 units in the last place. */
@inline export function erfc<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? erfc_f32(x) : erfc_f64(x);
}
