// Elementary functions of one float64, and what the special functions share: series, polynomials, sines of multiples of π.

import { erfc } from "../math/erf";
import { pow } from "../math/pow";
import { cos } from "../math/trig";
import { erfCalled, expCalled, log1pCalled, logCalled, sinCalled } from "./vector";

export const PI: f64 = 3.141592653589793;
export const ROOT_HALF: f64 = 0.7071067811865476;

@inline function first(v: v128): f64 {
  return f64x2.extract_lane(v, 0);
}

export function expOf(x: f64): f64 {
  return first(expCalled<f64>(f64x2.splat(x)));
}
export function logOf(x: f64): f64 {
  return first(logCalled<f64>(f64x2.splat(x)));
}
export function log1pOf(x: f64): f64 {
  return first(log1pCalled<f64>(f64x2.splat(x)));
}
export function sinOf(x: f64): f64 {
  return first(sinCalled<f64>(f64x2.splat(x)));
}
export function cosOf(x: f64): f64 {
  return first(cos<f64>(f64x2.splat(x)));
}
export function powOf(x: f64, y: f64): f64 {
  return first(pow<f64>(f64x2.splat(x), f64x2.splat(y)));
}
export function erfOf(x: f64): f64 {
  return first(erfCalled<f64>(f64x2.splat(x)));
}
export function erfcOf(x: f64): f64 {
  return first(erfc<f64>(f64x2.splat(x)));
}

/** Σ cₖ Tₖ(x) by Clenshaw's rule, for the `count` coefficients of a table. */
export function chebyshev(x: f64, table: usize, count: i32): f64 {
  const twice = x + x;
  let high: f64 = 0, low: f64 = 0;
  for (let k = count - 1; k > 0; k--) {
    const next = twice * low - high + load<f64>(table + (<usize>k << 3));
    high = low;
    low = next;
  }
  return x * low - high + load<f64>(table);
}

/** Σ cₖ xᵏ by Horner's rule, for the `count` coefficients of a table. */
export function series(x: f64, table: usize, count: i32): f64 {
  let sum: f64 = 0;
  for (let k = count - 1; k >= 0; k--) sum = sum * x + load<f64>(table + (<usize>k << 3));
  return sum;
}

/** sin πx, exact 0 for whole x. */
export function sinPi(x: f64): f64 {
  const whole = nearest(x);
  const value = sinOf(PI * (x - whole));
  // Half of an even number is whole.
  return nearest(whole * 0.5) == whole * 0.5 ? value : -value;
}

/** cot πx. */
export function cotPi(x: f64): f64 {
  const angle = PI * (x - nearest(x));
  return cosOf(angle) / sinOf(angle);
}

/** e^(x²) with the square in two parts, so that its rounding does not count. */
export function expOfSquare(x: f64): f64 {
  const high = reinterpret<f64>(reinterpret<u64>(x) & 0xfffffffff8000000);
  return expOf(high * high) * expOf((x - high) * (x + high));
}
