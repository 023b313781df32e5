// Comparisons and logic: results are bool and never require gradients.

import { ArgumentError, DTypeError } from "../errors.js";
import { asBoolean, asNumber, asTensor, nothingMore, parse } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { type Binary, elementwise, type Unary } from "../op/elementwise.js";
import { firstTensor, onlyTensors } from "../op/operands.js";
import { unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, mul, sub } from "./arithmetic.js";
import { full } from "./creation.js";
import { abs } from "./pointwise.js";
import { all } from "./reduce.js";

/** a = b, element by element, in the promoted dtype. */
export const eq: Binary = elementwise({
  name: "eq",
  dtype: "bool",
  check: (_, operands) => firstTensor("eq", operands),
  partials: { a: null, b: null },
});
/** a ≠ b, element by element. */
export const ne: Binary = elementwise({
  name: "ne",
  dtype: "bool",
  check: (_, operands) => firstTensor("ne", operands),
  partials: { a: null, b: null },
});
/** a < b, element by element. */
export const lt: Binary = elementwise({
  name: "lt",
  dtype: "bool",
  check: (_, operands) => firstTensor("lt", operands),
  partials: { a: null, b: null },
});
/** a ≤ b, element by element. */
export const le: Binary = elementwise({
  name: "le",
  dtype: "bool",
  check: (_, operands) => firstTensor("le", operands),
  partials: { a: null, b: null },
});
/** a > b, element by element. */
export const gt: Binary = elementwise({
  name: "gt",
  dtype: "bool",
  check: (_, operands) => firstTensor("gt", operands),
  partials: { a: null, b: null },
});
/** a ≥ b, element by element. */
export const ge: Binary = elementwise({
  name: "ge",
  dtype: "bool",
  check: (_, operands) => firstTensor("ge", operands),
  partials: { a: null, b: null },
});

export { ge as greaterEqual, gt as greater, le as lessEqual, lt as less, ne as notEqual };

/** Whether both are true, element by element; what is not zero is true, NaN too. */
export const logicalAnd: Binary = elementwise({
  name: "logicalAnd",
  kernel: "logical_and",
  dtype: "bool",
  check: (_, operands) => onlyTensors("logicalAnd", operands),
  partials: { a: null, b: null },
});

/** Whether one or both are true, element by element. */
export const logicalOr: Binary = elementwise({
  name: "logicalOr",
  kernel: "logical_or",
  dtype: "bool",
  check: (_, operands) => onlyTensors("logicalOr", operands),
  partials: { a: null, b: null },
});

/** Whether exactly one is true, element by element. */
export const logicalXor: Binary = elementwise({
  name: "logicalXor",
  kernel: "logical_xor",
  dtype: "bool",
  check: (_, operands) => onlyTensors("logicalXor", operands),
  partials: { a: null, b: null },
});

/** Whether an element is false, that is zero. */
export const logicalNot: Unary = elementwise({
  name: "logicalNot",
  kernel: "logical_not",
  dtype: "bool",
  partials: { x: null },
});

const nanTest: Unary = elementwise({ name: "isnan", dtype: "bool", partials: { x: null } });
const infTest: Unary = elementwise({ name: "isinf", dtype: "bool", partials: { x: null } });
const finiteTest: Unary = elementwise({ name: "isfinite", dtype: "bool", partials: { x: null } });
const posinfTest: Unary = elementwise({ name: "isposinf", dtype: "bool", partials: { x: null } });
const neginfTest: Unary = elementwise({ name: "isneginf", dtype: "bool", partials: { x: null } });
const signTest: Unary = elementwise({ name: "signbit", dtype: "bool", partials: { x: null } });

/** The test on floats; one answer for all elements of other dtypes. */
function classify(name: string, x: Tensor, test: Unary, otherwise: boolean): Tensor {
  asTensor(name, x);
  return isFloat(x.dtype) ? test(x) : full(x.shape, otherwise, { dtype: "bool" });
}

/** Whether an element is NaN; never for integers and bools. */
export function isnan(x: Tensor, ...rest: []): Tensor {
  nothingMore("isnan", rest);
  return classify("isnan", x, nanTest, false);
}

/** Whether an element is ∞ or −∞; never for integers and bools. */
export function isinf(x: Tensor, ...rest: []): Tensor {
  nothingMore("isinf", rest);
  return classify("isinf", x, infTest, false);
}

/** Whether an element is neither NaN nor infinite; always for integers and bools. */
export function isfinite(x: Tensor, ...rest: []): Tensor {
  nothingMore("isfinite", rest);
  return classify("isfinite", x, finiteTest, true);
}

/** Whether an element is ∞. */
export function isposinf(x: Tensor, ...rest: []): Tensor {
  nothingMore("isposinf", rest);
  return classify("isposinf", x, posinfTest, false);
}

/** Whether an element is −∞. */
export function isneginf(x: Tensor, ...rest: []): Tensor {
  nothingMore("isneginf", rest);
  return classify("isneginf", x, neginfTest, false);
}

/** Whether an element is real: always, as there are no complex dtypes. */
export function isreal(x: Tensor, ...rest: []): Tensor {
  nothingMore("isreal", rest);
  return full(asTensor("isreal", x).shape, true, { dtype: "bool" });
}

/** Whether an element has its sign set: negative ones, −0 and NaN with a sign. */
export function signbit(x: Tensor, ...rest: []): Tensor {
  nothingMore("signbit", rest);
  asTensor("signbit", x);
  return x.dtype === "bool" ? full(x.shape, false, { dtype: "bool" }) : signTest(x);
}

/** Whether two tensors have the same shape and equal elements; NaN equals nothing. */
export function equal(a: Tensor, b: Tensor, ...rest: []): boolean {
  nothingMore("equal", rest);
  asTensor("equal", a, "input");
  asTensor("equal", b, "other");
  if (!sameShape(a.shape, b.shape)) return false;
  return everywhere(() => eq(a, b));
}

/** Whether what `test` makes is true everywhere. */
function everywhere(test: () => Tensor): boolean {
  let answer = false;
  unrecorded(() =>
    temporaries(() => {
      answer = all(test()).item() === true;
      return null;
    }),
  );
  return answer;
}

/** Options of `isclose` and `allclose`. */
export interface CloseOptions {
  /** Tolerance relative to the second operand, 1e-5. */
  readonly rtol?: number;
  /** Absolute tolerance, 1e-8. */
  readonly atol?: number;
  /** Whether NaN is close to NaN, false. */
  readonly equalNan?: boolean;
}

/**
 * Whether |a − b| ≤ atol + rtol·|b|, element by element; infinities are close to themselves only.
 * @throws DTypeError unless both have the same dtype; ArgumentError for a negative tolerance.
 */
export function isclose(a: Tensor, b: Tensor, ...rest: [options?: CloseOptions]): Tensor {
  onlyTensors("isclose", [a, b]);
  const { rtol, atol, equalNan } = parse("isclose", rest, { rtol: 1e-5, atol: 1e-8, equalNan: false });
  asBoolean("isclose", equalNan, "equalNan");
  if (!(asNumber("isclose", rtol, "rtol") >= 0))
    throw new ArgumentError(`isclose: rtol must be greater than or equal to zero, but got ${rtol}`);
  if (!(asNumber("isclose", atol, "atol") >= 0))
    throw new ArgumentError(`isclose: atol must be greater than or equal to zero, but got ${atol}`);
  if (a.dtype !== b.dtype)
    throw new DTypeError(`isclose: expected both tensors to have the same dtype, got ${a.dtype} and ${b.dtype}`);
  return unrecorded(() =>
    composed("isclose", () => {
      let close = eq(a, b);
      if (equalNan && isFloat(a.dtype)) close = logicalOr(close, logicalAnd(isnan(a), isnan(b)));
      if (rtol === 0 && atol === 0) return close;
      // PyTorch compares integers as floats of the default dtype too.
      const numeric = (x: Tensor): Tensor => (x.dtype === "bool" ? mul(x, 1) : x);
      const allowed = add(abs(mul(numeric(b), rtol)), atol);
      const error = abs(sub(numeric(a), numeric(b)));
      return logicalOr(close, logicalAnd(isfinite(error), le(error, allowed)));
    }),
  );
}

/** Whether `isclose` holds everywhere. */
export function allclose(a: Tensor, b: Tensor, ...rest: [options?: CloseOptions]): boolean {
  return called("allclose", () => everywhere(() => isclose(a, b, ...rest)));
}
