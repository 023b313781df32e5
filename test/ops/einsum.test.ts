// einsum and tensordot: what equations mean, gradients, order of contraction, errors.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { einsum, randn, arange, ones } = wg;
const f64 = { dtype: "float64" } as const;

function same(a: wg.Tensor, b: wg.Tensor): void {
  expect(a.shape).toEqual(b.shape);
  expect(wg.allclose(a, b, { rtol: 1e-10, atol: 1e-12 })).toBe(true);
}

describe("one operand", () => {
  const x = arange(9, f64).reshape([3, 3]);
  const batch = randn([2, 3, 4], f64);

  test("transposes, sums, takes diagonals", () => {
    same(einsum("ij->ji", x), x.t());
    same(einsum("ij->", x), x.sum());
    same(einsum("ij->j", x), x.sum(0));
    same(einsum("ii->i", x), x.diagonal());
    same(einsum("ii", x), x.diagonal().sum());
    same(einsum("...ij->...ji", batch), batch.transpose(1, 2));
    same(einsum("i...->...", batch), batch.sum(0));
    same(einsum("iii->i", arange(8, f64).reshape([2, 2, 2])), wg.tensor([0, 7], f64));
  });

  test("without an arrow keeps what appears once, in alphabetical order", () => {
    same(einsum("ba", randn([2, 3], f64).mul(0).add(1)), ones([3, 2], f64));
    expect(einsum("bAa", ones([2, 3, 4])).shape).toEqual([3, 4, 2]);
  });

  test("is a view where it can be", () => {
    const y = x.clone();
    einsum("ii->i", y).fill_(7);
    expect(y.diagonal().tolist()).toEqual([7, 7, 7]);
  });
});

describe("several operands", () => {
  const [a, b] = [randn([2, 3, 4], f64), randn([2, 4, 5], f64)];

  test("are products of matrices where they can be", () => {
    same(einsum("bij,bjk->bik", a, b), a.bmm(b));
    same(einsum("bij,bjk", a, b), einsum("bij,bjk->ik", a, b));
    same(einsum("bij , bjk -> bki", [a, b]), a.bmm(b).transpose(1, 2));
    same(einsum("...ij,...jk->...ik", a, b), a.matmul(b));
    same(einsum("i,j->ij", ones([2]), ones([3])), ones([2, 3]));
    same(
      einsum("i,i->i", a.select(0, 0).select(0, 0), a.select(0, 1).select(0, 0)),
      a.select(0, 0).select(0, 0).mul(a.select(0, 1).select(0, 0)),
    );
  });

  test("broadcast dims of size 1, also where they are summed", () => {
    const one = randn([1, 4], f64);
    same(einsum("ij,ij->i", a.select(0, 0), one), a.select(0, 0).mul(one).sum(1));
    same(einsum("ij,ij->j", a.select(0, 0), one), a.select(0, 0).sum(0).mul(one.select(0, 0)));
    expect(einsum("...i,...i->...", ones([2, 1, 4]), ones([3, 4])).shape).toEqual([2, 3]);
  });

  test("of any number come out the same in every order", () => {
    const [w, x, y, z] = [randn([2, 3], f64), randn([3, 4], f64), randn([4, 5], f64), randn([5, 2], f64)];
    same(einsum("ab,bc,cd,da->", w, x, y, z), w.mm(x).mm(y).mm(z).diagonal().sum());
    same(einsum("ab,bc,cd,de->ae", w, x, y, z), w.mm(x).mm(y).mm(z));
    same(einsum("ab,ab,ab->b", w, w, w), w.mul(w).mul(w).sum(0));
  });

  test("have gradients of both orders", () => {
    const leaf = (...shape: number[]) => randn(shape, { ...f64, requiresGrad: true });
    const inputs = [leaf(2, 3), leaf(3, 2), leaf(2)];
    const f = (...tensors: wg.Tensor[]) => einsum("ij,ji,i->j", ...tensors);
    expect(wg.autograd.gradcheck(f as never, inputs)).toBe(true);
    expect(wg.autograd.gradgradcheck(f as never, inputs)).toBe(true);
  });
});

test("tensordot sums pairs of dims", () => {
  const [a, b] = [randn([2, 3, 4], f64), randn([4, 3, 5], f64)];
  same(
    wg.tensordot(a, b, {
      dims: [
        [1, 2],
        [1, 0],
      ],
    }),
    einsum("ijk,kjl->il", a, b),
  );
  same(wg.tensordot(a, b, { dims: 1 }), einsum("ijk,klm->ijlm", a, b));
  expect(wg.tensordot(a, b, 0).shape).toEqual([2, 3, 4, 4, 3, 5]);
  expect(() => wg.tensordot(a, b, { dims: [[0], [0]] })).toThrow("contracted dimensions need to match");
  expect(() => wg.tensordot(a, b, { dims: [[0], [0, 1]] })).toThrow("same length");
});

describe("mistakes", () => {
  const x = ones([2, 3]);

  test.each([
    ["ij,jk", [x], "fewer operands|more operands"],
    ["i.j", [x], "not part of any ellipsis"],
    ["i1", [x], "invalid subscript"],
    ["ijk", [x], "number of subscripts"],
    ["ij->ik", [x], "does not appear in the equation for any input"],
    ["ij->ii", [x], "appears more than once in the output"],
    ["ii", [x], "repeated for operand 0 but the sizes don't match"],
    ["ij,jk", [x, ones([4, 5])], "does not broadcast with previously seen size"],
  ])("%s", (equation, operands, text) => {
    expect(() => einsum(equation, ...operands)).toThrow(new RegExp(text));
  });

  test("in dtypes", () => {
    expect(() => einsum("ij,ij", x, ones([2, 3], f64))).toThrow(wg.DTypeError);
  });
});

test("no bytes are left", () => {
  const step = () =>
    wg.scope(() => {
      const a = randn([2, 3, 4], { requiresGrad: true });
      einsum("bij,bkj,bij->k", a, randn([2, 5, 4]), a)
        .sum()
        .backward();
      return null;
    });
  step();
  const { live } = wg.memory();
  step();
  expect(wg.memory().live).toBe(live);
});
