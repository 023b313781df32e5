// Launches of kernels that work along one dim, a row for every position of the others: scans, softmax, sorts.

import { alias, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launch, launchWhole } from "../wasm/launch.js";
import { addStrided, beginNest, writeSplit } from "./nest.js";

/** Parameters of a launch, and what its kernel works in beside the operands. */
export interface AlongOptions {
  readonly parameters?: readonly number[];
  /** Memory that the kernel works in, as one more operand without strides. */
  readonly temporary?: Tensor | null;
}

/**
 * Runs a kernel along `dim` of operands of one shape, results first. Operands may have size 1 along `dim` where the
 * others do not: their stride there is 0.
 */
export function launchAlong(
  kernel: Kernel,
  dim: number,
  operands: readonly Tensor[],
  { parameters = [], temporary = null }: AlongOptions = {},
): void {
  const shape = (operands[operands.length - 1] as Tensor).shape;
  const rank = shape.length;
  const sizes: number[] = [];
  for (let d = 0; d < rank; d++) {
    const size = shape[d] as number;
    if (size === 0) return;
    if (d !== dim && size !== 1) sizes.push(size);
  }
  const row = rank === 0 ? 1 : (shape[dim] as number);
  sizes.push(row);
  beginNest(sizes);
  for (const x of operands) {
    const { shape: own, strides: all } = x.layout;
    const strides: number[] = [];
    for (let d = 0; d < rank; d++) if (d !== dim && shape[d] !== 1) strides.push(all[d] as number);
    strides.push(rank === 0 ? 1 : own[dim] === 1 && row !== 1 ? 0 : (all[dim] as number));
    addStrided(x, strides);
  }
  if (temporary !== null) {
    addStrided(
      temporary,
      sizes.map(() => 0),
    );
  }
  const { extent } = writeSplit(1, false);
  for (let i = 0; i < parameters.length; i++) setParameter(i, parameters[i] as number);
  // What all rows work in, one row works in at a time.
  if (temporary === null) launch(kernel, extent);
  else launchWhole(kernel, extent);
}

/** The same elements in the opposite order along `dim`, for launches only: its stride is negative. */
export function backwards(x: Tensor, dim: number): Tensor {
  const size = x.shape[dim];
  if (size === undefined || size === 0) return x;
  const strides = [...x.layout.strides];
  const stride = strides[dim] as number;
  strides[dim] = -stride;
  return alias(x, { shape: x.shape, strides, offset: x.layout.offset + (size - 1) * stride });
}
