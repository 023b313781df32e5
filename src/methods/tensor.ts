// The properties and methods of tensors that any array library has: sizes, strides, reading out, printing.

import { requiresGrad } from "../autograd/properties.js";
import { tangentText } from "../autograd/tangent-text.js";
import { contiguous } from "../ops/cast.js";
import { mode, unrecorded } from "../tape/mode.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import { installInspect } from "../tensor/inspect.js";
import { isContiguous, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { copyOut, item, type Nested, textOf, tolist } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

/** Size of one dim, or all sizes. */
function size(x: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? x.shape : (x.shape[normalizeDim("size", dim, x.ndim)] as number);
}

/** Elements from one to the next along a dim, or along each. */
function stride(x: Tensor, dim?: number): number | readonly number[] {
  return dim === undefined ? x.layout.strides : (x.layout.strides[normalizeDim("stride", dim, x.ndim)] as number);
}

/** A flat copy of the elements, row-major: Float32Array, Float64Array, Int32Array, or Uint8Array for bool. */
function toTypedArray(x: Tensor): TypedArray {
  x.check("toTypedArray");
  if (isContiguous(x.layout)) return copyOut(x);
  let copy: TypedArray | undefined;
  temporaries(() => {
    copy = unrecorded(() => copyOut(contiguous(x)));
    return null;
  });
  return copy as TypedArray;
}

/** PyTorch's text of the tensor. */
function toString(x: Tensor): string {
  const node = x.isDisposed ? null : x.history;
  const name = node === null ? null : (node.node.name().split("::").at(-1) as string);
  return textOf(x, !x.isDisposed && requiresGrad(x), name, tangentText(x, mode.levels));
}

const family = {
  item,
  tolist,
  toTypedArray,
  size,
  stride,
  toString,
  dim: (x: Tensor): number => x.ndim,
  storageOffset: (x: Tensor): number => x.layout.offset,
  isContiguous: (x: Tensor): boolean => isContiguous(x.layout),
  isInference: (x: Tensor): boolean => x.inference,
};

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "size" | "stride" | "toString"> {
    /** Sizes of all dims, or of one. */
    size(): readonly number[];
    size(dim: number): number;
    /** Strides of all dims in elements, or of one. */
    stride(): readonly number[];
    stride(dim: number): number;
    /** PyTorch's text of the tensor. */
    toString(): string;
  }
}

install(family);
installInspect(Tensor.prototype, toString);

export type { DType, Nested };
