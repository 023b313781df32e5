// Bessel functions and the Airy function; members of the namespace `special`.

import { elementwise, type Unary } from "../op/elementwise.js";
import { finfo } from "../tensor/info.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { gt } from "./compare.js";
import { i0 } from "./gamma.js";
import { abs, reciprocal, sign } from "./pointwise.js";
import { where } from "./where.js";

/** Where |x| is large enough to divide by, and x with 1 in the other places. */
function divisible(x: Tensor): { mask: Tensor; safe: Tensor } {
  const mask = gt(abs(x), finfo(x.dtype).eps);
  return { mask, safe: where(mask, x, 1) };
}

/** e^(−|x|) I₀(x). */
export const i0e: Unary = elementwise({
  name: "i0e",
  label: "SpecialI0EBackward0",
  dtype: "floating",
  partials: { x: { reads: ["x", "out"], of: ({ g, x, out }) => mul(g, sub(i1e(x), mul(sign(x), out))) } },
});

/** Modified Bessel function of the first kind, of order 1. */
export const i1: Unary = elementwise({
  name: "i1",
  label: "SpecialI1Backward0",
  dtype: "floating",
  partials: {
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }) => {
        const { mask, safe } = divisible(x);
        return mul(g, where(mask, sub(i0(safe), div(out, safe)), 0.5));
      },
    },
  },
});

/** e^(−|x|) I₁(x). */
export const i1e: Unary = elementwise({
  name: "i1e",
  label: "SpecialI1EBackward0",
  dtype: "floating",
  partials: {
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }) => {
        const { mask, safe } = divisible(x);
        return mul(g, where(mask, sub(i0e(safe), mul(out, add(sign(safe), reciprocal(safe)))), 0.5));
      },
    },
  },
});

/** Bessel function of the first kind, of order 0. It has no derivative. */
export const besselJ0: Unary = elementwise({
  name: "besselJ0",
  kernel: "bessel_j0",
  dtype: "floating",
  partials: { x: null },
});

/** Bessel function of the first kind, of order 1. It has no derivative. */
export const besselJ1: Unary = elementwise({
  name: "besselJ1",
  kernel: "bessel_j1",
  dtype: "floating",
  partials: { x: null },
});

/** Bessel function of the second kind, of order 0: −∞ at 0, NaN below. It has no derivative. */
export const besselY0: Unary = elementwise({
  name: "besselY0",
  kernel: "bessel_y0",
  dtype: "floating",
  partials: { x: null },
});

/** Bessel function of the second kind, of order 1: −∞ at 0, NaN below. It has no derivative. */
export const besselY1: Unary = elementwise({
  name: "besselY1",
  kernel: "bessel_y1",
  dtype: "floating",
  partials: { x: null },
});

/** Modified Bessel function of the first kind, of order 0. It has no derivative; `i0` has. */
export const modifiedBesselI0: Unary = elementwise({
  name: "modifiedBesselI0",
  kernel: "i0",
  dtype: "floating",
  partials: { x: null },
});

/** Modified Bessel function of the first kind, of order 1. It has no derivative; `i1` has. */
export const modifiedBesselI1: Unary = elementwise({
  name: "modifiedBesselI1",
  kernel: "i1",
  dtype: "floating",
  partials: { x: null },
});

/** Modified Bessel function of the second kind, of order 0: ∞ at 0, NaN below. It has no derivative. */
export const modifiedBesselK0: Unary = elementwise({
  name: "modifiedBesselK0",
  kernel: "modified_bessel_k0",
  dtype: "floating",
  partials: { x: null },
});

/** Modified Bessel function of the second kind, of order 1: ∞ at 0, NaN below. It has no derivative. */
export const modifiedBesselK1: Unary = elementwise({
  name: "modifiedBesselK1",
  kernel: "modified_bessel_k1",
  dtype: "floating",
  partials: { x: null },
});

/** eˣ K₀(x). It has no derivative. */
export const scaledModifiedBesselK0: Unary = elementwise({
  name: "scaledModifiedBesselK0",
  kernel: "scaled_modified_bessel_k0",
  dtype: "floating",
  partials: { x: null },
});

/** eˣ K₁(x). It has no derivative. */
export const scaledModifiedBesselK1: Unary = elementwise({
  name: "scaledModifiedBesselK1",
  kernel: "scaled_modified_bessel_k1",
  dtype: "floating",
  partials: { x: null },
});

/** Spherical Bessel function sin x / x. It has no derivative. */
export const sphericalBesselJ0: Unary = elementwise({
  name: "sphericalBesselJ0",
  kernel: "spherical_bessel_j0",
  dtype: "floating",
  partials: { x: null },
});

/** Airy function Ai. It has no derivative. */
export const airyAi: Unary = elementwise({
  name: "airyAi",
  kernel: "airy_ai",
  dtype: "floating",
  partials: { x: null },
});
