# Records three epochs of a small training run in PyTorch (1.13, one thread) from a seed, split and shuffling included:
#     python3 scripts/record-training.py > test/fixtures/optim/training.json
import json

import torch
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.set_num_threads(1)
torch.manual_seed(3)
x = torch.randn(50, 6)
y = (x.sum(1) > 0).long()
train, _ = random_split(TensorDataset(x, y), [40, 10])
model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=30)
epochs = []
for _ in range(3):
    losses = []
    for a, b in DataLoader(train, batch_size=8, shuffle=True):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(a), b)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    epochs.append({"losses": losses, "lr": scheduler.get_last_lr(), "betas": list(optimizer.param_groups[0]["betas"])})
print(json.dumps({"epochs": epochs, "next": torch.rand(2).tolist()}))
