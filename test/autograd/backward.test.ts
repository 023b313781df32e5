// Rows 23 to 45 of the autograd contract: backward and grad.

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
  enableGrad,
  float64,
  GraphError,
  memory,
  noGrad,
  ones,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

describe("backward", () => {
  it("#23 sums over roots; the same root twice counts twice; a root may be another's ancestor", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.mul(3);
    autograd.backward([y.sum(), y.sum(), z.sum()]);
    expect(x.grad?.tolist()).toEqual([10, 10]);
    const w = leaf([1, 2]);
    const a = w.mul(2);
    const b = a.sum();
    autograd.backward([b, a], [null, ones([2])]);
    expect(w.grad?.tolist()).toEqual([4, 4]);
    const root = w.mul(3).sum();
    w.grad = null;
    autograd.backward([root, root]);
    expect((w.grad as Tensor | null)?.tolist()).toEqual([6, 6]);
    expect(() => autograd.backward([root, tensor(1)])).toThrow(/does not require grad/);
  });

  it("#24 implicit gradients for one element only, of any shape", () => {
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(/implicitly created only for scalar outputs/);
    x.sum().reshape([1, 1]).backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
    expect(x.grad?.shape).toEqual([2]);
  });

  it("#25 gradients are checked", () => {
    const y = leaf([1, 2]).mul(2);
    expect(() => y.backward(ones([1]))).toThrow(ShapeError);
    expect(() => autograd.backward([y], [ones([2]), ones([2])])).toThrow(ArgumentError);
    expect(() => y.backward(ones([2], { dtype: float64 }))).not.toThrow();
  });

  it("#26 the user's gradient is neither written nor kept", () => {
    const x = leaf([1, 2]);
    const g = tensor([1, 1]);
    x.add(0).backward(g);
    x.add(0).backward(g);
    expect(g.tolist()).toEqual([1, 1]);
    expect(x.grad?.tolist()).toEqual([2, 2]);
    expect(x.grad).not.toBe(g);
    g.add_(5);
    expect(x.grad?.tolist()).toEqual([2, 2]);
  });

  it("#27 retainGraph", () => {
    const x = leaf([1, 2]);
    const y = x.mul(x).sum();
    y.backward(null, { retainGraph: true });
    y.backward();
    expect(x.grad?.tolist()).toEqual([4, 8]);
    expect(() => y.backward()).toThrow(/second time/);
    expect(x.grad?.tolist()).toEqual([4, 8]);
    const z = x.add(1).sum();
    z.backward();
    expect(() => z.backward()).not.toThrow();
  });

  it("#28 createGraph, also under noGrad", () => {
    const x = leaf([3]);
    const y = x.pow(3).sum();
    const [g] = noGrad(() => autograd.grad(y, x, { createGraph: true }));
    expect(g.requiresGrad).toBe(true);
    expect(autograd.grad(g.sum(), x)[0].tolist()).toEqual([18]);
  });

  it("#29 inputs", () => {
    const x = leaf([1, 2]);
    const w = leaf([3, 4]);
    const y = x.mul(w);
    const loss = y.sum();
    loss.backward({ inputs: x, retainGraph: true });
    expect(x.grad?.tolist()).toEqual([3, 4]);
    expect(w.grad).toBe(null);
    loss.backward({ inputs: [y], retainGraph: true });
    expect(y.grad?.tolist()).toEqual([1, 1]);
    expect(() => loss.backward({ inputs: [], retainGraph: true })).toThrow(/cannot be empty/);
    const other = leaf([1]);
    loss.backward({ inputs: [other] });
    expect(other.grad).toBe(null);
  });

  it("#30 grad leaves .grad alone; duplicates; an output as an input", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const [a, b] = autograd.grad(y.sum(), [x, x], { retainGraph: true });
    expect(a.tolist()).toEqual([2, 2]);
    expect(b.tolist()).toEqual([2, 2]);
    expect(x.grad).toBe(null);
    const s = y.sum();
    expect(autograd.grad(s, [s, x]).map((g) => g.tolist())).toEqual([1, [2, 2]]);
    expect(() => autograd.grad(x.sum(), [])).toThrow(ArgumentError);
    expect(() => autograd.grad(x.sum(), tensor([1]))).toThrow(/does not require grad/);
  });

  it("#31 #32 #33 gradOutputs, allowUnused, materializeGrads", () => {
    const x = leaf([1, 2]);
    const u = leaf([5]);
    expect(autograd.grad(x.mul(3), x, { gradOutputs: tensor([1, 10]) })[0].tolist()).toEqual([3, 30]);
    expect(() => autograd.grad(x.sum(), [u])).toThrow(/not have been used in the graph/);
    expect(autograd.grad(x.sum(), [u], { allowUnused: true })).toEqual([null]);
    expect(autograd.grad(x.sum(), [u], { materializeGrads: true })[0].tolist()).toEqual([0]);
    expect(() => autograd.grad(x.sum(), [u], { materializeGrads: true, allowUnused: false })).toThrow(ArgumentError);
    expect(() => autograd.grad(x.sum(), x, { bogus: 1 } as never)).toThrow(/unknown option "bogus"/);
  });

  it("#36 only nodes on a path to an input run", () => {
    const x = leaf([1]);
    const w = leaf([1]);
    let ran = 0;
    const y = w.mul(2);
    y.gradFn?.registerHook(() => {
      ran++;
    });
    autograd.grad(x.mul(2).add(y).sum(), x);
    expect(ran).toBe(0);
  });

  it("#37 newest node first, accumulators as soon as they can", () => {
    const order: string[] = [];
    const a = leaf([1]);
    const b = leaf([1]);
    a.registerPostAccumulateGradHook(() => {
      order.push("a");
    });
    b.registerPostAccumulateGradHook(() => {
      order.push("b");
    });
    const first = a.mul(2);
    const second = b.mul(3);
    first.gradFn?.registerHook(() => {
      order.push("first");
    });
    second.gradFn?.registerHook(() => {
      order.push("second");
    });
    first.add(second).sum().backward();
    expect(order).toEqual(["second", "b", "first", "a"]);
  });

  it("#38 a gradient that two edges share is not corrupted", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    const z = y.mul(3).add(y.mul(5)).add(y);
    z.sum().backward();
    expect(x.grad?.tolist()).toEqual([18]);
    const a = leaf([4]);
    const s = a.add(a);
    s.add(s).sum().backward();
    expect(a.grad?.tolist()).toEqual([4]);
  });

  it("#40 accumulation keeps the object, recorded accumulation does not", () => {
    const x = leaf([1, 2]);
    x.mul(2).sum().backward();
    const g = x.grad;
    x.mul(2).sum().backward();
    expect(x.grad).toBe(g);
    expect(g?.tolist()).toEqual([4, 4]);
    x.mul(x).sum().backward({ createGraph: true });
    expect(x.grad).not.toBe(g);
    expect(g?.tolist()).toEqual([4, 4]);
    expect(x.grad?.requiresGrad).toBe(true);
  });

  it("#41 the first gradient has the leaf's layout", () => {
    const x = zeros([3, 2]).t().contiguous().t().detach().requiresGrad_();
    x.mul(2).sum().backward();
    expect(x.grad?.stride()).toEqual(x.stride());
    const y = zeros([2, 3], { requiresGrad: true });
    y.t().sum().backward();
    expect(y.grad?.stride()).toEqual([3, 1]);
  });

  it("#43 a chain of 100,000 operations", () => {
    const { live } = memory();
    scope(() => {
      const x = leaf([1]);
      let y = x;
      for (let i = 0; i < 100_000; i++) y = y.add(1);
      y.sum().backward();
      expect(x.grad?.tolist()).toEqual([1]);
    });
    expect(memory().live).toBe(live);
  });

  it("#43 sixty doublings in linear time", () => {
    const x = leaf([1]);
    let y = x.mul(1);
    for (let i = 0; i < 60; i++) y = y.add(y);
    y.sum().backward();
    expect(x.grad?.item()).toBe(2 ** 60);
  });

  it("#44 backward inside backward", () => {
    const x = leaf([2]);
    const inner = leaf([3]);
    x.registerHook((g) => {
      enableGrad(() => inner.mul(inner).sum().backward());
      return g;
    });
    x.mul(x).sum().backward();
    expect(x.grad?.tolist()).toEqual([4]);
    expect(inner.grad?.tolist()).toEqual([6]);
  });

  it("#45 an exception goes on as it is and leaves the engine as it was", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    const boom = new RangeError("boom");
    const h = y.registerHook(() => {
      throw boom;
    });
    scope(() => expect(() => y.sum().backward({ retainGraph: true })).toThrow(boom));
    h.remove();
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([2]);
  });

  it("a failed backward and an exception in a hook leave no bytes", () => {
    const x = leaf([1, 2, 3]);
    const before = memory().live;
    scope(() => {
      const y = x.mul(x);
      y.registerHook(() => {
        throw new Error("hook");
      });
      expect(() => y.mul(2).sum().backward()).toThrow("hook");
    });
    scope(() => {
      const y = x.mul(x);
      const z = y.mul(y);
      y.add_(1);
      expect(() => z.sum().backward()).toThrow(GraphError);
    });
    expect(x.grad).toBe(null);
    expect(memory().live).toBe(before);
  });
});

describe("a gradient that is missing", () => {
  it("frees the nodes that it does not reach all the same", () => {
    class Blocked extends autograd.Function {
      static forward(_ctx: unknown, x: Tensor): Tensor {
        return x.mul(1);
      }
      static backward(): null {
        return null;
      }
    }
    const x = leaf([1, 2]);
    const y = x.exp();
    Blocked.apply(y).sum().backward();
    expect(x.grad).toBeNull();
    expect(() => y.sum().backward()).toThrow(/a second time/);
  });
});
