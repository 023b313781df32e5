// Comparisons and logic: results are bool and never require gradients.

import { type Binary, type Unary, elementwise } from "../op/elementwise.js";

/** a = b, element by element, in the promoted dtype. */
export const eq: Binary = elementwise({ name: "eq", dtype: "bool", partials: { a: null, b: null } });
/** a ≠ b, element by element. */
export const ne: Binary = elementwise({ name: "ne", dtype: "bool", partials: { a: null, b: null } });
/** a < b, element by element. */
export const lt: Binary = elementwise({ name: "lt", dtype: "bool", partials: { a: null, b: null } });
/** a ≤ b, element by element. */
export const le: Binary = elementwise({ name: "le", dtype: "bool", partials: { a: null, b: null } });
/** a > b, element by element. */
export const gt: Binary = elementwise({ name: "gt", dtype: "bool", partials: { a: null, b: null } });
/** a ≥ b, element by element. */
export const ge: Binary = elementwise({ name: "ge", dtype: "bool", partials: { a: null, b: null } });

/** Whether both are true, element by element; what is not zero is true, NaN too. */
export const logicalAnd: Binary = elementwise({
  name: "logicalAnd",
  kernel: "logical_and",
  dtype: "bool",
  partials: { a: null, b: null },
});

/** Whether one or both are true, element by element. */
export const logicalOr: Binary = elementwise({
  name: "logicalOr",
  kernel: "logical_or",
  dtype: "bool",
  partials: { a: null, b: null },
});

/** Whether exactly one is true, element by element. */
export const logicalXor: Binary = elementwise({
  name: "logicalXor",
  kernel: "logical_xor",
  dtype: "bool",
  partials: { a: null, b: null },
});

/** Whether an element is false, that is zero. */
export const logicalNot: Unary = elementwise({
  name: "logicalNot",
  kernel: "logical_not",
  dtype: "bool",
  partials: { x: null },
});

/** Whether an element is NaN. */
export const isnan: Unary = elementwise({ name: "isnan", dtype: "bool", partials: { x: null } });
