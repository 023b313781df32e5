// Extrema of two operands, and clamping to an interval.

import { ArgumentError } from "../errors.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { type Binary, elementwise, type Ternary } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { firstTensor, onlyTensors } from "../op/operands.js";
import { Tensor } from "../tensor/tensor.js";
import { ge, gt, isnan, le, logicalAnd, logicalOr, lt } from "./compare.js";
import { where } from "./where.js";

/** g where a > b or one of them is NaN, ½ g where they are equal, else 0: the derivative of max(a, b) by a. */
const maximumBackward: Ternary = elementwise({
  name: "maximumBackward",
  kernel: "maximum_backward",
  dtype: "float",
  partials: {
    g0: { reads: ["a", "b"], of: ({ g, a, b }) => maximumBackward(g, a, b) },
    a: null,
    b: null,
  },
});

/** The larger of two, element by element; NaN if either is. Where they are equal each gets half of the gradient. */
export const maximum: Binary = elementwise({
  name: "maximum",
  dtype: "promoted",
  check: (_, operands) => onlyTensors("maximum", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => maximumBackward(g, a, b) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => maximumBackward(g, b, a) },
  },
});

/** The smaller of two, element by element; NaN if either is. Where they are equal each gets half of the gradient. */
export const minimum: Binary = elementwise({
  name: "minimum",
  dtype: "promoted",
  check: (_, operands) => onlyTensors("minimum", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => maximumBackward(g, b, a) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => maximumBackward(g, a, b) },
  },
});

/** The larger of two, element by element; the other one where one is NaN. Equal ones: the gradient goes to the first. */
export const fmax: Binary = elementwise({
  name: "fmax",
  dtype: "promoted",
  check: (_, operands) => onlyTensors("fmax", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => where(logicalOr(ge(a, b), isnan(b)), g, 0) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => where(logicalOr(ge(a, b), isnan(b)), 0, g) },
  },
});

/** The smaller of two, element by element; the other one where one is NaN. Equal ones: the gradient goes to the first. */
export const fmin: Binary = elementwise({
  name: "fmin",
  dtype: "promoted",
  check: (_, operands) => onlyTensors("fmin", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => where(logicalOr(le(a, b), isnan(b)), g, 0) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => where(logicalOr(le(a, b), isnan(b)), 0, g) },
  },
});

/** g where x ≥ bound, else 0. */
const keepGe: Ternary = elementwise({
  name: "keepGe",
  kernel: "keep_ge",
  dtype: "float",
  partials: {
    g0: { reads: ["x", "bound"], of: ({ g, x, bound }) => keepGe(g, x, bound) },
    x: null,
    bound: null,
  },
});

/** g where x ≤ bound, else 0. */
const keepLe: Ternary = elementwise({
  name: "keepLe",
  kernel: "keep_le",
  dtype: "float",
  partials: {
    g0: { reads: ["x", "bound"], of: ({ g, x, bound }) => keepLe(g, x, bound) },
    x: null,
    bound: null,
  },
});

const tensorBound = (operands: readonly Operand[]): boolean =>
  operands[1] instanceof Tensor || operands[2] instanceof Tensor;
const clampLabel = (operands: readonly Operand[]): string =>
  tensorBound(operands) ? "ClampBackward0" : "ClampBackward1";

const clampBoth: Ternary = elementwise({
  name: "clamp",
  label: clampLabel,
  dtype: "promoted",
  partials: {
    x: { reads: ["x", "min", "max"], of: ({ g, x, min, max }) => keepLe(keepGe(g, x, min), x, max) },
    min: { reads: ["x", "min", "max"], of: ({ g, x, min, max }) => where(logicalAnd(lt(min, max), lt(x, min)), g, 0) },
    max: { reads: ["x", "min", "max"], of: ({ g, x, min, max }) => where(logicalOr(gt(x, max), lt(max, min)), g, 0) },
  },
});

const clampBelow: Binary = elementwise({
  name: "clamp",
  kernel: "maximum",
  label: clampLabel,
  dtype: "promoted",
  partials: {
    x: { reads: ["x", "min"], of: ({ g, x, min }) => keepGe(g, x, min) },
    min: { reads: ["x", "min"], of: ({ g, x, min }) => where(lt(x, min), g, 0) },
  },
});

const clampAbove: Binary = elementwise({
  name: "clamp",
  kernel: "minimum",
  label: clampLabel,
  dtype: "promoted",
  partials: {
    x: { reads: ["x", "max"], of: ({ g, x, max }) => keepLe(g, x, max) },
    max: { reads: ["x", "max"], of: ({ g, x, max }) => where(gt(x, max), g, 0) },
  },
});

/** Options of `clamp`. */
export interface ClampOptions {
  /** Lower bound, a number or a tensor. */
  readonly min?: Operand | null;
  /** Upper bound, a number or a tensor. */
  readonly max?: Operand | null;
}

/** Optional arguments of `clamp`. */
export type ClampRest = Trailing<[min: Operand | null | undefined, max: Operand | null | undefined], ClampOptions>;

function bounds(op: string, rest: readonly unknown[]): { min: Operand | null; max: Operand | null } {
  const { min, max } = parse<{ min: Operand | null; max: Operand | null }>(op, rest, { min: null, max: null }, [
    "min",
    "max",
  ]);
  if (min === null && max === null) throw new ArgumentError(`${op}: At least one of 'min' or 'max' must not be None`);
  return { min, max };
}

/**
 * min(max(x, min), max), element by element; the bounds are numbers or tensors, one may be missing, and where they are
 * crossed the result is `max`. The derivative by x is 1 on the closed interval, 0 outside and for NaN; tensor bounds get
 * the rest of the gradient.
 * @throws ArgumentError if both bounds are missing.
 */
export function clamp(x: Tensor, ...rest: ClampRest): Tensor {
  asTensor("clamp", x);
  const { min, max } = bounds("clamp", rest);
  if (min === null) return clampAbove(x, max as Operand);
  return max === null ? clampBelow(x, min) : clampBoth(x, min, max);
}

/** Clamps `self` in place and returns it. */
export function clamp_(self: Tensor, ...rest: ClampRest): Tensor {
  asTensor("clamp_", self);
  const { min, max } = bounds("clamp_", rest);
  if (min === null) return clampAbove.inplace(self, max as Operand);
  return max === null ? clampBelow.inplace(self, min) : clampBoth.inplace(self, min, max);
}

/** The same as `clamp` and `clamp_`. */
export { clamp as clip, clamp_ as clip_ };

/** max(x, min), element by element; `min` is a number or a tensor. The derivative by x is 1 where x ≥ min, else 0. */
export const clampMin: Binary = elementwise({
  name: "clampMin",
  kernel: "maximum",
  label: (operands) => (tensorBound(operands) ? "ClampMinBackward1" : "ClampMinBackward0"),
  dtype: "promoted",
  check: (_, operands) => firstTensor("clampMin", operands),
  partials: {
    x: { reads: ["x", "min"], of: ({ g, x, min }) => keepGe(g, x, min) },
    min: { reads: ["x", "min"], of: ({ g, x, min }) => where(lt(x, min), g, 0) },
  },
});

/** min(x, max), element by element; `max` is a number or a tensor. The derivative by x is 1 where x ≤ max, else 0. */
export const clampMax: Binary = elementwise({
  name: "clampMax",
  kernel: "minimum",
  label: (operands) => (tensorBound(operands) ? "ClampMaxBackward1" : "ClampMaxBackward0"),
  dtype: "promoted",
  check: (_, operands) => firstTensor("clampMax", operands),
  partials: {
    x: { reads: ["x", "max"], of: ({ g, x, max }) => keepLe(g, x, max) },
    max: { reads: ["x", "max"], of: ({ g, x, max }) => where(gt(x, max), g, 0) },
  },
});
