# Records values of the special functions to full precision, from mpmath at 40 digits:
#     python3 scripts/record-special.py > test/fixtures/pointwise/special.json
# A table a function: its arguments, one list each, and its values.
import json

import mpmath as mp

mp.mp.dps = 40
inf = float("inf")


def spread(low, high, n):
    return [low + (high - low) * (i + 0.37) / n for i in range(n)]


def digits(values):
    return [float(repr(float(v))) for v in values]


REAL = digits([-30.3, -11.7, -7.9, -5.01, -3.3, -2.5, -1.9, -1.25, -0.75, -0.3, -0.01, -1e-5, 1e-8, 1e-3, 0.2, 0.45, 0.9, 1.1, 1.46, 1.9, 2.0,
               2.4, 2.9, 3.05, 4.4, 5.5, 7.9, 8.1, 9.99, 10.3, 13.7, 21.5, 50.5, 120.25])
POSITIVE = [x for x in REAL if x > 0] + [300.5, 1e4, 1e-10]
UNIT = digits([1e-300, 1e-20, 1e-5, 0.01, 0.1, 0.249, 0.26, 0.4, 0.5, 0.6, 0.74, 0.76, 0.9, 0.999, 1 - 1e-9])
tables = {}


def record(name, f, *arguments):
    values = [f(*[mp.mpf(x) for x in xs]) for xs in zip(*arguments)]
    # Large arguments give numbers beyond the range: left out.
    kept = [i for i, v in enumerate(values) if mp.isfinite(v) and 1e-300 < abs(v) < 1e300]
    tables[name] = {"arguments": [[a[i] for i in kept] for a in arguments], "values": [float(mp.re(values[i])) for i in kept]}


def ndtri(p):
    guess = -mp.sqrt(-2 * mp.log(p)) if p < 0.5 else mp.sqrt(-2 * mp.log(1 - p))
    if 0.2 < p < 0.8:
        guess = (p - 0.5) * 2.5
    for _ in range(60):
        value, slope = mp.erfc(-guess / mp.sqrt(2)) / 2 - p, mp.exp(-guess * guess / 2) / mp.sqrt(2 * mp.pi)
        guess -= value / slope / (1 + guess * value / slope / 2)
    return guess


record("lgamma", lambda x: mp.log(abs(mp.gamma(x))) if x < 100 else mp.loggamma(x), REAL + [300.5, 1e10, 1e-300])
record("digamma", mp.digamma, REAL + [1e10])
for n in (1, 2, 5, 30):
    record(f"polygamma{n}", lambda x: mp.psi(n, x), [x for x in REAL if x > -12] if n < 3 else POSITIVE)
record("erfinv", mp.erfinv, digits([1e-300, -1e-9, 0.01, -0.3, 0.499, 0.51, 0.9, -0.9999, 1 - 1e-10]))
record("special.erfcx", lambda x: mp.exp(x * x) * mp.erfc(x), [x for x in REAL if -26 < x < 100])
record("special.ndtr", lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, REAL)
record("special.logNdtr", lambda x: mp.log(mp.erfc(-x / mp.sqrt(2)) / 2), [x for x in REAL if x < 30])
record("special.ndtri", ndtri, UNIT)
record("special.entr", lambda x: -x * mp.log(x), POSITIVE)
for order in (0, 1):
    record(f"special.besselJ{order}", lambda x: mp.besselj(order, x), REAL + [1e4])
    record(f"special.besselY{order}", lambda x: mp.bessely(order, x), POSITIVE)
    record(f"special.modifiedBesselI{order}", lambda x: mp.besseli(order, x), REAL)
    record(f"special.modifiedBesselK{order}", lambda x: mp.besselk(order, x), POSITIVE)
    record(f"special.scaledModifiedBesselK{order}", lambda x: mp.besselk(order, x) * mp.exp(x), POSITIVE)
    record(f"special.i{order}e", lambda x: mp.besseli(order, x) * mp.exp(-abs(x)), REAL)
record("special.sphericalBesselJ0", lambda x: mp.sin(x) / x, REAL)
record("special.airyAi", mp.airyai, REAL + [90.5])


def hurwitz(s, q):
    """Terms up to 60, then the formula of Euler and Maclaurin: mpmath's own loses digits for large s and q."""
    total = mp.mpf(0)
    while q < 60 + s:
        total += q**-s
        q += 1
    total += q ** (1 - s) / (s - 1) + q**-s / 2
    for k in range(1, 40):
        total += mp.bernoulli(2 * k) / mp.factorial(2 * k) * mp.rf(s, 2 * k - 1) * q ** (1 - s - 2 * k)
    return total


pairs = [(s, q) for s in digits([1.5, 2, 3, 7.3, 40]) for q in digits([0.01, 0.7, 1, 3.3, 15.5, 200])]
record("special.zeta", hurwitz, [s for s, _ in pairs], [q for _, q in pairs])


def lower(a, x):
    """The regularized lower incomplete gamma function by its power series."""
    term = total = mp.mpf(1)
    n = a
    while term > total * mp.eps:
        n += 1
        term *= x / n
        total += term
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * total


ratios = digits([0.1, 0.7, 0.99, 1, 1.01, 1.4, 5])
pairs = [(a, a * r) for a in digits([0.01, 0.4, 1, 3.7, 9.9, 10.1, 25, 150, 3000.5]) for r in ratios]
pairs += [(2e5, 2e5 * r) for r in ratios[2:5]]
record("igamma", lower, [a for a, _ in pairs], [x for _, x in pairs])
mp.mp.dps = 700  # so that what is left of 1 has digits
record("igammac", lambda a, x: 1 - lower(a, x), [a for a, _ in pairs], [x for _, x in pairs])
mp.mp.dps = 40
points = [(x, n) for n in (0, 1, 2, 5, 8, 9, 12) for x in digits([-2.3, -0.99, -0.4, 0.05, 0.57, 0.93, 1.7])]
xs, ns = [x for x, _ in points], [n for _, n in points]


def chebyshev(start):
    def f(n, x):
        before, value = mp.mpf(1), start(x)
        for _ in range(n):
            before, value = value, 2 * x * value - before
        return before

    return f


starts = {"T": lambda x: x, "U": lambda x: 2 * x, "V": lambda x: 2 * x - 1, "W": lambda x: 2 * x + 1}
for letter, start in starts.items():
    f = chebyshev(start)
    record(f"special.chebyshevPolynomial{letter}", lambda x, n: f(int(n), x), xs, ns)
    record(f"special.shiftedChebyshevPolynomial{letter}", lambda x, n: f(int(n), 2 * x - 1), xs, ns)
record("special.hermitePolynomialH", lambda x, n: mp.hermite(int(n), x), xs, ns)
record("special.hermitePolynomialHe", lambda x, n: mp.hermite(int(n), x / mp.sqrt(2)) / mp.sqrt(2) ** int(n), xs, ns)
record("special.laguerrePolynomialL", lambda x, n: mp.laguerre(int(n), 0, x), xs, ns)
record("special.legendrePolynomialP", lambda x, n: mp.legendre(int(n), x), xs, ns)

print("{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in tables.items()) + "\n}")
