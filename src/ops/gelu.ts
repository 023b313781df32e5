// The Gaussian error linear unit; nn.functional.gelu is this function.

import { ArgumentError } from "../errors.js";
import { asTensor, describe, parse } from "../op/args.js";
import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, mul, sub } from "./arithmetic.js";
import { exp } from "./pointwise.js";
import { tanh } from "./trigonometric.js";

/** Options of `gelu`. */
export interface GeluOptions {
  /** "none" for x Φ(x), "tanh" for the approximation by the hyperbolic tangent. */
  readonly approximate?: "none" | "tanh";
}

/** x Φ(x) with the distribution function Φ of the normal distribution, or its approximation. Floats only. */
export function gelu(x: Tensor, ...rest: [options?: GeluOptions]): Tensor {
  asTensor("gelu", x);
  const { approximate } = parse<GeluOptions>("gelu", rest, { approximate: "none" });
  if (approximate !== "none" && approximate !== "tanh") {
    throw new ArgumentError(`gelu: approximate argument must be either none or tanh, got ${describe(approximate)}`);
  }
  return approximate === "none" ? geluExact(x) : geluTanh(x);
}

const geluExact: Unary = elementwise({
  name: "gelu",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => geluBackward(g, x) } },
});

const geluTanh: Unary = elementwise({
  name: "gelu",
  kernel: "gelu_tanh",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => geluTanhBackward(g, x) } },
});

const ROOT_HALF_BY_PI = 0.3989422804014327;

/** y (Φ(x) + x φ(x)). */
const geluBackward: Binary = elementwise({
  name: "geluBackward",
  kernel: "gelu_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x"], of: ({ g, x }) => geluBackward(g, x) },
    x: {
      reads: ["y", "x"],
      // (Φ + x φ)′ = φ (2 − x²)
      of: ({ g, y, x }) => {
        const square = mul(x, x);
        return mul(mul(g, y), mul(sub(2, square), mul(exp(mul(square, -0.5)), ROOT_HALF_BY_PI)));
      },
    },
  },
});

const ROOT_TWO_BY_PI = 0.7978845608028654;
const CUBE = 0.044715;

/** y times the derivative of the approximation. */
const geluTanhBackward: Binary = elementwise({
  name: "geluTanhBackward",
  kernel: "gelu_tanh_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x"], of: ({ g, x }) => geluTanhBackward(g, x) },
    x: {
      reads: ["y", "x"],
      // With t = tanh u, u = c (x + k x³): f″ = (1 − t²) (u′ + ½ x (u″ − 2 t u′²)).
      of: ({ g, y, x }) => {
        const square = mul(x, x);
        const t = tanh(mul(mul(x, add(mul(square, CUBE), 1)), ROOT_TWO_BY_PI));
        const slope = mul(add(mul(square, 3 * CUBE), 1), ROOT_TWO_BY_PI);
        const bend = mul(x, 6 * CUBE * ROOT_TWO_BY_PI);
        const inner = sub(bend, mul(mul(mul(t, 2), slope), slope));
        return mul(mul(g, y), mul(sub(1, mul(t, t)), add(slope, mul(mul(x, 0.5), inner))));
      },
    },
  },
});
