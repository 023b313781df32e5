// A training step in a scope allocates nothing new after its second run, whatever the network and the optimiser.

import { describe, expect, it } from "vitest";
import { F, manualSeed, memory, nn, noGrad, optim, randint, randn, scope, type Tensor } from "../src/entries/node.js";
import { linearBytes } from "../src/wasm/memory.js";

interface Training {
  readonly model: nn.Module;
  readonly loss: () => Tensor;
}

const NETWORKS: Record<string, () => Training> = {
  "a network of layers": () => {
    const model = new nn.Sequential(new nn.Linear(20, 40), new nn.ReLU(), new nn.Linear(40, 10));
    const x = randn([32, 20]);
    const labels = randint(0, 10, [32]);
    return { model, loss: () => F.crossEntropy(model.call(x) as Tensor, labels) };
  },
  "a convolutional network": () => {
    const model = new nn.Sequential(
      new nn.Conv2d(1, 4, 3),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Conv2d(4, 6, 3),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(6 * 9, 5),
    );
    const x = randn([4, 1, 12, 12]);
    const labels = randint(0, 5, [4]);
    return { model, loss: () => F.crossEntropy(model.call(x) as Tensor, labels) };
  },
  "a transformer": () => {
    const model = new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, dropout: 0.1, batchFirst: true });
    const x = randn([3, 10, 16]);
    return { model, loss: () => F.mseLoss(model.call(x) as Tensor, x) };
  },
  "a recurrent network": () => {
    const model = new nn.GRU(6, 12, { batchFirst: true });
    const x = randn([4, 9, 6]);
    return { model, loss: () => (model.call(x) as [Tensor, Tensor])[0].square().mean() };
  },
};

type Parameters = Tensor[];

const OPTIMISERS: Record<string, (parameters: Parameters) => optim.Optimizer> = {
  SGD: (parameters) => new optim.SGD(parameters, { lr: 0.01 }),
  "SGD with momentum": (parameters) =>
    new optim.SGD(parameters, { lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (parameters) => new optim.Adam(parameters, { lr: 0.01 }),
  "Adam with amsgrad": (parameters) => new optim.Adam(parameters, { lr: 0.01, amsgrad: true, weightDecay: 0.01 }),
  AdamW: (parameters) => new optim.AdamW(parameters),
  Adagrad: (parameters) => new optim.Adagrad(parameters),
  Adadelta: (parameters) => new optim.Adadelta(parameters),
  Adamax: (parameters) => new optim.Adamax(parameters),
  ASGD: (parameters) => new optim.ASGD(parameters),
  NAdam: (parameters) => new optim.NAdam(parameters),
  RAdam: (parameters) => new optim.RAdam(parameters),
  RMSprop: (parameters) => new optim.RMSprop(parameters, { momentum: 0.9, centered: true }),
  Rprop: (parameters) => new optim.Rprop(parameters),
  Muon: (parameters) => new optim.Muon(parameters.filter((p) => p.dim() === 2)),
  LBFGS: (parameters) => new optim.LBFGS(parameters, { lr: 0.1, maxIter: 2, historySize: 2 }),
};

/** What the library holds of memory. */
function held() {
  const { live, pooled, peak } = memory();
  return { linear: linearBytes(), live, pooled, peak };
}

/** Steps until nothing new can be needed: the second, but for L-BFGS, whose history has to fill. */
const FULL: Record<string, number> = { LBFGS: 6 };

describe.each(Object.entries(NETWORKS))("%s", (_, build) => {
  it.each(Object.entries(OPTIMISERS))("with %s allocates nothing after its second step", (name, optimiserOf) => {
    manualSeed(1);
    scope(() => {
      const { model, loss } = build();
      const parameters = [...model.parameters()] as Parameters;
      const optimizer = optimiserOf(parameters);
      const closure = (): Tensor => {
        optimizer.zeroGrad();
        const value = loss();
        value.backward();
        return value;
      };
      const step = (): void =>
        scope(() => {
          if (name === "LBFGS") optimizer.step(closure);
          else {
            closure();
            optimizer.step();
          }
        });
      for (let i = 0; i < (FULL[name] ?? 2); i++) step();
      const before = held();
      for (let i = 0; i < 8; i++) step();
      expect(held()).toEqual(before);
    });
  });

  it("allocates nothing without gradients after the second run", () => {
    scope(() => {
      const { loss } = build();
      const run = (): number => scope(() => noGrad(() => loss().item() as number));
      run();
      run();
      const before = held();
      for (let i = 0; i < 8; i++) run();
      expect(held()).toEqual(before);
    });
  });
});

describe("steps of many sizes", () => {
  it("take hardly more memory than the largest at once, however they are mixed", () => {
    manualSeed(2);
    const after100 = scope(() => {
      const model = new nn.Sequential(new nn.Linear(64, 96), new nn.Tanh(), new nn.Linear(96, 32));
      const optimizer = new optim.Adam([...model.parameters()] as Parameters);
      const sizes = randint(1, 400, [500]).tolist() as number[];
      let linear = 0;
      sizes.forEach((size, i) => {
        scope(() => {
          optimizer.zeroGrad();
          const wide = randn([1 + ((size * 7) % 90), 1000 + (size % 77)]);
          const loss = (model.call(randn([size, 64])) as Tensor).square().mean();
          loss.add(wide.sum().mul(0)).backward();
          optimizer.step();
        });
        if (i === 100) linear = linearBytes();
      });
      return linear;
    });
    const { live, pooled, peak } = memory();
    expect(linearBytes()).toBeLessThan(after100 + 2 ** 20 + 1);
    expect(live + pooled).toBeLessThan(1.5 * peak + 4 * 2 ** 20);
  });
});
