// Inverse trigonometric functions of vectors, by one odd polynomial each.

import { constant, mulAdd, polynomial, select, shortened, signMask, signOf } from "./vector";

// Coefficients: minimax for (asin x − x) / x³ below ½ as a function of x², (atan x − x) / x³ below 1 as one of x² − ½,
// whose coefficients fall quickly; relative errors of the functions below 2⁻²⁷ and 2⁻⁵⁵, and 2⁻²⁷ and 2⁻⁵⁷.
const F32 = memory.data<f32>([
  0.5, 1, 3.1415927410125732, -8.742277657347586e-8, 1.5707963705062866, -4.371138828673793e-8,
  0.16666752099990845, 0.074953094124794, 0.045469146221876144, 0.024184811860322952, 0.042158231139183044,
  -0.25916048884391785, 0.11081483960151672, -0.05481630191206932, 0.029137399047613144, -0.01613706909120083,
  0.00918327271938324, -0.0056438506580889225, 0.0037188667338341475, -0.0015723550459370017,
]);
const F64 = memory.data<f64>([
  0.5, 1, 3.141592653589793, 1.2246467991473532e-16, 1.5707963267948966, 6.123233995736766e-17,
  0.16666666666665408, 0.07500000000337163, 0.044642856828185036, 0.03038195914363864, 0.02237175787387854,
  0.017359707649710496, 0.01388520498977235, 0.012169423246448487, 0.006527015377452209, 0.019531003030080887,
  -0.016228707904546606, 0.031915423573019276,
  -0.2591604972657936, 0.11081482513071435, -0.05481484060456649, 0.029135862645150765, -0.016172974901887655,
  0.009243096231281814, -0.005394792651156323, 0.0031991749032353476, -0.0019209409058120429, 0.001165071022240429,
  -0.000712504396870515, 0.0004386964827139174, -0.00027158149247763486, 0.00016949030652824292,
  -0.00010705253310275671, 6.55060623720599e-5, -3.703353592930943e-5, 2.7209407488984304e-5, -2.643587177657455e-5,
  1.3217119863736459e-5,
]);
const HALF: usize = 0;
const ONE: usize = 1;
const PI: usize = 2;
const PI_LOW: usize = 3;
const HALF_PI: usize = 4;
const HALF_PI_LOW: usize = 5;
const SINE: usize = 6;

@inline function table<T>(): usize {
  return sizeof<T>() == 4 ? F32 : F64;
}

/** atan t − t for 0 ≤ t ≤ 1. */
@inline function tangentTerm<T>(t: v128): v128 {
  const z = v128.mul<T>(t, t);
  const shifted = v128.sub<T>(z, constant<T>(table<T>(), HALF));
  const p = polynomial<T>(shifted, table<T>(), SINE + (sizeof<T>() == 4 ? 5 : 12), sizeof<T>() == 4 ? 9 : 20);
  return v128.mul<T>(p, v128.mul<T>(z, t));
}

/** π / 2 − (t + `term`). */
@inline function complement<T>(t: v128, term: v128): v128 {
  const c = table<T>();
  return v128.sub<T>(constant<T>(c, HALF_PI), v128.add<T>(t, v128.sub<T>(term, constant<T>(c, HALF_PI_LOW))));
}

function atanBody<T>(x: v128): v128 {
  const one = constant<T>(table<T>(), ONE);
  const a = v128.abs<T>(x);
  const far = v128.gt<T>(a, one);
  const t = select(far, v128.div<T>(one, a), a);
  const term = tangentTerm<T>(t);
  return v128.or(select(far, complement<T>(t, term), v128.add<T>(t, term)), signOf<T>(x));
}

function atan2Body<T>(y: v128, x: v128): v128 {
  const c = table<T>();
  const one = constant<T>(c, ONE);
  const zero = v128.xor(x, x);
  const a = v128.abs<T>(x);
  const b = v128.abs<T>(y);
  const steep = v128.gt<T>(b, a);
  const larger = select(steep, b, a);
  // Equal sizes include 0 / 0, which is to be 0, and ∞ / ∞, which is to be 1.
  const equal = v128.and(one, v128.ne<T>(larger, zero));
  const t = select(v128.eq<T>(a, b), equal, v128.div<T>(select(steep, a, b), larger));
  const term = tangentTerm<T>(t);
  let angle = select(steep, complement<T>(t, term), v128.add<T>(t, term));
  // Left of the axis π minus that, with what π lacks; also for −0.
  const left = sizeof<T>() == 4 ? i32x4.lt_s(x, zero) : i64x2.lt_s(x, zero);
  const other = v128.sub<T>(constant<T>(c, PI), v128.sub<T>(angle, constant<T>(c, PI_LOW)));
  angle = v128.or(select(left, other, angle), signOf<T>(y));
  // All bits set are a NaN.
  return v128.or(angle, v128.or(v128.ne<T>(x, x), v128.ne<T>(y, y)));
}

/** (asin t − t) / t as a function of z = t², t ≤ ½. */
@inline function sineRatio<T>(z: v128): v128 {
  return v128.mul<T>(z, polynomial<T>(z, table<T>(), SINE, sizeof<T>() == 4 ? 5 : 12));
}

/** What rounding the square root s of z lost. */
@inline function rootError<T>(z: v128, s: v128): v128 {
  const high = shortened<T>(s);
  const low = v128.sub<T>(s, high);
  const rest = v128.sub<T>(v128.sub<T>(z, v128.mul<T>(high, high)), v128.mul<T>(low, v128.add<T>(high, s)));
  // 0 / 0 at z = 0, where nothing is lost.
  return v128.and(v128.div<T>(rest, v128.add<T>(s, s)), v128.gt<T>(s, v128.xor(s, s)));
}

function asinBody<T>(x: v128): v128 {
  const c = table<T>();
  const half = constant<T>(c, HALF);
  const a = v128.abs<T>(x);
  const far = v128.gt<T>(a, half);
  // Beyond ½: asin a = π / 2 − 2 asin √((1 − a) / 2), with the square root in two parts.
  const z = select(far, v128.mul<T>(v128.sub<T>(constant<T>(c, ONE), a), half), v128.mul<T>(a, a));
  const s = v128.sqrt<T>(z);
  const ratio = sineRatio<T>(z);
  const near = mulAdd<T>(ratio, a, a);
  let rest = mulAdd<T>(ratio, s, rootError<T>(z, s));
  rest = v128.sub<T>(v128.add<T>(rest, rest), constant<T>(c, HALF_PI_LOW));
  const y = v128.sub<T>(v128.sub<T>(constant<T>(c, HALF_PI), v128.add<T>(s, s)), rest);
  return v128.or(select(far, y, near), signOf<T>(x));
}

function acosBody<T>(x: v128): v128 {
  const c = table<T>();
  const half = constant<T>(c, HALF);
  const a = v128.abs<T>(x);
  const far = v128.gt<T>(a, half);
  const z = select(far, v128.mul<T>(v128.sub<T>(constant<T>(c, ONE), a), half), v128.mul<T>(a, a));
  const s = v128.sqrt<T>(z);
  const ratio = sineRatio<T>(z);
  const near = complement<T>(x, v128.mul<T>(ratio, x));
  // acos a = 2 asin √((1 − a) / 2) beyond ½, and π minus that below −½.
  const rest = mulAdd<T>(ratio, s, rootError<T>(z, s));
  const right = v128.add<T>(s, rest);
  const y = v128.add<T>(right, right);
  const left = v128.sub<T>(constant<T>(c, PI), v128.sub<T>(y, constant<T>(c, PI_LOW)));
  return select(far, select(v128.lt<T>(x, v128.xor(x, x)), left, y), near);
}

/** asin x: NaN outside [−1, 1]; within 2 units in the last place. */
@inline export function asin<T>(x: v128): v128 {
  return asinBody<T>(x);
}

/** acos x: NaN outside [−1, 1], 0 at 1; within 2 units in the last place. */
@inline export function acos<T>(x: v128): v128 {
  return acosBody<T>(x);
}

/** atan x: ±π / 2 at ±∞; within 2 units in the last place. */
@inline export function atan<T>(x: v128): v128 {
  return atanBody<T>(x);
}

/** The angle of the point (x, y), from −π to π, zeros and infinities as in C99; within 2 units in the last place. */
@inline export function atan2<T>(y: v128, x: v128): v128 {
  return atan2Body<T>(y, x);
}
