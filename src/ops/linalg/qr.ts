// QR factorisation, and products of Householder reflections.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, describe, nothingMore, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { asContiguous, contiguousCopy, copyInto } from "../../op/copy.js";
import { asMatrices, batchOf, launchMatrices, sameDtype, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { watched } from "../../op/watched.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { add, mul, neg, sub } from "../arithmetic.js";
import { eye } from "../creation.js";
import { product, turned } from "../gemm.js";
import { cat } from "../join.js";
import { expand, select } from "../shape.js";
import { tril, triu } from "../triangle.js";
import { narrow, unsqueeze } from "../views.js";
import { solveRight } from "./triangular.js";

const factors = /* @__PURE__ */ new KernelFamily("qr_factor");
const forms = /* @__PURE__ */ new KernelFamily("qr_form");

/** R on and above the diagonal, reflections below; and their factors τ. */
function launchFactor(a: Tensor): [Tensor, Tensor] {
  const [m, n] = sizesOf(a);
  const packed = contiguousCopy(a);
  const tau = empty("qr", [...batchOf(a), Math.min(m, n)], a.dtype);
  if (packed.numel() === 0) copyInto(tau, 0);
  else launchMatrices(factors.of(a.dtype), batchOf(a), [m, n], [packed, tau]);
  return [packed, tau];
}

/** The first `columns` columns of the product of reflections. */
function launchForm(packed: Tensor, tau: Tensor, columns: number): Tensor {
  const [m, n] = sizesOf(packed);
  const batch = batchOf(packed);
  const out = empty("qr", [...batch, m, columns], packed.dtype);
  if (out.numel() === 0) return out;
  return temporaries(() => {
    launchMatrices(
      forms.of(out.dtype),
      batch,
      [m, columns, n, tau.shape.at(-1) as number],
      [out, asContiguous(packed), asContiguous(tau)],
    );
    return out;
  });
}

/** How much of Q is made. */
export type QrMode = "reduced" | "complete" | "r";

/** X + Xᵀ with half of the diagonal, of an upper triangle. */
function mirrored(x: Tensor): Tensor {
  const upper = triu(x);
  return sub(add(upper, turned(upper)), diagonalOf(upper));
}

function diagonalOf(x: Tensor): Tensor {
  return sub(triu(x), triu(x, 1));
}

/** The gradient for m ≥ n: A = Q R, R invertible (Walter and Lehmann, "Algorithmic differentiation of linear algebra functions"). */
function gradientTall(gQ: Tensor | null, gR: Tensor | null, Q: Tensor, R: Tensor): Tensor {
  let inner: Tensor | null = gR === null ? null : product(gR, turned(R), 1);
  if (gQ !== null) {
    const moved = product(turned(Q), gQ, 1);
    inner = inner === null ? neg(moved) : sub(inner, moved);
  }
  let out = product(Q, mirrored(inner as Tensor), 1);
  if (gQ !== null) out = add(out, gQ);
  return solveRight(turned(R), out, { upper: false, unit: false });
}

/** For m < n: the first m columns are a square problem, the others are Qᵀ times them. */
function gradientWide(gQ: Tensor | null, gR: Tensor | null, A: Tensor, Q: Tensor, R: Tensor): Tensor {
  const [m, n] = sizesOf(A);
  const U = narrow(R, -1, 0, m);
  const gU = gR === null ? null : narrow(gR, -1, 0, m);
  if (gR === null) {
    const first = gradientTall(gQ, null, Q, U);
    return cat([first, mul(narrow(A, -1, m, n - m), 0)], -1);
  }
  const Y = narrow(A, -1, m, n - m);
  const gV = narrow(gR, -1, m, n - m);
  const extra = product(Y, turned(gV), 1);
  return cat([gradientTall(gQ === null ? extra : add(gQ, extra), gU, Q, U), product(Q, gV, 1)], -1);
}

const qrOp: Applied<QrMode> = op({
  name: "linalgQr",
  outputs: ["Q", "R"],
  forward: ([a], mode: QrMode) =>
    temporaries(() => {
      const source = a as Tensor;
      const [m, n] = sizesOf(source);
      const k = Math.min(m, n);
      const [packed, tau] = launchFactor(source);
      const rows = mode === "complete" ? m : k;
      const R = triu(narrow(packed, -2, 0, rows));
      const Q = mode === "r" ? empty("qr", [0], source.dtype) : launchForm(packed, tau, mode === "complete" ? m : k);
      return [Q, R];
    }),
  gradients: {
    a: {
      reads: ["a", "Q", "R"],
      of: ({ gradients: [gQ, gR], a, Q, R }, mode) => {
        const [m, n] = sizesOf(a);
        if (mode === "r")
          throw new ArgumentError(
            "linalg.qr: The derivative of linalg.qr depends on Q, which is not computed when mode='r'",
          );
        if (mode === "complete" && m > n)
          throw new ArgumentError(
            "linalg.qr: The QR decomposition is not differentiable when mode='complete' and nrows > ncols",
          );
        const [q, r] = [gQ ?? null, gR ?? null];
        return temporaries(() => (m < n ? gradientWide(q, r, a, Q, R) : gradientTall(q, r, Q, R)));
      },
    },
  },
});

/** Options of `qr`. */
export interface QrOptions {
  readonly mode?: QrMode;
}

/**
 * A = Q R with orthonormal columns of Q and an upper triangular R: mode "reduced" [m, k] and [k, n], "complete" [m, m] and [m, n],
 * "r" without Q.
 */
export function qr(
  A: Tensor,
  ...rest: Trailing<[mode: QrMode | undefined], QrOptions>
): { readonly Q: Tensor; readonly R: Tensor } {
  const name = "linalg.qr";
  asMatrices(name, A);
  const { mode } = parse<Required<QrOptions>>(name, rest, { mode: "reduced" }, ["mode"]);
  if (mode !== "reduced" && mode !== "complete" && mode !== "r") {
    throw new ArgumentError(
      `${name}: qr received unrecognized mode ${describe(mode)} but expected one of "reduced", "r", or "complete"`,
    );
  }
  const [Q, R] = qrOp.all([A], mode) as [Tensor, Tensor];
  return { Q, R };
}

/** The reflections of a QR factorisation as LAPACK packs them: `a` holds R and the vectors, `tau` the factors. Not differentiable. */
export function geqrf(A: Tensor, ...rest: []): { readonly a: Tensor; readonly tau: Tensor } {
  nothingMore("geqrf", rest);
  const [a, tau] = launchFactor(asMatrices("geqrf", A));
  return { a, tau };
}

/** The vector of reflection i, as a column: zeros, a one, and what stands below the diagonal. */
function vectorOf(V: Tensor, i: number): Tensor {
  return narrow(V, -1, i, 1);
}

/** Applies reflections one by one, in operations: Q X for those of `order` from the last to the first. */
function reflected(A: Tensor, tau: Tensor, x: Tensor, order: readonly number[]): Tensor {
  const [m, n] = sizesOf(A);
  const V = add(tril(A, -1), eye(m, n, { dtype: A.dtype as "float32" }));
  let out = x;
  for (const i of order) {
    const v = vectorOf(V, i);
    const factor = unsqueeze(unsqueeze(select(tau, tau.ndim - 1, i), -1), -1);
    out = sub(out, product(mul(v, factor), product(turned(v), out, 1), 1));
  }
  return out;
}

const upTo = (k: number): number[] => Array.from({ length: k }, (_, i) => i);

function checkReflections(name: string, A: Tensor, tau: Tensor): void {
  asMatrices(name, A, "input");
  sameDtype(name, A, tau);
  const [m, n] = sizesOf(A);
  if (m < n)
    throw new ShapeError(
      `${name}: input.shape[-2] must be greater than or equal to input.shape[-1], got ${formatShape(A.shape)}`,
    );
  if (tau.ndim !== A.ndim - 1 || (tau.shape.at(-1) as number) > n || !sameShape(batchOf(A), tau.shape.slice(0, -1))) {
    throw new ShapeError(
      `${name}: input.shape[-1] must be greater than or equal to tau.shape[-1], with one batch: got ${formatShape(A.shape)} and ${formatShape(tau.shape)}`,
    );
  }
}

/** The first n columns of the product of the reflections in A [..., m, n] (below its diagonal) with factors tau [..., k]. */
export function householderProduct(A: Tensor, tau: Tensor, ...rest: []): Tensor {
  nothingMore("linalg.householderProduct", rest);
  const name = "linalg.householderProduct";
  checkReflections(name, A, tau);
  const [m, n] = sizesOf(A);
  if (!watched([A, tau])) return launchForm(A, tau, n);
  return composed(name, () => {
    const start = expand(eye(m, n, { dtype: A.dtype as "float32" }), A.shape);
    const order = upTo(tau.shape.at(-1) as number).reverse();
    return order.length === 0 ? add(start, mul(A, 0)) : reflected(A, tau, start, order);
  });
}

/** Options of `ormqr`. */
export interface OrmqrOptions {
  readonly left?: boolean;
  readonly transpose?: boolean;
}

/** Q X, X Q, Qᵀ X or X Qᵀ for the whole (square) Q of the reflections in `input` and `tau`. */
export function ormqr(
  input: Tensor,
  tau: Tensor,
  other: Tensor,
  ...rest: Trailing<[left: boolean | undefined, transpose: boolean | undefined], OrmqrOptions>
): Tensor {
  const name = "ormqr";
  asMatrices(name, input, "input");
  asMatrices(name, other, "other");
  sameDtype(name, input, other);
  sameDtype(name, input, tau);
  const { left, transpose } = parse(name, rest, { left: true, transpose: false }, ["left", "transpose"]);
  asBoolean(name, left, "left");
  asBoolean(name, transpose, "transpose");
  const k = tau.shape.at(-1) as number;
  const size = other.shape.at(left ? -2 : -1) as number;
  const [m, n] = sizesOf(input);
  if (tau.ndim !== input.ndim - 1 || k > n || k > size) {
    throw new ShapeError(
      `${name}: tau.shape[-1] must be equal to min(other.shape[${left ? -2 : -1}], input.shape[-1]), got ${formatShape(tau.shape)} for ${formatShape(input.shape)}`,
    );
  }
  if (m !== size)
    throw new ShapeError(
      `${name}: other.shape[${left ? -2 : -1}] must be equal to input.shape[-2], got ${size} and ${m}`,
    );
  return composed(name, () => {
    // Q = H₁ H₂ …, so Q X applies the last first, Qᵀ X the first; from the right the transposes.
    const order = upTo(k);
    if (left !== transpose) order.reverse();
    const x = left ? other : turned(other);
    if (k === 0) return add(other, 0);
    const out = reflected(input, tau, x, order);
    return left ? out : turned(out);
  });
}
