// What a · log b and its relatives share: the name by kind of operand, and the mask of their derivative.

import type { Operand } from "../op/nest.js";
import { Tensor } from "../tensor/tensor.js";
import { eq, le, logicalAnd } from "./compare.js";
import { zerosLike } from "./creation.js";
import { where } from "./where.js";

/** The node's name: it ends with 0 for two tensors, 1 where the first operand is a number, 2 where the second is. */
export function scalarLabel(name: string, [a, b]: readonly Operand[]): string {
  return `${name}Backward${a instanceof Tensor ? (b instanceof Tensor ? 0 : 2) : 1}`;
}

/** Whether a is 0 and b at or below a bound, where the derivative of a · log b by a is taken as 0. */
export function masked(a: Operand, b: Operand, bound: number): Tensor | boolean {
  if (!(a instanceof Tensor)) return Number(a) === 0 && (b instanceof Tensor ? le(b, bound) : Number(b) <= bound);
  const zero = eq(a, 0);
  if (b instanceof Tensor) return logicalAnd(zero, le(b, bound));
  return Number(b) <= bound && zero;
}

/** `value`, or 0 where the mask holds. */
export function unlessMasked(mask: Tensor | boolean, value: Tensor): Tensor {
  if (typeof mask === "boolean") return mask ? zerosLike(value) : value;
  return where(mask, 0, value);
}
