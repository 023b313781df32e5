// Integers bit by bit, common divisors and multiples. None of them has a derivative.

import { DTypeError } from "../errors.js";
import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import { onlyTensors, someTensor } from "../op/operands.js";
import { categoryOf, type DType, INTEGER, isFloat } from "../tensor/dtype.js";

function integral(op: string, dtype: DType): void {
  if (isFloat(dtype)) throw new DTypeError(`${op}: not implemented for floating-point tensors, got ${dtype}`);
}

function wholeNumbers(op: string, dtype: DType): void {
  if (categoryOf(dtype) !== INTEGER) throw new DTypeError(`${op}: expected tensors of integers, got ${dtype}`);
}

/** a & b, element by element; for bools "and". */
export const bitwiseAnd: Binary = elementwise({
  name: "bitwiseAnd",
  kernel: "bitwise_and",
  dtype: "promoted",
  check: (dtype, operands) => {
    someTensor("bitwiseAnd", operands);
    integral("bitwiseAnd", dtype);
  },
  partials: { a: null, b: null },
});

/** a | b, element by element; for bools "or". */
export const bitwiseOr: Binary = elementwise({
  name: "bitwiseOr",
  kernel: "bitwise_or",
  dtype: "promoted",
  check: (dtype, operands) => {
    someTensor("bitwiseOr", operands);
    integral("bitwiseOr", dtype);
  },
  partials: { a: null, b: null },
});

/** a ^ b, element by element; for bools "exclusive or". */
export const bitwiseXor: Binary = elementwise({
  name: "bitwiseXor",
  kernel: "bitwise_xor",
  dtype: "promoted",
  check: (dtype, operands) => {
    someTensor("bitwiseXor", operands);
    integral("bitwiseXor", dtype);
  },
  partials: { a: null, b: null },
});

/** ~x, element by element; for bools "not". */
export const bitwiseNot: Unary = elementwise({
  name: "bitwiseNot",
  kernel: "bitwise_not",
  dtype: "promoted",
  check: (dtype) => integral("bitwiseNot", dtype),
  partials: { x: null },
});

/** a << b, element by element; 0 for a shift that is negative or beyond 31. */
export const bitwiseLeftShift: Binary = elementwise({
  name: "bitwiseLeftShift",
  kernel: "bitwise_left_shift",
  dtype: "promoted",
  check: (dtype, operands) => {
    someTensor("bitwiseLeftShift", operands);
    wholeNumbers("bitwiseLeftShift", dtype);
  },
  partials: { a: null, b: null },
});

/** a >> b with the sign moving in, element by element; the sign alone for a shift that is negative or beyond 31. */
export const bitwiseRightShift: Binary = elementwise({
  name: "bitwiseRightShift",
  kernel: "bitwise_right_shift",
  dtype: "promoted",
  check: (dtype, operands) => {
    someTensor("bitwiseRightShift", operands);
    wholeNumbers("bitwiseRightShift", dtype);
  },
  partials: { a: null, b: null },
});

/** Greatest common divisor of integers, element by element; never negative. */
export const gcd: Binary = elementwise({
  name: "gcd",
  dtype: "promoted",
  check: (dtype, operands) => {
    onlyTensors("gcd", operands);
    wholeNumbers("gcd", dtype);
  },
  partials: { a: null, b: null },
});

/** Least common multiple of integers, element by element; never negative, 0 where one is 0. */
export const lcm: Binary = elementwise({
  name: "lcm",
  dtype: "promoted",
  check: (dtype, operands) => {
    onlyTensors("lcm", operands);
    wholeNumbers("lcm", dtype);
  },
  partials: { a: null, b: null },
});
