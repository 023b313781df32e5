// where and maskedFill: choices, promotion, gradients, writing in place, errors.

import { expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { tensor } = wg;

test("all three operands broadcast, and the choices are promoted", () => {
  const condition = tensor([[true], [false]]);
  const out = wg.where(condition, tensor([1, 2, 3], { dtype: "int32" }), tensor(0.5, { dtype: "float64" }));
  expect([out.shape, out.dtype, out.tolist()]).toEqual([
    [2, 3],
    "float64",
    [
      [1, 2, 3],
      [0.5, 0.5, 0.5],
    ],
  ]);
  expect(wg.where(tensor([true, false]), 1, 2).dtype).toBe("int32");
  expect(
    tensor([1, -1])
      .where(tensor([true, false]), 9)
      .tolist(),
  ).toEqual([1, 9]);
  expect(wg.where(wg.zeros([0], { dtype: "bool" }), 1, 2.5).shape).toEqual([0]);
});

test("the condition alone gives indices that read what it selects", () => {
  const x = tensor([
    [1, -2],
    [-3, 4],
  ]);
  const found = wg.where(x.gt(0));
  expect(found.map((index) => [index.dtype, index.tolist()])).toEqual([
    ["int32", [0, 1]],
    ["int32", [0, 1]],
  ]);
});

test("gradients go to the side that was chosen; NaN of the other side still does harm", () => {
  const x = tensor([4, -1], { requiresGrad: true });
  const y = wg.where(x.gt(0), x.sqrt(), 0);
  y.sum().backward();
  expect(x.grad?.tolist()).toEqual([0.25, Number.NaN]);
  const a = wg.ones([2, 2], { requiresGrad: true });
  const b = wg.ones([2], { requiresGrad: true });
  wg.where(
    tensor([
      [true, false],
      [false, false],
    ]),
    a,
    b,
  )
    .sum()
    .backward();
  expect([a.grad?.tolist(), b.grad?.tolist()]).toEqual([
    [
      [1, 0],
      [0, 0],
    ],
    [1, 2],
  ]);
});

test("maskedFill gives zero gradient where it fills, and a tensor value the sum of the rest", () => {
  const x = tensor([1, 2, 3], { requiresGrad: true });
  const value = tensor(7, { requiresGrad: true });
  const y = x.maskedFill(tensor([true, false, true]), value);
  expect(y.tolist()).toEqual([7, 2, 7]);
  y.mul(tensor([1, 10, 100]))
    .sum()
    .backward();
  expect([x.grad?.tolist(), value.grad?.item()]).toEqual([[0, 10, 0], 101]);
  expect(
    wg
      .maskedFill(
        tensor([1, 2]),
        tensor([
          [true, false],
          [false, true],
        ]),
        -1,
      )
      .tolist(),
  ).toEqual([
    [-1, 2],
    [1, -1],
  ]);
});

test("maskedFill_ writes views and the tensor that the mask was made of", () => {
  const x = wg.zeros([2, 3]);
  x.select(0, 1).maskedFill_(tensor([true, false, true]), 5);
  expect(x.tolist()).toEqual([
    [0, 0, 0],
    [5, 0, 5],
  ]);
  expect(x.version).toBe(1);
  const mask = tensor([true, false]);
  expect(mask.maskedFill_(mask, false).tolist()).toEqual([false, false]);
  const leaf = tensor([1, 2], { requiresGrad: true });
  const y = leaf.mul(3).maskedFill_(tensor([false, true]), 0);
  y.sum().backward();
  expect(leaf.grad?.tolist()).toEqual([3, 0]);
});

test("what does not fit is refused and nothing is written", () => {
  const x = tensor([1, 2]);
  expect(() => wg.where(tensor([1, 0], { dtype: "int32" }), x, x)).toThrow("expected condition to be a boolean tensor");
  expect(() => wg.where(tensor([true, false, true]), x, x)).toThrow(wg.ShapeError);
  expect(() => wg.where(tensor([true]), x, "1" as never)).toThrow(wg.ArgumentError);
  expect(() => x.maskedFill_(tensor([1, 0]), 5)).toThrow("only supports boolean masks");
  expect(() =>
    x.maskedFill_(
      tensor([
        [true, false],
        [true, true],
      ]),
      5,
    ),
  ).toThrow(wg.ShapeError);
  expect(() => x.maskedFill_(tensor([true, false]), tensor([5]))).toThrow("only supports a 0-dimensional value tensor");
  expect(() => tensor([1], { dtype: "int32" }).maskedFill(tensor([true]), Number.NaN)).toThrow("without overflow");
  expect([x.tolist(), x.version]).toEqual([[1, 2], 0]);
});
