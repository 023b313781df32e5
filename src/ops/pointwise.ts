// Functions of one tensor, element by element.

import { type Binary, type Unary, elementwise } from "../op/elementwise.js";
import { div, mul, neg } from "./arithmetic.js";

/** Exponential eˣ; integers become floats. */
export const exp: Unary = elementwise({
  name: "exp",
  dtype: "floating",
  partials: { x: { reads: ["out"], of: ({ g, out }) => mul(g, out) } },
});

/** Natural logarithm; NaN below 0. The derivative is 1/x everywhere. */
export const log: Unary = elementwise({
  name: "log",
  dtype: "floating",
  partials: { x: { reads: ["x"], of: ({ g, x }) => div(g, x) } },
});

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
