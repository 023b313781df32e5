// Orthogonal polynomials of degree n by their recurrences; inside (−1, 1) Chebyshev's of high degree by angles.

import { cosOf, sinOf } from "./scalar";
import { acos } from "../math/arc";

export const CHEBYSHEV_T: i32 = 0;
export const CHEBYSHEV_U: i32 = 1;
export const CHEBYSHEV_V: i32 = 2;
export const CHEBYSHEV_W: i32 = 3;
export const HERMITE_H: i32 = 4;
export const HERMITE_HE: i32 = 5;
export const LAGUERRE_L: i32 = 6;
export const LEGENDRE_P: i32 = 7;

/** From this degree on Chebyshev's polynomials are taken from angles. */
const ANGULAR: f64 = 9;
/** Beyond this degree Hermite's polynomials are NaN, as in PyTorch. */
const HERMITE_LIMIT: f64 = 512;

/** Tₙ, Uₙ, Vₙ or Wₙ of cos θ. */
function angular(kind: i32, x: f64, n: f64): f64 {
  const angle = f64x2.extract_lane(acos<f64>(f64x2.splat(x)), 0);
  if (kind == CHEBYSHEV_T) return cosOf(n * angle);
  if (kind == CHEBYSHEV_U) return sinOf((n + 1) * angle) / sinOf(angle);
  if (kind == CHEBYSHEV_V) return cosOf((n + 0.5) * angle) / cosOf(0.5 * angle);
  return sinOf((n + 0.5) * angle) / sinOf(0.5 * angle);
}

/** The value at 1, or at −1 for even degrees up to its sign: 1 or the sum of as many terms. */
function atEnd(kind: i32, x: f64, n: f64): f64 {
  const even = nearest(n * 0.5) == n * 0.5;
  const sign: f64 = x > 0 || even ? 1 : -1;
  if (kind == CHEBYSHEV_U) return sign * (n + 1);
  if (kind == CHEBYSHEV_V) return x > 0 ? 1 : sign * (2 * n + 1);
  if (kind == CHEBYSHEV_W) return x > 0 ? 2 * n + 1 : sign;
  return sign;
}

/** The polynomial of a kind and of degree `degree`, cut to a whole number; 0 for a negative one. */
export function orthogonal(kind: i32, x: f64, degree: f64): f64 {
  const n = trunc(degree);
  if (x != x || n != n) return NaN;
  if (n < 0) return 0;
  if (kind <= CHEBYSHEV_W || kind == LEGENDRE_P) {
    if (abs(x) == 1) return atEnd(kind, x, n);
    if (kind <= CHEBYSHEV_W && n >= ANGULAR && abs(x) < 1) return angular(kind, x, n);
  }
  if ((kind == HERMITE_H || kind == HERMITE_HE) && n > HERMITE_LIMIT) return NaN;
  if (n == 0) return 1;
  let before: f64 = 1;
  let value = x;
  if (kind == CHEBYSHEV_U || kind == HERMITE_H) value = x + x;
  else if (kind == CHEBYSHEV_V) value = x + x - 1;
  else if (kind == CHEBYSHEV_W) value = x + x + 1;
  else if (kind == LAGUERRE_L) value = 1 - x;
  for (let k: f64 = 1; k < n && value == value; k += 1) {
    let next: f64;
    if (kind <= CHEBYSHEV_W) next = (x + x) * value - before;
    else if (kind == HERMITE_H) next = (x + x) * value - 2 * k * before;
    else if (kind == HERMITE_HE) next = x * value - k * before;
    else if (kind == LAGUERRE_L) next = ((2 * k + 1 - x) * value - k * before) / (k + 1);
    else next = ((2 * k + 1) * x * value - k * before) / (k + 1);
    before = value;
    value = next;
  }
  return value;
}
