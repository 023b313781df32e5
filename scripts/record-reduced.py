# Records what PyTorch (1.13) gives for reductions, scans, softmax and sorting where it is easily got wrong: NaN and
# infinities, ties, nothing to reduce, zeros in products, dtypes, and the forms of the arguments:
#     python3 scripts/record-reduced.py > test/fixtures/reduced/values.json
# One case a call: its results, the name of the node, and the gradients for gradients of ones; or that it is refused.
# Numbers that JSON has no word for are written as strings.
import json
import math

import torch

torch.set_num_threads(1)
torch.manual_seed(3)
nan, inf = math.nan, math.inf


def word(x):
    if isinstance(x, float) and (x != x or abs(x) == inf or (x == 0 and math.copysign(1, x) < 0)):
        return "NaN" if x != x else "-0" if x == 0 else "Infinity" if x > 0 else "-Infinity"
    return x


def plain(x):
    if isinstance(x, torch.dtype):
        return str(x).split(".")[1]
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
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


def flat(out):
    return [out] if isinstance(out, torch.Tensor) else [y for x in out for y in flat(x)]


# Made of other operations, whose last one prints.
COMPOSITES = "quantile nanquantile trapezoid cumulative_trapezoid diff gradient cov corrcoef".split()
cases = []


def case(name, *args, gradients=True, **options):
    leaves = []

    def leaf(x):
        if isinstance(x, torch.Tensor) and x.is_floating_point():
            leaves.append(x.clone().requires_grad_(True))
            return leaves[-1]
        return x

    entry = {"op": camel(name), "args": plain(args), "options": {camel(k): plain(v) for k, v in options.items()}}
    try:
        called = [leaf(x) for x in args] if gradients else args
        out = flat(getattr(torch, name)(*called, **options))
    except (RuntimeError, TypeError, IndexError, ValueError):
        cases.append({**entry, "refused": True})
        return
    entry["outs"] = plain(out)
    sources = [y for y in out if y.requires_grad]
    if sources:
        entry["label"] = "" if name in COMPOSITES else sources[0].grad_fn.name().split("::")[-1]
        try:
            found = torch.autograd.grad(sources, leaves, [torch.ones_like(y) for y in sources], allow_unused=True)
            entry["gradients"] = [None if g is None else plain(g) for g in found]
        except (RuntimeError, IndexError):
            pass
    cases.append(entry)


f32, f64, i32 = torch.float32, torch.float64, torch.int64
odd = torch.tensor([[3.0, nan, 1.0, 3.0], [inf, 2.0, -inf, 2.0], [-1.0, -1.0, 0.0, 0.5]], dtype=f64)
ties = torch.tensor([[2.0, 5.0, 5.0, 1.0], [0.0, -0.0, 0.0, 0.0], [-3.0, 4.0, 4.0, 4.0]], dtype=f64)
zeros = torch.tensor([[2.0, 0.0, 3.0, 0.0], [0.0, 5.0, 7.0, 2.0], [1.5, 2.0, -3.0, 4.0]], dtype=f64)
plainly = torch.tensor([[0.5, -1.25, 2.0], [3.5, 0.75, -0.5]], dtype=f64)
small = plainly.to(f32)
ints = torch.tensor([[4, -2, 0], [7, 7, 1]])
bools = torch.tensor([[True, False, True], [True, True, True]])
none = torch.zeros(2, 0, 3, dtype=f64)
scalar = torch.tensor(1.5, dtype=f64)

for x in [odd, ties, plainly, small, ints, bools, none, scalar]:
    for name in ["sum", "nansum", "mean", "nanmean", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "all", "any",
                 "count_nonzero", "var", "std", "median", "nanmedian", "aminmax"]:
        if name == "count_nonzero" or name == "aminmax":
            case(name, x, gradients=False)
            case(name, x, dim=-1, gradients=False)
            continue
        # At NaN the newer versions differ in the gradient, and in that of the variance of one element.
        smooth = not (x is odd and name in ("amax", "amin") or x is scalar and name in ("var", "std"))
        case(name, x, gradients=smooth)
        case(name, x, 0, gradients=smooth)
        if name not in ("var", "std"):
            case(name, x, -1, True, gradients=smooth)
        case(name, x, 1, keepdim=True, gradients=smooth)
        if name not in ("prod", "max", "min", "argmax", "argmin", "all", "any", "median", "nanmedian"):
            case(name, x, [0, -1], gradients=smooth)
            case(name, x, dim=(), gradients=smooth)
        case(name, x, 7)
        case(name, x, [0, 0])
for x in [plainly, ints, bools]:
    for name in ["sum", "prod", "mean", "nansum"]:
        for dtype in [f32, f64]:
            case(name, x, dtype=dtype)
for name in ["var", "std"]:
    for x in [plainly, small]:
        case(name, x, True)
        case(name, x, False)
        case(name, x, 1, False)
        case(name, x, [0, 1], False, True)
        case(name, x, dim=0, unbiased=False, keepdim=True)
        for correction in [0, 1, 2, 3]:
            case(name, x, dim=0, correction=correction)
    case(f"{name}_mean", plainly)
    case(f"{name}_mean", plainly, 1, False)
    case(f"{name}_mean", plainly, dim=0, correction=0, keepdim=True)
    case(name, torch.ones(2, 3, dtype=f64), 1)
case("max", plainly, torch.tensor([0.5, 3.0, nan], dtype=f64))
case("min", plainly, torch.tensor([0.5, 3.0, nan], dtype=f64))
case("prod", zeros)
case("prod", zeros, 1)
case("prod", zeros, 0, True)
for x in [plainly, small, ints, torch.tensor([[inf, 1.0], [-inf, -inf], [nan, 1.0], [1000.0, 1000.0]], dtype=f64), none, scalar]:
    case("logsumexp", x, -1, gradients=bool(torch.isfinite(x).all()))
    case("logsumexp", x, [0, 1], True, gradients=bool(torch.isfinite(x).all()))
    for name in ["softmax", "log_softmax"]:
        case(name, x, -1, gradients=bool(torch.isfinite(x).all()))
        case(name, x, 0, dtype=f64)
        case(name, x, 5)
for x in [odd, ties, zeros, small, ints, bools, none, scalar]:
    for name in ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"]:
        if name == "logcumsumexp" and not x.is_floating_point():
            continue
        case(name, x, 0, gradients=x is not odd or name in ("cumsum", "cummax", "cummin"))
        case(name, x, -1, gradients=x is not odd or name in ("cumsum", "cummax", "cummin"))
        if x is not none and x is not scalar:
            case(name, x, 3)
    case("cumsum", x, 0, dtype=f32)
    for descending in [False, True]:
        case("sort", x, dim=-1, stable=True, descending=descending)
        case("argsort", x, dim=0, stable=True, descending=descending)
    case("msort", x)
    if x is not odd:
        case("mode", x, gradients=False)
distinct = torch.randn(4, 5, dtype=f64)
holes = distinct.clone()
holes[1, 2] = nan
for x in [distinct, holes]:
    for name in ["quantile", "nanquantile"]:
        for interpolation in ["linear", "lower", "higher", "midpoint", "nearest"]:
            case(name, x, 0.3, 1, interpolation=interpolation)
        case(name, x, torch.tensor([0.0, 0.25, 1.0], dtype=f64), 0, True)
        case(name, x, torch.tensor([0.5], dtype=f64))
        case(name, x, 0.5, keepdim=True)
        case(name, x, 1.5)
        case(name, x, torch.tensor([0.5], dtype=f32))
    case("topk", x, 2, 0)
    case("topk", x, 2, largest=False)
    case("topk", x, 9)
    case("kthvalue", x, 3, 0)
    case("median", x, 1, True)
    case("mode", x, gradients=False)
threes = torch.tensor([[3.0, 1.0, 3.0], [1.0, 2.0, 3.0], [3.0, 1.0, 3.0], [1.0, 2.0, 2.0]])
for x in [threes, threes.to(i32), threes > 2, threes[0, 0]]:
    for options in [{}, {"dim": 0}, {"dim": 1 if x.dim() > 1 else 0}]:
        case("unique", x, return_inverse=True, return_counts=True, gradients=False, **options)
        case("unique_consecutive", x, return_inverse=True, return_counts=True, gradients=False, **options)
edges = torch.tensor([-1.0, 0.0, 0.0, 2.0])
sought = torch.tensor([[-2.0, -1.0, 0.0], [1.0, 2.0, nan]])
for right in [False, True]:
    case("searchsorted", edges, sought, right=right, gradients=False)
    case("searchsorted", edges.to(i32), 0, right=right, gradients=False)
    case("bucketize", sought, edges, right=right, gradients=False)
    case("searchsorted", torch.tensor([[0.0, 1.0, 2.0], [5.0, 6.0, 7.0]]), sought * 3, right=right, gradients=False)
case("searchsorted", edges[[3, 0, 1, 2]], sought, sorter=torch.tensor([1, 2, 3, 0]), gradients=False)
values = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 2.0, -1.0, 5.0, 0.1])
case("histc", values, 4, 0, 2, gradients=False)
case("histc", values, gradients=False)
case("histc", values, 3, 1, 1, gradients=False)
case("histc", values, 3, 2, 1, gradients=False)
case("histogram", values, 4, range=[0.0, 2.0], gradients=False)
case("histogram", values, 3, weight=values, density=True, gradients=False)
case("histogram", values, edges[[0, 1, 3]], gradients=False)
case("bincount", torch.tensor([3, 1, 1, 0]), gradients=False)
case("bincount", torch.tensor([3, 1, 1, 0]), values[:4], 6, gradients=False)
case("bincount", torch.tensor([-1]), gradients=False)
for x in [plainly, torch.zeros(2, 3, dtype=f64), torch.tensor([[3.0, -3.0, 3.0]], dtype=f64)]:
    for p in [0, 0.5, 1, 1.5, 2, 3, -1, inf, -inf]:
        case("norm", x, p)
        case("norm", x, p, 1, True)
        case("dist", x, torch.zeros(3, dtype=f64) + 0.25, p)
    case("norm", x)
    case("renorm", x, 2, 0, 1.0)
    case("renorm", x, 1, 1, 0.5)
case("norm", ints)
case("norm", small, 2, 0, dtype=f64)
for n in [0, 1, 2, 9]:
    case("diff", zeros, n)
case("diff", ints, 1, 0)
case("diff", bools)
case("diff", zeros, prepend=zeros[:, :1], append=zeros)
for name in ["trapezoid", "cumulative_trapezoid"]:
    case(name, zeros)
    case(name, zeros, dx=0.5, dim=0)
    case(name, zeros, torch.tensor([0.0, 1.0, 3.0, 3.5], dtype=f64))
    case(name, zeros, zeros * 2, dim=0)
    case(name, ints)
    case(name, zeros, zeros[0, :2])
for order in [1, 2]:
    case("gradient", zeros, edge_order=order)
    case("gradient", zeros, spacing=0.5, dim=1, edge_order=order)
    case("gradient", zeros, spacing=[torch.tensor([0.0, 1.0, 3.0, 3.5], dtype=f64)], dim=1, edge_order=order)
case("gradient", zeros, edge_order=3)
case("cov", zeros)
case("cov", zeros, correction=0, fweights=torch.tensor([1, 2, 0, 3]))
case("cov", zeros, aweights=torch.tensor([0.5, 0.25, 1.0, 0.0], dtype=f64))
case("cov", zeros[0])
case("corrcoef", zeros)
print(json.dumps(cases, separators=(",", ":")))
