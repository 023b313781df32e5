// Tangents lie in memory as their tensors do, so that a view of the one is a view of the other.

import { expect, it } from "vitest";
import { arange, autograd, memory, scope, tensor, zeros } from "../../src/entries/node.js";

const { dualLevel, makeDual, unpackDual } = autograd.forwardAd;

it("takes a view of a dual whose tangent came in another layout", () => {
  scope(() => {
    zeros([1]);
  });
  const { live } = memory();
  scope(() => {
    dualLevel(() => {
      const primal = arange(6).to("float32").reshape([2, 3]).t();
      const tangent = tensor([
        [0, 1],
        [2, 3],
        [4, 5],
      ]).to("float32");
      const dual = makeDual(primal, tangent);
      const flat = dual.t().view([6]);
      expect(unpackDual(flat).tangent?.tolist()).toEqual([0, 2, 4, 1, 3, 5]);
      // The tangent of the view is a view of the dual's tangent: what is written shows in both.
      flat.mul_(2);
      expect(unpackDual(dual).tangent?.tolist()).toEqual([
        [0, 2],
        [4, 6],
        [8, 10],
      ]);
    });
  });
  expect(memory().live).toBe(live);
});

it("keeps a tangent that lies as its tensor does", () => {
  scope(() => {
    dualLevel(() => {
      const tangent = zeros([2, 3]);
      expect(unpackDual(makeDual(zeros([2, 3]), tangent)).tangent).toBe(tangent);
      expect(unpackDual(makeDual(zeros([3, 2]).t(), tangent)).tangent?.stride()).toEqual([1, 2]);
    });
  });
});
