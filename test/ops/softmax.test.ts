// Softmax and its logarithm: values and gradients as in PyTorch, dtypes, refusals.

import { describe, expect, test } from "vitest";
import {
  ArgumentError,
  autograd,
  DTypeError,
  F,
  float32,
  float64,
  int32,
  logSoftmax,
  randn,
  scope,
  softmax,
  type Tensor,
  tensor,
} from "../../src/entries/node.js";
import { checkRecorded } from "../helpers/called.js";

checkRecorded("softmax logSoftmax");

describe("softmax", () => {
  test("adds up to 1 along the dim, in any layout", () => {
    const x = randn([4, 5, 6], { dtype: float64 }).permute([2, 0, 1]);
    for (const dim of [0, 1, -1]) {
      const p = softmax(x, dim);
      expect(p.shape).toEqual(x.shape);
      expect(p.sum(dim).sub(1).abs().max().item()).toBeLessThan(1e-14);
      expect(logSoftmax(x, { dim }).exp().sub(p).abs().max().item()).toBeLessThan(1e-14);
    }
  });

  test("takes huge numbers, and gives NaN for a row of −∞", () => {
    expect(softmax(tensor([1000, 1000]), 0).tolist()).toEqual([0.5, 0.5]);
    expect(softmax(tensor([-Infinity, 0]), 0).tolist()).toEqual([0, 1]);
    expect(softmax(tensor([-Infinity, -Infinity]), 0).tolist()).toEqual([NaN, NaN]);
  });

  test("wants floating point, or a dtype, and a dim", () => {
    const i = tensor([1, 1], { dtype: int32 });
    expect(() => softmax(i, 0)).toThrow(DTypeError);
    expect(softmax(i, 0, { dtype: float32 }).tolist()).toEqual([0.5, 0.5]);
    expect(F.softmax(i, { dim: 0, dtype: float64 }).dtype).toBe(float64);
    expect(() => softmax(tensor([1, 2]))).toThrow(/missing required argument dim/);
    expect(() => softmax(tensor([1, 2]), 1)).toThrow(ArgumentError);
  });

  test("names its nodes, and their derivatives", () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    expect(softmax(x, 0).gradFn?.name()).toMatch(/SoftmaxBackward0$/);
    const y = logSoftmax(x, 0);
    expect(y.gradFn?.name()).toMatch(/LogSoftmaxBackward0$/);
    const [g] = autograd.grad(y.select(0, 0), [x], { createGraph: true }) as [Tensor];
    expect(g.gradFn?.name()).toMatch(/LogSoftmaxBackwardDataBackward0$/);
  });

  test("agrees with differences to second order", () => {
    const x = randn([3, 4], { dtype: float64, requiresGrad: true });
    scope(() => {
      for (const f of [softmax, logSoftmax]) {
        for (const dim of [0, 1]) {
          expect(autograd.gradcheck((y) => f(y, dim), [x], { checkForwardAd: true })).toBe(true);
          expect(autograd.gradgradcheck((y) => f(y, dim), [x])).toBe(true);
        }
      }
    });
  });
});
