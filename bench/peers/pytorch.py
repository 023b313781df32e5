"""Runs one workload on PyTorch, one thread: a task as JSON on standard input, results and times as JSON on standard output."""

import json
import math
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def mixed(count, seed):
    """A well mixed 32-bit number of each index and a seed (the finaliser of MurmurHash3), as in workloads/data.mjs."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(seed)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def made(spec):
    count = math.prod(spec["shape"])
    dtype = {"float32": torch.float32, "float64": torch.float64, "int32": torch.int64}[spec["dtype"]]
    if spec["fill"] == "constant":
        return torch.full(spec["shape"], spec["value"], dtype=dtype)
    h = mixed(count, spec["seed"]).astype(np.float64)
    if spec["fill"] == "integers":
        return torch.from_numpy(np.floor(h / 2**32 * spec["below"]).astype(np.int64)).reshape(spec["shape"])
    width = math.sqrt(3) * spec["scale"]
    return torch.from_numpy((h / 2**31 - 1) * width + spec["shift"]).to(dtype).reshape(spec["shape"])


def summary(tensor):
    x = tensor.detach().double().contiguous().numpy().ravel()
    signs = 1.0 - 2.0 * (mixed(x.size, 7) & np.uint32(1))
    sample = [float(x[i * x.size // 4]) for i in range(min(4, x.size))]
    return {"size": x.size, "norm": float(np.sqrt((x * x).sum())), "signed": float((x * signs).sum()), "sample": sample}


class Operations:
    add, sub, mul = torch.add, torch.sub, torch.mul
    exp, tanh, sigmoid, relu, square = torch.exp, torch.tanh, torch.sigmoid, torch.relu, torch.square
    gelu = staticmethod(F.gelu)
    mean = torch.mean
    linear = staticmethod(F.linear)
    einsum = staticmethod(torch.einsum)
    reshape, transpose = torch.reshape, torch.permute
    split = torch.chunk
    crossEntropy = staticmethod(F.cross_entropy)
    mseLoss = staticmethod(F.mse_loss)

    @staticmethod
    def sum(x, dim=None):
        return x.sum() if dim is None else x.sum(dim)

    @staticmethod
    def max(x, dim):
        return x.amax(dim)

    @staticmethod
    def softmax(x):
        return torch.softmax(x, -1)

    @staticmethod
    def matmul(a, b, transposeA=False, transposeB=False):
        return torch.matmul(a.mT if transposeA else a, b.mT if transposeB else b)

    @staticmethod
    def unbind(x, count):
        return torch.unbind(x, 0)

    @staticmethod
    def layerNorm(x, weight, bias):
        return F.layer_norm(x, weight.shape, weight, bias)

    @staticmethod
    def conv2d(x, w, b, padding, groups):
        return F.conv2d(x, w, b, padding=int(padding), groups=groups)

    @staticmethod
    def maxPool2d(x):
        return F.max_pool2d(x, 2)

    @staticmethod
    def flatten(x):
        return x.flatten(1)

    @staticmethod
    def embedding(table, index):
        return F.embedding(index, table)

    @staticmethod
    def gather(x, index):
        return x.gather(1, index)

    @staticmethod
    def scatterAdd(x, index, y):
        return x.scatter_add(1, index, y)

    @staticmethod
    def sort(x):
        return x.sort(-1).values

    @staticmethod
    def attention(q, k, v):
        scores = torch.matmul(q, k.mT) / math.sqrt(q.shape[-1])
        return torch.matmul(torch.softmax(scores, -1), v)

    @staticmethod
    def gruCell(x, h, wi, wh, bi, bh):
        return torch.gru_cell(x, h, wi, wh, bi, bh)

    @staticmethod
    def lstmCell(x, h, c, wi, wh, bi, bh):
        return torch.lstm_cell(x, (h, c), wi, wh, bi, bh)


def resident():
    """Bytes of the process's memory that are resident now, or the most so far where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(run, rounds, warmup, length, limit):
    """Milliseconds a run, as measure.mjs does it."""
    begin = time.perf_counter()

    def fill(seconds, batch):
        start = time.perf_counter()
        count = 0
        while True:
            for _ in range(batch):
                run()
            count += batch
            passed = time.perf_counter() - start
            if passed >= seconds:
                return passed / count

    estimate = first = fill(0, 1)
    if first < warmup:
        estimate = fill(warmup, 1)
    batch = max(1, math.floor(0.0002 / estimate))
    times = []
    for i in range(rounds):
        if i >= 3 and time.perf_counter() - begin > limit:
            break
        times.append(1000 * fill(length, batch))
    ordered = sorted(times)
    return {"median": ordered[len(ordered) // 2], "best": ordered[0], "rounds": times, "first": 1000 * first}


def main():
    task = json.load(sys.stdin)
    before = resident()
    params = {spec["name"]: made(spec).requires_grad_() for spec in task["params"]}
    inputs = {spec["name"]: made(spec) for spec in task["inputs"]}
    scope = {}
    exec(task["source"], scope)
    tensors = [*params.values(), *inputs.values()]
    leaves = list(params.values())
    forward = lambda: scope["forward"](Operations, *tensors)
    kind = task["kind"]
    if kind == "train":
        settings = task["optimizer"]
        maker = torch.optim.Adam if settings["name"] == "adam" else torch.optim.SGD
        optimizer = maker(leaves, lr=settings["lr"])

    def step():
        if kind == "forward":
            return forward()
        if kind == "gradient":
            for leaf in leaves:
                leaf.grad = None
            out = forward()
            out.backward(inputs[task["cotangent"]] if task["cotangent"] else None)
            return out
        optimizer.zero_grad(set_to_none=True)
        loss = forward()
        loss.backward()
        optimizer.step()
        return loss

    if kind == "train":
        losses = torch.tensor([step().item() for _ in range(3)], dtype=torch.float64)
        results = [("loss", losses)] + [(f"param {name}", p) for name, p in params.items()]
    else:
        out = step()
        results = [("out", out)] + [(f"grad {name}", p.grad) for name, p in params.items()]
    results = [[name, summary(tensor)] for name, tensor in results]
    answer = {"version": torch.__version__, "results": results}
    if task.get("timing"):
        t = task["timing"]
        answer["times"] = measure(step, t["rounds"], t["warmup"] / 1000, t["round"] / 1000, t["limit"] / 1000)
        answer["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    json.dump(answer, sys.stdout)


main()
