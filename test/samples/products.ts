// Samples of matrix products and linear algebra: batches that broadcast, transposed operands, vectors, empty sizes.

import { float32, type Tensor } from "../../src/entries/node.js";
import { at, type Callable, collector, doubles, ints, type Values } from "./collect.js";
import type { Sample } from "./samples.js";

/** The samples of products of matrices and vectors. */
export function products(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, -1, 1);
  const single = (...shape: number[]): Tensor => of(...shape).to(float32);
  for (const args of [
    [of(3), of(3)],
    [of(2, 3), of(3)],
    [of(3), of(3, 2)],
    [of(2, 3), of(3, 2)],
    [of(3, 2).t(), of(2, 3).t()],
    [of(2, 1, 2, 3), of(2, 3, 2)],
    [of(2, 2, 3), of(3)],
    [of(2), of(3, 2, 2)],
    [of(2, 0), of(0, 3)],
    [of(0, 2), of(2, 3)],
    [of(1, 2, 2).expand([3, 2, 2]), of(2, 1)],
    [single(2, 3), single(3, 2)],
    [ints([[1, 2]]), ints([[3], [4]])],
  ]) {
    add("matmul linalg.matmul", args);
  }
  for (const make of [of, single]) {
    add("mm", [make(2, 3), make(3, 4)]);
    add("mm", [make(3, 2).t(), make(4, 3).t()]);
    add("mm", [make(2, 0), make(0, 2)]);
    add("mv", [make(2, 3), make(3)]);
    add("mv", [make(3, 2).t(), make(3)]);
    add("mv", [make(2, 0), make(0)]);
    add("bmm", [make(2, 2, 3), make(2, 3, 1)]);
    add("bmm", [make(2, 3, 2).mT, make(2, 2, 3).mT]);
    add("bmm", [make(0, 2, 3), make(0, 3, 2)]);
    add("dot vdot inner", [make(4), make(4)]);
    add("dot vdot inner", [make(0), make(0)]);
    add("inner", [make(2, 3), make(2, 3)]);
    add("inner", [make(), make(2)]);
    add("outer ger", [make(3), make(2)]);
    add("outer", [make(0), make(2)]);
    add("kron", [make(2), make(2, 2)]);
    add("kron", [make(), make(3)]);
    add("tensordot", [make(2, 3), make(3, 2), 1]);
    add("tensordot", [make(2, 3), make(3, 2), { dims: [[0], [1]] }]);
    add("tensordot", [make(2), make(3), 0]);
    add("chainMatmul", [make(2, 3), make(3, 1), make(1, 2)]);
    add("linalg.multiDot", [[make(2), make(2, 3), make(3, 2), make(2)]]);
  }
  add("mm", [ints([[1, 2]]), ints([[3], [4]])]);
  add("dot", [ints([1, 2]), ints([3, 4])]);
  for (const [equation, ...operands] of [
    ["ij,jk->ik", of(2, 3), of(3, 2)],
    ["ij->ji", of(2, 3)],
    ["ii", of(3, 3)],
    ["ii->i", of(3, 3)],
    ["i,j", of(2), of(3)],
    ["bij,bjk->bik", of(2, 2, 2), of(2, 2, 2)],
    ["...i,i->...", of(2, 3), of(3)],
    ["i,ij,j->", of(2), of(2, 3), of(3)],
  ] as const) {
    add("einsum", [equation, ...operands]);
  }
  for (const options of [{}, { beta: 0.5, alpha: -2 }, { beta: 0 }]) {
    add("addmm", [of(2, 2), of(2, 3), of(3, 2), options]);
    add("addmv", [of(2), of(2, 3), of(3), options]);
    add("addr", [of(2, 3), of(2), of(3), options]);
    add("addbmm", [of(2, 2), of(3, 2, 1), of(3, 1, 2), options]);
    add("baddbmm", [of(2, 2, 2), of(2, 2, 1), of(2, 1, 2), options]);
  }
  add("addmm", [of(2), of(2, 3), of(3, 2)]);
  add("addmm", [of(), of(2, 3), of(3, 2)]);
  add("addmm", [of(2, 2), of(2, 0), of(0, 2), { beta: 2 }]);
  add("addmm", [single(2, 2), single(3, 2).t(), single(2, 3).t()]);
  add("addmm", [ints([[1]]), ints([[1, 2]]), ints([[3], [4]])]);
  add("addmv", [of(1), of(2, 3), of(3)]);
  add("addmv", [of(2), of(2, 0), of(0)]);
  add("addmv", [single(2), single(2, 3), single(3)]);
  add("addr", [of(3), of(2), of(3)]);
  add("addr", [of(1, 1), of(2), of(3)]);
  add("addr", [single(2, 2), single(2), single(2)]);
  add("addr", [ints([[1, 2]]), ints([3]), ints([4, 5])]);
  add("addbmm", [of(2), of(3, 2, 1), of(3, 1, 2)]);
  add("addbmm", [of(2, 2), of(0, 2, 1), of(0, 1, 2)]);
  add("baddbmm", [of(2, 1), of(2, 2, 1), of(2, 1, 2)]);
  add("baddbmm", [single(2, 2, 2), single(2, 2, 1), single(2, 1, 2)]);
  add("cdist", [of(2, 3), of(4, 3)]);
  add("cdist", [of(2, 2, 2), of(1, 3, 2), { p: 1 }]);
  add("linalg.vecdot", [of(2, 3), of(3)]);
  add("linalg.vecdot", [of(2, 3), of(2, 3), { dim: 0 }]);
  add("linalg.vander", [of(2, 2), { N: 3 }]);
  add("linalg.cross cross", [of(2, 3), of(2, 3)]);
  add("linalg.cross", [of(3, 2), of(3, 1), { dim: 0 }]);
  return list;
}

/** Square matrices far from singular, with gaps between their singular values and eigenvalues. */
function regular(values: Values, n: number, ...batch: number[]): Tensor {
  const steps = doubles(Array.from({ length: n }, (_, i) => 2 * i + 3)).diag();
  return values([...batch, n, n], -0.4, 0.4).add(steps);
}

/** The samples of decompositions, solutions, inverses and norms. */
export function linear(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, -1, 1);
  const squares = [regular(values, 3), regular(values, 2, 2), regular(values, 1), values([0, 2, 2], 0, 1)];
  const call = (path: string): Callable => at(path) as Callable;
  const onSquares =
    "det inverse slogdet logdet linalg.det linalg.inv linalg.slogdet linalg.invEx linalg.matrixExp matrixExp";
  for (const x of squares) {
    for (const path of onSquares.split(" ")) add(path, [x]);
    for (const n of [0, 1, 3, -2]) add("matrixPower linalg.matrixPower", [x, n]);
    add("linalg.solve", [x, of(x.shape.at(-1) as number, 2)]);
    add("linalg.solve", [x, values([...x.shape.slice(0, -1), 2], -1, 1), { left: true }]);
    add("linalg.solve", [x, values([...x.shape.slice(0, -2), 2, x.shape.at(-1) as number], -1, 1), { left: false }]);
    add("linalg.solveEx", [x, values([...x.shape.slice(0, -1), 1], -1, 1)]);
    add("lu linalg.luFactor linalg.luFactorEx linalg.lu", [x]);
    add("linalg.svdvals", [x]);
    add("linalg.cond", [x]);
    add("linalg.pinv pinverse", [x]);
    for (const upper of [false, true]) {
      // Only a triangle is read, so that the other has the gradient zero, here as in PyTorch.
      add("linalg.solveTriangular", [x, values([...x.shape.slice(0, -1), 2], -1, 1), { upper }]);
      add("triangularSolve", [values([...x.shape.slice(0, -1), 2], -1, 1), x, { upper }]);
    }
  }
  const [x, batched] = squares as [Tensor, Tensor];
  add("linalg.solve", [x, of(3)]);
  add("linalg.solve", [batched, of(2, 2, 1)]);
  add("linalg.solveTriangular", [x, of(2, 3), { upper: true, left: false, unitriangular: true }]);
  add("triangularSolve", [of(3, 1), x, { upper: true, transpose: true }]);
  add("triangularSolve", [of(3, 1), x, { unitriangular: true }]);
  for (const path of "det inverse linalg.slogdet linalg.luFactor linalg.svdvals linalg.cond linalg.inv".split(" ")) {
    add(path, [x.to(float32)]);
  }
  const single = x.to(float32);
  add("linalg.solve", [single, of(3, 1).to(float32)]);
  // Of a product of a matrix with itself, so that both triangles move alike in differences.
  const symmetric = (path: string, args: readonly unknown[], ...rest: unknown[]): void => {
    const f = call(path);
    const ofProduct = (a: unknown, ...more: unknown[]): unknown => {
      const m = a as Tensor;
      return f(m.matmul(m.mT), ...more, ...rest);
    };
    add(path, args, { call: ofProduct, differentiable: true });
  };
  for (const a of [x, batched]) {
    for (const upper of [false, true]) symmetric("cholesky", [a], upper);
    symmetric("linalg.cholesky", [a], { upper: true });
    symmetric("linalg.choleskyEx", [a]);
    symmetric("linalg.eigvalsh", [a]);
    symmetric("linalg.eigvalsh", [a], { UPLO: "U" });
  }
  for (const upper of [false, true]) {
    // PyTorch gives the gradient of the whole factor, of which only a triangle is read.
    const triangle = (m: unknown): Tensor => (upper ? (m as Tensor).triu() : (m as Tensor).tril());
    for (const a of squares.slice(0, 3)) {
      add("choleskyInverse", [a], { call: (m) => call("choleskyInverse")(triangle(m), upper) });
      const b = values([...a.shape.slice(0, -1), 2], -1, 1);
      add("choleskySolve", [b, a], { call: (c, m) => call("choleskySolve")(c, triangle(m), upper) });
    }
    add("choleskyInverse", [single.tril(), upper]);
    add("choleskyInverse", [x, upper], { differentiable: false });
  }
  for (const a of [of(3, 2), of(2, 3, 2)]) {
    add("qr", [a]);
    add("linalg.qr", [a, { mode: "reduced" }]);
    add("linalg.qr", [a, { mode: "r" }], { differentiable: false });
    add("geqrf", [a], { differentiable: false });
    add("linalg.svdvals", [a]);
    add("linalg.matrixRank", [a], { differentiable: false });
    add("linalg.matrixRank", [a, { rtol: 0.5 }], { differentiable: false });
    add("linalg.pinv pinverse", [a]);
    add("linalg.matrixNorm", [a]);
    for (const ord of ["fro", "nuc", 1, -1, 2, -2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      add("linalg.matrixNorm", [a, ord, [-2, -1], ord === 1 || ord === "nuc"]);
    }
  }
  add("geqrf", [values([0, 2, 2], 0, 1)], { differentiable: false });
  add("geqrf", [single]);
  add(
    "linalg.matrixRank",
    [
      doubles([
        [1, 2],
        [2, 4],
      ]),
      { hermitian: true },
    ],
    { differentiable: false },
  );
  add("linalg.matrixRank", [single]);
  add("linalg.matrixRank", [values([0, 3], 0, 1)], { differentiable: false });
  add("linalg.tensorsolve", [regular(values, 4).reshape([2, 2, 4]), of(2, 2)]);
  add("linalg.tensorsolve", [regular(values, 4).reshape([2, 2, 2, 2]), of(2, 2)]);
  add("linalg.tensorsolve", [regular(values, 4).reshape([4, 2, 2]).movedim(1, 2), of(4), { dims: [1] }]);
  add("linalg.tensorinv", [regular(values, 4).reshape([2, 2, 4]), { ind: 2 }]);
  for (const ord of [0, 1, 2, 3, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5]) {
    const more = ord === 0 ? { differentiable: false } : {};
    add("linalg.vectorNorm linalg.norm", [values([4], 0.2, 0.9), ord], more);
    add("linalg.vectorNorm", [values([2, 3], 0.2, 0.9), ord, -1, true], more);
    add("norm", [values([2, 3], 0.2, 0.9), ord, 0], more);
  }
  add("linalg.vectorNorm norm", [values([], 0.2, 0.9)]);
  add("linalg.vectorNorm norm", [values([0, 2], 0.2, 0.9)]);
  add("linalg.vectorNorm norm", [values([3], 0.2, 0.9).to(float32)]);
  add("linalg.vectorNorm", [values([2, 2, 2], 0.2, 0.9), 2, [0, -1]]);
  add("dist", [of(2, 2), of(2), 3]);
  add("dist", [of(2, 2), of(2, 1)]);
  for (const p of [1, 2, 3]) {
    add("renorm", [values([2, 3], 0.5, 0.9), p, 0, 0.6]);
    add("renorm", [values([2, 2, 2], 0.5, 0.9), p, -1, 0.6]);
  }
  add("renorm", [values([2, 3], 0.5, 0.9), 2, 1, 100]);
  add("renorm", [values([2, 3], 0.5, 0.9).to(float32), 2, 0, 0.6]);
  add("renorm", [values([2, 0], 0.5, 0.9), 2, 0, 0.6]);
  for (const offset of [-1, 0, 1]) {
    add("trace", [of(2, 3)]);
    add("linalg.diagonal", [of(2, 3), { offset }]);
    add("tril triu", [of(3, 3), offset]);
    add("tril triu", [of(2, 2, 3), offset]);
    add("tril triu", [
      ints([
        [1, 2],
        [3, 4],
      ]),
      offset,
    ]);
  }
  add("tril triu", [values([0, 3], 0, 1)]);
  add("tril triu", [single]);
  add("tril triu", [single.gt(0)]);
  add("trace", [
    ints([
      [1, 2],
      [3, 4],
    ]),
  ]);
  return list;
}
