"""Records random numbers of PyTorch's CPU generator, as fixtures for test/kernels/random.test.ts.

Run with a Python that has torch, built without MKL (1.13 was used; with MKL bernoulli_ and exponential_ take other
numbers): python3 scripts/record-random.py
Writes test/fixtures/random/sequences.json: calls made one after the other after one seeding, each with the values it
gave, as base64 of their bytes in little-endian order.
"""

import base64
import json
import os
import random
import warnings

import torch

warnings.filterwarnings("ignore")
PATH = os.path.join(os.path.dirname(__file__), "..", "test", "fixtures", "random", "sequences.json")
DTYPES = {"f32": torch.float32, "f64": torch.float64, "i32": torch.int32, "u8": torch.bool}
SIZES = [1, 5, 15, 16, 17, 31, 32, 33, 100]
LONG = [*SIZES, 1000, 3]


def empty(n, dtype):
    return torch.empty(n, dtype=DTYPES[dtype])


def transposed(n, dtype, mean, std):
    """Fills a matrix that lies in memory column by column; its memory is what is recorded."""
    x = torch.empty(n // 2, 2, dtype=DTYPES[dtype]).t()
    return x.normal_(mean, std).t().flatten()


def probabilities(n, dtype):
    """The same formula is used by the test."""
    return torch.tensor([i % 11 / 10 for i in range(n)], dtype=DTYPES[dtype])


def multinomial(n, dtype, rows):
    """Here too."""
    weights = [[(i * 7 + r) % 5 / 2 for i in range(20)] for r in range(rows)]
    return torch.multinomial(torch.tensor(weights, dtype=DTYPES[dtype]), n, replacement=True).int().flatten()


CALLS = {
    "uniform": lambda n, dtype, low, high: empty(n, dtype).uniform_(low, high),
    "normal": lambda n, dtype, mean, std: empty(n, dtype).normal_(mean, std),
    "normalOneByOne": transposed,
    "lognormal": lambda n, dtype, mean, std: empty(n, dtype).log_normal_(mean, std),
    "randint": lambda n, dtype, low, high: torch.randint(low, high, (n,), dtype=DTYPES[dtype]),
    "randperm": lambda n, dtype: torch.randperm(n, dtype=DTYPES[dtype]),
    "bernoulli": lambda n, dtype, p: empty(n, dtype).bernoulli_(p),
    "bernoulliOf": lambda n, dtype: torch.bernoulli(probabilities(n, dtype)),
    "exponential": lambda n, dtype, rate: empty(n, dtype).exponential_(rate),
    "geometric": lambda n, dtype, p: empty(n, dtype).geometric_(p),
    "cauchy": lambda n, dtype, median, sigma: empty(n, dtype).cauchy_(median, sigma),
    "poisson": lambda n, dtype, rate: torch.poisson(torch.full((n,), rate, dtype=DTYPES[dtype])),
    "multinomial": multinomial,
}


def call(name, n, dtype, *parameters):
    values = CALLS[name](n, dtype, *parameters).numpy()
    text = base64.b64encode(values.tobytes()).decode()
    return {"call": name, "n": n, "dtype": dtype, "parameters": parameters, "values": text}


def sequence(seed, calls):
    torch.manual_seed(seed)
    return {"seed": seed, "calls": [call(*c) for c in calls]}


def over(sizes, name, dtype, *parameters):
    return [(name, n, dtype, *parameters) for n in sizes]


def mixed(seed):
    """A long run of short calls of all kinds, so that every one starts from every state."""
    rng = random.Random(seed)
    kinds = [
        ("uniform", "f32", 0, 1), ("uniform", "f64", 0, 1), ("normal", "f32", 0, 1), ("normal", "f64", 0, 1),
        ("normal", "f32", -1.5, 0.3), ("randint", "i32", 0, 10), ("randint", "f64", -3, 2**40), ("randperm", "i32"),
        ("bernoulli", "u8", 0.3), ("bernoulli", "f32", 0.9), ("bernoulliOf", "f32"), ("lognormal", "f64", 0, 0.5),
        ("exponential", "f32", 1),
    ]
    calls = []
    for _ in range(80):
        name, *rest = rng.choice(kinds)
        calls.append((name, rng.choice([1, 2, 3, 7, 15, 16, 20, 33]), *rest))
    return calls


def record():
    sequences = [
        sequence(42, over([5], "uniform", "f32", 0, 1)),
        sequence(0, over(LONG, "normal", "f32", 0, 1)),
        sequence(2**32 - 1, over(LONG, "normal", "f64", 0, 1)),
        sequence(2**40 + 5, over(LONG, "uniform", "f32", 0, 1)),
        sequence(7, over(LONG, "uniform", "f64", 0, 1)),
        sequence(11, over(SIZES, "normalOneByOne", "f32", 1, 2)[3::3] + over([34, 40], "normalOneByOne", "f64", 1, 2)),
        sequence(13, over(LONG, "randperm", "i32")),
        sequence(17, over([100], "randint", "i32", -(2**31), 2**31 - 1) + over(SIZES, "randint", "i32", -5, 100)),
        sequence(19, over(SIZES[1:], "multinomial", "f32", 2) + over(SIZES[1:], "multinomial", "f64", 3)),
        sequence(21, over(LONG, "bernoulli", "u8", 0.5)),
    ]
    for seed, dtype in ((23, "f32"), (29, "f64")):
        calls = [
            *over(SIZES, "bernoulli", dtype, 0.3),
            *over(SIZES, "bernoulliOf", dtype),
            *over(SIZES, "exponential", dtype, 1.7),
            *over(SIZES, "geometric", dtype, 0.3),
            *over(SIZES, "cauchy", dtype, 0.3, 2),
            *over(SIZES, "lognormal", dtype, 0.3, 0.7),
            *over(SIZES, "randint", dtype, -7, 1000),
            *over([15, 17], "randint", dtype, 0, 2**24 if dtype == "f32" else 2**45),
            *[c for rate in (0, 0.5, 3, 9.99, 10, 35, 1000) for c in over([1, 33], "poisson", dtype, rate)],
        ]
        far = 1e300 if dtype == "f64" else 1e30
        for low, high in ((-0.3, 0.7), (0.1, 5.3), (3, 1000.7), (0, 0.3), (-1e-3, 1e-3), (0, far)):
            calls += over([17, 100], "uniform", dtype, low, high)
        sequences.append(sequence(seed, calls))
    sequences += [sequence(seed, mixed(seed)) for seed in (1, 2, 3)]
    return sequences


if __name__ == "__main__":
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    lines = []
    for s in record():
        calls = ",\n".join(json.dumps(c) for c in s["calls"])
        lines.append(f'{{"seed": {s["seed"]}, "calls": [\n{calls}\n]}}')
    with open(PATH, "w") as file:
        file.write(f'{{"torch": "{torch.__version__}", "sequences": [\n' + ",\n".join(lines) + "\n]}\n")
