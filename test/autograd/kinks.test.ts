// Rows 218 to 234 of the autograd contract: gradients where functions are not differentiable, as PyTorch chooses them.

import { describe, expect, it } from "vitest";
import * as wg from "../../src/entries/node.js";

const { F, tensor } = wg;
type Tensor = wg.Tensor;

/** The gradient of a function's sum. */
function gradientOf(f: (x: Tensor) => Tensor, data: number[] | number[][] | number): unknown {
  const x = tensor(data, { dtype: "float64", requiresGrad: true });
  f(x).sum().backward();
  return (x.grad as Tensor | null)?.tolist();
}
const second = (f: (a: Tensor, b: Tensor) => Tensor, a: number[], b: number[]): unknown => {
  const x = tensor(a, { dtype: "float64", requiresGrad: true });
  const y = tensor(b, { dtype: "float64", requiresGrad: true });
  f(x, y).sum().backward();
  return [x.grad?.tolist(), y.grad?.tolist()];
};
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe("kinks", () => {
  it("#218 abs, relu, relu6, l1 give 0", () => {
    expect(gradientOf((x) => x.abs(), [0, 2, -2])).toEqual([0, 1, -1]);
    expect(gradientOf(F.relu, [0, 1])).toEqual([0, 1]);
    expect(gradientOf(F.relu6, [0, 3, 6])).toEqual([0, 1, 0]);
    expect(gradientOf((x) => F.l1Loss(x, x.detach(), { reduction: "sum" }), [1, 2])).toEqual([0, 0]);
  });

  it("#219 slopes of leakyRelu, prelu, elu, selu at 0", () => {
    expect(gradientOf((x) => F.leakyRelu(x, 0.1), [0])).toEqual([0.1]);
    expect(gradientOf((x) => F.prelu(x, tensor([0.25], { dtype: "float64" })), [0])).toEqual([0.25]);
    expect(gradientOf((x) => F.elu(x), [0])).toEqual([1]);
    expect((gradientOf(F.selu, [0]) as number[])[0]).toBeCloseTo(1.7581, 4);
  });

  it("#220 clamp gives 1 at its bounds, hardtanh 0", () => {
    expect(gradientOf((x) => x.clamp(-1, 1), [-1, 0, 1, 2])).toEqual([1, 1, 1, 0]);
    expect(gradientOf((x) => F.hardtanh(x), [-1, 0, 1])).toEqual([0, 1, 0]);
  });

  it("#221 sqrt, log, pow at 0", () => {
    expect(gradientOf((x) => x.sqrt(), [0])).toEqual([inf]);
    expect(gradientOf((x) => x.log(), [0])).toEqual([inf]);
    const powers = (p: number) => (gradientOf((x) => x.pow(p), [0]) as number[])[0];
    expect([0, 2, 1, 0.5, -1].map(powers)).toEqual([0, 0, 1, inf, -inf]);
    const [, byExponent] = second((a, b) => a.pow(b), [0, 0, 0], [1, 0, -1]) as number[][];
    expect(byExponent).toEqual([0, 0, -inf]);
    expect(gradientOf((x) => x.pow(0), [0, 3])).toEqual([0, 0]);
  });

  it("#222 norms at the zero vector give 0; the largest entries share", () => {
    for (const p of [1, 2, 3, inf]) expect(gradientOf((x) => x.norm(p), [0, 0])).toEqual([0, 0]);
    expect(gradientOf((x) => x.norm(inf), [3, -3, 1])).toEqual([0.5, -0.5, 0]);
  });

  it("#223 full max, min, amax, amin, median share ties", () => {
    expect(gradientOf((x) => x.max(), [2, 2, 1])).toEqual([0.5, 0.5, 0]);
    expect(gradientOf((x) => x.min(), [1, 1, 2])).toEqual([0.5, 0.5, 0]);
    expect(gradientOf((x) => x.amax({ dim: 0 }), [2, 2, 1])).toEqual([0.5, 0.5, 0]);
    expect(gradientOf((x) => x.amin({ dim: 0 }), [1, 1, 2])).toEqual([0.5, 0.5, 0]);
    expect(gradientOf((x) => x.median(), [1, 2, 2, 2])).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
    expect(gradientOf((x) => x.max(), [nan, 1, nan])).toEqual([0.5, 0, 0.5]);
  });

  it("#224 along a dim all goes to the selected place, the first maximum", () => {
    expect(gradientOf((x) => x.max(0).values, [2, 2, 1])).toEqual([1, 0, 0]);
    expect(gradientOf((x) => x.min(0).values, [1, 1, 2])).toEqual([1, 0, 0]);
    expect((gradientOf((x) => x.median(0).values, [1, 2, 2]) as number[]).reduce((a, b) => a + b)).toBe(1);
    expect(gradientOf((x) => x.sort().values.narrow(0, 2, 1), [3, 1, 2])).toEqual([1, 0, 0]);
    expect(gradientOf((x) => x.topk(1).values, [1, 3, 2])).toEqual([0, 1, 0]);
    expect(gradientOf((x) => F.maxPool1d(x, 2), [[2, 2, 1, 4]])).toEqual([[1, 0, 0, 1]]);
  });

  it("#225 maximum and minimum halve ties", () => {
    expect(second(wg.maximum, [1, 2], [1, 3])).toEqual([
      [0.5, 0],
      [0.5, 1],
    ]);
    expect(second(wg.minimum, [1, 2], [1, 3])).toEqual([
      [0.5, 1],
      [0.5, 0],
    ]);
  });

  it("#226 fmax and fmin give ties to the first operand, NaN nothing", () => {
    expect(second(wg.fmax, [1, nan, 2], [1, 3, nan])).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ]);
    expect(second(wg.fmin, [1, nan, 2], [1, 3, nan])).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ]);
  });

  it("#227 floor, ceil, round, trunc, sign give defined zeros", () => {
    for (const f of [wg.floor, wg.ceil, wg.round, wg.trunc, wg.sign])
      expect(gradientOf((x) => f(x), [0.5, -2, 3])).toEqual([0, 0, 0]);
    expect(tensor([1], { requiresGrad: true }).gt(0).requiresGrad).toBe(false);
  });

  it("#228 std of a constant gives 0, normalize at 0 the gradient over eps", () => {
    expect(gradientOf((x) => x.std(), [2, 2, 2])).toEqual([0, 0, 0]);
    expect(gradientOf((x) => F.normalize(x, { dim: 0, eps: 0.5 }), [0, 0])).toEqual([2, 2]);
  });

  it("#229 where does not protect from NaN in what it does not select", () => {
    const f = (x: Tensor) => wg.where(x.gt(0), x, x.sqrt().mul(0));
    expect(gradientOf(f, [0])).toEqual([nan]);
    expect(gradientOf((x) => wg.where(x.gt(0), x.log(), x), [-1, 2])).toEqual([1, 0.5]);
  });

  it("#230 prod and cumprod with zeros are exact", () => {
    expect(gradientOf((x) => x.prod(), [2, 0, 3])).toEqual([0, 6, 0]);
    expect(gradientOf((x) => x.prod(), [0, 0, 3])).toEqual([0, 0, 0]);
    expect(gradientOf((x) => x.cumprod(0), [2, 0, 3])).toEqual([1, 2 + 2 * 3, 0]);
  });

  it("#231 stable losses stay finite for large arguments", () => {
    const large = [-1000, -50, 0, 50, 1000];
    const target = tensor([0, 1, 0, 1, 0], { dtype: "float64" });
    for (const f of [
      (x: Tensor) => F.binaryCrossEntropyWithLogits(x, target),
      (x: Tensor) => F.logSoftmax(x, 0),
      F.logsigmoid,
      F.softplus,
    ]) {
      const g = gradientOf((x) => f(x), large) as number[];
      expect(g.every(Number.isFinite)).toBe(true);
    }
  });

  it("#232 binary cross entropy at 0 and 1", () => {
    const target = tensor([1, 0], { dtype: "float64" });
    const x = tensor([0, 1], { dtype: "float64", requiresGrad: true });
    const loss = F.binaryCrossEntropy(x, target, { reduction: "sum" });
    expect(loss.item()).toBe(200);
    loss.backward();
    expect(x.grad?.tolist()).toEqual([-1e12, 1e12]);
  });

  it("#233 degenerate decompositions give NaN or say that they cannot", () => {
    const { linalg } = wg;
    const eye = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { dtype: "float64", requiresGrad: true },
    );
    linalg.eigh(eye).eigenvectors.abs().sum().backward();
    expect((eye.grad as Tensor | null)?.isnan().any().item()).toBe(true);
    const singular = tensor([
      [1, 1],
      [1, 1],
    ]);
    expect(() => linalg.inv(singular)).toThrow(wg.NumericalError);
    expect(() => linalg.solve(singular, wg.ones([2]))).toThrow(wg.NumericalError);
    expect(() => linalg.cholesky(tensor([[-1]]))).toThrow(wg.NumericalError);
  });

  it("#234 what has no derivative gives results that do not require grad", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    for (const y of [x.argmax(), x.gt(1), wg.isnan(x), x.sort().indices]) expect(y.requiresGrad).toBe(false);
  });
});
