// Random fills of tensors whose memory runs otherwise than their dims, and of tensors like others, in PyTorch's order.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  autograd,
  DTypeError,
  linspace,
  manualSeed,
  normal,
  ones,
  rand,
  randintLike,
  randLike,
  randnLike,
  scope,
  slice,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

interface Case {
  readonly layout: string;
  readonly fill: string;
  readonly strides: readonly number[];
  readonly values: readonly number[];
  readonly next: number;
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../fixtures/random/layouts.json", import.meta.url), "utf8"),
);

const everySecond = slice(null, null, 2);
const layouts: Readonly<Record<string, () => Tensor>> = {
  dense: () => zeros([2, 3, 4]),
  permuted: () => zeros([3, 4, 2]).permute([2, 0, 1]),
  gaps: () => zeros([2, 3, 8]).index("...", everySecond),
  "permuted with gaps": () => zeros([4, 3, 4]).index("...", everySecond).permute([2, 1, 0]),
  "gaps in the middle": () => zeros([4, 6, 2]).index(slice(null, null), everySecond).permute([2, 1, 0]),
  "few with gaps": () => zeros([3, 4]).index("...", everySecond).t(),
  column: () => zeros([20, 3]).select(1, 1),
};
const fills: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  uniform_: (x) => x.uniform_(0, 1),
  normal_: (x) => x.normal_(1, 2),
  exponential_: (x) => x.exponential_(2),
  geometric_: (x) => x.geometric_(0.2),
  cauchy_: (x) => x.cauchy_(0, 1),
  logNormal_: (x) => x.logNormal_(0, 1),
  bernoulli_: (x) => x.bernoulli_(0.3),
  "bernoulli_ of a tensor": (x) => x.bernoulli_(linspace(0, 1, x.numel()).reshape(x.shape)),
  randLike: (x) => randLike(x),
  randnLike: (x) => randnLike(x),
  randintLike: (x) => randintLike(x, 50),
  "normal of a mean": (x) => normal(x.add(1), 2),
  "normal of a deviation": (x) => normal(1, x.add(2)),
  "normal of both": (x) => normal(x.add(1), x.add(2)),
};

describe("random fills", () => {
  it.each(cases)("$fill, $layout", ({ layout, fill, strides, values, next }) => {
    scope(() => {
      manualSeed(5);
      const out = fills[fill]?.(layouts[layout]?.() as Tensor) as Tensor;
      expect(out.stride()).toEqual(strides);
      const found = out.flatten().tolist() as number[];
      found.forEach((value, i) => {
        const wanted = values[i] as number;
        expect(Math.abs(value - wanted), `element ${i}`).toBeLessThan(2e-5 * (1 + Math.abs(wanted)));
      });
      expect(rand([1]).item()).toBeCloseTo(next, 6);
    });
  });
});

describe("normal", () => {
  it("takes numbers with a size", () => {
    manualSeed(1);
    const x = normal(2, 0.5, [2, 3], { dtype: "float64" });
    expect([x.shape, x.dtype]).toEqual([[2, 3], "float64"]);
    manualSeed(1);
    expect(normal(2, 0.5, { size: [2, 3], dtype: "float64" }).equal(x)).toBe(true);
  });

  it("has gradients of zero and PyTorch's names", () => {
    const mean = ones([2, 3], { requiresGrad: true });
    const std = ones([3], { requiresGrad: true });
    const names = [normal(mean, 1), normal(0, std), normal(mean, std)].map((x) => x.gradFn?.name());
    expect(names).toEqual(["NormalBackward1", "NormalBackward2", "NormalBackward3"]);
    const grads = autograd.grad([normal(mean, std).sum()], [mean, std]);
    expect(grads.map((g) => g?.tolist())).toEqual([
      [
        [0, 0, 0],
        [0, 0, 0],
      ],
      [0, 0, 0],
    ]);
  });

  it("refuses deviations below 0, shapes that do not broadcast, integers, and no size", () => {
    expect(() => normal(ones([2]), -1)).toThrow("normal: expects std >= 0.0, but found std -1");
    expect(() => normal(0, tensor([1, -1]))).toThrow("normal: expects all elements of std >= 0.0");
    expect(() => normal(ones([2]), ones([3]))).toThrow("normal: The size of tensor a (2) must match");
    expect(() => normal(ones([2], { dtype: "int32" }), 1)).toThrow(DTypeError);
    expect(() => normal(0, 1)).toThrow("normal: expected a size");
    expect(() => normal(ones([2]), 1, [2])).toThrow("normal: takes no size");
  });
});
