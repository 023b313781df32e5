// Dtypes: their names, sizes and categories, and how they are promoted.

import { DTypeError } from "../errors.js";
import { DTYPES, type DType, orderOf } from "../wasm/words.js";

export { bytesOf, computesAs, DTYPES, type DType, orderOf, wordOf } from "../wasm/words.js";

/** 32-bit floating point, the default. */
export const float32 = "float32" as const;
/** 64-bit floating point. */
export const float64 = "float64" as const;
/** 16-bit floating point: 5 bits of exponent, 11 of precision. Computed in float32 and rounded. */
export const float16 = "float16" as const;
/** The upper half of a float32: 8 bits of exponent and of precision. Computed in float32 and rounded. */
export const bfloat16 = "bfloat16" as const;
/** 64-bit signed integers. */
export const int64 = "int64" as const;
/** 32-bit signed integers: the dtype of indices and counts. */
export const int32 = "int32" as const;
/** 16-bit signed integers. Computed in int32, of which the low bits are kept. */
export const int16 = "int16" as const;
/** 8-bit signed integers. Computed in int32, of which the low bits are kept. */
export const int8 = "int8" as const;
/** Bytes, 0 to 255. Computed in int32, of which the low bits are kept. */
export const uint8 = "uint8" as const;
/** True or false, one byte each. */
export const bool = "bool" as const;
/** Another name of float32. */
export const float = float32;
/** Another name of float64. */
export const double = float64;
/** Another name of float16. */
export const half = float16;
/** Another name of int64. */
export const long = int64;
/** Another name of int32. */
export const int = int32;
/** Another name of int16. */
export const short = int16;

/** Categories of dtypes, in the order of promotion. */
export const BOOL = 0;
export const INTEGER = 1;
export const FLOAT = 2;

/** The typed arrays that hold tensors' elements, but for int64; those of the 16-bit floats are their bits. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | Uint16Array;

const CATEGORIES: Record<DType, number> = {
  bool: BOOL,
  uint8: INTEGER,
  int8: INTEGER,
  int16: INTEGER,
  int32: INTEGER,
  int64: INTEGER,
  float16: FLOAT,
  bfloat16: FLOAT,
  float32: FLOAT,
  float64: FLOAT,
};

/** Category of a dtype: `BOOL`, `INTEGER` or `FLOAT`. */
export function categoryOf(dtype: DType): number {
  return CATEGORIES[dtype];
}

/** Whether a dtype is a floating-point one. */
export function isFloat(dtype: DType): boolean {
  return CATEGORIES[dtype] === FLOAT;
}

/** A JavaScript scalar: what has a value but no dtype of its own. */
export type Scalar = number | boolean | bigint;

/** Whether a value is a JavaScript scalar. */
export function isScalar(value: unknown): value is Scalar {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
}

/** Category of a JavaScript scalar: numbers count as integers where they are whole (rule D5 of the operator contract). */
export function categoryOfScalar(value: Scalar): number {
  if (typeof value === "boolean") return BOOL;
  return typeof value === "bigint" || Number.isInteger(value) ? INTEGER : FLOAT;
}

/** The floating-point dtypes. */
export type FloatDType = "float16" | "bfloat16" | "float32" | "float64";

let defaultDtype: FloatDType = "float32";

/** The dtype of numbers and factories that name none. */
export function getDefaultDtype(): FloatDType {
  return defaultDtype;
}

/**
 * Sets the dtype of numbers and factories that name none.
 * @throws DTypeError unless `dtype` is a floating-point one.
 */
export function setDefaultDtype(dtype: DType): void {
  if (!Object.hasOwn(CATEGORIES, dtype) || !isFloat(dtype)) {
    throw new DTypeError(`setDefaultDtype: expected a floating-point dtype, got ${String(dtype)}`);
  }
  defaultDtype = dtype as FloatDType;
}

/** The dtype that holds values of both; float32 for the two 16-bit floats, int16 for uint8 and int8, of which neither does. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  if ((a === "float16" && b === "bfloat16") || (a === "bfloat16" && b === "float16")) return "float32";
  if ((a === "uint8" && b === "int8") || (a === "int8" && b === "uint8")) return "int16";
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
  if (typeof dtype === "string" && Object.hasOwn(CATEGORIES, dtype)) return dtype as DType;
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
  private big = false;

  tensor(dtype: DType, rank: number): void {
    if (rank > 0) this.dims = this.dims === null ? dtype : promote(this.dims, dtype);
    else this.zeroDim = this.zeroDim === null ? dtype : promote(this.zeroDim, dtype);
  }

  number(value: Scalar): void {
    this.big ||= typeof value === "bigint";
    this.scalar = Math.max(this.scalar, categoryOfScalar(value));
  }

  result(): DType {
    let dtype = this.dims;
    if (this.zeroDim !== null && (dtype === null || categoryOf(this.zeroDim) > categoryOf(dtype))) dtype = this.zeroDim;
    if (this.scalar >= 0 && (dtype === null || this.scalar > categoryOf(dtype))) {
      dtype = this.big && this.scalar === INTEGER ? "int64" : defaultOf(this.scalar);
    }
    return dtype ?? defaultDtype;
  }
}
