// Rows 1 to 21 of the autograd contract: what a tensor knows of the tape.

import { describe, expect, it, vi } from "vitest";
import {
  ArgumentError,
  autograd,
  DTypeError,
  float64,
  GraphError,
  int32,
  memory,
  noGrad,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const leaf = (data: number[]) => tensor(data, { requiresGrad: true });

describe("tensor state", () => {
  it("#1 requiresGrad: settable on leaves only, floating dtypes only", () => {
    const x = tensor([1, 2]);
    expect(x.requiresGrad).toBe(false);
    x.requiresGrad = true;
    expect(x.requiresGrad).toBe(true);
    const y = x.mul(2);
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/detach\(\)/);
    y.requiresGrad = true;
    expect(y.requiresGrad).toBe(true);
    const i = tensor([1], { dtype: int32 });
    expect(() => {
      i.requiresGrad = true;
    }).toThrow(DTypeError);
    i.requiresGrad = false;
    expect(() => tensor([true], { requiresGrad: true })).toThrow(/floating point/);
  });

  it("#2 requiresGrad_ returns the same object", () => {
    const x = tensor([1]);
    expect(x.requiresGrad_()).toBe(x);
    expect(x.requiresGrad).toBe(true);
    expect(x.requiresGrad_(false).requiresGrad).toBe(false);
  });

  it("#3 propagation", () => {
    const x = leaf([1, 2]);
    expect(x.add(1).requiresGrad).toBe(true);
    expect(tensor([1]).add(1).requiresGrad).toBe(false);
    expect(x.gt(1).requiresGrad).toBe(false);
    expect(noGrad(() => x.add(1)).requiresGrad).toBe(false);
  });

  it("#4 #5 isLeaf and gradFn", () => {
    const x = leaf([1]);
    expect(x.isLeaf).toBe(true);
    expect(x.gradFn).toBe(null);
    const y = x.mul(3);
    expect(y.isLeaf).toBe(false);
    expect(y.gradFn?.name()).toBe("MulBackward0");
    expect(y.detach().isLeaf).toBe(true);
    expect(noGrad(() => x.mul(2)).isLeaf).toBe(true);
    expect(y.gradFn).toBe(y.gradFn);
  });

  it("#7 grad of a tensor that is no leaf warns and is null", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const y = leaf([1]).mul(2);
    expect(y.grad).toBe(null);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it("#8 assigning grad", () => {
    const x = leaf([1, 2]);
    const g = tensor([3, 4]);
    x.grad = g;
    expect(x.grad).toBe(g);
    expect(() => {
      x.grad = tensor([1]);
    }).toThrow(ShapeError);
    expect(() => {
      x.grad = tensor([1, 2], { dtype: float64 });
    }).toThrow(DTypeError);
    expect(() => {
      x.grad = x;
    }).toThrow(ArgumentError);
    expect(() => {
      x.grad = 3 as never;
    }).toThrow(ArgumentError);
    expect(x.grad).toBe(g);
    x.grad = null;
    expect(x.grad).toBe(null);
  });

  it("#10 gradients are cast to the dtype of what they belong to", () => {
    const x = leaf([1, 2]);
    x.to(float64).mul(2).sum().backward();
    expect(x.grad?.dtype).toBe("float32");
    expect(x.grad?.tolist()).toEqual([2, 2]);
  });

  it("#11 detach shares storage and version", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const d = y.detach();
    expect(d.requiresGrad).toBe(false);
    d.add_(1);
    expect(y.tolist()).toEqual([3, 5]);
    expect(y.version).toBe(d.version);
  });

  it("#12 detach_ makes a leaf, refuses views", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    expect(y.detach_()).toBe(y);
    expect(y.isLeaf).toBe(true);
    expect(y.requiresGrad).toBe(false);
    const v = x.mul(2).reshape([2, 1]);
    expect(() => v.detach_()).toThrow(GraphError);
  });

  it("#12 a saved input that was detached in place makes backward throw, a saved output does not", () => {
    const x = leaf([1, 2]);
    for (const f of [(y: Tensor) => y.sin(), (y: Tensor) => y.mul(y)]) {
      const y = x.mul(2);
      const z = f(y).sum();
      y.detach_();
      expect(() => z.backward()).toThrow(/a saved tensor that has been detached/);
      expect(x.grad).toBe(null);
    }
    const e = x.exp();
    const z = e.mul(2).sum();
    e.detach_();
    z.backward();
    expect(x.grad?.tolist()).toEqual(x.exp().mul(2).tolist());
  });

  it("#13 data shares memory with a version of its own", () => {
    const { live } = memory();
    const x = leaf([1, 2]);
    const y = x.mul(x);
    x.data.mul_(10);
    expect(x.tolist()).toEqual([10, 20]);
    expect(x.version).toBe(0);
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([20, 40]);
    x.data = tensor([5, 6, 7]);
    expect(x.tolist()).toEqual([5, 6, 7]);
    expect(x.requiresGrad).toBe(true);
    expect(() => {
      x.data = tensor([1], { dtype: int32 });
    }).toThrow(DTypeError);
    x.dispose();
    y.dispose();
    expect(memory().live).toBeGreaterThanOrEqual(live);
  });

  it("#14 #15 retainGrad", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    expect(y.retainsGrad).toBe(false);
    y.retainGrad();
    y.retainGrad();
    expect(y.retainsGrad).toBe(true);
    y.mul(3).sum().backward();
    expect(y.grad?.tolist()).toEqual([3, 3]);
    expect(x.grad?.tolist()).toEqual([6, 6]);
    x.retainGrad();
    expect(x.retainsGrad).toBe(false);
    expect(() => tensor([1]).retainGrad()).toThrow(GraphError);
  });

  it("#14 retainGrad follows a write in place", () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.retainGrad();
    y.mul_(5);
    y.sum().backward();
    expect(y.grad?.tolist()).toEqual([1, 1]);
    expect(x.grad?.tolist()).toEqual([10, 10]);
  });

  it("#16 version counts writes", () => {
    const x = zeros([2]);
    expect(x.version).toBe(0);
    x.add_(1);
    x.reshape([2, 1]).mul_(2);
    expect(x.version).toBe(2);
  });

  it("#17 views point to the root", () => {
    const x = zeros([2, 3]);
    const v = x.reshape([3, 2]).select(0, 1);
    expect(v.isView).toBe(true);
    expect(v.base).toBe(x);
    expect(x.isView).toBe(false);
    expect(x.base).toBe(null);
  });

  it("#19 item and tolist need no detach", () => {
    expect(leaf([2]).item()).toBe(2);
    expect(() => leaf([1, 2]).item()).toThrow(/2 elements/);
  });

  it("#21 tensor(x) copies, drops history and warns", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const x = leaf([1, 2]).mul(2);
    const y = tensor(x);
    expect(y.requiresGrad).toBe(false);
    expect(y.tolist()).toEqual([2, 4]);
    expect(x.clone().gradFn?.name()).toBe("CloneBackward0");
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  it("#6 outputNr: which output of a node that several share", () => {
    const x = leaf([1, 2, 3]);
    const parts = x.unbind(0);
    expect(parts.map((part) => part.outputNr)).toEqual([0, 1, 2]);
    expect(new Set(parts.map((part) => part.gradFn)).size).toBe(1);
    expect(x.outputNr).toBe(0);
  });

  it("#9 gradDtype: leaves only; casts what arrives, or lets it be", () => {
    const x = leaf([1, 2]);
    expect(x.gradDtype).toBe("float32");
    x.gradDtype = float64;
    x.mul(2).sum().backward();
    expect([x.grad?.dtype, x.grad?.tolist()]).toEqual(["float64", [2, 2]]);
    x.mul(2).sum().backward();
    expect([x.grad?.dtype, x.grad?.tolist()]).toEqual(["float64", [4, 4]]);
    expect(() => {
      x.gradDtype = "float32";
    }).toThrow(DTypeError);
    x.grad = undefined;
    x.grad = tensor([1, 2], { dtype: float64 });
    expect(() => {
      x.grad = tensor([1, 2]);
    }).toThrow(DTypeError);
    x.grad = null;
    x.gradDtype = null;
    x.backward(tensor([1, 2], { dtype: float64 }));
    expect((x.grad as Tensor | null)?.dtype).toBe("float64");
    const y = x.mul(2);
    expect(() => y.gradDtype).toThrow(/leaf/);
    expect(() => {
      x.gradDtype = int32;
    }).toThrow(DTypeError);
  });

  it("#13 setting data changes shape and dtype, keeps version and wish; not to integers under grad", () => {
    const x = leaf([1, 2]);
    noGrad(() => x.add_(1));
    const { version } = x;
    x.data = tensor([1, 2, 3], { dtype: float64 });
    expect([x.dtype, x.shape, x.version, x.requiresGrad]).toEqual(["float64", [3], version, true]);
    x.mul(2).sum().backward();
    expect([x.grad?.dtype, x.grad?.tolist()]).toEqual(["float64", [2, 2, 2]]);
    expect(() => {
      x.data = tensor([1], { dtype: int32 });
    }).toThrow(/must be floating point/);
    const plain = tensor([1]);
    plain.data = tensor([1], { dtype: int32 });
    expect(plain.dtype).toBe("int32");
  });

  it("#18 Tensor.backward takes a gradient and options", () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.backward(tensor([1, 10]), { retainGraph: true });
    y.backward(tensor([1, 10]), { inputs: [x] });
    expect(x.grad?.tolist()).toEqual([6, 60]);
    const z = x.mul(2).sum();
    z.backward({ createGraph: false });
    expect(x.grad?.tolist()).toEqual([8, 62]);
    expect(() => z.backward({ retain: true } as never)).toThrow(ArgumentError);
  });

  it("#20 dataView is the memory itself, not of what requires grad while that is recorded", () => {
    const x = tensor([1, 2, 3]);
    x.dataView()[1] = 7;
    expect(x.tolist()).toEqual([1, 7, 3]);
    const y = leaf([1, 2]);
    expect(() => y.dataView()).toThrow(/requires grad/);
    expect([...noGrad(() => y.dataView())]).toEqual([1, 2]);
    expect([...y.detach().dataView()]).toEqual([1, 2]);
    expect([...y.toTypedArray()]).toEqual([1, 2]);
    expect(() => zeros([2, 2]).t().dataView()).toThrow(ShapeError);
  });

  it("dropping what was made leaves nothing", () => {
    scope(() => leaf([1]).mul(2).sum().backward());
    const { live } = memory();
    scope(() => {
      const x = leaf([1, 2, 3]);
      const y = x.mul(2);
      y.retainGrad();
      autograd.grad(y.pow(2).sum(), x, { createGraph: true });
      y.sum().backward();
    });
    expect(memory().live).toBe(live);
  });
});
