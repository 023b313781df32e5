// Creation: tensors from JavaScript values, constants, ranges.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asIntegers, asTensor, describe, isOptions, parse } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { addTensor, beginNest, writeNest } from "../op/nest.js";
import { bytesOf, checkDtype, type DType, getDefaultDtype, isFloat, type TypedArray } from "../tensor/dtype.js";
import { checkShape, likeStrides, numel } from "../tensor/layout.js";
import { empty as blank, emptyOf, Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { views } from "../wasm/memory.js";

/** Options of all functions that make tensors. */
export interface CreationOptions {
  /** Dtype of the result. */
  readonly dtype?: DType | null;
  /** Whether the result collects gradients; floating-point dtypes only. */
  readonly requiresGrad?: boolean;
}

/** A shape: one array of sizes. */
export type Shape = readonly number[];

/** Nested arrays of numbers or booleans. */
export type NestedArray = number | boolean | readonly NestedArray[];

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

function viewOf(dtype: DType): TypedArray {
  return dtype === "float32" ? views.f32 : dtype === "float64" ? views.f64 : dtype === "int32" ? views.i32 : views.u8;
}

/** The typed view over linear memory for a dtype, and where a contiguous tensor starts in it. */
export function elementsOf(x: Tensor): { readonly view: TypedArray; readonly start: number } {
  return { view: viewOf(x.dtype), start: x.address / bytesOf(x.dtype) };
}

function typedDtype(data: ArrayBufferView): DType | null {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  return null;
}

/** The shape of nested arrays, told by their first elements. */
function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  for (let at = data; Array.isArray(at); at = at[0]) shape.push(at.length);
  return shape;
}

/** Collects the elements of nested arrays, and refuses ragged ones. */
function flatten(op: string, data: unknown, shape: readonly number[], dim: number, into: (number | boolean)[]): void {
  if (dim === shape.length) {
    if (typeof data === "number" || typeof data === "boolean") into.push(data);
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

/** Copies JavaScript values, row-major, into a contiguous tensor. */
function fillFrom(out: Tensor, values: ArrayLike<number | boolean>): void {
  const { view, start } = elementsOf(out);
  if (ArrayBuffer.isView(values) && typedDtype(values) === out.dtype) view.set(values as unknown as TypedArray, start);
  else if (out.dtype === "bool")
    for (let i = 0; i < values.length; i++) view[start + i] = Number(values[i]) !== 0 ? 1 : 0;
  else if (out.dtype === "int32") for (let i = 0; i < values.length; i++) view[start + i] = toInt32(Number(values[i]));
  else for (let i = 0; i < values.length; i++) view[start + i] = Number(values[i]);
}

/** Truncates toward zero, saturates, and turns NaN into 0, as casts in kernels do. */
function toInt32(value: number): number {
  return Number.isNaN(value) ? 0 : Math.max(-2147483648, Math.min(2147483647, Math.trunc(value)));
}

/**
 * A tensor from nested arrays, a number, a boolean, or a typed array, copied. Numbers give the default dtype (float32),
 * booleans bool, a typed array its own dtype. A tensor is copied without its history, with a warning.
 *
 * ```js
 * tensor([[1, 2], [3, 4]], { requiresGrad: true })
 * ```
 * @throws ShapeError for ragged arrays, DTypeError for an unknown dtype or one that cannot require gradients.
 */
export function tensor(
  data: NestedArray | TypedArray | Uint8ClampedArray | Tensor,
  ...rest: [options?: CreationOptions]
): Tensor {
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
    return make("tensor", [data.length], dtype, options, (out) => fillFrom(out, data as ArrayLike<number>));
  }
  const shape = shapeOf(data);
  const values: (number | boolean)[] = [];
  flatten("tensor", data, shape, 0, values);
  const allBool = values.length > 0 && values.every((value) => typeof value === "boolean");
  const dtype = dtypeFrom("tensor", options, allBool ? "bool" : getDefaultDtype());
  return make("tensor", shape, dtype, options, (out) => fillFrom(out, values));
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

/** A tensor full of one value: a number gives the default dtype, a boolean bool. */
export function full(shape: Shape, value: number | boolean, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("full", rest);
  const otherwise = typeof value === "boolean" ? "bool" : getDefaultDtype();
  return make("full", shape, dtypeFrom("full", options, otherwise), options, (out) => copyInto(out, value));
}

/** A tensor whose contents are unspecified. */
export function empty(shape: Shape, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("empty", rest);
  return make("empty", shape, dtypeFrom("empty", options, getDefaultDtype()), options, () => {});
}

/** Makes a tensor like another: its shape, its dtype unless options name one, its layout where that is dense. */
function like(op: string, x: Tensor, rest: readonly unknown[], fill: (out: Tensor) => void): Tensor {
  asTensor(op, x);
  const options = creation(op, rest);
  const dtype = dtypeFrom(op, options, x.dtype);
  checkRequiresGrad(op, dtype, options.requiresGrad);
  const out = emptyOf(op, { shape: x.shape, strides: likeStrides(x.layout), offset: 0 }, dtype);
  fill(out);
  out.collects = options.requiresGrad === true;
  return out;
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
export function fullLike(x: Tensor, value: number | boolean, ...rest: [options?: CreationOptions]): Tensor {
  return like("fullLike", x, rest, (out) => copyInto(out, value));
}

/** Unspecified contents in the shape, dtype and dense layout of `x`. */
export function emptyLike(x: Tensor, ...rest: [options?: CreationOptions]): Tensor {
  return like("emptyLike", x, rest, () => {});
}

const aranges = /* @__PURE__ */ new KernelFamily("arange");
const linspaces = /* @__PURE__ */ new KernelFamily("linspace");
const eyes = /* @__PURE__ */ new WidthFamily("eye");

/**
 * Numbers from `start` (0) up to, not including, `end` in steps of `step` (1): `arange(end)`, `arange(start, end)`,
 * `arange(start, end, step)`, then options. Default dtype float32.
 * @throws ArgumentError for a step of zero or one that leads away from the end.
 */
export function arange(...args: [number, ...(number | CreationOptions | undefined)[]]): Tensor {
  const numbers: number[] = [];
  const rest: unknown[] = [];
  for (const arg of args) {
    if (typeof arg === "number" && rest.length === 0) numbers.push(arg);
    else rest.push(arg);
  }
  const options = creation("arange", rest);
  if (numbers.length === 0 || numbers.length > 3) {
    throw new ArgumentError(
      `arange: expected (end), (start, end) or (start, end, step), got ${numbers.length} numbers`,
    );
  }
  const [start, end, step] = (
    numbers.length === 1 ? [0, numbers[0], 1] : [numbers[0], numbers[1], numbers[2] ?? 1]
  ) as [number, number, number];
  if (step === 0) throw new ArgumentError("arange: step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end))
    throw new ArgumentError(`arange: unsupported range: ${start} -> ${end}`);
  if ((end - start) / step < 0)
    throw new ArgumentError("arange: upper bound and larger bound inconsistent with step sign");
  const dtype = dtypeFrom("arange", options, getDefaultDtype());
  if (dtype === "bool") throw new DTypeError("arange: not for bool");
  const whole = dtype === "int32" ? Math.trunc : (x: number) => x;
  const size = Math.ceil((whole(end) - whole(start)) / whole(step));
  return make("arange", [size], dtype, options, (out) => {
    beginNest([size]);
    addTensor(out);
    setParameter(0, start);
    setParameter(1, step);
    launch(aranges.of(dtype), writeNest());
  });
}

/** `steps` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace(start: number, end: number, steps: number, ...rest: [options?: CreationOptions]): Tensor {
  const options = creation("linspace", rest);
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
