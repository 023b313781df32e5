// The short way for calls on small operands: of one floating dtype, each one run, by one call into the artifact.

import { mode } from "../tape/mode.js";
import type { DType } from "../tensor/dtype.js";
import { contiguous, isContiguous, type Layout, numel, sameShape } from "../tensor/layout.js";
import { batching, Storage } from "../tensor/storage.js";
import { making, Tensor } from "../tensor/tensor.js";
import { blockAddress, scalarOperand } from "../wasm/block.js";
import { grains } from "../wasm/grain.js";
import type { Kernel, KernelFamily } from "../wasm/kernels.js";
import { artifact, renewed } from "../wasm/memory.js";
import { recording } from "../wasm/recording.js";
import { runs } from "../wasm/run.js";
import { placeOf } from "../wasm/table.js";
import type { Operand } from "./nest.js";

/**
 * Whether a call of so much work may go this way: there is any, and nobody is to be told of it, records it, or takes its
 * kernel over.
 */
function undisturbed(work: number): boolean {
  return (
    work > 0 &&
    (runs.taken === null || (work < grains.least && recording.by === null)) &&
    mode.trace === null &&
    mode.levels === 0
  );
}

/** Bytes of an element of a dtype that may go this way, else 0. */
function widthOf(dtype: DType): number {
  return dtype === "float32" ? 4 : dtype === "float64" ? 8 : 0;
}

/** Whether a tensor is there and one run, with no dims hidden. */
function isRun(x: Tensor): boolean {
  if (x.isDisposed || x.storage.batch !== null) return false;
  const { layout } = x;
  // What has one dim is one run where its stride is 1.
  return layout.shape.length === 1 && layout.strides[0] === 1 ? true : isContiguous(layout);
}

function resultOf(address: number, bytes: number, layout: Layout, dtype: DType): Tensor {
  renewed(address + bytes);
  const storage = new Storage("elementwise", bytes, null, address);
  if (batching.used) storage.fresh = false;
  const out = new Tensor(storage, layout.offset === 0 ? layout : { ...layout, offset: 0 }, dtype);
  if (making.inference) out.inference = true;
  return out;
}

/** The result of a kernel of one operand, or null where the call has to go the long way. */
export function flat1(kernels: KernelFamily, x: Operand): Tensor | null {
  if (!(x instanceof Tensor) || !isRun(x)) return null;
  const { layout, dtype } = x;
  const width = widthOf(dtype);
  const count = numel(layout.shape);
  if (width === 0 || !undisturbed(count)) return null;
  const place = kernels.placeOf(dtype);
  if (place < 0) return null;
  if (batching.used) x.storage.fresh = false;
  const address = artifact().flat1(place, blockAddress(), count, width, x.address) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}

/** The same for two operands, of one shape, or one of them a single element or a number. */
export function flat2(kernels: KernelFamily, a: Operand, b: Operand): Tensor | null {
  if (!(a instanceof Tensor))
    return b instanceof Tensor && typeof a === "number" ? withNumber(kernels, b, a, true) : null;
  if (!(b instanceof Tensor)) return typeof b === "number" ? withNumber(kernels, a, b, false) : null;
  const { dtype } = a;
  const width = widthOf(dtype);
  if (width === 0 || b.dtype !== dtype || !isRun(a)) return null;
  let { layout } = a;
  let stepA = width;
  let stepB = width;
  if (layout !== b.layout || b.isDisposed || b.storage.batch !== null) {
    if (!isRun(b)) return null;
    const shape = b.layout.shape;
    if (!sameShape(layout.shape, shape)) {
      if (shape.length <= layout.shape.length && numel(shape) === 1) stepB = 0;
      else if (layout.shape.length <= shape.length && numel(layout.shape) === 1) {
        stepA = 0;
        layout = b.layout;
      } else return null;
    }
  }
  const count = numel(layout.shape);
  const place = kernels.placeOf(dtype);
  if (place < 0 || !undisturbed(count)) return null;
  if (batching.used) a.storage.fresh = b.storage.fresh = false;
  const at = a.address;
  const address = artifact().flat2(place, blockAddress(), count, width, at, stepA, b.address, stepB) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}

/** The same for three tensors of one shape, or some of them single elements. */
export function flat3(kernels: KernelFamily, a: Operand, b: Operand, c: Operand): Tensor | null {
  if (!(a instanceof Tensor && b instanceof Tensor && c instanceof Tensor)) return null;
  const { dtype } = a;
  const width = widthOf(dtype);
  if (width === 0 || b.dtype !== dtype || c.dtype !== dtype || !isRun(a) || !isRun(b) || !isRun(c)) return null;
  let { layout } = a;
  if (b.layout.shape.length > layout.shape.length) layout = b.layout;
  if (c.layout.shape.length > layout.shape.length) layout = c.layout;
  const { shape } = layout;
  const stepA = sameShape(a.layout.shape, shape) ? width : stepOfOne(a);
  const stepB = sameShape(b.layout.shape, shape) ? width : stepOfOne(b);
  const stepC = sameShape(c.layout.shape, shape) ? width : stepOfOne(c);
  const count = numel(shape);
  if (stepA + stepB + stepC < 0 || !undisturbed(count)) return null;
  const place = kernels.placeOf(dtype);
  if (place < 0) return null;
  if (batching.used) a.storage.fresh = b.storage.fresh = c.storage.fresh = false;
  const [first, second, third] = [a.address, b.address, c.address];
  const block = blockAddress();
  const address = artifact().flat3(place, block, count, width, first, stepA, second, stepB, third, stepC) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}

/** The step of an operand that is one element; of any other a number that makes every sum of steps negative. */
function stepOfOne(x: Tensor): number {
  return numel(x.layout.shape) === 1 ? 0 : -64;
}

/**
 * Writes the result of a kernel of two operands into the first; false where the call has to go the long way, as where it
 * would be recorded or the operand is a view.
 */
export function flatInto(kernels: KernelFamily, self: Operand, b: Operand): boolean {
  if (!(self instanceof Tensor && b instanceof Tensor)) return false;
  const { dtype, layout, storage } = self;
  const width = widthOf(dtype);
  if (width === 0 || b.dtype !== dtype || self.viewOf !== null || self.inference || !isRun(self) || !isRun(b))
    return false;
  if (storage === b.storage && self !== b) return false;
  if (mode.grad && (self.tracked || b.tracked)) return false;
  let stepB = width;
  if (!sameShape(layout.shape, b.layout.shape)) {
    if (b.layout.shape.length > layout.shape.length || numel(b.layout.shape) !== 1) return false;
    stepB = 0;
  }
  const count = numel(layout.shape);
  if (batching.used || !undisturbed(count)) return false;
  const place = kernels.placeOf(dtype);
  if (place < 0) return false;
  const at = self.address;
  artifact().flatInto(place, blockAddress(), count, width, at, at, width, b.address, stepB);
  storage.written();
  return true;
}

/** The same for a tensor and a number, which is the first operand where `leads`. */
function withNumber(kernels: KernelFamily, x: Tensor, number: number, leads: boolean): Tensor | null {
  const { layout, dtype } = x;
  const width = widthOf(dtype);
  if (width === 0 || !isRun(x)) return null;
  const count = numel(layout.shape);
  const place = kernels.placeOf(dtype);
  if (place < 0 || !undisturbed(count)) return null;
  if (batching.used) x.storage.fresh = false;
  const scalar = scalarOperand(1, number, dtype);
  const at = x.address;
  const address =
    (leads
      ? artifact().flat2(place, blockAddress(), count, width, scalar, 0, at, width)
      : artifact().flat2(place, blockAddress(), count, width, at, width, scalar, 0)) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}

/**
 * The result of a reduction, of `shape`, or null where the call has to go the long way: `x` is one run, and the dims of
 * `from` up to, not including, `to` are all of them, the first ones or the last ones.
 */
export function flatFold(
  kernel: Kernel,
  x: Tensor,
  from: number,
  to: number,
  shape: readonly number[],
  dtype: DType,
): Tensor | null {
  const { shape: sizes } = x.layout;
  const width = widthOf(dtype);
  if (width === 0 || dtype !== x.dtype || !isRun(x)) return null;
  let inner = 1;
  for (let d = from; d < to; d++) inner *= sizes[d] as number;
  const count = numel(sizes);
  const outer = count / inner;
  // Dims of one element are no dims of a nest.
  if (inner < 2 || !undisturbed(count)) return null;
  const place = placeOf(kernel);
  if (place < 0) return null;
  if (batching.used) x.storage.fresh = false;
  const first = from === 0;
  const step = (first ? 1 : inner) * width;
  const stepInner = (first ? outer : 1) * width;
  const block = blockAddress();
  const address = artifact().flatFold(place, block, outer, inner, width, x.address, step, stepInner) >>> 0;
  return address === 0 ? null : resultOf(address, outer * width, contiguous(shape), dtype);
}

/** Runs a product of matrices of float dtype; false where it has to go the long way. `extent` is the kernel's range. */
export function flatGemm(
  kernels: KernelFamily,
  extent: number,
  out: Tensor,
  a: Tensor,
  b: Tensor,
  c: Tensor | null,
  alpha: number,
  beta: number,
): boolean {
  const width = widthOf(out.dtype);
  const [m, n] = out.layout.shape as [number, number];
  const k = a.layout.shape[1] as number;
  if (width === 0 || batching.used || !undisturbed(m * n * k)) return false;
  const place = kernels.placeOf(out.dtype);
  if (place < 0) return false;
  const [sa, sb] = [a.layout.strides, b.layout.strides];
  let [cRow, cColumn] = [0, 0];
  if (c !== null) {
    const { shape, strides } = c.layout;
    const last = shape.length - 1;
    if (last >= 0 && shape[last] !== 1) cColumn = (strides[last] as number) * width;
    if (last >= 1 && shape[last - 1] !== 1) cRow = (strides[last - 1] as number) * width;
  }
  artifact().flatGemm(
    place,
    blockAddress(),
    extent,
    m,
    n,
    k,
    width,
    alpha,
    beta,
    out.address,
    (out.layout.strides[0] as number) * width,
    a.address,
    (sa[0] as number) * width,
    (sa[1] as number) * width,
    b.address,
    (sb[0] as number) * width,
    (sb[1] as number) * width,
    c === null ? 0 : c.address,
    cRow,
    cColumn,
  );
  return true;
}
