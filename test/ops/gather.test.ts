// Reading by index along a dim, by flat indices and by masks; where tensors are not zero.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  autograd,
  float64,
  gather,
  indexSelect,
  int32,
  memory,
  rand,
  scope,
  type Tensor,
  take,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { named } from "../helpers/tape.js";

const ints = (data: unknown): Tensor => tensor(data as number[], { dtype: int32 });
const x = (requiresGrad = false): Tensor =>
  tensor(
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
    { dtype: float64, requiresGrad },
  );

describe("reading by index", () => {
  const reads: readonly (readonly [string, (x: Tensor) => Tensor, unknown, unknown])[] = [
    [
      "GatherBackward0",
      (x) =>
        gather(
          x,
          1,
          ints([
            [2, 2],
            [0, 1],
          ]),
        ),
      [
        [2, 2],
        [3, 4],
      ],
      [
        [0, 0, 2],
        [1, 1, 0],
      ],
    ],
    [
      "GatherBackward0",
      (x) => gather(x, -2, ints([[1, 0]])),
      [[3, 1]],
      [
        [0, 1, 0],
        [1, 0, 0],
      ],
    ],
    [
      "IndexSelectBackward0",
      (x) => indexSelect(x, 1, ints([2, 0, 2])),
      [
        [2, 0, 2],
        [5, 3, 5],
      ],
      [
        [1, 0, 2],
        [1, 0, 2],
      ],
    ],
    [
      "IndexSelectBackward0",
      (x) => indexSelect(x, 0, ints(1)),
      [[3, 4, 5]],
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
    ],
    [
      "TakeBackward0",
      (x) =>
        take(
          x,
          ints([
            [5, -6],
            [5, 1],
          ]),
        ),
      [
        [5, 0],
        [5, 1],
      ],
      [
        [1, 1, 0],
        [0, 0, 2],
      ],
    ],
    [
      "GatherBackward0",
      (x) => wg.takeAlongDim(x, ints([[1], [2]]), 1),
      [[1], [5]],
      [
        [0, 1, 0],
        [0, 0, 1],
      ],
    ],
    [
      "GatherBackward0",
      (x) => wg.takeAlongDim(x, ints([4, 0])),
      [4, 0],
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    ],
    [
      "MaskedSelectBackward0",
      (x) => wg.maskedSelect(x, tensor([true, false, true])),
      [0, 2, 3, 5],
      [
        [1, 0, 1],
        [1, 0, 1],
      ],
    ],
  ];

  test.each(reads)("%s", (label, f, values, gradient) => {
    const leaf = x(true);
    const y = f(leaf);
    expect([named(y), y.tolist()]).toEqual([label, values]);
    expect((autograd.grad(y.sum(), [leaf])[0] as Tensor).tolist()).toEqual(gradient);
    expect(f(x().t().contiguous().t()).tolist()).toEqual(values);
    const smooth = rand([2, 3], { dtype: float64, requiresGrad: true });
    expect(autograd.gradcheck((z: Tensor) => f(z).pow(2), [smooth], { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck((z: Tensor) => f(z).pow(2), [smooth])).toBe(true);
    const before = memory().live;
    scope(() => {
      f(x(true)).sum().backward();
    });
    expect(memory().live).toBe(before);
  });

  test("of 0-dim and empty tensors", () => {
    expect(gather(tensor(7), 0, ints([0, 0])).tolist()).toEqual([7, 7]);
    expect(gather(zeros([0, 3]), 0, zeros([0, 2], { dtype: int32 })).shape).toEqual([0, 2]);
    expect(indexSelect(tensor(7), 0, ints([0])).tolist()).toBe(7);
    expect(indexSelect(zeros([2, 3]), 1, ints([])).shape).toEqual([2, 0]);
    expect(take(zeros([0]), ints([])).shape).toEqual([0]);
    expect(wg.maskedSelect(zeros([2]), tensor([false, false])).shape).toEqual([0]);
    expect(wg.maskedSelect(tensor(3), tensor(true)).tolist()).toEqual([3]);
  });

  test("other dtypes", () => {
    expect(gather(ints([[1, 2]]), 1, ints([[1]])).tolist()).toEqual([[2]]);
    expect(take(tensor([true, false]), ints([1, 0])).tolist()).toEqual([false, true]);
  });
});

test("where tensors are not zero", () => {
  const rows = tensor([
    [0, 2],
    [Number.NaN, 0],
  ]);
  expect([wg.nonzero(rows).tolist(), wg.nonzero(rows).dtype]).toEqual([
    [
      [0, 1],
      [1, 0],
    ],
    "int32",
  ]);
  expect(wg.nonzero(rows, { asTuple: true }).map((each) => each.tolist())).toEqual([
    [0, 1],
    [1, 0],
  ]);
  expect(wg.argwhere(zeros([3])).shape).toEqual([0, 1]);
  expect(wg.nonzero(tensor(5)).shape).toEqual([1, 0]);
});

test.each<[string, () => unknown, RegExp]>([
  ["gather out of range", () => gather(x(), 1, ints([[3]])), /index 3 is out of bounds for dimension 1 with size 3/],
  ["gather does not wrap", () => gather(x(), 1, ints([[-1]])), /index -1 is out of bounds/],
  ["gather of other rank", () => gather(x(), 1, ints([0])), /same number of dimensions as input tensor/],
  ["gather of larger index", () => gather(x(), 1, ints([[0], [0], [0]])), /Size does not match at dimension 0/],
  ["a float index", () => gather(x(), 1, zeros([1, 1])), /Expected dtype int32 for index/],
  ["indexSelect of a matrix", () => indexSelect(x(), 0, ints([[0]])), /Index is supposed to be a vector/],
  [
    "indexSelect out of range",
    () => indexSelect(x(), 0, ints([0, 2])),
    /index 2 is out of bounds for dimension 0 with size 2/,
  ],
  ["take out of range", () => take(x(), ints([6])), /index 6 is out of bounds/],
  ["takeAlongDim of other rank", () => wg.takeAlongDim(x(), ints([0]), 1), /same number of dimensions/],
  ["maskedSelect by numbers", () => wg.maskedSelect(x(), ints([1])), /BoolTensor for mask/],
  ["a dim out of range", () => gather(x(), 2, ints([[0]])), /Dimension out of range/],
])("%s is refused", (_, f, text) => {
  expect(f).toThrow(text);
  expect(f).toThrow(wg.WengertError);
});
