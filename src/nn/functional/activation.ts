// Smooth activation functions and leaky rectifiers.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asNumber, asTensor, nothingMore, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { type Binary, elementwise, type Ternary, type Unary } from "../../op/elementwise.js";
import { add, mul, neg, sub } from "../../ops/arithmetic.js";
import { gt } from "../../ops/compare.js";
import { relu as reluOp, sigmoid as sigmoidOp } from "../../ops/pointwise.js";
import { reshape } from "../../ops/shape.js";
import { tanh as tanhOp } from "../../ops/trigonometric.js";
import { where } from "../../ops/where.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type InplaceOption, type InplaceRest, inplaceOf, run } from "./inplace.js";

/** Rectified linear unit, max(x, 0). The derivative at 0 is 0. */
export function relu(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(reluOp, inplaceOf("relu", x, rest), x);
}

/** `relu` that writes its input. */
export function relu_(x: Tensor, ...rest: []): Tensor {
  nothingMore("relu_", rest);
  return reluOp.inplace(asTensor("relu_", x));
}

/** Logistic function, 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Tensor, ...rest: []): Tensor {
  nothingMore("sigmoid", rest);
  return sigmoidOp(asTensor("sigmoid", x));
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor, ...rest: []): Tensor {
  nothingMore("tanh", rest);
  return tanhOp(asTensor("tanh", x));
}

/** g where x > 0, else slope · g. */
const leakyBackward: Ternary = elementwise({
  name: "leakyReluBackward",
  kernel: "leaky_relu_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x", "slope"], of: ({ g, x, slope }) => leakyBackward(g, x, slope) },
    x: null,
    slope: { reads: ["y", "x"], of: ({ g, y, x }) => where(gt(x, 0), 0, mul(g, y)) },
  },
});

const leaky: Binary = elementwise({
  name: "leakyRelu",
  kernel: "leaky_relu",
  dtype: "float",
  partials: {
    x: { reads: ["x", "slope"], of: ({ g, x, slope }) => leakyBackward(g, x, slope) },
    slope: null,
  },
});

/** Options of `leakyRelu`. */
export interface LeakyReluOptions extends InplaceOption {
  /** Factor of negative values: 0.01. */
  readonly negativeSlope?: number;
}

type LeakyRest = Trailing<[negativeSlope: number | undefined, inplace: boolean | undefined], LeakyReluOptions>;

function leakyOf(op: string, x: Tensor, rest: readonly unknown[], writes: boolean): Tensor {
  asTensor(op, x);
  const { negativeSlope, inplace } = parse(op, rest, { negativeSlope: 0.01, inplace: writes }, [
    "negativeSlope",
    "inplace",
  ]);
  return run(leaky, inplace, x, asNumber(op, negativeSlope, "negativeSlope"));
}

/** x where x > 0, else negativeSlope · x; at 0 the derivative is negativeSlope. */
export function leakyRelu(x: Tensor, ...rest: LeakyRest): Tensor {
  return leakyOf("leakyRelu", x, rest, false);
}

/** `leakyRelu` that writes its input. */
export function leakyRelu_(x: Tensor, ...rest: LeakyRest): Tensor {
  return leakyOf("leakyRelu_", x, rest, true);
}

const preluOp: Binary = elementwise({
  name: "prelu",
  kernel: "leaky_relu",
  label: "PreluKernelBackward0",
  dtype: "float",
  partials: {
    x: { reads: ["x", "weight"], of: ({ g, x, weight }) => leakyBackward(g, x, weight) },
    weight: { reads: ["x"], of: ({ g, x }) => where(gt(x, 0), 0, mul(g, x)) },
  },
});

/** x where x > 0, else weight · x with one weight, or one for each channel (dim 1). */
export function prelu(x: Tensor, weight: Tensor, ...rest: []): Tensor {
  nothingMore("prelu", rest);
  asTensor("prelu", x);
  asTensor("prelu", weight, "weight");
  if (weight.dtype !== x.dtype)
    throw new DTypeError(`prelu: Type promoting not supported. Got ${x.dtype} and ${weight.dtype}`);
  const count = weight.numel();
  const channels = x.ndim >= 2 ? (x.shape[1] as number) : 1;
  if (weight.ndim > 1 || (count !== 1 && count !== channels) || (count !== 1 && x.ndim === 0)) {
    throw new ShapeError(
      `prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = ${count} of shape ` +
        `${formatShape(weight.shape)}, and channel size = ${channels}; expected a scalar or 1D tensor`,
    );
  }
  if (weight.ndim === 0 || x.ndim < 2)
    return temporaries(() => preluOp(x, x.ndim === 0 ? reshape(weight, []) : weight));
  return composed("prelu", () =>
    preluOp(
      x,
      reshape(
        weight,
        x.shape.map((_, d) => (d === 1 ? count : 1)),
      ),
    ),
  );
}

/** a · (eᵏˣ − 1) below 0; k is 1. */
const eluOp: Ternary = elementwise({
  name: "elu",
  dtype: "float",
  partials: {
    x: { reads: ["x", "a", "k"], of: ({ g, x, a, k }) => mul(g, eluSlope(x, a, k)) },
    a: null,
    k: null,
  },
});

/** The same with k = 1 / a. */
const celuOp: Ternary = elementwise({
  name: "celu",
  kernel: "elu",
  dtype: "float",
  partials: {
    x: { reads: ["x", "k"], of: ({ g, x, k }) => mul(g, eluSlope(x, 1, k)) },
    a: null,
    k: null,
  },
});

/** 1 above 0, b · eᵏˣ below. */
const eluSlope: Ternary = elementwise({
  name: "eluSlope",
  kernel: "elu_slope",
  dtype: "float",
  partials: {
    x: { reads: ["x", "out", "k"], of: ({ g, x, out, k }) => where(gt(x, 0), 0, mul(g, mul(out, k))) },
    b: null,
    k: null,
  },
});

/** Options of `elu` and `celu`. */
export interface EluOptions extends InplaceOption {
  /** Where it tends to below: −α. 1 if left out. */
  readonly alpha?: number;
}

type EluRest = Trailing<[alpha: number | undefined, inplace: boolean | undefined], EluOptions>;

function eluOf(op: string, f: Ternary, x: Tensor, rest: readonly unknown[], writes: boolean): Tensor {
  asTensor(op, x);
  const { alpha, inplace } = parse(op, rest, { alpha: 1, inplace: writes }, ["alpha", "inplace"]);
  asNumber(op, alpha, "alpha");
  if (f === celuOp && alpha === 0) throw new ArgumentError(`${op}: ZeroDivisionError: alpha cannot be 0 for CELU`);
  return run(f, inplace, x, alpha, f === celuOp ? 1 / alpha : 1);
}

/** Exponential linear unit: x above 0, α (eˣ − 1) below. */
export function elu(x: Tensor, ...rest: EluRest): Tensor {
  return eluOf("elu", eluOp, x, rest, false);
}

/** `elu` that writes its input. */
export function elu_(x: Tensor, ...rest: EluRest): Tensor {
  return eluOf("elu_", eluOp, x, rest, true);
}

/** Continuously differentiable exponential linear unit: x above 0, α (e^(x/α) − 1) below. */
export function celu(x: Tensor, ...rest: EluRest): Tensor {
  return eluOf("celu", celuOp, x, rest, false);
}

/** `celu` that writes its input. */
export function celu_(x: Tensor, ...rest: EluRest): Tensor {
  return eluOf("celu_", celuOp, x, rest, true);
}

// Klambauer et al., "Self-normalizing neural networks" (2017).
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

const seluOp: Unary = elementwise({
  name: "selu",
  label: "EluBackward0",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(mul(g, SELU_SCALE), eluSlope(x, SELU_ALPHA, 1)) } },
});

/** Scaled exponential linear unit: λ x above 0, λ α (eˣ − 1) below, λ = 1.0507…, α = 1.6732…. */
export function selu(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(seluOp, inplaceOf("selu", x, rest), x);
}

/** `selu` that writes its input. */
export function selu_(x: Tensor, ...rest: []): Tensor {
  nothingMore("selu_", rest);
  return seluOp.inplace(asTensor("selu_", x));
}

const siluBackward: Binary = elementwise({
  name: "siluBackward",
  kernel: "silu_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x"], of: ({ g, x }) => siluBackward(g, x) },
    x: {
      reads: ["y", "x"],
      // (x σ)″ = σ (1 − σ) (2 + x (1 − 2 σ))
      of: ({ g, y, x }) => {
        const s = sigmoidOp(x);
        return mul(mul(g, y), mul(mul(s, sub(1, s)), add(mul(x, sub(1, mul(s, 2))), 2)));
      },
    },
  },
});

const siluOp: Unary = elementwise({
  name: "silu",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => siluBackward(g, x) } },
});

/** Sigmoid linear unit, x σ(x); also called swish. */
export function silu(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(siluOp, inplaceOf("silu", x, rest), x);
}

/** `silu` that writes its input. */
export function silu_(x: Tensor, ...rest: []): Tensor {
  nothingMore("silu_", rest);
  return siluOp.inplace(asTensor("silu_", x));
}

const mishBackward: Binary = elementwise({
  name: "mishBackward",
  kernel: "mish_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x"], of: ({ g, x }) => mishBackward(g, x) },
    x: {
      reads: ["y", "x"],
      // With t = tanh(softplus x) and s = σ(x): (x t)″ = s (1 − t²) (2 + x (1 − s − 2 t s)).
      of: ({ g, y, x }) => {
        const s = sigmoidOp(x);
        const t = tanhOp(softplus(x));
        const inner = add(mul(x, sub(1, mul(s, add(mul(t, 2), 1)))), 2);
        return mul(mul(g, y), mul(mul(s, sub(1, mul(t, t))), inner));
      },
    },
  },
});

const mishOp: Unary = elementwise({
  name: "mish",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mishBackward(g, x) } },
});

/** x tanh(log(1 + eˣ)). */
export function mish(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(mishOp, inplaceOf("mish", x, rest), x);
}

/** `mish` that writes its input. */
export function mish_(x: Tensor, ...rest: []): Tensor {
  nothingMore("mish_", rest);
  return mishOp.inplace(asTensor("mish_", x));
}

const softplusOp: Ternary = elementwise({
  name: "softplus",
  dtype: "float",
  partials: {
    x: {
      reads: ["x", "beta", "threshold"],
      of: ({ g, x, beta, threshold }) => mul(g, softplusSlope(x, beta, threshold)),
    },
    beta: null,
    threshold: null,
  },
});

const softplusSlope: Ternary = elementwise({
  name: "softplusSlope",
  kernel: "softplus_slope",
  dtype: "float",
  partials: {
    // σ′ = σ (1 − σ), which is 0 where the slope is 1.
    x: { reads: ["out", "beta"], of: ({ g, out, beta }) => mul(mul(g, beta), mul(out, sub(1, out))) },
    beta: null,
    threshold: null,
  },
});

/** Options of `softplus`. */
export interface SoftplusOptions {
  /** Sharpness of the bend: 1. */
  readonly beta?: number;
  /** Where β x exceeds this (20) the function is x itself. */
  readonly threshold?: number;
}

/** log(1 + e^(β x)) / β, a smooth rectifier. */
export function softplus(
  x: Tensor,
  ...rest: Trailing<[beta: number | undefined, threshold: number | undefined], SoftplusOptions>
): Tensor {
  asTensor("softplus", x);
  const given = parse("softplus", rest, { beta: 1, threshold: 20 }, ["beta", "threshold"]);
  return softplusOp(x, asNumber("softplus", given.beta, "beta"), asNumber("softplus", given.threshold, "threshold"));
}

const logsigmoidOp: Unary = elementwise({
  name: "logsigmoid",
  label: "LogSigmoidBackward0",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => mul(g, sigmoidOp(neg(x))) } },
});

/** log(1 / (1 + e⁻ˣ)), without overflow. */
export function logsigmoid(x: Tensor, ...rest: []): Tensor {
  nothingMore("logsigmoid", rest);
  return logsigmoidOp(asTensor("logsigmoid", x));
}
