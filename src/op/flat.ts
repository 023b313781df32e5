// The short way for elementwise calls: operands of one floating dtype that are one run each, one call into the artifact.

import { mode } from "../tape/mode.js";
import type { DType } from "../tensor/dtype.js";
import { isContiguous, type Layout, numel, sameShape } from "../tensor/layout.js";
import { batching, Storage } from "../tensor/storage.js";
import { making, Tensor } from "../tensor/tensor.js";
import { blockAddress, scalarOperand } from "../wasm/block.js";
import { grains } from "../wasm/grain.js";
import type { KernelFamily } from "../wasm/kernels.js";
import { artifact, renewed } from "../wasm/memory.js";
import { recording } from "../wasm/recording.js";
import { runs } from "../wasm/run.js";
import type { Operand } from "./nest.js";

/** Whether nobody is to be told of a call on `count` elements, records it, or takes its kernel over. */
function undisturbed(count: number): boolean {
  return (
    (runs.taken === null || (count < grains.least && recording.by === null)) && mode.trace === null && mode.levels === 0
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
  if (width === 0 || count === 0 || !undisturbed(count)) return null;
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
  if (count === 0 || place < 0 || !undisturbed(count)) return null;
  if (batching.used) a.storage.fresh = b.storage.fresh = false;
  const at = a.address;
  const address = artifact().flat2(place, blockAddress(), count, width, at, stepA, b.address, stepB) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}

/** The same for a tensor and a number, which is the first operand where `leads`. */
function withNumber(kernels: KernelFamily, x: Tensor, number: number, leads: boolean): Tensor | null {
  const { layout, dtype } = x;
  const width = widthOf(dtype);
  if (width === 0 || !isRun(x)) return null;
  const count = numel(layout.shape);
  const place = kernels.placeOf(dtype);
  if (count === 0 || place < 0 || !undisturbed(count)) return null;
  if (batching.used) x.storage.fresh = false;
  const scalar = scalarOperand(1, number, dtype);
  const at = x.address;
  const address =
    (leads
      ? artifact().flat2(place, blockAddress(), count, width, scalar, 0, at, width)
      : artifact().flat2(place, blockAddress(), count, width, at, width, scalar, 0)) >>> 0;
  return address === 0 ? null : resultOf(address, count * width, layout, dtype);
}
