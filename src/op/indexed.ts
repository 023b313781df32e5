// Reading and writing by index tensors: how dims of a nest belong to the indexed tensor and to the indices.

import { ArgumentError, DTypeError } from "../errors.js";
import { categoryOf, type DType, INTEGER } from "../tensor/dtype.js";
import { formatShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { bytesIn } from "../wasm/adapted.js";
import { setParameter, setResults } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launch, launchChecked, launchWhole } from "../wasm/launch.js";
import { asTensor } from "./args.js";
import { castTo } from "./copy.js";
import { addOperand, addStrided, addTensor, beginNest, type Operand, writeOpenNest } from "./nest.js";

/** How a tensor is indexed: over a nest of dims, some of which index tensors vary in. */
export interface Indexed {
  /** Shape of the nest: of what is read, or of what is written. */
  readonly shape: readonly number[];
  /** For each dim of the nest the dim of the indexed tensor that it walks along, or -1. */
  readonly own: readonly number[];
  /** For each index tensor the dim of the indexed tensor that it goes along. */
  readonly dims: readonly number[];
  /** For each index tensor and dim of the nest the dim of the index tensor, or -1. */
  readonly over: readonly (readonly number[])[];
  /** Whether negative indices count from the end, or are refused. */
  readonly wraps: boolean;
}

function stridesOver(x: Tensor, map: readonly number[]): number[] {
  return map.map((dim) => (dim < 0 || x.shape[dim] === 1 ? 0 : (x.layout.strides[dim] as number)));
}

/** Runs a kernel of the gather or scatter kind: `written`, `read`, then the index tensors, int32 or int64. */
export function launchIndexed(
  op: string,
  kernel: Kernel,
  indexed: Tensor,
  other: Operand,
  indices: readonly Tensor[],
  plan: Indexed,
  writes: boolean,
): void {
  if (indices.every((index) => index.dtype === "int32")) run(op, kernel, indexed, other, indices, plan, writes);
  else
    temporaries(() => {
      run(op, kernel, indexed, other, indices.map(narrowIndex), plan, writes);
      return null;
    });
}

/**
 * An index tensor as kernels take it: int32. What int32 cannot hold becomes its least or greatest, which is out of range
 * too; so the way leads through float64, whose casts saturate.
 */
export function narrowIndex(index: Tensor): Tensor {
  return castTo(index.dtype === "int64" ? castTo(index, "float64") : index, "int32");
}

function run(
  op: string,
  kernel: Kernel,
  indexed: Tensor,
  other: Operand,
  indices: readonly Tensor[],
  plan: Indexed,
  writes: boolean,
): void {
  const { shape, own, dims, over, wraps } = plan;
  if (shape.includes(0)) return;
  beginNest(shape);
  setResults(1);
  if (writes) addStrided(indexed, stridesOver(indexed, own));
  else addTensor(other as Tensor);
  if (writes) addOperand(other, indexed.dtype);
  else addStrided(indexed, stridesOver(indexed, own));
  indices.forEach((index, j) => {
    addStrided(index, stridesOver(index, over[j] as readonly number[]));
  });
  const extent = writeOpenNest();
  indices.forEach((_, j) => {
    const dim = dims[j] as number;
    const size = indexed.ndim === 0 ? 1 : (indexed.shape[dim] as number);
    setParameter(2 * j, wraps ? size : -1 - size);
    setParameter(
      2 * j + 1,
      indexed.ndim === 0 ? 0 : (indexed.layout.strides[dim] as number) * bytesIn(kernel, indexed.dtype),
    );
  });
  const about = (index: number): string => {
    const sizes = dims.map((dim) => `dimension ${dim} with size ${indexed.ndim === 0 ? 1 : indexed.shape[dim]}`);
    return `index ${index} is out of bounds for ${sizes.join(" or ")}`;
  };
  // Two indices may name one place: the order of the writes decides.
  launchChecked(op, kernel, extent, about, writes ? launchWhole : launch);
}

/** Whether index tensors may have a dtype: any of integers, of which PyTorch has int64. */
export function isIndexDtype(dtype: DType): boolean {
  return categoryOf(dtype) === INTEGER;
}

/** Checks the dtype of an index tensor. */
export function checkIndex(op: string, index: Tensor, name = "index"): void {
  asTensor(op, index, name);
  if (!isIndexDtype(index.dtype)) {
    throw new DTypeError(
      `${op}: Expected dtype int32 for ${name}, or int64, got ${index.dtype}; convert it with .to("int32")`,
    );
  }
}

/** Checks that an index tensor of `gather` and `scatter` fits the indexed tensor. */
export function checkAligned(op: string, x: Tensor, dim: number, index: Tensor, bound: boolean): void {
  const rank = Math.max(1, x.ndim);
  if (Math.max(1, index.ndim) !== rank) {
    throw new ArgumentError(
      `${op}: Index tensor must have the same number of dimensions as input tensor: index is ${formatShape(index.shape)}, input ${formatShape(x.shape)}`,
    );
  }
  if (!bound) return;
  for (let d = 0; d < index.ndim; d++) {
    if (d !== dim && (index.shape[d] as number) > ((x.shape[d] ?? 1) as number)) {
      throw new ArgumentError(
        `${op}: Size does not match at dimension ${d} expected index ${formatShape(index.shape)} to be smaller than self ${formatShape(x.shape)} apart from dimension ${dim}`,
      );
    }
  }
}

/** The plan of `gather` and `scatter` along a dim: index and nest are alike. */
export function alongDim(x: Tensor, dim: number, index: Tensor): Indexed {
  const dims = index.shape.map((_, d) => d);
  return {
    shape: index.shape,
    own: dims.map((d) => (d === dim || x.ndim === 0 ? -1 : d)),
    dims: [dim],
    over: [dims],
    wraps: false,
  };
}

/** The plan of `indexSelect` and kin: a list of indices along one dim. */
export function listAlong(x: Tensor, dim: number, index: Tensor, wraps: boolean): Indexed {
  const count = index.numel();
  const shape = x.ndim === 0 ? [count] : x.shape.map((size, d) => (d === dim ? count : size));
  return {
    shape,
    own: shape.map((_, d) => (d === dim ? -1 : d)),
    dims: [dim],
    over: [shape.map((_, d) => (d === dim && index.ndim > 0 ? 0 : -1))],
    wraps,
  };
}
