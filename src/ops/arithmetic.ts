// Arithmetic: add, sub, mul, div, quotients that are rounded and their remainders, powers.

import { ArgumentError, DTypeError } from "../errors.js";
import { asTensor, nothingMore, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Binary, type BinaryWith, elementwise, type Unary } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { firstTensor, someTensor } from "../op/operands.js";
import { notDifferentiable } from "../op/operation.js";
import { isAlwaysTrue } from "../op/truth.js";
import { unrecorded } from "../tape/mode.js";
import { BOOL, categoryOf, categoryOfScalar, FLOAT, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { to } from "./cast.js";
import { eq, ge, logicalAnd } from "./compare.js";
import { full, zerosLike } from "./creation.js";
import { log } from "./pointwise.js";
import { checkDivisor, divFloor, divTrunc } from "./quotient.js";
import { all } from "./reduce.js";
import { where } from "./where.js";

/** Options of `add` and `sub`. */
export interface AlphaOptions {
  /** Factor of the second operand; a whole number where the operands are integers. */
  readonly alpha?: number;
}

/** The second operand times alpha. */
function scaled(op: string, [a, b]: readonly Operand[], options: Readonly<Record<string, unknown>>): Operand {
  const { alpha } = parse(op, [options], { alpha: 1 });
  for (const x of [a, b]) if (x instanceof Tensor) x.check(op);
  if (alpha === 1) return b as Operand;
  const float = [a, b].some((x) => (x instanceof Tensor ? isFloat(x.dtype) : categoryOfScalar(x as number) === FLOAT));
  if (!float && !Number.isInteger(alpha)) {
    throw new DTypeError(`${op}: For integral input tensors, argument alpha must not be a floating point number.`);
  }
  return b instanceof Tensor ? mul(b, alpha) : Number(b) * alpha;
}

/** Sum, a + alpha·b, element by element; operands broadcast and are promoted. bool + bool is "or". */
export const add: BinaryWith<AlphaOptions> = elementwise({
  name: "add",
  dtype: "promoted",
  options: ([a, b], options, inPlace) =>
    temporaries(() => (inPlace ? add.inplace : add)(a as Tensor, scaled("add", [a as Operand, b as Operand], options))),
  partials: {
    a: { reads: [], of: ({ g }) => g },
    b: { reads: [], of: ({ g }) => g },
  },
});

/** Difference, a − alpha·b, element by element; operands broadcast and are promoted. Not for bool. */
export const sub: BinaryWith<AlphaOptions> = elementwise({
  name: "sub",
  dtype: "numeric",
  options: ([a, b], options, inPlace) =>
    temporaries(() => (inPlace ? sub.inplace : sub)(a as Tensor, scaled("sub", [a as Operand, b as Operand], options))),
  partials: {
    a: { reads: [], of: ({ g }) => g },
    b: { reads: [], of: ({ g }) => neg(g) },
  },
});

const reversed: BinaryWith<AlphaOptions> = elementwise({
  name: "rsub",
  dtype: "numeric",
  label: "RsubBackward1",
  check: (_, operands) => firstTensor("rsub", operands),
  options: ([a, b], options) =>
    temporaries(() => sub(b as Operand, scaled("rsub", [b as Operand, a as Operand], options))),
  partials: {
    a: { reads: [], of: ({ g }) => neg(g) },
    b: { reads: [], of: ({ g }) => g },
  },
});

/** Difference the other way round, b − alpha·a. There is no form that writes `a`, as in PyTorch. */
export function rsub(a: Operand, b: Operand, ...rest: [options?: AlphaOptions]): Tensor {
  return reversed(a, b, ...rest);
}

/** Product, element by element; operands broadcast and are promoted. bool · bool is "and". */
export const mul: Binary = elementwise({
  name: "mul",
  dtype: "promoted",
  partials: {
    a: { reads: ["b"], of: ({ g, b }) => mul(g, b) },
    b: { reads: ["a"], of: ({ g, a }) => mul(g, a) },
  },
});

/** Options of `div`. */
export interface DivOptions {
  /** How the quotient is rounded; "trunc" and "floor" keep integers integers. */
  readonly roundingMode?: "trunc" | "floor" | null;
}

/**
 * Quotient, a / b, element by element; integers become floats. With `roundingMode` the quotient is rounded toward
 * zero or down, integers stay integers, and the gradient is zero.
 * @throws NumericalError for an integer division by zero with a rounding mode.
 */
export const div: BinaryWith<DivOptions> = elementwise({
  name: "div",
  dtype: "floating",
  options: ([a, b], options, inPlace) => {
    const { roundingMode } = parse<DivOptions>("div", [options], { roundingMode: null });
    if (roundingMode !== null && roundingMode !== "trunc" && roundingMode !== "floor") {
      throw new ArgumentError(`div: expected roundingMode to be null, "trunc" or "floor", got ${String(roundingMode)}`);
    }
    const f = roundingMode === null ? div : roundingMode === "trunc" ? divTrunc : divFloor;
    return (inPlace ? f.inplace : f)(a as Tensor, b as Operand);
  },
  partials: {
    a: { reads: ["b"], of: ({ g, b }) => div(g, b) },
    b: { reads: ["b", "out"], of: ({ g, b, out }) => neg(mul(g, div(out, b))) },
  },
});

/** The same as `div`. */
export { div as trueDivide };

/**
 * a / b rounded down, element by element; integers stay integers. It has no derivative: `backward` through it throws.
 * @throws NumericalError for an integer division by zero.
 */
export const floorDivide: Binary = elementwise({
  name: "floorDivide",
  kernel: "div_floor",
  label: "torch::autograd::NotImplemented",
  dtype: "numeric",
  check: (dtype, operands) => checkDivisor("floorDivide", dtype, operands),
  partials: {
    a: { reads: [], of: () => notDifferentiable("floorDivide") },
    b: { reads: [], of: () => notDifferentiable("floorDivide") },
  },
});

/**
 * Remainder a − b·⌊a/b⌋ with the sign of b (Python's %), element by element. The derivative by a is 1, by b −⌊a/b⌋.
 * @throws NumericalError for an integer division by zero.
 */
export const remainder: Binary = elementwise({
  name: "remainder",
  label: ([, b]) => (b instanceof Tensor ? "RemainderBackward1" : "RemainderBackward0"),
  dtype: "numeric",
  check: (dtype, operands) => {
    someTensor("remainder", operands);
    checkDivisor("remainder", dtype, operands);
  },
  partials: {
    a: { reads: [], of: ({ g }) => g },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => neg(mul(g, divFloor(a, b))) },
  },
});

/**
 * Remainder a − b·trunc(a/b) with the sign of a (C's fmod), element by element. The derivative by a is 1, by b
 * −trunc(a/b).
 * @throws NumericalError for an integer division by zero.
 */
export const fmod: Binary = elementwise({
  name: "fmod",
  label: ([, b]) => (b instanceof Tensor ? "FmodBackward1" : "FmodBackward0"),
  dtype: "numeric",
  check: (dtype, operands) => {
    firstTensor("fmod", operands);
    checkDivisor("fmod", dtype, operands);
  },
  partials: {
    a: { reads: [], of: ({ g }) => g },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => neg(mul(g, divTrunc(a, b))) },
  },
});

/** Negation, element by element. Not for bool. */
export const neg: Unary = elementwise({
  name: "neg",
  dtype: "numeric",
  partials: { x: { reads: [], of: ({ g }) => neg(g) } },
});

/** A scalar as a 0-dim tensor like `g`, for formulas that take its logarithm. */
function asTensorLike(x: Operand, g: Tensor): Tensor {
  return x instanceof Tensor ? x : full([], Number(x), { dtype: g.dtype });
}

/** Whether a tensor of integers holds a negative one. */
function anyNegative(b: Tensor): boolean {
  let found = false;
  unrecorded(() =>
    temporaries(() => {
      found = b.numel() > 0 && !isAlwaysTrue(all(ge(b, 0)));
      return null;
    }),
  );
  return found;
}

/** g·∂(aⁿ)/∂a for a number n. */
function powerGradient(g: Tensor, a: Tensor, n: number): Tensor {
  if (n === 0) return zerosLike(g);
  if (n === 1) return g;
  return mul(g, mul(n === 2 ? a : pow(a, n - 1), n));
}

/**
 * Power aᵇ, element by element, by C's rules for special values. The gradient by a is 0 where b is 0; that by b is 0
 * where a is 0 and b ≥ 0.
 * @throws DTypeError for an integer base with a negative integer exponent.
 */
export const pow: Binary = elementwise({
  name: "pow",
  dtype: "promoted",
  label: ([a, b]) => (a instanceof Tensor && !(b instanceof Tensor) ? "PowBackward0" : "PowBackward1"),
  check: (dtype, operands) => {
    someTensor("pow", operands);
    if (isFloat(dtype)) return;
    if (dtype === "bool") throw new DTypeError('pow: bool tensors are not supported; convert them with .to("int32")');
    const b = operands[1] as Operand;
    const negative = b instanceof Tensor ? b.dtype !== "bool" && anyNegative(b) : Number(b) < 0;
    if (negative) throw new DTypeError("pow: Integers to negative integer powers are not allowed.");
  },
  partials: {
    a: {
      reads: ["a", "b"],
      of: ({ g, a, b }) => {
        const exponent: Operand = b;
        if (!(exponent instanceof Tensor)) return powerGradient(g, a, Number(exponent));
        return where(eq(b, 0), 0, mul(g, mul(b, pow(a, sub(b, 1)))));
      },
    },
    b: {
      reads: ["a", "b", "out"],
      of: ({ g, a, b, out }) => {
        const base = asTensorLike(a, g);
        return where(logicalAnd(eq(base, 0), ge(b, 0)), 0, mul(g, mul(out, log(base))));
      },
    },
  },
});

/** Power aᵇ computed in float64, whatever the operands' dtypes, element by element. */
export function floatPower(a: Operand, b: Operand, ...rest: []): Tensor {
  nothingMore("floatPower", rest);
  someTensor("floatPower", [a, b]);
  return composed("floatPower", () => pow(double(a), double(b)));
}

/** Writes `floatPower(self, b)` into `self`, which must be float64. */
export function floatPower_(self: Tensor, b: Operand, ...rest: []): Tensor {
  nothingMore("floatPower_", rest);
  firstTensor("floatPower_", [self, b]);
  if (self.dtype !== "float64") {
    throw new DTypeError(
      `floatPower_: the base given to float_power_ has dtype ${self.dtype} but the operation's result requires dtype float64`,
    );
  }
  return composed("floatPower_", () => pow.inplace(self, double(b)));
}

function double(x: Operand): Operand {
  return x instanceof Tensor ? to(x, "float64") : x;
}

/** The square x², element by element; of bools it is int32. */
export function square(x: Tensor, ...rest: []): Tensor {
  nothingMore("square", rest);
  return pow(asTensor("square", x), 2);
}

/** Writes the square of `self` into it and returns it. */
export function square_(self: Tensor, ...rest: []): Tensor {
  nothingMore("square_", rest);
  return pow.inplace(asTensor("square_", self), 2);
}

/** `x` itself. Not for bool. */
export function positive(x: Tensor, ...rest: []): Tensor {
  nothingMore("positive", rest);
  asTensor("positive", x);
  if (categoryOf(x.dtype) === BOOL)
    throw new DTypeError("positive: The `+` operator, on a bool tensor is not supported.");
  return x;
}

export { div as divide, mul as multiply, neg as negative, sub as subtract };
