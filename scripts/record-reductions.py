# Records what PyTorch (1.13, one thread) gives for reductions, scans, softmax and losses along the last dim:
#     python3 scripts/record-reductions.py > test/fixtures/reductions/values.json
# Numbers that JSON has no word for are written as strings.
import json
import math
import random

import torch

torch.set_num_threads(1)
nan, inf = math.nan, math.inf
random.seed(7)
vector_norm = torch.linalg.vector_norm
functional = torch.nn.functional


def single(x):
    return torch.tensor(x, dtype=torch.float32).item()


rows = [
    [0.5, -1.25, 3.0, 3.0, -2.5, 0.75, 0.5],
    [1.0, nan, 2.0, inf, nan, -inf, 0.0],
    [-inf] * 7,
    [0.0, -0.0, 0.0, -0.0, 0.0, -0.0, 0.0],
    [inf, 1.0, 2.0, -3.0, inf, 4.0, 1.0],
    [1e30, 2e30, -1e30, 1e30, 3.0, 2.0, 1.0],
] + [[single(random.gauss(0, 2)) for _ in range(7)] for _ in range(3)]
targets = [3, 0, 6, -100, 2, 5, 1, 0, 4]
weights = [0.5, 1.5, 0.25, 2.0, 1.0, 3.0, 0.75]


def word(x):
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, float) and (x != x or abs(x) == inf or (x == 0 and math.copysign(1, x) < 0)):
        return "NaN" if x != x else "-0" if x == 0 else "Infinity" if x > 0 else "-Infinity"
    return x


def flat(x):
    return [word(v) for v in x.flatten().tolist()]


def gradient(f, x, grad):
    x = x.clone().requires_grad_()
    (result,) = torch.autograd.grad(f(x), x, grad)
    return result


def results(dtype):
    x = torch.tensor(rows, dtype=dtype)
    grad = torch.flip(x[6:], [1])
    target = torch.tensor(targets)
    weight = torch.tensor(weights, dtype=dtype)
    finite = torch.nan_to_num(x, 0.5, 2.0, -2.0).clamp(-9, 9)
    nll = lambda y: functional.nll_loss(y, target, weight, reduction="none")
    return {
        "sum": [x.sum(1)],
        "mean": [x.mean(1)],
        "prod": [x.prod(1)],
        "amax": [x.amax(1)],
        "amin": [x.amin(1)],
        "any": [x.any(1)],
        "all": [x.all(1)],
        "argmax": [x.argmax(1)],
        "argmin": [x.argmin(1)],
        "maxdim": list(x.max(1)),
        "mindim": list(x.min(1)),
        "var": [x.var(1)],
        "varmean": list(torch.var_mean(x, 1)),
        "logsumexp": [x.logsumexp(1)],
        "count_nonzero": [x.count_nonzero(1)],
        "nansum": [x.nansum(1)],
        "norm1": [vector_norm(x, 1, 1)],
        "norm2": [vector_norm(x, 2, 1)],
        "norminf": [vector_norm(x, inf, 1)],
        "normp": [vector_norm(x, 3, 1)],
        "cumsum": [x.cumsum(1)],
        "cumprod": [x.cumprod(1)],
        "cummax": list(x.cummax(1)),
        "cummin": list(x.cummin(1)),
        "logcumsumexp": [x.logcumsumexp(1)],
        "softmax": [x.softmax(1)],
        "logsoftmax": [x.log_softmax(1)],
        "softmax_backward": [gradient(lambda y: y.softmax(1), x[6:], grad)],
        "logsoftmax_backward": [gradient(lambda y: y.log_softmax(1), x[6:], grad)],
        "nll": [nll(finite)],
        "nll_backward": [gradient(nll, finite, finite[:, 0])],
    }


print(
    json.dumps(
        {
            "rows": [[word(v) for v in row] for row in rows],
            "targets": targets,
            "weights": weights,
            "f32": {k: [flat(r) for r in v] for k, v in results(torch.float32).items()},
            "f64": {k: [flat(r) for r in v] for k, v in results(torch.float64).items()},
        }
    )
)
