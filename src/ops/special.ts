// The namespace `special`: special functions that are no methods of tensors, and the others under their names there.

import { asTensor, nothingMore } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { someTensor } from "../op/operands.js";
import { notDifferentiable } from "../op/operation.js";
import { Tensor } from "../tensor/tensor.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { masked, scalarLabel, unlessMasked } from "./masked.js";
import { erfc, exp, log } from "./pointwise.js";

export {
  airyAi,
  besselJ0,
  besselJ1,
  besselY0,
  besselY1,
  i0e,
  i1,
  i1e,
  modifiedBesselI0,
  modifiedBesselI1,
  modifiedBesselK0,
  modifiedBesselK1,
  scaledModifiedBesselK0,
  scaledModifiedBesselK1,
  sphericalBesselJ0,
} from "./bessel.js";
export { xlogy } from "./combine.js";
export {
  digamma,
  digamma as psi,
  erfinv,
  i0,
  igamma as gammainc,
  igammac as gammaincc,
  lgamma as gammaln,
  mvlgamma as multigammaln,
  polygamma,
} from "./gamma.js";
export { logsumexp } from "./moments.js";
export { logit, sinc } from "./parts.js";
export { erf, erfc, exp2, expm1, log1p, sigmoid as expit } from "./pointwise.js";
export * from "./polynomials.js";
export { round } from "./rounding.js";
export { logSoftmax, softmax } from "./softmax.js";

const ROOT_HALF = Math.SQRT1_2;

/** −x log x, element by element: 0 at 0, −∞ below. */
export const entr: Unary = elementwise({
  name: "entr",
  label: "SpecialEntrBackward0",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => neg(mul(g, add(log(x), 1))) } },
});

/** e^(x²) (1 − erf x), without overflow for x ≥ 0. */
export const erfcx: Unary = elementwise({
  name: "erfcx",
  label: "SpecialErfcxBackward0",
  dtype: "floating",
  partials: {
    x: { reads: ["x", "out"], of: ({ g, x, out }) => mul(g, sub(mul(mul(x, 2), out), 1.1283791670955126)) },
  },
});

/** Distribution function of the normal distribution, accurate in both tails. */
export function ndtr(x: Tensor, ...rest: []): Tensor {
  nothingMore("ndtr", rest);
  asTensor("ndtr", x);
  return composed("ndtr", () => mul(erfc(mul(x, -ROOT_HALF)), 0.5));
}

/** The x at which the normal distribution function reaches p; ∓∞ at 0 and 1, NaN outside. */
export const ndtri: Unary = elementwise({
  name: "ndtri",
  label: "SpecialNdtriBackward0",
  dtype: "floating",
  partials: {
    p: { reads: ["out"], of: ({ g, out }) => mul(g, mul(exp(mul(mul(out, out), 0.5)), 2.5066282746310002)) },
  },
});

/** Logarithm of the normal distribution function, accurate in both tails. */
export const logNdtr: Unary = elementwise({
  name: "logNdtr",
  kernel: "log_ndtr",
  label: "SpecialLogNdtrBackward0",
  dtype: "floating",
  partials: {
    x: { reads: ["x"], of: ({ g, x }) => mul(div(g, erfcx(mul(x, -ROOT_HALF))), 0.7978845608028654) },
  },
});

/** a · log(1 + b), element by element, 0 where a is 0 (but for b NaN); integers become floats. */
export const xlog1py: Binary = elementwise({
  name: "xlog1py",
  label: (operands: readonly Operand[]) => scalarLabel("SpecialXlog1Py", operands),
  dtype: "floating",
  check: (_, operands) => someTensor("xlog1py", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => unlessMasked(masked(a, b, -1), xlog1py(g, b)) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, div(a, b instanceof Tensor ? add(b, 1) : Number(b) + 1)) },
  },
});

/** Hurwitz' zeta function Σ (q + k)⁻ˢ. Differentiable by q only. */
export const zeta: Binary = elementwise({
  name: "zeta",
  label: (operands: readonly Operand[]) => scalarLabel("SpecialZeta", operands),
  dtype: "floating",
  check: (_, operands) => someTensor("zeta", operands),
  partials: {
    s: { reads: [], of: () => notDifferentiable("zeta: input") },
    q: {
      reads: ["s", "q"],
      of: ({ g, s, q }) => {
        if (s instanceof Tensor) return neg(mul(g, mul(s, zeta(add(s, 1), q))));
        return mul(g, mul(zeta(Number(s) + 1, q), -Number(s)));
      },
    },
  },
});
