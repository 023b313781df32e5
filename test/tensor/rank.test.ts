// Many dims: as many as PyTorch takes, and one more.

import { describe, expect, it } from "vitest";
import { arange, ones, ShapeError, scope, type Tensor, zeros } from "../../src/entries/node.js";

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe.each([31, 32, 33, 64])("%i dims", (rank) => {
  const dims = upTo(rank);
  /** Two elements along every eighth dim. */
  const shape = dims.map((d) => (d % 8 === 0 ? 2 : 1));
  const made = (): Tensor => arange(shape.reduce((a: number, b) => a * b, 1)).reshape(shape);

  it("are permuted, added, summed and differentiated", () => {
    scope(() => {
      const x = made().requiresGrad_();
      const turned = x.permute([...dims].reverse());
      expect(turned.shape).toEqual([...shape].reverse());
      const back = turned.contiguous().permute([...dims].reverse());
      expect(back.equal(x)).toBe(true);
      back.mul(back).sum().backward();
      expect(x.grad?.equal(x.mul(2))).toBe(true);
      expect(x.sum([0, rank - 1]).ndim).toBe(rank - 2);
      expect(
        x
          .softmax(0)
          .sum(0)
          .equal(ones(shape.slice(1))),
      ).toBe(true);
    });
  });

  it("are permuted by each dim once", () => {
    const twice = [...dims.slice(0, -1), 0];
    expect(() => made().permute(twice)).toThrow("permute: duplicate dims are not allowed");
    const last = [...dims.slice(1), rank - 1];
    expect(() => made().permute(last)).toThrow("permute: duplicate dims are not allowed");
  });
});

describe("65 dims", () => {
  it("are refused", () => {
    const shape = upTo(65).map(() => 1);
    expect(() => zeros(shape)).toThrow(ShapeError);
    expect(() => zeros(shape)).toThrow("zeros: only tensors with up to 64 dims are supported, got 65");
  });
});
