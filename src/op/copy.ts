// Copies and casts that are invisible to the tape: launches, not operations.

import { bytesOf, computesAs, type DType } from "../tensor/dtype.js";
import { isContiguous, isDenseNonOverlapping, likeStrides } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, emptyOf, Tensor } from "../tensor/tensor.js";
import { type Kernel, WidthFamily } from "../wasm/kernels.js";
import { kernelOf } from "../wasm/table.js";
import { castName } from "../wasm/words.js";
import { addOperand, addTensor, beginNest, launchMap, type Operand } from "./nest.js";

const copies = /* @__PURE__ */ new WidthFamily("copy");

function castKernel(from: DType, to: DType): Kernel | undefined {
  if (from === to || (from === "bool" && to === "uint8")) return copies.of(bytesOf(to));
  return kernelOf(castName(from, to));
}

/** The dtype by way of which a cast goes that has no kernel: the halves by float32, small integers by one that wraps. */
function between(from: DType, to: DType): DType {
  if (from === "float16" || from === "bfloat16") return "float32";
  if (computesAs(from) === "int32") return "int32";
  if (computesAs(to) !== "int32") return "float32";
  return from === "float32" || from === "float64" ? "int64" : "int32";
}

/** Writes `source`, broadcast and cast, into `target`. Their memory must not overlap partially. */
export function copyInto(target: Tensor, source: Operand): void {
  const kernel = castKernel(source instanceof Tensor ? source.dtype : target.dtype, target.dtype);
  if (kernel === undefined) {
    const { dtype } = source as Tensor;
    temporaries(() => {
      copyInto(target, castTo(source as Tensor, between(dtype, target.dtype)));
      return null;
    });
    return;
  }
  beginNest(target.layout.shape);
  addTensor(target);
  addOperand(source, target.dtype);
  launchMap(kernel);
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
