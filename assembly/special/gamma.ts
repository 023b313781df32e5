// The gamma function's logarithm and derivatives, Hurwitz' zeta function, the incomplete gamma functions.

import {
  PI, ROOT_HALF, chebyshev, cotPi, erfcOf, expOf, log1pOf, logOf, powOf, series, sinPi,
} from "./scalar";
import { LGAMMA, LGAMMA_COUNT } from "./tables";

// Bernoulli numbers B₂ₖ over 2k (2k − 1), 2k, 1 and (2k)!, from k = 1: Stirling's series, its derivatives, Euler and Maclaurin's.
const STIRLING = memory.data<f64>([
  0.08333333333333333, -0.002777777777777778, 0.0007936507936507937, -0.0005952380952380953, 0.0008417508417508417,
  -0.0019175269175269176, 0.00641025641025641, -0.029550653594771242,
]);
const DIGAMMA = memory.data<f64>([
  0.08333333333333333, -0.008333333333333333, 0.003968253968253968, -0.004166666666666667, 0.007575757575757576,
  -0.021092796092796094, 0.08333333333333333, -0.4432598039215686,
]);
const TRIGAMMA = memory.data<f64>([
  0.16666666666666666, -0.03333333333333333, 0.023809523809523808, -0.03333333333333333, 0.07575757575757576,
  -0.2531135531135531, 1.1666666666666667, -7.092156862745098,
]);
const MACLAURIN = memory.data<f64>([
  0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07, 2.08767569878681e-08,
  -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13, 8.586062056277845e-15,
  -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812523e-19,
]);
/** From here on the series of 8 terms are exact to the last place. */
const FAR: f64 = 10;

/** log Γ(x) − ((x − ½) log x − x + ½ log 2π) for x ≥ FAR. */
function stirling(x: f64): f64 {
  return series(1 / (x * x), STIRLING, 8) / x;
}

/** log |Γ(x)|; ∞ at 0, −1, −2, … */
export function lgamma(x: f64): f64 {
  if (x != x) return x;
  if (abs(x) == Infinity) return Infinity;
  // Beside the pole at 0 all but 1 / x is lost, which itself may overflow.
  if (x != 0 && abs(x) < 1e-17) return -logOf(abs(x));
  if (x <= 0) {
    if (x == floor(x)) return Infinity;
    return logOf(PI / abs(sinPi(x))) - lgamma(1 - x);
  }
  if (x >= FAR) return (x - 0.5) * logOf(x) - x + 0.9189385332046728 + stirling(x);
  let factor: f64 = 1;
  if (x < 1) {
    factor = 1 / x;
    x += 1;
  } else while (x > 2) {
    x -= 1;
    factor *= x;
  }
  const inside = (x - 1) * (x - 2) * chebyshev(2 * x - 3, LGAMMA, LGAMMA_COUNT);
  // Adding 0 makes +0 of −0, at 1 and 2.
  return inside + (factor == 1 ? 0 : logOf(factor));
}

/** ψ(x) = Γ′(x) / Γ(x); ∓∞ at ±0, NaN at −1, −2, … */
export function digamma(x: f64): f64 {
  if (x == 0) return copysign(Infinity, -x);
  let sum: f64 = 0;
  if (x < 0) {
    if (x == floor(x)) return NaN;
    sum = -PI * cotPi(x);
    x = 1 - x;
  }
  for (; x < FAR; x += 1) sum -= 1 / x;
  if (x == Infinity) return x;
  const square = 1 / (x * x);
  return sum + (logOf(x) - 0.5 / x - square * series(square, DIGAMMA, 8));
}

/** ψ′(x); ∞ at 0, −1, −2, … */
function trigamma(x: f64): f64 {
  let sum: f64 = 0, sign: f64 = 1;
  if (x <= 0) {
    const s = sinPi(x);
    sum = PI * PI / (s * s);
    sign = -1;
    x = 1 - x;
    if (s == 0) return Infinity;
  }
  let rest: f64 = 0;
  for (; x < FAR; x += 1) rest += 1 / (x * x);
  const square = 1 / (x * x);
  rest += (1 + 0.5 / x + square * series(square, TRIGAMMA, 8)) / x;
  return sum + sign * rest;
}

/** ψ⁽ⁿ⁾(x), from the zeta function beyond the first derivative. */
export function polygamma(n: f64, x: f64): f64 {
  if (n == 0) return digamma(x);
  if (n == 1) return trigamma(x);
  let factorial: f64 = 1;
  for (let k: f64 = 2; k <= n && factorial < Infinity; k += 1) factorial *= k;
  const value = factorial * zeta(n + 1, x);
  return nearest(n * 0.5) == n * 0.5 ? -value : value;
}

/** ζ(s, q) = Σ (q + k)⁻ˢ by the formula of Euler and Maclaurin; ∞ at s = 1 and q = 0, −1, …, NaN below s = 1. */
export function zeta(s: f64, q: f64): f64 {
  if (s == 1) return Infinity;
  if (!(s > 1) || q != q) return NaN;
  if (q <= 0) {
    if (q == floor(q)) return Infinity;
    if (s != floor(s)) return NaN;
    // The terms below 0 are those of two positive arguments' difference, with a sign.
    const terms = ceil(-q);
    const below = zeta(s, -q - (terms - 1)) - zeta(s, 1 - q);
    return zeta(s, q + terms) + (nearest(s * 0.5) == s * 0.5 ? below : -below);
  }
  let sum: f64 = 0;
  let power: f64 = 0;
  for (let k = 0; k < 12 || q < 12; k++, q += 1) {
    power = powOf(q, -s);
    sum += power;
    if (abs(power) <= abs(sum) * 1e-17) return sum;
  }
  power = powOf(q, -s);
  sum += q * power / (s - 1) + 0.5 * power;
  // B₂ₖ / (2k)! · s (s + 1) … (s + 2k − 2) · q^(1 − s − 2k)
  let factor = s * power / q;
  for (let k = 0; k < 12; k++) {
    const term = factor * load<f64>(MACLAURIN + (<usize>k << 3));
    sum += term;
    if (abs(term) <= abs(sum) * 1e-17) break;
    const at = s + 2 * <f64>k + 1;
    factor *= at * (at + 1) / (q * q);
  }
  return sum;
}

/** xᵃ e⁻ˣ / Γ(a + 1): for large a by the distance of x from a, without cancelling logarithms. */
function front(a: f64, x: f64): f64 {
  if (a < FAR) return expOf(a * logOf(x) - x - lgamma(a + 1));
  const distance = (x - a) / a;
  const exponent = distance > -0.5 ? log1pOf(distance) - distance : logOf(x / a) - distance;
  return expOf(a * exponent - stirling(a)) / sqrt(2 * PI * a);
}

/** The lower function by its power series. */
function lowerSeries(a: f64, x: f64): f64 {
  let term: f64 = 1, sum: f64 = 1;
  for (let n: f64 = a + 1; n < a + 20000; n += 1) {
    term *= x / n;
    sum += term;
    if (term <= sum * 1e-17) break;
  }
  return front(a, x) * sum;
}

/** The upper function by its continued fraction, with Lentz's algorithm. */
function upperFraction(a: f64, x: f64): f64 {
  let b = x + 1 - a;
  let c: f64 = 1e300;
  let d = 1 / b;
  let value = d;
  for (let i: f64 = 1; i < 20000; i += 1) {
    const numerator = i * (a - i);
    b += 2;
    d = numerator * d + b;
    if (abs(d) < 1e-300) d = 1e-300;
    c = b + numerator / c;
    if (abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const factor = d * c;
    value *= factor;
    if (abs(factor - 1) < 1e-16) break;
  }
  return front(a, x) * a * value;
}

/** From here on both functions come from Temme's uniform expansion: its first two terms reach 10⁻¹¹. */
const UNIFORM: f64 = 1e5;

/** The upper function, or the lower one, for a ≥ UNIFORM (Temme 1979). */
function uniform(a: f64, x: f64, upper: bool): f64 {
  const distance = (x - a) / a;
  const exponent = distance > -0.5 ? log1pOf(distance) - distance : logOf(x / a) - distance;
  // η with η² / 2 = μ − log(1 + μ), of the sign of μ
  const eta = copysign(sqrt(-2 * exponent), distance);
  const near = abs(eta) < 0.05;
  const c0 = near ? -1.0 / 3 + eta * (1.0 / 12 + eta * (-2.0 / 135 + eta * (1.0 / 864 + eta * (1.0 / 2835)))) : 1 / distance - 1 / eta;
  const c1 = near ? -1.0 / 540 - eta / 288 : 0;
  const rest = expOf(a * exponent) / sqrt(2 * PI * a) * (c0 + c1 / a);
  const argument = eta * sqrt(a) * ROOT_HALF;
  return upper ? 0.5 * erfcOf(argument) + rest : 0.5 * erfcOf(-argument) - rest;
}

/** P(a, x) = γ(a, x) / Γ(a), the regularized lower incomplete gamma function. */
export function igamma(a: f64, x: f64): f64 {
  if (!(x >= 0 && a >= 0)) return NaN;
  if (a == 0) return x > 0 ? 1 : NaN;
  if (x == 0) return 0;
  if (a == Infinity) return x == Infinity ? NaN : 0;
  if (x == Infinity) return 1;
  if (a >= UNIFORM) return uniform(a, x, false);
  return x <= a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Q(a, x) = Γ(a, x) / Γ(a), the regularized upper incomplete gamma function. */
export function igammac(a: f64, x: f64): f64 {
  if (!(x >= 0 && a >= 0)) return NaN;
  if (a == 0) return x > 0 ? 0 : NaN;
  if (x == 0) return 1;
  if (a == Infinity) return x == Infinity ? NaN : 1;
  if (x == Infinity) return 0;
  if (a >= UNIFORM) return uniform(a, x, true);
  return x <= a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}
