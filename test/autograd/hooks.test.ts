// Rows 82 to 110 of the autograd contract: hooks, nodes, saved values.

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
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

const { graph } = autograd;
const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

describe("tensor hooks", () => {
  it("#82 #83 see and replace the gradient, in order", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const seen: unknown[] = [];
    y.registerHook((g) => {
      seen.push(g?.tolist());
      return g?.mul(10);
    });
    y.registerHook((g) => {
      seen.push(g?.tolist());
    });
    y.sum().backward();
    expect(seen).toEqual([
      [1, 1],
      [10, 10],
    ]);
    expect(x.grad?.tolist()).toEqual([20, 20]);
    expect(() => tensor([1]).registerHook(() => {})).toThrow(GraphError);
    expect(() => x.registerHook(3 as never)).toThrow(ArgumentError);
  });

  it("#82 the result must keep shape and class", () => {
    const y = leaf([1, 2]).mul(2);
    const h = y.registerHook(() => ones([3]));
    expect(() => y.sum().backward({ retainGraph: true })).toThrow(ShapeError);
    h.remove();
    y.registerHook(() => 5 as never);
    expect(() => y.sum().backward()).toThrow(GraphError);
  });

  it("#84 removal is idempotent", () => {
    const x = leaf([1]);
    let count = 0;
    const h = x.registerHook(() => {
      count++;
    });
    x.mul(2).sum().backward();
    h.remove();
    h.remove();
    x.mul(2).sum().backward();
    expect(count).toBe(1);
  });

  it("#85 leaf hooks fire once, and for grad()", () => {
    const x = leaf([1]);
    const seen: unknown[] = [];
    x.registerHook((g) => {
      seen.push(g?.item());
      return g?.mul(2);
    });
    x.mul(2).add(x.mul(3)).sum().backward();
    expect(seen).toEqual([5]);
    expect(x.grad?.item()).toBe(10);
    expect(autograd.grad(x.mul(4).sum(), x)[0].item()).toBe(8);
  });

  it("#86 a hook belongs to the version it was put on", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    const old: unknown[] = [];
    const fresh: unknown[] = [];
    y.registerHook((g) => {
      old.push(g?.item());
    });
    y.mul_(3);
    y.registerHook((g) => {
      fresh.push(g?.item());
    });
    y.sum().backward();
    expect(old).toEqual([3]);
    expect(fresh).toEqual([1]);
  });

  it("#88 hook bodies are recorded under createGraph", () => {
    const x = leaf([2]);
    const y = x.mul(x);
    y.registerHook((g) => g?.mul(x));
    const [g] = autograd.grad(y.sum(), x, { createGraph: true });
    expect(g.item()).toBe(8);
    expect(autograd.grad(g.sum(), x)[0].item()).toBe(8);
  });

  it("#90 #91 #92 order around accumulation", () => {
    const x = leaf([1]);
    const order: string[] = [];
    x.registerPostAccumulateGradHook((p) => {
      order.push(`post ${p.grad?.item()}`);
      p.grad = null;
    });
    const node = x.mul(1).gradFn?.nextFunctions[0]?.[0];
    node?.registerHook(() => {
      order.push("node post");
    });
    node?.registerPrehook(() => {
      order.push("node pre");
    });
    x.registerHook(() => {
      order.push("tensor");
    });
    x.mul(2).sum().backward();
    expect(order).toEqual(["tensor", "node pre", "post 2", "node post"]);
    expect(x.grad).toBe(null);
    expect(() => x.mul(2).registerPostAccumulateGradHook(() => {})).toThrow(/non-leaf/);
  });

  it("a gradient that a hook kept stays alive, the rest goes", () => {
    const x = leaf([1, 2]);
    let kept: Tensor | null = null;
    x.mul(2).sum().backward();
    x.grad = null;
    const before = memory().live;
    scope(() => {
      const y = x.mul(2);
      y.registerHook((g) => {
        kept = g;
      });
      y.sum().backward();
      expect((kept as unknown as Tensor).tolist()).toEqual([1, 1]);
    });
    x.grad = null;
    expect((kept as unknown as Tensor).isDisposed).toBe(true);
    expect(memory().live).toBe(before);
  });
});

describe("nodes", () => {
  it("#94 #95 #100 names, edges, accumulators", () => {
    const x = leaf([1]);
    const y = x.mul(tensor([2])).add(1);
    const add = y.gradFn;
    expect(add?.name()).toBe("AddBackward0");
    expect(add?.nextFunctions.length).toBe(2);
    expect(add?.nextFunctions[1]).toEqual([null, 0]);
    const mul = add?.nextFunctions[0]?.[0];
    expect(mul?.name()).toBe("MulBackward0");
    const accumulator = mul?.nextFunctions[0]?.[0];
    expect(accumulator?.name()).toBe("torch::autograd::AccumulateGrad");
    expect(accumulator?.variable).toBe(x);
    expect(x.exp().gradFn?.nextFunctions[0]?.[0]).toBe(accumulator);
    expect(mul?.nextFunctions[1]?.[0]).toBe(null);
  });

  it("#96 metadata", () => {
    const node = leaf([1]).mul(2).gradFn;
    if (node) node.metadata.note = "mine";
    expect(node?.metadata).toEqual({ note: "mine" });
  });

  it("#97 #98 node hooks replace gradients", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    y.gradFn?.registerPrehook(([g]) => [g?.mul(3) ?? null]);
    y.gradFn?.registerHook(([gi], [go]) => {
      expect(go?.item()).toBe(3);
      return [gi?.add(1) ?? null, null];
    });
    y.sum().backward();
    expect(x.grad?.item()).toBe(7);
  });

  it("#99 calling a node", () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    expect(y.gradFn?.call(ones([2]))[0]?.tolist()).toEqual([3, 3]);
    expect(() => y.gradFn?.call()).toThrow(ArgumentError);
  });

  it("#104 gradient edges", () => {
    const x = leaf([1]);
    const y = x.mul(2);
    const edge = graph.getGradientEdge(y);
    const z = y.mul(5).sum();
    expect(autograd.grad(z, edge, { retainGraph: true })[0].item()).toBe(5);
    expect(graph.getGradientEdge(x).node.variable).toBe(x);
    expect(() => graph.getGradientEdge(tensor([1]))).toThrow(GraphError);
  });

  it("#105 saved tensors go through pack and unpack", () => {
    const x = leaf([2, 3]);
    const packed: unknown[] = [];
    const y = graph.savedTensorsHooks(
      (t) => {
        packed.push(t.tolist());
        return t.tolist() as number[];
      },
      (v: number[]) => tensor(v),
      () => x.mul(x),
    );
    y.sum().backward();
    expect(packed).toEqual([
      [2, 3],
      [2, 3],
    ]);
    expect(x.grad?.tolist()).toEqual([4, 6]);
    expect(() =>
      graph.savedTensorsHooks(
        (t) => t.add_(1),
        (t: Tensor) => t,
        () => zeros([1]).add(x).exp(),
      ),
    ).toThrow(GraphError);
    const bad = graph.savedTensorsHooks(
      () => 1,
      () => 5 as never,
      () => x.exp(),
    );
    expect(() => bad.sum().backward()).toThrow(ArgumentError);
  });

  it("#106 saveOutside keeps saved values in JavaScript's memory", () => {
    const x = leaf([2, 3]);
    const y = graph.saveOutside(() => x.mul(x));
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([4, 6]);
  });

  it("#107 disableSavedTensorsHooks", () => {
    const use = () =>
      graph.savedTensorsHooks(
        (t) => t,
        (t: Tensor) => t,
        () => 1,
      );
    expect(() => graph.disableSavedTensorsHooks("not here", use)).toThrow("not here");
    expect(() =>
      graph.savedTensorsHooks(
        (t) => t,
        (t: Tensor) => t,
        () => graph.disableSavedTensorsHooks("active", () => 1),
      ),
    ).toThrow("active");
    expect(use()).toBe(1);
  });

  it("#108 registerMultiGradHook", () => {
    const a = leaf([1]);
    const b = leaf([2]);
    const c = leaf([3]);
    const all: unknown[] = [];
    const any: unknown[] = [];
    const h = graph.registerMultiGradHook([a, b, c], (gs: (Tensor | null)[]) => {
      all.push(gs.map((g) => g?.item() ?? null));
    });
    graph.registerMultiGradHook([a, b], (g: Tensor) => any.push(g.item()) as never, { mode: "any" });
    a.mul(b).sum().backward();
    expect(all).toEqual([[2, 1, null]]);
    expect(any.length).toBe(1);
    h.remove();
    a.mul(b).sum().backward();
    expect(all.length).toBe(1);
    expect(() => graph.registerMultiGradHook([a], () => {}, { mode: "some" as never })).toThrow(ArgumentError);
  });

  it("#109 allowMutationOnSavedTensors", () => {
    const x = leaf([2]);
    graph.allowMutationOnSavedTensors(() => {
      const y = x.mul(1);
      const z = y.mul(y);
      y.add_(5);
      z.sum().backward();
      expect(() => graph.allowMutationOnSavedTensors(() => {})).toThrow(GraphError);
    });
    expect(x.grad?.item()).toBe(4);
    const out = graph.allowMutationOnSavedTensors(() => x.mul(x).sum());
    expect(() => out.backward()).toThrow(/outside/);
  });

  it("#69 incrementVersion", () => {
    const x = leaf([1]);
    const y = x.mul(1);
    const z = y.exp().mul(y);
    graph.incrementVersion(y);
    expect(() => z.sum().backward()).toThrow(GraphError);
  });

  it("drawings name operations, shapes, leaves and saved bytes", () => {
    const x = leaf([1, 2]);
    const loss = x.mul(x).sum();
    for (const text of [graph.toDot(loss), graph.toMermaid(loss), graph.summary(loss)]) {
      expect(text).toContain("MulBackward0");
      expect(text).toContain("leaf");
      expect(text).toContain("[2] float32");
    }
    expect(graph.summary(loss)).toContain("2 operations, 1 leaves, 16 bytes saved");
    expect(() => graph.toDot(noGrad(() => x.mul(1)))).toThrow(GraphError);
  });
});
