// Copies and casts that are invisible to the tape: launches, not operations.

import { bytesOf, type DType, wordOf } from "../tensor/dtype.js";
import { isContiguous, isDenseNonOverlapping, likeStrides } from "../tensor/layout.js";
import { empty, emptyOf, Tensor } from "../tensor/tensor.js";
import { type Kernel, WidthFamily } from "../wasm/kernels.js";
import { artifact } from "../wasm/memory.js";
import { addOperand, addTensor, beginNest, launchMap, type Operand } from "./nest.js";

const copies = /* @__PURE__ */ new WidthFamily("copy");

function castKernel(from: DType, to: DType): Kernel {
  return (artifact() as unknown as Record<string, Kernel>)[`cast_${wordOf(from)}_${wordOf(to)}`] as Kernel;
}

/** Writes `source`, broadcast and cast, into `target`. Their memory must not overlap partially. */
export function copyInto(target: Tensor, source: Operand): void {
  beginNest(target.layout.shape);
  addTensor(target);
  addOperand(source, target.dtype);
  const casts = source instanceof Tensor && source.dtype !== target.dtype;
  launchMap(casts ? castKernel(source.dtype, target.dtype) : copies.of(bytesOf(target.dtype)));
}

/** A copy with the same layout where that is dense, else contiguous. */
export function dense(x: Tensor): Tensor {
  const out = emptyOf("clone", { shape: x.shape, strides: likeStrides(x.layout), offset: 0 }, x.dtype);
  copyInto(out, x);
  return out;
}

/** A contiguous copy. */
export function contiguousCopy(x: Tensor): Tensor {
  const out = empty("contiguous", x.shape, x.dtype);
  copyInto(out, x);
  return out;
}

/** The tensor itself if it is contiguous, else a contiguous copy. */
export function asContiguous(x: Tensor): Tensor {
  return isContiguous(x.layout) ? x : contiguousCopy(x);
}

/** The tensor itself if it has the dtype, else a copy in that dtype, of the same layout where that is dense. */
export function castTo(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const strides = isDenseNonOverlapping(x.layout) ? x.layout.strides : likeStrides(x.layout);
  const out = emptyOf("to", { shape: x.shape, strides, offset: 0 }, dtype);
  copyInto(out, x);
  return out;
}
