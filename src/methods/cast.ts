// Methods of tensors: the family ops/cast, the dtypes by name, and new tensors of a tensor's dtype.

import { asTensor } from "../op/args.js";
import * as family from "../ops/cast.js";
import type { CreationOptions, NestedArray, Shape } from "../ops/creation.js";
import * as creation from "../ops/creation.js";
import type { DType, Scalar } from "../tensor/dtype.js";
import type { Tensor as Self } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

const dtypes = {
  /** In float32. */
  float: (x: Self): Self => family.to(x, "float32"),
  /** In float64. */
  double: (x: Self): Self => family.to(x, "float64"),
  /** In int32. */
  int: (x: Self): Self => family.to(x, "int32"),
  /** In int64. */
  long: (x: Self): Self => family.to(x, "int64"),
  /** In int16. */
  short: (x: Self): Self => family.to(x, "int16"),
  /** In int8. */
  char: (x: Self): Self => family.to(x, "int8"),
  /** In uint8. */
  byte: (x: Self): Self => family.to(x, "uint8"),
  /** In float16. */
  half: (x: Self): Self => family.to(x, "float16"),
  /** In bfloat16. */
  bfloat16: (x: Self): Self => family.to(x, "bfloat16"),
  /** In bool. */
  bool: (x: Self): Self => family.to(x, "bool"),
  /** In the dtype of another tensor. */
  typeAs: (x: Self, other: Self): Self => family.to(x, asTensor("typeAs", other, "other").dtype),
  /** Zeros of any shape in the dtype of `x`. */
  newZeros: (x: Self, shape: Shape, options?: CreationOptions): Self => creation.zeros(shape, like(x, options)),
  /** Ones of any shape in the dtype of `x`. */
  newOnes: (x: Self, shape: Shape, options?: CreationOptions): Self => creation.ones(shape, like(x, options)),
  /** One value in any shape, in the dtype of `x`. */
  newFull: (x: Self, shape: Shape, value: Scalar, options?: CreationOptions): Self =>
    creation.full(shape, value, like(x, options)),
  /** Unspecified contents in any shape, in the dtype of `x`. */
  newEmpty: (x: Self, shape: Shape, options?: CreationOptions): Self => creation.empty(shape, like(x, options)),
  /** A tensor from JavaScript values in the dtype of `x`. */
  newTensor: (x: Self, data: NestedArray, options?: CreationOptions): Self => creation.tensor(data, like(x, options)),
};

function like(x: Self, options: CreationOptions | undefined): CreationOptions & { readonly dtype: DType } {
  const { dtype } = asTensor("new", x);
  return { ...options, dtype: options?.dtype ?? dtype };
}

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "fill">, MethodsOf<typeof dtypes> {}
}

install(family, ["fill"]);
install(dtypes);
