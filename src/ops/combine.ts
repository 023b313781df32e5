// Functions of two and more operands: addcmul, addcdiv, lerp, hypot, copysign, logarithmic sums and products, nextafter.

import { DTypeError } from "../errors.js";
import { asNumber, asTensor, nothingMore, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Binary, type ElementwiseOp, elementwise, type Ternary } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { firstTensor, onlyTensors, someTensor } from "../op/operands.js";
import { notDifferentiable } from "../op/operation.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { div, mul, neg, sub } from "./arithmetic.js";
import { eq } from "./compare.js";
import { zerosLike } from "./creation.js";
import { masked, scalarLabel, unlessMasked } from "./masked.js";
import { exp2, sigmoid } from "./pointwise.js";
import { where } from "./where.js";

type Scaled = ElementwiseOp<[self: Tensor, a: Tensor, b: Tensor, value: number]>;

/** Options of `addcmul` and `addcdiv`. */
export interface ValueOptions {
  /** Factor of the product or quotient; a whole number where the operands are integers. */
  readonly value?: number;
}

function factorOf(name: string, operands: readonly Tensor[], rest: readonly unknown[]): number {
  for (const operand of operands) asTensor(name, operand, "each operand");
  const value = asNumber(name, parse(name, rest, { value: 1 }).value, "value");
  if (!Number.isInteger(value) && !operands.some((operand) => isFloat(operand.dtype))) {
    throw new DTypeError(`${name}: value must be an integer for integer tensors, got ${value}`);
  }
  return value;
}

/** x · value, for formulas. */
function times(x: Tensor, value: unknown): Tensor {
  return value === 1 ? x : mul(x, value as number);
}

const addProduct: Scaled = elementwise({
  name: "addcmul",
  dtype: "numeric",
  partials: {
    self: { reads: [], of: ({ g }) => g },
    a: { reads: ["b", "value"], of: ({ g, b, value }) => mul(g, times(b, value)) },
    b: { reads: ["a", "value"], of: ({ g, a, value }) => mul(g, times(a, value)) },
    value: null,
  },
});

/** self + value · a · b, element by element; all broadcast and are promoted. Not for bool. */
export function addcmul(self: Tensor, a: Tensor, b: Tensor, ...rest: [options?: ValueOptions]): Tensor {
  return addProduct(self, a, b, factorOf("addcmul", [self, a, b], rest));
}

/** Adds value · a · b to `self` in place and returns it. */
export function addcmul_(self: Tensor, a: Tensor, b: Tensor, ...rest: [options?: ValueOptions]): Tensor {
  return addProduct.inplace(self, a, b, factorOf("addcmul_", [self, a, b], rest));
}

const addQuotient: Scaled = elementwise({
  name: "addcdiv",
  dtype: "float",
  check: (_, operands) => {
    if (operands.slice(1, 3).some((x) => x instanceof Tensor && isFloat(x.dtype))) return;
    throw new DTypeError(
      'addcdiv: Integer division with addcdiv is no longer supported; convert the operands with .to("float32")',
    );
  },
  partials: {
    self: { reads: [], of: ({ g }) => g },
    a: { reads: ["b", "value"], of: ({ g, b, value }) => div(times(g, value), b) },
    b: { reads: ["a", "b", "value"], of: ({ g, a, b, value }) => neg(mul(g, div(times(a, value), mul(b, b)))) },
    value: null,
  },
});

/** self + value · a / b, element by element; all broadcast and are promoted. Floats only. */
export function addcdiv(self: Tensor, a: Tensor, b: Tensor, ...rest: [options?: ValueOptions]): Tensor {
  return addQuotient(self, a, b, factorOf("addcdiv", [self, a, b], rest));
}

/** Adds value · a / b to `self` in place and returns it. */
export function addcdiv_(self: Tensor, a: Tensor, b: Tensor, ...rest: [options?: ValueOptions]): Tensor {
  return addQuotient.inplace(self, a, b, factorOf("addcdiv_", [self, a, b], rest));
}

/** start + weight · (end − start), element by element; `weight` is a number or a tensor. Floats of one dtype only. */
export const lerp: Ternary = elementwise({
  name: "lerp",
  label: ([, , weight]) => (weight instanceof Tensor ? "LerpBackward1" : "LerpBackward0"),
  dtype: "float",
  check: (_, operands) => {
    onlyTensors("lerp", operands.slice(0, 2));
    const [start, ...others] = operands.filter((x) => x instanceof Tensor);
    for (const other of others) {
      if (other.dtype !== (start as Tensor).dtype) {
        throw new DTypeError(
          `lerp: expected dtype ${(start as Tensor).dtype} for end and weight but got dtype ${other.dtype}`,
        );
      }
    }
  },
  partials: {
    start: {
      reads: ["weight"],
      of: ({ g, weight }) => mul(g, weight instanceof Tensor ? sub(1, weight) : 1 - (weight as number)),
    },
    end: { reads: ["weight"], of: ({ g, weight }) => mul(g, weight) },
    weight: { reads: ["start", "end"], of: ({ g, start, end }) => mul(g, sub(end, start)) },
  },
});

/** √(a² + b²) without overflow on the way, element by element. Floats only. */
export const hypot: Binary = elementwise({
  name: "hypot",
  dtype: "float",
  check: (_, operands) => onlyTensors("hypot", operands),
  partials: {
    a: { reads: ["a", "out"], of: ({ g, a, out }) => mul(g, div(a, out)) },
    b: { reads: ["b", "out"], of: ({ g, b, out }) => mul(g, div(b, out)) },
  },
});

/** |a| with the sign of b, element by element; integers become floats. The gradient by a is 0 where a is 0, by b always. */
export const copysign: Binary = elementwise({
  name: "copysign",
  label: ([, b]) => (b instanceof Tensor ? "CopysignBackward0" : "CopysignBackward1"),
  dtype: "floating",
  check: (_, operands) => firstTensor("copysign", operands),
  partials: {
    a: { reads: ["a", "out"], of: ({ g, a, out }) => where(eq(a, 0), 0, mul(g, div(out, a))) },
    b: { reads: [], of: ({ g }) => zerosLike(g) },
  },
});

/** a · log b, element by element, 0 where a is 0 (but for b NaN); integers become floats. */
export const xlogy: Binary = elementwise({
  name: "xlogy",
  label: (operands) => scalarLabel("Xlogy", operands),
  dtype: "floating",
  check: (_, operands) => someTensor("xlogy", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => unlessMasked(masked(a, b, 0), xlogy(g, b)) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, div(a, b)) },
  },
});

/** log(eᵃ + eᵇ), element by element, without overflow. Floats only. */
export const logaddexp: Binary = elementwise({
  name: "logaddexp",
  dtype: "float",
  check: (_, operands) => onlyTensors("logaddexp", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, sigmoid(sub(a, b))) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, sigmoid(sub(b, a))) },
  },
});

/** log₂(2ᵃ + 2ᵇ), element by element, without overflow. Floats only. */
export const logaddexp2: Binary = elementwise({
  name: "logaddexp2",
  dtype: "float",
  check: (_, operands) => onlyTensors("logaddexp2", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, sigmoid(mul(sub(a, b), Math.LN2))) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => mul(g, sigmoid(mul(sub(b, a), Math.LN2))) },
  },
});

function sameDtype(op: string, operands: readonly Operand[]): void {
  onlyTensors(op, operands);
  const [first, second] = operands as readonly Tensor[];
  const dtype: DType | undefined = first?.dtype;
  if (dtype !== second?.dtype) {
    throw new DTypeError(`${op}: not implemented for tensors with different dtypes, got ${dtype} and ${second?.dtype}`);
  }
}

/** 0 where x is below 0 or NaN, `values` where it is 0, 1 above; both of one dtype. It has no derivative. */
export const heaviside: Binary = elementwise({
  name: "heaviside",
  label: "torch::autograd::NotImplemented",
  dtype: "promoted",
  check: (_, operands) => sameDtype("heaviside", operands),
  partials: {
    x: { reads: [], of: () => notDifferentiable("heaviside") },
    values: { reads: [], of: () => notDifferentiable("heaviside") },
  },
});

/** The next number of the dtype from a towards b, element by element; the gradient goes to a, to b where they are equal. */
export const nextafter: Binary = elementwise({
  name: "nextafter",
  dtype: "float",
  check: (_, operands) => onlyTensors("nextafter", operands),
  partials: {
    a: { reads: ["a", "b"], of: ({ g, a, b }) => where(eq(a, b), 0, g) },
    b: { reads: ["a", "b"], of: ({ g, a, b }) => where(eq(a, b), g, 0) },
  },
});

/** x · 2ⁿ for the exponents n in `other`, element by element; integers become floats. */
export function ldexp(x: Tensor, other: Tensor, ...rest: []): Tensor {
  nothingMore("ldexp", rest);
  onlyTensors("ldexp", [x, other]);
  return composed("ldexp", () => mul(x, exp2(other)));
}

/** Multiplies `self` by 2ⁿ for the exponents n in `other`, in place, and returns it. */
export function ldexp_(self: Tensor, other: Tensor, ...rest: []): Tensor {
  nothingMore("ldexp_", rest);
  onlyTensors("ldexp_", [self, other]);
  return composed("ldexp_", () => mul.inplace(self, exp2(other)));
}
