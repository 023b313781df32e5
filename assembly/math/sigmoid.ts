// Logistic function of vectors.

import { expOfNegative, one } from "./exp";
import { select, signMask } from "./vector";

/** 1 / (1 + e⁻ˣ): 0 at −∞, 1 at ∞; within 2 units in the last place, subnormal results included. */
@inline export function sigmoid<T>(x: v128): v128 {
  const e = expOfNegative<T>(v128.or(x, signMask<T>()));
  // With q = e / (1 + e): 1 − q for x ≥ 0, e − e q below 0, where q alone would add up three rounding errors.
  const base = select(v128.lt<T>(x, v128.xor(x, x)), e, one<T>());
  const q = v128.div<T>(e, v128.add<T>(one<T>(), e));
  return v128.sub<T>(base, v128.mul<T>(base, q));
}
