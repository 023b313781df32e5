// Functions of one tensor, element by element: exponentials, logarithms, roots, signs, error functions, relu, sigmoid.

import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import type { Tensor } from "../tensor/tensor.js";
import { div, mul, neg, pow, sub } from "./arithmetic.js";
import { zerosLike } from "./creation.js";

/** Magnitude |x|. The derivative is the sign: 0 at 0 and NaN. Not for bool. */
export const abs: Unary = elementwise({
  name: "abs",
  dtype: "numeric",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, sign(x)) } },
});

/** 1, 0 or −1; 0 for NaN. The gradient is zero. */
export const sign: Unary = elementwise({
  name: "sign",
  dtype: "promoted",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** The same as `sign`; x / |x| for complex numbers. */
export const sgn: Unary = elementwise({
  name: "sgn",
  kernel: "sign",
  dtype: "promoted",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** Exponential eˣ; integers become floats. */
export const exp: Unary = elementwise({
  name: "exp",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, out) } },
});

/** 2ˣ; integers become floats. */
export const exp2: Unary = elementwise({
  name: "exp2",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, mul(out, LN2)) } },
});

/** eˣ − 1, accurate near 0. */
export const expm1: Unary = elementwise({
  name: "expm1",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, add1(out)) } },
});

/** Natural logarithm; NaN below 0. The derivative is 1/x everywhere. */
export const log: Unary = elementwise({
  name: "log",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, x) } },
});

const { LN2, LN10 } = Math;

/** Logarithm to base 2, exact for powers of 2. */
export const log2: Unary = elementwise({
  name: "log2",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, mul(x, LN2)) } },
});

/** Logarithm to base 10. */
export const log10: Unary = elementwise({
  name: "log10",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, mul(x, LN10)) } },
});

/** log(1 + x), accurate near 0; −∞ at −1. */
export const log1p: Unary = elementwise({
  name: "log1p",
  label: "Log1PBackward0",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, add1(x)) } },
});

/** Square root; NaN below 0. The derivative is ∞ at 0. */
export const sqrt: Unary = elementwise({
  name: "sqrt",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => div(g, mul(out, 2)) } },
});

/** 1 / √x; ∞ at 0. */
export const rsqrt: Unary = elementwise({
  name: "rsqrt",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(mul(g, -0.5), pow(out, 3)) } },
});

/** 1 / x; integers become floats. */
export const reciprocal: Unary = elementwise({
  name: "reciprocal",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => neg(mul(g, mul(out, out))) } },
});

/** 1 / (1 + e⁻ˣ). */
export const sigmoid: Unary = elementwise({
  name: "sigmoid",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => sigmoidBackward(g, out) } },
});

/** y · (1 − s) s, the derivative of s = sigmoid x applied to y. */
const sigmoidBackward: Binary = elementwise({
  name: "sigmoidBackward",
  kernel: "sigmoid_backward",
  dtype: "float",
  partials: {
    y: { reads: ["s"], of: ({ g, s }) => sigmoidBackward(g, s) },
    s: { reads: ["y", "s"], of: ({ g, y, s }) => mul(mul(g, y), sub(1, mul(s, 2))) },
  },
});

/** max(x, 0). The derivative is 0 at 0, and 1 for NaN. Not for bool. */
export const relu: Unary = elementwise({
  name: "relu",
  dtype: "numeric",
  partials: { x: { reads: ["out"], of: ({ g, out }) => reluBackward(g, out) } },
});

/** y where out is above 0 or NaN, else 0. */
const reluBackward: Binary = elementwise({
  name: "reluBackward",
  kernel: "relu_backward",
  dtype: "float",
  partials: {
    y: { reads: ["out0"], of: ({ g, out0 }) => reluBackward(g, out0) },
    out0: null,
  },
});

const TWO_BY_ROOT_PI = 1.1283791670955126;

/** Error function 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf: Unary = elementwise({
  name: "erf",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, mul(exp(neg(mul(x, x))), TWO_BY_ROOT_PI)) } },
});

/** 1 − erf x, without cancellation. */
export const erfc: Unary = elementwise({
  name: "erfc",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, mul(exp(neg(mul(x, x))), -TWO_BY_ROOT_PI)) } },
});

/** x + 1, for formulas. */
function add1(x: Tensor): Tensor {
  return sub(x, -1);
}

export { abs as absolute };
