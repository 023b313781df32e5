// Hyperbolic functions of vectors but tanh, and inverses: odd polynomials near 0, else exponentials or logarithms.

import { halfExp } from "./exp";
import { log, logOfSum } from "./log";
import { constant, mulAdd, polynomial, select, signOf } from "./vector";

// OVERFLOW is beyond where sinh and cosh overflow, LARGE where a + √(a² ± 1) is 2a to the last place.
// Coefficients: minimax for (sinh x − x) / x³ below 1 and (atanh x − x) / x³ below ½ as functions of x², and for
// (asinh x − x) / x³ below 1 as one of x² − ½, whose coefficients fall quickly; relative errors of the functions below
// 2⁻²⁹ and 2⁻⁵⁷.
const F32 = memory.data<f32>([
  90, 16384, 0.25, 0.5, 1, 1.5,
  0.1666666716337204, 0.00833331048488617, 0.00019842895562760532, 2.7822131869470468e-6,
  -0.1375402808189392, 0.04561399668455124, -0.019193805754184723, 0.009052681736648083, -0.004564726259559393,
  0.0023975037038326263, -0.0013405884383246303, 0.0008429482113569975, -0.0003917262074537575,
  0.33333301544189453, 0.2000245451927185, 0.14223742485046387, 0.11816823482513428, 0.051585763692855835,
  0.1764068454504013,
]);
const F64 = memory.data<f64>([
  711, 1073741824, 0.25, 0.5, 1, 1.5,
  0.16666666666666669, 0.008333333333332912, 0.0001984126984159341, 2.7557319106756473e-6, 2.505213099877033e-8,
  1.6056659165186896e-10, 7.776600104845188e-13,
  -0.13754028109457564, 0.04561400513917908, -0.019193701679313377, 0.0090520646854901, -0.004568054327909618,
  0.002411531811245787, -0.001314851886825406, 0.00073454709877187, -0.00041822547016070414, 0.00024178574287293383,
  -0.00014155889382696211, 8.374708041325e-5, -4.987344696086931e-5, 2.996899142869736e-5, -1.875088173533278e-5,
  1.1596439288833855e-5, -5.203547476306988e-6, 2.6927937161086908e-6, -4.871976326567852e-6, 3.5899121427321697e-6,
  0.3333333333333399, 0.19999999999794488, 0.14285714308098854, 0.11111109885346687, 0.09090948582537854,
  0.07691492928925599, 0.06677967152330934, 0.05774202331182711, 0.05983530437757269, 0.014520829214851833,
  0.14503811327031396, -0.15305502858882533, 0.22487930972415535,
]);
const OVERFLOW: usize = 0;
const LARGE: usize = 1;
const QUARTER: usize = 2;
const HALF: usize = 3;
const ONE: usize = 4;
const ONE_AND_A_HALF: usize = 5;
const SINH: usize = 6;

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

/** x + x³ P(x²), P from `count` coefficients. */
@inline function oddPolynomial<T>(x: v128, first: usize, count: usize): v128 {
  const z = v128.mul<T>(x, x);
  return mulAdd<T>(polynomial<T>(z, table<T>(), first, count), v128.mul<T>(z, x), x);
}

/** asinh x for |x| ≤ 1. */
@inline function oddAsinh<T>(x: v128): v128 {
  const z = v128.mul<T>(x, x);
  const shifted = v128.sub<T>(z, constant<T>(table<T>(), HALF));
  const p = polynomial<T>(shifted, table<T>(), SINH + (sizeof<T>() == 4 ? 4 : 7), sizeof<T>() == 4 ? 9 : 20);
  return mulAdd<T>(p, v128.mul<T>(z, x), x);
}

function sinhBody<T>(x: v128): v128 {
  const c = table<T>();
  const a = v128.abs<T>(x);
  const half = halfExp<T>(a, constant<T>(c, OVERFLOW));
  const far = v128.sub<T>(half, v128.div<T>(constant<T>(c, QUARTER), half));
  const near = oddPolynomial<T>(a, SINH, sizeof<T>() == 4 ? 4 : 7);
  return v128.or(select(v128.lt<T>(a, constant<T>(c, ONE)), near, far), signOf<T>(x));
}

function coshBody<T>(x: v128): v128 {
  const c = table<T>();
  const half = halfExp<T>(v128.abs<T>(x), constant<T>(c, OVERFLOW));
  return v128.add<T>(half, v128.div<T>(constant<T>(c, QUARTER), half));
}

/** log(a + `root`) for root ≥ a or near it, log 2a where a is large. */
@inline function logOfRoot<T>(a: v128, root: v128): v128 {
  const c = table<T>();
  const large = v128.gt<T>(a, constant<T>(c, LARGE));
  const sum = v128.add<T>(root, a);
  // Knuth's sum: what rounding lost, whichever is larger.
  const other = v128.sub<T>(sum, root);
  const low = v128.add<T>(v128.sub<T>(root, v128.sub<T>(sum, other)), v128.sub<T>(a, other));
  // One halving less than none is a doubling.
  const halvings = v128.neg<T>(v128.and(large, constant<T>(c, ONE)));
  return logOfSum<T>(select(large, a, sum), v128.andnot(low, large), halvings);
}

function asinhBody<T>(x: v128): v128 {
  const one = constant<T>(table<T>(), ONE);
  const a = v128.abs<T>(x);
  const far = logOfRoot<T>(a, v128.sqrt<T>(mulAdd<T>(a, a, one)));
  return v128.or(select(v128.lt<T>(a, one), oddAsinh<T>(a), far), signOf<T>(x));
}

function acoshBody<T>(x: v128): v128 {
  const c = table<T>();
  const one = constant<T>(c, ONE);
  const t = v128.sub<T>(x, one);
  const far = logOfRoot<T>(x, v128.sqrt<T>(v128.mul<T>(t, v128.add<T>(x, one))));
  // acosh x = 2 asinh √((x − 1) / 2), where x − 1 is exact.
  let near = oddAsinh<T>(v128.sqrt<T>(v128.mul<T>(t, constant<T>(c, HALF))));
  near = v128.add<T>(near, near);
  return select(v128.lt<T>(x, constant<T>(c, ONE_AND_A_HALF)), near, far);
}

function atanhBody<T>(x: v128): v128 {
  const c = table<T>();
  const one = constant<T>(c, ONE);
  const half = constant<T>(c, HALF);
  const a = v128.abs<T>(x);
  const far = v128.mul<T>(log<T>(v128.div<T>(v128.add<T>(one, a), v128.sub<T>(one, a))), half);
  const near = oddPolynomial<T>(a, SINH + (sizeof<T>() == 4 ? 13 : 27), sizeof<T>() == 4 ? 6 : 13);
  return v128.or(select(v128.lt<T>(a, half), near, far), signOf<T>(x));
}

/** sinh x = (eˣ − e⁻ˣ) / 2; within 2 units in the last place. */
@inline export function sinh<T>(x: v128): v128 {
  return sinhBody<T>(x);
}

/** cosh x = (eˣ + e⁻ˣ) / 2; within 2 units in the last place. */
@inline export function cosh<T>(x: v128): v128 {
  return coshBody<T>(x);
}

/** asinh x = log(x + √(x² + 1)); within 2 units in the last place. */
@inline export function asinh<T>(x: v128): v128 {
  return asinhBody<T>(x);
}

/** acosh x = log(x + √(x² − 1)): NaN below 1; within 2 units in the last place. */
@inline export function acosh<T>(x: v128): v128 {
  return acoshBody<T>(x);
}

/** atanh x = ½ log((1 + x) / (1 − x)): NaN outside [−1, 1], ±∞ at ±1; within 2 units in the last place. */
@inline export function atanh<T>(x: v128): v128 {
  return atanhBody<T>(x);
}
