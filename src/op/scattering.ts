// What writing by index along a dim shares: checks, the part of a source that counts, and writing through a copy.

import { ArgumentError, DTypeError } from "../errors.js";
import { isScalar } from "../tensor/dtype.js";
import { formatShape, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { asInteger, asTensor, describe } from "./args.js";
import { contiguousCopy, copyInto } from "./copy.js";
import { checkAligned, checkIndex } from "./indexed.js";
import type { Operand } from "./nest.js";

/** Checks the arguments of `scatter` and its kin; returns the dim counted from the front. */
export function checkScatter(name: string, x: Tensor, dim: number, index: Tensor, source: Operand): number {
  asTensor(name, x);
  asTensor(name, index, "index");
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  checkIndex(name, index);
  if (source instanceof Tensor) {
    source.check(name);
    if (source.dtype !== x.dtype) {
      throw new DTypeError(
        `${name}: Expected self.dtype to be equal to src.dtype: self is ${x.dtype}, src is ${source.dtype}`,
      );
    }
  } else if (!isScalar(source)) {
    throw new ArgumentError(`${name}: src must be a tensor or a number, got ${describe(source)}`);
  }
  if (index.numel() === 0) return at;
  checkAligned(name, x, at, index, true);
  if (!(source instanceof Tensor)) return at;
  if (Math.max(1, source.ndim) !== Math.max(1, index.ndim)) {
    throw new ArgumentError(`${name}: Index tensor must have the same number of dimensions as src tensor`);
  }
  for (let d = 0; d < index.ndim; d++) {
    if ((index.shape[d] as number) > (source.shape[d] ?? 1)) {
      throw new ArgumentError(
        `${name}: Expected index ${formatShape(index.shape)} to be smaller than self ${formatShape(x.shape)} apart from dimension ${at} and to be smaller size than src ${formatShape(source.shape)}`,
      );
    }
  }
  return at;
}

/** The part of the source that belongs to the index. */
export function fitted(source: Tensor, index: Tensor): Tensor {
  const { strides, offset } = source.layout;
  return alias(source, {
    shape: index.shape,
    strides: index.shape.map((_, d) => strides[d] ?? 0),
    offset,
  });
}

/** A contiguous copy that was written: kernels want the written tensor apart from the rest. */
export function written(self: Tensor, write: (out: Tensor) => void, copy = contiguousCopy): Tensor {
  return temporaries(() => {
    const out = copy(self);
    write(out);
    return out;
  });
}

/** Writes through a copy: an index that is out of range leaves the tensor as it was. */
export function into(target: Tensor, write: (out: Tensor) => void): void {
  temporaries(() => {
    copyInto(target, written(target, write));
    return null;
  });
}
