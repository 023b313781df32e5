// Bessel functions of order 0 and 1, modified ones, the spherical one, and the Airy function: from Chebyshev series.

import { PI, chebyshev, cosOf, expOf, logOf, sinOf } from "./scalar";
import {
  AIRY, AIRY_COUNT, AIRY_P, AIRY_P_COUNT, AIRY_Q, AIRY_Q_COUNT, AIRY_RIGHT, AIRY_RIGHT_COUNT,
  I0_FAR, I0_FAR_COUNT, I0_NEAR, I0_NEAR_COUNT, I1_FAR, I1_FAR_COUNT, I1_NEAR, I1_NEAR_COUNT,
  J0_NEAR, J0_NEAR_COUNT, J1_NEAR, J1_NEAR_COUNT, K0_FAR, K0_FAR_COUNT, K0_NEAR, K0_NEAR_COUNT,
  K1_FAR, K1_FAR_COUNT, K1_NEAR, K1_NEAR_COUNT, P0, P0_COUNT, P1, P1_COUNT, Q0, Q0_COUNT, Q1, Q1_COUNT,
  Y0_NEAR, Y0_NEAR_COUNT, Y1_NEAR, Y1_NEAR_COUNT,
} from "./tables";

/** Where the series in x end and those in 1/x begin. */
const FAR: f64 = 8;
const ROOT_HALF: f64 = 0.7071067811865476;

/** e^(−|x|) I₀(x). */
export function i0e(x: f64): f64 {
  const a = abs(x);
  if (a == 0) return 1;
  if (a <= FAR) return chebyshev(a * 0.25 - 1, I0_NEAR, I0_NEAR_COUNT);
  return chebyshev(16 / a - 1, I0_FAR, I0_FAR_COUNT) / sqrt(a);
}

/** e^(−|x|) I₁(x). */
export function i1e(x: f64): f64 {
  const a = abs(x);
  if (a <= FAR) return x * chebyshev(a * 0.25 - 1, I1_NEAR, I1_NEAR_COUNT);
  return copysign(chebyshev(16 / a - 1, I1_FAR, I1_FAR_COUNT) / sqrt(a), x);
}

/** e^|x| · y, in two steps so that it overflows where the product does. */
function grown(x: f64, y: f64): f64 {
  const half = expOf(abs(x) * 0.5);
  return half * y * half;
}

export function i0(x: f64): f64 {
  return abs(x) == Infinity ? Infinity : grown(x, i0e(x));
}
export function i1(x: f64): f64 {
  return abs(x) == Infinity ? x : grown(x, i1e(x));
}

/** eˣ K₀(x), or K₀(x) itself: ∞ at 0, NaN below. */
function secondKind0(x: f64, scaled: bool): f64 {
  if (x == 0) return Infinity;
  if (!(x > 0)) return NaN;
  if (x <= 2) {
    const value = chebyshev(x * x * 0.5 - 1, K0_NEAR, K0_NEAR_COUNT) - logOf(0.5 * x) * i0(x);
    return scaled ? value * expOf(x) : value;
  }
  const value = chebyshev(4 / x - 1, K0_FAR, K0_FAR_COUNT) / sqrt(x);
  return scaled ? value : value * expOf(-x);
}

/** eˣ K₁(x), or K₁(x) itself: ∞ at 0, NaN below. */
function secondKind1(x: f64, scaled: bool): f64 {
  if (x == 0) return Infinity;
  if (!(x > 0)) return NaN;
  if (x <= 2) {
    const value = chebyshev(x * x * 0.5 - 1, K1_NEAR, K1_NEAR_COUNT) / x + logOf(0.5 * x) * i1(x);
    return scaled ? value * expOf(x) : value;
  }
  const value = chebyshev(4 / x - 1, K1_FAR, K1_FAR_COUNT) / sqrt(x);
  return scaled ? value : value * expOf(-x);
}

export function k0(x: f64): f64 {
  return secondKind0(x, false);
}
export function k0e(x: f64): f64 {
  return secondKind0(x, true);
}
export function k1(x: f64): f64 {
  return secondKind1(x, false);
}
export function k1e(x: f64): f64 {
  return secondKind1(x, true);
}

/** √(2/πx) (P cos χ − Q sin χ), or with `second` √(2/πx) (P sin χ + Q cos χ), χ = x − (2 · order + 1) π/4. */
function hankel(x: f64, order: i32, second: bool): f64 {
  const t = 128 / (x * x) - 1;
  const p = order ? chebyshev(t, P1, P1_COUNT) : chebyshev(t, P0, P0_COUNT);
  const q = (order ? chebyshev(t, Q1, Q1_COUNT) : chebyshev(t, Q0, Q0_COUNT)) / x;
  // Sine and cosine of χ from those of x: the subtraction would lose digits of a large x.
  const s = sinOf(x), c = cosOf(x);
  const sine = (order ? -s - c : s - c) * ROOT_HALF;
  const cosine = (order ? s - c : s + c) * ROOT_HALF;
  return sqrt(2 / (PI * x)) * (second ? p * sine + q * cosine : p * cosine - q * sine);
}

export function j0(x: f64): f64 {
  const a = abs(x);
  if (a == 0) return 1;
  return a <= FAR ? chebyshev(a * a * 0.03125 - 1, J0_NEAR, J0_NEAR_COUNT) : hankel(a, 0, false);
}
export function j1(x: f64): f64 {
  const a = abs(x);
  if (a <= FAR) return x * chebyshev(a * a * 0.03125 - 1, J1_NEAR, J1_NEAR_COUNT);
  const value = hankel(a, 1, false);
  return x < 0 ? -value : value;
}

/** −∞ at 0, NaN below. */
export function y0(x: f64): f64 {
  if (x == 0) return -Infinity;
  if (!(x > 0)) return NaN;
  if (x > FAR) return hankel(x, 0, true);
  return chebyshev(x * x * 0.03125 - 1, Y0_NEAR, Y0_NEAR_COUNT) + 2 / PI * logOf(x) * j0(x);
}

/** −∞ at 0, NaN below. */
export function y1(x: f64): f64 {
  if (x == 0) return -Infinity;
  if (!(x > 0)) return NaN;
  if (x > FAR) return hankel(x, 1, true);
  return x * chebyshev(x * x * 0.03125 - 1, Y1_NEAR, Y1_NEAR_COUNT) + 2 / PI * (logOf(x) * j1(x) - 1 / x);
}

/** sin x / x. */
export function sphericalJ0(x: f64): f64 {
  if (x == 0) return 1;
  return abs(x) == Infinity ? 0 : sinOf(x) / x;
}

/** Ai(x), with ζ = ⅔ |x|^(3/2) outside the middle. */
export function airy(x: f64): f64 {
  if (x >= -5 && x <= 3) return chebyshev((x + 1) * 0.25, AIRY, AIRY_COUNT);
  const a = abs(x);
  if (a == Infinity) return NaN;
  const root = sqrt(a);
  const zeta = a * root * (2.0 / 3);
  const scale = 1 / sqrt(PI * root);
  if (x > 0) return 0.5 * scale * expOf(-zeta) * chebyshev(2 / (0.29 * zeta) - 1, AIRY_RIGHT, AIRY_RIGHT_COUNT);
  const t = 2 / (0.0181 * zeta * zeta) - 1;
  const s = sinOf(zeta), c = cosOf(zeta);
  const p = chebyshev(t, AIRY_P, AIRY_P_COUNT), q = chebyshev(t, AIRY_Q, AIRY_Q_COUNT) / zeta;
  return scale * ROOT_HALF * (p * (c + s) + q * (s - c));
}
