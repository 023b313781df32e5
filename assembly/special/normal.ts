// The error function's inverse and its scaled complement, and the normal distribution's logarithm and inverse.

import { PI, ROOT_HALF, chebyshev, erfOf, erfcOf, expOf, expOfSquare, log1pOf, logOf, series } from "./scalar";
import { ERFCX, ERFCX_COUNT } from "./tables";

/** e^(x²) (1 − erf x). */
export function erfcx(x: f64): f64 {
  if (x < -27) return Infinity;
  if (x < 0) return 2 * expOfSquare(x) - erfcx(-x);
  if (x == Infinity) return 0;
  return chebyshev((x - 3) / (x + 3), ERFCX, ERFCX_COUNT) / (1 + 2 * x);
}

/** Logarithm of the distribution function of the normal distribution, accurate in both tails. */
export function logNdtr(x: f64): f64 {
  if (x < -1) return logOf(erfcx(-x * ROOT_HALF) * 0.5) - x * x * 0.5;
  return log1pOf(-0.5 * erfcOf(x * ROOT_HALF));
}

// First approximations of the inverse error function, relative error below 10⁻⁶, from Giles (2010), "Approximating the
// erfinv function": in w − 2.5 and √w − 3 with w = −log(1 − x²).
const CENTRAL = memory.data<f64>([
  1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-6, -3.5233877e-6, 3.43273939e-7,
  2.81022636e-8,
]);
const TAIL = memory.data<f64>([
  2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
  -0.000200214257,
]);

/** The y with erf y = x: first approximation, then two of Halley's steps; ±∞ at ±1, NaN beyond. */
export function erfinv(x: f64): f64 {
  const a = abs(x);
  if (!(a < 1)) return a == 1 ? copysign(Infinity, x) : NaN;
  const w = -log1pOf(-a * a);
  let y = a * (w < 5 ? series(w - 2.5, CENTRAL, 9) : series(sqrt(w) - 3, TAIL, 9));
  for (let i = 0; i < 2; i++) {
    const error = a < 0.5 ? erfOf(y) - a : 1 - a - erfcOf(y);
    const step = error * expOf(y * y) * 0.8862269254527580;
    y -= step / (1 + y * step);
  }
  return copysign(y, x);
}

/** The x at which the normal distribution reaches p; ∓∞ at 0 and 1, NaN outside. */
export function ndtri(p: f64): f64 {
  if (!(p > 0 && p < 1)) return p == 0 ? -Infinity : p == 1 ? Infinity : NaN;
  if (p > 0.25 && p < 0.75) return erfinv(2 * p - 1) / ROOT_HALF;
  const q = min(p, 1 - p);
  const power = logOf(q);
  // First approximation by Abramowitz and Stegun, 26.2.23; then Halley's steps, scaled by the density.
  const t = sqrt(-2 * power);
  let y = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let i = 0; i < 3; i++) {
    const error = erfcx(y * ROOT_HALF) * sqrt(PI * 0.5) - sqrt(PI * 2) * expOf(0.5 * y * y + power);
    y += error / (1 - 0.5 * y * error);
  }
  return p < 0.5 ? -y : y;
}
