// Eigenvalues and eigenvectors of symmetric matrices.

import { ArgumentError } from "../../errors.js";
import { describe, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { contiguousCopy } from "../../op/copy.js";
import { asSquare, batchOf, launchMatrices, numerical, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { isAlwaysTrue } from "../../op/truth.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { add, div, mul, sub } from "../arithmetic.js";
import { eq, isfinite } from "../compare.js";
import { eye } from "../creation.js";
import { detach } from "../detach.js";
import { product, turned } from "../gemm.js";
import { all } from "../reduce.js";
import { tril, triu } from "../triangle.js";
import { unsqueeze } from "../views.js";
import { where } from "../where.js";

const kernels = /* @__PURE__ */ new KernelFamily("eigh");

/** Throws if an element is NaN or infinite: rotations would never end. */
export function checkFinite(name: string, x: Tensor): void {
  if (x.numel() > 0 && !isAlwaysTrue(all(isfinite(x)))) {
    numerical(name, "The algorithm failed to converge because the input matrix contained non-finite values.");
  }
}

/** Numbers on the diagonal of matrices. */
function onDiagonal(x: Tensor, one: Tensor): Tensor {
  return mul(unsqueeze(x, -2), one);
}

const eighOp: Applied<"L" | "U"> = op({
  name: "linalgEigh",
  outputs: ["w", "V"],
  forward: ([a], uplo: "L" | "U") =>
    temporaries(() => {
      const source = detach(a as Tensor);
      const [n] = sizesOf(source);
      // Both triangles from the one that is read.
      const part = uplo === "L" ? tril(source) : triu(source);
      const whole = contiguousCopy(add(part, turned(uplo === "L" ? tril(source, -1) : triu(source, 1))));
      const w = empty("eigh", [...batchOf(source), n], source.dtype);
      const rows = empty("eigh", source.shape, source.dtype);
      if (whole.numel() > 0) launchMatrices(kernels.of(source.dtype), batchOf(source), [n], [w, rows, whole]);
      return [w, contiguousCopy(turned(rows))];
    }),
  gradients: {
    a: {
      reads: ["w", "V"],
      of: ({ gradients: [gw, gV], w, V }) =>
        temporaries(() => {
          const one = eye(sizesOf(V)[0], { dtype: V.dtype as "float32" });
          let inner: Tensor | null = gw ? onDiagonal(gw, one) : null;
          if (gV) {
            // (VᵀgV)ᵢⱼ / (wⱼ − wᵢ) off the diagonal
            const gaps = sub(unsqueeze(w, -2), unsqueeze(w, -1));
            const onIt = eq(one, 1);
            const turning = where(onIt, 0, div(product(turned(V), gV, 1), where(onIt, 1, gaps)));
            inner = inner === null ? turning : add(inner, turning);
          }
          return product(V, product(inner as Tensor, turned(V), 1), 1);
        }),
    },
  },
});

/** Options of `eigh` and `eigvalsh`. */
export interface EighOptions {
  /** Which triangle is read. */
  readonly UPLO?: "L" | "U";
}

function decomposed(name: string, A: Tensor, rest: readonly unknown[]): [Tensor, Tensor] {
  asSquare(name, A);
  const { UPLO } = parse<{ readonly UPLO: string }>(name, rest, { UPLO: "L" }, ["UPLO"]);
  const uplo = typeof UPLO === "string" ? UPLO.toUpperCase() : UPLO;
  if (uplo !== "L" && uplo !== "U")
    throw new ArgumentError(`${name}: Expected UPLO argument to be 'L' or 'U', but got ${describe(UPLO)}`);
  checkFinite(name, A);
  return eighOp.all([A], uplo) as [Tensor, Tensor];
}

/**
 * A = V diag(w) Vᵀ for symmetric matrices [..., n, n], of which one triangle is read: eigenvalues in ascending order, eigenvectors as
 * columns. The gradient of the vectors is not finite where eigenvalues are equal.
 */
export function eigh(
  A: Tensor,
  ...rest: Trailing<["L" | "U" | undefined], EighOptions>
): { readonly eigenvalues: Tensor; readonly eigenvectors: Tensor } {
  const [eigenvalues, eigenvectors] = decomposed("linalg.eigh", A, rest);
  return { eigenvalues, eigenvectors };
}

/** The eigenvalues of symmetric matrices, ascending. */
export function eigvalsh(A: Tensor, ...rest: Trailing<["L" | "U" | undefined], EighOptions>): Tensor {
  return composed("linalg.eigvalsh", () => decomposed("linalg.eigvalsh", A, rest)[0]);
}
