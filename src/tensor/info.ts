// What dtypes can hold: finfo and iinfo.

import { DTypeError } from "../errors.js";
import { categoryOf, checkDtype, type DType, FLOAT, type FloatDType, getDefaultDtype, INTEGER } from "./dtype.js";

/** What a floating-point dtype can hold. */
export interface FloatInfo {
  readonly dtype: FloatDType;
  readonly bits: number;
  /** Distance from 1 to the next greater number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The least positive number that has full precision. */
  readonly smallestNormal: number;
  /** The same. */
  readonly tiny: number;
  /** Power of ten of the decimal digits that are certain. */
  readonly resolution: number;
}

/** Bits of an element, of its significand (the leading one included), greatest exponent, and certain decimals. */
const FORMATS: Record<FloatDType, readonly [bits: number, precision: number, exponent: number, resolution: number]> = {
  float16: [16, 11, 15, 1e-3],
  bfloat16: [16, 8, 127, 1e-2],
  float32: [32, 24, 127, 1e-6],
  float64: [64, 53, 1023, 1e-15],
};

/**
 * What a floating-point dtype, the default one if none is named, can hold.
 * @throws DTypeError for another dtype.
 */
export function finfo(dtype: DType = getDefaultDtype()): FloatInfo {
  if (categoryOf(checkDtype("finfo", dtype)) !== FLOAT) {
    throw new DTypeError(`finfo: requires a floating point input type, got ${dtype}; use iinfo for integers`);
  }
  const [bits, precision, exponent, resolution] = FORMATS[dtype as FloatDType];
  const eps = 2 ** (1 - precision);
  const max = (2 - eps) * 2 ** exponent;
  const tiny = 2 ** (1 - exponent);
  return { dtype: dtype as FloatDType, bits, eps, max, min: -max, smallestNormal: tiny, tiny, resolution };
}

/** What an integer dtype can hold; bigints for int64, whose bounds are no numbers. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  readonly max: number | bigint;
  readonly min: number | bigint;
}

/**
 * What an integer dtype can hold.
 * @throws DTypeError for another dtype.
 */
export function iinfo(dtype: DType): IntegerInfo {
  if (categoryOf(checkDtype("iinfo", dtype)) !== INTEGER) {
    throw new DTypeError(`iinfo: requires an integer input type, got ${dtype}; use finfo for floating point`);
  }
  if (dtype === "uint8") return { dtype, bits: 8, max: 255, min: 0 };
  if (dtype === "int8") return { dtype, bits: 8, max: 127, min: -128 };
  if (dtype === "int16") return { dtype, bits: 16, max: 32767, min: -32768 };
  if (dtype === "int32") return { dtype, bits: 32, max: 2 ** 31 - 1, min: -(2 ** 31) };
  return { dtype, bits: 64, max: 2n ** 63n - 1n, min: -(2n ** 63n) };
}
