// Rows 101 to 111 of the autograd contract and what goes with them: what nodes tell and save, and how they print.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
  GraphError,
  memory,
  scope,
  type Tensor,
  tensor,
  utils,
  zeros,
} from "../../src/entries/node.js";

const { graph } = autograd;
const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

describe("printing", () => {
  it("#94 nodes print as in tensors, and show no insides", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    expect(inspect(y.gradFn)).toBe("<MulBackward0>");
    expect(inspect({ node: y.gradFn?.nextFunctions[0]?.[0] })).toBe("{ node: <AccumulateGrad> }");
    expect(`${y.gradFn}`).toBe("<MulBackward0>");
    expect(JSON.stringify({ node: y.gradFn })).toBe('{"node":"<MulBackward0>"}');
    class Twice extends autograd.Function {
      static forward(_ctx: autograd.FunctionCtx, a: Tensor) {
        return a.mul(2);
      }
    }
    expect(inspect(Twice.apply(x).gradFn)).toBe("<TwiceBackward>");
  });

  it("#215 JSON is the nested values; one element is a number where a number is meant", () => {
    const x = tensor([[1, 2.5]]);
    expect(JSON.stringify({ x, flag: tensor(true) })).toBe('{"x":[[1,2.5]],"flag":true}');
    const t = tensor(3, { requiresGrad: true });
    expect(Number(t)).toBe(3);
    expect([+tensor([3]), (t as never as number) * 2, (t as never as number) > 2]).toEqual([3, 6, true]);
    expect((t as never as number) + 1).toBe(4);
    expect(`${t}`).toBe("tensor(3., requires_grad=True)");
    expect(`${x as never as string}`).toBe("tensor([[1.0000, 2.5000]])");
    const big = tensor([2 ** 40], { dtype: "int64" }).mul(2 ** 20);
    expect([JSON.stringify(big), Number(big)]).toEqual(['["1152921504606846976"]', 2 ** 60]);
    expect(() => Number(x)).toThrow(/2 elements cannot be converted to Scalar/);
  });
});

describe("saved values", () => {
  it("#101 can be read until they are freed", () => {
    const x = leaf([2, 3]);
    const other = leaf([4, 5]);
    const y = x.mul(other);
    expect(y.gradFn?.savedSelf).toBe(x);
    expect(y.gradFn?.savedOther).toBe(other);
    const e = x.exp();
    const result = e.gradFn?.savedResult as Tensor;
    expect(result.tolist()).toEqual(e.tolist());
    expect(result.gradFn).toBe(e.gradFn);
    expect(x.pow(3).gradFn?.savedValue("b")).toBe(3);
    expect(x.mul(2).gradFn?.savedTensors.length).toBeGreaterThan(0);
    expect(x.add(1).gradFn?.savedTensors).toEqual([]);
    expect(() => y.gradFn?.savedValue("weight")).toThrow(ArgumentError);
    y.sum().backward();
    expect(() => y.gradFn?.savedSelf).toThrow(/after they have\s+already been freed/);
    expect(() => y.gradFn?.savedTensors).toThrow(GraphError);
  });

  it("#102 take hooks of their own, once", () => {
    const x = leaf([2, 3]);
    const y = x.mul(x.add(1));
    const packed: unknown[] = [];
    const raw = y.gradFn?.rawSaved("self");
    raw?.registerHooks(
      (t) => {
        packed.push(t.tolist());
        return t.tolist() as number[];
      },
      (list) => tensor(list).mul(10),
    );
    expect(packed).toEqual([[2, 3]]);
    expect(() =>
      raw?.registerHooks(
        (t) => t,
        (t) => t,
      ),
    ).toThrow(/already been set/);
    const none = x.mul(2).gradFn?.rawSaved("self");
    expect(() =>
      none?.registerHooks(
        (t) => t,
        (t) => t,
      ),
    ).toThrow(/null is forbidden/);
    const [byFirst, bySecond] = autograd.grad(y.sum(), [x, x]);
    // d(x·(x+1)) by the second factor now reads 10 x: (x + 1) + 10 x
    expect([byFirst.tolist(), bySecond.tolist()]).toEqual([
      [23, 34],
      [23, 34],
    ]);
    const z = x.mul(x);
    z.sum().backward();
    expect(() =>
      z.gradFn?.rawSaved("self").registerHooks(
        (t) => t,
        (t) => t,
      ),
    ).toThrow(/freed/);
    const bad = x.exp().gradFn?.rawSaved("result");
    expect(() =>
      bad?.registerHooks(
        (t) => t.add_(1),
        (t) => t,
      ),
    ).toThrow(/modifying its input in place/);
  });

  it("#105 the innermost pair counts; errors go on as they are; what unpack gives is not changed", () => {
    const x = leaf([2]);
    const seen: string[] = [];
    const pair = <T>(name: string, body: () => T) =>
      graph.savedTensorsHooks(
        (t: Tensor) => {
          seen.push(name);
          return t;
        },
        (t: Tensor) => t,
        body,
      );
    const y = pair("outer", () => pair("inner", () => x.exp()).mul(x));
    expect(seen).toEqual(["inner", "outer", "outer"]);
    y.backward();
    expect([x.isLeaf, x.gradFn]).toEqual([true, null]);
    expect(x.grad?.item()).toBeCloseTo(3 * Math.exp(2), 4);
    class Own extends Error {}
    const throwing = () => {
      throw new Own();
    };
    expect(() =>
      graph.savedTensorsHooks(
        throwing,
        (t) => t,
        () => x.exp(),
      ),
    ).toThrow(Own);
    const late = graph.savedTensorsHooks(
      (t: Tensor) => t,
      throwing,
      () => x.exp(),
    );
    expect(() => late.backward()).toThrow(Own);
    expect(
      graph.savedTensorsHooks(
        (t) => t,
        (t: Tensor) => t,
        () => x.mul(2),
      ).gradFn?.savedOther,
    ).toBe(2);
  });

  it("#105 #106 what hooks took is not held", () => {
    const { live } = memory();
    scope(() => {
      const x = scope(() => zeros([256], { requiresGrad: true }));
      const before = memory().live;
      const y = graph.saveOffHeap(() => scope(() => x.exp().sin().exp().sum()));
      expect(memory().live - before).toBe(4);
      y.backward();
      expect(x.grad?.shape).toEqual([256]);
    });
    expect(memory().live).toBe(live);
  });

  it("#105 hooks keep the tangents: forward over reverse", () => {
    scope(() => {
      const x = leaf([2]);
      autograd.forwardAd.dualLevel(() => {
        const d = autograd.forwardAd.makeDual(x, tensor([1]));
        const y = graph.savedTensorsHooks(
          (t: Tensor) => t,
          (t: Tensor) => t,
          () => d.mul(d).mul(d),
        );
        const [g] = autograd.grad(y, x, { createGraph: true });
        expect(autograd.forwardAd.unpackDual(g).tangent?.item()).toBe(12);
      });
    });
  });

  it("#109 copies made for allowed writes go with the graph; views and second derivatives see old values", () => {
    const { live } = memory();
    scope(() => {
      const x = leaf([2, 3]);
      graph.allowMutationOnSavedTensors(() => {
        const y = x.mul(1);
        const z = y.mul(y);
        y.select(0, 0).mul_(100);
        const [g] = autograd.grad(z.sum(), x, { createGraph: true });
        expect(g.tolist()).toEqual([4, 6]);
        expect(autograd.grad(g.sum(), x)[0].tolist()).toEqual([2, 2]);
      });
    });
    expect(memory().live).toBe(live);
  });

  it("#110 nodeCreationHook hears of every node made inside", () => {
    const x = leaf([1]);
    const names: string[] = [];
    graph.nodeCreationHook(
      (node) => names.push(node.name()),
      () => {
        const y = x.mul(2).exp();
        graph.nodeCreationHook(
          (node) => names.push(`inner ${node.name()}`),
          () => y.sin(),
        );
      },
    );
    x.cos();
    expect(names).toEqual([
      "torch::autograd::AccumulateGrad",
      "MulBackward0",
      "ExpBackward0",
      "SinBackward0",
      "inner SinBackward0",
    ]);
    expect(() => graph.nodeCreationHook(3 as never)).toThrow(ArgumentError);
  });

  it("#103 #111 a node is one object; a dropped graph frees what it saved, without recursion", () => {
    const { live } = memory();
    scope(() => {
      const x = leaf([1, 2]);
      let y: Tensor = x;
      for (let i = 0; i < 5000; i++) y = y.mul(1.0001).sin();
      expect(y.gradFn).toBe(y.gradFn);
      expect(new Map([[y.gradFn, 1]]).get(y.gradFn)).toBe(1);
    });
    expect(memory().live).toBe(live);
    const x = leaf([1, 2]);
    const start = memory().live;
    const kept = scope(() => x.sin().exp().sum());
    expect(memory().live - start).toBe(4 + 8);
    kept.dispose();
    expect(memory().live).toBe(start);
  });
});

describe("gradient edges", () => {
  it("#104 outlive the tensor and writes in place, and mean the tensor as it was", () => {
    scope(() => {
      const x = leaf([2]);
      const y = x.mul(3);
      const edge = graph.getGradientEdge(y);
      y.mul_(5);
      const z = y.mul(1);
      expect(autograd.grad(z, edge, { retainGraph: true })[0].item()).toBe(5);
      y.dispose();
      z.backward({ inputs: [x], retainGraph: true });
      expect(x.grad?.item()).toBe(15);
      expect(autograd.grad(edge, x, { gradOutputs: tensor([1]) })[0].item()).toBe(3);
      const several = graph.getGradientEdge(leaf([1, 2]).exp());
      expect(() => autograd.backward(several)).toThrow(/implicitly created/);
    });
  });
});

describe("deep copies", () => {
  it("#21 copy leaves with their grad, keep what is shared, and refuse tensors with history", () => {
    class Model {
      w = leaf([1, 2]);
      list = [this.w, new Map([["k", tensor([3])]]), new Set([1])];
      get first() {
        return this.w;
      }
    }
    const model = new Model();
    model.w.mul(2).sum().backward();
    const copy = utils.deepcopy(model);
    expect(copy).toBeInstanceOf(Model);
    expect(copy.w).not.toBe(model.w);
    expect(copy.list[0]).toBe(copy.w);
    expect([copy.w.requiresGrad, copy.w.grad?.tolist()]).toEqual([true, [2, 2]]);
    model.w.data.mul_(5);
    expect(copy.first.tolist()).toEqual([1, 2]);
    expect((copy.list[1] as Map<string, Tensor>).get("k")?.item()).toBe(3);
    expect(() => utils.deepcopy({ y: model.w.mul(2) })).toThrow(/graph leaves/);
  });
});
