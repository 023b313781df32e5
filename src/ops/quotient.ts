// Quotients rounded toward zero and down: what div does with a rounding mode, and what remainders are made of.

import { NumericalError } from "../errors.js";
import { type Binary, elementwise } from "../op/elementwise.js";
import type { Operand } from "../op/nest.js";
import { isAlwaysTrue } from "../op/truth.js";
import { unrecorded } from "../tape/mode.js";
import { categoryOf, type DType, INTEGER } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { zerosLike } from "./creation.js";
import { all } from "./reduce.js";

function holdsZero(b: Operand): boolean {
  if (!(b instanceof Tensor)) return Number(b) === 0;
  let found = false;
  unrecorded(() =>
    temporaries(() => {
      found = b.numel() > 0 && !isAlwaysTrue(all(b));
      return null;
    }),
  );
  return found;
}

/** Throws if the divisor of integers holds a zero. */
export function checkDivisor(op: string, dtype: DType, operands: readonly Operand[]): void {
  if (categoryOf(dtype) === INTEGER && holdsZero(operands[1] as Operand)) {
    throw new NumericalError(`${op}: integer division by zero (ZeroDivisionError)`);
  }
}

/** a / b rounded toward zero; integers stay integers. The gradient is zero. */
export const divTrunc: Binary = elementwise({
  name: "div",
  kernel: "div_trunc",
  label: "DivBackward2",
  dtype: "numeric",
  check: (dtype, operands) => checkDivisor("div", dtype, operands),
  partials: {
    a: { reads: [], of: ({ g }) => zerosLike(g) },
    b: { reads: [], of: ({ g }) => zerosLike(g) },
  },
});

/** a / b rounded down; integers stay integers. The gradient is zero. */
export const divFloor: Binary = elementwise({
  name: "div",
  kernel: "div_floor",
  label: "DivBackward2",
  dtype: "numeric",
  check: (dtype, operands) => checkDivisor("div", dtype, operands),
  partials: {
    a: { reads: [], of: ({ g }) => zerosLike(g) },
    b: { reads: [], of: ({ g }) => zerosLike(g) },
  },
});
