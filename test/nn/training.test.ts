// Two small trainings from seeds, dropout and clipping included: PyTorch's losses and gradient norms, step by step.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { nn, F, optim, manualSeed, randn, randint, scope, memory } = wg;

const recorded: Readonly<Record<"images" | "words", readonly (readonly [number, number])[]>> = JSON.parse(
  readFileSync(new URL("../fixtures/nn/training.json", import.meta.url), "utf8"),
);

class Images extends nn.Module {
  conv1 = new nn.Conv2d(1, 4, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(4);
  conv2 = new nn.Conv2d(4, 8, 3);
  drop = new nn.Dropout(0.25);
  out = new nn.Linear(72, 5);

  override forward(x: wg.Tensor): wg.Tensor {
    const pooled = F.maxPool2d(F.relu(this.norm(this.conv1(x))), 2);
    return this.out(this.drop(F.relu(this.conv2(pooled)).flatten(1)));
  }
}

class Words extends nn.Module {
  table = new nn.Embedding(11, 16);
  encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(16, 4, 32, { dropout: 0.1, batchFirst: true }), 2);
  memory = new nn.GRU(16, 12, { batchFirst: true });
  out = new nn.Linear(12, 11);

  override forward(words: wg.Tensor): wg.Tensor {
    const mask = nn.Transformer.generateSquareSubsequentMask(words.size(1));
    return this.out(this.memory(this.encoder(this.table(words), { mask }))[0]);
  }
}

function expectTraining(
  net: wg.nn.Module,
  optimizer: wg.optim.Optimizer,
  want: readonly (readonly [number, number])[],
  loss: () => wg.Tensor,
): void {
  const live: number[] = [];
  for (const [value, norm] of want) {
    const got = scope(() => {
      optimizer.zeroGrad();
      const total = loss();
      total.backward();
      const length = nn.utils.clipGradNorm_(net.parameters(), 1);
      optimizer.step();
      return [Number(total.item()), Number(length.item())] as const;
    });
    expect(Math.abs(got[0] - value)).toBeLessThan(2e-6);
    expect(Math.abs(got[1] - norm)).toBeLessThan(2e-5);
    live.push(memory().live);
  }
  expect(live.at(-1)).toBe(live[2]);
}

test("of a convolutional network", () => {
  manualSeed(7);
  const net = new Images();
  const [x, y] = [randn([16, 1, 10, 10]), randint(0, 5, [16])];
  expectTraining(net, new optim.Adam(net.parameters(), { lr: 0.01 }), recorded.images, () => F.crossEntropy(net(x), y));
});

test("of a transformer with recurrence", () => {
  manualSeed(3);
  const net = new Words();
  const text = randint(0, 11, [6, 9]);
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  expectTraining(net, optimizer, recorded.words, () =>
    F.crossEntropy(net(text.narrow(1, 0, 8)).transpose(1, 2), text.narrow(1, 1, 8)),
  );
});
