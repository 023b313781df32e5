# Trains a network on the first 1,000 digits in PyTorch and saves its state_dict as pretrained.pt.
import csv, gzip, os
import torch
from torch import nn

here = os.path.dirname(os.path.abspath(__file__))
with gzip.open(os.path.join(here, "..", "digits", "digits.csv.gz"), "rt") as file:
    table = torch.tensor([[float(value) for value in row] for row in csv.reader(file)])
pixels, labels = (table[:, :64] / 8 - 1).reshape(-1, 1, 8, 8), table[:, 64].long()
x, y = pixels[:1000], labels[:1000]

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(15):
    for chosen in torch.randperm(len(y)).split(32):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[chosen]), y[chosen])
        loss.backward()
        optimizer.step()
print("accuracy on the other 797:", (model(pixels[1000:]).argmax(1) == labels[1000:]).float().mean().item())
torch.save(model.state_dict(), os.path.join(here, "pretrained.pt"))
