// Singular values and vectors.

import { asBoolean, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { contiguousCopy, copyInto } from "../../op/copy.js";
import { asMatrices, batchOf, launchMatrices, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { add, div, mul, sub } from "../arithmetic.js";
import { eq } from "../compare.js";
import { eye } from "../creation.js";
import { detach } from "../detach.js";
import { product, turned } from "../gemm.js";
import { cat } from "../join.js";
import { expand } from "../shape.js";
import { narrow, unsqueeze } from "../views.js";
import { where } from "../where.js";
import { checkFinite } from "./eigen.js";
import { qr } from "./qr.js";

const kernels = /* @__PURE__ */ new KernelFamily("svd");

/** Orthonormal columns completed to a square matrix; zero columns are filled in as well. */
function completed(U: Tensor, columns: number): Tensor {
  const [m, k] = sizesOf(U);
  if (k === columns) return U;
  if (k === 0)
    return contiguousCopy(expand(eye(m, columns, { dtype: U.dtype as "float32" }), [...batchOf(U), m, columns]));
  const { Q } = qr(U, { mode: "complete" });
  return cat([U, narrow(Q, -1, k, columns - k)], -1);
}

/** Columns of zeros, of a matrix without full rank, replaced by what makes the others a basis. */
function filled(U: Tensor, S: Tensor): Tensor {
  const k = sizesOf(U)[1];
  if (k === 0) return U;
  // Columns come in the order of their values, so those to fill are the last: QR finds them, up to signs of the others.
  const { Q } = qr(U);
  return where(unsqueeze(eq(S, 0), -2), Q, U);
}

/** U, S and V of a matrix with at least as many rows as columns. */
function launchTall(a: Tensor): [Tensor, Tensor, Tensor] {
  const [m, n] = sizesOf(a);
  const batch = batchOf(a);
  const rows = contiguousCopy(turned(a));
  const S = empty("svd", [...batch, n], a.dtype);
  const V = empty("svd", [...batch, n, n], a.dtype);
  if (rows.numel() > 0) launchMatrices(kernels.of(a.dtype), batch, [n, m], [S, V, rows]);
  else if (V.numel() > 0) {
    copyInto(S, 0);
    copyInto(V, eye(n, { dtype: a.dtype as "float32" }));
  }
  return [filled(turned(rows), S), S, turned(V)];
}

const skew = (x: Tensor): Tensor => sub(x, turned(x));

/** The gradient of A = U diag(S) Vᵀ, thin. */
function gradientOf(
  gU: Tensor | null,
  gS: Tensor | null,
  gVh: Tensor | null,
  U: Tensor,
  S: Tensor,
  Vh: Tensor,
): Tensor {
  const one = eye(S.shape.at(-1) as number, { dtype: S.dtype as "float32" });
  const across = unsqueeze(S, -2);
  const down = unsqueeze(S, -1);
  let inner: Tensor | null = gS === null ? null : mul(unsqueeze(gS, -2), one);
  const plus = (term: Tensor): void => {
    inner = inner === null ? term : add(inner, term);
  };
  if (gU !== null || gVh !== null) {
    const onIt = eq(one, 1);
    const gaps = where(onIt, 1, mul(sub(across, down), add(across, down)));
    if (gU !== null) plus(mul(div(skew(product(turned(U), gU, 1)), gaps), across));
    if (gVh !== null) plus(mul(down, div(skew(product(Vh, turned(gVh), 1)), gaps)));
  }
  let out = product(U, product(inner as unknown as Tensor, Vh, 1), 1);
  const [m, k] = sizesOf(U);
  if (gU !== null && m > k) {
    const rest = sub(gU, product(U, product(turned(U), gU, 1), 1));
    out = add(out, product(div(rest, across), Vh, 1));
  }
  if (gVh !== null && sizesOf(Vh)[1] > k) {
    const rest = sub(gVh, product(product(gVh, turned(Vh), 1), Vh, 1));
    out = add(out, product(U, div(rest, down), 1));
  }
  return out;
}

const svdOp: Applied<null> = op({
  name: "linalgSvd",
  outputs: ["U", "S", "Vh"],
  forward: ([a]) =>
    temporaries(() => {
      const source = detach(a as Tensor);
      const [m, n] = sizesOf(source);
      if (m >= n) {
        const [U, S, V] = launchTall(source);
        return [contiguousCopy(U), S, contiguousCopy(turned(V))];
      }
      const [V, S, U] = launchTall(turned(source));
      return [contiguousCopy(U), S, contiguousCopy(turned(V))];
    }),
  gradients: {
    a: {
      reads: ["U", "S", "Vh"],
      of: ({ gradients: [gU, gS, gVh], U, S, Vh }) =>
        temporaries(() => gradientOf(gU ?? null, gS ?? null, gVh ?? null, U, S, Vh)),
    },
  },
});

/** Options of `svd`. */
export interface SvdOptions {
  /** Whether U and Vh are square, or thin. */
  readonly fullMatrices?: boolean;
  /** Which LAPACK driver PyTorch would use; there is one way here. */
  readonly driver?: string | null;
}

/**
 * A = U diag(S) Vh with singular values S in descending order: U [..., m, m], Vh [..., n, n], or thin [..., m, k] and [..., k, n].
 * Gradients of U and Vh need distinct singular values.
 */
export function svd(
  A: Tensor,
  ...rest: Trailing<[fullMatrices: boolean | undefined], SvdOptions>
): { readonly U: Tensor; readonly S: Tensor; readonly Vh: Tensor } {
  const name = "linalg.svd";
  asMatrices(name, A);
  const { fullMatrices } = parse<Required<SvdOptions>>(name, rest, { fullMatrices: true, driver: null }, [
    "fullMatrices",
  ]);
  asBoolean(name, fullMatrices, "fullMatrices");
  checkFinite(name, A);
  return composed(name, () => {
    const [U, S, Vh] = svdOp.all([A], null) as [Tensor, Tensor, Tensor];
    if (!fullMatrices) return { U, S, Vh };
    const [m, n] = sizesOf(A);
    return { U: completed(U, m), S, Vh: turned(completed(turned(Vh), n)) };
  });
}

/** The singular values, descending. */
export function svdvals(A: Tensor, ...rest: [options?: { readonly driver?: string | null }]): Tensor {
  const name = "linalg.svdvals";
  asMatrices(name, A);
  parse(name, rest, { driver: null as string | null });
  checkFinite(name, A);
  return composed(name, () => svdOp.all([A], null)[1] as Tensor);
}
