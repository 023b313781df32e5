// Shapes by other means than naming them: flattened, unflattened, or like another tensor's.

import { asInteger, asIntegers, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { flattenShape, unflattenShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { contiguous } from "./cast.js";
import { expand, reshape, view } from "./shape.js";

/** Dims from `startDim` (0) to `endDim` (-1) made one: a view where strides allow it. */
export function flatten(
  x: Tensor,
  ...rest: Trailing<[startDim: number, endDim: number], { readonly startDim?: number; readonly endDim?: number }>
): Tensor {
  asTensor("flatten", x);
  const { startDim, endDim } = parse("flatten", rest, { startDim: 0, endDim: -1 }, ["startDim", "endDim"]);
  const shape = flattenShape("flatten", x.shape, startDim, endDim);
  return shape === x.shape ? x : reshape(x, shape);
}

/** One dim made several of the given sizes, one of which may be -1; a view. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[], ...rest: []): Tensor {
  nothingMore("unflatten", rest);
  asTensor("unflatten", x);
  return reshape(
    x,
    unflattenShape("unflatten", x.shape, asInteger("unflatten", dim, "dim"), asIntegers("unflatten", sizes, "sizes")),
  );
}

/** In the shape of another tensor, as a view of repeated elements. */
export function expandAs(x: Tensor, other: Tensor, ...rest: []): Tensor {
  nothingMore("expandAs", rest);
  return called("expandAs", () => expand(x, asTensor("expandAs", other, "other").shape));
}

/** Broadcast to a shape; see `expand`. */
export function broadcastTo(x: Tensor, shape: readonly number[], ...rest: []): Tensor {
  nothingMore("broadcastTo", rest);
  return called("broadcastTo", () => expand(x, shape));
}

/** A view in the shape of another tensor. */
export function viewAs(x: Tensor, other: Tensor, ...rest: []): Tensor {
  nothingMore("viewAs", rest);
  return called("viewAs", () => view(x, asTensor("viewAs", other, "other").shape));
}

/** In the shape of another tensor; see `reshape`. */
export function reshapeAs(x: Tensor, other: Tensor, ...rest: []): Tensor {
  nothingMore("reshapeAs", rest);
  return called("reshapeAs", () => reshape(x, asTensor("reshapeAs", other, "other").shape));
}

/** All elements in one dim: a view of a contiguous tensor, else a copy. */
export function ravel(x: Tensor, ...rest: []): Tensor {
  nothingMore("ravel", rest);
  asTensor("ravel", x);
  return composed("ravel", () => view(contiguous(x), [-1]));
}
