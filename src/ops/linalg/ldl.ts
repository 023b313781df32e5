// LDL factorisation of symmetric matrices that need not be positive-definite, and what it solves. Not differentiable.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, parse } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { contiguousCopy, copyInto } from "../../op/copy.js";
import { checkIndex } from "../../op/indexed.js";
import { asMatrices, asSquare, batchOf, launchMatrices, sameDtype, sizesOf } from "../../op/matrices.js";
import { isTrue } from "../../op/truth.js";
import { broadcastShapes, formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { eq, gt, logicalOr } from "../compare.js";
import { detach } from "../detach.js";
import { abs } from "../pointwise.js";
import { any } from "../reduce.js";
import { expand } from "../shape.js";
import { tril } from "../triangle.js";
import { checkInfo, type ExOptions } from "./lu.js";

/** Options of the LDL functions. */
export interface LdlOptions {
  /** The same as symmetric for real numbers. */
  readonly hermitian?: boolean;
}

const factors = /* @__PURE__ */ new KernelFamily("ldl");
const solves = /* @__PURE__ */ new KernelFamily("ldl_solve");

interface Factors {
  readonly LD: Tensor;
  readonly pivots: Tensor;
  readonly info: Tensor;
}

function factored(name: string, A: Tensor, { hermitian, checkErrors }: Required<LdlOptions & ExOptions>): Factors {
  asSquare(name, A);
  asBoolean(name, hermitian, "hermitian");
  // Nothing stands above the diagonal of the result.
  const LD = temporaries(() => contiguousCopy(tril(detach(A))));
  const pivots = empty(name, A.shape.slice(0, -1), "int32");
  const info = empty(name, batchOf(A), "int32");
  if (LD.numel() === 0) copyInto(info, 0);
  else launchMatrices(factors.of(A.dtype), batchOf(A), [sizesOf(A)[0]], [LD, pivots, info]);
  if (checkErrors) {
    checkInfo(
      name,
      info,
      (order) => `The factorization could not be completed because the block of D at ${order} is exactly zero.`,
    );
  }
  return { LD, pivots, info };
}

/** Factors of A = P L D Lᵀ Pᵀ in one matrix, and the pivots, as LAPACK packs them; the lower triangle of A is read. */
export function ldlFactor(
  A: Tensor,
  ...rest: [options?: LdlOptions]
): { readonly LD: Tensor; readonly pivots: Tensor } {
  const name = "linalg.ldlFactor";
  const { LD, pivots, info } = factored(name, A, { ...parse(name, rest, { hermitian: false }), checkErrors: true });
  info.dispose();
  return { LD, pivots };
}

/** `ldlFactor` that does not throw: `info` is the place of the first block of D that is zero, counted from 1, or 0. */
export function ldlFactorEx(A: Tensor, ...rest: [options?: LdlOptions & ExOptions]): Factors {
  const name = "linalg.ldlFactorEx";
  return factored(name, A, parse(name, rest, { hermitian: false, checkErrors: false }));
}

/** Solves A X = B by the factors that `ldlFactor` gives; batches broadcast. */
export function ldlSolve(LD: Tensor, pivots: Tensor, B: Tensor, ...rest: [options?: LdlOptions]): Tensor {
  const name = "linalg.ldlSolve";
  asSquare(name, LD, "LD");
  asMatrices(name, B, "B");
  checkIndex(name, pivots, "pivots");
  sameDtype(name, LD, B);
  parse(name, rest, { hermitian: false });
  const [n, columns] = sizesOf(B);
  if (LD.shape.at(-1) !== n || pivots.shape.join() !== LD.shape.slice(0, -1).join()) {
    throw new ShapeError(
      `${name}: Incompatible shapes of LD, pivots and B: ${formatShape(LD.shape)}, ${formatShape(pivots.shape)} and ${formatShape(B.shape)}`,
    );
  }
  const batch = broadcastShapes(name, batchOf(LD), batchOf(B));
  return composed(name, () => {
    const x = contiguousCopy(expand(detach(B), [...batch, n, columns]));
    if (x.numel() === 0) return x;
    if (isTrue(any(logicalOr(eq(pivots, 0), gt(abs(pivots), n)))))
      throw new ArgumentError(
        `${name}: expected pivots to be rows counted from 1 to ${n}, or negative for blocks of two`,
      );
    const own = contiguousCopy(expand(detach(LD), [...batch, n, n]));
    launchMatrices(solves.of(x.dtype), batch, [n, columns], [x, own, contiguousCopy(expand(pivots, [...batch, n]))]);
    return x;
  });
}
