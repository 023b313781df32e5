// Comparisons and logic beyond the recorded values: what they return, tolerances, errors.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { tensor } = wg;
const nan = Number.NaN;

test("results are bool and never require gradients", () => {
  const x = tensor([1, 2], { requiresGrad: true });
  for (const y of [x.eq(1), x.lt(x), x.isnan(), x.logicalNot(), wg.isclose(x, x), x.signbit(), wg.isin(x, x)]) {
    expect([y.dtype, y.requiresGrad, y.gradFn]).toEqual(["bool", false, null]);
  }
});

test("in place they write 0 and 1 in the tensor's own dtype", () => {
  expect(tensor([1, 2, 3]).lt_(2.5).tolist()).toEqual([1, 1, 0]);
  expect(tensor([0, 2], { dtype: "int32" }).logicalNot_().tolist()).toEqual([1, 0]);
});

test("integers are compared exactly, and with fractions as floats", () => {
  const big = tensor([16777217, -16777217], { dtype: "int32" });
  expect(big.eq(tensor([16777216, -16777216], { dtype: "int32" })).tolist()).toEqual([false, false]);
  expect(tensor([1, 2], { dtype: "int32" }).gt(1.5).tolist()).toEqual([false, true]);
  expect(tensor([true, false]).eq(1).tolist()).toEqual([true, false]);
});

describe("equal and allclose give JavaScript booleans", () => {
  test("by shape and value", () => {
    expect(wg.equal(tensor([1, 2]), tensor([1, 2]))).toBe(true);
    expect(wg.equal(tensor([1, 2]), tensor([[1, 2]]))).toBe(false);
    expect(wg.equal(tensor([nan]), tensor([nan]))).toBe(false);
    expect(wg.equal(wg.zeros([0]), wg.zeros([0]))).toBe(true);
  });

  test("within tolerances", () => {
    const a = tensor([1, 100], { dtype: "float64" });
    expect(wg.allclose(a, a.add(1e-6))).toBe(true);
    expect(wg.allclose(a, a.add(1e-4))).toBe(false);
    expect(a.allclose(a.add(0.5), { atol: 1 })).toBe(true);
    expect(wg.allclose(tensor([nan]), tensor([nan]))).toBe(false);
    expect(wg.allclose(tensor([nan]), tensor([nan]), { equalNan: true })).toBe(true);
    expect(wg.allclose(wg.zeros([0]), wg.zeros([0]))).toBe(true);
    expect(wg.isclose(tensor([Infinity, Infinity, -Infinity]), tensor([Infinity, 1, Infinity])).tolist()).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("and leave nothing behind", () => {
    const a = wg.ones([50]);
    const { live } = wg.memory();
    for (let i = 0; i < 5; i++) wg.allclose(a, a, { equalNan: true });
    wg.equal(a, a);
    expect(wg.memory().live).toBe(live);
  });

  test("refuse what PyTorch refuses", () => {
    const a = tensor([1]);
    expect(() => wg.isclose(a, a, { rtol: -1 })).toThrow("rtol must be greater than or equal to zero");
    expect(() => wg.allclose(a, a, { atol: -1 })).toThrow("atol must be greater than or equal to zero");
    expect(() => wg.allclose(a, tensor([1], { dtype: "float64" }))).toThrow(wg.DTypeError);
    expect(() => wg.isclose(a, 1 as never)).toThrow(wg.ArgumentError);
    expect(() => wg.allclose(a, a, { tol: 1 } as never)).toThrow(/unknown option "tol".*rtol/);
  });
});

test("numbers stand where PyTorch takes scalars, and nowhere else", () => {
  const x = tensor([1, 2]);
  for (const f of [wg.eq, wg.lt, wg.fmod, wg.rsub, wg.copysign, wg.clampMin]) {
    expect(() => f(2, x)).toThrow(wg.ArgumentError);
    expect(f(x, 2).shape).toEqual([2]);
  }
  for (const f of [wg.maximum, wg.fmin, wg.atan2, wg.hypot, wg.logicalAnd, wg.logaddexp, wg.nextafter, wg.heaviside]) {
    expect(() => f(x, 2)).toThrow(/must be a tensor/);
    expect(() => f(2, x)).toThrow(/must be a tensor/);
  }
  for (const f of [wg.pow, wg.xlogy, wg.floatPower, wg.remainder]) {
    expect(() => f(2, 3)).toThrow(wg.ArgumentError);
    expect(f(2, x).shape).toEqual([2]);
  }
});
