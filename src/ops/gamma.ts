// The gamma function's family, and the other special functions that are methods of tensors: erfinv, i0.

import { ArgumentError, DTypeError } from "../errors.js";
import { asInteger, asTensor, nothingMore } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, copyInto } from "../op/copy.js";
import { type Binary, type ElementwiseOp, elementwise, type Unary } from "../op/elementwise.js";
import { type Applied, op } from "../op/op.js";
import { onlyTensors } from "../op/operands.js";
import { notDifferentiable } from "../op/operation.js";
import { unrecorded } from "../tape/mode.js";
import { floating, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, mul, neg, sub } from "./arithmetic.js";
import { i1 } from "./bessel.js";
import { to } from "./cast.js";
import { exp, log } from "./pointwise.js";

/** log |Γ(x)|; ∞ at 0, −1, −2, … */
export const lgamma: Unary = elementwise({
  name: "lgamma",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, digamma(x)) } },
});

/** ψ(x) = Γ′(x) / Γ(x); ∓∞ at ±0, NaN at −1, −2, … */
export const digamma: Unary = elementwise({
  name: "digamma",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, polygamma(1, x)) } },
});

const derivative: ElementwiseOp<[x: Tensor, n: number]> = elementwise({
  name: "polygamma",
  dtype: "floating",
  partials: {
    x: { reads: ["x", "n"], of: ({ g, x, n }) => mul(g, polygamma(Number(n) + 1, x)) },
    n: null,
  },
});

function order(op: string, n: number): number {
  if (asInteger(op, n, "n") < 0)
    throw new ArgumentError(`${op}: polygamma(n, x) does not support negative n, got ${n}`);
  return n;
}

/** The n-th derivative of `digamma`. */
export function polygamma(n: number, x: Tensor, ...rest: []): Tensor {
  nothingMore("polygamma", rest);
  asTensor("polygamma", x);
  return derivative(x, order("polygamma", n));
}

/** Writes the n-th derivative of `digamma` at `self` into it and returns it. */
export function polygamma_(self: Tensor, n: number, ...rest: []): Tensor {
  nothingMore("polygamma_", rest);
  asTensor("polygamma_", self);
  return derivative.inplace(self, order("polygamma_", n));
}

/** Σ f(x − j/2) for j below p. */
function overHalves(x: Tensor, p: number, f: (x: Tensor) => Tensor): Tensor {
  let sum = f(x);
  for (let j = 1; j < p; j++) sum = add(sum, f(sub(x, j / 2)));
  return sum;
}

const LOG_PI = 1.1447298858494002;

const multivariate: Applied<number> = op({
  name: "mvlgamma",
  forward: ([x], p: number) => logMultivariate(x as Tensor, p),
  gradients: { x: { reads: ["x"], of: ({ g, x }, p) => mul(g, overHalves(x, p, digamma)) } },
});

function logMultivariate(x: Tensor, p: number): Tensor {
  return unrecorded(() => temporaries(() => add(overHalves(x, p, lgamma), (p * (p - 1) * LOG_PI) / 4)));
}

function dimension(op: string, x: Tensor, p: number): void {
  asTensor(op, x);
  if (asInteger(op, p, "p") < 1) throw new ArgumentError(`${op}: p has to be greater than or equal to 1, got ${p}`);
}

/** Logarithm of the multivariate gamma function of dimension p, for x > (p − 1) / 2. */
export function mvlgamma(x: Tensor, p: number, ...rest: []): Tensor {
  nothingMore("mvlgamma", rest);
  dimension("mvlgamma", x, p);
  return composed("mvlgamma", () => multivariate([to(x, floating(x.dtype))], p));
}

/** Writes the logarithm of the multivariate gamma function of `self` into it and returns it. */
export function mvlgamma_(self: Tensor, p: number, ...rest: []): Tensor {
  nothingMore("mvlgamma_", rest);
  dimension("mvlgamma_", self, p);
  if (!isFloat(self.dtype)) {
    throw new DTypeError(
      `mvlgamma_: result type ${floating(self.dtype)} can't be cast to the desired output type ${self.dtype}; use the form without the underscore`,
    );
  }
  return multivariate.inplace([self], p, () =>
    composed("mvlgamma_", () => {
      copyInto(self, castTo(logMultivariate(self, p), self.dtype));
      return null;
    }),
  );
}

/** xᵃ⁻¹ e⁻ˣ / Γ(a), the derivative of P(a, x) by x. */
function gammaDensity(a: Tensor, x: Tensor): Tensor {
  return exp(sub(sub(mul(sub(a, 1), log(x)), x), lgamma(a)));
}

/** P(a, x) = γ(a, x) / Γ(a), the regularized lower incomplete gamma function. Differentiable by x only. Floats only. */
export const igamma: Binary = elementwise({
  name: "igamma",
  dtype: "float",
  check: (_, operands) => onlyTensors("igamma", operands),
  partials: {
    a: { reads: [], of: () => notDifferentiable("igamma: input") },
    x: { reads: ["a", "x"], of: ({ g, a, x }) => mul(g, gammaDensity(a, x)) },
  },
});

/** Q(a, x) = 1 − P(a, x), the regularized upper incomplete gamma function. Differentiable by x only. Floats only. */
export const igammac: Binary = elementwise({
  name: "igammac",
  dtype: "float",
  check: (_, operands) => onlyTensors("igammac", operands),
  partials: {
    a: { reads: [], of: () => notDifferentiable("igammac: input") },
    x: { reads: ["a", "x"], of: ({ g, a, x }) => neg(mul(g, gammaDensity(a, x))) },
  },
});

const HALF_ROOT_PI = 0.886226925452758;

/** The y with erf y = x; ±∞ at ±1, NaN beyond. */
export const erfinv: Unary = elementwise({
  name: "erfinv",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, mul(exp(mul(out, out)), HALF_ROOT_PI)) } },
});

/** Modified Bessel function of the first kind, of order 0. */
export const i0: Unary = elementwise({
  name: "i0",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, i1(x)) } },
});
