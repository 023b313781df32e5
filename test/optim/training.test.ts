// A whole training run against PyTorch's from the same seed: data, split, weights, order, losses, rates, and what is drawn next.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { F, manualSeed, memory, nn, optim, rand, randn, scope, utils } from "../../src/entries/node.js";

interface Run {
  readonly epochs: { readonly losses: number[]; readonly lr: number[]; readonly betas: number[] }[];
  readonly next: number[];
}

const run: Run = JSON.parse(readFileSync(new URL("../fixtures/optim/training.json", import.meta.url), "utf8"));

test("three epochs", () => {
  const { TensorDataset, randomSplit, DataLoader } = utils.data;
  manualSeed(3);
  const x = randn([50, 6]);
  const y = x.sum(1).gt(0).to("int32");
  const [train] = randomSplit(new TensorDataset(x, y), [40, 10]);
  const model = new nn.Sequential(new nn.Linear(6, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 0.05, { totalSteps: 30 });
  const loader = new DataLoader(train, {
    batchSize: 8,
    shuffle: true,
    dispose: true,
  });
  const live: number[] = [];
  for (const epoch of run.epochs) {
    const losses: number[] = [];
    for (const [a, b] of loader) {
      scope(() => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.call(a), b);
        loss.backward();
        optimizer.step();
        losses.push(Number(loss.item()));
      });
      scheduler.step();
    }
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - epoch.losses[i]), `loss ${i}`).toBeLessThan(1e-6);
    });
    expect(scheduler.getLastLr()).toEqual(epoch.lr);
    expect(optimizer.paramGroups[0].betas).toEqual(epoch.betas);
    live.push(memory().live);
  }
  expect(live[2]).toBe(live[1]);
  expect(rand([2]).tolist()).toEqual(run.next);
});
