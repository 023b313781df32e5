// Activation functions that are linear in pieces, shrinkage, and rational ones.

import { ArgumentError } from "../../errors.js";
import { asNumber, asTensor, nothingMore, parse, type Trailing } from "../../op/args.js";
import { called, composed } from "../../op/composed.js";
import { type Binary, elementwise, type Ternary, type Unary } from "../../op/elementwise.js";
import { add, div, mul, neg, sub } from "../../ops/arithmetic.js";
import { clamp, clamp_ } from "../../ops/extrema.js";
import { abs } from "../../ops/pointwise.js";
import { tanh } from "../../ops/trigonometric.js";
import { isFloat } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type InplaceOption, type InplaceRest, inplaceOf, run } from "./inplace.js";

/** x / (1 + |x|). */
export function softsign(x: Tensor, ...rest: []): Tensor {
  nothingMore("softsign", rest);
  asTensor("softsign", x);
  return composed("softsign", () => div(x, add(abs(x), 1)));
}

/** x − tanh x. */
export function tanhshrink(x: Tensor, ...rest: []): Tensor {
  nothingMore("tanhshrink", rest);
  asTensor("tanhshrink", x);
  return composed("tanhshrink", () => sub(x, tanh(x)));
}

/** a where x > t or NaN, else 0. */
const thresholdBackward: Ternary = elementwise({
  name: "thresholdBackward",
  kernel: "threshold_backward",
  dtype: "float",
  partials: {
    a: { reads: ["x", "t"], of: ({ g, x, t }) => thresholdBackward(g, x, t) },
    x: null,
    t: null,
  },
});

const thresholdOp: Ternary = elementwise({
  name: "threshold",
  dtype: "numeric",
  partials: {
    x: { reads: ["x", "threshold"], of: ({ g, x, threshold }) => thresholdBackward(g, x, threshold) },
    threshold: null,
    value: null,
  },
});

type ThresholdRest = InplaceRest;

function thresholdOf(op: string, x: Tensor, threshold: number, value: number, inplace: boolean): Tensor {
  asTensor(op, x);
  asNumber(op, threshold, "threshold");
  asNumber(op, value, "value");
  if (!isFloat(x.dtype)) return run(thresholdOp, inplace, x, Math.floor(threshold), Math.trunc(value));
  return run(thresholdOp, inplace, x, threshold, value);
}

/** x where x > threshold, else `value`. The derivative at the threshold is 0. */
export function threshold(x: Tensor, threshold: number, value: number, ...rest: ThresholdRest): Tensor {
  return thresholdOf(
    "threshold",
    x,
    threshold,
    value,
    parse("threshold", rest, { inplace: false }, ["inplace"]).inplace,
  );
}

/** `threshold` that writes its input. */
export function threshold_(x: Tensor, threshold: number, value: number, ...rest: []): Tensor {
  nothingMore("threshold_", rest);
  return thresholdOf("threshold_", x, threshold, value, true);
}

/** g strictly between the bounds, else 0. */
function between(g: Tensor, x: Tensor, low: number, high: number): Tensor {
  return thresholdBackward(thresholdBackward(g, x, low), neg(x), -high);
}

const hardtanhOp: Ternary = elementwise({
  name: "hardtanh",
  dtype: "float",
  partials: {
    x: { reads: ["x", "low", "high"], of: ({ g, x, low, high }) => between(g, x, Number(low), Number(high)) },
    low: null,
    high: null,
  },
});

/** Options of `hardtanh`. */
export interface HardtanhOptions extends InplaceOption {
  readonly minVal?: number;
  readonly maxVal?: number;
}

type HardtanhRest = Trailing<
  [minVal: number | undefined, maxVal: number | undefined, inplace: boolean | undefined],
  HardtanhOptions
>;

function hardtanhOf(op: string, x: Tensor, rest: readonly unknown[], writes: boolean): Tensor {
  asTensor(op, x);
  const { minVal, maxVal, inplace } = parse(op, rest, { minVal: -1, maxVal: 1, inplace: writes }, [
    "minVal",
    "maxVal",
    "inplace",
  ]);
  if (asNumber(op, minVal, "minVal") > asNumber(op, maxVal, "maxVal")) {
    throw new ArgumentError(`${op}: min_val cannot be greater than max_val, got ${minVal} and ${maxVal}`);
  }
  return bounded(op, x, minVal, maxVal, inplace);
}

/** Integers are kept between bounds without their fractions, as in PyTorch. */
function bounded(op: string, x: Tensor, low: number, high: number, inplace: boolean): Tensor {
  const { dtype } = asTensor(op, x);
  if (isFloat(dtype) || dtype === "bool") return run(hardtanhOp, inplace, x, low, high);
  return (inplace ? clamp_ : clamp)(x, Math.trunc(low), Math.trunc(high));
}

/** x between minVal (−1) and maxVal (1), the bounds outside. The derivative at the bounds is 0. */
export function hardtanh(x: Tensor, ...rest: HardtanhRest): Tensor {
  return hardtanhOf("hardtanh", x, rest, false);
}

/** `hardtanh` that writes its input. */
export function hardtanh_(x: Tensor, ...rest: HardtanhRest): Tensor {
  return hardtanhOf("hardtanh_", x, rest, true);
}

/** min(max(x, 0), 6). */
export function relu6(x: Tensor, ...rest: InplaceRest): Tensor {
  return called("relu6", () => bounded("relu6", x, 0, 6, inplaceOf("relu6", x, rest)));
}

/** `relu6` that writes its input. */
export function relu6_(x: Tensor, ...rest: []): Tensor {
  nothingMore("relu6_", rest);
  return bounded("relu6_", x, 0, 6, true);
}

const hardsigmoidOp: Unary = elementwise({
  name: "hardsigmoid",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => between(div(g, 6), x, -3, 3) } },
});

/** 0 below −3, (x + 3) / 6 between, 1 above 3. The derivative at ±3 is 0. */
export function hardsigmoid(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(hardsigmoidOp, inplaceOf("hardsigmoid", x, rest), x);
}

/** `hardsigmoid` that writes its input. */
export function hardsigmoid_(x: Tensor, ...rest: []): Tensor {
  nothingMore("hardsigmoid_", rest);
  return hardsigmoidOp.inplace(asTensor("hardsigmoid_", x));
}

const hardswishBackward: Binary = elementwise({
  name: "hardswishBackward",
  kernel: "hardswish_backward",
  dtype: "float",
  partials: {
    y: { reads: ["x"], of: ({ g, x }) => hardswishBackward(g, x) },
    x: { reads: ["y", "x"], of: ({ g, y, x }) => between(div(mul(g, y), 3), x, -3, 3) },
  },
});

const hardswishOp: Unary = elementwise({
  name: "hardswish",
  dtype: "float",
  partials: { x: { reads: ["x"], of: ({ g, x }) => hardswishBackward(g, x) } },
});

/** x · hardsigmoid(x): 0 below −3, x (x + 3) / 6 between, x above 3. */
export function hardswish(x: Tensor, ...rest: InplaceRest): Tensor {
  return run(hardswishOp, inplaceOf("hardswish", x, rest), x);
}

/** `hardswish` that writes its input. */
export function hardswish_(x: Tensor, ...rest: []): Tensor {
  nothingMore("hardswish_", rest);
  return hardswishOp.inplace(asTensor("hardswish_", x));
}

/** a where |x| > λ or x is NaN, else 0. */
const beyond: Ternary = elementwise({
  name: "shrinkBackward",
  kernel: "beyond",
  dtype: "float",
  partials: {
    a: { reads: ["x", "lambd"], of: ({ g, x, lambd }) => beyond(g, x, lambd) },
    x: null,
    lambd: null,
  },
});

const hardshrinkOp: Binary = elementwise({
  name: "hardshrink",
  dtype: "float",
  partials: { x: { reads: ["x", "lambd"], of: ({ g, x, lambd }) => beyond(g, x, lambd) }, lambd: null },
});

const softshrinkOp: Binary = elementwise({
  name: "softshrink",
  dtype: "float",
  partials: { x: { reads: ["x", "lambd"], of: ({ g, x, lambd }) => beyond(g, x, lambd) }, lambd: null },
});

/** Options of `hardshrink` and `softshrink`. */
export interface ShrinkOptions {
  /** Half the width of the stretch that becomes 0: 0.5. */
  readonly lambd?: number;
}

type ShrinkRest = Trailing<[lambd: number | undefined], ShrinkOptions>;

function lambdOf(op: string, x: Tensor, rest: readonly unknown[]): number {
  asTensor(op, x);
  return asNumber(op, parse(op, rest, { lambd: 0.5 }, ["lambd"]).lambd, "lambd");
}

/** x where |x| > λ, else 0. */
export function hardshrink(x: Tensor, ...rest: ShrinkRest): Tensor {
  return hardshrinkOp(x, lambdOf("hardshrink", x, rest));
}

/** x − λ above λ, x + λ below −λ, 0 between. */
export function softshrink(x: Tensor, ...rest: ShrinkRest): Tensor {
  const lambd = lambdOf("softshrink", x, rest);
  if (!(lambd >= 0))
    throw new ArgumentError(`softshrink: lambda must be greater or equal to 0, but found to be ${lambd}.`);
  return softshrinkOp(x, lambd);
}
