// Arithmetic beyond the recorded values: options, powers without logarithms, integers, broadcasting, errors, memory.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { tensor } = wg;
const ints = (...values: number[]) => tensor(values, { dtype: "int32" });
const doubles = (...values: number[]) => tensor(values, { dtype: "float64" });

describe("options", () => {
  test("alpha scales the second operand, in both forms", () => {
    expect(
      tensor([1, 2])
        .add(tensor([10, 20]), { alpha: 0.5 })
        .tolist(),
    ).toEqual([6, 12]);
    expect(tensor([1, 2]).sub_(3, { alpha: 2 }).tolist()).toEqual([-5, -4]);
    expect(wg.rsub(tensor([1, 2]), 10, { alpha: 3 }).tolist()).toEqual([7, 4]);
    expect(() => ints(1).add(ints(2), { alpha: 0.5 })).toThrow("argument alpha must not be a floating point number");
  });

  test("rounding modes of div", () => {
    expect(doubles(7, -7).div(2, { roundingMode: "trunc" }).tolist()).toEqual([3, -3]);
    expect(doubles(7, -7).div(2, { roundingMode: "floor" }).tolist()).toEqual([3, -4]);
    expect(ints(7, -7).div(ints(2, 2), { roundingMode: "floor" }).dtype).toBe("int32");
    expect(() => tensor([1]).div(2, { roundingMode: "up" as never })).toThrow(wg.ArgumentError);
  });

  test("an unknown one is refused and the known ones are named", () => {
    expect(() => tensor([1]).add(1, { beta: 2 } as never)).toThrow(/unknown option "beta".*alpha/);
    const mul = wg.mul as (...operands: unknown[]) => wg.Tensor;
    expect(() => mul(tensor([1]), 1, { alpha: 2 })).toThrow(/unknown option "alpha"/);
    expect(() => wg.clamp(tensor([1]))).toThrow("At least one of 'min' or 'max' must not be None");
    expect(() => wg.clamp(tensor([1]), 0, { min: 1 })).toThrow("multiple values");
  });
});

describe("powers", () => {
  const x = doubles(0.1, -0.7, 3.3, 1e-160, -0, Number.POSITIVE_INFINITY);

  test("of 2, 3, ½, −1, −2, −½ are products, roots and quotients", () => {
    const one = (f: (v: number) => number) => Float64Array.from(x.toTypedArray(), f);
    expect(x.pow(2).toTypedArray()).toEqual(one((v) => v * v));
    expect(x.pow(3).toTypedArray()).toEqual(one((v) => v * v * v));
    expect(x.pow(0.5).toTypedArray()).toEqual(one((v) => Math.sqrt(v)));
    expect(x.pow(-1).toTypedArray()).toEqual(one((v) => 1 / v));
    expect(x.pow(-2).toTypedArray()).toEqual(one((v) => 1 / (v * v)));
    expect(x.pow(-0.5).toTypedArray()).toEqual(one((v) => 1 / Math.sqrt(v)));
    expect(x.square().toTypedArray()).toEqual(x.pow(2).toTypedArray());
  });

  test("of integers are whole, and a negative exponent is refused with nothing written", () => {
    expect(ints(2, -3, 7).pow(3).tolist()).toEqual([8, -27, 343]);
    const a = ints(2, 3);
    expect(() => a.pow_(-1)).toThrow("Integers to negative integer powers are not allowed.");
    expect(() => a.pow_(ints(1, -1))).toThrow(wg.DTypeError);
    expect([a.tolist(), a.version]).toEqual([[2, 3], 0]);
    expect(wg.pow(2, tensor([3, 0.5])).tolist()).toEqual([8, Math.fround(Math.SQRT2)]);
  });

  test("have derivatives of any order at whole exponents", () => {
    let y = doubles(1.5).requiresGrad_();
    const leaf = y;
    y = y.pow(3);
    for (const want of [6.75, 9, 6, 0]) {
      [y] = wg.autograd.grad(y.sum(), [leaf], { createGraph: true }) as [wg.Tensor];
      expect(y.item()).toBeCloseTo(want, 12);
      if (!y.requiresGrad) break;
    }
  });
});

describe("integers", () => {
  test("wrap, and stay integers with whole numbers", () => {
    expect(ints(2147483647).add(1).tolist()).toEqual([-2147483648]);
    expect(ints(65536).mul(65536).tolist()).toEqual([0]);
    expect([ints(3).mul(2).dtype, ints(3).mul(0.5).dtype, ints(3).div(3).dtype]).toEqual([
      "int32",
      "float32",
      "float32",
    ]);
    expect(ints(-2147483648).floorDivide(-1).tolist()).toEqual([-2147483648]);
  });

  test("divided by zero are refused before anything is written", () => {
    const a = ints(1, 2);
    for (const f of [
      () => a.remainder_(0),
      () => a.fmod_(ints(1, 0)),
      () => a.floorDivide_(0),
      () => a.div_(0, { roundingMode: "trunc" }),
    ]) {
      expect(f).toThrow("division by zero");
    }
    expect([a.tolist(), a.version]).toEqual([[1, 2], 0]);
    expect(ints().floorDivide(ints()).shape).toEqual([0]);
  });

  test("bools: or, and, and no difference", () => {
    const a = tensor([true, true, false]);
    const b = tensor([true, false, false]);
    expect(a.add(b).tolist()).toEqual([true, true, false]);
    expect(a.mul(b).tolist()).toEqual([true, false, false]);
    expect(() => a.sub(b)).toThrow(/logical/);
    expect(() => a.neg()).toThrow(wg.DTypeError);
    expect(a.add(1).tolist()).toEqual([2, 2, 1]);
  });
});

describe("shapes", () => {
  test("broadcast, and gradients come back in the operands' shapes and dtypes", () => {
    const a = wg.ones([2, 1, 3], { dtype: "float64", requiresGrad: true });
    const b = wg.full([4, 1], 2, { requiresGrad: true });
    const y = a.mul(b);
    expect([y.shape, y.dtype]).toEqual([[2, 4, 3], "float64"]);
    y.sum().backward();
    expect([a.grad?.shape, a.grad?.dtype, a.grad?.tolist()]).toEqual([
      [2, 1, 3],
      "float64",
      [[[8, 8, 8]], [[8, 8, 8]]],
    ]);
    expect([b.grad?.shape, b.grad?.dtype, b.grad?.tolist()]).toEqual([[4, 1], "float32", [[6], [6], [6], [6]]]);
  });

  test("that do not fit are refused, naming both", () => {
    expect(() => wg.zeros([2, 3]).add(wg.zeros([2, 4]))).toThrow(/3.*4/s);
    expect(() => wg.zeros([1, 3]).add_(wg.zeros([2, 3]))).toThrow(wg.ShapeError);
  });

  test("without elements and without dims", () => {
    const none = wg.zeros([0, 3], { requiresGrad: true });
    const y = none
      .mul(wg.ones([3]))
      .exp()
      .pow(2)
      .clamp(0, 1);
    expect(y.shape).toEqual([0, 3]);
    y.sum().backward();
    expect(none.grad?.shape).toEqual([0, 3]);
    expect(tensor(2).add(3).item()).toBe(5);
    expect(wg.add(2, 3).item()).toBe(5);
  });

  test("in place: a lower category is refused, a narrower dtype is not", () => {
    const a = ints(1, 2);
    expect(() => a.add_(0.5)).toThrow(/can't be cast/);
    expect(() => tensor([true]).add_(1)).toThrow(wg.DTypeError);
    expect(a.tolist()).toEqual([1, 2]);
    expect(tensor([1, 2]).add_(doubles(0.5, 0.5)).dtype).toBe("float32");
    expect(() => wg.expand(tensor([1]), [3]).add_(1)).toThrow(wg.WengertError);
  });
});

describe("derivatives that there are not", () => {
  test("throw when backward reaches them, not before", () => {
    const x = tensor([1.5], { requiresGrad: true });
    expect(String(x.floorDivide(2))).toBe("tensor([0.], grad_fn=<NotImplemented>)");
    expect(() => x.floorDivide(2).sum().backward()).toThrow(wg.GraphError);
    expect(() => wg.heaviside(x, x.detach()).sum().backward()).toThrow(wg.GraphError);
    expect(x.remainder(2).requiresGrad).toBe(true);
  });
});

test("nothing is left behind: neither by results that are freed nor by errors", () => {
  const x = wg.ones([100]);
  const n = ints(1, 2, 3);
  const round = () =>
    wg.scope(() => {
      const leaf = x.detach().requiresGrad_();
      leaf.mul(2).pow(2).add(1, { alpha: 3 }).div(leaf.exp()).clamp(0, 1).maximum(leaf.tanh()).sum().backward();
      n.remainder(2)
        .floorDivide(ints(1, 1, 1))
        .pow(n);
      wg.addcmul(x, x, x, { value: 0.5 }).lerp(x, 0.3).logit({ eps: 0.1 }).nanToNum();
      expect(() => n.remainder_(0)).toThrow();
      expect(() => x.pow_(n)).toThrow();
    });
  round();
  const { live } = wg.memory();
  for (let i = 0; i < 20; i++) round();
  expect(wg.memory().live).toBe(live);
});
