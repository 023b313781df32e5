// Matrix products beyond the recorded cases: shapes, strides, names, layouts of gradients, dtypes, errors, memory.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { tensor, randn, zeros, matmul } = wg;
const f64 = { dtype: "float64" } as const;

/** Plain loops over the last two dims of dense operands of one batch. */
function reference(a: wg.Tensor, b: wg.Tensor): number[][] {
  const [x, y] = [a.tolist() as number[][], b.tolist() as number[][]];
  return x.map((row) =>
    (y[0] as number[]).map((_, j) => row.reduce((sum, value, k) => sum + value * (y[k]?.[j] as number), 0)),
  );
}

function close(a: unknown, b: unknown, tolerance = 1e-12): void {
  const [x, y] = [[a].flat(9) as number[], [b].flat(9) as number[]];
  expect(x.length).toBe(y.length);
  for (let i = 0; i < x.length; i++) expect(Math.abs((x[i] as number) - (y[i] as number))).toBeLessThan(tolerance);
}

describe("matmul", () => {
  test("of matrices in any strides, without copies of operands", () => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 5, 2],
      [17, 33, 9],
      [70, 65, 66],
    ] as const) {
      const forms = (rows: number, columns: number) => [
        randn([rows, columns], f64),
        randn([columns, rows], f64).t(),
        randn([rows, 2 * columns], f64).slice(1, 0, null, 2),
        randn([1, columns], f64).expand([rows, columns]),
      ];
      for (const a of forms(m, k))
        for (const b of forms(k, n)) close(a.matmul(b).tolist(), reference(a.contiguous(), b.contiguous()), 1e-10);
    }
  });

  test("gives the shapes that PyTorch gives", () => {
    const shape = (a: number[], b: number[]) => matmul(zeros(a), zeros(b)).shape;
    expect(shape([3], [3])).toEqual([]);
    expect(shape([2, 3], [3])).toEqual([2]);
    expect(shape([3], [3, 2])).toEqual([2]);
    expect(shape([4, 2, 3], [3])).toEqual([4, 2]);
    expect(shape([3], [4, 3, 2])).toEqual([4, 2]);
    expect(shape([4, 2, 3], [3, 5])).toEqual([4, 2, 5]);
    expect(shape([2, 3], [4, 3, 5])).toEqual([4, 2, 5]);
    expect(shape([8, 1, 2, 3], [5, 3, 4])).toEqual([8, 5, 2, 4]);
  });

  test("over nothing is zero, and of nothing is nothing", () => {
    expect(matmul(zeros([2, 0]), zeros([0, 3])).tolist()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(matmul(zeros([0, 2]), zeros([2, 3])).shape).toEqual([0, 3]);
    expect(matmul(zeros([0, 2, 2]), zeros([2, 3])).shape).toEqual([0, 2, 3]);
    expect(wg.dot(zeros([0]), zeros([0])).item()).toBe(0);
  });

  test("broadcasts batch dims and sums their gradients", () => {
    const a = randn([2, 1, 3, 4], { ...f64, requiresGrad: true });
    const b = randn([5, 4, 2], { ...f64, requiresGrad: true });
    const out = a.matmul(b);
    expect(out.shape).toEqual([2, 5, 3, 2]);
    out.sum().backward();
    const wide = matmul(zeros([2, 5, 3, 2], f64).add(1), b.detach().transpose(1, 2)).sum(1, true);
    close((a.grad as wg.Tensor).tolist(), wide.tolist());
    expect(wg.autograd.gradcheck(matmul as never, [a, b])).toBe(true);
  });

  test("of integers wraps and has no gradient", () => {
    const a = tensor([1, 2, 3, 4], { dtype: "int32" }).reshape([2, 2]);
    expect(a.matmul(a).tolist()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(a.matmul(a).dtype).toBe("int32");
  });
});

describe("the tape", () => {
  const leaf = (...shape: number[]) => randn(shape, { requiresGrad: true });
  const nameOf = (x: wg.Tensor) => x.gradFn?.name();

  test("names nodes by the kernel", () => {
    expect(nameOf(leaf(3).matmul(leaf(3)))).toBe("DotBackward0");
    expect(nameOf(leaf(2, 3).matmul(leaf(3)))).toBe("MvBackward0");
    expect(nameOf(leaf(2, 3).matmul(leaf(3, 2)))).toBe("MmBackward0");
    expect(nameOf(leaf(2, 2, 3).matmul(leaf(2, 3, 2)))).toBe("UnsafeViewBackward0");
    expect(nameOf(leaf(2, 2, 3).bmm(leaf(2, 3, 2)))).toBe("BmmBackward0");
    expect(nameOf(wg.addmm(leaf(2), leaf(3, 2), leaf(2, 2)))).toBe("AddmmBackward0");
    expect(nameOf(wg.outer(leaf(2), leaf(3)))).toBe("MulBackward0");
  });

  test("gives gradients in the layout of their operand", () => {
    const [a, w] = [leaf(4, 3), leaf(5, 3)];
    wg.F.linear(a, w).sum().backward();
    expect((w.grad as wg.Tensor).isContiguous()).toBe(true);
    expect((a.grad as wg.Tensor).isContiguous()).toBe(true);
  });

  test("saves only what the wanted gradients need", () => {
    const [a, b] = [leaf(2, 2), randn([2, 2])];
    const out = a.mm(b);
    a.detach().mul_(2);
    expect(() => out.sum().backward()).not.toThrow();
    const again = a.mm(b);
    b.mul_(2);
    expect(() => again.sum().backward()).toThrow("modified by an inplace operation");
  });
});

describe("products that are added", () => {
  test("do not read an input that counts nothing", () => {
    const nan = tensor([Number.NaN, Number.POSITIVE_INFINITY]);
    const one = wg.eye(2);
    expect(wg.addmm(nan, one, one, { beta: 0 }).tolist()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(wg.addmv(nan, one, tensor([1, 2]), { beta: 0 }).tolist()).toEqual([1, 2]);
  });

  test("write in place, through views and over their own operands", () => {
    const x = tensor([1, 2, 3, 4]).reshape([2, 2]);
    expect(x.addmm_(wg.eye(2), wg.eye(2), { alpha: 10 })).toBe(x);
    expect(x.tolist()).toEqual([
      [11, 2],
      [3, 14],
    ]);
    const turned = zeros([2, 2]);
    turned.t().addmm_(tensor([1, 2]).reshape([2, 1]), tensor([3, 4]).reshape([1, 2]));
    expect(turned.tolist()).toEqual([
      [3, 6],
      [4, 8],
    ]);
    const own = tensor([1, 2, 3, 4]).reshape([2, 2]);
    own.addmm_(own, own, { beta: 0 });
    expect(own.tolist()).toEqual([
      [7, 10],
      [15, 22],
    ]);
  });
});

describe("mistakes", () => {
  const fails = (f: () => unknown, kind: new (text: string) => Error, text: string | RegExp) => {
    expect(f).toThrow(kind);
    expect(f).toThrow(text);
  };

  test("in shapes name both and say what may have been meant", () => {
    fails(
      () => matmul(zeros([2, 3]), zeros([4, 3])),
      wg.ShapeError,
      /inner sizes differ: a is \[2, 3\], b is \[4, 3\].*did you mean b\.transpose\(0, 1\)\?/,
    );
    fails(() => matmul(zeros([2, 3]), zeros([2, 4])), wg.ShapeError, "did you mean a.transpose(0, 1)?");
    fails(() => matmul(zeros([2, 3]), zeros([4, 2])), wg.ShapeError, "did you mean the operands in the other order?");
    fails(() => matmul(zeros([5, 2, 3]), zeros([4, 3, 2])), wg.ShapeError, "must match the size");
    fails(() => matmul(tensor(1), zeros([2])), wg.ShapeError, "at least 1D");
    fails(() => wg.mm(zeros([2]), zeros([2, 2])), wg.ShapeError, "expected a matrix");
    fails(() => wg.dot(zeros([2, 2]), zeros([2])), wg.ShapeError, "1D tensors expected");
    fails(() => wg.dot(zeros([3]), zeros([2])), wg.ShapeError, "inconsistent tensor size");
    fails(() => wg.addmm(zeros([3]), zeros([2, 3]), zeros([3, 2])), wg.ShapeError, "does not broadcast");
  });

  test("in dtypes name them", () => {
    fails(() => matmul(zeros([2, 2]), zeros([2, 2], f64)), wg.DTypeError, "expected same dtype");
    fails(
      () => matmul(zeros([2, 2], { dtype: "bool" }), zeros([2, 2], { dtype: "bool" })),
      wg.DTypeError,
      "not implemented for bool",
    );
  });

  test("change nothing", () => {
    const { live } = wg.memory();
    const x = zeros([2, 2]);
    expect(() => x.addmm_(zeros([2, 3]), zeros([2, 2]))).toThrow(wg.ShapeError);
    expect(x.version).toBe(0);
    expect(wg.memory().live - live).toBeLessThan(1024);
  });
});

test("no bytes are left", () => {
  const step = () =>
    wg.scope(() => {
      const [a, b] = [randn([2, 3, 4], { requiresGrad: true }), randn([4, 5], { requiresGrad: true })];
      a.matmul(b).sum().backward();
      return null;
    });
  step();
  const { live } = wg.memory();
  step();
  expect(wg.memory().live).toBe(live);
});
