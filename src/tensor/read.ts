// Reading out: item, tolist, toTypedArray, and the text.

import { ArgumentError, ShapeError } from "../errors.js";
import { fromBrainBits, fromHalfBits } from "../wasm/bits.js";
import { views } from "../wasm/memory.js";
import { refuseWhileRecording } from "../wasm/recording.js";
import { allShown, refuseHidden } from "./batch.js";
import { bytesOf, type DType, getDefaultDtype, type Scalar, type TypedArray } from "./dtype.js";
import { formatTensor } from "./format.js";
import { formatShape, isContiguous } from "./layout.js";
import type { HiddenDim } from "./storage.js";
import type { Tensor } from "./tensor.js";

const VIEWS = {
  bool: "u8",
  uint8: "u8",
  int8: "i8",
  int16: "i16",
  int32: "i32",
  int64: "i64",
  float16: "u16",
  bfloat16: "u16",
  float32: "f32",
  float64: "f64",
} as const satisfies Record<DType, keyof typeof views>;

/** Whoever is told of tensors whose elements JavaScript reads. */
export const readers = { told: null as ((x: Tensor) => void) | null };

/** The typed view over linear memory for a dtype: BigInt64Array for int64, which the type leaves out. */
export function viewFor(dtype: DType): TypedArray {
  return views[VIEWS[dtype]] as TypedArray;
}

/** The typed view over linear memory for a tensor, and where its first element is in it. */
export function elementsOf(x: Tensor): { readonly view: TypedArray; readonly start: number } {
  refuseHidden("data access", x);
  refuseWhileRecording("data access");
  x.storage.fresh = false;
  return { view: viewFor(x.dtype), start: x.address / bytesOf(x.dtype) };
}

/** An int64 as a number where that is exact, else as it is. */
function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Reads the element at a place of the storage, counted in elements. */
function reader(x: Tensor): (position: number) => Scalar {
  const view = viewFor(x.dtype);
  const base = x.storage.address / bytesOf(x.dtype);
  switch (x.dtype) {
    case "bool":
      return (at) => view[base + at] !== 0;
    case "int64":
      return (at) => plainInteger(views.i64[base + at] as bigint);
    case "float16":
      return (at) => fromHalfBits(view[base + at] as number);
    case "bfloat16":
      return (at) => fromBrainBits(view[base + at] as number);
    default:
      return (at) => view[base + at] as number;
  }
}

/**
 * The only element as a JavaScript number or boolean; an int64 beyond 2⁵³ as a bigint.
 * @throws ShapeError if there is not exactly one element.
 */
export function item(x: Tensor): Scalar {
  x.check("item");
  refuseHidden("item", x);
  refuseWhileRecording("item");
  readers.told?.(x);
  if (x.numel() !== 1) {
    throw new ShapeError(
      `item: a Tensor with ${x.numel()} elements cannot be converted to Scalar; the shape is ${formatShape(x.shape)}`,
    );
  }
  return reader(x)(x.layout.offset);
}

/** Nested arrays of numbers or booleans (bigints for int64 beyond 2⁵³), as deep as the tensor has dims. */
export type Nested = Scalar | Nested[];

/** The elements as nested arrays; a 0-dim tensor gives its element. */
export function tolist(x: Tensor): Nested {
  x.check("tolist");
  refuseHidden("tolist", x);
  refuseWhileRecording("tolist");
  readers.told?.(x);
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
  refuseHidden("toTypedArray", x);
  refuseWhileRecording("toTypedArray");
  readers.told?.(x);
  const start = x.address / bytesOf(x.dtype);
  return viewFor(x.dtype).slice(start, start + x.numel());
}

/** PyTorch's text of a tensor, with its history's name. A disposed tensor has a text too. */
export function textOf(x: Tensor, requiresGrad: boolean, gradFn: string | null, tangent: string | null): string {
  if (x.isDisposed) return "tensor(<disposed>)";
  refuseWhileRecording("toString");
  const dims = x.storage.batch;
  if (dims !== null) {
    const whole = textOf(allShown(x), false, null, null).replaceAll("\n", "\n    ");
    const { level } = dims[dims.length - 1] as HiddenDim;
    return `BatchedTensor(lvl=${level}, bdim=${dims.length - 1}, value=\n    ${whole}\n)`;
  }
  return formatTensor(
    { ...x.layout, dtype: x.dtype, read: reader(x) },
    { defaultDtype: getDefaultDtype(), gradFn, requiresGrad, tangent },
  );
}
