"""Records how PyTorch prints tensors, as fixtures for test/tensor/format.test.ts.

Run with a Python that has torch (1.13 was used): python3 scripts/record-printing.py
Writes test/fixtures/printing/*.json. A case has shape, dtype, data (row-major; numbers JSON lacks, and integers too
large for it, as strings; or { start, step } for start + i * step), what else is known of the tensor, and its text.
"""

import json
import math
import os
import random
import warnings

import torch
import torch.autograd.forward_ad as forward_ad

warnings.filterwarnings("ignore")
FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "fixtures", "printing")
rng = random.Random(20241)
FLOATS = ["float32", "float64", "float16", "bfloat16"]
INTS = ["int32", "int64", "uint8"]


def plain(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if math.isnan(value) or math.isinf(value) or (value == 0 and math.copysign(1, value) < 0):
        return {"nan": "nan", "inf": "inf", "-inf": "-inf", "-0.0": "-0"}[str(value)]
    return value


def record(x, data=None, options=None, tangent=None):
    text = str(x)
    case = {"shape": list(x.shape), "dtype": str(x.dtype)[6:]}
    case["data"] = data if data is not None else [plain(v) for v in x.detach().reshape(-1).tolist()]
    if x.grad_fn is not None:
        case["gradFn"] = type(x.grad_fn).__name__
    if x.requires_grad:
        case["requiresGrad"] = True
    if tangent is not None:
        case["tangent"] = tangent
    if torch.get_default_dtype() != torch.float32:
        case["defaultDtype"] = str(torch.get_default_dtype())[6:]
    if options:
        case["options"] = options
    case["text"] = text
    return case


def dtype(name):
    return getattr(torch, name)


def random_values(count, name):
    """Values of one of many kinds, so that every style and its limits occur."""
    kind = rng.randrange(16)
    scale = 10 ** rng.uniform(-12, 12)
    near = rng.choice([1e-4, 1e8, 1000.0, 1.0])
    makers = [
        lambda: rng.uniform(-1, 1),
        lambda: rng.gauss(0, 1) * scale,
        lambda: float(rng.randint(-9, 9)),
        lambda: float(rng.randint(-2000, 2000)),
        lambda: float(rng.randint(1, 10**9)),
        lambda: 10 ** rng.uniform(-6, 6),
        lambda: 10 ** rng.uniform(-2, 0.9),
        lambda: rng.choice([0.0, -0.0, 1.0]),
        lambda: 0.0,
        lambda: rng.choice([float("nan"), float("inf"), -float("inf"), -0.0, 0.0]),
        # Exact halves in the last place printed, where rounding to even shows.
        lambda: rng.randrange(1, 6400, 2) / 32,
        lambda: float(rng.randrange(100005, 999999, 10)),
        lambda: near * rng.choice([1, 1, 1 + 1e-7, 1 - 1e-7, 1.5, 0.5, 999, 1001]),
        lambda: 10.0 ** rng.randint(-40, 38),
        lambda: rng.choice([1, 3, 5, 7]) * 2.0 ** rng.randint(-30, 30),
        lambda: 10 ** rng.uniform(-300, 300) if name == "float64" else 10 ** rng.uniform(-45, 38),
    ]
    values = [makers[kind]() for _ in range(count)]
    if rng.random() < 0.25:
        for _ in range(rng.randint(1, 3)):
            if values:
                values[rng.randrange(count)] = rng.choice([float("nan"), float("inf"), -float("inf"), 0.0, -0.0])
    return values


def random_shape(limit=120):
    while True:
        shape = [rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 13, 20]) if rng.random() < 0.9 else rng.randint(1, 60) for _ in range(rng.choice([0, 1, 1, 1, 2, 2, 3, 4, 5]))]
        if math.prod(shape) <= limit and (0 not in shape or rng.random() < 0.4):
            return shape


def random_tensor(shape=None, names=FLOATS + INTS + ["bool"] + ["float32"] * 6 + ["float64"] * 3):
    shape = random_shape() if shape is None else shape
    count = math.prod(shape)
    name = rng.choice(names)
    if name in FLOATS:
        values = random_values(count, name)
    elif name == "bool":
        values = [rng.random() < 0.6 for _ in range(count)]
    elif name == "uint8":
        values = [rng.randrange(256 if rng.random() < 0.5 else 10) for _ in range(count)]
    else:
        high = rng.choice([2, 10, 1000, 2**31 - 1] + ([2**63 - 1] if name == "int64" else []))
        values = [rng.randint(-high - 1 if rng.random() < 0.5 else 0, high) for _ in range(count)]
    return torch.tensor(values, dtype=dtype(name)).reshape(shape)


def tracked(x):
    """x, sometimes as a leaf that requires grad, sometimes as the result of an operation."""
    if not x.is_floating_point() or rng.random() < 0.5:
        return x
    x.requires_grad_()
    makers = [
        lambda: x,
        lambda: x,
        lambda: x.clone(),
        lambda: x * 1,
        lambda: x.view(x.shape),
        lambda: x.unsqueeze(0).squeeze(0),
        lambda: x.abs(),
        lambda: x.unsqueeze(0)[0],
    ]
    return rng.choice(makers)()


def special():
    """Single values at every limit, alone and beside others, in every float dtype."""
    values = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 0.03125, 0.09375, 0.00390625, 1e-4, 1.0001e-4, 0.99e-4, 1e-5, 0.99995]
    values += [9.99995, 999.0, 1000.0, 1001.0, 12345.0, 100005.0, 123456.789, 99999999.0, 1e8, 100000001.0, 1e10, 1e16]
    values += [1e21, 1e22, 123456789012345678901234.0, 3.4e38, 1.2e-38, 1e-45, 1e300, 5e-324, 1.7976931348623157e308]
    values += [float("nan"), float("inf"), -float("inf")]
    cases = []
    for name in FLOATS:
        for value in values:
            for others in ([], [1.0], [0.25, -3.0]):
                if name in ("float32", "float64") or not others:
                    x = torch.tensor([value] + others, dtype=dtype(name))
                    cases.append(record(x if others else x[0]))
    for name in INTS + ["bool"]:
        for values in ([0], [1], [1, 0], [1, 255, 3]):
            cases.append(record(torch.tensor(values, dtype=dtype(name))))
            cases.append(record(torch.tensor(values[0], dtype=dtype(name))))
        for shape in ([0], [0, 3], [2, 0], [1, 0, 4]):
            cases.append(record(torch.zeros(shape, dtype=dtype(name))))
    for name in FLOATS:
        for shape in ([0], [0, 3], [2, 0, 1]):
            cases.append(record(torch.zeros(shape, dtype=dtype(name))))
            cases.append(record(torch.zeros(shape, dtype=dtype(name), requires_grad=True)))
    cases.append(record(torch.tensor([2**63 - 1, -(2**63), 0])))
    return cases


def summarised():
    cases = []
    shapes = [[1000], [1001], [5000], [7, 200], [6, 200], [200, 7], [200, 6], [10, 10, 11], [7, 7, 7, 7], [2, 3, 4, 5, 9]]
    shapes += [[6, 167], [501, 2], [2, 501], [3, 1, 400], [1001, 1], [1, 1001], [1, 1, 1, 1, 1001], [10000000], [3000, 3000]]
    for shape in shapes:
        steps = [(0, 1), (-3, 0.5), (0.25, 0), (1, 4096)] if math.prod(shape) < 1e6 else [(0, 1)]
        for start, step in steps:
            count = math.prod(shape)
            name = rng.choice(["float32", "float32", "float64"] + (["int32", "int64"] if step == 1 else []))
            x = (torch.arange(count, dtype=torch.float64) * step + start).to(dtype(name)).reshape(shape)
            if x.is_floating_point() and count < 1e6:
                x = tracked(x) if rng.random() < 0.3 else x.requires_grad_(rng.random() < 0.3)
                if not torch.equal(x.double(), (torch.arange(count, dtype=torch.float64) * step + start).reshape(shape)):
                    x = x.detach()
                    x = (torch.arange(count, dtype=torch.float64) * step + start).to(dtype(name)).reshape(shape)
            cases.append(record(x, {"start": start, "step": step}))
    return cases


def suffixes():
    """Lengths around the end of the line, so that each suffix wraps somewhere."""
    cases = []
    for n in range(1, 30):
        for name in ("float32", "float64"):
            x = torch.ones(n, dtype=dtype(name), requires_grad=True)
            cases.append(record(rng.choice([x, x * 2, x.exp(), x + 1])))
    for n in range(8, 28):
        cases.append(record(torch.ones(n, dtype=torch.int32)))
    torch.set_default_dtype(torch.float64)
    for name in FLOATS:
        cases.append(record(torch.tensor([1.5, 2], dtype=dtype(name), requires_grad=True)))
        cases.append(record(torch.zeros(0, dtype=dtype(name))))
    torch.set_default_dtype(torch.float32)
    with forward_ad.dual_level():
        for n in (1, 3, 9, 12, 30):
            for name in ("float32", "float64"):
                t = torch.arange(n, dtype=dtype(name)) / 4
                x = forward_ad.make_dual(torch.ones(n, dtype=dtype(name), requires_grad=rng.random() < 0.5), t)
                cases.append(record(x, None, None, str(t)))
        t = torch.ones(2, 2)
        cases.append(record(forward_ad.make_dual(torch.zeros(2, 2), t) * 2, None, None, str(t * 2)))
    return cases


def options():
    cases = []
    choices = {
        "precision": [0, 1, 2, 6, 10],
        "threshold": [0, 5, 20, 100, math.inf],
        "edgeitems": [1, 2, 4],
        "linewidth": [1, 20, 40, 79, 81, 120, 1000],
        "profile": ["default", "short", "full"],
        "sci_mode": [True, False],
    }
    for _ in range(400):
        chosen = {key: rng.choice(values) for key, values in choices.items() if rng.random() < 0.35}
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**chosen)
        names = {"sci_mode": "sciMode"}
        given = {names.get(k, k): ("Infinity" if v == math.inf else v) for k, v in chosen.items()}
        cases.append(record(tracked(random_tensor(random_shape(60))), None, given))
    torch.set_printoptions(profile="default")
    return cases


def write(name, cases):
    with open(os.path.join(FOLDER, name + ".json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(name, len(cases))


write("special", special())
write("summarised", summarised())
write("suffixes", suffixes())
write("options", options())
write("random", [record(tracked(random_tensor())) for _ in range(500)])
