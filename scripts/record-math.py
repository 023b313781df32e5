"""Records correctly rounded values of the elementary functions, as fixtures for test/math/accuracy.test.ts.

Run with a Python that has mpmath and numpy: python3 scripts/record-math.py [function...]
Writes test/fixtures/math/<function>_<dtype>.bin: rows of operands and result, little-endian floats of the dtype.
"""

import os
import random
import sys

import mpmath
import numpy
from mpmath import mp, mpf

mp.prec = 200
FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "fixtures", "math")
INF = float("inf")
NAN = float("nan")
DTYPES = {"f32": numpy.dtype("<f4"), "f64": numpy.dtype("<f8")}
# Bits of the fraction, least and greatest exponent of a normal number.
FORMATS = {"f32": (23, -126, 127), "f64": (52, -1022, 1023)}

FUNCTIONS = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "exp2": lambda x: mpf(2) ** x,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "log2": lambda x: mpmath.log(x) / mpmath.log(2),
    "log10": mpmath.log10,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "asinh": mpmath.asinh,
    "acosh": mpmath.acosh,
    "atanh": mpmath.atanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "erf": mpmath.erf,
    "erfc": lambda x: mpmath.erfc(min(max(x, -100), 100)),
    "pow": lambda x, y: mpf(x) ** y,
    "atan2": mpmath.atan2,
}
# Values at −∞ and ∞ where they are not NaN.
ENDS = {
    "exp": (0, INF), "expm1": (-1, INF), "exp2": (0, INF), "log": (NAN, INF), "log1p": (NAN, INF), "log2": (NAN, INF),
    "log10": (NAN, INF), "sinh": (-INF, INF), "cosh": (INF, INF), "tanh": (-1, 1), "asinh": (-INF, INF),
    "acosh": (NAN, INF), "sigmoid": (0, 1), "erf": (-1, 1), "erfc": (2, 0),
}  # fmt: skip
ENDS["atan"] = (-mp.pi / 2, mp.pi / 2)
# Where a finite operand gives ±∞.
POLES = {"log": 0, "log2": 0, "log10": 0, "log1p": -1}
ODD = {"expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf"}
SPAN = {
    "exp": 110, "expm1": 60, "exp2": 160, "asin": 1, "acos": 1, "atanh": 1, "erf": 4, "erfc": 12, "tanh": 10,
    "sinh": 95, "cosh": 95, "sigmoid": 110, "log1p": 3, "acosh": 10, "asinh": 10, "atan": 10, "atan2": 10,
}  # fmt: skip
WIDE = {"exp": 750, "exp2": 1080, "erfc": 28, "sinh": 715, "cosh": 715, "sigmoid": 750, "tanh": 22, "erf": 7}


def rounded(value, dtype):
    """The float of the dtype nearest to an exact value."""
    if isinstance(value, mpmath.mpc):
        return NAN
    if not mpmath.isfinite(value) or value == 0:
        return float(value)
    fraction, lowest, highest = FORMATS[dtype]
    exponent = max(int(mpmath.floor(mpmath.log(abs(value), 2))), lowest)
    if exponent > highest + 1:
        return INF if value > 0 else -INF
    unit = mpf(2) ** (exponent - fraction)
    number = mpmath.nint(value / unit) * unit
    if abs(number) >= mpf(2) ** (highest + 1):
        return INF if value > 0 else -INF
    return float(number) if number else -0.0 if value < 0 else 0.0


def reference(name, operands, dtype):
    x = operands[0]
    if name == "pow" and not (0 < x < INF and abs(operands[1]) < INF):
        with numpy.errstate(all="ignore"):
            special = float(numpy.power(numpy.float64(x), numpy.float64(operands[1])))
        if not (-INF < x < 0 and special == special) or abs(operands[1]) == INF:
            return special
        odd = operands[1] % 2 == 1
        power = rounded(mpf(-x) ** operands[1], dtype)
        return -power if odd else power
    if name == "atan2" and (0 in operands or any(o != o or abs(o) == INF for o in operands)):
        return float(numpy.arctan2(*map(numpy.float64, operands)))
    if x != x:
        return NAN
    if abs(x) == INF and name != "atan2":
        return rounded(mpf(ENDS.get(name, (NAN, NAN))[x > 0]), dtype)
    if x == 0 and name in ODD:
        return x
    if POLES.get(name) == x:
        return -INF
    if name == "atanh" and abs(x) == 1:
        return x * INF
    return rounded(FUNCTIONS[name](*map(mpf, operands)), dtype)


def operands_of(name, dtype, draw):
    """Some 1000 operands: special values, what is next to them, every exponent, and the range where most happens."""
    fraction, lowest, highest = FORMATS[dtype]
    narrow = DTYPES[dtype].type
    greatest, least, subnormal = numpy.finfo(narrow).max, numpy.finfo(narrow).tiny, 2.0 ** (lowest - fraction)
    special = [0.0, 1.0, 0.5, 2.0, greatest, least, subnormal, INF]
    corners = [0.25, 0.3466, 0.4142, 0.55, 0.7071, 0.75, 1.4142, 1.5, 4, 17, 26.5, 88.72, 90, 103.97, 709.78, 711, 745.13]
    corners += [mp.pi / 4, mp.pi / 2, mp.pi, 10 * mp.pi, 1600, 3.2e6, 1e22]
    values = [NAN]
    for value in [*special, *map(float, corners)]:
        with numpy.errstate(all="ignore"):
            nearby = [numpy.nextafter(narrow(value), narrow(end)) for end in (0, INF)]
        for near in (value, *nearby):
            values += [float(near), -float(near)]
    steps = range(lowest - fraction, highest + 1, 1 if dtype == "f32" else 6)
    values += [draw.choice([-1, 1]) * 2.0**step * draw.uniform(1, 2) for step in steps]
    span = WIDE.get(name) if dtype == "f64" and name in WIDE else SPAN.get(name, 40)
    values += [draw.uniform(-span, span) for _ in range(250)] + [draw.uniform(-1, 1) * span / 10 for _ in range(200)]
    if name in POLES or name == "acosh":
        values += [abs(value) for value in values] + [1 + draw.uniform(-1, 1) * 2.0**-k for k in range(1, fraction)]
    return [float(narrow(value)) for value in values]


def pairs_of(name, dtype, draw):
    narrow = DTYPES[dtype].type
    special = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 1e30, float(numpy.finfo(narrow).tiny), INF, 2.0**FORMATS[dtype][0] + 1]
    special = [NAN, *special, *(-value for value in special)]
    pairs = [(x, y) for x in special for y in special]
    highest = FORMATS[dtype][2]
    for _ in range(250):
        pairs.append((draw.uniform(0, 10), draw.uniform(-10, 10)))
        pairs.append((draw.uniform(-10, 10), float(draw.randint(-30, 30))))
        x = 2.0 ** draw.uniform(-highest, highest)
        pairs.append((x, draw.uniform(-1.1, 1.1) * highest / abs(float(mpmath.log(x, 2)))))
        x = 1 + draw.uniform(-1, 1) * 2.0 ** -draw.randint(1, 22)
        pairs.append((x, draw.uniform(-1, 1) * 2.0 ** draw.randint(1, 24)))
    if name == "atan2":
        pairs = [(x, y) if i % 2 else (y * draw.choice([-1, 1]), x) for i, (x, y) in enumerate(pairs)]
    return [(float(narrow(x)), float(narrow(y))) for x, y in pairs]


for name in sys.argv[1:] or FUNCTIONS:
    for dtype in DTYPES:
        draw = random.Random(f"{name} {dtype}")
        two = name in ("pow", "atan2")
        rows = pairs_of(name, dtype, draw) if two else [(x,) for x in operands_of(name, dtype, draw)]
        with numpy.errstate(all="ignore"):
            table = numpy.array([[*row, reference(name, row, dtype)] for row in rows], DTYPES[dtype])
        table.tofile(os.path.join(FOLDER, f"{name}_{dtype}.bin"))
        print(name, dtype, len(table))
