// Rows 50 to 58 and 142 to 158 of the autograd contract: modes, forward mode, the functional interface.

import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
  DTypeError,
  enableGrad,
  float64,
  GraphError,
  inferenceMode,
  int32,
  isGradEnabled,
  isInferenceModeEnabled,
  memory,
  noGrad,
  ones,
  ShapeError,
  scope,
  setGradEnabled,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const leaf = (data: number[]) => tensor(data, { requiresGrad: true });
const { forwardAd, functional } = autograd;

describe("grad modes", () => {
  it("#50 #51 #53 noGrad and enableGrad nest and are put back on a throw", () => {
    const x = leaf([1]);
    noGrad(() => {
      expect(isGradEnabled()).toBe(false);
      expect(x.mul(2).requiresGrad).toBe(false);
      expect(enableGrad(() => x.mul(2)).requiresGrad).toBe(true);
      expect(zeros([1], { requiresGrad: true }).requiresGrad).toBe(true);
    });
    expect(() =>
      noGrad(() => {
        throw new RangeError("inside");
      }),
    ).toThrow(RangeError);
    expect(isGradEnabled()).toBe(true);
    const block = noGrad();
    expect(isGradEnabled()).toBe(false);
    block.dispose();
    block.dispose();
    expect(isGradEnabled()).toBe(true);
  });

  it("#52 setGradEnabled as setter, as block", () => {
    const block = setGradEnabled(false);
    expect(isGradEnabled()).toBe(false);
    block.dispose();
    expect(setGradEnabled(false, () => isGradEnabled())).toBe(false);
    expect(isGradEnabled()).toBe(true);
  });

  it("#54 wrapped functions and generators", () => {
    const f = noGrad.wrap((a: number) => [a, isGradEnabled()]);
    expect(f(3)).toEqual([3, false]);
    const seen: boolean[] = [];
    const g = noGrad.wrap(function* () {
      seen.push(isGradEnabled());
      yield 1;
      seen.push(isGradEnabled());
    });
    for (const _ of g()) seen.push(isGradEnabled());
    expect(seen).toEqual([false, true, false]);
  });

  it("#55 async functions are refused", () => {
    expect(() => noGrad(async () => 1)).toThrow(ArgumentError);
    expect(() => scope(async () => 1)).toThrow(ArgumentError);
    expect(isGradEnabled()).toBe(true);
  });

  it("#56 #57 #58 inference mode", () => {
    const x = leaf([1, 2]);
    const t = inferenceMode(() => {
      expect(isInferenceModeEnabled()).toBe(true);
      return x.mul(2);
    });
    expect(t.isInference()).toBe(true);
    expect(t.requiresGrad).toBe(false);
    expect(() => t.version).toThrow(GraphError);
    expect(() => t.add_(1)).toThrow(/Inplace update to inference tensor/);
    expect(() => t.requiresGrad_()).toThrow(GraphError);
    expect(() => x.mul(t)).toThrow(/cannot be saved for backward/);
    expect(t.clone().isInference()).toBe(false);
    expect(inferenceMode(() => isInferenceModeEnabled(), { mode: false })).toBe(false);
  });

  it("#51 #56 nothing turns recording on inside inference mode but leaving it", () => {
    const x = leaf([1, 2]);
    inferenceMode(() => {
      expect(enableGrad(() => x.mul(2)).requiresGrad).toBe(false);
      expect(setGradEnabled(true, () => x.mul(2)).requiresGrad).toBe(false);
      expect(enableGrad.wrap(() => x.mul(2))().requiresGrad).toBe(false);
      expect(inferenceMode(() => x.mul(2).requiresGrad, { mode: false })).toBe(true);
    });
    expect(enableGrad(() => x.mul(2)).requiresGrad).toBe(true);
  });

  it("#58 views of normal tensors in inference mode are normal, and end with a write to the base", () => {
    const x = leaf([1, 2]).mul(1);
    const v = inferenceMode(() => x.view([2, 1]));
    expect([v.requiresGrad, v.isInference(), v.isLeaf]).toEqual([true, false, true]);
    expect(v.gradFn).toBe(null);
    expect(() => v.add_(1)).toThrow(/inference mode/);
    x.add_(1);
    expect(() => v.gradFn).toThrow(/inference mode and its base or another view/);
  });
});

describe("forward mode", () => {
  it("#142 #143 levels", () => {
    expect(() => forwardAd.exitDualLevel()).toThrow(GraphError);
    forwardAd.dualLevel(() => {
      expect(() => forwardAd.enterDualLevel()).toThrow(GraphError);
    });
    expect(() => forwardAd.makeDual(ones([1]), ones([1]))).toThrow(GraphError);
  });

  it("#144 #145 #147 dual tensors", () => {
    const x = tensor([1, 2]);
    const kept = forwardAd.dualLevel(() => {
      expect(() => forwardAd.makeDual(x, ones([3]))).toThrow(ShapeError);
      expect(() => forwardAd.makeDual(zeros([1], { dtype: int32 }), ones([1]))).toThrow(DTypeError);
      const d = forwardAd.makeDual(x, tensor([1, 0]));
      const y = d.mul(d).add(x);
      expect(forwardAd.unpackDual(y).tangent?.tolist()).toEqual([2, 0]);
      expect(forwardAd.unpackDual(y).primal.tolist()).toEqual([2, 6]);
      expect(forwardAd.unpackDual(y.detach()).tangent).toBe(null);
      expect(noGrad(() => forwardAd.unpackDual(d.mul(3)).tangent?.tolist())).toEqual([3, 0]);
      expect(forwardAd.unpackDual(d.select(0, 0)).tangent?.item()).toBe(1);
      expect(String(d)).toBe("tensor([1., 2.], tangent=tensor([1., 0.]))");
      return y;
    });
    expect(forwardAd.unpackDual(kept).tangent).toBe(null);
    forwardAd.dualLevel(() => expect(forwardAd.unpackDual(kept).tangent).toBe(null));
  });

  it("#147 in place", () => {
    forwardAd.dualLevel(() => {
      const base = zeros([3]);
      const d = forwardAd.makeDual(tensor([2]), tensor([5]));
      base.select(0, 1).add_(d.select(0, 0));
      expect(forwardAd.unpackDual(base).tangent?.tolist()).toEqual([0, 5, 0]);
      const y = d.mul(1);
      y.mul_(2).mul_(3);
      expect(forwardAd.unpackDual(y).tangent?.tolist()).toEqual([30]);
    });
  });

  it("#148 reverse over forward, forward over reverse", () => {
    const x = leaf([2, 3]);
    forwardAd.dualLevel(() => {
      const d = forwardAd.makeDual(x, tensor([1, 1]));
      const t = forwardAd.unpackDual(d.pow(3).sum()).tangent as Tensor;
      expect(autograd.grad(t, x)[0].tolist()).toEqual([12, 18]);
      const e = forwardAd.makeDual(x.detach().requiresGrad_(), tensor([1, 0]));
      const [g] = autograd.grad(e.pow(3).sum(), e, { createGraph: true });
      expect(forwardAd.unpackDual(g).tangent?.tolist()).toEqual([12, 0]);
    });
  });

  it("leaves no bytes", () => {
    const run = () =>
      forwardAd.dualLevel(() =>
        scope(() => {
          const d = forwardAd.makeDual(tensor([1, 2]), tensor([1, 0]));
          d.mul(d).tanh().sum().exp();
        }),
      );
    run();
    const { live } = memory();
    run();
    expect(memory().live).toBe(live);
  });
});

describe("functional", () => {
  const x = () => tensor([1, 2], { dtype: float64 });

  it("#151 #153 #154 jacobian", () => {
    const f = (a: Tensor) => a.pow(2);
    expect((functional.jacobian(f, x()) as Tensor).tolist()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    const two = functional.jacobian((a: Tensor, b: Tensor) => [a.mul(b), a.sum()], [x(), x()]) as Tensor[][];
    expect(two.map((row) => row.map((j) => j.shape))).toEqual([
      [
        [2, 2],
        [2, 2],
      ],
      [[2], [2]],
    ]);
    expect((functional.jacobian(f, x(), { strategy: "forward-mode", vectorize: true }) as Tensor).tolist()).toEqual([
      [2, 0],
      [0, 4],
    ]);
    expect(() => functional.jacobian(f, x(), { strategy: "forward-mode" })).toThrow(ArgumentError);
    expect(() => functional.jacobian(f, x(), { strategy: "bogus" as never })).toThrow(ArgumentError);
    expect(() => functional.jacobian(() => 3 as never, x())).toThrow(ArgumentError);
  });

  it("#152 strict", () => {
    const constant = (a: Tensor) => a.detach().mul(2);
    expect((functional.jacobian(constant, x()) as Tensor).tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(() => functional.jacobian(constant, x(), { strict: true })).toThrow(GraphError);
    expect(() => functional.jacobian((a: Tensor) => a.mul(2), x(), { strict: true, createGraph: true })).toThrow(
      GraphError,
    );
  });

  it("#155 hessian", () => {
    expect((functional.hessian((a: Tensor) => a.pow(3).sum(), x()) as Tensor).tolist()).toEqual([
      [6, 0],
      [0, 12],
    ]);
    expect(() => functional.hessian((a: Tensor) => a, x())).toThrow(GraphError);
  });

  it("#156 #157 #158 products", () => {
    const f = (a: Tensor) => a.pow(3);
    const v = tensor([1, 10], { dtype: float64 });
    expect((functional.vjp(f, x(), v)[1] as Tensor).tolist()).toEqual([3, 120]);
    expect((functional.jvp(f, x(), v)[1] as Tensor).tolist()).toEqual([3, 120]);
    const s = (a: Tensor) => a.pow(3).sum();
    expect((functional.vhp(s, x(), v)[1] as Tensor).tolist()).toEqual([6, 120]);
    expect((functional.hvp(s, x(), v)[1] as Tensor).tolist()).toEqual([6, 120]);
    expect(() => functional.vjp(f, x())).toThrow(GraphError);
    expect(() => functional.vjp(f, x(), ones([3], { dtype: float64 }))).toThrow(/should be \[2\] but got \[3\]/);
    expect(functional.vjp(s, x())[0]).toMatchObject({ requiresGrad: false });
    const w = x().requiresGrad_();
    expect((functional.vjp(s, w, null, { createGraph: true })[1] as Tensor).requiresGrad).toBe(true);
  });
});
