// What cannot be captured is refused, with the line of the program, and leaves everything as it was.

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  capture,
  DisposedError,
  F,
  GraphError,
  getRngState,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  randn,
  ShapeError,
  scope,
  Tensor,
  tensor,
  unique,
  zeros,
} from "../../src/entries/node.js";

const x = randn([3]);

/** The line on which a function of this file was written, from where `refused` was called. */
function refused(f: () => unknown): Error {
  const { live } = memory();
  let error: unknown = null;
  try {
    scope(() => void capture(f));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(GraphError);
  expect(memory().live).toBe(live);
  return error as Error;
}

describe("what reads values", () => {
  const cases: [string, () => unknown][] = [
    ["item", () => x.sum().item()],
    ["tolist", () => x.add(1).tolist()],
    ["toTypedArray", () => x.toTypedArray()],
    ["dataView", () => x.dataView()],
    ["toString", () => `${x.mul(2)}`],
    ["Number", () => Number(x.sum())],
    ["JSON", () => JSON.stringify(x)],
    ["nonzero", () => x.nonzero()],
    ["maskedSelect", () => x.maskedSelect(x.gt(0))],
    ["unique", () => unique(x)],
    ["a mask as an index", () => x.index(x.gt(0))],
    ["equal", () => x.equal(x)],
    ["manualSeed", () => manualSeed(1)],
    ["getRngState", () => getRngState()],
    [
      "LBFGS",
      () => {
        const w = tensor([1]).requiresGrad_();
        const optimizer = new optim.LBFGS([w]);
        optimizer.step(() => {
          optimizer.zeroGrad();
          const loss = w.square().sum();
          loss.backward();
          return loss;
        });
      },
    ],
  ];
  it.each(cases)("%s", (_, f) => {
    const { message } = refused(f);
    expect(message).toMatch(/cannot be captured/);
    expect(message).toMatch(/\(at .*refusals\.test\.ts:\d+:\d+\)$/);
  });

  it("names the line", () => {
    const [, line] = /refusals\.test\.ts:(\d+):\d+/.exec(new Error().stack as string) as RegExpExecArray;
    const { message } = refused(() => {
      const y = x.add(1);
      return y.item();
    });
    expect(message).toContain(`refusals.test.ts:${Number(line) + 3}:`);
  });
});

describe("other refusals", () => {
  it("asynchronous functions", () => {
    expect(() => capture(async () => x.add(1))).toThrow(ArgumentError);
  });

  it("a capture inside a capture, and a captured step inside another", () => {
    expect(refused(() => capture(() => x.add(1))).message).toMatch(/captures a step inside another/);
    const step = capture(() => x.add(1));
    expect(refused(() => step()).message).toMatch(/runs a captured step inside another/);
    step.dispose();
  });

  it("wrong arguments", () => {
    expect(() => capture(1 as unknown as () => void)).toThrow(ArgumentError);
    expect(() => capture(() => x, x as unknown as [])).toThrow(ArgumentError);
    expect(() => capture(() => x, [1] as unknown as [Tensor])).toThrow(ArgumentError);
    const step = capture((a, b) => a.add(b), [zeros([2]), zeros([2])]);
    expect(() => step(...([ones([2])] as unknown as [Tensor, Tensor]))).toThrow(/captured with 2 tensors, got 1/);
    expect(() => step(ones([2]), ones([3]))).toThrow(ShapeError);
    expect(() => step(ones([2]), [1, 2, 3])).toThrow(ShapeError);
    expect(step(ones([2], { dtype: "float64" }), [1, 2]).tolist()).toEqual([2, 3]);
    step.dispose();
    expect(() => step()).toThrow(DisposedError);
    step.dispose();
  });
});

describe("a failure", () => {
  it("while capturing leaves parameters, gradients, optimiser and scheduler as they were", () => {
    const model = new nn.Linear(2, 2);
    const optimizer = new optim.Adam(model.parameters());
    const scheduler = new optim.lrScheduler.StepLR(optimizer, 1);
    const input = randn([3, 2]);
    model.call(input).sum().backward();
    const { weight } = model;
    const before = [weight.tolist(), weight.version, weight.grad?.tolist()];
    const gradient = weight.grad;
    const { live } = memory();
    expect(() =>
      capture(() => {
        optimizer.zeroGrad();
        const loss = model.call(input).square().sum();
        loss.backward();
        optimizer.step();
        scheduler.step();
        return loss.item();
      }),
    ).toThrow(GraphError);
    expect([weight.tolist(), weight.version, weight.grad?.tolist()]).toEqual(before);
    expect(weight.grad).toBe(gradient);
    expect(optimizer.state.size).toBe(0);
    expect([optimizer.stepCount, scheduler.lastEpoch]).toEqual([0, 0]);
    expect(memory().live).toBe(live);
    // And eager code goes on.
    optimizer.zeroGrad();
    model.call(input).sum().backward();
    optimizer.step();
    expect(weight.version).toBe((before[1] as number) + 1);
  });

  it("of the data at a step is the error of the operation, and takes no step", () => {
    const table = new nn.Embedding(4, 2);
    const optimizer = new optim.SGD(table.parameters(), { lr: 0.1, momentum: 0.9 });
    const step = capture(
      (words) => {
        optimizer.zeroGrad();
        const loss = table.call(words).sum();
        loss.backward();
        optimizer.step();
        return loss;
      },
      [zeros([2], { dtype: "int32" })],
    );
    step([1, 3]);
    const before = table.weight.tolist();
    let eager = "";
    try {
      table.call(tensor([1, 4], { dtype: "int32" }));
    } catch (error) {
      eager = (error as Error).message;
    }
    expect(() => step([1, 4])).toThrow(eager);
    expect(() => step([1, 4])).toThrow(/out of bounds/);
    expect(table.weight.tolist()).toEqual(before);
    expect(optimizer.stepCount).toBe(1);
    expect(table.weight.grad).toBe(null);
    step([0, 0]);
    expect(optimizer.stepCount).toBe(2);
    step.dispose();
  });

  it("by an optimiser that was changed says what to do", () => {
    const [a, b] = [randn([2]).requiresGrad_(), randn([2]).requiresGrad_()];
    const optimizer = new optim.SGD([a], { lr: 0.1 });
    const step = capture(() => {
      optimizer.zeroGrad();
      F.mseLoss(a.mul(b), zeros([2])).backward();
      optimizer.step();
    });
    optimizer.addParamGroup({ params: [b] });
    expect(() => step()).toThrow(/capture the step again/);
    step.dispose();
  });

  it("leaves other tensors to their scope", () => {
    const step = capture(() => {
      const y = x.add(1);
      return y instanceof Tensor ? y : x;
    });
    scope(() => void step());
    expect(step().isDisposed).toBe(false);
    step().dispose();
    expect(step().tolist()).toEqual(x.add(1).tolist());
    step.dispose();
  });
});
