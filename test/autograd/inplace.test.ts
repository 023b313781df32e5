// Rows 61 to 80 of the autograd contract: writing in place, and views.

import { describe, expect, it } from "vitest";
import {
  autograd,
  DTypeError,
  enableGrad,
  float64,
  GraphError,
  int32,
  memory,
  noGrad,
  ones,
  ShapeError,
  scope,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const leaf = (data: number[] | number[][]) => tensor(data, { requiresGrad: true });

describe("writing in place", () => {
  it("#61 leaves that require grad, and views of them, refuse", () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(/a leaf Variable that requires grad is being used in an in-place operation/);
    expect(() => x.select(0, 0).mul_(2)).toThrow(/a view of a leaf Variable that requires grad/);
    expect(x.tolist()).toEqual([1, 2]);
    expect(x.version).toBe(0);
    noGrad(() => x.add_(1));
    expect(x.tolist()).toEqual([2, 3]);
    expect(x.version).toBe(1);
  });

  it("#62 a saved tensor that was written is noticed", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const z = y.mul(y);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(/modified by an inplace operation.*version 1; expected version 0/s);
    expect(x.grad).toBe(null);
  });

  it("#63 only what is needed is saved", () => {
    const x = leaf([1, 2]);
    const a = x.mul(1);
    const sum = a.add(1);
    a.mul_(2);
    sum.sum().backward();
    expect(x.grad?.tolist()).toEqual([1, 1]);
    const b = tensor([3, 4]);
    const y = leaf([1, 2]);
    const c = y.mul(1);
    const product = c.mul(b);
    c.add_(5);
    product.sum().backward();
    expect(y.grad?.tolist()).toEqual([3, 4]);
    const e = leaf([0, 0]).exp();
    const f = e.mul(1);
    e.add_(1);
    expect(() => f.sum().backward()).toThrow(GraphError);
  });

  it("#64 history is rewritten, earlier uses keep the old one", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const before = y.gradFn;
    const early = y.add(0);
    y.mul_(3);
    expect(y.gradFn?.name()).toBe("MulBackward0");
    expect(y.gradFn).not.toBe(before);
    early.sum().add(y.sum()).backward();
    expect(x.grad?.tolist()).toEqual([8, 8]);
  });

  it("#65 a plain tensor starts to require grad, through views too", () => {
    const w = leaf([1, 2]);
    const x = zeros([2]);
    x.add_(w);
    expect(x.requiresGrad).toBe(true);
    expect(x.isLeaf).toBe(false);
    const base = zeros([2, 2]);
    base.select(0, 1).add_(w.mul(3));
    expect(base.requiresGrad).toBe(true);
    base.sum().add(x.sum()).backward();
    expect(w.grad?.tolist()).toEqual([4, 4]);
  });

  it("#66 shape and dtype must fit", () => {
    expect(() => zeros([2]).add_(ones([3, 2]))).toThrow(ShapeError);
    expect(() => zeros([2], { dtype: int32 }).add_(0.5)).toThrow(DTypeError);
    expect(() => tensor([true]).add_(1)).toThrow(DTypeError);
    expect(zeros([2]).add_(ones([2], { dtype: float64 })).dtype).toBe("float32");
  });

  it("#67 overlapping memory refuses", () => {
    expect(() => zeros([1]).expand([3]).add_(1)).toThrow(/single memory location/);
  });

  it("#73 writing through a view: base, view, sibling", () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const y = x.mul(1);
    const row = y.select(0, 0);
    const sibling = y.select(1, 1);
    row.mul_(10);
    expect(y.gradFn?.name()).toBe("torch::autograd::CopySlices");
    expect(String(y)).toContain("grad_fn=<CopySlices>");
    expect(row.gradFn?.name()).toBe("AsStridedBackward0");
    expect(sibling.gradFn?.name()).toBe("AsStridedBackward0");
    y.sum().add(row.sum()).add(sibling.sum()).backward();
    // y: 10 in row 0, 1 in row 1; row again: 10; sibling: 10 and 1
    expect(x.grad?.tolist()).toEqual([
      [20, 30],
      [1, 2],
    ]);
  });

  it("#73 views of views, not contiguous, twice", () => {
    const x = leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const y = x.mul(1);
    const v = y.transpose(0, 1).select(0, 2);
    v.pow_(2);
    v.mul_(tensor([1, 2]));
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [1, 1, 6],
      [1, 1, 24],
    ]);
  });

  it("#73 second derivatives through a written view", () => {
    const x = tensor([0.5, 1.5, 2.5], { dtype: float64, requiresGrad: true });
    const f = (a: typeof x) => {
      const b = a.mul(1);
      b.select(0, 1).mul_(a.select(0, 0)).exp_();
      return b;
    };
    expect(autograd.gradcheck(f, x, { checkForwardAd: true })).toBe(true);
    expect(autograd.gradgradcheck(f, x)).toBe(true);
  });

  it("#74 writing the base regenerates views", () => {
    const w = leaf([2, 2]);
    const base = zeros([2]);
    const v = base.reshape([2, 1]);
    expect(v.requiresGrad).toBe(false);
    base.add_(w);
    expect(v.requiresGrad).toBe(true);
    v.mul(3).sum().backward();
    expect(w.grad?.tolist()).toEqual([3, 3]);
  });

  it("#76 views made under noGrad", () => {
    const x = leaf([1, 2]);
    const y = x.mul(1);
    const v = noGrad(() => y.select(0, 0));
    expect(() => v.add_(1)).toThrow(/no_grad mode/);
    noGrad(() => {
      v.add_(1);
    });
    expect(y.tolist()).toEqual([2, 2]);
  });

  it("#76 #211 a view made and written under noGrad has no history to show", () => {
    const x = ones([1], { requiresGrad: true });
    const v = noGrad(() => x.view([1]).mul_(2));
    expect(String(v)).toBe("tensor([2.], grad_fn=<Invalid>)");
    expect(() => v.gradFn).toThrow(/no_grad mode and its base or another view/);
    noGrad(() => v.mul_(2));
    expect(x.item()).toBe(4);
    const plain = noGrad(() => zeros([1]).view([1]).add_(1));
    expect(String(plain)).toBe("tensor([1.])");
  });

  it("#80 #82 a view made before its base required gradients refuses a hook", () => {
    const base = zeros([2]);
    const v = base.view([2, 1]);
    base.requiresGrad_();
    expect(() => v.registerHook(() => {})).toThrow(GraphError);
  });

  it("#80 requiresGrad_ on a view of a plain tensor makes a leaf of its own", () => {
    const base = zeros([2]);
    const v = base.select(0, 0);
    v.requiresGrad_();
    expect(v.isLeaf).toBe(true);
    v.mul(4).backward();
    expect(v.grad?.item()).toBe(4);
    expect(base.grad).toBe(null);
    const other = zeros([2]);
    const w = other.select(0, 0);
    other.requiresGrad_();
    expect(w.requiresGrad).toBe(true);
  });

  it("writes its own dtype, and broadcast operands", () => {
    const x = zeros([2, 2]);
    expect(x.add_(tensor([1, 2])).tolist()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(
      x
        .transpose(0, 1)
        .mul_(tensor([[2, 3]]))
        .tolist(),
    ).toEqual([
      [2, 3],
      [4, 6],
    ]);
    expect(() => x.select(0, 0).add_(x.reshape([4]).select(0, 1))).toThrow(/single memory location/);
  });

  it("a write leaves no bytes but what it must", () => {
    scope(() => leaf([1, 2]).mul(1).select(0, 0).mul_(3).exp_().sum().backward());
    const { live } = memory();
    scope(() => {
      const x = leaf([1, 2]);
      const y = x.mul(1);
      y.select(0, 0).mul_(3).exp_();
      y.sum().backward();
      enableGrad(() => y.detach());
    });
    expect(memory().live).toBe(live);
  });
});
