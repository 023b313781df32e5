// Rows 43 and 111 of the autograd contract at size, and live bytes after everything that can end.

import { describe, expect, it } from "vitest";
import {
  autograd,
  enableGrad,
  memory,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  utils,
  zeros,
} from "../../src/entries/node.js";

const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

class Add extends autograd.Function {
  static forward(_ctx: autograd.FunctionCtx, a: Tensor, b: Tensor) {
    return a.add(b);
  }
  static backward(_ctx: autograd.FunctionCtx, g: Tensor) {
    return [g, g];
  }
}

describe("deep and wide", () => {
  it("#43 a chain of 100,000 nodes with hooks, and its release", () => {
    const { live } = memory();
    scope(() => {
      const x = leaf([1]);
      let y: Tensor = x;
      let calls = 0;
      for (let i = 0; i < 100_000; i++) {
        const z = y.add(1);
        if (i % 10_000 === 0) z.registerHook(() => void calls++);
        if (y !== x) y.dispose();
        y = z;
      }
      y.backward();
      expect([x.grad?.item(), calls]).toEqual([1, 10]);
    });
    expect(memory().live).toBe(live);
    scope(() => {
      const x = leaf([1]);
      let y: Tensor = x;
      for (let i = 0; i < 100_000; i++) {
        const z = y.sin();
        if (y !== x) y.dispose();
        y = z;
      }
      y.dispose();
    });
    expect(memory().live).toBe(live);
  });

  it("#43 20,000 custom functions, each used twice by the next, in linear time", () => {
    const { live } = memory();
    scope(() => {
      const x = leaf([0]);
      let y: Tensor = x;
      for (let i = 0; i < 20_000; i++) y = Add.apply(y, i % 400 < 1 ? y : zeros([1]));
      y.sum().backward();
      expect(x.grad?.item()).toBe(2 ** 50);
    });
    expect(memory().live).toBe(live);
  });

  it("#43 sixty doublings take linear time, also with createGraph", () => {
    scope(() => {
      const x = tensor([1], { dtype: "float64", requiresGrad: true });
      let y: Tensor = x;
      for (let i = 0; i < 60; i++) y = y.add(y);
      let z: Tensor = x;
      for (let i = 0; i < 20; i++) z = z.mul(z);
      const start = performance.now();
      expect(autograd.grad(y, x)[0].item()).toBe(2 ** 60);
      const [first] = autograd.grad(z, x, { createGraph: true });
      expect(first.item()).toBe(2 ** 20);
      expect(autograd.grad(first, x)[0].item()).toBe(2 ** 20 * (2 ** 20 - 1));
      expect(performance.now() - start).toBeLessThan(2000);
    });
  });

  it("#43 1,000 leaves into one sum, and one leaf into 1,000 uses", () => {
    const { live } = memory();
    scope(() => {
      const leaves = Array.from({ length: 1000 }, (_, i) => leaf([i]));
      leaves.reduce((sum: Tensor, x, i) => sum.add(x.mul(i)), zeros([1])).backward();
      expect(leaves.every((x, i) => x.grad?.item() === i)).toBe(true);
      const x = leaf([2]);
      let sum: Tensor = zeros([1]);
      for (let i = 0; i < 1000; i++) sum = sum.add(x.mul(i));
      sum.backward();
      expect(x.grad?.item()).toBe((999 * 1000) / 2);
      const all = autograd.grad(
        leaves.reduce((s: Tensor, y) => s.add(y.mul(y)), zeros([1])),
        leaves,
      );
      expect(all.every((g, i) => g.item() === 2 * i)).toBe(true);
    });
    expect(memory().live).toBe(live);
  });

  it("#44 backward inside backward, a thousand deep", () => {
    let sum = 0;
    class Deep extends autograd.Function {
      static forward(ctx: autograd.FunctionCtx, x: Tensor, depth: number) {
        ctx.depth = depth;
        return x.mul(1);
      }
      static backward(ctx: autograd.FunctionCtx, g: Tensor) {
        const depth = ctx.depth as number;
        if (depth > 0) {
          const own = leaf([1]);
          enableGrad(() => Deep.apply(own, depth - 1)).backward();
          sum += own.grad?.item() as number;
        }
        return [g, null];
      }
    }
    const { live } = memory();
    scope(() => {
      const x = leaf([3]);
      Deep.apply(x, 1000).backward();
      expect([x.grad?.item(), sum]).toEqual([1, 1000]);
    });
    expect(memory().live).toBe(live);
  });
});

describe("live bytes return to their start after", () => {
  const data = randn([64]);
  const model = (w: Tensor) => data.mul(w).sin().exp().mul(w).sum();
  class Failing extends autograd.Function {
    static forward(_ctx: autograd.FunctionCtx, a: Tensor) {
      return a.mul(2);
    }
    static backward(): Tensor {
      throw new RangeError("mine");
    }
  }
  const cases: Record<string, (w: Tensor) => void> = {
    "a backward": (w) => model(w).backward(),
    "a recorded backward": (w) => {
      const [g] = autograd.grad(model(w), w, { createGraph: true });
      g.pow(2).sum().backward();
    },
    "a backward that keeps its graph": (w) => {
      const y = model(w);
      y.backward({ retainGraph: true });
      y.backward({ retainGraph: true });
    },
    "a failed backward": (w) => {
      expect(() => model(Failing.apply(w).exp()).backward()).toThrow(RangeError);
    },
    "a backward that finds a value written": (w) => {
      const y = w.exp();
      const z = y.mul(y).mul(2);
      y.add_(1);
      expect(() => z.sum().backward()).toThrow(/inplace/);
    },
    "an exception in a tensor's hook": (w) => {
      const y = w.mul(2);
      y.registerHook(() => {
        throw new RangeError("mine");
      });
      expect(() => model(y).backward()).toThrow(RangeError);
    },
    "an exception in a node's hooks": (w) => {
      for (const register of ["registerHook", "registerPrehook"] as const) {
        const y = w.mul(2);
        y.gradFn?.[register](() => {
          throw new RangeError("mine");
        });
        expect(() => model(y).backward()).toThrow(RangeError);
      }
    },
    "an exception behind an accumulation": (w) => {
      const handle = w.registerPostAccumulateGradHook(() => {
        throw new RangeError("mine");
      });
      expect(() => model(w).backward()).toThrow(RangeError);
      handle.remove();
    },
    "an exception while packing or unpacking": (w) => {
      const fail = () => {
        throw new RangeError("mine");
      };
      const { savedTensorsHooks } = autograd.graph;
      expect(() =>
        savedTensorsHooks(
          fail,
          (t) => t,
          () => model(w),
        ),
      ).toThrow(RangeError);
      const y = savedTensorsHooks(
        (t: Tensor) => t,
        fail,
        () => model(w),
      );
      expect(() => y.backward()).toThrow(RangeError);
    },
    "a removed hook": (w) => {
      const y = w.mul(2);
      const handle = y.registerHook((g) => g?.mul(2));
      model(y).backward({ retainGraph: true });
      handle.remove();
      model(y).backward();
    },
    "a hook that replaced gradients": (w) => {
      const y = w.mul(2);
      y.registerHook((g) => g?.mul(2));
      y.gradFn?.registerHook((inputs) => inputs.map((g) => g?.mul(3) ?? null));
      model(y).backward();
    },
    "a dropped graph": (w) => void model(w),
    "a dropped recorded gradient": (w) => void autograd.grad(model(w), w, { createGraph: true }),
    "a checkpointed step": (w) => {
      utils.checkpoint.checkpoint(model, [w]).backward();
      utils.checkpoint.checkpoint(model, [w], { useReentrant: true }).backward();
    },
    "a checkpoint that is never asked": (w) => void utils.checkpoint.checkpoint(model, [w]),
    "a checkpoint whose backward fails": (w) => {
      const y = utils.checkpoint.checkpoint((v) => model(Failing.apply(v)), [w]);
      expect(() => y.backward()).toThrow(RangeError);
    },
    "a write in place through a view": (w) => {
      const y = w.mul(2);
      y.narrow(0, 0, 8).mul_(3);
      y.view([8, 8])
        .select(0, 1)
        .add_(w.narrow(0, 8, 8));
      model(y).backward();
    },
    "an anomaly": (w) => {
      const silent = console.warn;
      console.warn = () => {};
      try {
        const act = () => autograd.detectAnomaly(() => w.mul(0).log().mul(0).sum().backward());
        expect(act).toThrow(/nan values/);
      } finally {
        console.warn = silent;
      }
    },
    "retained gradients": (w) => {
      const y = w.mul(2);
      y.retainGrad();
      model(y).backward();
      expect(y.grad?.shape).toEqual([64]);
    },
    "forward mode over a backward": (w) => {
      autograd.forwardAd.dualLevel(() => {
        const d = autograd.forwardAd.makeDual(w, ones([64]));
        const [g] = autograd.grad(model(d), w, { createGraph: true });
        expect(autograd.forwardAd.unpackDual(g).tangent?.shape).toEqual([64]);
      });
    },
    "a profile": (w) => void autograd.profiler.profile(() => model(w).backward(), { profileMemory: true }),
  };
  for (const [name, act] of Object.entries(cases)) {
    it(name, () => {
      const run = () =>
        scope(() => {
          const w = randn([64], { requiresGrad: true });
          act(w);
        });
      run();
      const { live } = memory();
      run();
      expect(memory().live).toBe(live);
    });
    it(`${name}, with the leaf outside`, () => {
      const w = randn([64], { requiresGrad: true });
      w.grad = zeros([64]);
      const run = () => scope(() => act(w));
      run();
      const { live } = memory();
      run();
      expect(memory().live).toBe(live);
      w.dispose();
    });
  }
});
