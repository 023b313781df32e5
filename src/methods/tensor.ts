// The properties and methods of tensors that any array library has: sizes, strides, reading out, printing.

import { requiresGrad } from "../autograd/properties.js";
import { tangentText } from "../autograd/tangent-text.js";
import { GraphError, ShapeError } from "../errors.js";
import { contiguous } from "../ops/cast.js";
import { mode, unrecorded } from "../tape/mode.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import { installInspect } from "../tensor/inspect.js";
import { isContiguous, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { copyOut, elementsOf, item, type Nested, textOf, tolist } from "../tensor/read.js";
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

/**
 * A flat copy of the elements, row-major: Float32Array, Float64Array, Int32Array; Uint8Array for uint8 and bool,
 * Uint16Array of bits for float16 and bfloat16, BigInt64Array for int64 (`toTypedArray<BigInt64Array>()` in types).
 */
function toTypedArray<A extends TypedArray | BigInt64Array = TypedArray>(x: Tensor): A {
  x.check("toTypedArray");
  if (isContiguous(x.layout)) return copyOut(x) as A;
  let copy: TypedArray | undefined;
  temporaries(() => {
    copy = unrecorded(() => copyOut(contiguous(x)));
    return null;
  });
  return copy as A;
}

/**
 * The elements themselves, not a copy: writes go through, unseen by the tape. The view ends when linear memory grows or
 * the tensor is freed, so it is for use at once. Bools are bytes.
 * @throws GraphError where the tensor requires grad and recording is on, ShapeError unless it is contiguous.
 */
function dataView(x: Tensor): TypedArray {
  x.check("dataView");
  if (mode.grad && requiresGrad(x)) {
    throw new GraphError(
      "dataView: Can't call dataView() on a Tensor that requires grad. Use tensor.detach().dataView() instead, or toTypedArray() for a copy.",
    );
  }
  if (!isContiguous(x.layout)) throw new ShapeError("dataView: expected a contiguous tensor; call contiguous() first");
  const { view, start } = elementsOf(x);
  return view.subarray(start, start + x.numel());
}

/** PyTorch's text of the tensor. */
function toString(x: Tensor): string {
  const broken = !x.isDisposed && x.viewOf !== null && x.viewOf.isBroken(x);
  const node = x.isDisposed ? null : x.history;
  const name = broken ? "Invalid" : node === null ? null : (node.node.name().split("::").at(-1) as string);
  return textOf(x, !x.isDisposed && requiresGrad(x), name, tangentText(x, mode.levels));
}

/** Values that JSON has, nested. */
type JsonValue = number | boolean | string | JsonValue[];

/**
 * What JSON shows of a tensor: its values, as `tolist()` gives them. NaN and infinities are null there, as JSON has none,
 * and integers beyond 2⁵³ are their digits as text.
 */
function toJSON(x: Tensor): JsonValue {
  const shown = (value: Nested): JsonValue =>
    Array.isArray(value) ? value.map(shown) : typeof value === "bigint" ? String(value) : value;
  return shown(tolist(x));
}

/**
 * A tensor of one element counts as its number where a number is meant: `Number(t)`, `t * 2`, `t > 0`, as `float(t)` in
 * PyTorch, and `t + 1` gives a number too. Texts are those of `toString()`; a tensor of several elements is no number.
 */
function toPrimitive(x: Tensor, hint: string): number | boolean | string {
  const one = x.numel() === 1;
  if (hint !== "number" && (hint !== "default" || !one || x.isDisposed)) return x.toString();
  const value = item(x);
  return typeof value === "bigint" ? Number(value) : value;
}

const family = {
  item,
  tolist,
  toTypedArray,
  dataView,
  size,
  stride,
  toString,
  toJSON,
  dim: (x: Tensor): number => x.ndim,
  storageOffset: (x: Tensor): number => x.layout.offset,
  isContiguous: (x: Tensor): boolean => isContiguous(x.layout),
  isInference: (x: Tensor): boolean => x.inference,
};

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "size" | "stride" | "toString" | "toTypedArray"> {
    /** Sizes of all dims, or of one. */
    size(): readonly number[];
    size(dim: number): number;
    /** Strides of all dims in elements, or of one. */
    stride(): readonly number[];
    stride(dim: number): number;
    /**
     * A flat copy of the elements, row-major: Float32Array, Float64Array, Int32Array; Uint8Array for uint8 and bool,
     * Uint16Array of bits for float16 and bfloat16, BigInt64Array for int64.
     */
    toTypedArray<A extends TypedArray | BigInt64Array = TypedArray>(): A;
    /** PyTorch's text of the tensor. */
    toString(): string;
    /** The number of a one-element tensor, where a number is meant; else the text. */
    [Symbol.toPrimitive](hint: "number"): number | boolean;
    [Symbol.toPrimitive](hint: string): number | boolean | string;
  }
}

install(family);
Object.defineProperty(Tensor.prototype, Symbol.toPrimitive, {
  value(this: Tensor, hint: string) {
    return toPrimitive(this, hint);
  },
  configurable: true,
  writable: true,
});
installInspect(Tensor.prototype, toString);

export type { DType, Nested };
