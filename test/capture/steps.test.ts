// Captured training steps give, step for step, the bits of eager ones.

import { describe, expect, it } from "vitest";
import {
  capture,
  F,
  func,
  Generator,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

type Batch = readonly Tensor[];

/** A model with what trains it; made twice from the same seed. */
interface Training {
  readonly parameters: readonly Tensor[];
  readonly body: (...inputs: Tensor[]) => Tensor;
  /** What happens between steps. */
  readonly between?: (i: number) => void;
}

const bitsOf = (x: Tensor): number[] => {
  const values = x.detach().contiguous().toTypedArray();
  return Array.from(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
};

/** Runs both ways and compares losses, parameters and gradients after each step. */
function compare(make: () => Training, batches: readonly Batch[], seed = 7): void {
  const trained = [0, 1].map(() => {
    manualSeed(seed);
    return make();
  }) as [Training, Training];
  const [eager, other] = trained;
  const step = capture(
    other.body,
    (batches[0] as Batch).map((x) => zeros(x.shape, { dtype: x.dtype })),
  );
  const runs: [(...inputs: Tensor[]) => Tensor, (...inputs: Tensor[]) => Tensor] = [eager.body, step];
  const seen = trained.map(({ parameters, between }, way) => {
    manualSeed(99);
    return batches.map((batch, i) => {
      const loss = bitsOf((runs[way] as (typeof runs)[0])(...batch));
      const found = [
        loss,
        ...parameters.map(bitsOf),
        ...parameters.map((p) => (p.grad === null ? [] : bitsOf(p.grad))),
      ];
      between?.(i);
      return found;
    });
  });
  expect(seen[1]).toEqual(seen[0]);
  step.dispose();
}

const batchesOf = (count: number, make: () => Batch): Batch[] => {
  manualSeed(123);
  return Array.from({ length: count }, make);
};

const regression = batchesOf(6, () => [randn([8, 3]), randn([8, 2])]);
const mlp = () => new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 2));

function trainingOf(model: nn.Module, optimizer: optim.Optimizer, more: () => void = () => {}): Training {
  return {
    parameters: model.parameters(),
    body: (x, y) => {
      optimizer.zeroGrad();
      const loss = F.mseLoss(model.call(x) as Tensor, y as Tensor);
      loss.backward();
      optimizer.step();
      more();
      return loss;
    },
  };
}

describe("optimisers", () => {
  const { SGD, Adam, AdamW, NAdam, RAdam, Adamax, ASGD, RMSprop, Rprop, Adagrad, Adadelta } = optim;
  const made: [string, (p: Tensor[]) => optim.Optimizer][] = [
    ["SGD", (p) => new SGD(p, { lr: 0.1 })],
    ["SGD with momentum", (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01 })],
    ["SGD with Nesterov's", (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true })],
    ["Adam", (p) => new Adam(p, { lr: 0.01 })],
    ["Adam with amsgrad", (p) => new Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.1 })],
    ["AdamW", (p) => new AdamW(p, { lr: 0.01 })],
    ["NAdam", (p) => new NAdam(p, { lr: 0.01 })],
    ["RAdam", (p) => new RAdam(p, { lr: 0.01 })],
    ["Adamax", (p) => new Adamax(p, { lr: 0.01 })],
    ["ASGD", (p) => new ASGD(p, { lr: 0.01, t0: 3 })],
    ["RMSprop", (p) => new RMSprop(p, { lr: 0.01, momentum: 0.5, centered: true })],
    ["Rprop", (p) => new Rprop(p)],
    ["Adagrad", (p) => new Adagrad(p, { lrDecay: 0.1 })],
    ["Adadelta", (p) => new Adadelta(p)],
  ];
  it.each(made)("%s", (_, make) => {
    compare(() => {
      const model = mlp();
      return trainingOf(model, make(model.parameters()));
    }, regression);
  });

  it("Muon, whose update is made of operations, while its rate changes", () => {
    compare(() => {
      const model = new nn.Linear(3, 2, { bias: false });
      const optimizer = new optim.Muon(model.parameters(), { lr: 0.02 });
      const scheduler = new optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.5 });
      return trainingOf(model, optimizer, () => scheduler.step());
    }, regression);
  });

  it("groups with rates of their own, changed by hand between steps", () => {
    compare(() => {
      const model = mlp();
      const [a, b, c, d] = [...model.parameters()] as unknown as [Tensor, Tensor, Tensor, Tensor];
      const optimizer = new Adam([{ params: [a, b] }, { params: [c, d], lr: 0.1 }], { lr: 0.01 });
      return {
        ...trainingOf(model, optimizer),
        between: (i) => {
          (optimizer.paramGroups[1] as { lr: number }).lr = 0.1 / (i + 2);
        },
      };
    }, regression);
  });

  it("an optimiser of one's own, with operations", () => {
    class Plain extends optim.Optimizer {
      private taken = 0;
      constructor(params: Tensor[]) {
        super(params, { lr: 0.1 });
      }
      protected update({ params, lr }: { params: Tensor[]; lr: number }): void {
        this.taken++;
        for (const p of params) if (p.grad !== null) p.add_(p.grad, { alpha: -lr / this.taken });
      }
    }
    compare(() => {
      const model = mlp();
      return trainingOf(model, new Plain(model.parameters()));
    }, regression);
  });

  it("parameters of float64 and of both, some with gaps in memory", () => {
    compare(() => {
      const a = randn([3, 2]).requiresGrad_();
      const b = randn([2, 4], { dtype: "float64" }).select(1, 1).detach().requiresGrad_();
      const optimizer = new Adam([a, b], { lr: 0.1 });
      return {
        parameters: [a, b],
        body: (x, y) => {
          optimizer.zeroGrad();
          const loss = (x as Tensor)
            .mm(a)
            .sub(y as Tensor)
            .mul(b)
            .square()
            .mean();
          loss.backward();
          optimizer.step();
          return loss;
        },
      };
    }, regression);
  });
});

describe("schedulers inside the step", () => {
  const { StepLR, CosineAnnealingLR, OneCycleLR, ExponentialLR, LinearLR, SequentialLR, ChainedScheduler, CyclicLR } =
    optim.lrScheduler;
  const made: [string, (o: optim.Optimizer) => { step(): void }][] = [
    ["StepLR", (o) => new StepLR(o, 2)],
    ["CosineAnnealingLR", (o) => new CosineAnnealingLR(o, 4)],
    ["OneCycleLR", (o) => new OneCycleLR(o, 0.1, { totalSteps: 10 })],
    ["CyclicLR", (o) => new CyclicLR(o, 0.01, 0.1, { stepSizeUp: 2 })],
    ["SequentialLR", (o) => new SequentialLR(o, [new LinearLR(o), new ExponentialLR(o, 0.9)], [3])],
    ["ChainedScheduler", (o) => new ChainedScheduler([new LinearLR(o), new ExponentialLR(o, 0.9)])],
  ];
  it.each(made)("%s", (_, make) => {
    compare(() => {
      const model = mlp();
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const scheduler = make(optimizer);
      return trainingOf(model, optimizer, () => scheduler.step());
    }, regression);
  });
});

describe("models", () => {
  it("convolutions with batch normalisation, pooling and dropout", () => {
    compare(
      () => {
        const model = new nn.Sequential(
          new nn.Conv2d(1, 4, 3, { padding: 1 }),
          new nn.BatchNorm2d(4),
          new nn.ReLU(),
          new nn.MaxPool2d(2),
          new nn.Dropout(0.3),
          new nn.Flatten(),
          new nn.Linear(64, 3),
        );
        const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
        return {
          parameters: [...model.parameters(), ...model.buffers()],
          body: (x, y) => {
            optimizer.zeroGrad();
            const loss = F.crossEntropy(model.call(x as Tensor), y as Tensor);
            loss.backward();
            nn.utils.clipGradNorm_(model.parameters(), 0.5);
            optimizer.step();
            return loss;
          },
        };
      },
      batchesOf(5, () => [randn([4, 1, 8, 8]), randint(3, [4])]),
    );
  });

  it("a transformer layer with dropout", () => {
    compare(
      () => {
        const model = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0.1, batchFirst: true });
        return trainingOf(model, new optim.AdamW(model.parameters(), { lr: 0.01 }));
      },
      batchesOf(4, () => [randn([2, 5, 8]), randn([2, 5, 8])]),
    );
  });

  it("a GRU cell over time, and an embedding", () => {
    compare(
      () => {
        const table = new nn.Embedding(11, 6);
        const cell = new nn.GRUCell(6, 4);
        const parameters = [...table.parameters(), ...cell.parameters()];
        const optimizer = new optim.RMSprop(parameters, { lr: 0.01 });
        return {
          parameters,
          body: (words, wanted) => {
            optimizer.zeroGrad();
            let h = zeros([3, 4]);
            for (const each of table.call(words as Tensor).unbind(1)) h = cell.call(each, h) as Tensor;
            const loss = h
              .sub(wanted as Tensor)
              .square()
              .mean();
            loss.backward();
            optimizer.step();
            return loss;
          },
        };
      },
      batchesOf(5, () => [randint(11, [3, 7]), randn([3, 4])]),
    );
  });

  it("second derivatives, vmap and per-example gradients inside", () => {
    compare(() => {
      const w = randn([3, 2]).requiresGrad_();
      const of = (w: Tensor, x: Tensor, y: Tensor) => x.matmul(w).tanh().sub(y).square().sum();
      return {
        parameters: [w],
        body: (x, y) => {
          w.grad = null;
          const each = func.vmap(func.grad(of), { inDims: [null, 0, 0] })(w, x, y) as Tensor;
          const norm = each.square().sum();
          norm.backward();
          noGrad(() => w.sub_(w.grad as Tensor, { alpha: 0.1 }));
          return norm;
        },
      };
    }, regression);
  });

  it("chains of elementwise operations on large tensors", () => {
    compare(
      () => {
        const a = randn([40000]).requiresGrad_();
        const b = randn([1]);
        return {
          parameters: [a],
          body: (x, y) => {
            a.grad = null;
            const loss = a
              .tanh()
              .exp()
              .mul(x as Tensor)
              .add(b)
              .sigmoid()
              .sub(y as Tensor)
              .neg_()
              .abs()
              .sum();
            loss.backward();
            noGrad(() => a.sub_(a.grad as Tensor, { alpha: 0.1 }));
            return loss;
          },
        };
      },
      batchesOf(3, () => [randn([40000]), randn([40000])]),
    );
  });
});

describe("gradients", () => {
  const parts = (): { w: Tensor; body: (x: Tensor) => Tensor } => {
    manualSeed(3);
    const w = randn([3, 2]).requiresGrad_();
    return {
      w,
      body: (x) => {
        const loss = x.matmul(w).tanh().sum();
        loss.backward();
        return loss;
      },
    };
  };
  const inputs = batchesOf(8, () => [randn([4, 3])]).map(([x]) => x as Tensor);

  it("are added to where the step does not clear them, and begin anew where somebody did", () => {
    const eager = parts();
    const other = parts();
    const step = capture(other.body, [zeros([4, 3])]);
    const clearings = [2, 5];
    inputs.forEach((x, i) => {
      if (clearings.includes(i)) eager.w.grad = other.w.grad = null;
      eager.body(x);
      step(x);
      expect(bitsOf(other.w.grad as Tensor)).toEqual(bitsOf(eager.w.grad as Tensor));
    });
    step.dispose();
    expect(bitsOf(other.w.grad as Tensor)).toEqual(bitsOf(eager.w.grad as Tensor));
  });

  it("may be cleared at the end, or filled with zeros", () => {
    for (const setToNone of [true, false]) {
      compare(() => {
        const model = mlp();
        const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 });
        return {
          parameters: model.parameters(),
          body: (x, y) => {
            const loss = F.mseLoss(model.call(x as Tensor), y as Tensor);
            loss.backward();
            optimizer.step();
            optimizer.zeroGrad({ setToNone });
            return loss;
          },
        };
      }, regression);
    }
  });

  it("may be those that eager code made, for a step that only updates", () => {
    compare(() => {
      const model = mlp();
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
      const update = capture(() => optimizer.step());
      return {
        parameters: model.parameters(),
        body: (x, y) => {
          const loss = F.mseLoss(model.call(x as Tensor), y as Tensor);
          return loss.mul(1);
        },
        between: (i) => {
          optimizer.zeroGrad();
          const [x, y] = regression[i] as [Tensor, Tensor];
          F.mseLoss(model.call(x), y).backward();
          update();
        },
      };
    }, regression);
  });

  it("are as they were after capture alone, and so is all else", () => {
    const model = mlp();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const scheduler = new optim.lrScheduler.StepLR(optimizer, 1);
    const [x, y] = regression[0] as [Tensor, Tensor];
    F.mseLoss(model.call(x), y).backward();
    const before = model.parameters().map((p) => [bitsOf(p), p.grad, bitsOf(p.grad as Tensor), p.version]);
    const state = JSON.stringify(optimizer.stateDict().param_groups);
    const step = capture(() => {
      optimizer.zeroGrad();
      F.mseLoss(model.call(x), y).backward();
      optimizer.step();
      scheduler.step();
    });
    expect(model.parameters().map((p) => [bitsOf(p), p.grad, bitsOf(p.grad as Tensor), p.version])).toEqual(before);
    expect(JSON.stringify(optimizer.stateDict().param_groups)).toBe(state);
    expect(optimizer.state.size).toBe(0);
    expect(optimizer.stepCount).toBe(0);
    expect(scheduler.lastEpoch).toBe(0);
    step();
    expect(optimizer.state.size).toBe(4);
    expect(scheduler.lastEpoch).toBe(1);
    step.dispose();
  });
});

describe("calls", () => {
  it("take tensors, typed arrays, nested arrays, or nothing", () => {
    const x = tensor([1, 2, 3]);
    const step = capture((x) => x.mul(2), [x]);
    expect(step().tolist()).toEqual([2, 4, 6]);
    expect(step(tensor([4, 5, 6])).tolist()).toEqual([8, 10, 12]);
    expect(step(new Float32Array([1, 1, 1])).tolist()).toEqual([2, 2, 2]);
    expect(step([7, 8, 9]).tolist()).toEqual([14, 16, 18]);
    expect(x.tolist()).toEqual([7, 8, 9]);
    x.copy_(tensor([0, 1, 0]));
    expect(step().tolist()).toEqual([0, 2, 0]);
    expect(
      step(
        tensor([
          [1, 2, 3],
          [4, 5, 6],
        ])
          .t()
          .select(1, 1),
      ).tolist(),
    ).toEqual([8, 10, 12]);
    step.dispose();
  });

  it("give the same tensors each time, in the structure that the function gave", () => {
    const x = ones([2]);
    const step = capture(() => ({ twice: x.mul(2), list: [x.add(1), x], name: "n" }));
    const first = step();
    expect(step()).toBe(first);
    expect(first.list[1]).toBe(x);
    expect(first.name).toBe("n");
    expect(first.twice.tolist()).toEqual([2, 2]);
    expect(first.twice.requiresGrad).toBe(false);
    step.dispose();
  });

  it("draw on generators as eager code does", () => {
    const own = new Generator().manualSeed(4);
    const eager = new Generator().manualSeed(4);
    const step = capture(() => randn([5], { generator: own }));
    for (let i = 0; i < 3; i++) expect(bitsOf(step())).toEqual(bitsOf(randn([5], { generator: eager })));
    step.dispose();
  });

  it("run models without gradients", () => {
    const model = mlp().eval();
    const step = noGrad(() => capture((x) => model.call(x) as Tensor, [zeros([8, 3])]));
    for (const [x] of regression) expect(bitsOf(step(x as Tensor))).toEqual(bitsOf(model.call(x as Tensor) as Tensor));
    expect(step.launches).toBeLessThanOrEqual(5);
    step.dispose();
  });

  it("count writes: a graph that saved a value notices", () => {
    const w = tensor([1, 2]).requiresGrad_();
    const step = capture(() => noGrad(() => void w.mul_(2)));
    const loss = w.square().sum();
    step();
    expect(w.tolist()).toEqual([2, 4]);
    expect(() => loss.backward()).toThrow(/modified by an inplace operation/);
    step.dispose();
  });
});
