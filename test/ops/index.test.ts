// x.index(…) and x.indexPut_([…], v): NumPy's placement of dims, views and copies, writes, gradients.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  ArgumentError,
  arange,
  autograd,
  DTypeError,
  float64,
  type Index,
  int32,
  memory,
  rand,
  ShapeError,
  scope,
  slice,
  Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { named } from "../helpers/tape.js";

const cube = (): Tensor => arange(24, { dtype: float64 }).reshape([2, 3, 4]).detach();
const ints = (data: unknown): Tensor => tensor(data as number[], { dtype: int32 });

describe("reading", () => {
  test.each<[string, Index[], number[], unknown]>([
    ["a number", [1, -1], [4], [20, 21, 22, 23]],
    ["a 0-dim tensor as a number", [ints(1), -1, 0], [], 20],
    ["ranges and an ellipsis", ["...", slice(1, null, 2)], [2, 3, 2], null],
    ["a new dim", [null, 0, slice(null), null], [1, 3, 1, 4], null],
    ["a range past the end", [slice(0, 9), slice(5, 9)], [2, 0, 4], []],
  ])("%s gives a view", (_, items, shape, values) => {
    const x = cube();
    const y = x.index(...items);
    expect(y.shape).toEqual(shape);
    expect(y.base).toBe(x);
    if (values !== null && y.numel() > 0) expect(y.tolist()).toEqual(values);
  });

  test.each<[string, Index[], number[], number[]]>([
    ["a list in front", [[1, 0, 1]], [3, 3, 4], [12, 0, 12]],
    ["a list behind a range", [slice(null), [2, 0]], [2, 2, 4], [8, 0]],
    ["two lists side by side stay", [slice(null), [2, 0], [1, 3]], [2, 2], [9, 3, 21, 15]],
    ["two lists apart move to the front", [[1, 0], slice(null), [1, 3]], [2, 3], [13, 17, 21, 3, 7, 11]],
    ["a number and a list: the number selects first", [0, slice(null), [1, 3]], [3, 2], [1, 3, 5, 7, 9, 11]],
    ["lists that broadcast", [slice(0, 1), ints([[0], [2]]), ints([1, 3])], [1, 2, 2], [1, 3, 9, 11]],
    ["negative indices", [[-1], [-3], [-4]], [1], [12]],
    ["a mask of rows", [tensor([false, true])], [1, 3, 4], []],
    [
      "a mask of two dims",
      [
        slice(1),
        tensor([
          [true, false, false, false],
          [false, false, false, true],
          [false, true, false, false],
        ]),
      ],
      [1, 3],
      [0, 7, 9],
    ],
    ["a list of booleans", ["...", [true, false, false, true]], [2, 3, 2], [0, 3, 4, 7]],
    ["true and false", [true, 0, 0, 0], [1], [0]],
    ["no index at all", [[]], [0, 3, 4], []],
  ])("%s gives a copy", (_, items, shape, start) => {
    const x = cube().requiresGrad_();
    const y = x.index(...items);
    expect(y.shape).toEqual(shape);
    expect([y.isView, named(y)]).toEqual([false, "IndexBackward0"]);
    const step = start.length === 0 || y.numel() === start.length ? 1 : y.numel() / start.length;
    const flat = y.detach().flatten().tolist() as number[];
    if (start.length > 0 && step === 1) expect(flat.slice(0, start.length)).toEqual(start);
    // The same from strided memory.
    const turned = x.detach().permute([2, 0, 1]).contiguous().permute([1, 2, 0]);
    expect(turned.index(...items).tolist()).toEqual(y.tolist());
    const leaf = rand([2, 3, 4], { dtype: float64, requiresGrad: true });
    expect(autograd.gradcheck((z: Tensor) => z.index(...items).pow(2), [leaf], { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck((z: Tensor) => z.index(...items).pow(2), [leaf])).toBe(true);
  });

  test("what is read twice adds its gradients up", () => {
    const x = arange(3, { dtype: float64 }).requiresGrad_();
    x.index([0, 2, 0, -1])
      .mul(tensor([1, 10, 100, 1000], { dtype: float64 }))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([101, 0, 1010]);
  });

  test("slice follows Python", () => {
    const x = arange(5);
    expect(x.index(slice(2)).tolist()).toEqual([0, 1]);
    expect(x.index(slice(-2, null)).tolist()).toEqual([3, 4]);
    expect(x.index(slice(null, null, 3)).tolist()).toEqual([0, 3]);
    expect(x.slice(0, 1, 3).tolist()).toEqual([1, 2]);
    expect(slice(1, 2)).toMatchObject({ start: 1, stop: 2, step: null });
    expect(() => slice(0.5)).toThrow(/must be integers or null/);
  });
});

describe("writing", () => {
  const put = (items: Index[], value: Tensor | number, accumulate = false): unknown =>
    zeros([2, 3]).indexPut_(items, value, { accumulate }).tolist();

  test("numbers and tensors, which broadcast", () => {
    expect(put([1], 5)).toEqual([
      [0, 0, 0],
      [5, 5, 5],
    ]);
    expect(put([slice(null), slice(0, null, 2)], tensor([1, 2]))).toEqual([
      [1, 0, 2],
      [1, 0, 2],
    ]);
    expect(
      put(
        [
          [0, 1],
          [1, 2],
        ],
        tensor([7, 8]),
      ),
    ).toEqual([
      [0, 7, 0],
      [0, 0, 8],
    ]);
    expect(
      put(
        [
          tensor([
            [true, false, true],
            [false, true, false],
          ]),
        ],
        3,
      ),
    ).toEqual([
      [3, 0, 3],
      [0, 3, 0],
    ]);
    expect(put([[0, 0]], tensor([[1, 2, 3]]))).toEqual([
      [1, 2, 3],
      [0, 0, 0],
    ]);
    expect(put(["..."], tensor([[[1, 2, 3]]]))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(put([[]], 1)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const x = zeros([2, 3]);
    expect(x.setIndex([0, 1], 4)).toBe(x);
    expect(x.tolist()).toEqual([
      [0, 4, 0],
      [0, 0, 0],
    ]);
  });

  test("accumulating adds up what goes to one place", () => {
    expect(
      put(
        [
          [0, 0, 1],
          [1, 1, 2],
        ],
        2,
        true,
      ),
    ).toEqual([
      [0, 4, 0],
      [0, 0, 2],
    ]);
    expect(put([0], 2, true)).toEqual([
      [2, 2, 2],
      [0, 0, 0],
    ]);
  });

  test("gradients: names, what is overwritten, the value", () => {
    const x = rand([2, 3], { dtype: float64, requiresGrad: true });
    const v = rand([2], { dtype: float64, requiresGrad: true });
    const basic = x.mul(1);
    basic.indexPut_([slice(null), 1], v);
    expect(named(basic)).toBe("CopySlices");
    const advanced = x.mul(1).indexPut_(
      [
        [0, 1],
        [2, 0],
      ],
      v,
    );
    expect(named(advanced)).toBe("IndexPutBackward0");
    expect(autograd.grad(advanced.sum(), [x, v]).map((g) => g?.tolist())).toEqual([
      [
        [1, 1, 0],
        [0, 1, 1],
      ],
      [1, 1],
    ]);
    for (const accumulate of [false, true]) {
      const f = (a: Tensor, b: Tensor): Tensor =>
        wg
          .indexPut(
            a,
            [
              [1, 0],
              [2, 2],
            ],
            b,
            { accumulate },
          )
          .pow(3);
      expect(autograd.gradcheck(f as never, [x, v], { checkForwardAd: true })).toBe(true);
      expect(autograd.gradgradcheck(f as never, [x, v])).toBe(true);
    }
  });

  test("through a view into its base", () => {
    const x = rand([3, 4], { dtype: float64, requiresGrad: true });
    const y = x.mul(1);
    y.t().indexPut_(
      [
        [0, 3],
        [1, 2],
      ],
      0,
    );
    expect(named(y)).toBe("CopySlices");
    expect((autograd.grad(y.sum(), [x])[0] as Tensor).tolist()).toEqual([
      [1, 1, 1, 1],
      [0, 1, 1, 1],
      [1, 1, 1, 0],
    ]);
  });

  test("frees what it made", () => {
    const before = memory().live;
    scope(() => {
      const x = rand([3, 4], { requiresGrad: true });
      x.mul(2)
        .indexPut_([[0, 1], slice(1, 3)], x.index([0, 1], slice(0, 2)))
        .sum()
        .backward();
    });
    expect(memory().live).toBe(before);
  });
});

test.each<[string, (x: Tensor) => unknown, RegExp, new (text: string) => Error]>([
  ["too many", (x) => x.index(0, 0, 0), /too many indices for tensor of dimension 2/, ArgumentError],
  ["out of range", (x) => x.index(2), /index 2 is out of bounds for dimension 0 with size 2/, ArgumentError],
  [
    "out of range in a list",
    (x) => x.index([0, -3]),
    /index -3 is out of bounds for dimension 0 with size 2/,
    ArgumentError,
  ],
  ["a fraction", (x) => x.index(0.5), /only integers, slices/, ArgumentError],
  ["a word", (x) => x.index("a" as never), /only integers, slices/, ArgumentError],
  ["two ellipses", (x) => x.index("...", "..."), /single ellipsis/, ArgumentError],
  ["a float tensor", (x) => x.index(tensor([0])), /Expected dtype int32/, DTypeError],
  [
    "a mask of another shape",
    (x) => x.index(tensor([true])),
    /The shape of the mask \[1\] at index 0 does not match/,
    ShapeError,
  ],
  [
    "lists that do not broadcast",
    (x) => x.index([0, 1], [0, 1, 2]),
    /indexing tensors could not be broadcast together/,
    ShapeError,
  ],
  ["a step back", (x) => x.index(slice(null, null, -1)), /step must be/, ArgumentError],
  [
    "a value of another shape",
    (x) => x.indexPut_([[0, 1]], tensor([1, 2])),
    /shape mismatch: value tensor of shape \[2\]/,
    ShapeError,
  ],
  ["writing out of range", (x) => x.indexPut_([[0, 5]], 1), /index 5 is out of bounds/, ArgumentError],
  ["no list of indices", (x) => x.indexPut_(0 as never, 1), /array of indices/, ArgumentError],
  ["no value", (x) => x.indexPut_([0], "a" as never), /tensor or a number/, ArgumentError],
])("%s is refused, and nothing is written", (_, f, text, kind) => {
  const x = zeros([2, 3]);
  expect(() => f(x)).toThrow(text);
  expect(() => f(x)).toThrow(kind);
  expect([x.tolist(), x.version]).toEqual([
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    0,
  ]);
  expect(x).toBeInstanceOf(Tensor);
});
