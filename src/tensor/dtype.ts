// Dtypes: their names, sizes and categories, and how they are promoted.

import { DTypeError } from "../errors.js";
import { DTYPES, type DType, orderOf } from "../wasm/words.js";

export { DTYPES, type DType, orderOf, wordOf } from "../wasm/words.js";

/** 32-bit floating point, the default. */
export const float32 = "float32" as const;
/** 64-bit floating point. */
export const float64 = "float64" as const;
/** 32-bit signed integers: the dtype of indices and counts. */
export const int32 = "int32" as const;
/** True or false, one byte each. */
export const bool = "bool" as const;

/** Categories of dtypes, in the order of promotion. */
export const BOOL = 0;
export const INTEGER = 1;
export const FLOAT = 2;

/** The typed arrays that hold tensors' elements. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

interface DTypeFacts {
  /** Bytes of one element. */
  readonly bytes: number;
  readonly category: number;
}

const FACTS: Record<DType, DTypeFacts> = {
  bool: { bytes: 1, category: BOOL },
  int32: { bytes: 4, category: INTEGER },
  float32: { bytes: 4, category: FLOAT },
  float64: { bytes: 8, category: FLOAT },
};

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return FACTS[dtype].bytes;
}

/** Category of a dtype: `BOOL`, `INTEGER` or `FLOAT`. */
export function categoryOf(dtype: DType): number {
  return FACTS[dtype].category;
}

/** Whether a dtype is a floating-point one. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Category of a JavaScript scalar: numbers count as integers where they are whole (rule D5 of the operator contract). */
export function categoryOfScalar(value: number | boolean): number {
  if (typeof value === "boolean") return BOOL;
  return Number.isInteger(value) ? INTEGER : FLOAT;
}

let defaultDtype: "float32" | "float64" = "float32";

/** The dtype of numbers and factories that name none. */
export function getDefaultDtype(): "float32" | "float64" {
  return defaultDtype;
}

/**
 * Sets the dtype of numbers and factories that name none.
 * @throws DTypeError unless `dtype` is "float32" or "float64".
 */
export function setDefaultDtype(dtype: DType): void {
  if (dtype !== "float32" && dtype !== "float64") {
    throw new DTypeError(`setDefaultDtype: expected a floating-point dtype, got ${String(dtype)}`);
  }
  defaultDtype = dtype;
}

/** The dtype that holds values of both. */
export function promote(a: DType, b: DType): DType {
  return orderOf(a) >= orderOf(b) ? a : b;
}

/** The default dtype of a category: bool, int32 or the default float. */
export function defaultOf(category: number): DType {
  return category === BOOL ? "bool" : category === INTEGER ? "int32" : defaultDtype;
}

/** The dtype in which an operation that needs floats computes. */
export function floating(dtype: DType): DType {
  return isFloat(dtype) ? dtype : defaultDtype;
}

/**
 * Checks a dtype that a caller names.
 * @throws DTypeError naming the operation and the known dtypes.
 */
export function checkDtype(op: string, dtype: unknown): DType {
  if (typeof dtype === "string" && Object.hasOwn(FACTS, dtype)) return dtype as DType;
  throw new DTypeError(`${op}: unknown dtype ${String(dtype)}; known dtypes are ${DTYPES.join(", ")}`);
}

/**
 * Promotion of a list of operands (rules D4 and D5): tensors with dims, 0-dim tensors and scalars are promoted
 * among themselves, and a lower class counts only where its category is higher.
 */
export class Promotion {
  private dims: DType | null = null;
  private zeroDim: DType | null = null;
  private scalar = -1;

  tensor(dtype: DType, rank: number): void {
    if (rank > 0) this.dims = this.dims === null ? dtype : promote(this.dims, dtype);
    else this.zeroDim = this.zeroDim === null ? dtype : promote(this.zeroDim, dtype);
  }

  number(value: number | boolean): void {
    this.scalar = Math.max(this.scalar, categoryOfScalar(value));
  }

  result(): DType {
    let dtype = this.dims;
    if (this.zeroDim !== null && (dtype === null || categoryOf(this.zeroDim) > categoryOf(dtype))) dtype = this.zeroDim;
    if (this.scalar >= 0 && (dtype === null || this.scalar > categoryOf(dtype))) dtype = defaultOf(this.scalar);
    return dtype ?? defaultDtype;
  }
}
