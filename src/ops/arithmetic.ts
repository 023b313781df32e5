// Arithmetic: add, sub, mul, div and its rounded forms, pow, and what is made of them.

import { ArgumentError, DTypeError, NumericalError } from "../errors.js";
import { parse } from "../op/args.js";
import { type Binary, type BinaryWith, type Unary, elementwise } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { FLOAT, categoryOf, categoryOfScalar, isFloat } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { eq, ge, logicalAnd } from "./compare.js";
import { full, zerosLike } from "./creation.js";
import { log } from "./pointwise.js";
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
    (inPlace ? add.inplace : add)(a as Tensor, scaled("add", [a as Operand, b as Operand], options)),
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
    (inPlace ? sub.inplace : sub)(a as Tensor, scaled("sub", [a as Operand, b as Operand], options)),
  partials: {
    a: { reads: [], of: ({ g }) => g },
    b: { reads: [], of: ({ g }) => neg(g) },
  },
});

/** Difference the other way round, b − alpha·a. */
export const rsub: BinaryWith<AlphaOptions> = elementwise({
  name: "rsub",
  dtype: "numeric",
  label: "RsubBackward1",
  options: ([a, b], options) => sub(b as Operand, scaled("rsub", [b as Operand, a as Operand], options)),
  partials: {
    a: { reads: [], of: ({ g }) => neg(g) },
    b: { reads: [], of: ({ g }) => g },
  },
});

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

/** Throws if a divisor of integers holds a zero. */
function checkDivisor(op: string): (dtype: string, operands: readonly Operand[]) => void {
  return (dtype, [, b]) => {
    if (dtype !== "int32") return;
    const zero = b instanceof Tensor ? b.numel() > 0 && all(b).item() === false : Number(b) === 0;
    if (zero) throw new NumericalError(`${op}: integer division by zero (ZeroDivisionError)`);
  };
}

/** a / b rounded toward zero; integers stay integers. The gradient is zero. */
export const divTrunc: Binary = elementwise({
  name: "divTrunc",
  kernel: "div_trunc",
  label: "DivBackward2",
  dtype: "numeric",
  check: checkDivisor("div"),
  partials: {
    a: { reads: [], of: ({ g }) => zerosLike(g) },
    b: { reads: [], of: ({ g }) => zerosLike(g) },
  },
});

/** a / b rounded down; integers stay integers. The gradient is zero. */
export const divFloor: Binary = elementwise({
  name: "divFloor",
  kernel: "div_floor",
  label: "DivBackward2",
  dtype: "numeric",
  check: checkDivisor("div"),
  partials: {
    a: { reads: [], of: ({ g }) => zerosLike(g) },
    b: { reads: [], of: ({ g }) => zerosLike(g) },
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

/**
 * Power aᵇ, element by element, by C's rules for special values. The gradient by a is 0 where b is 0; that by b is 0
 * where a is 0 and b ≥ 0.
 * @throws DTypeError for an integer base with a negative integer exponent.
 */
export const pow: Binary = elementwise({
  name: "pow",
  dtype: "promoted",
  label: ([a, b]) => (a instanceof Tensor && !(b instanceof Tensor) ? "PowBackward0" : "PowBackward1"),
  check: (dtype, [a, b]) => {
    if (dtype === "bool") throw new DTypeError("pow: bool tensors are not supported; convert them with .to(\"int32\")");
    if (isFloat(dtype)) return;
    const negative = b instanceof Tensor ? b.dtype !== "bool" && !all(ge(b, 0)).item() : Number(b) < 0;
    if (negative && a !== 1) throw new DTypeError("pow: Integers to negative integer powers are not allowed.");
  },
  partials: {
    a: {
      reads: ["a", "b"],
      of: ({ g, a, b }) => {
        const exponent: Operand = b;
        if (!(exponent instanceof Tensor)) {
          return exponent === 0 ? zerosLike(g) : mul(g, mul(pow(a, Number(exponent) - 1), exponent));
        }
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
