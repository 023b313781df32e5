"""Records what PyTorch answers to view operations, as fixtures for test/tensor/layout.test.ts.

Run with a Python that has torch (1.13 was used): python3 scripts/record-views.py
Writes test/fixtures/views/*.json: chains of random views, refused calls, broadcast shapes, and layouts with their
density, overlap and the strides a new tensor like them gets.
"""

import json
import os
import random
import warnings

import torch

warnings.filterwarnings("ignore")
FOLDER = os.path.join(os.path.dirname(__file__), "..", "test", "fixtures", "views")
rng = random.Random(20240)


def layout(x):
    return {
        "shape": list(x.shape),
        "strides": list(x.stride()),
        "offset": x.storage_offset(),
        "contiguous": x.is_contiguous(),
    }


OPS = {
    "view": lambda x, shape: x.view(shape),
    "expand": lambda x, shape: x.expand(shape),
    "permute": lambda x, dims: x.permute(dims),
    "transpose": lambda x, a, b: x.transpose(a, b),
    "movedim": lambda x, a, b: x.movedim(a, b),
    "squeeze": lambda x, dim: x.squeeze() if dim is None else x.squeeze(dim),
    "unsqueeze": lambda x, dim: x.unsqueeze(dim),
    "select": lambda x, dim, index: x.select(dim, index),
    "slice": lambda x, dim, start, end, step: torch.ops.aten.slice(x, dim, start, end, step),
    "narrow": lambda x, dim, start, length: x.narrow(dim, start, length),
    "unfold": lambda x, dim, size, step: x.unfold(dim, size, step),
    "diagonal": lambda x, offset, a, b: x.diagonal(offset, a, b),
    "asStrided": lambda x, shape, strides, offset: x.as_strided(shape, strides, offset),
    "flatten": lambda x, start, end: x.flatten(start, end),
    "unflatten": lambda x, dim, sizes: x.unflatten(dim, sizes),
    "split": lambda x, parts, dim: x.split(parts, dim),
    "chunk": lambda x, chunks, dim: x.chunk(chunks, dim),
}


def shares(x, y):
    return x.storage().data_ptr() == y.storage().data_ptr()


def step(x, op, args):
    """The record of one call, and the tensor to go on with."""
    record = {"op": op, "args": args}
    try:
        y = OPS[op](x, *args)
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        text = str(error).split("\nException")[0]
        if "view size is not compatible" in text:
            record["copies"] = True
        else:
            record["error"] = text
        return record, x
    if op in ("split", "chunk"):
        record["parts"] = [layout(part) for part in y]
        return record, y[rng.randrange(len(y))] if y else x
    if x.numel() > 0 and not shares(x, y):
        record["copies"] = True
        return record, x
    record["out"] = layout(y)
    return record, y


def factors(count):
    """A random shape of `count` elements."""
    shape = []
    while count > 1 and rng.random() < 0.8:
        divisors = [d for d in range(2, count + 1) if count % d == 0]
        d = rng.choice(divisors)
        shape.append(d)
        count //= d
    if count != 1:
        shape.append(count)
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        shape.insert(rng.randint(0, len(shape)), 1)
    rng.shuffle(shape)
    return shape


def random_call(x):
    rank = x.dim()
    some = lambda: rng.randint(-rank - 1, rank) if rng.random() < 0.05 else (rng.randint(-rank, rank - 1) if rank else rng.choice([0, -1]))
    size = lambda d: x.shape[d] if -rank <= d < rank else 1
    op = rng.choice(list(OPS))
    if op == "view":
        shape = factors(x.numel()) if rng.random() < 0.4 else merged(list(x.shape))
        if shape and rng.random() < 0.4:
            shape[rng.randrange(len(shape))] = -1
        if rng.random() < 0.04:
            shape.append(rng.choice([2, 0, -1, -2]))
        return op, [shape]
    if op == "expand":
        shape = [rng.choice([-1, s, rng.randint(0, 3)]) if s == 1 else rng.choice([s, -1]) for s in x.shape]
        for _ in range(rng.choice([0, 0, 1, 2])):
            shape.insert(0, rng.randint(0, 3))
        if rng.random() < 0.08 and shape:
            shape[rng.randrange(len(shape))] = rng.choice([-1, 7])
        if rng.random() < 0.03:
            shape = shape[1:]
        return op, [shape]
    if op == "permute":
        dims = list(range(rank))
        rng.shuffle(dims)
        dims = [d - rank if rng.random() < 0.3 else d for d in dims]
        if rng.random() < 0.06:
            dims = dims[1:] + ([dims[1]] if len(dims) > 1 else [0])
        if rng.random() < 0.03:
            dims.append(0)
        return op, [dims]
    if op == "transpose":
        return op, [some(), some()]
    if op == "movedim":
        if rng.random() < 0.5:
            return op, [some(), some()]
        count = rng.randint(0, rank)
        a, b = rng.sample(range(rank), count), rng.sample(range(rank), count)
        if rng.random() < 0.1 and a:
            a[0] = a[-1]
        if rng.random() < 0.1 and b:
            b.append(b[0]) if rng.random() < 0.5 else b.__setitem__(0, b[-1])
        return op, [a, b]
    if op == "squeeze":
        return op, [rng.choice([None, some()])]
    if op == "unsqueeze":
        return op, [rng.randint(-rank - 1, rank) if rng.random() < 0.93 else rng.choice([rank + 1, -rank - 2])]
    if op == "select":
        d = some()
        n = size(d)
        return op, [d, rng.randint(-n, n - 1) if n and rng.random() < 0.9 else rng.choice([n, -n - 1])]
    if op == "slice":
        d = some()
        n = size(d)
        end = lambda: None if rng.random() < 0.2 else rng.randint(-n - 2, n + 2)
        return op, [d, end(), end(), rng.choice([1, 1, 1, 2, 3]) if rng.random() < 0.95 else rng.choice([0, -1])]
    if op == "narrow":
        d = some()
        n = size(d)
        start = rng.randint(0, n)
        length = rng.randint(0, n - start)
        if rng.random() < 0.2:
            start -= n
        if rng.random() < 0.1:
            length = rng.choice([-1, n + 1])
        return op, [d, start, length]
    if op == "unfold":
        d = some()
        return op, [d, rng.randint(0, size(d)) if rng.random() < 0.92 else size(d) + 1, rng.randint(1, 3) if rng.random() < 0.95 else 0]
    if op == "diagonal":
        return op, [rng.randint(-3, 3), some(), some()]
    if op == "asStrided":
        n = rng.randint(0, 3)
        return op, [[rng.randint(0, 3) for _ in range(n)], [rng.randint(0, 4) for _ in range(n)], rng.randint(0, 4)]
    if op == "flatten":
        a, b = some(), some()
        return op, [a, b]
    if op == "unflatten":
        d = some()
        sizes = factors(size(d)) or [1]
        if rng.random() < 0.4:
            sizes[rng.randrange(len(sizes))] = -1
        if rng.random() < 0.1:
            sizes.append(2)
        return op, [d, sizes]
    if op == "split":
        d = some()
        n = size(d)
        if rng.random() < 0.5:
            return op, [rng.randint(1, max(1, n)) if rng.random() < 0.95 else rng.choice([0, -1]), d]
        parts, left = [], n
        while left > 0:
            parts.append(rng.randint(0, left))
            left -= parts[-1]
        if rng.random() < 0.08:
            parts.append(1)
        if rng.random() < 0.04:
            parts.append(-1)
        return op, [parts, d]
    return "chunk", [rng.randint(1, 4) if rng.random() < 0.95 else 0, some()]


def merged(shape):
    """Neighbouring sizes merged or split at random, so that strided views often succeed."""
    if len(shape) > 1 and rng.random() < 0.6:
        i = rng.randrange(len(shape) - 1)
        return shape[:i] + [shape[i] * shape[i + 1]] + shape[i + 2 :]
    for i in rng.sample(range(len(shape)), len(shape)):
        if shape[i] > 1 and shape[i] % 2 == 0:
            return shape[:i] + [2, shape[i] // 2] + shape[i + 1 :]
    return shape + [1]


def random_shape(zero=0.05):
    return [0 if rng.random() < zero else rng.choice([1, 1, 2, 3, 4, 5, 6]) for _ in range(rng.randint(0, 5))]


def chains():
    result = []
    for _ in range(600):
        x = torch.empty(random_shape())
        record = {"shape": list(x.shape), "storage": x.storage().size(), "steps": []}
        for _ in range(rng.randint(1, 7)):
            if x.dim() > 7:
                break
            call, x = step(x, *random_call(x))
            record["steps"].append(call)
        result.append(record)
    return result


# What version 2 says where 1.13 says something less fitting.
VERSION_2 = {
    ("narrow", (0, 4, 0)): "start out of range (expected to be in range of [-3, 3], but got 4)",
    ("narrow", (0, -4, 0)): "start out of range (expected to be in range of [-3, 3], but got -4)",
    ("narrow", (0, 1, -1)): "narrow(): length must be non-negative.",
}


def errors():
    cases = [
        ([3], "select", [0, 3]),
        ([3], "select", [0, -4]),
        ([], "select", [0, 0]),
        ([2, 3], "select", [2, 0]),
        ([], "slice", [0, None, None, 1]),
        ([3], "slice", [0, None, None, 0]),
        ([3], "slice", [1, None, None, 1]),
        ([3], "narrow", [0, 0, 4]),
        ([3], "narrow", [0, 4, 0]),
        ([3], "narrow", [0, -4, 0]),
        ([3], "narrow", [0, 1, -1]),
        ([], "narrow", [0, 0, 1]),
        ([2, 3], "transpose", [0, 2]),
        ([], "transpose", [0, 1]),
        ([2, 3], "permute", [[0, 0]]),
        ([2, 3], "permute", [[0]]),
        ([2, 3], "permute", [[0, 2]]),
        ([2, 3], "movedim", [[0, 1], [0]]),
        ([2, 3], "movedim", [[0, 0], [0, 1]]),
        ([2, 3], "movedim", [[0, 1], [1, -1]]),
        ([2, 3], "movedim", [2, 0]),
        ([2, 3], "squeeze", [2]),
        ([2, 3], "unsqueeze", [3]),
        ([2, 3], "unsqueeze", [-4]),
        ([2, 3], "expand", [[3]]),
        ([2, 3], "expand", [[2, 4]]),
        ([2, 3], "expand", [[-1, 2, 3]]),
        ([2, 3], "view", [[5]]),
        ([2, 3], "view", [[4, -1]]),
        ([2, 3], "view", [[-1, -1]]),
        ([2, 3], "view", [[-2, 3]]),
        ([0, 3], "view", [[0, -1]]),
        ([0], "view", [[2]]),
        ([2], "view", [[0, -1]]),
        ([3], "unfold", [0, 4, 1]),
        ([3], "unfold", [0, 1, 0]),
        ([3], "unfold", [1, 1, 1]),
        ([3, 3], "diagonal", [0, 0, 0]),
        ([3, 3], "diagonal", [0, 0, -2]),
        ([3, 3], "diagonal", [0, 0, 2]),
        ([3], "diagonal", [0, 0, 1]),
        ([2, 3], "flatten", [1, 0]),
        ([2, 3], "flatten", [0, 2]),
        ([4, 3], "unflatten", [0, [3, 2]]),
        ([4, 3], "unflatten", [0, [-1, 3]]),
        ([4, 3], "unflatten", [0, [-1, -1]]),
        ([4, 3], "unflatten", [0, []]),
        ([], "unflatten", [0, [1]]),
        ([3], "split", [0, 0]),
        ([3], "split", [-1, 0]),
        ([3], "split", [[1, 1], 0]),
        ([3], "split", [[4, -1], 0]),
        ([], "split", [1, 0]),
        ([3], "split", [1, 1]),
        ([3], "chunk", [0, 0]),
        ([], "chunk", [1, 0]),
        ([3], "asStrided", [[2], [1, 1], 0]),
        ([3], "asStrided", [[2], [-1], 0]),
        ([3], "asStrided", [[2, 2], [2, 1], 0]),
        ([3], "asStrided", [[1], [1], -1]),
    ]
    result = []
    for shape, op, args in cases:
        record, _ = step(torch.empty(shape), op, args)
        assert "error" in record, record
        error = VERSION_2.get((op, tuple(args)) if op == "narrow" else None, record["error"])
        result.append({"shape": shape, "op": op, "args": args, "error": error})
    return result


def broadcasts():
    result = []
    for _ in range(250):
        a = random_shape()
        b = [s if rng.random() < 0.7 else 1 for s in a]
        if b and rng.random() < 0.12:
            b[rng.randrange(len(b))] = 7
        b = b[rng.randint(0, len(b)) :] if rng.random() < 0.5 else b
        a = [s if rng.random() < 0.7 else 1 for s in a]
        if rng.random() < 0.5:
            a, b = b, a
        record = {"a": a, "b": b}
        try:
            record["out"] = list(torch.add(torch.empty(a), torch.empty(b)).shape)
        except RuntimeError as error:
            record["error"] = str(error)
        result.append(record)
    return result


def random_layout(storage):
    """A tensor whose dims need not be in order, dense or free of overlap."""
    count = storage.numel()
    rank = rng.randint(0, 4)
    shape = [rng.choice([0, 1, 1, 2, 2, 3, 4]) if rng.random() < 0.3 else rng.choice([1, 2, 3]) for _ in range(rank)]
    strides = [0] * rank
    span = 1
    for d in rng.sample(range(rank), rank):
        strides[d] = span
        kind = rng.random()
        if kind < 0.06:
            strides[d] = 0
            continue
        if kind < 0.12:
            strides[d] += 1
        if shape[d] == 1 and kind < 0.5:
            strides[d] = rng.randint(0, 9)
            continue
        span = max(1, strides[d] * shape[d])
    end = sum((s - 1) * t for s, t in zip(shape, strides)) if 0 not in shape else 0
    if end >= count:
        return random_layout(storage)
    return storage.as_strided(shape, strides, rng.randint(0, min(6, count - 1 - end)))


def densities():
    storage = torch.zeros(400)
    result = []
    for _ in range(400):
        x = random_layout(storage)
        overlap = torch._debug_has_internal_overlap(x)
        result.append({**layout(x), "dense": overlap == 0, "overlaps": overlap == 1, "like": list(torch.empty_like(x).stride())})
    return result


def overlaps():
    """Pairs on one storage. `take` refuses any overlap of input and result, `neg` only a partial one."""
    storage = torch.zeros(400)
    result = []

    def refuses(call):
        try:
            call()
        except RuntimeError as error:
            assert "unsupported operation" in str(error), error
            return True
        return False

    while len(result) < 400:
        a = random_layout(storage)
        b = random_layout(storage)
        kind = rng.random()
        if kind < 0.3:
            b = a.as_strided(a.shape, a.stride(), a.storage_offset())
        elif kind < 0.6:
            b = a.as_strided(a.shape, a.stride(), min(a.storage_offset() + rng.randint(0, 30), 300))
        elif kind < 0.7 and a.dim() > 1:
            b = a.transpose(0, 1)
        if torch._debug_has_internal_overlap(a) == 1 or b.numel() == 0:
            continue
        record = {"a": layout(a), "b": layout(b)}
        record["any"] = refuses(lambda: torch.take(b, torch.zeros(a.shape, dtype=torch.int64), out=a))
        if a.shape == b.shape:
            record["partial"] = refuses(lambda: torch.neg(b, out=a))
        result.append(record)
    return result


def write(name, cases):
    with open(os.path.join(FOLDER, name + ".json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(name, len(cases))


write("chains", chains())
write("errors", errors())
write("broadcast", broadcasts())
write("density", densities())
write("overlap", overlaps())
