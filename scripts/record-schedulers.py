# Records the learning rates that PyTorch's (1.13) schedulers give for two groups over some epochs, and their state:
#     python3 scripts/record-schedulers.py > test/fixtures/optim/schedulers.json
# A case names a scheduler, its arguments by position, its options, and the schedulers inside.
import json
import warnings

import torch

warnings.simplefilter("ignore")
schedulers = torch.optim.lr_scheduler
LAMBDAS = {"halves": lambda epoch: 0.5**epoch, "tenths": lambda epoch: 0.9 - 0.1 * (epoch % 3)}

CASES = [
    ("LambdaLR", ["@halves"], {}),
    ("LambdaLR", [["@halves", "@tenths"]], {}),
    ("MultiplicativeLR", ["@tenths"], {}),
    ("StepLR", [3], {}),
    ("StepLR", [4], {"gamma": 0.7}),
    ("MultiStepLR", [[2, 5, 5, 9]], {"gamma": 0.3}),
    ("ConstantLR", [], {}),
    ("ConstantLR", [], {"factor": 0.25, "total_iters": 7}),
    ("LinearLR", [], {}),
    ("LinearLR", [], {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 12}),
    ("ExponentialLR", [0.93], {}),
    ("PolynomialLR", [], {}),
    ("PolynomialLR", [], {"total_iters": 9, "power": 2.0}),
    ("PolynomialLR", [], {"total_iters": 25, "power": 0.9}),
    ("CosineAnnealingLR", [10], {}),
    ("CosineAnnealingLR", [7], {"eta_min": 0.01}),
    ("CosineAnnealingLR", [200], {}),
    ("CosineAnnealingWarmRestarts", [5], {}),
    ("CosineAnnealingWarmRestarts", [3], {"T_mult": 2, "eta_min": 0.001}),
    ("OneCycleLR", [0.5], {"total_steps": 30}),
    ("OneCycleLR", [[0.5, 0.25]], {"epochs": 5, "steps_per_epoch": 6, "anneal_strategy": "linear", "three_phase": True}),
    ("OneCycleLR", [0.5], {"total_steps": 40, "pct_start": 0.4, "div_factor": 10.0, "cycle_momentum": False}),
    ("CyclicLR", [0.01, 0.1], {"step_size_up": 4}),
    ("CyclicLR", [0.01, [0.1, 0.2]], {"step_size_up": 3, "step_size_down": 5, "mode": "triangular2"}),
    ("CyclicLR", [0.01, 0.1], {"step_size_up": 5, "mode": "exp_range", "gamma": 0.97, "cycle_momentum": False}),
    ("SequentialLR", [[5]], {}, [("ConstantLR", [], {"factor": 0.1, "total_iters": 2}), ("ExponentialLR", [0.9], {})]),
    ("SequentialLR", [[4, 12]], {}, [
        ("LinearLR", [], {"start_factor": 0.2, "total_iters": 4}),
        ("CosineAnnealingLR", [8], {}),
        ("StepLR", [3], {"gamma": 0.5}),
    ]),
    ("ChainedScheduler", [], {}, [("ConstantLR", [], {"factor": 0.1, "total_iters": 3}), ("ExponentialLR", [0.9], {})]),
    ("SWALR", [0.05], {}),
    ("SWALR", [[0.05, 0.3]], {"anneal_epochs": 4, "anneal_strategy": "linear"}),
    ("ReduceLROnPlateau", [], {"patience": 2, "cooldown": 1, "min_lr": 0.004}),
    ("ReduceLROnPlateau", ["max"], {"patience": 1, "threshold_mode": "abs", "threshold": 0.05, "factor": 0.5}),
]
METRICS = [1.0, 0.9, 0.9, 0.91, 0.92, 0.93, 0.8, 0.8, 0.8, 0.8, 0.81, 0.79999, 0.8, 0.9, 0.95] * 2


def make(optimizer, name, args, options, inner=()):
    inner = [make(optimizer, *each) for each in inner]
    resolve = lambda a: LAMBDAS[a[1:]] if isinstance(a, str) and a[0] == "@" else a
    args = [[resolve(x) for x in a] if isinstance(a, list) else resolve(a) for a in args]
    if name == "SWALR":
        return torch.optim.swa_utils.SWALR(optimizer, *args, **options)
    if name == "ChainedScheduler":
        return schedulers.ChainedScheduler(inner)
    if name == "SequentialLR":
        return schedulers.SequentialLR(optimizer, inner, *args)
    return getattr(schedulers, name)(optimizer, *args, **options)


def word(x):
    if isinstance(x, dict):
        return {str(k): word(v) for k, v in x.items() if not callable(v) and k not in ("_scale_fn_ref", "_scale_fn_custom")}
    if isinstance(x, (list, tuple)):
        return [word(v) for v in x]
    return str(x) if x in (float("inf"), float("-inf")) else x


recorded = []
for name, args, options, *inner in CASES:
    a, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1, momentum=0.9)
    scheduler = make(optimizer, name, args, options, *inner)
    rates = [[g["lr"] for g in optimizer.param_groups]]
    momenta = [[g["momentum"] for g in optimizer.param_groups]]
    for t in range(30):
        optimizer.step()
        scheduler.step(METRICS[t]) if name == "ReduceLROnPlateau" else scheduler.step()
        rates.append([g["lr"] for g in optimizer.param_groups])
        momenta.append([g["momentum"] for g in optimizer.param_groups])
    recorded.append({
        "scheduler": name, "args": args, "options": options, "inner": inner[0] if inner else [],
        "rates": rates, "momenta": momenta, "last": scheduler._last_lr, "state": word(scheduler.state_dict()),
    })
print(json.dumps({"metrics": METRICS, "cases": recorded}))
