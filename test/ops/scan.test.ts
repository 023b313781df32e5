// Scans: values and gradients as in PyTorch, in place, and gradients with zeros.

import { describe, expect, test } from "vitest";
import {
  autograd,
  cumprod,
  cumsum,
  DTypeError,
  float64,
  GraphError,
  int32,
  logcumsumexp,
  memory,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { checkRecorded } from "../helpers/called.js";

checkRecorded("cumsum cumprod cummax cummin logcumsumexp");

const double = (values: number[], requiresGrad = false): Tensor => tensor(values, { dtype: float64, requiresGrad });

describe("in place", () => {
  test("sums and products overwrite and return the tensor", () => {
    const x = double([1, 2, 3]);
    expect(x.cumsum_(0)).toBe(x);
    expect(x.tolist()).toEqual([1, 3, 6]);
    expect(x.cumprod_(-1, { dtype: float64 }).tolist()).toEqual([1, 3, 18]);
    expect(x.version).toBe(2);
    const rows = zeros([2, 3], { dtype: float64 }).add(1).t();
    expect(rows.cumsum_(0).tolist()).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test("gradients pass through what was written", () => {
    const x = double([2, 0, 3], true);
    const y = x.mul(1);
    y.cumprod_(0);
    expect(y.gradFn?.name()).toMatch(/CumprodBackward0$/);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([1, 8, 0]);
    expect(() => x.cumsum_(0)).toThrow(GraphError);
  });

  test("keep their dtype", () => {
    expect(() => tensor([true, false]).cumsum_(0)).toThrow(DTypeError);
    expect(() => double([1]).cumsum_(0, { dtype: int32 })).toThrow(/provided dtype must match dtype of self tensor/);
  });
});

describe("gradients", () => {
  test("of products are exact with zeros, to third order", () => {
    const values = [2, 0, 3, 0];
    const x = double(values, true);
    const [g] = autograd.grad(cumprod(x, 0).sum(), [x], { createGraph: true }) as [Tensor];
    expect(g.tolist()).toEqual([1, 8, 0, 0]);
    const [h] = autograd.grad(g.sum(), [x], { createGraph: true }) as [Tensor];
    expect(h.tolist()).toEqual(values.map((_, k) => derivative(values, [k], 2)));
    const [third] = autograd.grad(h.sum(), [x]) as [Tensor];
    expect(third.tolist()).toEqual(values.map((_, k) => derivative(values, [k], 3)));
  });

  /** Σ of the partial derivatives of x₀ + x₀x₁ + x₀x₁x₂ + … that take `order` different elements, `taken` among them. */
  function derivative(x: number[], taken: number[], order: number): number {
    if (taken.length < order) {
      const others = x.map((_, i) => i).filter((i) => !taken.includes(i));
      return others.reduce((total, i) => total + derivative(x, [...taken, i], order), 0);
    }
    const products = x.map((_, end) =>
      taken.some((i) => i > end) ? 0 : x.slice(0, end + 1).reduce((p, v, i) => (taken.includes(i) ? p : p * v), 1),
    );
    return products.reduce((a, b) => a + b);
  }

  test("agree with differences to second order", () => {
    const x = randn([3, 4], { dtype: float64, requiresGrad: true });
    scope(() => {
      for (const f of [
        (y: Tensor) => y.cumsum(0),
        (y: Tensor) => y.cumprod(1),
        (y: Tensor) => y.cummax(1).values,
        (y: Tensor) => y.logcumsumexp(-1),
      ]) {
        // The tangents of logcumsumexp have PyTorch's small number in a divisor.
        expect(autograd.gradcheck(f, [x], { checkForwardAd: true })).toBe(true);
        expect(autograd.gradgradcheck(f, [x])).toBe(true);
      }
    });
  });

  test("of logarithms of sums do not overflow", () => {
    const x = double([-1000, 0, 1000], true);
    const y = logcumsumexp(x, 0);
    expect(y.tolist()).toEqual([-1000, 0, 1000]);
    expect(autograd.grad(y.sum(), [x])[0]?.tolist()).toEqual([1, 1, 1]);
  });
});

test("intermediate memory is freed at once", () => {
  const x = randn([100, 10], { dtype: float64, requiresGrad: true });
  const run = (): void => {
    const y = cumprod(x, 0);
    for (const g of autograd.grad(y.sum(), [x])) g?.dispose();
    y.dispose();
    cumsum(x, 1).dispose();
  };
  scope(run);
  const { live } = memory();
  scope(run);
  expect(memory().live).toBe(live);
});
