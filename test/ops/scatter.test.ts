// Writing by index along a dim and by flat indices: values, folding, gradients, in place, and what is refused.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  autograd,
  DTypeError,
  float64,
  GraphError,
  int32,
  memory,
  rand,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { named } from "../helpers/tape.js";

type Reduce = "sum" | "prod" | "mean" | "amax" | "amin";

const ints = (data: unknown): Tensor => tensor(data as number[], { dtype: int32 });
const doubles = (data: unknown, requiresGrad = false): Tensor =>
  tensor(data as number[], { dtype: float64, requiresGrad });
const smooth = (shape: number[]): Tensor => rand(shape, { dtype: float64 }).add(0.5).detach().requiresGrad_();
const places = ints([
  [0, 1, 0],
  [1, 1, 1],
]);

describe("writing by index", () => {
  const writes: readonly (readonly [string, (x: Tensor, s: Tensor) => Tensor, number[], number[]])[] = [
    [
      "ScatterBackward0",
      (x, s) =>
        x.scatter(
          0,
          ints([
            [0, 1, 0],
            [1, 0, 2],
          ]),
          s,
        ),
      [3, 3],
      [2, 3],
    ],
    ["ScatterBackward1", (x) => x.scatter(1, ints([[0], [2], [2]]), 5), [3, 3], [1]],
    ["ScatterAddBackward0", (x, s) => x.scatterAdd(0, places, s), [3, 3], [2, 3]],
    ["ScatterAddBackward0", (x, s) => x.scatterAdd(1, ints([[2], [2]]), s), [3, 3], [3, 4]],
    ["IndexAddBackward0", (x, s) => x.indexAdd(1, ints([2, 0, 2]), s, { alpha: -2 }), [2, 3], [2, 3]],
    ["IndexCopyBackward0", (x, s) => x.indexCopy(0, ints([2, 0]), s), [3, 3], [2, 3]],
    ["IndexFillBackward0", (x) => x.indexFill(0, ints([-1, 0]), 5), [3, 3], [1]],
    ["IndexFillBackward1", (x, s) => x.indexFill(1, ints([1]), s), [3, 3], []],
    ["PutBackward0", (x, s) => x.put(ints([[-1, 2]]), s), [3, 3], [2]],
    ["PutBackward0", (x, s) => x.put(ints([1, 1, 2]), s, { accumulate: true }), [3, 3], [3]],
    ["MaskedScatterBackward0", (x, s) => x.maskedScatter(tensor([true, false, true]), s), [2, 3], [5]],
  ];

  test.each(writes)("%s has derivatives in both modes, and leaves its input", (label, f, shape, source) => {
    const x = smooth(shape);
    const s = smooth(source);
    const kept = x.tolist();
    const y = f(x, s);
    expect(named(y)).toBe(label);
    expect(x.tolist()).toEqual(kept);
    expect(f(x.detach().t().contiguous().t(), s.detach()).tolist()).toEqual(y.tolist());
    const g = (a: Tensor, b: Tensor): Tensor => f(a, b).pow(2);
    expect(autograd.gradcheck(g as never, [x, s], { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck(g as never, [x, s])).toBe(true);
    const before = memory().live;
    scope(() => {
      f(smooth(shape), smooth(source)).sum().backward();
    });
    expect(memory().live).toBe(before);
  });

  test("in place: itself, its history, and the base of a view", () => {
    const x = smooth([2, 3]);
    const s = smooth([2, 3]);
    const y = x.mul(1);
    expect(y.scatterAdd_(0, places, s)).toBe(y);
    expect([named(y), y.version]).toEqual(["ScatterAddBackward0", 1]);
    expect(autograd.grad(y.sum(), [x, s]).map((g) => g?.tolist())).toEqual([
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
    ]);
    const z = x.mul(1);
    z.t().indexFill_(0, ints([1]), 0);
    expect(named(z)).toBe("CopySlices");
    expect((autograd.grad(z.sum(), [x])[0] as Tensor).tolist()).toEqual([
      [1, 0, 1],
      [1, 0, 1],
    ]);
    expect(
      zeros([2, 2])
        .scatter_(1, ints([[1], [0]]), 3)
        .tolist(),
    ).toEqual([
      [0, 3],
      [3, 0],
    ]);
    expect(
      zeros([3])
        .indexAdd_(0, ints([1, 1]), tensor([1, 2]))
        .tolist(),
    ).toEqual([0, 3, 0]);
    expect(
      zeros([3])
        .indexCopy_(0, ints([2]), tensor([1]))
        .tolist(),
    ).toEqual([0, 0, 1]);
    expect(
      zeros([2, 2])
        .t()
        .put_(ints([1]), tensor([4]))
        .tolist(),
    ).toEqual([
      [0, 4],
      [0, 0],
    ]);
    expect(
      zeros([2])
        .maskedScatter_(tensor([false, true]), tensor([9, 8]))
        .tolist(),
    ).toEqual([0, 9]);
    expect(() => smooth([3]).indexFill_(0, ints([0]), 1)).toThrow(GraphError);
  });

  test("of 0-dim and empty tensors", () => {
    expect(tensor(2).scatterAdd(0, ints(0), tensor(3)).item()).toBe(5);
    expect(
      tensor(2)
        .indexAdd(0, ints([0, 0]), tensor([1, 1]))
        .item(),
    ).toBe(4);
    expect(
      tensor(2)
        .indexFill(0, ints([0]), 7)
        .item(),
    ).toBe(7);
    expect(
      zeros([2])
        .scatterAdd(0, ints([]), zeros([0]))
        .tolist(),
    ).toEqual([0, 0]);
    expect(zeros([0]).indexCopy(0, ints([]), zeros([0])).shape).toEqual([0]);
    expect(
      zeros([2])
        .put(ints([]), zeros([0]))
        .tolist(),
    ).toEqual([0, 0]);
  });

  test("the last of several writes to one place stays", () => {
    expect(
      zeros([2])
        .scatter(0, ints([1, 1]), tensor([3, 4]))
        .tolist(),
    ).toEqual([0, 4]);
  });
});

describe("folding", () => {
  const x = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const s = [
    [7, -1, 2],
    [4, 3, -6],
  ];
  test.each<[Reduce, boolean, number[][]]>([
    [
      "sum",
      true,
      [
        [10, 2, 3],
        [8, 7, 0],
      ],
    ],
    [
      "sum",
      false,
      [
        [9, 2, 3],
        [4, 2, -6],
      ],
    ],
    [
      "prod",
      true,
      [
        [14, 2, 3],
        [16, -15, -36],
      ],
    ],
    [
      "prod",
      false,
      [
        [14, 2, 3],
        [4, -3, -6],
      ],
    ],
    [
      "mean",
      true,
      [
        [10 / 3, 2, 3],
        [4, 7 / 3, 0],
      ],
    ],
    [
      "mean",
      false,
      [
        [4.5, 2, 3],
        [4, 1, -6],
      ],
    ],
    [
      "amax",
      true,
      [
        [7, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      "amax",
      false,
      [
        [7, 2, 3],
        [4, 3, -6],
      ],
    ],
    [
      "amin",
      true,
      [
        [1, 2, 3],
        [4, -1, -6],
      ],
    ],
    [
      "amin",
      false,
      [
        [2, 2, 3],
        [4, -1, -6],
      ],
    ],
  ])("%s, own values counted: %s", (reduce, includeSelf, expected) => {
    // Column by column: 7 and 2 would meet in the first place of a flat tensor; here along dim 1.
    const index = ints([
      [0, 1, 0],
      [0, 1, 2],
    ]);
    const flat = (rows: number[][]): number[] => rows.flat();
    const target = doubles(flat(x));
    const where = ints([0, 4, 0, 3, 4, 5]);
    const out = target.scatterReduce(0, where, doubles(flat(s)), reduce, { includeSelf });
    const got = out.reshape([2, 3]).tolist() as number[][];
    got.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo((expected[i] as number[])[j] as number, 12);
      });
    });
    expect(target.scatterReduce_(0, where, doubles(flat(s)), reduce, { includeSelf }).tolist()).toEqual(out.tolist());
    const f = (a: Tensor, b: Tensor): Tensor => a.scatterReduce(1, index, b, reduce, { includeSelf }).pow(2);
    expect(named(smooth([2, 3]).scatterReduce(1, index, smooth([2, 3]), reduce))).toBe("ScatterReduceBackward0");
    const leaves = [smooth([2, 3]), smooth([3, 4])];
    expect(autograd.gradcheck(f as never, leaves, { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck(f as never, leaves)).toBe(true);
    if (reduce === "sum") return;
    const g = (a: Tensor, b: Tensor): Tensor => a.indexReduce(1, ints([2, 0, 2]), b, reduce, { includeSelf }).pow(2);
    expect(named(g(smooth([2, 3]), smooth([2, 3])))).toBe("PowBackward0");
    expect(named(smooth([2, 3]).indexReduce(1, ints([0]), smooth([2, 1]), reduce))).toBe("IndexReduceBackward0");
    expect(autograd.gradcheck(g as never, [smooth([2, 3]), smooth([2, 3])], { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck(g as never, [smooth([2, 3]), smooth([2, 3])])).toBe(true);
  });

  test("equal extremes share the gradient, replaced values get none", () => {
    const own = doubles([3, 1], true);
    const source = doubles([3, 3, 0], true);
    const index = ints([0, 0, 1]);
    const grads = (includeSelf: boolean): unknown =>
      autograd
        .grad(own.scatterReduce(0, index, source, "amax", { includeSelf }).sum(), [own, source])
        .map((g) => g?.tolist());
    expect(grads(true)).toEqual([
      [1 / 3, 1],
      [1 / 3, 1 / 3, 0],
    ]);
    expect(grads(false)).toEqual([
      [0, 0],
      [0.5, 0.5, 1],
    ]);
  });

  test("products with zeros: exact gradients, second ones only beside one zero", () => {
    const own = doubles([2, 0], true);
    const one = doubles([0, 3, 4], true);
    const index = ints([0, 0, 1]);
    const grads = (source: Tensor): unknown =>
      autograd.grad(own.scatterReduce(0, index, source, "prod").sum(), [own, source]).map((g) => g?.tolist());
    expect(grads(one)).toEqual([
      [0, 4],
      [6, 0, 0],
    ]);
    expect(autograd.gradgradcheck((a: Tensor) => doubles([2, 5]).scatterReduce(0, index, a, "prod"), [one])).toBe(true);
    const two = doubles([0, 0, 4], true);
    expect(grads(two)).toEqual([
      [0, 4],
      [0, 0, 0],
    ]);
    const out = own.scatterReduce(0, index, two, "prod").sum();
    expect(() => autograd.grad(out, [two], { createGraph: true })).toThrow(/Double backward is unsupported for src/);
  });

  test("integers and booleans", () => {
    const own = ints([7, -7]);
    const index = ints([0, 1]);
    expect(own.scatterReduce(0, index, ints([2, 2]), "mean").tolist()).toEqual([4, -3]);
    expect(own.scatterReduce(0, index, ints([9, -9]), "amax", { includeSelf: false }).tolist()).toEqual([9, -9]);
    const flags = tensor([true, false]);
    for (const [reduce, expected] of [
      ["sum", [true, true]],
      ["amax", [true, true]],
      ["prod", [false, false]],
      ["amin", [false, false]],
    ] as const) {
      expect(flags.scatterReduce(0, index, tensor([false, true]), reduce).tolist()).toEqual(expected);
    }
    expect(() => flags.scatterReduce(0, index, flags, "mean")).toThrow(DTypeError);
    expect(
      doubles([Number.NaN, 1])
        .scatterReduce(0, index, doubles([1, 2]), "amax")
        .tolist(),
    ).toEqual([Number.NaN, 2]);
  });
});

test.each<[string, (x: Tensor) => unknown, RegExp]>([
  ["out of range", (x) => x.scatter_(0, ints([[2, 0, 0]]), 1), /index 2 is out of bounds for dimension 0 with size 2/],
  ["a negative index", (x) => x.scatterAdd_(0, ints([[-1]]), zeros([1, 1])), /index -1 is out of bounds/],
  ["another dtype", (x) => x.scatter_(0, ints([[0]]), doubles([[1]])), /Expected self.dtype to be equal to src.dtype/],
  ["a float index", (x) => x.scatter_(0, zeros([1, 1]), 1), /Expected dtype int32 for index/],
  ["another rank", (x) => x.scatter_(0, ints([0]), 1), /same number of dimensions/],
  ["a small source", (x) => x.scatter_(0, places, zeros([1, 3])), /to be smaller size than src/],
  ["a large index", (x) => x.scatter_(1, ints([[0], [0], [0]]), 1), /Size does not match|to be smaller than self/],
  [
    "an unknown reduction",
    (x) => x.scatterReduce_(0, places, zeros([2, 3]), "max" as never),
    /reduce argument must be either sum, prod, mean, amax or amin/,
  ],
  ["an unknown folding", (x) => x.scatter_(0, places, 1, { reduce: "mean" as never }), /either add or multiply/],
  ["a sum by list", (x) => x.indexReduce_(0, ints([0]), zeros([1, 3]), "sum"), /either prod, mean, amax or amin/],
  ["a list out of range", (x) => x.indexAdd_(1, ints([0, 3]), zeros([2, 2])), /index 3 is out of bounds/],
  ["other slices", (x) => x.indexCopy_(0, ints([0]), zeros([1, 2])), /same slice shapes/],
  ["a matrix of indices", (x) => x.indexFill_(0, ints([[0]]), 1), /should have dimension 1 or 0/],
  [
    "a vector to fill with",
    (x) => x.indexFill_(0, ints([0]), zeros([2])),
    /only supports a 0-dimensional value tensor/,
  ],
  ["other counts", (x) => x.put_(ints([0, 1]), zeros([3])), /same number of elements/],
  ["flat indices out of range", (x) => x.put_(ints([6]), zeros([1])), /index 6 is out of bounds/],
  ["too small a source", (x) => x.maskedScatter_(tensor([true, true, true]), zeros([5])), /to be >= mask elements/],
  ["memory that overlaps", (x) => x.indexCopy_(0, ints([0]), x.narrow(0, 1, 1)), /refer to a single memory location/],
  [
    "an expanded target",
    (x) =>
      x
        .narrow(0, 0, 1)
        .expand([2, 3])
        .scatter_(0, ints([[0]]), 1),
    /more than one element of the written-to tensor/,
  ],
])("%s is refused, and nothing is written", (_, f, text) => {
  const x = zeros([2, 3]);
  expect(() => f(x)).toThrow(text);
  expect(() => f(x)).toThrow(wg.WengertError);
  expect([x.tolist(), x.version]).toEqual([
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
    0,
  ]);
});
