// Views and shapes: what shares memory, writes through views, names on the tape, and what is refused.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  ArgumentError,
  arange,
  autograd,
  float64,
  GraphError,
  int32,
  memory,
  noGrad,
  rand,
  ShapeError,
  scope,
  slice,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { checked, named } from "../helpers/tape.js";

const grid = (requiresGrad = false): Tensor =>
  arange(6, { dtype: float64 }).reshape([2, 3]).detach().requiresGrad_(requiresGrad);

describe("views", () => {
  const views: readonly (readonly [string, (x: Tensor) => Tensor, readonly number[]])[] = [
    ["ViewBackward0", (x) => x.view([3, 2]), [3, 2]],
    ["ViewBackward0", (x) => x.reshape([-1]), [6]],
    ["ViewBackward0", (x) => x.flatten(), [6]],
    ["ViewBackward0", (x) => x.unflatten(1, [3, 1]), [2, 3, 1]],
    ["ViewBackward0", (x) => x.ravel(), [6]],
    ["PermuteBackward0", (x) => x.permute([-1, 0]), [3, 2]],
    ["PermuteBackward0", (x) => x.movedim(0, -1), [3, 2]],
    ["PermuteBackward0", (x) => x.T, [3, 2]],
    ["TransposeBackward0", (x) => x.transpose(0, -1), [3, 2]],
    ["TransposeBackward0", (x) => x.mT, [3, 2]],
    ["TransposeBackward0", (x) => x.H, [3, 2]],
    ["TBackward0", (x) => x.t(), [3, 2]],
    ["ExpandBackward0", (x) => x.expand([4, -1, 3]), [4, 2, 3]],
    ["ExpandBackward0", (x) => x.broadcastTo([1, 2, 3]), [1, 2, 3]],
    ["SqueezeBackward0", (x) => x.squeeze(), [2, 3]],
    ["SqueezeBackward1", (x) => x.squeeze(0), [2, 3]],
    ["SqueezeBackward2", (x) => x.squeeze([0, 1]), [2, 3]],
    ["UnsqueezeBackward0", (x) => x.unsqueeze(-1), [2, 3, 1]],
    ["SelectBackward0", (x) => x.select(1, -1), [2]],
    ["SelectBackward0", (x) => x.index(1), [3]],
    ["SliceBackward0", (x) => x.narrow(1, 1, 2), [2, 2]],
    ["SliceBackward0", (x) => x.index("...", slice(0, null, 2)), [2, 2]],
    ["AliasBackward0", (x) => x.index("..."), [2, 3]],
    ["UnfoldBackward0", (x) => x.unfold(1, 2, 1), [2, 2, 2]],
    ["DiagonalBackward0", (x) => x.diagonal(1), [2]],
    ["AsStridedBackward0", (x) => x.asStrided([2, 2], [1, 2], 1), [2, 2]],
    ["SplitBackward0", (x) => x.split(2, 1)[1] as Tensor, [2, 1]],
    ["SplitWithSizesBackward0", (x) => x.split([1, 2], 1)[1] as Tensor, [2, 2]],
    ["SplitBackward0", (x) => x.chunk(2, 1)[0] as Tensor, [2, 2]],
    ["SliceBackward0", (x) => x.tensorSplit(2, 1)[1] as Tensor, [2, 1]],
    ["UnbindBackward0", (x) => x.unbind(1)[2] as Tensor, [2]],
  ];

  test.each(views)("%s shares memory and sends its gradient back", (label, see, shape) => {
    const x = grid(true);
    const y = see(x);
    expect(y.shape).toEqual(shape);
    expect(named(y)).toBe(label);
    expect(y.base).toBe(x);
    const before = memory().live;
    scope(() => {
      see(grid());
    });
    expect(memory().live).toBe(before);
    // The sum of squares through the view counts each element as often as the view sees it.
    const [g] = autograd.grad(y.mul(y).sum(), [x]) as [Tensor];
    const seen = autograd.grad(see(x).sum(), [x])[0] as Tensor;
    expect(g.tolist()).toEqual(x.detach().mul(2).mul(seen).tolist());
    noGrad(() => {
      x.fill_(7);
    });
    expect(see(x.detach()).eq(7).all().item()).toBe(true);
    expect(y.detach().eq(7).all().item()).toBe(true);
  });

  test.each(views)("%s has derivatives in both modes, also of strided tensors", (_, see) => {
    checked((x) => see(x).pow(2), rand([2, 3], { dtype: float64 }).add(1));
    checked((x) => see(x.mul(1)).sin(), rand([2, 3], { dtype: float64 }));
  });

  test("reshape copies where strides allow no view", () => {
    const x = grid(true);
    const y = x.t().reshape([6]);
    expect(named(y)).toBe("UnsafeViewBackward0");
    expect(y.isView).toBe(false);
    expect(y.tolist()).toEqual([0, 3, 1, 4, 2, 5]);
    expect(() => x.t().view([6])).toThrow(/view size is not compatible .* Use \.reshape/);
    expect(x.t().contiguous().stride()).toEqual([2, 1]);
    expect(named(x.t().contiguous())).toBe("CloneBackward0");
    expect(x.contiguous()).toBe(x);
  });

  test("empty and 0-dim tensors", () => {
    const none = zeros([0, 3]);
    expect(none.reshape([3, 0]).shape).toEqual([3, 0]);
    expect(none.t().flatten().shape).toEqual([0]);
    expect(none.split(1).map(({ shape }) => shape)).toEqual([[0, 3]]);
    expect(none.chunk(2).map(({ shape }) => shape)).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(none.unbind(0)).toEqual([]);
    expect(none.unfold(1, 2, 1).shape).toEqual([0, 2, 2]);
    expect(() => none.reshape([0, -1])).toThrow(/ambiguous/);
    const one = tensor(3);
    expect(one.reshape([1, 1]).shape).toEqual([1, 1]);
    expect(one.flatten().shape).toEqual([1]);
    expect(one.squeeze(0).shape).toEqual([]);
    expect(one.expand([2]).tolist()).toEqual([3, 3]);
    expect(one.t().shape).toEqual([]);
    expect(() => one.select(0, 0)).toThrow(/cannot be applied to a 0-dim tensor/);
    expect(() => one.unbind()).toThrow(ArgumentError);
    expect(one.T.shape).toEqual([]);
  });
});

describe("what lies elsewhere in the storage", () => {
  test("asStrided of a view counts from the start of the storage, forth and back", () => {
    const x = arange(12, { dtype: float64 }).reshape([3, 4]).detach().requiresGrad_();
    const y = x.select(0, 1).asStrided([2], [1], { storageOffset: 5 });
    expect(y.tolist()).toEqual([5, 6]);
    y.mul(tensor([2, 3], { dtype: float64 }))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([
      [0, 0, 0, 0],
      [0, 2, 3, 0],
      [0, 0, 0, 0],
    ]);
  });

  test("overlapping windows add up", () => {
    const x = arange(4, { dtype: float64 }).requiresGrad_();
    x.unfold(0, 2, 1)
      .mul(
        tensor(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          { dtype: float64 },
        ),
      )
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([1, 5, 9, 6]);
    checked((y) => y.asStrided([3, 3], [1, 1]).pow(3), rand([5], { dtype: float64 }));
  });

  test("places that elements share give each its part", () => {
    const x = tensor([1, 2], { dtype: float64, requiresGrad: true });
    const wide = x.reshape([2, 1]).expand([2, 3]);
    wide
      .asStrided([2], [1])
      .mul(tensor([5, 7], { dtype: float64 }))
      .sum()
      .backward();
    expect(x.grad?.tolist()).toEqual([5, 7]);
  });

  test("tangents of another layout are not read beyond their end", () => {
    const x = arange(10, { dtype: float64 }).narrow(0, 0, 3);
    autograd.forwardAd.dualLevel(() => {
      const y = autograd.forwardAd.makeDual(x, tensor([1, 2, 3], { dtype: float64 })).asStrided([5], [1]);
      expect(autograd.forwardAd.unpackDual(y).tangent?.tolist()).toEqual([1, 2, 3, 0, 0]);
    });
    expect(() => tensor([1, 2]).asStrided([3], [1])).toThrow(/out of bounds for storage of size 2/);
  });
});

describe("in place", () => {
  test("writes through a view reach the base and cut its gradient", () => {
    const x = grid(true);
    const y = x.mul(1);
    y.select(0, 0).mul_(10);
    y.t().narrow(0, 2, 1).fill_(1);
    expect(named(y)).toBe("CopySlices");
    expect(y.tolist()).toEqual([
      [0, 10, 1],
      [3, 4, 1],
    ]);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [10, 10, 0],
      [1, 1, 0],
    ]);
  });

  test("a view sees what was written to its base later", () => {
    const x = grid(true);
    const y = x.mul(1);
    const row = y.select(0, 1);
    y.mul_(3);
    expect(row.tolist()).toEqual([9, 12, 15]);
    expect(named(row)).toBe("AsStridedBackward0");
    row.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [0, 0, 0],
      [3, 3, 3],
    ]);
  });

  test("the layout changes on the spot", () => {
    const x = grid(true).mul(1);
    expect(x.transpose_(0, 1)).toBe(x);
    expect([x.shape, named(x)]).toEqual([[3, 2], "TransposeBackward1"]);
    expect(x.unsqueeze_(0).shape).toEqual([1, 3, 2]);
    expect(named(x)).toBe("UnsqueezeBackward1");
    expect(x.squeeze_(0).t_().shape).toEqual([2, 3]);
    expect(named(x)).toBe("TBackward1");
    expect(x.asStrided_([2], [3], { storageOffset: 1 }).tolist()).toEqual([1, 4]);
    expect(() => grid(true).t_()).toThrow(GraphError);
  });

  test("results of several views refuse it", () => {
    for (const make of [(x: Tensor) => x.split(1), (x: Tensor) => x.chunk(2), (x: Tensor) => x.unbind()]) {
      const [first] = make(grid(true).mul(1)) as [Tensor];
      expect(() => first.mul_(2)).toThrow(/This view is the output of a function that returns multiple views/);
      const [free] = make(grid()) as [Tensor];
      expect(free.add_(1).sum().item()).toBe(6);
    }
    expect(() => grid().expand([2, 2, 3]).mul_(2)).toThrow(/more than one element of the written-to tensor/);
  });

  test("fill_, zero_ and copy_", () => {
    const x = grid(true).mul(1);
    const value = tensor(5, { dtype: float64, requiresGrad: true });
    x.fill_(value);
    expect(named(x)).toBe("FillBackward3");
    x.sum().backward();
    expect(value.grad?.item()).toBe(6);
    expect(named(grid(true).mul(1).fill_(2))).toBe("FillBackward2");
    expect(named(grid(true).mul(1).zero_())).toBe("ZeroBackward0");
    expect(named(wg.fill(grid(true), 2))).toBe("FillBackward0");
    const y = zeros([2, 3]);
    expect(y.copy_(tensor([1, 2, 3], { dtype: int32 })).tolist()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(() => y.copy_(zeros([4]))).toThrow(ShapeError);
    expect(() => y.fill_(zeros([2]))).toThrow(/only supports a 0-dimension value tensor/);
    const z = arange(4);
    expect(
      z
        .narrow(0, 1, 3)
        .copy_(z.narrow(0, 0, 3))
        .tolist(),
    ).toEqual([0, 1, 2]);
  });
});

describe("refused, and nothing changed", () => {
  const refused: readonly (readonly [string, (x: Tensor) => unknown, RegExp])[] = [
    ["reshape", (x) => x.reshape([4]), /shape '\[4\]' is invalid for input of size 6/],
    ["reshape twice -1", (x) => x.reshape([-1, -1]), /only one dimension can be inferred/],
    ["permute", (x) => x.permute([0, 0]), /duplicate|repeated/i],
    ["permute rank", (x) => x.permute([0]), /does not match the length of the desired ordering/],
    [
      "transpose",
      (x) => x.transpose(0, 2),
      /Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)/,
    ],
    ["t", (x) => x.unsqueeze(0).t(), /expects a tensor with <= 2 dimensions/],
    ["mT", (x) => x.select(0, 0).mT, /only supported on matrices or batches of matrices/],
    ["H", (x) => x.unsqueeze(0).H, /only supported on matrices \(2-D tensors\)/],
    ["expand", (x) => x.expand([2, 4]), /expanded size of the tensor \(4\) must match the existing size \(3\)/],
    ["expand rank", (x) => x.expand([3]), /must be greater or equal to the number of dimensions/],
    ["select", (x) => x.select(1, 3), /index 3 .*dimension 1 .*size 3|index 3 is out of bounds/],
    ["narrow", (x) => x.narrow(0, 1, 2), /exceeds dimension size/],
    ["slice", (x) => x.index(slice(null, null, -1)), /step must be/],
    ["unfold", (x) => x.unfold(1, 4, 1), /maximum size for tensor at dimension 1 is 3 but size is 4/],
    ["split", (x) => x.split([1, 1], 1), /to sum exactly to 3/],
    ["chunk", (x) => x.chunk(0), /to be greater than 0/],
    ["diagonal", (x) => x.diagonal({ dim1: 0, dim2: -2 }), /diagonal dimensions cannot be identical/],
    ["flatten", (x) => x.flatten(1, 0), /start_dim cannot come after end_dim/],
    ["unflatten", (x) => x.unflatten(1, [2, 2]), /don't multiply up/],
    ["movedim", (x) => x.movedim([0, 1], [0]), /movedim/],
    ["asStrided", (x) => x.asStrided([7], [1]), /out of bounds for storage of size 6/],
    ["repeat", (x) => x.repeat([2]), /can not be smaller than number of dimensions/],
    ["repeatInterleave", (x) => x.repeatInterleave(-1), /repeats can not be negative/],
    [
      "repeatInterleave sizes",
      (x) => x.repeatInterleave(tensor([1, 2], { dtype: int32 }), 1),
      /repeats must have the same size as input along dim/,
    ],
    ["roll", (x) => x.roll([1, 2], [0]), /shifts and dimensions must align/],
    ["rot90", (x) => x.rot90(1, [0, -2]), /rotation dims to be different/],
    ["flip", (x) => x.flip([0, 0]), /multiple times/],
    ["fliplr", (x) => x.select(0, 0).fliplr(), /Input must be >= 2-d/],
    ["hsplit", (x) => x.hsplit(2), /not divisible by the split_size/],
    ["tril", (x) => x.select(0, 0).tril(), /at least 2 dimensions/],
    ["diag", (x) => x.unsqueeze(0).diag(), /Supports 1D or 2D tensors/],
    ["an unknown option", (x) => x.diagonal({ off: 1 } as never), /unknown option "off"/],
    ["a fraction", (x) => x.select(0, 0.5), /integer/],
  ];

  test.each(refused)("%s", (_, f, text) => {
    const x = grid();
    expect(() => f(x)).toThrow(text);
    expect(() => f(x)).toThrow(wg.WengertError);
    expect(x.tolist()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(x.version).toBe(0);
  });
});
