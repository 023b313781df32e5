// The normal distribution and its density of float32 vectors, by one exponential.

import { expOfNegative, one } from "./exp";
import { constant, mulAdd, polynomial, select } from "./vector";

// Φ(−x) = e^(−x²/2) · K / (x + 3.5) for x ≥ 0, the form of Shepherd and Laframboise (1981): K varies little. Twice 3.5,
// 3.5, −½, 1/√(2π); then coefficients: minimax for K / 7 as a polynomial in (x − 3.5) / (x + 3.5), relative error below 2⁻²⁶.
const F32 = memory.data<f32>([
  7, 3.5, -0.5, 0.3989422804014327,
  0.10634515434503555, -0.08079452812671661, 0.0450606495141983, -0.016579117625951767, 0.0024874035734683275,
  0.0009282358805648983, -0.00045622728066518903, -7.266749889822677e-05, 6.304963608272374e-05, 1.811010042729322e-05,
]);

/** e^(−x²/2). */
@inline export function bell(x: v128): v128 {
  return expOfNegative<f32>(f32x4.mul(f32x4.mul(x, x), constant<f32>(F32, 2)));
}

/** Φ(x) from x and e^(−x²/2), within 4 units in the last place where it is small too. */
@inline export function normal(x: v128, power: v128): v128 {
  const q = f32x4.div(constant<f32>(F32, 0), f32x4.add(f32x4.abs(x), constant<f32>(F32, 1)));
  const k = polynomial<f32>(f32x4.sub(one<f32>(), q), F32, 4, 10);
  const tail = f32x4.mul(f32x4.mul(power, q), k);
  return select(f32x4.lt(x, v128.xor(x, x)), tail, f32x4.sub(one<f32>(), tail));
}

/** Φ(x) + x φ(x), the derivative of x Φ(x), φ the density. */
@inline export function slope(x: v128): v128 {
  const power = bell(x);
  return mulAdd<f32>(f32x4.mul(x, power), constant<f32>(F32, 3), normal(x, power));
}
