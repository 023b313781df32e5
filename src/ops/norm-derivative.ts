// Norms of vectors over dims, of any order, and their derivative.

import { ArgumentError } from "../errors.js";
import { type Applied, op } from "../op/op.js";
import { launchReduction, type Reduced } from "../op/reduction.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div, mul, pow } from "./arithmetic.js";
import { to } from "./cast.js";
import { eq, isnan, logicalAnd, logicalOr } from "./compare.js";
import { onesLike } from "./creation.js";
import { abs, sgn } from "./pointwise.js";
import { countNonzero, sum } from "./reduce.js";
import { reshape } from "./shape.js";
import { spread } from "./spread.js";
import { maskedFill } from "./where.js";

/** Order of a norm, and over what. */
export interface Norm {
  readonly order: number;
  readonly reduced: Reduced;
  readonly from: readonly number[];
  readonly label: string;
}

const taxicabs = /* @__PURE__ */ new KernelFamily("norm1");
const euclids = /* @__PURE__ */ new KernelFamily("norm2");
const largests = /* @__PURE__ */ new KernelFamily("norminf");
const smallests = /* @__PURE__ */ new KernelFamily("amin");
const powers = /* @__PURE__ */ new KernelFamily("normp");

/** Throws where the norm of nothing has no value: of an infinite or negative order. */
export function refuseEmptyNorm(name: string, x: Tensor, order: number, { dims }: Reduced): void {
  if ((order < 0 || order === Number.POSITIVE_INFINITY) && dims.some((d) => x.shape[d] === 0)) {
    throw new ArgumentError(
      `${name}: cannot compute the ${order} norm on an empty tensor because the operation does not have an identity`,
    );
  }
}

function forward(x: Tensor, { order, reduced }: Norm): Tensor {
  const launched = (family: KernelFamily, input: Tensor, parameters: readonly number[] = []) =>
    launchReduction("norm", family.of(x.dtype), input, reduced, [x.dtype], { parameters })[0] as Tensor;
  if (order === 2) return launched(euclids, x);
  if (order === 1) return launched(taxicabs, x);
  if (order === Number.POSITIVE_INFINITY) return launched(largests, x);
  if (order === Number.NEGATIVE_INFINITY) return launched(smallests, abs(x));
  if (order === 0) return to(reshape(countNonzero(x, reduced.dims), reduced.shape), x.dtype);
  return launched(powers, x, [order]);
}

/**
 * g · ∂norm/∂x, 0 where the norm is not differentiable: at the zero vector, and for single elements that are 0. The
 * gradient of an infinite order is split evenly among the elements that reach the norm. Formulas as in PyTorch.
 */
export function normGradient(g: Tensor, x: Tensor, out: Tensor, { order, reduced, from }: Omit<Norm, "label">): Tensor {
  const wide = (y: Tensor) => spread(y, reduced, from);
  return temporaries(() => {
    if (order === 1) return mul(sgn(x), wide(g));
    if (order === 2) return mul(wide(g), maskedFill(div(x, wide(out)), wide(eq(out, 0)), 0));
    if (!Number.isFinite(order)) {
      const size = abs(x);
      const reached = wide(out);
      const ties = to(logicalOr(eq(size, reached), logicalAnd(isnan(size), isnan(reached))), x.dtype);
      return mul(sgn(x), mul(div(ties, sum(ties, reduced.dims, true)), wide(g)));
    }
    if (order < 1) {
      const scaled = maskedFill(mul(sgn(x), pow(abs(x), order - 1)), eq(x, 0), 0);
      return mul(mul(scaled, wide(g)), wide(pow(out, 1 - order)));
    }
    const scaled = order < 2 ? mul(sgn(x), pow(abs(x), order - 1)) : mul(x, pow(abs(x), order - 2));
    return mul(scaled, wide(maskedFill(div(g, pow(out, order - 1)), eq(out, 0), 0)));
  });
}

/** (Σ |x|ᵖ)^(1/p) over dims; the largest or smallest |x| for p = ±∞, the number of elements that are not 0 for p = 0. */
export const norms: Applied<Norm> = op({
  name: "norm",
  label: ({ label }) => label,
  // A handle without history, so that what is run on it is not recorded.
  forward: ([x], p: Norm) => temporaries(() => forward(alias(x as Tensor, (x as Tensor).layout), p)),
  gradients: {
    x: { reads: ["x", "out"], of: ({ g, x, out }, p) => (p.order === 0 ? null : normGradient(g, x, out, p)) },
  },
  tangent: ([x], [out], [t], p) => [
    p.order === 0
      ? null
      : temporaries(() => {
          const slope = normGradient(onesLike(out as Tensor), x as Tensor, out as Tensor, p);
          return sum(mul(slope, t as Tensor), p.reduced.dims, p.reduced.keepdim);
        }),
  ],
});
