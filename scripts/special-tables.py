# Computes the Chebyshev series that the special functions are made of, with mpmath at 60 digits:
#     python3 scripts/special-tables.py > assembly/special/tables.ts
# Each series is cut where the rest is below 2⁻⁵⁴ of its largest value; the first coefficient is halved.
import mpmath as mp

mp.mp.dps = 60
pi = mp.pi


def series(f, low, high, most=60):
    """Chebyshev coefficients of f on [low, high], from values at the nodes."""
    n = 2 * most
    nodes = [mp.cos(pi * (k + mp.mpf(1) / 2) / n) for k in range(n)]
    values = [f((low + high) / 2 + (high - low) / 2 * t) for t in nodes]
    found = []
    for j in range(most):
        found.append(mp.mpf(2) / n * sum(v * mp.cos(j * pi * (k + mp.mpf(1) / 2) / n) for k, v in enumerate(values)))
    found[0] /= 2
    bound = max(abs(v) for v in values) * mp.mpf(2) ** -54
    while len(found) > 1 and sum(abs(c) for c in found[-1:]) < bound:
        found.pop()
    return found


tables = []


def table(name, note, f, low, high):
    low, high = mp.mpf(low), mp.mpf(high)
    tables.append((name, note, series(f, low, high)))


def inverse(f):
    """f as a function of t = 1 / x, with its limit at 0 from the nodes, which do not reach it."""
    return lambda t: f(1 / t)


# Scaled complementary error function: erfcx x · (1 + 2x) as a function of (x − 3) / (x + 3).
def erfcx(t):
    x = 3 * (1 + t) / (1 - t)
    value = mp.exp(x * x) * mp.erfc(x) if x < 50 else mp.hyp2f0(1, mp.mpf(1) / 2, -1 / (x * x)) / (x * mp.sqrt(pi))
    return value * (1 + 2 * x)


table("ERFCX", "erfcx x · (1 + 2x) in (x − 3) / (x + 3)", erfcx, -1, 1)

table("LGAMMA", "log Γ(x) / ((x − 1)(x − 2)) on [1, 2]", lambda x: mp.loggamma(x) / ((x - 1) * (x - 2)), 1, 2)

# Modified Bessel functions of the first kind.
table("I0_NEAR", "e⁻ˣ I₀(x) on [0, 8]", lambda x: mp.exp(-x) * mp.besseli(0, x), 0, 8)
table("I0_FAR", "e⁻ˣ √x I₀(x) in 1/x on [0, ⅛]", inverse(lambda x: mp.exp(-x) * mp.sqrt(x) * mp.besseli(0, x)), 0, mp.mpf(1) / 8)
table("I1_NEAR", "e⁻ˣ I₁(x) / x on [0, 8]", lambda x: mp.exp(-x) * mp.besseli(1, x) / x, 0, 8)
table("I1_FAR", "e⁻ˣ √x I₁(x) in 1/x on [0, ⅛]", inverse(lambda x: mp.exp(-x) * mp.sqrt(x) * mp.besseli(1, x)), 0, mp.mpf(1) / 8)


# … of the second kind, as functions of x² up to 2 and of 1/x from there on.
def k0_near(s):
    x = mp.sqrt(s)
    return mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x)


def k1_near(s):
    x = mp.sqrt(s)
    return x * (mp.besselk(1, x) - mp.log(x / 2) * mp.besseli(1, x))


table("K0_NEAR", "K₀(x) + log(x/2) I₀(x) in x² on [0, 4]", k0_near, 0, 4)
table("K0_FAR", "eˣ √x K₀(x) in 1/x on [0, ½]", inverse(lambda x: mp.exp(x) * mp.sqrt(x) * mp.besselk(0, x)), 0, mp.mpf(1) / 2)
table("K1_NEAR", "x (K₁(x) − log(x/2) I₁(x)) in x² on [0, 4]", k1_near, 0, 4)
table("K1_FAR", "eˣ √x K₁(x) in 1/x on [0, ½]", inverse(lambda x: mp.exp(x) * mp.sqrt(x) * mp.besselk(1, x)), 0, mp.mpf(1) / 2)


# Bessel functions: in x² up to 8, by amplitudes (Hankel) from there on.
def near(f):
    return lambda s: f(mp.sqrt(s))


table("J0_NEAR", "J₀(x) in x² on [0, 64]", near(lambda x: mp.besselj(0, x)), 0, 64)
table("J1_NEAR", "J₁(x) / x in x² on [0, 64]", near(lambda x: mp.besselj(1, x) / x), 0, 64)
table("Y0_NEAR", "Y₀(x) − 2/π log x J₀(x) in x² on [0, 64]", near(lambda x: mp.bessely(0, x) - 2 / pi * mp.log(x) * mp.besselj(0, x)), 0, 64)
table(
    "Y1_NEAR",
    "(Y₁(x) − 2/π (log x J₁(x) − 1/x)) / x in x² on [0, 64]",
    near(lambda x: (mp.bessely(1, x) - 2 / pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x),
    0,
    64,
)


def amplitude(order, imaginary):
    def f(t):
        x = 1 / mp.sqrt(t)
        angle = x - order * pi / 2 - pi / 4
        value = mp.sqrt(pi * x / 2) * mp.expj(-angle) * (mp.besselj(order, x) + 1j * mp.bessely(order, x))
        return mp.im(value) * x if imaginary else mp.re(value)

    return f


for order in (0, 1):
    sub = "₀₁"[order]
    table(f"P{order}", f"P{sub}(x) in 1/x² on [0, 1/64]: J{sub} = √(2/πx) (P cos χ − Q sin χ)", amplitude(order, False), 0, mp.mpf(1) / 64)
    table(f"Q{order}", f"x Q{sub}(x) in 1/x² on [0, 1/64]", amplitude(order, True), 0, mp.mpf(1) / 64)


# The Airy function: itself in the middle, by the leading terms of its expansions outside, ζ = ⅔ |x|^(3/2).
def airy_right(t):
    x = (mp.mpf(3) / 2 / t) ** (mp.mpf(2) / 3)
    return mp.airyai(x) * mp.exp(1 / t) * 2 * mp.sqrt(pi) * x ** (mp.mpf(1) / 4)


def airy_left(imaginary):
    def f(t):
        zeta = 1 / mp.sqrt(t)
        x = (zeta * 3 / 2) ** (mp.mpf(2) / 3)
        a, b = mp.airyai(-x), mp.airybi(-x)
        c, s = mp.cos(zeta - pi / 4), mp.sin(zeta - pi / 4)
        scale = mp.sqrt(pi) * x ** (mp.mpf(1) / 4)
        return scale * (a * s + b * c) * zeta if imaginary else scale * (a * c - b * s)

    return f


table("AIRY", "Ai(x) on [−5, 3]", mp.airyai, -5, 3)
table("AIRY_RIGHT", "2 √π x^¼ e^ζ Ai(x) in 1/ζ on [0, 0.29]", airy_right, 0, mp.mpf("0.29"))
table("AIRY_P", "P in 1/ζ² on [0, 0.0181]: √π x^¼ Ai(−x) = P cos(ζ − π/4) + Q sin(ζ − π/4)", airy_left(False), 0, mp.mpf("0.0181"))
table("AIRY_Q", "ζ Q in 1/ζ² on [0, 0.0181]", airy_left(True), 0, mp.mpf("0.0181"))

print("// Chebyshev series of the special functions, made by scripts/special-tables.py; not to be edited.")
for name, note, coefficients in tables:
    print(f"\n/** {note}. */")
    print(f"export const {name} = memory.data<f64>([")
    line = " "
    for c in coefficients:
        word = repr(float(c)) + ","
        if len(line) + len(word) > 118:
            print(line)
            line = " "
        line += " " + word
    print(line)
    print("]);")
    print(f"export const {name}_COUNT: i32 = {len(coefficients)};")
