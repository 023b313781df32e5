"""Derives the polynomial coefficients of assembly/math: minimax fits by Remez's algorithm, rounded one by one.

    python3 scripts/polynomials.py [name...]

prints, for each polynomial and precision, the error bound and the coefficients from the lowest power up. Needs mpmath.
"""

import struct
import sys

from mpmath import acos, asin, asinh, atan, atanh, cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, pi, sin
from mpmath import sinh, sqrt, tan, tanh

mp.prec = 180
POINTS = 401  # odd spacing: no grid point falls on the middle, where many of the functions are 0 / 0


def rounded(value, bits):
    return mpf(struct.unpack("f", struct.pack("f", value))[0]) if bits == 24 else mpf(float(value))


def chebyshev(low, high):
    return [(low + high) / 2 - (high - low) / 2 * cos(pi * mpf(i) / POINTS) for i in range(POINTS + 1)]


def remez(xs, values, weights, powers):
    """Coefficients for `powers` with the least greatest weighted error on the points, and that error."""
    count = len(powers)
    places = [round(POINTS * (i + 0.5) / (count + 1)) for i in range(count + 1)]
    best = None
    for _ in range(30):
        a, b = matrix(count + 1, count + 1), matrix(count + 1, 1)
        for row, place in enumerate(places):
            for column, power in enumerate(powers):
                a[row, column] = xs[place] ** power
            a[row, count] = (-1) ** row / weights[place]
            b[row] = values[place]
        solution = lu_solve(a, b)
        fit = [solution[i] for i in range(count)]
        errors = [w * (v - sum(c * x**p for c, p in zip(fit, powers))) for x, v, w in zip(xs, values, weights)]
        greatest = max(map(abs, errors))
        if best is None or greatest < best[1]:
            best = dict(zip(powers, fit)), greatest
        places = alternation(errors, count + 1)
        if places is None or greatest < abs(solution[count]) * 1.001:
            break
    return best


def alternation(errors, count):
    """Places of `count` extremes of alternating sign, or None."""
    tops = []
    for place, error in enumerate(errors):
        if tops and (error >= 0) == (errors[tops[-1]] >= 0):
            if abs(error) > abs(errors[tops[-1]]):
                tops[-1] = place
        else:
            tops.append(place)
    while len(tops) > count:
        tops.pop(0 if abs(errors[tops[0]]) < abs(errors[tops[-1]]) else -1)
    return tops if len(tops) == count else None


def polynomial(function, weight, low, high, count, bits):
    """Fits, rounds the lowest coefficient and fits the others again, as long as that helps."""
    xs = chebyshev(mpf(low), mpf(high))
    values, weights = [function(x) for x in xs], [weight(x) for x in xs]

    def error(fit):
        return max(abs(w * (v - sum(c * x**p for p, c in fit.items()))) for x, v, w in zip(xs, values, weights))

    fixed, rest = {}, remez(xs, values, weights, list(range(count)))[0]
    for power in range(count):
        fixed[power] = rounded(rest.pop(power), bits)
        if rest:
            left = [v - sum(c * x**p for p, c in fixed.items()) for x, v in zip(xs, values)]
            again = remez(xs, left, weights, list(rest))[0]
            if error({**fixed, **again}) < error({**fixed, **rest}):
                rest = again
    return [fixed[power] for power in range(count)], error(fixed)


def odd(f):
    """f(x) = x + x³ P(x²): P as a function of z = x², and what its error weighs relative to f."""
    return lambda z: (f(sqrt(z)) / sqrt(z) - 1) / z, lambda z: z * sqrt(z) / f(sqrt(z))


def shifted(fit):
    """The same as a function of z − ½: its coefficients fall quickly over [0, 1], where those in z do not."""
    return tuple(lambda t, f=f: f(t + mpf("0.5")) for f in fit)


def even(z):
    return (cos(sqrt(z)) - 1 + z / 2) / z**2


def complement(middle):
    """(1 + 2x) exp(x²) erfc x as a function of t = (x − middle) / (x + middle)."""

    def at(t):
        x = middle * (1 + t) / (1 - t)
        return (1 + 2 * x) * exp(x * x) * erfc(x)

    return at, lambda t: 1 / at(t)


def normal_tail(middle):
    """(x + middle) / (2 middle) exp(x²/2) Φ(−x), Φ the normal distribution, as a function of t = (x − middle) / (x + middle)."""

    def at(t):
        x = middle * (1 + t) / (1 - t)
        return (x + middle) / (4 * middle) * exp(x * x / 2) * erfc(x / sqrt(mpf(2)))

    return at, lambda t: 1 / at(t)


def place(x, middle):
    return (x - middle) / (x + middle)


def series(z):
    return log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z)


TINY = mpf("1e-10")
SLACK = mpf("1.001")
ROOT = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2 * SLACK
HALF_LN2 = log(mpf(2)) / 2 * SLACK
LN2 = log(mpf(2))

# name: (function, weight), from, to, coefficients for float32 and float64 (0: not used)
FITS = {
    "exp": ((lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / exp(r)), -HALF_LN2, HALF_LN2, 5, 10),
    "exp2": ((lambda r: expm1(r * LN2) / r, lambda r: r / exp(r * LN2)), -SLACK / 2, SLACK / 2, 6, 11),
    "log": ((lambda z: (series(z) - 2) / z, lambda z: z / series(z)), TINY, ROOT, 3, 7),
    "log of pow": ((lambda z: (series(z) * 1.5 - 3 - z) / z**2, lambda z: z**2 / 3), TINY, ROOT, 0, 7),
    "log of narrow pow": ((lambda z: (series(z) - 2) / z, lambda z: z / series(z)), TINY, ROOT, 0, 5),
    "exp of narrow pow": ((lambda r: (expm1(r) - r) / r**2, lambda r: r**2 / exp(r)), -HALF_LN2, HALF_LN2, 0, 6),
    "sin": (odd(sin), TINY, (pi / 4 * SLACK) ** 2, 3, 6),
    "cos": ((even, lambda z: z**2 / cos(sqrt(z))), TINY, (pi / 4 * SLACK) ** 2, 3, 6),
    "tan": (odd(tan), TINY, (pi / 4 * SLACK) ** 2, 7, 14),
    "asin": (odd(asin), TINY, mpf("0.25"), 5, 12),
    "atan": (shifted(odd(atan)), TINY - mpf("0.5"), mpf("0.5"), 9, 20),
    "sinh": (odd(sinh), TINY, mpf(1), 4, 7),
    "tanh": (odd(tanh), TINY, mpf("0.3026"), 5, 11),
    "asinh": (shifted(odd(asinh)), TINY - mpf("0.5"), mpf("0.5"), 9, 20),
    "atanh": (odd(atanh), TINY, mpf("0.25"), 6, 13),
    "erf": ((lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z))), TINY, mpf("0.5626"), 6, 11),
    "log of erfc": ((lambda x: log(erfc(x)), lambda x: erfc(x) / erf(x)), mpf("0.749"), mpf(4), 7, 0),
    "erfc": (complement(3), place(mpf("0.749"), 3), place(mpf("27.3"), 3), 0, 21),
    "narrow erfc": (complement(mpf("2.5")), place(mpf(0), mpf("2.5")), place(mpf("10.1"), mpf("2.5")), 0, 13),
    "normal tail": (normal_tail(mpf("3.5")), mpf(-1), place(mpf("14.6"), mpf("3.5")), 10, 0),
}

for name, ((function, weight), low, high, *counts) in FITS.items():
    if len(sys.argv) > 1 and name not in sys.argv[1:]:
        continue
    for count, bits in zip(counts, (24, 53)):
        if count:
            coefficients, bound = polynomial(function, weight, low, high, count, bits)
            print(f"{name} float{32 if bits == 24 else 64}: error 2^{float(log(bound, 2)):.1f}")
            print("  " + ", ".join(repr(float(c)) for c in coefficients), flush=True)
