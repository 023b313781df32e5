// Reading out: item, tolist, toTypedArray, and the text.

import { ArgumentError, ShapeError } from "../errors.js";
import { views } from "../wasm/memory.js";
import { bytesOf, type DType, getDefaultDtype, type TypedArray } from "./dtype.js";
import { formatTensor } from "./format.js";
import { formatShape, isContiguous } from "./layout.js";
import type { Tensor } from "./tensor.js";

/** The typed view over linear memory for a dtype. */
export function viewFor(dtype: DType): TypedArray {
  return dtype === "float32" ? views.f32 : dtype === "float64" ? views.f64 : dtype === "int32" ? views.i32 : views.u8;
}

/** The typed view over linear memory for a tensor, and where its first element is in it. */
export function elementsOf(x: Tensor): { readonly view: TypedArray; readonly start: number } {
  return { view: viewFor(x.dtype), start: x.address / bytesOf(x.dtype) };
}

/** Reads the element at a place of the storage, counted in elements. */
function reader(x: Tensor): (position: number) => number | boolean {
  const view = viewFor(x.dtype);
  const base = x.storage.address / bytesOf(x.dtype);
  return x.dtype === "bool" ? (at) => view[base + at] !== 0 : (at) => view[base + at] as number;
}

/**
 * The only element as a JavaScript number or boolean.
 * @throws ShapeError if there is not exactly one element.
 */
export function item(x: Tensor): number | boolean {
  x.check("item");
  if (x.numel() !== 1) {
    throw new ShapeError(
      `item: a Tensor with ${x.numel()} elements cannot be converted to Scalar; the shape is ${formatShape(x.shape)}`,
    );
  }
  return reader(x)(x.layout.offset);
}

/** Nested arrays of numbers or booleans, as deep as the tensor has dims. */
export type Nested = number | boolean | Nested[];

/** The elements as nested arrays; a 0-dim tensor gives its element. */
export function tolist(x: Tensor): Nested {
  x.check("tolist");
  const read = reader(x);
  const { shape, strides } = x.layout;
  const build = (dim: number, position: number): Nested => {
    if (dim === shape.length) return read(position);
    const list: Nested[] = [];
    for (let i = 0; i < (shape[dim] as number); i++) list.push(build(dim + 1, position + i * (strides[dim] as number)));
    return list;
  };
  return build(0, x.layout.offset);
}

/** A flat copy of contiguous elements. */
export function copyOut(x: Tensor): TypedArray {
  if (!isContiguous(x.layout)) throw new ArgumentError("toTypedArray: expected a contiguous tensor");
  const start = x.address / bytesOf(x.dtype);
  return viewFor(x.dtype).slice(start, start + x.numel());
}

/** PyTorch's text of a tensor, with its history's name. A disposed tensor has a text too. */
export function textOf(x: Tensor, requiresGrad: boolean, gradFn: string | null, tangent: string | null): string {
  if (x.isDisposed) return "tensor(<disposed>)";
  return formatTensor(
    { ...x.layout, dtype: x.dtype, read: reader(x) },
    { defaultDtype: getDefaultDtype(), gradFn, requiresGrad, tangent },
  );
}
