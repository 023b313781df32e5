// What functions that make tensors share: options, checks, and the making.

import { DTypeError } from "../errors.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { checkShape, likeStrides } from "../tensor/layout.js";
import { empty as blank, emptyOf, type Tensor } from "../tensor/tensor.js";
import { asIntegers, asTensor, parse } from "./args.js";
import { spreadLike } from "./nest.js";

/** Options of all functions that make tensors. */
export interface CreationOptions {
  /** Dtype of the result. */
  readonly dtype?: DType | null;
  /** Whether the result collects gradients; floating-point dtypes only. */
  readonly requiresGrad?: boolean;
}

/** A shape: one array of sizes. */
export type Shape = readonly number[];

const creationDefaults = { dtype: null, requiresGrad: false } satisfies CreationOptions;

/** The dtype that options name, or the one given. */
export function dtypeFrom(op: string, options: CreationOptions, otherwise: DType): DType {
  return options.dtype === null || options.dtype === undefined ? otherwise : checkDtype(op, options.dtype);
}

/** Reads the options that all creating functions have. */
export function creation(op: string, given: readonly unknown[]): CreationOptions {
  return parse<CreationOptions>(op, given, creationDefaults);
}

/** Checks before anything is made that a dtype may require gradients. */
export function checkRequiresGrad(op: string, dtype: DType, requiresGrad: boolean | undefined): void {
  if (requiresGrad === true && !isFloat(dtype)) {
    throw new DTypeError(`${op}: Only Tensors of floating point dtype can require gradients, got ${dtype}`);
  }
}

/** Makes a tensor, fills it, and lets it collect gradients where the options say so. */
export function make(
  op: string,
  shape: Shape,
  dtype: DType,
  options: CreationOptions,
  fill: (out: Tensor) => void,
): Tensor {
  asIntegers(op, shape, "shape");
  checkShape(op, shape);
  checkRequiresGrad(op, dtype, options.requiresGrad);
  const out = blank(op, [...shape], dtype);
  fill(out);
  out.collects = options.requiresGrad === true;
  return out;
}

/** Makes a tensor like another: its shape, its dtype unless options name one, its layout where that is dense. */
export function like(op: string, x: Tensor, rest: readonly unknown[], fill: (out: Tensor) => void): Tensor {
  asTensor(op, x);
  const options = creation(op, rest);
  const dtype = dtypeFrom(op, options, x.dtype);
  checkRequiresGrad(op, dtype, options.requiresGrad);
  const out = emptyOf(op, { shape: x.shape, strides: likeStrides(x.layout), offset: 0 }, dtype);
  spreadLike(out, x);
  fill(out);
  out.collects = options.requiresGrad === true;
  return out;
}
