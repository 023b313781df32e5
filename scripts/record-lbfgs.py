# Records LBFGS of PyTorch (1.13, one thread) on Rosenbrock's function of 5 and on a regression:
#     python3 scripts/record-lbfgs.py > test/fixtures/optim/lbfgs.json
# "noise" is how far the parameters move apart when the loss is computed in another order of summation and one unit larger.
import json

import torch

torch.set_num_threads(1)


def rosenbrock(x, flip=False):
    a = x[1:] - x[:-1] * x[:-1]
    b = 1 - x[:-1]
    terms = 100 * a * a + b * b
    return (terms.flip(0) if flip else terms).sum() * (1 + 2e-16 * flip)


def regression(x, flip=False):
    inputs = torch.linspace(-1, 1, 9, dtype=x.dtype)
    targets = inputs * inputs * inputs + 0.5
    out = x[0] + x[1] * inputs + x[2] * (x[3] * inputs).tanh()
    terms = (out - targets) * (out - targets)
    return (terms.flip(0) if flip else terms).mean() * (1 + 2e-16 * flip)


PROBLEMS = {"rosenbrock": (rosenbrock, [-1.2, 1.0, 0.5, -0.7, 1.3]), "regression": (regression, [0.1, -0.3, 0.7, 0.9])}
CASES = [
    ("rosenbrock", dict(line_search_fn="strong_wolfe"), 4),
    ("rosenbrock", dict(line_search_fn="strong_wolfe", max_iter=5, history_size=3), 6),
    ("rosenbrock", dict(lr=0.002, max_iter=4), 5),
    ("regression", dict(line_search_fn="strong_wolfe", max_iter=4), 5),
    ("regression", dict(lr=0.1), 4),
]


def word(x):
    if isinstance(x, torch.Tensor):
        return x.tolist()
    if isinstance(x, dict):
        return {str(k): word(v) for k, v in x.items()}
    return [word(v) for v in x] if isinstance(x, (list, tuple)) else x


def run(name, options, steps, dtype, flip):
    f, start = PROBLEMS[name]
    a = torch.tensor(start[:2], dtype=dtype, requires_grad=True)
    b = torch.tensor(start[2:], dtype=dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([a, b], **options)
    rows = []

    def closure():
        optimizer.zero_grad()
        loss = f(torch.cat([a, b]), flip)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure)
        state = optimizer.state[a]
        rows.append({"loss": float(loss), "x": torch.cat([a, b]).tolist(), "evals": state["func_evals"], "iters": state["n_iter"]})
    return rows, optimizer


recorded = []
for name, options, steps in CASES:
    rows, optimizer = run(name, options, steps, torch.float64, False)
    noisy, _ = run(name, options, steps, torch.float64, True)
    for row, other in zip(rows, noisy):
        row["noise"] = max(abs(p - q) for p, q in zip(row["x"], other["x"]))
    recorded.append({"problem": name, "start": PROBLEMS[name][1], "options": options, "rows": rows,
                     "state": word(optimizer.state_dict()), "text": repr(optimizer)})
print(json.dumps(recorded))
