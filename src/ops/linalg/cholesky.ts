// Cholesky factorisation of positive-definite matrices, and what it solves.

import { ShapeError } from "../../errors.js";
import { asBoolean, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { contiguousCopy, copyInto } from "../../op/copy.js";
import { asMatrices, asSquare, batchOf, launchMatrices, sameDtype, sizesOf } from "../../op/matrices.js";
import { type Applied, op } from "../../op/op.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily } from "../../wasm/kernels.js";
import { add, mul, neg } from "../arithmetic.js";
import { eye } from "../creation.js";
import { detach } from "../detach.js";
import { product, turned } from "../gemm.js";
import { expand } from "../shape.js";
import { tril } from "../triangle.js";
import { checkInfo, type ExOptions } from "./lu.js";
import { solveLeft, solveRight } from "./triangular.js";

const factors = /* @__PURE__ */ new KernelFamily("cholesky");

/** Lower triangle with half of the diagonal. */
function halved(x: Tensor): Tensor {
  return mul(add(tril(x), tril(x, -1)), 0.5);
}

const choleskyOp: Applied<boolean> = op({
  name: "linalgCholeskyEx",
  outputs: ["L", "info"],
  forward: ([a], _upper: boolean) => {
    const source = a as Tensor;
    const L = contiguousCopy(source);
    const info = empty("cholesky", batchOf(source), "int32");
    if (L.numel() === 0) copyInto(info, 0);
    else launchMatrices(factors.of(L.dtype), batchOf(source), sizesOf(source), [L, info]);
    return [L, info];
  },
  gradients: {
    a: {
      reads: ["L"],
      // With dA symmetric, L⁻¹ dL = Φ(L⁻¹ dA L⁻ᵀ), Φ the lower triangle with half of the diagonal.
      of: ({ g, L }) =>
        temporaries(() => {
          const inner = halved(product(turned(L), tril(g), 1));
          const back = solveRight(L, solveLeft(turned(L), inner, { upper: true, unit: false }), {
            upper: false,
            unit: false,
          });
          return mul(add(back, turned(back)), 0.5);
        }),
    },
  },
  // As in PyTorch, which does not make a symmetric matrix of a tangent that is none.
  tangent: (_inputs, [L], [t], upper) => {
    const lower = L as Tensor;
    const moved = upper ? turned(t as Tensor) : (t as Tensor);
    const inner = solveRight(turned(lower), solveLeft(lower, moved, { upper: false, unit: false }), {
      upper: true,
      unit: false,
    });
    return [product(lower, halved(inner), 1), null];
  },
});

/** Options of the Cholesky functions. */
export interface CholeskyOptions {
  /** Whether the factor is upper triangular: A = Uᵀ U. */
  readonly upper?: boolean;
}

function factored(name: string, A: Tensor, upper: boolean): { readonly L: Tensor; readonly info: Tensor } {
  asSquare(name, A);
  const [lower, info] = choleskyOp.all([upper ? turned(A) : A], upper) as [Tensor, Tensor];
  return { L: upper ? turned(lower) : lower, info };
}

const notPositive = (order: number): string =>
  `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${order} is not positive-definite).`;

/**
 * The triangular factor of symmetric positive-definite matrices: A = L Lᵀ, or Uᵀ U with `upper`. Only one triangle of A is read; the
 * gradient is symmetric.
 * @throws NumericalError naming the order of the leading minor that is not positive-definite.
 */
export function cholesky(A: Tensor, ...rest: [options?: CholeskyOptions]): Tensor {
  return choleskyAs("linalg.cholesky", A, parse("linalg.cholesky", rest, { upper: false }).upper);
}

/** `cholesky` under another function's name. */
export function choleskyAs(name: string, A: Tensor, upper: boolean): Tensor {
  asBoolean(name, upper, "upper");
  return temporaries(() => {
    const { L, info } = factored(name, A, upper);
    checkInfo(name, info, notPositive);
    return L;
  });
}

/** `cholesky` that does not throw: `info` is the order of the first leading minor that is not positive-definite, or 0. */
export function choleskyEx(
  A: Tensor,
  ...rest: [options?: CholeskyOptions & ExOptions]
): { readonly L: Tensor; readonly info: Tensor } {
  const name = "linalg.choleskyEx";
  const { upper, checkErrors } = parse(name, rest, { upper: false, checkErrors: false });
  return composed(name, () => {
    const result = factored(name, A, asBoolean(name, upper, "upper"));
    if (checkErrors) checkInfo(name, result.info, notPositive);
    return result;
  });
}

function bySolving(B: Tensor, L: Tensor, upper: boolean): Tensor {
  const lower = upper ? turned(L) : L;
  return solveLeft(turned(lower), solveLeft(lower, B, { upper: false, unit: false }), { upper: true, unit: false });
}

/** The gradient of the factor from that of A⁻¹, without its sign: of all elements, as if L were any matrix. */
function gradientOfFactor(g: Tensor, L: Tensor, upper: boolean): Tensor {
  const both = add(g, turned(g));
  return neg(upper ? product(L, both, 1) : product(both, L, 1));
}

const solveOp: Applied<boolean> = op({
  name: "choleskySolve",
  forward: ([B, L], upper: boolean) => temporaries(() => bySolving(detach(B as Tensor), detach(L as Tensor), upper)),
  gradients: {
    B: { reads: ["L"], of: ({ g, L }, upper) => solveOp([g, L], upper) },
    L: {
      reads: ["L", "out"],
      of: ({ g, L, out }, upper) => gradientOfFactor(product(solveOp([g, L], upper), turned(out), 1), L, upper),
    },
  },
});

/** Solves A X = B by the Cholesky factor L of A; X = L⁻ᵀ L⁻¹ B. With `upper`, by U. */
export function choleskySolve(
  B: Tensor,
  L: Tensor,
  ...rest: Trailing<[upper: boolean | undefined], CholeskyOptions>
): Tensor {
  const name = "choleskySolve";
  asMatrices(name, B, "B");
  asSquare(name, L, "L");
  sameDtype(name, B, L);
  const upper = asBoolean(name, parse(name, rest, { upper: false }, ["upper"]).upper, "upper");
  if (B.shape.at(-2) !== L.shape.at(-1))
    throw new ShapeError(
      `${name}: Incompatible matrix sizes: B is ${formatShape(B.shape)}, L is ${formatShape(L.shape)}`,
    );
  return solveOp([B, L], upper);
}

const inverseOp: Applied<boolean> = op({
  name: "choleskyInverse",
  forward: ([L], upper: boolean) =>
    temporaries(() => {
      const factor = detach(L as Tensor);
      return bySolving(
        expand(eye(sizesOf(factor)[0], { dtype: factor.dtype as "float32" }), factor.shape),
        factor,
        upper,
      );
    }),
  gradients: {
    L: {
      reads: ["L", "out"],
      of: ({ g, L, out }, upper) => gradientOfFactor(product(out, product(g, out, 1), 1), L, upper),
    },
  },
});

/** The inverse of A by its Cholesky factor L, or U with `upper`. */
export function choleskyInverse(L: Tensor, ...rest: Trailing<[upper: boolean | undefined], CholeskyOptions>): Tensor {
  const name = "choleskyInverse";
  asSquare(name, L, "L");
  return inverseOp([L], asBoolean(name, parse(name, rest, { upper: false }, ["upper"]).upper, "upper"));
}
