// Rows 180 to 186 of the autograd contract: functions that run again in the backward pass.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  autograd,
  CheckpointError,
  F,
  GraphError,
  keep,
  manualSeed,
  memory,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensor,
  utils,
} from "../../src/entries/node.js";

const { checkpoint, checkpointSequential, setCheckpointEarlyStop, setCheckpointDebugEnabled } = utils.checkpoint;
const { graph } = autograd;

let live = 0;
beforeEach(() => {
  // The generator's own memory comes with its first number.
  randn([1]).dispose();
  manualSeed(7);
  live = memory().live;
});

/** Values and gradients of a function, plain and through what `through` makes of it. */
function both(
  through: (f: (...args: Tensor[]) => Tensor, args: Tensor[]) => Tensor,
  f: (...args: Tensor[]) => Tensor,
): [unknown, unknown] {
  const run = (g: (...args: Tensor[]) => Tensor) =>
    scope(() => {
      manualSeed(3);
      const a = randn([3, 4], { requiresGrad: true });
      const b = randn([3, 4], { requiresGrad: true });
      const y = g(a, b);
      y.sum().backward();
      return [y.tolist(), a.grad?.tolist(), b.grad?.tolist()];
    });
  return [run((...args) => through(f, args)), run(f)];
}

describe("checkpoint without reentrance", () => {
  const chain = (a: Tensor, b: Tensor) => a.sin().mul(b).exp().tanh().mul(a.cos());

  it("#180 gives the same values and gradients", () => {
    const [with_, without] = both((f, args) => checkpoint(f, args), chain);
    expect(with_).toEqual(without);
    expect(memory().live).toBe(live);
  });

  it("#180 keeps the arguments only, and runs again once in each pass", () => {
    scope(() => {
      const x = randn([256], { requiresGrad: true });
      let runs = 0;
      const f = (a: Tensor): Tensor => {
        runs++;
        return a.sin().exp().tanh().sin();
      };
      const before = memory().live;
      const y = checkpoint(f, [x]);
      expect(memory().live - before).toBe(1024);
      y.sum().backward({ retainGraph: true });
      expect(runs).toBe(2);
      y.sum().backward();
      expect(runs).toBe(3);
      expect(() => y.sum().backward()).toThrow(/second time/);
    });
    expect(memory().live).toBe(live);
  });

  it("#180 holds less than a plain chain at its peak", () => {
    const peakOf = (through: (f: (a: Tensor) => Tensor, x: Tensor) => Tensor): number =>
      scope(() => {
        const x = randn([1024], { requiresGrad: true });
        const start = memory().live;
        let h: Tensor = x;
        for (let i = 0; i < 8; i++) h = through((a) => a.sin().exp().tanh().mul(0.5), h);
        const held = memory().live - start;
        h.sum().backward();
        return held;
      });
    const plain = peakOf((f, x) => f(x));
    const less = peakOf((f, x) => checkpoint(f, [x]));
    expect(plain).toBe(8 * 4 * 4096);
    expect(less).toBe(8 * 4096);
    expect(memory().live).toBe(live);
  });

  it("#180 works with grad(), with inputs, with captured parameters and higher orders", () => {
    scope(() => {
      const w = tensor([2, 3], { requiresGrad: true });
      const x = tensor([0.5, 1], { requiresGrad: true });
      const y = () => checkpoint((a) => a.mul(w).sin(), [x]).sum();
      const plain = autograd.grad(x.mul(w).sin().sum(), [x, w]).map((g) => g.tolist());
      expect(autograd.grad(y(), [x, w]).map((g) => g.tolist())).toEqual(plain);
      y().backward({ inputs: [w] });
      expect([x.grad, w.grad?.tolist()]).toEqual([null, plain[1]]);
      const [g] = autograd.grad(y(), x, { createGraph: true });
      const [h] = autograd.grad(g.sum(), x);
      const [p] = autograd.grad(x.mul(w).sin().sum(), x, { createGraph: true });
      expect(h.tolist()).toEqual(autograd.grad(p.sum(), x)[0].tolist());
    });
    expect(memory().live).toBe(live);
  });

  it("#180 takes and gives any objects, and inputs that do not require grad", () => {
    scope(() => {
      const w = tensor([2], { requiresGrad: true });
      const { out, list } = checkpoint(
        (a: { x: Tensor }, k: number, name: string) => ({ out: a.x.mul(w).exp(), list: [k, name] }),
        [{ x: tensor([0.5]) }, 3, "three"],
      );
      expect(list).toEqual([3, "three"]);
      out.sum().backward();
      expect(w.grad?.item()).toBeCloseTo(0.5 * Math.E, 6);
      expect(checkpoint((a: Tensor) => a.mul(2), [tensor([1])]).requiresGrad).toBe(false);
      expect(noGrad(() => checkpoint((a: Tensor) => a.mul(w), [tensor([1])])).requiresGrad).toBe(false);
    });
    expect(memory().live).toBe(live);
  });

  it("#180 nests, also with dropout", () => {
    const inner = (a: Tensor) => F.dropout(a.sin(), { p: 0.5 }).exp();
    const nest = (through: (f: (a: Tensor) => Tensor, x: Tensor) => Tensor) => (a: Tensor, b: Tensor) =>
      through((x) => through(inner, x).mul(through(inner, x.cos())), a.mul(b)).tanh();
    const [with_] = both((_f, args) => nest((f, x) => checkpoint(f, [x]))(args[0], args[1]), inner);
    const [without] = both((_f, args) => nest((f, x) => f(x))(args[0], args[1]), inner);
    expect(with_).toEqual(without);
    expect(memory().live).toBe(live);
  });

  it("#180 hooks of parameters run once, and so does what counts in the function's outputs", () => {
    scope(() => {
      const w = tensor([2], { requiresGrad: true });
      const seen: unknown[] = [];
      w.registerHook((g) => {
        seen.push(g?.item());
      });
      checkpoint((a: Tensor) => a.mul(w).mul(w), [tensor([3], { requiresGrad: true })]).backward();
      expect(seen).toEqual([12]);
    });
  });

  it("#180 arguments may be disposed before the backward pass, and must not be written", () => {
    scope(() => {
      const x = tensor([2], { requiresGrad: true });
      const h = x.mul(3);
      const y = checkpoint((a) => a.mul(a).exp(), [h]);
      h.dispose();
      y.backward();
      expect(x.grad?.item()).toSatisfy((g: number) => Math.abs(g / (Math.exp(36) * 36) - 1) < 1e-6);
      const k = x.mul(3);
      const z = checkpoint((a) => a.mul(a), [k]);
      k.add_(1);
      expect(() => z.backward()).toThrow(/modified by an inplace operation/);
    });
    expect(memory().live).toBe(live);
  });

  it("#180 an error in either run leaves nothing behind", () => {
    scope(() => {
      const x = tensor([1, 2], { requiresGrad: true });
      const fails = (when: number) => {
        let runs = 0;
        return (a: Tensor) => {
          const y = a.exp().sin();
          if (++runs === when) throw new RangeError("mine");
          return y.exp();
        };
      };
      const before = memory().live;
      expect(() => checkpoint(fails(1), [x])).toThrow(RangeError);
      expect(memory().live).toBe(before);
      const y = checkpoint(fails(2), [x]);
      expect(() => y.sum().backward()).toThrow("mine");
      y.dispose();
    });
    expect(memory().live).toBe(live);
  });

  it("#181 draws the same random numbers again, and leaves the generator where it was", () => {
    const drop = (a: Tensor) => F.dropout(a, { p: 0.5 }).mul(2).exp();
    const [with_, without] = both((f, args) => checkpoint(f, args), drop as never);
    expect(with_).toEqual(without);
    scope(() => {
      const x = randn([64], { requiresGrad: true });
      manualSeed(1);
      const y = checkpoint(drop, [x], { preserveRngState: false, earlyStop: false });
      const state = randn([1]).item();
      y.sum().backward();
      const after = randn([1]).item();
      manualSeed(1);
      drop(x);
      expect(randn([1]).item()).toBe(state);
      drop(x);
      expect(randn([1]).item()).toBe(after);
    });
  });

  it("#182 another number of saved tensors, or other shapes, throw; debug tells the operations", () => {
    scope(() => {
      const x = randn([4], { requiresGrad: true });
      const changing = (first: (a: Tensor) => Tensor, second: (a: Tensor) => Tensor) => {
        let runs = 0;
        return (a: Tensor) => (runs++ === 0 ? first(a) : second(a));
      };
      const run = (f: (a: Tensor) => Tensor, options = {}) => checkpoint(f, [x], options).sum().backward();
      const fewer = () =>
        changing(
          (a) => a.exp().sin(),
          (a) => a.exp(),
        );
      expect(() => run(fewer())).toThrow(CheckpointError);
      expect(() => run(fewer(), { debug: true })).toThrow(/SinBackward0[\s\S]*Of the second:\s+ExpBackward0$/);
      expect(() => setCheckpointDebugEnabled(true, () => run(fewer()))).toThrow(/Of the second/);
      const more = () =>
        changing(
          (a) => a.exp(),
          (a) => a.exp().sin(),
        );
      expect(() => run(more(), { earlyStop: false })).toThrow(/more tensors/);
      const other = () =>
        changing(
          (a) => a.exp().sum(),
          (a) => a.narrow(0, 0, 2).exp().sum(),
        );
      expect(() => run(other())).toThrow(/different metadata/);
      expect(() => checkpoint((a: Tensor) => a, [x], { determinismCheck: "some" as never })).toThrow(ArgumentError);
    });
    expect(memory().live).toBe(live);
  });

  it("#183 stops early unless told otherwise", () => {
    scope(() => {
      const x = randn([4], { requiresGrad: true });
      let ends = 0;
      const f = (a: Tensor) => {
        const y = a.exp().add(1);
        ends++;
        return y;
      };
      checkpoint(f, [x]).sum().backward();
      expect(ends).toBe(1);
      setCheckpointEarlyStop(false, () => checkpoint(f, [x]))
        .sum()
        .backward();
      expect(ends).toBe(3);
    });
  });

  it("#184 contextFn wraps both runs", () => {
    scope(() => {
      const seen: string[] = [];
      const around =
        (name: string) =>
        <T>(body: () => T): T => {
          seen.push(name);
          return body();
        };
      const x = randn([4], { requiresGrad: true });
      checkpoint((a: Tensor) => a.exp(), [x], { contextFn: () => [around("first"), around("again")] })
        .sum()
        .backward();
      expect(seen).toEqual(["first", "again"]);
    });
  });

  it("goes with saved-tensor hooks around it, and reading a saved value by hand", () => {
    scope(() => {
      const x = tensor([0.5], { requiresGrad: true });
      let packed = 0;
      const y = graph.savedTensorsHooks(
        (t: Tensor) => {
          packed++;
          return t;
        },
        (t: Tensor) => t,
        () => checkpoint((a) => a.sin().exp(), [x]),
      );
      expect(packed).toBe(1);
      expect((y.gradFn?.savedResult as Tensor | undefined)?.item()).toBe(y.item());
      y.backward();
      expect(x.grad?.item()).toBeCloseTo(Math.exp(Math.sin(0.5)) * Math.cos(0.5), 6);
    });
    expect(memory().live).toBe(live);
  });

  it("a tensor made inside ends with the call unless it is returned or kept", () => {
    scope(() => {
      const x = tensor([1], { requiresGrad: true });
      let lost: Tensor | undefined;
      let held: Tensor | undefined;
      checkpoint(
        (a) => {
          lost = a.exp();
          held = keep(a.sin());
          return lost.mul(held);
        },
        [x],
      );
      expect([lost?.isDisposed, held?.isDisposed]).toEqual([true, false]);
      held?.dispose();
    });
    expect(memory().live).toBe(live);
  });
});

describe("checkpoint with reentrance", () => {
  let warn: ReturnType<typeof vi.spyOn>;
  beforeEach(() => {
    warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterEach(() => warn.mockRestore());

  it("#185 gives the same values and gradients, with dropout and several outputs", () => {
    const f = (a: Tensor, b: Tensor) => F.dropout(a.sin().mul(b), { p: 0.5 }).exp();
    const [with_, without] = both((g, args) => checkpoint(g, args, { useReentrant: true }), f as never);
    expect(with_).toEqual(without);
    expect(memory().live).toBe(live);
    scope(() => {
      const x = tensor([1, 2], { requiresGrad: true });
      const w = tensor([3, 4], { requiresGrad: true });
      const [u, v] = checkpoint((a) => [a.mul(w), a.exp()], [x], { useReentrant: true });
      expect(u.gradFn?.name()).toBe("CheckpointFunctionBackward");
      u.add(v.mul(0)).sum().backward();
      expect([x.grad?.tolist(), w.grad?.tolist()]).toEqual([
        [3, 4],
        [1, 2],
      ]);
    });
    expect(memory().live).toBe(live);
  });

  it("#185 refuses grad() and inputs, and warns where no input requires grad", () => {
    scope(() => {
      const x = tensor([1, 2], { requiresGrad: true });
      const y = () => checkpoint((a) => a.exp(), [x], { useReentrant: true }).sum();
      expect(() => autograd.grad(y(), x)).toThrow(GraphError);
      expect(() => y().backward({ inputs: [x] })).toThrow(/incompatible with .grad\(\)/);
      const z = checkpoint((a: Tensor) => a.mul(x), [tensor([1, 2])], { useReentrant: true });
      expect(z.requiresGrad).toBe(false);
      expect(warn).toHaveBeenCalled();
      const odd = { useReentrant: true, debug: true };
      expect(() => checkpoint((a) => a, [x], odd)).toThrow(ArgumentError);
    });
    expect(memory().live).toBe(live);
  });
});

describe("checkpointSequential", () => {
  it("#186 splits functions and modules into pieces, the last of them plain", () => {
    const steps = [(x: Tensor) => x.sin(), { call: (x: Tensor) => x.exp() }, (x: Tensor) => x.tanh(), F.relu, F.silu];
    for (const options of [{}, { useReentrant: true }]) {
      for (const segments of [1, 2, 5]) {
        const [with_, without] = both(
          (_f, [a]) => checkpointSequential(steps, segments, a, options),
          (a) => F.silu(F.relu(a.sin().exp().tanh())),
        );
        expect(with_).toEqual(without);
      }
    }
    scope(() => {
      expect(() => checkpointSequential(steps, 6, tensor([1]))).toThrow(ArgumentError);
      expect(() => checkpointSequential([3 as never], 1, tensor([1]))).toThrow(ArgumentError);
    });
    expect(memory().live).toBe(live);
  });
});
