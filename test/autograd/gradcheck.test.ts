// Rows 159 to 168 of the autograd contract: what gradcheck finds, and how it tells it.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  autograd,
  float64,
  GradcheckError,
  GraphError,
  memory,
  rand,
  scope,
  type Tensor,
  tensor,
  varMean,
  WengertError,
} from "../../src/entries/node.js";

const { gradcheck, gradgradcheck } = autograd;
const doubles = (data: number[] | number[][]) => tensor(data, { dtype: float64, requiresGrad: true });
const x = () => doubles([0.5, 1.5, -1]);

/** x², with a derivative of the caller's. */
function squareWith(derivative: (a: Tensor, g: Tensor) => Tensor | null) {
  return class Square extends autograd.Function {
    static forward(ctx: autograd.FunctionCtx, a: Tensor) {
      ctx.saveForBackward(a);
      return a.mul(a);
    }
    static backward(ctx: autograd.FunctionCtx, g: Tensor) {
      return derivative(ctx.savedTensors[0] as Tensor, g);
    }
  };
}
const right = squareWith((a, g) => g.mul(a).mul(2));
const wrong = squareWith((a, g) => g.mul(a).mul(3));

const warn = vi.spyOn(console, "warn");
beforeEach(() => {
  warn.mockImplementation(() => {});
});
afterEach(() => {
  warn.mockClear();
});

describe("gradcheck", () => {
  it("#159 is true for right derivatives, and throws for wrong ones, naming output, input and entries", () => {
    expect(gradcheck((a) => right.apply(a), x())).toBe(true);
    expect(gradcheck((a, b) => [a.mul(b), a.exp()], [x(), x()])).toBe(true);
    const fails = () => gradcheck((a, b) => [b.sin(), wrong.apply(a)], [x(), x()]);
    expect(fails).toThrow(GradcheckError);
    expect(fails).toThrow(/Jacobian mismatch for output 1 with respect to input 0, 3 entries differ/);
    expect(fails).toThrow(/d out\[0\] \/ d in\[0\]: numerical (1\.000\d*|0\.9999\d*), analytical 1\.5/);
    expect(fails).toThrow(/numerical: \[\[[\s\S]*analytical: \[\[1\.5,0,0\],\[0,4\.5,0\],\[0,0,-3\]\]/);
    expect(gradcheck((a) => wrong.apply(a), x(), { raiseException: false })).toBe(false);
    expect(gradcheck((a) => wrong.apply(a), x(), { atol: 10 })).toBe(true);
    expect(gradcheck((a) => wrong.apply(a), x(), { rtol: 10 })).toBe(true);
    expect(() =>
      gradcheck(
        () => {
          throw new RangeError("mine");
        },
        x(),
        { raiseException: false },
      ),
    ).toThrow(RangeError);
    expect(() => gradcheck((a) => a, x(), { epsilon: 1 } as never)).toThrow(ArgumentError);
  });

  it("#160 wants an input that requires grad; warns for float32; refuses overlapping inputs", () => {
    expect(() => gradcheck((a) => a, tensor([1]))).toThrow(/at least one input tensor to require gradient/);
    expect(() => gradcheck((a) => a, tensor([1]), { raiseException: false })).toThrow(ArgumentError);
    gradcheck((a) => a.mul(2), tensor([1], { requiresGrad: true }), { eps: 1e-2, atol: 1e-2 });
    expect(warn.mock.calls.flat().join()).toContain("not a double precision");
    const wide = doubles([[1], [2]]).expand([2, 3]);
    expect(() => gradcheck((a) => a.mul(2), wide)).toThrow(/stride 0/);
  });

  it("#161 finds backward passes that ignore the gradient, differ, or do not bear missing gradients", () => {
    const ignoring = squareWith((a) => a.mul(2));
    expect(() => gradcheck((a) => ignoring.apply(a).sum(), x())).toThrow(/not multiplied by grad_output/);
    let calls = 0;
    const drifting = squareWith((a, g) => g.mul(a).mul(2 + 1e-9 * calls++));
    expect(() => gradcheck((a) => drifting.apply(a), x())).toThrow(/not reentrant/);
    expect(gradcheck((a) => drifting.apply(a), x(), { nondetTol: 1e-6 })).toBe(true);
    class Touchy extends autograd.Function {
      static forward(ctx: autograd.FunctionCtx, a: Tensor) {
        ctx.setMaterializeGrads(false);
        return [a.mul(2), a.mul(3)];
      }
      static backward(_ctx: autograd.FunctionCtx, g: Tensor | null, h: Tensor | null) {
        if (g === null) return (h as Tensor).mul(3);
        return h === null ? g.mul(2) : g.mul(2).add(h.mul(3));
      }
    }
    expect(() => gradcheck((a) => Touchy.apply(a), x())).toThrow(/handle undefined output grads/);
    expect(gradcheck((a) => Touchy.apply(a), x(), { checkUndefinedGrad: false })).toBe(true);
    expect(gradcheck((a) => [varMean(a)[0], varMean(a)[1]], x())).toBe(true);
  });

  it("#161 outputs must keep their shape, and what is not differentiable must not depend on inputs", () => {
    const jumps = (a: Tensor) => (Number(a.sum().item()) > 1 ? a.mul(2) : a.narrow(0, 0, 1));
    expect(() => gradcheck(jumps, x())).toThrow(/keep their shapes/);
    expect(() => gradcheck((a) => a.detach().mul(2), x())).toThrow(GradcheckError);
    expect(gradcheck((a) => [a.mul(2), a.gt(0)], x())).toBe(true);
  });

  it("#162 checkGradDtypes", () => {
    expect(gradcheck((a) => a.mul(2), x(), { checkGradDtypes: true, checkForwardAd: true })).toBe(true);
    const f = tensor([1, 2], { requiresGrad: true });
    expect(gradcheck((a) => a.to(float64).mul(2), f, { checkGradDtypes: true, eps: 0.01, atol: 0.01 })).toBe(true);
  });

  it("#164 modes are chosen; forward mode has a message of its own", () => {
    class Bent extends right {
      static jvp(ctx: autograd.FunctionCtx, t: Tensor) {
        return t.mul(ctx.savedTensors[0] as Tensor).mul(5);
      }
    }
    expect(gradcheck((a) => Bent.apply(a), x())).toBe(true);
    const forward = () => gradcheck((a) => Bent.apply(a), x(), { checkForwardAd: true });
    expect(forward).toThrow(/computed with forward mode mismatch/);
    expect(gradcheck((a) => wrong.apply(a).detach(), x(), { checkBackwardAd: true, raiseException: false })).toBe(
      false,
    );
    const only = (a: Tensor) => {
      expect(a.requiresGrad).toBe(false);
      return a.sin();
    };
    expect(gradcheck(only, x(), { checkForwardAd: true, checkBackwardAd: false })).toBe(true);
    expect(() => gradcheck((a) => a, x(), { checkBackwardAd: false })).toThrow(/at least one of/);
  });

  it("#165 fastMode checks one projection, and tells all entries when it fails", () => {
    const options = { fastMode: true, checkForwardAd: true };
    const big = rand([12, 7], { dtype: float64, requiresGrad: true });
    expect(gradcheck((a) => [a.sin().mul(a), a.sum({ dim: 0 }).exp()], big, options)).toBe(true);
    expect(() => gradcheck((a) => wrong.apply(a), x(), { fastMode: true })).toThrow(/3 entries differ/);
    expect(gradcheck((a) => wrong.apply(a), x(), { fastMode: true, raiseException: false })).toBe(false);
    expect(gradgradcheck((a) => a.pow(3), x(), { fastMode: true })).toBe(true);
    const ignoring = squareWith((a) => a.mul(2));
    expect(() => gradcheck((a) => ignoring.apply(a).sum(), x(), { fastMode: true })).toThrow(GradcheckError);
  });

  it("#167 GradcheckError", () => {
    const error = new GradcheckError("text");
    expect([error instanceof GraphError, error instanceof WengertError, error.name]).toEqual([
      true,
      true,
      "GradcheckError",
    ]);
    expect(autograd.GradcheckError).toBe(GradcheckError);
  });

  it("#168 numericalJacobian", () => {
    const [jacobian] = autograd.testing.numericalJacobian((a) => a.pow(2), [x()], 0, 1e-6);
    expect(jacobian?.[1]?.[1]).toBeCloseTo(3, 6);
    expect(jacobian?.[1]?.[0]).toBe(0);
  });

  it("leaves no bytes, also when it throws", () => {
    scope(() => gradcheck((a) => a.sin(), x(), { fastMode: true, checkForwardAd: true }));
    const { live } = memory();
    scope(() => {
      const a = x();
      gradcheck((b) => b.sin(), a, { checkForwardAd: true });
      gradgradcheck((b) => b.sin(), a);
      expect(() => gradcheck((b) => wrong.apply(b), a)).toThrow();
    });
    expect(memory().live).toBe(live);
  });
});

describe("gradgradcheck", () => {
  it("#166 checks second derivatives, in both modes, with gradients of outputs given or drawn", () => {
    const a = doubles([
      [0.5, 1],
      [2, 3],
    ]);
    expect(gradgradcheck((b) => b.pow(3), a)).toBe(true);
    expect(
      gradgradcheck(
        (b) => b.pow(3),
        a,
        doubles([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe(true);
    expect(gradgradcheck((b) => b.pow(3), a, { genNonContigGradOutputs: true, checkFwdOverRev: true })).toBe(true);
    expect(gradgradcheck((b) => b.exp(), a, { checkFwdOverRev: true, checkRevOverRev: false })).toBe(true);
    class Half extends autograd.Function {
      static forward(ctx: autograd.FunctionCtx, b: Tensor) {
        ctx.saveForBackward(b);
        return b.pow(2);
      }
      static backward(ctx: autograd.FunctionCtx, g: Tensor) {
        return g.mul((ctx.savedTensors[0] as Tensor).detach()).mul(2);
      }
    }
    expect(gradcheck((b) => Half.apply(b), a)).toBe(true);
    expect(() => gradgradcheck((b) => Half.apply(b), a)).toThrow(GradcheckError);
    expect(gradgradcheck((b) => Half.apply(b), a, { raiseException: false })).toBe(false);
    expect(() => gradgradcheck((b) => b, a, { checkRevOverRev: false })).toThrow(ArgumentError);
  });
});
