// The training loop: what it does each step and each epoch, and that nothing is left or lost.

import { afterEach, describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  type EpochReport,
  F,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  type ProgressReport,
  rand,
  randn,
  scope,
  type Tensor,
  tensor,
  fit as train, // a linter takes `fit` for a test
} from "../../src/entries/node.js";

/** Points near a line, in batches. */
function points(batches = 4, size = 8): [Tensor, Tensor][] {
  manualSeed(5);
  return Array.from({ length: batches }, () => {
    const x = rand([size, 2]);
    return [x, scope(() => x.matmul(tensor([[2], [-1]])).add(0.5))];
  });
}

function linear() {
  manualSeed(1);
  return new nn.Linear(2, 1);
}

const weights = (model: nn.Module): unknown => model.parameters().map((p) => p.tolist());

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fit", () => {
  it("does what the same loop written out does, bit for bit", async () => {
    const data = points();
    const model = linear();
    const { history, reason } = await train(model, data, {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }),
      loss: F.mseLoss,
      epochs: 3,
    });
    const other = linear();
    const optimizer = new optim.SGD(other.parameters(), { lr: 0.1, momentum: 0.9 });
    const means: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      let sum = 0;
      for (const [x, y] of data) {
        optimizer.zeroGrad();
        const loss = F.mseLoss(other.call(x), y);
        loss.backward();
        optimizer.step();
        sum += (loss.item() as number) * 8;
      }
      means.push(sum / 32);
    }
    expect(weights(model)).toEqual(weights(other));
    expect(history.map(({ values }) => values.loss)).toEqual(means);
    expect(history.map(({ epoch, samples, lr }) => [epoch, samples, lr])).toEqual([
      [1, 32, 0.1],
      [2, 32, 0.1],
      [3, 32, 0.1],
    ]);
    expect(reason).toBe("finished");
  });

  it("leaves no bytes but the state of the optimiser", async () => {
    const data = points();
    const model = linear();
    const options = {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loss: new nn.MSELoss(),
      epochs: 2,
      validation: data,
      metrics: { error: (output: Tensor, target: Tensor) => output.sub(target).abs().mean() },
      clipGradNorm: 1,
      earlyStopping: { patience: 1 },
    };
    await train(model, data, options);
    const { live } = memory();
    await train(model, data, options);
    expect(memory().live).toBe(live);
  });

  it("holds the model no longer than the program does", async () => {
    const data = points(1);
    const { live } = memory();
    const model = linear();
    const optimizer = new optim.Adam(model.parameters());
    const checkpoint = () => {};
    await train(model, data, { optimizer, loss: F.mseLoss, epochs: 3, checkpoint, earlyStopping: { patience: 5 } });
    optimizer.dispose();
    model.dispose();
    expect(memory().live).toBe(live);
  });

  it("averages over samples, also of batches of different sizes", async () => {
    const model = linear();
    const data: [Tensor, Tensor][] = [...points(1, 6), ...points(1, 2)];
    const result = await train(model, data, {
      optimizer: new optim.SGD(model.parameters(), { lr: 0 }),
      loss: F.mseLoss,
      metrics: { one: () => 1, size: (output) => output.shape[0] as number },
      validation: data,
    });
    const [first, second] = data.map(([x, y]) => F.mseLoss(model.call(x), y).item() as number) as [number, number];
    const { values } = result.history[0] as EpochReport;
    expect(values.loss).toBeCloseTo((first * 6 + second * 2) / 8, 12);
    expect(values.valLoss).toBe(values.loss);
    expect([values.one, values.size, values.valOne]).toEqual([1, (6 * 6 + 2 * 2) / 8, 1]);
  });

  it("validates in evaluation mode without recording, and leaves the model's mode as it was", async () => {
    const model = new nn.Sequential(new nn.Linear(2, 1), new nn.Dropout(0.5));
    const seen: [boolean, boolean][] = [];
    const step = (m: nn.Module, [x, y]: [Tensor, Tensor]) => {
      const output = m.call(x) as Tensor;
      seen.push([m.training, output.requiresGrad]);
      return F.mseLoss(output, y);
    };
    model.eval();
    const data = points(1);
    await train(model, data, { optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }), step, validation: data });
    expect(seen).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(model.training).toBe(false);
  });

  it("adds gradients up over several batches, the last step over what is left", async () => {
    const data = points(3);
    const model = linear();
    let steps = 0;
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    optimizer.registerStepPostHook(() => {
      steps++;
    });
    await train(model, data, { optimizer, loss: F.mseLoss, accumulate: 2 });
    expect(steps).toBe(2);
    const other = linear();
    const plain = new optim.SGD(other.parameters(), { lr: 0.1 });
    for (const batches of [data.slice(0, 2), data.slice(2)]) {
      plain.zeroGrad();
      for (const [x, y] of batches) F.mseLoss(other.call(x), y).mul(0.5).backward();
      plain.step();
    }
    expect(weights(model)).toEqual(weights(other));
  });

  it("clips gradients", async () => {
    const model = linear();
    const before = model.parameters().map((p) => p.detach().clone());
    await train(model, points(1), {
      optimizer: new optim.SGD(model.parameters(), { lr: 1 }),
      loss: (output, target) => F.mseLoss(output, target).mul(1e6),
      clipGradNorm: 0.5,
    });
    const moved = model.parameters().map((p, i) => p.detach().sub(before[i] as Tensor));
    const norm = Math.sqrt(moved.reduce((sum, d) => sum + (d.pow(2).sum().item() as number), 0));
    expect(norm).toBeCloseTo(0.5, 4);
  });

  it("steps the scheduler each epoch or each batch, and gives the plateau's what is watched", async () => {
    const rates = async (make: (o: optim.Optimizer) => object, schedulerStep: "epoch" | "batch") => {
      const model = linear();
      const optimizer = new optim.SGD(model.parameters(), { lr: 1e-3 });
      const scheduler = make(optimizer) as never;
      const { history } = await train(model, points(2), {
        optimizer,
        loss: F.mseLoss,
        epochs: 3,
        scheduler,
        schedulerStep,
      });
      return history.map(({ lr }) => lr);
    };
    const { StepLR, ReduceLROnPlateau } = optim.lrScheduler;
    expect(await rates((o) => new StepLR(o, 1, { gamma: 0.5 }), "epoch")).toEqual([1e-3, 5e-4, 2.5e-4]);
    expect(await rates((o) => new StepLR(o, 1, { gamma: 0.5 }), "batch")).toEqual([1e-3, 2.5e-4, 6.25e-5]);
    // Nothing improves by 10, so the second epoch without improvement cuts the rate.
    const plateau = (o: optim.Optimizer) =>
      new ReduceLROnPlateau(o, { patience: 0, threshold: 10, thresholdMode: "abs", factor: 0.1 });
    expect(await rates(plateau, "epoch")).toEqual([1e-3, 1e-3, expect.closeTo(1e-4, 12)]);
  });

  it("stops early and puts the best weights back", async () => {
    const model = linear();
    const losses = [3, 2, 5, 4, 6];
    const kept: unknown[] = [];
    const { history, reason, best } = await train(model, points(1), {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      step: (m, [x, y]) => ({
        loss: F.mseLoss(m.call(x) as Tensor, y as Tensor),
        score: losses[kept.length] as number,
      }),
      epochs: 10,
      earlyStopping: { patience: 1, monitor: "score" },
      onEpoch: () => {
        kept.push(weights(model));
      },
    });
    expect([history.length, reason, best?.epoch]).toEqual([4, "early", 2]);
    expect(weights(model)).toEqual(kept[1]);
  });

  it("ends when it is aborted, after the step under way", async () => {
    const model = linear();
    const controller = new AbortController();
    let batches = 0;
    const run = train(model, points(), {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loss: F.mseLoss,
      epochs: 100,
      signal: controller.signal,
      progress: () => {
        if (++batches === 6) controller.abort();
      },
    });
    await expect(run).rejects.toThrow(/abort/i);
    expect(batches).toBe(6);
    await expect(
      train(model, points(), {
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        loss: F.mseLoss,
        signal: AbortSignal.abort(new Error("no")),
      }),
    ).rejects.toThrow("no");
  });

  it("goes on from a checkpoint bit for bit", async () => {
    const data = points();
    const trained = async (epochs: number, resume?: Uint8Array, checkpoint?: (bytes: Uint8Array) => void) => {
      manualSeed(9);
      const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Dropout(0.5), new nn.Linear(8, 1));
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
      const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, 0.9);
      const more = { ...(resume && { resume }), ...(checkpoint && { checkpoint }) };
      const earlyStopping = { patience: 10, restoreBest: false };
      const result = await train(model, data, {
        optimizer,
        scheduler,
        loss: F.mseLoss,
        epochs,
        earlyStopping,
        ...more,
      });
      return { weights: weights(model), history: result.history.map(({ seconds, ...rest }) => rest) };
    };
    const whole = await trained(5);
    let file: Uint8Array = new Uint8Array();
    await trained(3, undefined, (bytes) => {
      file = bytes;
    });
    manualSeed(1234);
    rand([3]);
    expect(await trained(5, file)).toEqual(whole);
  });

  it("yields to the event loop while it trains", async () => {
    const model = new nn.Linear(64, 64);
    const batch = [randn([64, 64]), randn([64, 64])];
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
    });
    await train(model, () => Array.from({ length: 50 }, () => batch), {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      loss: F.mseLoss,
      epochs: 5,
      yieldEvery: 0,
    });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it("takes functions, generators and async iterables of batches", async () => {
    async function* later() {
      for (const batch of points(2)) yield batch;
    }
    const model = linear();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const { history } = await train(model, later, { optimizer, loss: F.mseLoss, epochs: 2 });
    expect(history.map(({ samples }) => samples)).toEqual([16, 16]);
    const once = later();
    await expect(train(model, once, { optimizer, loss: F.mseLoss, epochs: 2 })).rejects.toThrow(/no batches/);
  });

  it("tells progress after each batch, and prints lines where there is no terminal", async () => {
    const reports: ProgressReport[] = [];
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    const model = linear();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    await train(model, points(2), {
      optimizer,
      loss: F.mseLoss,
      epochs: 2,
      progress: (report) => reports.push(report),
    });
    expect(reports.map(({ epoch, batch, batches, report }) => [epoch, batch, batches, report !== null])).toEqual([
      [1, 1, 2, false],
      [1, 2, 2, false],
      [1, 2, 2, true],
      [2, 1, 2, false],
      [2, 2, 2, false],
      [2, 2, 2, true],
    ]);
    expect(log).not.toHaveBeenCalled();
    await train(model, points(2), { optimizer, loss: F.mseLoss, epochs: 2, progress: true });
    expect(log.mock.calls.map(([line]) => String(line).replace(/[\d.]+ s$/, "T s"))).toEqual([
      expect.stringMatching(/^epoch 1\/2 {2}loss 0\.\d{4} {2}T s$/),
      expect.stringMatching(/^epoch 2\/2 {2}loss 0\.\d{4} {2}T s$/),
    ]);
  });

  it("draws a bar over itself on a terminal", async () => {
    const { stdout } = process;
    const tty = Object.getOwnPropertyDescriptor(stdout, "isTTY");
    Object.defineProperty(stdout, "isTTY", { value: true, configurable: true });
    const write = vi.spyOn(stdout, "write").mockImplementation(() => true);
    const model = linear();
    await train(model, points(2), {
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      loss: F.mseLoss,
      progress: true,
    });
    const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
    write.mockRestore();
    if (tty === undefined) delete (stdout as { isTTY?: boolean }).isTTY;
    else Object.defineProperty(stdout, "isTTY", tty);
    const drawn = text.split("\r\u001b[K");
    expect(drawn[1]).toMatch(/^epoch 1\/1 \[=+ +\] 1\/2 {2}loss/);
    expect(drawn.at(-1)).toMatch(/^epoch 1\/1 {2}loss [\d.]+ {2}[\d.]+ s\n$/);
  });

  it("refuses what makes no sense, before anything is trained", async () => {
    const model = linear();
    const before = weights(model);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const loss = F.mseLoss;
    const wrong: [unknown, unknown, unknown][] = [
      [null, points(1), { optimizer, loss }],
      [model, points(1), undefined],
      [model, points(1), { loss }],
      [model, points(1), { optimizer }],
      [model, points(1), { optimizer, loss, step: () => tensor(0) }],
      [model, points(1), { optimizer, loss, epochs: 0 }],
      [model, points(1), { optimizer, loss, accumulate: 1.5 }],
      [model, points(1), { optimizer, loss, epoch: 3 }],
      [model, points(1), { optimizer, loss, earlyStopping: { patience: -1 } }],
      [model, [], { optimizer, loss }],
      [model, [rand([2, 2])], { optimizer, loss }],
      [model, points(1), { optimizer, loss, resume: new Uint8Array([1, 2]) }],
    ];
    for (const [m, data, options] of wrong) {
      await expect(train(m as never, data as never, options as never)).rejects.toThrow(ArgumentError);
    }
    expect(weights(model)).toEqual(before);
  });

  it("lets an error of the model through, and leaves its mode and the memory", async () => {
    const model = linear();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const data = points(2);
    const { live } = memory();
    const step = () => {
      noGrad(() => rand([100]));
      throw new RangeError("mine");
    };
    await expect(train(model, data, { optimizer, step })).rejects.toThrow("mine");
    expect(memory().live).toBe(live);
    expect(model.training).toBe(true);
  });
});
