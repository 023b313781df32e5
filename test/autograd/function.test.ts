// Rows 112 to 140 of the autograd contract: custom functions, derivatives of higher order, anomaly detection.

import { describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  autograd,
  float64,
  GraphError,
  memory,
  ones,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const { Function: Fn, FunctionCtx } = autograd;
type Ctx = InstanceType<typeof FunctionCtx>;
const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

class Cube extends Fn {
  static forward(ctx: Ctx, x: Tensor): Tensor {
    ctx.saveForBackward(x);
    return x.pow(3);
  }
  static backward(ctx: Ctx, g: Tensor): Tensor {
    const [x] = ctx.savedTensors as [Tensor];
    return g.mul(x.pow(2)).mul(3);
  }
}

describe("custom functions", () => {
  it("#112 #117 #118 #132 one node, saved tensors, second derivative", () => {
    const x = leaf([1, 2]);
    const y = Cube.apply(x) as Tensor;
    expect(y.gradFn?.name()).toBe("CubeBackward");
    expect(y.isLeaf).toBe(false);
    const [g] = autograd.grad(y.sum(), x, { createGraph: true });
    expect(g.tolist()).toEqual([3, 12]);
    expect(autograd.grad(g.sum(), x)[0].tolist()).toEqual([6, 12]);
    expect(() => new Cube()).toThrow(ArgumentError);
    const d = tensor([0.3, 0.7], { dtype: float64, requiresGrad: true });
    expect(autograd.gradcheck((a) => Cube.apply(a) as Tensor, d)).toBe(true);
  });

  it("#113 #114 arguments of any kind, one gradient each", () => {
    class Scale extends Fn {
      static forward(ctx: Ctx, x: Tensor, factor: number, name: string): [Tensor, string] {
        ctx.factor = factor;
        return [x.mul(factor), name];
      }
      static backward(ctx: Ctx, g: Tensor, none: null): (Tensor | null)[] {
        expect(none).toBe(null);
        return [g.mul(ctx.factor as number), null, null];
      }
    }
    const x = leaf([1, 2]);
    const [y, name] = Scale.apply(x, 5, "me") as [Tensor, string];
    expect(name).toBe("me");
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([5, 5]);
  });

  it("#114 #115 #116 what backward returns is checked", () => {
    const make = (back: (g: Tensor) => unknown) =>
      class Odd extends Fn {
        static forward(_: Ctx, x: Tensor, _k: number): Tensor {
          return x.mul(1);
        }
        static backward(_: Ctx, g: Tensor): unknown {
          return back(g);
        }
      };
    const run = (back: (g: Tensor) => unknown) => () => {
      const x = leaf([1, 2]);
      (make(back).apply(x, 2) as Tensor).sum().backward();
      return x.grad?.tolist();
    };
    expect(run((g) => g)).toThrow(/incorrect number of gradients/);
    expect(run((g) => [g, g])).toThrow(/not a tensor/);
    expect(run(() => [ones([3]), null])).toThrow(ShapeError);
    expect(run((g) => [g, null, null])()).toEqual([1, 1]);
    class Bare extends Fn {}
    expect(() => (Bare as never as typeof Cube).apply(leaf([1]))).toThrow(/implement the forward/);
    class NoBackward extends Fn {
      static forward(_: Ctx, x: Tensor): Tensor {
        return x.mul(1);
      }
    }
    const y = NoBackward.apply(leaf([1])) as Tensor;
    expect(() => y.sum().backward()).toThrow(/implement either the backward or vjp/);
  });

  it("#121 needsInputGrad", () => {
    const seen: unknown[] = [];
    class Two extends Fn {
      static forward(ctx: Ctx, a: Tensor, b: Tensor): Tensor {
        seen.push(ctx.needsInputGrad);
        return a.mul(b);
      }
      static backward(ctx: Ctx, g: Tensor): (Tensor | null)[] {
        seen.push(ctx.needsInputGrad);
        return [g, null];
      }
    }
    const a = leaf([1]);
    (Two.apply(a, tensor([2])) as Tensor).sum().backward();
    expect(seen).toEqual([
      [true, false],
      [true, false],
    ]);
  });

  it("#122 markDirty", () => {
    class Double extends Fn {
      static forward(ctx: Ctx, x: Tensor): Tensor {
        ctx.markDirty(x);
        return x.mul_(2);
      }
      static backward(_: Ctx, g: Tensor): Tensor {
        return g.mul(2);
      }
    }
    const x = leaf([3]);
    const y = x.mul(1);
    const z = Double.apply(y) as Tensor;
    expect(z).toBe(y);
    expect(y.gradFn?.name()).toBe("DoubleBackward");
    y.sum().backward();
    expect(x.grad?.item()).toBe(2);
    expect(() => Double.apply(leaf([1]))).toThrow(GraphError);
  });

  it("#123 #124 non-differentiable outputs, materialised gradients", () => {
    const got: unknown[] = [];
    const make = (materialize: boolean) =>
      class Split extends Fn {
        static forward(ctx: Ctx, x: Tensor): Tensor[] {
          ctx.setMaterializeGrads(materialize);
          const flag = x.gt(0);
          const b = x.mul(2);
          ctx.markNonDifferentiable(flag);
          return [x.mul(1), b, flag];
        }
        static backward(_: Ctx, ...g: (Tensor | null)[]): Tensor {
          got.push(g[1]?.tolist() ?? null);
          return g[0] as Tensor;
        }
      };
    for (const flag of [true, false]) {
      const x = leaf([1, 2]);
      const [a, , mask] = make(flag).apply(x) as [Tensor, Tensor, Tensor];
      expect(mask.requiresGrad).toBe(false);
      a.sum().backward();
    }
    expect(got).toEqual([[0, 0], null]);
  });

  it("#125 returning an input", () => {
    class Same extends Fn {
      static forward(_: Ctx, x: Tensor): Tensor {
        return x;
      }
      static backward(_: Ctx, g: Tensor): Tensor {
        return g.mul(7);
      }
    }
    const x = leaf([1]);
    const y = Same.apply(x) as Tensor;
    expect(y).not.toBe(x);
    y.add(x).sum().backward();
    expect(x.grad?.item()).toBe(8);
    expect(() => y.add_(1)).toThrow(GraphError);
  });

  it("#127 onceDifferentiable", () => {
    class Once extends Fn {
      static forward(ctx: Ctx, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.mul(x);
      }
      static backward = autograd.function.onceDifferentiable((ctx: Ctx, g: Tensor) =>
        g.mul((ctx.savedTensors[0] as Tensor).mul(2)),
      );
    }
    const x = leaf([3]);
    const y = Once.apply(x) as Tensor;
    const [g] = autograd.grad(y.mul(x).sum(), x, { createGraph: true });
    expect(g.item()).toBe(27);
    expect(() => autograd.grad(g.sum(), x)).toThrow(/onceDifferentiable/);
  });

  it("#128 #129 #130 setupContext, vjp, jvp", () => {
    class Sine extends Fn {
      static forward(x: Tensor): Tensor {
        return x.sin();
      }
      static setupContext(ctx: Ctx, [x]: readonly unknown[]): void {
        ctx.saveForBackward(x as Tensor);
        ctx.saveForForward(x as Tensor);
      }
      static vjp(ctx: Ctx, g: Tensor): Tensor {
        return g.mul((ctx.savedTensors[0] as Tensor).cos());
      }
      static jvp(ctx: Ctx, t: Tensor): Tensor {
        return t.mul((ctx.savedTensors[0] as Tensor).cos());
      }
    }
    const x = tensor([0.3, 1], { dtype: float64, requiresGrad: true });
    expect(autograd.gradcheck((a) => Sine.apply(a) as Tensor, x, { checkForwardAd: true })).toBe(true);
  });

  it("#124 #130 jvp gets zeros for tensors without a tangent, null where these are not wanted", () => {
    const seen: unknown[] = [];
    const plain = (materialize: boolean) => {
      class Product extends Fn {
        static forward(ctx: Ctx, a: Tensor, b: Tensor, _k: number): Tensor {
          ctx.setMaterializeGrads(materialize);
          return a.mul(b);
        }
        static jvp(_ctx: Ctx, a: Tensor, b: Tensor | null, k: null): Tensor {
          seen.push(b === null ? null : b.tolist(), k);
          return a;
        }
      }
      autograd.forwardAd.dualLevel(() =>
        Product.apply(autograd.forwardAd.makeDual(tensor([1]), tensor([1])), tensor([2]), 3),
      );
    };
    plain(true);
    plain(false);
    expect(seen).toEqual([[0], null, null, null]);
  });

  it("saved tensors are freed and checked", () => {
    const x = leaf([1, 2]);
    const y = Cube.apply(x) as Tensor;
    y.sum().backward();
    expect(() => y.sum().backward()).toThrow(/second time/);
    const a = x.mul(1);
    const z = Cube.apply(a) as Tensor;
    a.add_(1);
    expect(() => z.sum().backward()).toThrow(/inplace operation/);
  });

  it("leaves no bytes, twenty thousand of them in a chain", () => {
    scope(() => (Cube.apply(leaf([1])) as Tensor).sum().backward());
    const { live } = memory();
    scope(() => {
      const x = leaf([1]);
      let y: Tensor = x;
      for (let i = 0; i < 20_000; i++) y = Cube.apply(y) as Tensor;
      y.sum().backward();
      expect(x.grad?.item()).toBe(Number.POSITIVE_INFINITY);
    });
    expect(memory().live).toBe(live);
  });
});

describe("higher order and anomalies", () => {
  it("#137 x⁵ three times gives 60x²", () => {
    const x = leaf([2]);
    let y = x.pow(5).sum();
    for (let i = 0; i < 3; i++) y = autograd.grad(y, x, { createGraph: true })[0].sum();
    expect(y.item()).toBe(240);
  });

  it("#138 gradients by gradOutputs", () => {
    const x = leaf([1, 2]);
    const u = zeros([2], { requiresGrad: true });
    const [g] = autograd.grad(x.mul(x), x, { gradOutputs: u, createGraph: true });
    expect(autograd.grad(g, u, { gradOutputs: tensor([1, 1]) })[0].tolist()).toEqual([2, 4]);
  });

  it("#139 a second loss through .grad", () => {
    const x = leaf([3]);
    x.pow(3).sum().backward({ createGraph: true });
    const g = x.grad as Tensor;
    x.grad = null;
    g.mul(g).sum().backward();
    expect((x.grad as Tensor | null)?.item()).toBe(2 * 27 * 18);
  });

  it("#169 #170 #171 #173 NaN and errors name the forward call", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const x = leaf([0]);
    const y = autograd.detectAnomaly(() => x.sqrt().mul(0).sum());
    autograd.detectAnomaly(() => {
      expect(() => y.backward()).toThrow(/Function 'SqrtBackward0' returned nan values in its 0th output/);
      try {
        x.sqrt().mul(0).sum().backward();
      } catch (error) {
        expect((error as { forwardStack: string }).forwardStack).toContain("function.test.ts");
      }
      expect(autograd.isAnomalyEnabled()).toBe(true);
    });
    expect(autograd.isAnomalyEnabled()).toBe(false);
    const block = autograd.setDetectAnomaly(true, { checkNan: false });
    expect(autograd.isAnomalyCheckNanEnabled()).toBe(false);
    x.sqrt().mul(0).sum().backward();
    block.dispose();
    expect(autograd.isAnomalyEnabled()).toBe(false);
    warn.mockRestore();
  });
});
