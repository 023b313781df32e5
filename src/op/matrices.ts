// Batches of matrices: checking them, and running kernels over them.

import { DTypeError, NumericalError, ShapeError } from "../errors.js";
import { isFloat } from "../tensor/dtype.js";
import { formatShape, numel } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { asTensor } from "./args.js";
import { addStrided, beginNest, writeNest } from "./nest.js";

/** Throws unless `x` is a matrix or a batch of them, floating-point. */
export function asMatrices(op: string, x: unknown, name = "A"): Tensor {
  const tensor = asTensor(op, x, name);
  if (tensor.ndim < 2) {
    throw new ShapeError(
      `${op}: The input tensor ${name} must have at least 2 dimensions, got ${formatShape(tensor.shape)}`,
    );
  }
  if (!isFloat(tensor.dtype)) {
    throw new DTypeError(
      `${op}: Expected a floating point tensor as ${name}, got ${tensor.dtype}; convert it with .to("float32")`,
    );
  }
  return tensor;
}

/** Throws unless `x` is a square matrix or a batch of them, floating-point. */
export function asSquare(op: string, x: unknown, name = "A"): Tensor {
  const tensor = asMatrices(op, x, name);
  if (tensor.shape.at(-1) !== tensor.shape.at(-2)) {
    throw new ShapeError(
      `${op}: ${name} must be batches of square matrices, but they are ${formatShape(tensor.shape.slice(-2))} matrices`,
    );
  }
  return tensor;
}

/** The dims before the last two. */
export function batchOf(x: Tensor): readonly number[] {
  return x.shape.slice(0, -2);
}

/** Rows and columns. */
export function sizesOf(x: Tensor): readonly [number, number] {
  return [x.shape.at(-2) as number, x.shape.at(-1) as number];
}

/** Throws unless two tensors, neither of them disposed, have one dtype. */
export function sameDtype(op: string, first: Tensor, second: Tensor): void {
  const a = asTensor(op, first);
  const b = asTensor(op, second, "other");
  if (a.dtype === b.dtype) return;
  throw new DTypeError(
    `${op}: Expected same dtype for both operands, got ${a.dtype} and ${b.dtype}; convert one with .to("${a.dtype}")`,
  );
}

/** Runs a kernel over the matrices of contiguous operands; `sizes` are what the kernel reads from its nest. */
export function launchMatrices(
  kernel: Kernel,
  batch: readonly number[],
  sizes: readonly number[],
  operands: readonly Tensor[],
  parameters: readonly number[] = [],
): void {
  const count = numel(batch);
  if (count === 0) return;
  // The last size is read by no kernel: it makes up what the others are short of the work, a cube of the longest one.
  const most = Math.max(...sizes);
  beginNest([count, ...sizes, Math.max(1, Math.ceil(most ** 3 / numel(sizes)))]);
  const none = [0, ...sizes.map(() => 0), 0];
  for (const operand of operands) addStrided(operand, none);
  writeNest();
  parameters.forEach((value, i) => setParameter(i, value));
  launch(kernel, count);
}

/** Throws what a factorisation found out about its data. */
export function numerical(op: string, text: string): never {
  throw new NumericalError(`${op}: ${text}`);
}
