// Copies in another shape or order, and coordinates.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  arange,
  float64,
  int32,
  memory,
  rand,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  unravelIndex,
  zeros,
} from "../../src/entries/node.js";
import { checked, named } from "../helpers/tape.js";

const grid = (requiresGrad = false): Tensor =>
  arange(6, { dtype: float64 }).reshape([2, 3]).detach().requiresGrad_(requiresGrad);

describe("copies in another shape or order", () => {
  const copies: readonly (readonly [string, (x: Tensor) => Tensor, unknown])[] = [
    [
      "RepeatBackward0",
      (x) => x.repeat([2, 1]),
      [
        [0, 1, 2],
        [3, 4, 5],
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    [
      "RepeatBackward0",
      (x) => x.tile([2]),
      [
        [0, 1, 2, 0, 1, 2],
        [3, 4, 5, 3, 4, 5],
      ],
    ],
    ["IndexSelectBackward0", (x) => x.repeatInterleave(2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]],
    [
      "IndexSelectBackward0",
      (x) => x.repeatInterleave(tensor([2, 0, 1], { dtype: int32 }), { dim: 1 }),
      [
        [0, 0, 2],
        [3, 3, 5],
      ],
    ],
    [
      "FlipBackward0",
      (x) => x.flip([0, 1]),
      [
        [5, 4, 3],
        [2, 1, 0],
      ],
    ],
    [
      "RollBackward0",
      (x) => x.roll(1),
      [
        [5, 0, 1],
        [2, 3, 4],
      ],
    ],
    [
      "RollBackward0",
      (x) => x.roll([1, -1], [0, 1]),
      [
        [4, 5, 3],
        [1, 2, 0],
      ],
    ],
    [
      "Rot90Backward0",
      (x) => x.rot90(),
      [
        [2, 5],
        [1, 4],
        [0, 3],
      ],
    ],
    [
      "TrilBackward0",
      (x) => x.tril(),
      [
        [0, 0, 0],
        [3, 4, 0],
      ],
    ],
    [
      "TriuBackward0",
      (x) => x.triu({ diagonal: 1 }),
      [
        [0, 1, 2],
        [0, 0, 5],
      ],
    ],
    ["DiagonalBackward0", (x) => x.diag(), [0, 4]],
    [
      "DiagEmbedBackward0",
      (x) => x.select(0, 0).diag(1),
      [
        [0, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 2],
        [0, 0, 0, 0],
      ],
    ],
    [
      "SelectScatterBackward0",
      (x) => x.selectScatter(zeros([3], { dtype: float64 }), 0, 1),
      [
        [0, 1, 2],
        [0, 0, 0],
      ],
    ],
    [
      "SliceScatterBackward0",
      (x) => x.sliceScatter(zeros([2, 2], { dtype: float64 }), { dim: 1, step: 2 }),
      [
        [0, 1, 0],
        [0, 4, 0],
      ],
    ],
    [
      "DiagonalScatterBackward0",
      (x) => x.diagonalScatter(zeros([2], { dtype: float64 })),
      [
        [0, 1, 2],
        [3, 0, 5],
      ],
    ],
    [
      "AsStridedScatterBackward0",
      (x) => x.asStridedScatter(zeros([2], { dtype: float64 }), [2], [2], 1),
      [
        [0, 0, 2],
        [0, 4, 5],
      ],
    ],
  ];

  test.each(copies)("%s", (label, f, expected) => {
    const x = grid(true);
    const y = f(x);
    expect(named(y)).toBe(label);
    expect(y.tolist()).toEqual(expected);
    expect(y.isView).toBe(false);
    // asStridedScatter works on places in memory, which strided operands have elsewhere.
    if (!label.startsWith("AsStrided")) {
      expect(f(grid().t().contiguous().t()).tolist()).toEqual(expected);
    }
    checked((z) => f(z).pow(2), rand([2, 3], { dtype: float64 }));
    const before = memory().live;
    scope(() => {
      f(grid(true)).sum().backward();
    });
    expect(memory().live).toBe(before);
  });

  test("sources of scatters of views have gradients too", () => {
    checked((x, s) => x.selectScatter(s, 1, -1), rand([2, 3], { dtype: float64 }), rand([2], { dtype: float64 }));
    checked((x, s) => x.asStridedScatter(s, [2], [2], 1), rand([5], { dtype: float64 }), rand([2], { dtype: float64 }));
    expect(() => grid().selectScatter(zeros([2], { dtype: float64 }), 0, 0)).toThrow(/size equal to the slice of self/);
    expect(() => grid().asStridedScatter(zeros([2, 2], { dtype: float64 }), [2, 2], [0, 1])).toThrow(ShapeError);
  });

  test("none of nothing", () => {
    expect(zeros([2, 0]).repeat([2, 3]).shape).toEqual([4, 0]);
    expect(grid().repeat([0, 1]).shape).toEqual([0, 3]);
    expect(zeros([0]).roll(3).shape).toEqual([0]);
    expect(zeros([2, 0]).flip([0, 1]).shape).toEqual([2, 0]);
    expect(zeros([0]).diag().shape).toEqual([0, 0]);
    expect(zeros([0, 2]).repeatInterleave(2, { dim: 1 }).shape).toEqual([0, 4]);
    expect(wg.repeatInterleave(tensor([1, 0, 2], { dtype: int32 })).tolist()).toEqual([0, 2, 2]);
    expect(() => wg.repeatInterleave(zeros([2, 2], { dtype: int32 }))).toThrow(/only accept 1D vector as repeat/);
  });
});

describe("coordinates", () => {
  test("of triangles and of flat indices", () => {
    expect(wg.trilIndices(3, 2).tolist()).toEqual([
      [0, 1, 1, 2, 2],
      [0, 0, 1, 0, 1],
    ]);
    expect(wg.triuIndices(2, 3, { offset: 1 }).tolist()).toEqual([
      [0, 0, 1],
      [1, 2, 2],
    ]);
    expect(wg.triuIndices(2, 2).dtype).toBe("int32");
    const flat = tensor([5, 0, 7], { dtype: int32 });
    expect(unravelIndex(flat, [2, 2, 2]).map((x) => x.tolist())).toEqual([
      [1, 0, 1],
      [0, 0, 1],
      [1, 0, 1],
    ]);
    expect(() => unravelIndex(tensor([1.5]), [2])).toThrow(/Expected dtype int32/);
  });

  test("emptyStrided holds what its strides reach", () => {
    const x = wg.emptyStrided([2, 2], [1, 4]);
    expect(x.stride()).toEqual([1, 4]);
    expect(x.fill_(3).tolist()).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(() => wg.emptyStrided([2], [1, 1])).toThrow(/mismatch in length/);
    expect(wg.broadcastShapes([2, 1], 3, [1, 1, 1])).toEqual([1, 2, 3]);
    expect(() => wg.broadcastShapes([2], [3])).toThrow(/must match the size/);
  });
});
