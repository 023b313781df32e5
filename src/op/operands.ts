// Checks of what kinds of operands an elementwise operation takes: tensors only, or scalars in some places.

import { ArgumentError } from "../errors.js";
import { Tensor } from "../tensor/tensor.js";
import { describe } from "./args.js";
import type { Operand } from "./nest.js";

/** Throws unless every operand is a tensor. */
export function onlyTensors(op: string, operands: readonly Operand[]): void {
  for (let i = 0; i < operands.length; i++) if (!(operands[i] instanceof Tensor)) throw wanted(op, i, operands[i]);
}

/** Throws unless the first operand is a tensor; the others may be numbers. */
export function firstTensor(op: string, operands: readonly Operand[]): void {
  if (!(operands[0] instanceof Tensor)) throw wanted(op, 0, operands[0]);
}

/** Throws unless at least one operand is a tensor. */
export function someTensor(op: string, operands: readonly Operand[]): void {
  for (let i = 0; i < operands.length; i++) if (operands[i] instanceof Tensor) return;
  throw new ArgumentError(`${op}: received an invalid combination of arguments: at least one operand must be a tensor`);
}

function wanted(op: string, index: number, operand: Operand | undefined): ArgumentError {
  return new ArgumentError(
    `${op}: argument ${index + 1} must be a tensor, got ${describe(operand)}; make one with tensor()`,
  );
}
