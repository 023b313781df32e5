// Creation: tensors from JavaScript values, constants, ranges.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asTensor, describe, isOptions, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, copyInto } from "../op/copy.js";
import { type CreationOptions, creation, dtypeFrom, like, make, type Shape } from "../op/creation.js";
import { addTensor, beginNest, writeNest } from "../op/nest.js";
import {
  bytesOf,
  categoryOf,
  type DType,
  FLOAT,
  getDefaultDtype,
  isScalar,
  type Scalar,
  type TypedArray,
} from "../tensor/dtype.js";
import { numel } from "../tensor/layout.js";
import { outsideScopes } from "../tensor/lifetime.js";
import { elementsOf, item } from "../tensor/read.js";
import { empty as blank, Tensor } from "../tensor/tensor.js";
import { brainBits, halfBits, toInt64 } from "../wasm/bits.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { aside, recording } from "../wasm/recording.js";
import { pow } from "./arithmetic.js";
import { to } from "./cast.js";
import { reshape } from "./shape.js";

export type { CreationOptions, Shape } from "../op/creation.js";

/** Nested arrays of numbers, booleans or bigints. */
export type NestedArray = Scalar | readonly NestedArray[];
/** The typed arrays that tensors are made from; Float16Array too, where the engine has it. */
export type ArrayData = TypedArray | BigInt64Array | Uint8ClampedArray;

const DTYPE_OF_ARRAY: Readonly<Record<string, DType>> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Float16Array: "float16",
  Int8Array: "int8",
  Int16Array: "int16",
  Int32Array: "int32",
  BigInt64Array: "int64",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};

function typedDtype(data: ArrayBufferView): DType | null {
  return DTYPE_OF_ARRAY[(data as unknown as Record<symbol, string>)[Symbol.toStringTag] as string] ?? null;
}

/** The shape of nested arrays, told by their first elements. */
function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  for (let at = data; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

/** Collects the elements of nested arrays, and refuses ragged ones. */
function flatten(op: string, data: unknown, shape: readonly number[], dim: number, into: Scalar[]): void {
  if (dim === shape.length) {
    if (isScalar(data)) into.push(data);
    else if (Array.isArray(data)) throw ragged(op, dim, `an array of ${data.length} where other places hold a number`);
    else throw new ArgumentError(`${op}: expected numbers or booleans in the data, got ${describe(data)}`);
    return;
  }
  if (!Array.isArray(data)) throw ragged(op, dim, `${describe(data)} where other places hold an array`);
  if (data.length !== shape[dim]) throw ragged(op, dim, `${data.length}`);
  for (const item of data) flatten(op, item, shape, dim + 1, into);
}

function ragged(op: string, dim: number, got: string): ShapeError {
  return new ShapeError(`${op}: expected sequence of equal length at dim ${dim} (ragged nested arrays), got ${got}`);
}

/** How a JavaScript value is stored in a dtype: as casts in kernels have it. */
const STORED: Record<DType, (value: Scalar) => number | bigint> = {
  bool: (value) => (Number(value) !== 0 ? 1 : 0),
  uint8: (value) => Number(BigInt.asUintN(8, toInt64(value))),
  int8: (value) => Number(BigInt.asIntN(8, toInt64(value))),
  int16: (value) => Number(BigInt.asIntN(16, toInt64(value))),
  int32: (value) => (typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : toInt32(Number(value))),
  int64: toInt64,
  float16: (value) => halfBits(Number(value)),
  bfloat16: (value) => brainBits(Number(value)),
  float32: Number,
  float64: Number,
};

/** Copies JavaScript values, row-major, into a contiguous tensor. */
function fillFrom(out: Tensor, values: ArrayLike<Scalar>): void {
  if (recording.by !== null) {
    const kept = aside(() => outsideScopes(() => blank("tensor", out.shape, out.dtype)));
    aside(() => fillFrom(kept, values));
    copyInto(out, kept);
    recording.by.constant(kept);
    return;
  }
  const { view, start } = elementsOf(out);
  if (ArrayBuffer.isView(values)) {
    const bits = view instanceof Uint16Array && values instanceof Uint16Array;
    if (bits || (typedDtype(values) === out.dtype && !(view instanceof Uint16Array))) {
      view.set(values as unknown as TypedArray, start);
      return;
    }
  }
  const stored = STORED[out.dtype];
  for (let i = 0; i < values.length; i++) view[start + i] = stored(values[i] as Scalar) as number;
}

/** Truncates toward zero, saturates, and turns NaN into 0, as casts in kernels do. */
function toInt32(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-2147483648, Math.min(2147483647, Math.trunc(value)));
}

/**
 * A tensor from nested arrays, a number, a boolean, or a typed array, copied. Numbers give the default dtype (float32),
 * booleans bool, bigints int64, a typed array its own dtype (Uint16Array with float16 or bfloat16: the bits). A tensor is copied without its history, with a warning.
 *
 * ```js
 * tensor([[1, 2], [3, 4]], { requiresGrad: true })
 * ```
 * @throws ShapeError for ragged arrays, DTypeError for an unknown dtype or one that cannot require gradients.
 */
export function tensor(data: NestedArray | ArrayData | Tensor, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("tensor", rest);
  if (data instanceof Tensor) {
    console.warn(
      "wengert: to copy a tensor, use x.detach().clone(), or x.clone() to keep its history, rather than tensor(x)",
    );
    asTensor("tensor", data);
    return make("tensor", data.shape, dtypeFrom("tensor", options, data.dtype), options, (out) => copyInto(out, data));
  }
  if (ArrayBuffer.isView(data)) {
    const own = typedDtype(data);
    if (own === null && (options.dtype === null || options.dtype === undefined)) {
      throw new DTypeError(`tensor: a ${data.constructor.name} needs an explicit dtype, such as { dtype: "int32" }`);
    }
    const dtype = dtypeFrom("tensor", options, own ?? "float32");
    return make("tensor", [data.length], dtype, options, (out) => fillFrom(out, data as ArrayLike<Scalar>));
  }
  const shape = shapeOf(data);
  const values: Scalar[] = [];
  flatten("tensor", data, shape, 0, values);
  const dtype = dtypeFrom("tensor", options, dtypeOfValues(values));
  return make("tensor", shape, dtype, options, (out) => fillFrom(out, values));
}

/** Booleans alone give bool, bigints (and booleans) int64, all else the default dtype. */
function dtypeOfValues(values: readonly Scalar[]): DType {
  let plain = values.length === 0;
  let big = false;
  for (const value of values) {
    if (typeof value === "number") plain = true;
    else if (typeof value === "bigint") big = true;
  }
  return plain ? getDefaultDtype() : big ? "int64" : "bool";
}

/** A tensor of zeros. */
export function zeros(shape: Shape, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("zeros", rest);
  return make("zeros", shape, dtypeFrom("zeros", options, getDefaultDtype()), options, (out) => copyInto(out, 0));
}

/** A tensor of ones. */
export function ones(shape: Shape, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("ones", rest);
  return make("ones", shape, dtypeFrom("ones", options, getDefaultDtype()), options, (out) => copyInto(out, 1));
}

/** Checks that a value to fill with is a scalar. */
function checkValue(op: string, value: unknown): void {
  if (!isScalar(value)) {
    throw new ArgumentError(`${op}: expected a number or a boolean to fill with, got ${describe(value)}`);
  }
}

/** A tensor full of one value: a number gives the default dtype, a boolean bool, a bigint int64. */
export function full(shape: Shape, value: Scalar, ...rest: [options?: CreationOptions]): Tensor {
  checkValue("full", value);
  const options = creation("full", rest);
  const otherwise = dtypeOfValues([value]);
  return make("full", shape, dtypeFrom("full", options, otherwise), options, (out) => copyInto(out, value));
}

/** A tensor whose contents are unspecified. */
export function empty(shape: Shape, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("empty", rest);
  return make("empty", shape, dtypeFrom("empty", options, getDefaultDtype()), options, () => {});
}

/** Zeros of the shape, dtype and dense layout of `x`, without history. */
export function zerosLike(x: Tensor, ...rest: [options?: CreationOptions]): Tensor {
  return like("zerosLike", x, rest, (out) => copyInto(out, 0));
}

/** Ones of the shape, dtype and dense layout of `x`, without history. */
export function onesLike(x: Tensor, ...rest: [options?: CreationOptions]): Tensor {
  return like("onesLike", x, rest, (out) => copyInto(out, 1));
}

/** One value in the shape, dtype and dense layout of `x`, without history. */
export function fullLike(x: Tensor, value: Scalar, ...rest: [options?: CreationOptions]): Tensor {
  checkValue("fullLike", value);
  return like("fullLike", x, rest, (out) => copyInto(out, value));
}

/** Unspecified contents in the shape, dtype and dense layout of `x`. */
export function emptyLike(x: Tensor, ...rest: [options?: CreationOptions]): Tensor {
  return like("emptyLike", x, rest, () => {});
}

const aranges = /* @__PURE__ */ new KernelFamily("arange");
const linspaces = /* @__PURE__ */ new KernelFamily("linspace");
const eyes = /* @__PURE__ */ new WidthFamily("eye");

/** Options of `arange`; bounds and step by name are an alternative to positions. */
export interface ArangeOptions extends CreationOptions {
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}

/**
 * Numbers from `start` (0) up to, not including, `end` in steps of `step` (1): `arange(end)`, `arange(start, end)`,
 * `arange(start, end, step)`, then options. Default dtype float32.
 * @throws ArgumentError for a step of zero or one that leads away from the end.
 */
export function arange(...args: [...(number | ArangeOptions | undefined)[]]): Tensor {
  const numbers = args.filter((arg) => typeof arg === "number" || typeof arg === "boolean").map(Number);
  const rest = args.filter((arg) => typeof arg !== "number" && typeof arg !== "boolean");
  const named = parse("arange", rest, {
    start: null as number | null,
    end: null as number | null,
    step: null as number | null,
    dtype: null as DType | null,
    requiresGrad: false,
  });
  if (numbers.length + (named.end === null ? 0 : 1) === 0 || numbers.length > 3) {
    throw new ArgumentError(
      `arange: expected (end), (start, end) or (start, end, step), got ${numbers.length} numbers`,
    );
  }
  const positional = numbers.length === 1 && named.end === null ? [null, numbers[0]] : numbers;
  const start = positional[0] ?? named.start ?? 0;
  const end = positional[1] ?? named.end ?? 0;
  const step = positional[2] ?? Number(named.step ?? 1);
  if (step === 0) throw new ArgumentError("arange: step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new ArgumentError(`arange: unsupported range: ${start} -> ${end}`);
  if ((end - start) / step < 0)
    throw new ArgumentError("arange: upper bound and lower bound inconsistent with step sign");
  const dtype = dtypeFrom("arange", named, getDefaultDtype());
  if (dtype === "bool") throw new DTypeError("arange: not for bool");
  const whole = categoryOf(dtype) === FLOAT ? (x: number) => x : Math.trunc;
  const size = Math.ceil((whole(end) - whole(start)) / whole(step));
  return make("arange", [size], dtype, named, (out) => {
    beginNest([size]);
    addTensor(out);
    setParameter(0, start);
    setParameter(1, step);
    launch(aranges.of(dtype), writeNest());
  });
}

/** A bound given as a number or as a 0-dim tensor. */
function bound(op: string, value: number | Tensor): number {
  if (!(value instanceof Tensor)) return value;
  asTensor(op, value);
  if (value.ndim !== 0)
    throw new ArgumentError(`${op}: only supports 0-dimensional start and end tensors, got ${describe(value)}`);
  return Number(item(value));
}

/** `steps` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace(
  from: number | Tensor,
  to: number | Tensor,
  steps: number,
  ...rest: [options?: CreationOptions]
): Tensor {
  const options = creation("linspace", rest);
  const start = bound("linspace", from);
  const end = bound("linspace", to);
  if (!Number.isInteger(steps) || steps < 0)
    throw new ArgumentError(`linspace: number of steps must be non-negative, got ${steps}`);
  const dtype = dtypeFrom("linspace", options, getDefaultDtype());
  if (dtype === "bool") throw new DTypeError("linspace: not for bool");
  return make("linspace", [steps], dtype, options, (out) => {
    beginNest([steps]);
    addTensor(out);
    setParameter(0, start);
    setParameter(1, end);
    setParameter(2, steps);
    launch(linspaces.of(dtype), writeNest());
  });
}

/** The identity matrix, `n` by `m` (default `n`). */
export function eye(n: number, ...rest: [m?: number | CreationOptions, options?: CreationOptions]): Tensor {
  const m = rest.length > 0 && !isOptions(rest[0]) && rest[0] !== undefined ? (rest[0] as number) : n;
  const options = creation(
    "eye",
    rest.filter((arg) => isOptions(arg)),
  );
  const dtype = dtypeFrom("eye", options, getDefaultDtype());
  return make("eye", [n, m], dtype, options, (out) => {
    if (numel(out.shape) === 0) return;
    const one = full([], 1, { dtype });
    beginNest(out.shape);
    addTensor(out);
    addTensor(one);
    setParameter(0, 0);
    launch(eyes.of(bytesOf(dtype)), writeNest());
    one.dispose();
  });
}

/** `steps` powers of `base` (10), evenly spaced in the exponent from `start` to `end`, both included. */
export function logspace(
  start: number | Tensor,
  end: number | Tensor,
  steps: number,
  ...rest: Trailing<[base: number], CreationOptions & { readonly base?: number }>
): Tensor {
  const { base, ...options } = parse("logspace", rest, { base: 10, dtype: null as DType | null, requiresGrad: false }, [
    "base",
  ]);
  const dtype = dtypeFrom("logspace", options, getDefaultDtype());
  return composed("logspace", () => {
    const exponents = linspace(start, end, steps, { dtype: "float64" });
    const powers = castTo(pow(base, exponents), dtype);
    return make("logspace", [steps], dtype, options, (out) => copyInto(out, powers));
  });
}

/** A 0-dim tensor of one value. */
export function scalarTensor(value: Scalar, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("scalarTensor", rest);
  return make("scalarTensor", [], dtypeFrom("scalarTensor", options, getDefaultDtype()), options, (out) =>
    copyInto(out, value),
  );
}

/** A tensor as it is where it has the dtype, with its history; everything else as `tensor`. */
function asTensorOf(
  data: NestedArray | ArrayData | Tensor,
  ...rest: [options?: { readonly dtype?: DType | null }]
): Tensor {
  const { dtype } = parse("asTensor", rest, { dtype: null as DType | null });
  return data instanceof Tensor ? (dtype === null ? data : to(data, dtype)) : tensor(data, { dtype });
}

export { asTensorOf as asTensor };

/** A tensor of a shape from a typed array, copied. */
export function fromTypedArray(data: ArrayData, shape: Shape, ...rest: []): Tensor {
  nothingMore("fromTypedArray", rest);
  const flat = tensor(data);
  return composed("fromTypedArray", () => reshape(flat, shape));
}
