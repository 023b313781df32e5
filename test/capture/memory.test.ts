// The memory of captured steps: planned once, shared by lifetimes, counted, and given back.

import { describe, expect, it } from "vitest";
import { capture, F, memory, nn, noGrad, optim, randn, scope, type Tensor, zeros } from "../../src/entries/node.js";

const live = (): number => memory().live;

describe("memory", () => {
  it("is where it was after dispose, and the same at every step", () => {
    const model = new nn.Sequential(new nn.Linear(16, 32), new nn.ReLU(), new nn.Linear(32, 4));
    const optimizer = new optim.Adam(model.parameters());
    const [x, y] = [randn([8, 16]), randn([8, 4])];
    const body = (x: Tensor, y: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = F.mseLoss(model.call(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    };
    scope(() => void body(x, y));
    const before = live();
    const step = capture(body, [x, y]);
    step();
    const during = live();
    expect(during).toBeGreaterThan(before);
    for (let i = 0; i < 3; i++) step(x, y);
    expect(live()).toBe(during);
    step.dispose();
    expect(live()).toBe(before);
    scope(() => void body(x, y));
    expect(live()).toBe(before);
  });

  it("of temporaries is shared by lifetimes", () => {
    const x = randn([1000]);
    const step = noGrad(() =>
      capture(() => {
        let y = x.add(1);
        for (let i = 0; i < 100; i++) y = y.mul(1.01).tanh();
        return y;
      }),
    );
    expect(step.launches).toBe(201);
    // The result, two temporaries, and the list with its blocks.
    expect(step.bytes).toBeLessThan(3 * 4096 + 201 * 256);
    step.dispose();
  });

  it("that outlives the step goes over to who holds it", () => {
    const w = randn([4]).requiresGrad_();
    const { live: before } = memory();
    const step = capture(() => {
      w.grad = null;
      w.square().sum().backward();
    });
    step();
    const gradient = w.grad as unknown as Tensor;
    const wanted = gradient.tolist();
    step.dispose();
    expect(gradient.tolist()).toEqual(wanted);
    expect(live()).toBe(before + 16);
    w.grad = null;
    gradient.dispose();
    expect(live()).toBe(before);
  });

  it("with `using` ends with its block", () => {
    const x = zeros([8]);
    const before = live();
    {
      using step = capture(() => x.add(1));
      expect(step().tolist()).toEqual(Array(8).fill(1));
    }
    expect(live()).toBe(before);
  });

  it("of two steps does not mix", () => {
    const x = randn([64]);
    const steps = [1, 2, 3].map((k) => capture(() => x.mul(k).add(k).tanh()));
    const wanted = [1, 2, 3].map((k) => x.mul(k).add(k).tanh().tolist());
    for (const step of steps) step();
    expect(steps.map((step) => step().tolist())).toEqual(wanted);
    steps[1]?.dispose();
    expect([steps[0]?.().tolist(), steps[2]?.().tolist()]).toEqual([wanted[0], wanted[2]]);
    for (const step of steps) step.dispose();
  });
});
