// The layout of an elementwise result, and operands whose memory overlaps what is written.

import { ShapeError } from "../errors.js";
import {
  contiguous,
  isContiguous,
  isDenseNonOverlapping,
  type Layout,
  memoryOverlap,
  sameShape,
} from "../tensor/layout.js";
import { Tensor } from "../tensor/tensor.js";
import type { Operand } from "./nest.js";

/**
 * The layout PyTorch gives an elementwise result: contiguous if all operands are; the operands' own if it is dense and
 * all share it; else dense with the dims in the order of the operands' strides.
 */
export function resultLayout(shape: readonly number[], operands: readonly Operand[]): Layout {
  let first: Layout | null = null;
  let alike = true;
  let allContiguous = true;
  for (const operand of operands) {
    if (!(operand instanceof Tensor)) continue;
    const { layout } = operand;
    if (!sameShape(layout.shape, shape)) alike = false;
    else if (!isContiguous(layout)) allContiguous = false;
    if (first === null) first = layout;
    else if (alike && !sameShape(first.strides, layout.strides)) alike = false;
  }
  if (first === null || shape.length < 2) return contiguous(shape);
  if (allContiguous && first.offset === 0 && sameShape(first.shape, shape) && isContiguous(first)) {
    return alike ? { shape: first.shape, strides: first.strides, offset: 0 } : contiguous(shape);
  }
  if (allContiguous && alike) return contiguous(shape);
  if (alike && isDenseNonOverlapping(first)) return { shape, strides: first.strides, offset: 0 };
  return ordered(shape, operands);
}

/** A dense layout whose dims are ordered by the operands' strides, innermost the smallest. */
function ordered(shape: readonly number[], operands: readonly Operand[]): Layout {
  const rank = shape.length;
  const tensors = operands.filter((operand): operand is Tensor => operand instanceof Tensor);
  const strideOf = (tensor: Tensor, dim: number): number => {
    const at = dim - (rank - tensor.ndim);
    return at < 0 || tensor.shape[at] === 1 ? 0 : (tensor.layout.strides[at] as number);
  };
  // 1: dim a lies inside dim b already; -1: they must be exchanged; 0: this does not tell
  const compare = (a: number, b: number): number => {
    for (const tensor of tensors) {
      const sa = strideOf(tensor, a);
      const sb = strideOf(tensor, b);
      if (sa === 0 || sb === 0) continue;
      if (sa < sb) return 1;
      if (sa > sb) return -1;
      if ((shape[a] as number) > (shape[b] as number)) return -1;
    }
    return 0;
  };
  const inner = Array.from({ length: rank }, (_, i) => rank - 1 - i);
  for (let i = 1; i < rank; i++) {
    let at = i;
    for (let j = i - 1; j >= 0; j--) {
      const order = compare(inner[j] as number, inner[at] as number);
      if (order < 0) {
        const moved = inner[at] as number;
        inner[at] = inner[j] as number;
        inner[j] = moved;
        at = j;
      } else if (order > 0) break;
    }
  }
  const strides = new Array<number>(rank);
  let step = 1;
  for (const dim of inner) {
    strides[dim] = step;
    step *= Math.max(1, shape[dim] as number);
  }
  return { shape, strides, offset: 0 };
}

/** Throws if an operand's memory overlaps that of the tensor to write without being the same. */
export function overlapping(op: string, self: Tensor, operands: readonly Operand[]): void {
  for (const operand of operands) {
    if (!(operand instanceof Tensor) || operand === self || operand.storage !== self.storage) continue;
    if (memoryOverlap(self.layout, operand.layout) === "partial") {
      throw new ShapeError(
        `${op}: unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory ` +
          "location. Please clone() the tensor before performing the operation.",
      );
    }
  }
}
