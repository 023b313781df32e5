// Trigonometric and hyperbolic functions and their inverses.

import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import { onlyTensors } from "../op/operands.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { rsqrt } from "./pointwise.js";

/** Sine of an angle in radians. */
export const sin: Unary = elementwise({
  name: "sin",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, cos(x)) } },
});

/** Cosine of an angle in radians. */
export const cos: Unary = elementwise({
  name: "cos",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => neg(mul(g, sin(x))) } },
});

/** Tangent of an angle in radians. */
export const tan: Unary = elementwise({
  name: "tan",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, add(mul(out, out), 1)) } },
});

/** Arc sine, in [−π/2, π/2]; NaN outside [−1, 1]. The derivative is ∞ at ±1. */
export const asin: Unary = elementwise({
  name: "asin",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, rsqrt(sub(1, mul(x, x)))) } },
});

/** Arc cosine, in [0, π]; NaN outside [−1, 1]. The derivative is −∞ at ±1. */
export const acos: Unary = elementwise({
  name: "acos",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => neg(mul(g, rsqrt(sub(1, mul(x, x))))) } },
});

/** Arc tangent, in [−π/2, π/2]. */
export const atan: Unary = elementwise({
  name: "atan",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, add(mul(x, x), 1)) } },
});

/** Hyperbolic sine. */
export const sinh: Unary = elementwise({
  name: "sinh",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, cosh(x)) } },
});

/** Hyperbolic cosine. */
export const cosh: Unary = elementwise({
  name: "cosh",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, sinh(x)) } },
});

/** Hyperbolic tangent. */
export const tanh: Unary = elementwise({
  name: "tanh",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => tanhBackward(g, out) } },
});

/** y · (1 − t²), the derivative of t = tanh x applied to y. */
const tanhBackward: Binary = elementwise({
  name: "tanhBackward",
  kernel: "tanh_backward",
  dtype: "float",
  partials: {
    y: { reads: ["t"], of: ({ g, t }) => tanhBackward(g, t) },
    t: { reads: ["y", "t"], of: ({ g, y, t }) => mul(mul(g, y), mul(t, -2)) },
  },
});

/** Inverse hyperbolic sine. */
export const asinh: Unary = elementwise({
  name: "asinh",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, rsqrt(add(mul(x, x), 1))) } },
});

/** Inverse hyperbolic cosine; NaN below 1. The derivative is ∞ at 1. */
export const acosh: Unary = elementwise({
  name: "acosh",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, rsqrt(sub(mul(x, x), 1))) } },
});

/** Inverse hyperbolic tangent; ±∞ at ±1, NaN beyond. */
export const atanh: Unary = elementwise({
  name: "atanh",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, sub(1, mul(x, x))) } },
});

/** Angle of the point (x, y) in (−π, π], from y and x; integers become floats. */
export const atan2: Binary = elementwise({
  name: "atan2",
  dtype: "floating",
  check: (_, operands) => onlyTensors("atan2", operands),
  partials: {
    y: { reads: ["y", "x"], of: ({ g, y, x }) => mul(g, div(x, add(mul(y, y), mul(x, x)))) },
    x: { reads: ["y", "x"], of: ({ g, y, x }) => neg(mul(g, div(y, add(mul(y, y), mul(x, x))))) },
  },
});

const DEGREE = 0.017453292519943295;
const RADIAN = 57.29577951308232;

/** Degrees to radians; integers become floats. */
export const deg2rad: Unary = elementwise({
  name: "deg2rad",
  label: "Deg2RadBackward0",
  dtype: "floating",
  partials: { x: { reads: [], of: ({ g }) => mul(g, DEGREE) } },
});

/** Radians to degrees; integers become floats. */
export const rad2deg: Unary = elementwise({
  name: "rad2deg",
  label: "Rad2DegBackward0",
  dtype: "floating",
  partials: { x: { reads: [], of: ({ g }) => mul(g, RADIAN) } },
});

export {
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atan2 as arctan2,
  atanh as arctanh,
};
