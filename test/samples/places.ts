// Samples of views, joining and splitting, and of reading and writing by index.

import { float32, slice, type Tensor, tensor } from "../../src/entries/node.js";
import { bools, collector, doubles, ints, type Values } from "./collect.js";
import type { Sample } from "./samples.js";

/** The samples of views and of what makes several tensors one or one several. */
export function views(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, 0, 1);
  const cube = of(2, 3, 2);
  const whole = ints([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const none = of(0, 3);
  for (const x of [of(2, 3), whole, bools([[true, false, true]]), of(2, 3).to(float32), of(3, 2).t(), none]) {
    add("transpose swapaxes swapdims", [x, 0, -1]);
    add("t ravel flatten fliplr flipud squeeze", [x]);
    add("permute", [x, [1, 0]]);
    add("unsqueeze", [x, -2]);
    add("movedim moveaxis", [x, 0, 1]);
    add("select", [x, 1, 2]);
    add("narrow", [x, 1, 0, 2]);
    add("split", [x, 2, -1]);
    add("splitWithSizes", [x, [1, 2], 1]);
    add("chunk", [x, 2, 1]);
    add("tensorSplit", [x, 2, 1]);
    add("unbind", [x, 1]);
    add("expandAs", [x, x.unsqueeze(0).expand([2, ...x.shape])], { differentiable: false });
    add("flip", [x, [0, 1]]);
    add("roll", [x, 1, 1]);
    add("rot90", [x]);
    add("repeat", [x, [2, 1]]);
    add("tile", [x, [1, 2]]);
    add("cat", [[x, x], 1]);
    add("stack", [[x, x], -1]);
    add("hstack vstack dstack columnStack", [[x, x]]);
    add("diagonal", [x]);
  }
  add("t", [of(3)]);
  add("transpose", [of(3), 0, 0]);
  add("unsqueeze", [of(), 0]);
  add("ravel flatten", [of()]);
  add("ravel", [cube.permute([2, 0, 1])]);
  add("flatten", [cube, 1]);
  add("squeeze", [of(1, 2, 1)]);
  add("squeeze", [of(1, 2, 1), -1]);
  add("squeeze", [of(1, 2, 1), 1]);
  add("select", [cube, 1, -1]);
  add("select", [of(3), 0, 2]);
  add("narrow", [cube, -2, 1, 0]);
  add("narrow", [cube, 1, ints(1), 2]);
  add("split", [of(5), 2]);
  add("split", [of(2, 5), [1, 4], 1]);
  add("chunk", [of(5), 3]);
  add("tensorSplit", [of(5), [1, 3]]);
  add("tensorSplit", [of(2, 4), ints([1, 3]), 1]);
  add("hsplit", [of(4), 2]);
  add("hsplit vsplit", [of(2, 4), 2]);
  add("dsplit", [of(2, 1, 4), 2]);
  add("dsplit", [of(1, 1, 3), [1]]);
  add("rot90", [of(2, 3), 2]);
  add("rot90", [cube, -1, [0, 2]]);
  add("rot90", [cube, { k: 3, dims: [1, 2] }]);
  add("expand", [of(2, 1), [3, 2, -1]]);
  add("expandAs", [of(2, 1), of(2, 3)], { differentiable: false });
  add("expandAs", [of(), of(2)], { differentiable: false });
  add("broadcastTo", [of(3), [2, 3]]);
  add("diagonal", [cube, 1, 0, 2]);
  add("unfold", [of(6), 0, 3, 2]);
  add("unflatten", [of(2, 6), 1, [2, -1]]);
  add("diagEmbed", [of(2, 2), { offset: 1 }]);
  add("asStrided", [of(6), [2, 2], [3, 1], 1]);
  add("cat", [[of(2), of(0), of(3)]]);
  add("cat", [[of(2).to(float32), of(1)]]);
  add("cat", [[whole, of(1, 3)]]);
  add("atleast1d atleast2d atleast3d", [of()]);
  add("atleast2d", [of(3)]);
  add("meshgrid", [of(2), of(3), { indexing: "ij" }]);
  add("meshgrid", [of(2), of(3), { indexing: "xy" }]);
  add("selectScatter", [of(2, 3), of(2), 1, -1]);
  add("selectScatter", [cube, of(2, 2), 1, 0]);
  add("selectScatter", [whole, ints([7, 8, 9]), 0, 1]);
  add("sliceScatter", [of(2, 4), of(2, 2), 1, 0, 4, 2]);
  add("diagonalScatter", [of(3, 3), of(2), 1]);
  return list;
}

/** The samples of reading and writing by index. */
export function indices(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, 0, 1);
  const x = of(3, 4);
  const pick = ints([
    [0, 2, 1, 0],
    [2, 2, 0, 1],
  ]);
  for (const each of [
    x,
    x.to(float32),
    ints([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]),
  ]) {
    const source = each.narrow(0, 0, 2).add(1);
    add("gather", [each, 0, pick]);
    add("takeAlongDim", [each, pick, 0]);
    add("indexSelect", [each, -1, ints([3, 0, 3])]);
    add("take", [
      each,
      ints([
        [11, -1],
        [0, 0],
      ]),
    ]);
    add("scatter", [
      each,
      0,
      ints([
        [0, 2, 1, 0],
        [2, 1, 0, 1],
      ]),
      source,
    ]);
    add("scatter", [
      each,
      1,
      ints([
        [0, 3],
        [1, 2],
      ]),
      2,
    ]);
    add("scatterAdd", [each, 0, pick, source]);
    add("indexAdd", [each, 0, ints([2, 0]), source]);
    add("indexCopy", [each, 0, ints([2, 0]), source]);
    add("indexFill", [each, -1, ints([1, 3]), 5]);
    add("put", [each, ints([0, -1]), source.reshape([-1]).narrow(0, 0, 2)]);
    add("indexPut", [each, [ints([0, 2])], source]);
    add("indexPut", [each, [ints([0, 0])], source, true]);
    for (const reduce of ["sum", "prod", "mean", "amax", "amin"]) {
      // Between integers the mean rounds.
      add("scatterReduce", [each, 0, pick, source, reduce]);
      add("indexReduce", [each, 0, ints([2, 0]), source, reduce === "sum" ? "prod" : reduce]);
    }
  }
  add("gather", [of(), 0, ints(0)]);
  add("gather", [of(2, 3), 1, ints([[], []])]);
  add("takeAlongDim", [x, ints([3, 0])]);
  add("takeAlongDim", [x, ints([[0], [1], [3]]), { dim: -1 }]);
  add("indexSelect", [x, 0, ints([])]);
  add("scatter", [x, 1, ints([[0], [3]]), doubles([[0.5], [0.7]]), { reduce: "add" }], { differentiable: false });
  add("scatter", [ints([[4, 5]]), 1, ints([[0], [0]]).t(), 2, { reduce: "multiply" }]);
  add("scatter", [of(), 0, ints(0), of()]);
  add("scatterAdd", [of(), 0, ints(0), of()]);
  add("scatter", [x, 0, ints([[0, 1]]), of(2, 3)]);
  add("indexAdd", [of(3), 0, ints([0, 0, 2]), of(3), { alpha: -2 }]);
  add("indexAdd indexCopy", [x, 1, ints([]), of(3, 0)]);
  add("indexFill", [x, 0, ints([0]), of()]);
  add("put", [x, ints([1, 1]), of(2), true]);
  add("put", [x, ints([[1], [-2]]), of(2, 1)]);
  add("indexPut", [x, [ints([0, 2]), ints([1, 3])], of(2)]);
  add("indexPut", [x, [x.gt(0.5)], of()]);
  add("indexPut", [x, [ints([0, 2])], 0.5, { accumulate: true }]);
  add("index", [x, ints([2, 0])]);
  add("index", [x, bools([true, false, true])]);
  add("index", [x, slice(null, null, 2), null, ints([1, 1])]);
  add("index", [x, "...", -1]);
  add("index", [
    ints([
      [1, 2],
      [3, 4],
    ]),
    0,
  ]);
  for (const [items, value] of [
    [[0], of(4)],
    [[slice(0, 2), 1], 0.5],
    [["...", ints([0, 2])], of(3, 2)],
    [[bools([true, false, true])], of(1, 4)],
  ] as const) {
    // It writes its first argument, so that it is given a copy.
    add("setIndex", [x, items, value], {
      covers: ["setIndex"],
      call: (self, at, what) => (self as Tensor).clone().setIndex(at as [], what as number),
    });
  }
  add("repeatInterleave", [x, 2, 1]);
  add("repeatInterleave", [of(2, 2), ints([0, 3]), { dim: 1 }]);
  add("repeatInterleave", [ints([1, 0, 2])]);
  add("unravelIndex", [ints([[5, 0]]), [2, 3]]);
  add("diag", [of(3)]);
  add("diag", [of(2, 3), 1]);
  add("diagflat", [of(2, 2), -1]);
  add("tril triu", [
    tensor([
      [true, true],
      [true, true],
    ]),
  ]);
  return list;
}
