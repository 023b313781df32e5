# Records what PyTorch (1.13) gives for elementwise operations, at kinks and special values, in all dtypes:
#     python3 scripts/record-pointwise.py > test/fixtures/pointwise/values.json
# One case an operator and its operands: the result, the node's name, and the gradients for a gradient of ones.
# Numbers that JSON has no word for are written as strings.
import json
import math

import torch

torch.set_num_threads(1)
nan, inf = math.nan, math.inf
FLOATS = [-inf, -3.7, -2.5, -2.0, -1.0, -0.5, -0.25, -0.0, 0.0, 0.25, 0.5, 1.0, 1.5, 2.5, 3.0, 7.25, inf, nan]
FEW = [-inf, -2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 3.0, inf, nan]
INTEGERS = [-7, -2, -1, 0, 1, 2, 3, 8]
DIVISORS = [-3, -1, 1, 2, 5, 2, -2, 8]
BOOLS = [True, False]


def word(x):
    if isinstance(x, float) and (x != x or abs(x) == inf or (x == 0 and math.copysign(1, x) < 0)):
        return "NaN" if x != x else "-0" if x == 0 else "Infinity" if x > 0 else "-Infinity"
    return x


def plain(x):
    if not isinstance(x, torch.Tensor):
        return word(x)
    dtype = str(x.dtype).split(".")[1]
    return {
        "dtype": "int32" if dtype == "int64" else dtype,
        "shape": list(x.shape),
        "values": [word(v) for v in x.detach().reshape(-1).tolist()],
    }


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


cases = []


def case(name, operands, function=None, gradients=True, **options):
    f = function or getattr(torch, name, None) or getattr(torch.special, name)
    tensors = [x for x in operands if isinstance(x, torch.Tensor)]
    leaves = [x.clone().requires_grad_(True) if gradients and x.is_floating_point() else x for x in tensors]
    given = iter(leaves)
    entry = {"op": camel(name), "operands": [plain(x) for x in operands], "options": {camel(k): word(v) for k, v in options.items()}}
    try:
        out = f(*[next(given) if isinstance(x, torch.Tensor) else x for x in operands], **options)
    except (RuntimeError, TypeError):
        cases.append({**entry, "refused": True})
        return
    entry["out"] = plain(out)
    if out.requires_grad:
        entry["label"] = out.grad_fn.name().split("::")[-1]
        try:
            sources = [x for x in leaves if x.requires_grad]
            found = torch.autograd.grad(out, sources, torch.ones_like(out), allow_unused=True)
            entry["gradients"] = [None if g is None else plain(g) for g in found]
        except (RuntimeError, NotImplementedError):
            entry["gradients"] = None
    cases.append(entry)


def floats(values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype)


def pairs(values):
    return floats([a for a in values for _ in values]), floats([b for _ in values for b in values])


UNARY = """abs neg sign sgn exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal square sin cos tan asin acos atan
sinh cosh tanh asinh acosh atanh sigmoid relu floor ceil round trunc frac erf erfc deg2rad rad2deg""".split()
TESTS = "isnan isinf isfinite isposinf isneginf signbit logical_not".split()
for name in UNARY + TESTS:
    case(name, [floats(FLOATS)])
    case(name, [floats(FLOATS, torch.float32)])
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32)])
    case(name, [torch.tensor(BOOLS)])
case("round", [floats([0.25, -1.2345, 2.5, 1234.5678])], decimals=1)
case("round", [floats([25.0, -15.0, 35.0, 1234.5678])], decimals=-1)

for name in "add sub mul div pow remainder fmod floor_divide maximum minimum atan2".split():
    a, b = pairs(FEW)
    # The names of these, or what they do with a NaN, have changed since.
    case(name, [a, b], gradients=name != "floor_divide")
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)] if name != "pow" else
         [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor([0, 1, 2, 3, 4, 5, 3, 2], dtype=torch.int32)])
    case(name, [torch.tensor(BOOLS), torch.tensor([True, True])])
for name in "add sub mul div pow remainder fmod".split():
    for scalar in [2, -0.5, 0.5, 3]:
        case(name, [floats(FEW), scalar])
        if scalar != -0.5 or name != "pow":
            case(name, [torch.tensor(INTEGERS, dtype=torch.int32), scalar])
for exponent in [0, 1, -1, -2, 2.5]:
    case("pow", [floats(FEW), exponent])
case("pow", [2, floats(FEW)], gradients=False)
case("add", [floats(FEW), floats(FEW)], alpha=2)
case("sub", [floats(FEW), floats(FEW)], alpha=0.5)
case("rsub", [floats(FEW), 1])
for mode in ["trunc", "floor"]:
    case("div", [*pairs(FEW)], rounding_mode=mode)
    case("div", [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)], rounding_mode=mode)
    case("div", [torch.tensor(INTEGERS, dtype=torch.int32), 0], rounding_mode=mode)
for name in "eq ne lt le gt ge logical_and logical_or logical_xor".split():
    case(name, [*pairs(FEW)])
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)])
    case(name, [torch.tensor([True, False, True, False]), torch.tensor([True, True, False, False])])

for low, high in [(-1, 1), (0.5, -0.5), (None, 1), (0, None), (-inf, nan)]:
    case("clamp", [floats(FEW)], min=low, max=high)
    case("clamp", [torch.tensor(INTEGERS, dtype=torch.int32)], min=low, max=high) if high != nan else None
a, b = pairs(FEW)
case("clamp", [a], lambda x, min, max: torch.clamp(x, min, max), min=-1.0, max=0.5)
case("clamp_min", [a, b])
case("clamp_max", [a, b])
case("clamp_min", [floats(FEW), 0])
case("clamp_max", [floats(FEW), 0])
case("clamp", [a, b, floats([0.5] * len(FEW) ** 2)])
mask = torch.tensor([i % 3 == 0 for i in range(len(FEW))])
case("where", [mask, floats(FEW), floats(FEW[::-1])])
case("where", [mask, floats(FEW, torch.float32), 2])
case("masked_fill", [floats(FEW), mask, 2.5])
case("masked_fill", [floats(FEW), mask, floats(7.0)])
case("masked_fill", [torch.tensor(INTEGERS[:5], dtype=torch.int32), mask[:5], 2.5])
case("masked_fill", [floats(FEW), mask, floats([7.0])])
case("gelu", [floats(FLOATS)], torch.nn.functional.gelu)
case("gelu", [floats(FLOATS)], torch.nn.functional.gelu, approximate="tanh")

# Of several operands, and of parts.
a, b = pairs(FEW)
POSITIVE = [0.0, 0.25, 1.0, 2.5, 40.0, inf, nan]
for name in "fmax fmin hypot copysign xlogy logaddexp logaddexp2 heaviside nextafter".split():
    # Which operand nextafter's gradient belongs to was settled later.
    case(name, [a, b], gradients=name != "nextafter")
    case(name, [floats(FEW, torch.float32), floats(FEW[::-1], torch.float32)], gradients=False)
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)])
case("xlogy", [floats(FEW), 2.5])
case("xlogy", [2.5, floats(POSITIVE)])
case("copysign", [floats(FEW), -1.5])
case("xlog1py", [floats(FEW), floats([0.5] * len(FEW))])
case("heaviside", [floats([1.0, 0.0]), torch.tensor([1, 2], dtype=torch.int32)])
thirds = [floats([1.5, -2.0, 0.5]), floats([0.25, 3.0, -1.0]), floats([2.0, -0.5, 4.0])]
for name in "addcmul addcdiv".split():
    case(name, thirds)
    case(name, thirds, value=0.5)
    case(name, [x.to(torch.int32) for x in thirds])
case("addcmul", [x.to(torch.int32) for x in thirds], value=3)
case("lerp", thirds)
case("lerp", [*thirds[:2], 0.3])
case("lerp", [*thirds[:2], 0.75])
case("lerp", [thirds[0], thirds[1].float(), 0.75])
case("ldexp", [floats(FEW), torch.tensor(INTEGERS + [1, 2], dtype=torch.int32)])
case("ldexp", [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(INTEGERS, dtype=torch.int32)])
case("float_power", [floats(FEW, torch.float32), 2], gradients=False)
case("float_power", [torch.tensor(INTEGERS, dtype=torch.int32), -1])
case("nan_to_num", [floats(FLOATS)])
case("nan_to_num", [floats(FLOATS, torch.float32)])
case("nan_to_num", [floats(FLOATS)], nan=1.5, posinf=2.5, neginf=-3.5)
case("nan_to_num", [torch.tensor(INTEGERS, dtype=torch.int32)])
for name in "sinc angle".split():
    case(name, [floats(FLOATS)])
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32)])
case("logit", [floats([-0.5, 0.0, 0.1, 0.5, 0.875, 1.0, 1.5, nan])])
case("logit", [floats([-0.5, 0.0, 0.1, 0.5, 0.875, 1.0, 1.5])], eps=0.125)
for name in "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm".split():
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor([1, 2, 4, 3, 0, 6, 5, 12], dtype=torch.int32)])
    case(name, [floats(FEW), floats(FEW)])
for name in "bitwise_and bitwise_or bitwise_xor".split():
    case(name, [torch.tensor([True, False, True, False]), torch.tensor([True, True, False, False])])
    case(name, [torch.tensor(INTEGERS, dtype=torch.int32), 6])
for x in (torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(BOOLS), floats(FEW)):
    case("bitwise_not", [x])
case("isclose", [a, b])
case("isclose", [a, b], equal_nan=True)
case("isclose", [floats([1.0, 1.0, 100.0]), floats([1.0 + 1e-6, 1.1, 101.0])], rtol=0.0, atol=0.5)
case("isclose", [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)], rtol=0.5)
case("isclose", [floats(FEW), torch.tensor(INTEGERS + [1, 2], dtype=torch.int32)])
case("isin", [floats(FEW), floats([0.5, 3.0, nan])])
case("isin", [torch.tensor(INTEGERS, dtype=torch.int32), torch.tensor(DIVISORS, dtype=torch.int32)])

# Promotion: every pair of dtypes, with dims, without, and scalars.
for one in (torch.bool, torch.int32, torch.float32, torch.float64):
    for other in (torch.bool, torch.int32, torch.float32, torch.float64):
        x, y = torch.tensor([1, 0, 1]).to(one), torch.tensor([1, 1, 0]).to(other)
        for f in ("add", "mul", "div", "eq", "maximum", "atan2"):
            case(f, [x, y], gradients=False)
            case(f, [x, y[0]], gradients=False)
            case(f, [x[0], y[0]], gradients=False)
    for scalar in (True, 2, 0.5):
        for f in ("add", "mul", "div", "lt"):
            case(f, [x, scalar], gradients=False)

print("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]")
