// Determinants and their logarithms.

import { nothingMore } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { asSquare, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { isTrue } from "../../op/truth.js";
import { watched } from "../../op/watched.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { add, div, mul, neg } from "../arithmetic.js";
import { eq, le } from "../compare.js";
import { eye } from "../creation.js";
import { detach } from "../detach.js";
import { amax, amin } from "../extremum.js";
import { product, turned } from "../gemm.js";
import { abs, log, sign } from "../pointwise.js";
import { prod } from "../product.js";
import { any, sum } from "../reduce.js";
import { expand } from "../shape.js";
import { diagonal, unsqueeze } from "../views.js";
import { where } from "../where.js";
import { invEx, plainFactors } from "./lu.js";
import { svd } from "./svd.js";

/** Whether some matrix has a pivot so small that its inverse says little. */
function isSingular(a: Tensor): boolean {
  if (a.numel() === 0) return false;
  let found = false;
  temporaries(() => {
    const pivots = abs(plainFactors(detach(a)).diagonal);
    const least = a.dtype === "float64" ? 1e-13 : 1e-5;
    found = isTrue(any(le(amin(pivots, -1), mul(amax(pivots, -1), least))));
    return null;
  });
  return found;
}

/** Numbers for each matrix in the shape that broadcasts with matrices. */
function perMatrix(x: Tensor): Tensor {
  return unsqueeze(unsqueeze(x, -1), -1);
}

/**
 * The adjugate by polynomials in A alone (Faddeev and LeVerrier), which can be differentiated again where A is singular.
 */
function adjugate(a: Tensor): Tensor {
  const n = sizesOf(a)[0];
  const one = expand(eye(n, { dtype: a.dtype as "float32" }), a.shape);
  let m = one;
  for (let k = 1; k < n; k++) {
    const next = product(a, m, 1);
    m = add(next, mul(one, perMatrix(div(sum(diagonal(next, 0, -2, -1), -1), -k))));
  }
  return n % 2 === 0 ? neg(m) : m;
}

/** The same from singular values: U diag(Π of the others) Vᵀ, times the signs of U and V. */
function cofactors(a: Tensor): Tensor {
  const { U, S, Vh } = svd(a, { fullMatrices: false });
  const n = sizesOf(a)[0];
  const others = prod(where(eq(eye(n, { dtype: "int32" }), 1), 1, expand(unsqueeze(S, -2), a.shape)), -1);
  const orientation = mul(det(U), det(Vh));
  return mul(perMatrix(orientation), product(mul(U, unsqueeze(others, -2)), Vh, 1));
}

/** The derivative of the determinant, without g: the matrix of cofactors, exact for singular matrices too. */
function gradientOfDet(a: Tensor, out: Tensor): Tensor {
  if (!isSingular(a)) return mul(perMatrix(out), turned(invEx(a).inverse));
  return watched([a]) ? turned(adjugate(a)) : cofactors(a);
}

const detOp: Applied<null> = op({
  name: "linalgDet",
  forward: ([a]) =>
    temporaries(() => {
      const { diagonal: pivots, sign: exchanges } = plainFactors(a as Tensor);
      return mul(prod(pivots, -1), exchanges);
    }),
  gradients: { a: { reads: ["a", "out"], of: ({ g, a, out }) => mul(perMatrix(g), gradientOfDet(a, out)) } },
  tangent: ([a], [out], [t]) => [sum(mul(gradientOfDet(a as Tensor, out as Tensor), t as Tensor), [-2, -1])],
});

/** The determinant of square matrices: [..., n, n] gives [...]. The gradient is the matrix of cofactors. */
export function det(A: Tensor, ...rest: []): Tensor {
  nothingMore("linalg.det", rest);
  return detOp([asSquare("linalg.det", A)], null);
}

const slogdetOp: Applied<null> = op({
  name: "linalgSlogdet",
  outputs: ["sign", "logabsdet"],
  forward: ([a]) =>
    temporaries(() => {
      const { diagonal: pivots, sign: exchanges } = plainFactors(a as Tensor);
      return [mul(prod(sign(pivots), -1), exchanges), sum(log(abs(pivots)), -1)];
    }),
  gradients: {
    a: {
      reads: ["a"],
      of: ({ gradients: [, g], a }) =>
        g === null || g === undefined ? null : mul(perMatrix(g), turned(invEx(a).inverse)),
    },
  },
  tangent: ([a], [own], [t]) => [
    mul(own as Tensor, 0),
    sum(mul(turned(invEx(a as Tensor).inverse), t as Tensor), [-2, -1]),
  ],
});

/** The determinant's sign and the logarithm of its absolute value, which may be out of reach for the determinant itself. */
export function slogdet(A: Tensor, ...rest: []): { readonly sign: Tensor; readonly logabsdet: Tensor } {
  nothingMore("linalg.slogdet", rest);
  const [own, logabsdet] = slogdetOp.all([asSquare("linalg.slogdet", A)], null) as [Tensor, Tensor];
  return { sign: own, logabsdet };
}

/** The logarithm of the determinant; −∞ where it is 0, NaN where it is negative. */
export function logdet(A: Tensor, ...rest: []): Tensor {
  nothingMore("logdet", rest);
  asSquare("logdet", A);
  return composed("linalg.logdet", () => {
    const { sign: own, logabsdet } = slogdet(A);
    return where(eq(own, -1), Number.NaN, logabsdet);
  });
}
