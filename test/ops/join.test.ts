// Joining, grids, blocks, combinations: values, promotion, gradients, and what is refused.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  autograd,
  cat,
  float64,
  int32,
  memory,
  rand,
  scope,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { checked, named } from "../helpers/tape.js";

const row = (values: number[], requiresGrad = false): Tensor => tensor(values, { dtype: float64, requiresGrad });
const values = (shape: number[]): Tensor => rand(shape, { dtype: float64 });

describe("cat and stack", () => {
  test("put tensors one after the other", () => {
    const a = row([1, 2], true);
    const b = row([3], true);
    const out = cat([a, b]);
    expect([out.tolist(), named(out)]).toEqual([[1, 2, 3], "CatBackward0"]);
    expect(cat([zeros([2, 1]), zeros([2, 2])], -1).shape).toEqual([2, 3]);
    const pair = stack([a, a], 1);
    expect([pair.tolist(), named(pair)]).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      "StackBackward0",
    ]);
    expect(stack([tensor(1), tensor(2)], { dim: -1 }).tolist()).toEqual([1, 2]);
  });

  test("promote dtypes, and send gradients back in their own", () => {
    const a = tensor([1], { requiresGrad: true });
    const b = row([2], true);
    const out = cat([a, b, tensor([3], { dtype: int32 }), tensor([true])]);
    expect([out.dtype, out.tolist()]).toEqual(["float64", [1, 2, 3, 1]]);
    const [ga, gb] = autograd.grad(out.mul(row([2, 3, 4, 5])).sum(), [a, b]) as [Tensor, Tensor];
    expect([ga.dtype, ga.item(), gb.item()]).toEqual(["float32", 2, 3]);
  });

  test("pass over tensors of shape [0], which still have gradients", () => {
    const none = row([], true);
    const out = cat([none, zeros([2, 2], { dtype: float64 })], 1);
    expect([out.shape, named(out)]).toEqual([[2, 2], "CatBackward0"]);
    expect((autograd.grad(out.sum(), [none])[0] as Tensor).shape).toEqual([0]);
    expect(cat([zeros([0]), zeros([0])]).shape).toEqual([0]);
    expect(cat([zeros([0, 2]), zeros([1, 2])]).shape).toEqual([1, 2]);
  });

  test("have derivatives, also of strided tensors and of one tensor twice", () => {
    checked((x, y) => cat([x.t(), y, x.t()], 1).pow(2), values([2, 3]), values([3, 1]));
    checked((x, y) => stack([x, y, x], 1).sin(), values([2, 2]), values([2, 2]));
    const before = memory().live;
    scope(() => {
      cat([values([3, 2]).requiresGrad_(), values([1, 2])])
        .sum()
        .backward();
    });
    expect(memory().live).toBe(before);
  });
});

describe("kin", () => {
  test("of cat", () => {
    const a = row([1, 2], true);
    const b = row([3, 4]);
    expect(wg.hstack([a, b]).tolist()).toEqual([1, 2, 3, 4]);
    expect(wg.hstack([zeros([2, 1]), zeros([2, 3])]).shape).toEqual([2, 4]);
    expect(wg.vstack([a, b]).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(wg.dstack([a, b]).shape).toEqual([1, 2, 2]);
    expect(wg.columnStack([a, b]).tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    for (const f of [wg.hstack, wg.vstack, wg.dstack, wg.columnStack]) expect(named(f([a, b]))).toBe("CatBackward0");
    expect(wg.atleast3d(a).shape).toEqual([1, 2, 1]);
    expect(wg.atleast1d(tensor(1)).shape).toEqual([1]);
  });

  test("grids are views", () => {
    const a = row([1, 2], true);
    const [x, y] = wg.meshgrid([a, row([3, 4, 5])], { indexing: "xy" }) as [Tensor, Tensor];
    expect([x.shape, named(x), x.stride()]).toEqual([[3, 2], "ExpandBackward0", [0, 1]]);
    expect(y.tolist()).toEqual([
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
    const [p, q] = wg.broadcastTensors(a, zeros([3, 1])) as [Tensor, Tensor];
    expect([p.shape, q.shape, p.base === a]).toEqual([[3, 2], [3, 2], true]);
    checked((u, v) => wg.meshgrid(u, v), values([2]), values([3]));
  });

  test("blocks along a diagonal", () => {
    const out = wg.blockDiag(row([1, 2], true), tensor(3), zeros([1, 0]), tensor([[4], [5]]));
    expect(named(out)).toBe("BlockDiagBackward0");
    expect(out.tolist()).toEqual([
      [1, 2, 0, 0],
      [0, 0, 3, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 4],
      [0, 0, 0, 5],
    ]);
    checked((a, b, c, d) => wg.blockDiag(a, b, c, d).pow(2), values([2, 2]), values([0]), values([]), values([3]));
    expect(wg.blockDiag().shape).toEqual([1, 0]);
  });

  test("products and combinations", () => {
    expect(wg.cartesianProd(row([1, 2]), row([3, 4])).tolist()).toEqual([
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ]);
    const a = row([1, 2, 3], true);
    expect(wg.cartesianProd(a).shape).toEqual([3]);
    const pairs = wg.combinations(a);
    expect([pairs.tolist(), named(pairs)]).toEqual([
      [
        [1, 2],
        [1, 3],
        [2, 3],
      ],
      "StackBackward0",
    ]);
    expect(() => wg.combinations(a, 100000)).toThrow(wg.OutOfMemoryError);
    expect(wg.combinations(row([7]), 100, true).shape).toEqual([1, 100]);
    expect(wg.combinations(row([7]), 100).shape).toEqual([0, 100]);
    expect(wg.combinations(row([1, 2]), { withReplacement: true }).tolist()).toEqual([
      [1, 1],
      [1, 2],
      [2, 2],
    ]);
    expect(wg.combinations(a, 0).shape).toEqual([0]);
    expect(wg.combinations(a, 4).shape).toEqual([0, 4]);
    checked((x) => wg.combinations(x, 3, true).prod(1), values([3]));
    checked((x, y) => wg.cartesianProd(x, y, x).pow(2), values([2]), values([3]));
  });
});

test.each([
  ["cat", () => cat([]), /non-empty list of Tensors/],
  ["cat of numbers", () => cat([tensor(1)]), /zero-dimensional tensor \(at position 0\) cannot be concatenated/],
  ["cat of ranks", () => cat([zeros([1]), zeros([1, 1])]), /same number of dimensions: got 1 and 2/],
  ["cat of sizes", () => cat([zeros([1, 2]), zeros([1, 3])]), /Expected size 2 but got size 3/],
  ["cat along", () => cat([zeros([1])], 1), /Dimension out of range/],
  ["cat of what is no array", () => cat(zeros([2]) as never), /array of tensors/],
  ["stack", () => stack([]), /non-empty TensorList/],
  [
    "stack of shapes",
    () => stack([zeros([1]), zeros([2])]),
    /each tensor to be equal size.*\[1\] at entry 0 and \[2\] at entry 1/,
  ],
  ["meshgrid", () => wg.meshgrid([zeros([2, 2])]), /Expected scalar or 1D tensor/],
  [
    "meshgrid indexing",
    () => wg.meshgrid([zeros([2])], { indexing: "ji" as never }),
    /indexing must be one of "xy" or "ij"/,
  ],
  ["broadcastTensors", () => wg.broadcastTensors(zeros([2]), zeros([3])), /must match the size of tensor/],
  ["blockDiag", () => wg.blockDiag(zeros([1, 1, 1])), /2 or fewer dimensions. Input 0 has 3/],
  ["combinations", () => wg.combinations(zeros([2, 2])), /Expect a 1D vector/],
  ["combinations of less than none", () => wg.combinations(zeros([2]), -1), /Expect a non-negative number/],
  ["cartesianProd", () => wg.cartesianProd(zeros([])), /Expect a 1D vector/],
] as const)("%s is refused", (_, f, text) => {
  expect(f).toThrow(text);
  expect(f).toThrow(wg.WengertError);
});
