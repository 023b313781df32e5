# Records 20 steps of every optimiser of PyTorch (1.13, one thread) on a small problem, with state dictionaries and texts:
#     python3 scripts/record-optim.py > test/fixtures/optim/steps.json
# What 1.13 does not have (Muon; maximize and decoupled weight decay of NAdam and RAdam; decoupled weight decay of Adam) is
# computed here in numpy by the formulas in PyTorch's documentation, marked "reference": true. Muon is orthogonalised in
# float64, where PyTorch rounds to bfloat16.
# In float32 "noise" is how far the parameters move apart when each gradient is off by one unit in its last place.
import json
import math

import numpy as np
import torch

torch.set_num_threads(1)
STEPS = 20
KEPT = [1, 2, 5, 20]
SHAPES = [(3, 5), (7,), ()]

generator = np.random.default_rng(11)
starts = [generator.normal(size=s) for s in SHAPES]
weights = [generator.uniform(0.2, 3, size=s) for s in SHAPES]
centres = [generator.normal(size=s) for s in SHAPES]

CASES = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.05)),
    ("SGD", dict(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.01)),
    ("SGD", dict(lr=0.02, momentum=0.5, maximize=True)),
    ("Adam", dict()),
    ("Adam", dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    ("Adam", dict(lr=0.05, amsgrad=True)),
    ("Adam", dict(lr=0.01, maximize=True)),
    ("AdamW", dict()),
    ("AdamW", dict(lr=0.05, amsgrad=True, weight_decay=0.2)),
    ("AdamW", dict(lr=0.01, maximize=True)),
    ("NAdam", dict()),
    ("NAdam", dict(lr=0.05, weight_decay=0.1, momentum_decay=0.02)),
    ("RAdam", dict()),
    ("RAdam", dict(lr=0.05, weight_decay=0.1, betas=(0.8, 0.97))),
    ("Adamax", dict()),
    ("Adamax", dict(lr=0.05, weight_decay=0.1, maximize=True)),
    ("Adagrad", dict()),
    ("Adagrad", dict(lr=0.5, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.3)),
    ("Adagrad", dict(lr=0.1, maximize=True)),
    ("Adadelta", dict()),
    ("Adadelta", dict(lr=3.5, rho=0.7, eps=1e-4, weight_decay=0.1, maximize=True)),
    ("RMSprop", dict()),
    ("RMSprop", dict(lr=0.05, momentum=0.6, alpha=0.9)),
    ("RMSprop", dict(lr=0.02, centered=True, alpha=0.9, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.02, centered=True, momentum=0.5, maximize=True)),
    ("Rprop", dict()),
    ("Rprop", dict(lr=0.3, etas=(0.4, 1.5), step_sizes=(1e-3, 0.6))),
    ("Rprop", dict(maximize=True)),
    ("ASGD", dict()),
    ("ASGD", dict(lr=0.1, lambd=0.05, t0=6, alpha=0.6, weight_decay=0.05)),
    ("ASGD", dict(lr=0.05, t0=2, maximize=True)),
]


def word(x):
    if isinstance(x, torch.Tensor):
        return {"dtype": str(x.dtype)[6:], "shape": list(x.shape), "values": x.flatten().tolist()}
    if isinstance(x, dict):
        return {str(k): word(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [word(v) for v in x]
    return x


def gradient(p, i, t):
    """Of a bowl whose centre moves from step to step, so that signs change."""
    sway = 1 + 0.25 * (t % 4)
    return weights[i].astype(p.dtype) * (p - (centres[i] * sway).astype(p.dtype))


def off_by_one(g, seed):
    signs = np.random.default_rng(seed).integers(0, 2, size=g.shape) * 2 - 1
    return np.where(signs > 0, np.nextafter(g, np.float32(np.inf)), np.nextafter(g, np.float32(-np.inf))).astype(g.dtype)


def run(name, options, dtype, noise=None):
    params = [torch.tensor(s, dtype=dtype).requires_grad_() for s in starts]
    optimizer = getattr(torch.optim, name)(params, **{"lr": 0.1, **options} if name == "SGD" else options)
    kept = {}
    for t in range(1, STEPS + 1):
        for i, p in enumerate(params):
            g = np.asarray(gradient(p.detach().numpy(), i, t))
            if noise is not None:
                g = off_by_one(g, noise * 1000 + t * 10 + i)
            p.grad = torch.tensor(g, dtype=dtype)
        optimizer.step()
        if t in KEPT:
            kept[t] = [p.detach().numpy().flatten().tolist() for p in params]
    return kept, optimizer


def apart(a, b):
    return {t: max(abs(x - y) for p, q in zip(a[t], b[t]) for x, y in zip(p, q)) for t in KEPT}


recorded = []
for name, options in CASES:
    case = {"optimizer": name, "options": word(options)}
    wide, optimizer = run(name, options, torch.float64)
    case["float64"] = wide
    case["state"] = word(optimizer.state_dict())
    case["text"] = repr(optimizer)
    narrow, _ = run(name, options, torch.float32)
    case["float32"] = narrow
    moved = [apart(narrow, run(name, options, torch.float32, noise)[0]) for noise in range(1, 4)]
    case["noise"] = {t: max(m[t] for m in moved) for t in KEPT}
    recorded.append(case)


# Independent references.

def adam_like(kind, lr, betas=(0.9, 0.999), eps=1e-8, wd=0.0, decoupled=False, maximize=False, momentum_decay=4e-3):
    b1, b2 = betas
    params = [np.array(s) for s in starts]
    ms = [np.zeros_like(p) for p in params]
    vs = [np.zeros_like(p) for p in params]
    product = np.float32(1)
    kept = {}
    for t in range(1, STEPS + 1):
        mu = b1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        mu_next = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        product = np.float32(product * np.float32(mu))
        ahead = np.float32(np.float32(product * np.float32(mu)) * np.float32(mu_next))
        for i, p in enumerate(params):
            g = gradient(p, i, t) * (-1 if maximize else 1)
            if decoupled:
                p = p * (1 - lr * wd)
            else:
                g = g + wd * p
            ms[i] = b1 * ms[i] + (1 - b1) * g
            vs[i] = b2 * vs[i] + (1 - b2) * g * g
            if kind == "NAdam":
                d = np.sqrt(vs[i] / (1 - b2**t)) + eps
                p = p - lr * (1 - mu) / (1 - float(product)) * g / d - lr * mu_next / (1 - float(ahead)) * ms[i] / d
            elif kind == "RAdam":
                longest = 2 / (1 - b2) - 1
                length = longest - 2 * t * b2**t / (1 - b2**t)
                m = ms[i] / (1 - b1**t)
                if length > 5:
                    r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
                    p = p - lr * m * r * math.sqrt(1 - b2**t) / (np.sqrt(vs[i]) + eps)
                else:
                    p = p - lr * m
            else:
                p = p - lr / (1 - b1**t) * ms[i] / (np.sqrt(vs[i] / (1 - b2**t)) + eps)
            params[i] = p
        if t in KEPT:
            kept[t] = [p.flatten().tolist() for p in params]
    return kept


for name, options, own in [
    ("NAdam", dict(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True), dict(lr=0.05, wd=0.1, decoupled=True)),
    ("NAdam", dict(lr=0.01, maximize=True), dict(lr=0.01, maximize=True)),
    ("RAdam", dict(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True), dict(lr=0.05, wd=0.1, decoupled=True)),
    ("RAdam", dict(lr=0.01, maximize=True), dict(lr=0.01, maximize=True)),
    ("Adam", dict(lr=0.05, weight_decay=0.1, decoupled_weight_decay=True), dict(lr=0.05, wd=0.1, decoupled=True)),
]:
    recorded.append({"optimizer": name, "options": word(options), "reference": True, "float64": adam_like(name, **own)})


def muon(lr=1e-3, wd=0.1, momentum=0.95, nesterov=True, adjust=None):
    p, b = np.array(starts[0]), np.zeros(SHAPES[0])
    kept = {}
    for t in range(1, STEPS + 1):
        g = gradient(p, 0, t)
        b = momentum * b + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * b if nesterov else b
        x = u.T if u.shape[0] > u.shape[1] else u
        x = x / max(np.linalg.norm(x), 1e-7)
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        x = x.T if u.shape[0] > u.shape[1] else x
        rows, columns = p.shape
        ratio = 0.2 * math.sqrt(max(rows, columns)) if adjust == "match_rms_adamw" else math.sqrt(max(1, rows / columns))
        p = p * (1 - lr * wd) - lr * ratio * x
        if t in KEPT:
            kept[t] = [p.flatten().tolist()]
    return kept


for options, own in [
    (dict(), dict()),
    (dict(lr=0.05, nesterov=False, weight_decay=0.3), dict(lr=0.05, nesterov=False, wd=0.3)),
    (dict(lr=0.05, momentum=0.8, adjust_lr_fn="match_rms_adamw"), dict(lr=0.05, momentum=0.8, adjust="match_rms_adamw")),
]:
    recorded.append({"optimizer": "Muon", "options": options, "reference": True, "float64": muon(**own)})

problem = {"starts": starts, "weights": weights, "centres": centres}
print(json.dumps({
    "shapes": SHAPES,
    **{k: [np.asarray(x).flatten().tolist() for x in v] for k, v in problem.items()},
    "cases": recorded,
}))
