// Reading by index: gather, indexSelect, takeAlongDim, take; and their adjoint, adding up by index.

import { ShapeError } from "../errors.js";
import { asInteger, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { alongDim, checkAligned, checkIndex, type Indexed, listAlong } from "../op/indexed.js";
import { broadcastShapes, formatShape, normalizeDim } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { readingBy } from "./reading.js";
import { expand, reshape } from "./shape.js";

/**
 * Reads along a dim by index: out[i][j][k] = x[i][index[i][j][k]][k] for dim 1. `index` (int32) has as many dims as
 * `x`, and may be smaller in the others. Negative indices are refused.
 */
export function gather(
  x: Tensor,
  dim: number,
  index: Tensor,
  ...rest: [options?: { readonly sparseGrad?: boolean }]
): Tensor {
  asTensor("gather", x);
  asTensor("gather", index, "index");
  parse("gather", rest, { sparseGrad: false });
  const at = normalizeDim("gather", asInteger("gather", dim, "dim"), x.ndim);
  checkIndex("gather", index);
  if (index.numel() > 0) checkAligned("gather", x, at, index, true);
  return readingBy(1)([x, index], {
    plan: alongDim(x, at, index),
    from: x.shape,
    label: "GatherBackward0",
    name: "gather",
  });
}

/** The slices along a dim that a list of indices (int32, 1-dim or 0-dim) names; negative ones count from the end. */
export function indexSelect(x: Tensor, dim: number, index: Tensor, ...rest: []): Tensor {
  nothingMore("indexSelect", rest);
  asTensor("indexSelect", x);
  asTensor("indexSelect", index, "index");
  const at = normalizeDim("indexSelect", asInteger("indexSelect", dim, "dim"), x.ndim);
  checkIndex("indexSelect", index);
  if (x.ndim === 0 && index.numel() !== 1)
    throw new ShapeError(`indexSelect: Index to scalar can have only 1 value, got ${index.numel()} value(s)`);
  if (index.ndim > 1)
    throw new ShapeError(`indexSelect: Index is supposed to be a vector, got shape ${formatShape(index.shape)}`);
  const plan = listAlong(x, at, index, false);
  const out = readingBy(1)([x, index], { plan, from: x.shape, label: "IndexSelectBackward0", name: "indexSelect" });
  return x.ndim === 0 ? reshape(out, []) : out;
}

/** Reads along a dim by index, both broadcast in the other dims; without a dim both are taken flat. */
export function takeAlongDim(
  x: Tensor,
  index: Tensor,
  ...rest: Trailing<[dim: number | null], { readonly dim?: number | null }>
): Tensor {
  asTensor("takeAlongDim", x);
  asTensor("takeAlongDim", index, "index");
  checkIndex("takeAlongDim", index);
  const { dim } = parse("takeAlongDim", rest, { dim: null as number | null }, ["dim"]);
  return composed("takeAlongDim", () => {
    if (dim === null) return gather(reshape(x, [-1]), 0, reshape(index, [-1]));
    const at = normalizeDim("takeAlongDim", asInteger("takeAlongDim", dim, "dim"), x.ndim);
    if (x.ndim !== index.ndim) {
      throw new ShapeError(
        `takeAlongDim: input and indices should have the same number of dimensions, but got ${x.ndim} dimensions for input, and ${index.ndim} dimensions for indices`,
      );
    }
    const shape = [...broadcastShapes("takeAlongDim", without(x.shape, at), without(index.shape, at))];
    const wide = (size: number) => shape.map((own, d) => (d === at ? size : own));
    return gather(expand(x, wide(x.shape[at] as number)), at, expand(index, wide(index.shape[at] as number)));
  });
}

function without(shape: readonly number[], dim: number): number[] {
  return shape.map((size, d) => (d === dim ? 1 : size));
}

/** The elements at flat indices (int32, any shape); negative ones count from the end. */
export function take(x: Tensor, index: Tensor, ...rest: []): Tensor {
  nothingMore("take", rest);
  asTensor("take", x);
  asTensor("take", index, "index");
  checkIndex("take", index);
  return composed("take", () => {
    const flat = reshape(x, [-1]);
    const plan: Indexed = {
      shape: index.shape,
      own: index.shape.map(() => -1),
      dims: [0],
      over: [index.shape.map((_, d) => d)],
      wraps: true,
    };
    return readingBy(1)([flat, index], { plan, from: flat.shape, label: "TakeBackward0", name: "take" });
  });
}
