// Reductions: values, dtypes, gradients and refusals as in PyTorch; and what recorded cases cannot show.

import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  autograd,
  bincount,
  bool,
  corrcoef,
  countNonzero,
  cov,
  DTypeError,
  float32,
  float64,
  full,
  histc,
  histogram,
  int32,
  linspace,
  max,
  mean,
  memory,
  min,
  ones,
  prod,
  randn,
  scope,
  std,
  sum,
  type Tensor,
  tensor,
  trapezoid,
  variance,
  varMean,
  zeros,
} from "../../src/entries/node.js";
import { checkRecorded } from "../helpers/called.js";

checkRecorded(
  "sum nansum mean nanmean prod amax amin max min argmax argmin aminmax all any countNonzero var std varMean stdMean logsumexp " +
    "norm dist renorm histc histogram bincount diff trapezoid cumulativeTrapezoid gradient cov corrcoef",
);

const double = (values: number[] | number[][], requiresGrad = false): Tensor =>
  tensor(values, { dtype: float64, requiresGrad });

describe("arguments", () => {
  const x = double([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  test("dims come by position, in a list, by name, or not at all", () => {
    const forms = [sum(x, 1), sum(x, [1]), sum(x, { dim: 1 }), sum(x, -1, {}), x.sum([-1]), x.sum(1, false)];
    for (const form of forms) expect(form.tolist()).toEqual([6, 15]);
    for (const form of [sum(x), sum(x, null), sum(x, []), sum(x, [0, 1]), x.sum({}), sum(x, undefined)]) {
      expect(form.tolist()).toBe(21);
    }
    expect(sum(x, 0, { keepdim: true }).shape).toEqual([1, 3]);
    expect(sum(x, { keepdim: true }).shape).toEqual([1, 1]);
    expect(mean(x, [0, 1], true).tolist()).toEqual([[3.5]]);
  });

  test("max and min have three forms", () => {
    expect(max(x).tolist()).toBe(6);
    const { values, indices } = x.max(0, true);
    expect([values.tolist(), indices.tolist(), indices.dtype]).toEqual([[[4, 5, 6]], [[1, 1, 1]], int32]);
    expect(min(x, { dim: 1 }).values.tolist()).toEqual([1, 4]);
    expect(max(x, double([3, 3, 3])).tolist()).toEqual([
      [3, 3, 3],
      [4, 5, 6],
    ]);
  });

  test("variances take the correction, or PyTorch's older flag, by position and by name", () => {
    const y = double([1, 2, 4]);
    for (const biased of [y.var(false), y.var({ correction: 0 }), y.var({ unbiased: false }), y.var(0, false)]) {
      expect(biased.item()).toBeCloseTo(14 / 9, 14);
    }
    for (const unbiased of [y.var(), y.var(0), y.var(true), variance(y, 0, true), variance(y, { correction: 1 })]) {
      expect(unbiased.item()).toBeCloseTo(7 / 3, 14);
    }
    expect(y.var(0, false, true).shape).toEqual([1]);
    expect(y.var(0, true, { correction: 0 }).shape).toEqual([1]);
    const [v, m] = varMean(y, { correction: 0 });
    expect(v.gradFn).toBe(null);
    expect(m.item()).toBeCloseTo(7 / 3, 14);
  });

  test("dtypes: integers and bools are summed in int32, and means refuse them", () => {
    const i = tensor([1, 2], { dtype: int32 });
    expect([sum(i).dtype, sum(i, { dtype: float64 }).dtype, prod(i.to(bool)).dtype]).toEqual([int32, float64, int32]);
    expect(sum(tensor([true, true, false])).item()).toBe(2);
    expect(sum(tensor([true, false]), { dtype: bool }).item()).toBe(true);
    expect(() => mean(i)).toThrow(DTypeError);
    expect(() => mean(i)).toThrow(/could not infer output dtype/);
    expect(mean(i, { dtype: float32 }).item()).toBe(1.5);
    expect(() => std(i)).toThrow(/floating point/);
    expect(sum(full([2], 2 ** 30, { dtype: int32 })).item()).toBe(-(2 ** 31));
  });

  test("what is wrong is named", () => {
    expect(() => sum(x, 2)).toThrow(ArgumentError);
    expect(() => sum(x, 2)).toThrow(/Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)/);
    expect(() => sum(x, [0, -2])).toThrow(/dim 0 appears multiple times in the list of dims/);
    expect(() => sum(x, { dims: 0 } as never)).toThrow(/unknown option "dims"; known options are dim, keepdim, dtype/);
    expect(() => sum(x, "0" as never)).toThrow(ArgumentError);
    expect(() => prod(x, [0, 1] as never)).toThrow(/one integer/);
    expect(() => max(zeros([0]))).toThrow(/Expected reduction dim to be specified for input.numel\(\) == 0/);
    expect(() => max(zeros([2, 0]), 1)).toThrow(/Expected reduction dim 1 to have non-zero size/);
    expect(max(zeros([2, 0]), 0).values.shape).toEqual([0]);
    expect(() => sum(3 as never)).toThrow(/input must be a tensor/);
  });
});

describe("values", () => {
  test("many elements are summed pairwise, and alike for every layout", () => {
    const x = full([1_000_000], 0.1, { dtype: float32 });
    expect(Math.abs((x.sum().item() as number) - 100_000)).toBeLessThan(0.1);
    const y = randn([31, 17, 9], { dtype: float64 });
    const z = y.permute([2, 0, 1]);
    for (const f of [sum, mean, prod, std]) {
      const [a, b] = [f(y, 1).flatten(), f(z, 2).t().flatten()] as [Tensor, Tensor];
      const apart = a.sub(b).abs().max().item() as number;
      expect(apart).toBeLessThan(1e-12 * (1 + (a.abs().max().item() as number)));
    }
  });

  test("reductions of nothing", () => {
    const none = zeros([0], { dtype: float64 });
    expect([none.sum().item(), none.prod().item(), none.all().item(), none.any().item()]).toEqual([0, 1, true, false]);
    expect([none.mean().item(), none.var().item(), none.logsumexp(0).item()]).toEqual([NaN, NaN, -Infinity]);
    expect(zeros([2, 0, 3]).sum(1).tolist()).toEqual(zeros([2, 3]).tolist());
  });

  test("all and any count NaN as true; no dims in a list are none for them", () => {
    const x = double([
      [0, NaN],
      [0, 0],
    ]);
    expect(x.any(1).tolist()).toEqual([true, false]);
    expect(x.all(0).tolist()).toEqual([false, false]);
    expect(x.all([]).shape).toEqual([2, 2]);
    expect(countNonzero(x).item()).toBe(1);
  });

  test("counting and integrating", () => {
    expect(histc(double([0, 1, 2, 3]), 2, 0, 3).tolist()).toEqual([2, 2]);
    const { hist, binEdges } = histogram(double([1, 2, 1]), 4, { range: [0, 3] });
    expect([hist.tolist(), binEdges.tolist()]).toEqual([
      [0, 2, 1, 0],
      [0, 0.75, 1.5, 2.25, 3],
    ]);
    expect(bincount(tensor([0, 2, 2], { dtype: int32 }), { minlength: 5 }).tolist()).toEqual([1, 0, 2, 0, 0]);
    const x = linspace(0, Math.PI, 1001, { dtype: float64 });
    expect(trapezoid(x.sin(), x).item()).toBeCloseTo(2, 5);
    expect(corrcoef(double([1, 2, 3])).item()).toBe(1);
    expect(() => cov(zeros([1, 2, 3]))).toThrow(/two or fewer dimensions/);
  });
});

describe("gradients", () => {
  const gradientOf = (f: (x: Tensor) => Tensor, values: number[] | number[][]): unknown => {
    const x = double(values, true);
    return autograd.grad(f(x), [x])[0]?.tolist();
  };

  test("at ties: split evenly over dims and over all, by index along a dim", () => {
    const ties = [2, 5, 5, 1];
    expect(gradientOf((x) => x.max(), ties)).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((x) => x.amax(0), ties)).toEqual([0, 0.5, 0.5, 0]);
    expect(gradientOf((x) => x.max(0).values, ties)).toEqual([0, 1, 0, 0]);
    expect(gradientOf((x) => x.median(), [1, 3, 3, 3])).toEqual([0, 1 / 3, 1 / 3, 1 / 3]);
  });

  test("of products with one zero and with two, in second order too", () => {
    expect(gradientOf((x) => x.prod(), [2, 0, 3])).toEqual([0, 6, 0]);
    expect(gradientOf((x) => x.prod(), [0, 0, 3])).toEqual([0, 0, 0]);
    for (const values of [
      [2, 0, 3, 5],
      [0, 0, 3, 5],
      [2, 4, 3, 5],
    ]) {
      const x = double(values, true);
      const [g] = autograd.grad(x.prod(), [x], { createGraph: true }) as [Tensor];
      const [h] = autograd.grad(g, [x], { gradOutputs: double([1, 10, 100, 1000]) }) as [Tensor];
      const weight = [1, 10, 100, 1000];
      const want = values.map((_, k) =>
        values.reduce((total, _v, i) => {
          const others = values.reduce((p, v, j) => (j === i || j === k ? p : p * v), 1);
          return i === k ? total : total + (weight[i] as number) * others;
        }, 0),
      );
      expect(h.tolist()).toEqual(want);
    }
  });

  test("of standard deviations and norms are 0 where the result is", () => {
    expect(gradientOf((x) => x.std(), [3, 3, 3])).toEqual([0, 0, 0]);
    expect(gradientOf((x) => x.norm(), [0, 0])).toEqual([0, 0]);
    expect(gradientOf((x) => x.norm(Infinity), [-2, 1, 2])).toEqual([-0.5, 0, 0.5]);
  });

  test("agree with differences to second order", () => {
    const x = randn([3, 4], { dtype: float64, requiresGrad: true });
    const functions: ((x: Tensor) => Tensor | Tensor[])[] = [
      (y) => y.var(1, { correction: 0 }),
      (y) => varMean(y, 0),
      (y) => y.std([0, 1]),
      (y) => y.logsumexp([0, 1]),
      (y) => y.prod(1, true),
      (y) => y.amax(0).mul(y.amin(1, true)),
      (y) => y.norm(3, 1),
      (y) => y.nansum(0),
      (y) => y.renorm(2, 0, 0.5),
      (y) => cov(y),
    ];
    scope(() => {
      for (const f of functions) {
        expect(autograd.gradcheck(f as never, [x], { checkForwardAd: true })).toBe(true);
        expect(autograd.gradgradcheck(f as never, [x])).toBe(true);
      }
    });
  });

  test("spread over the input without memory of their own", () => {
    const x = ones([1000], { requiresGrad: true });
    const y = x.sum();
    const before = memory().live;
    const [g] = autograd.grad(y, [x]) as [Tensor];
    expect(g.stride()).toEqual([0]);
    expect(memory().live - before).toBeLessThan(1000);
  });
});
