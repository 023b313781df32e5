// Hyperbolic tangent of vectors: a polynomial near 0, 1 − 2 / (e²ˣ + 1) further out.

import { exponentOf, one, remainderOf, scaleOnce, smallExpm1 } from "./exp";
import { constant, mulAdd, polynomial, select, signOf } from "./vector";

// NEAR is just above atanh ½: from there on the error of the quotient counts less than the last place of the result.
// Coefficients: minimax for (tanh x − x) / x³ as a function of x² below NEAR, relative error below 2⁻²⁹ and 2⁻⁶⁰.
const F32 = memory.data<f32>([
  10, 0.55, -2,
  -0.33333316445350647, 0.13332544267177582, -0.0538475476205349, 0.02105071395635605, -0.0062428489327430725,
]);
const F64 = memory.data<f64>([
  20, 0.55, -2,
  -0.333333333333333, 0.1333333333332658, -0.053968253963736605, 0.021869488385153336, -0.00886323258965321,
  0.0035920919084111323, -0.001455542040481003, 0.000588441091379519, -0.00023337271785168565, 8.330346488232506e-5,
  -1.9486486664058363e-5,
]);
const HIGHEST: usize = 0;
const NEAR: usize = 1;
const MINUS_TWO: usize = 2;
const COEFFICIENTS: usize = 3;

/** tanh x: odd, ±1 at ±∞; within 2 units in the last place. */
@inline export function tanh<T>(x: v128): v128 {
  const c: usize = sizeof<T>() == 4 ? F32 : F64;
  const a = v128.abs<T>(x);
  // 1 to the last place from HIGHEST on, and no overflow below it. The operand order keeps NaN.
  let double = v128.pmin<T>(a, constant<T>(c, HIGHEST));
  double = v128.add<T>(double, double);
  const n = exponentOf<T>(double);
  const e = scaleOnce<T>(v128.add<T>(smallExpm1<T>(remainderOf<T>(double, n)), one<T>()), n);
  const far = v128.add<T>(one<T>(), v128.div<T>(constant<T>(c, MINUS_TWO), v128.add<T>(e, one<T>())));
  const z = v128.mul<T>(a, a);
  const near = mulAdd<T>(polynomial<T>(z, c, COEFFICIENTS, sizeof<T>() == 4 ? 5 : 11), v128.mul<T>(z, a), a);
  return v128.or(select(v128.lt<T>(a, constant<T>(c, NEAR)), near, far), signOf<T>(x));
}
