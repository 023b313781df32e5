# Records the orders in which PyTorch (1.13) goes through datasets from a seed, and what its generator gives next:
#     python3 scripts/record-data.py > test/fixtures/data/orders.json
import json

import torch
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, random_split


def epochs(loader, count=3):
    return [[batch.tolist() for batch in loader] for _ in range(count)]


def next_of(generator=None):
    return torch.randint(2**31 - 1, (2,), generator=generator).tolist()


loaders = []
for n, batch, drop_last, seed in [(10, 3, False, 0), (10, 3, True, 1), (7, 7, False, 2), (33, 8, False, 3), (4, 1, False, 4)]:
    for own in (False, True):
        for shuffle in (False, True):
            generator = torch.Generator().manual_seed(seed) if own else None
            torch.manual_seed(seed + 100)
            loader = DataLoader(list(range(n)), batch_size=batch, shuffle=shuffle, drop_last=drop_last, generator=generator)
            loaders.append({
                "n": n, "batchSize": batch, "dropLast": drop_last, "seed": seed, "own": own, "shuffle": shuffle,
                "epochs": epochs(loader), "length": len(loader), "next": next_of(), "nextOwn": next_of(generator) if own else None,
            })

samplers = []
for name, make in [
    ("random", lambda g: RandomSampler(range(9), generator=g)),
    ("more", lambda g: RandomSampler(range(9), num_samples=21, generator=g)),
    ("fewer", lambda g: RandomSampler(range(9), num_samples=4, generator=g)),
    ("replacement", lambda g: RandomSampler(range(9), replacement=True, num_samples=70, generator=g)),
    ("subset", lambda g: SubsetRandomSampler([5, 1, 8, 2, 0], generator=g)),
    ("weighted", lambda g: WeightedRandomSampler([0.1, 3.0, 1.0, 0.5], 12, generator=g)),
    ("weightedOnce", lambda g: WeightedRandomSampler([0.1, 3.0, 1.0, 0.5], 3, replacement=False, generator=g)),
]:
    for own in (False, True):
        torch.manual_seed(17)
        generator = torch.Generator().manual_seed(5) if own else None
        sampler = make(generator)
        orders = [[int(i) for i in sampler] for _ in range(2)]
        samplers.append({"name": name, "own": own, "orders": orders, "length": len(sampler), "next": next_of(),
                         "nextOwn": next_of(generator) if own else None})

splits = []
for n, lengths in [(10, [7, 3]), (10, [0.5, 0.25, 0.25]), (11, [0.3, 0.7]), (6, [1, 2, 3])]:
    parts = random_split(range(n), lengths, generator=torch.Generator().manual_seed(42))
    splits.append({"n": n, "lengths": lengths, "indices": [list(p.indices) for p in parts]})
print(json.dumps({"loaders": loaders, "samplers": samplers, "splits": splits}))
