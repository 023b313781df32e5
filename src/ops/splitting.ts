// Diagonals put into matrices, copies with a view replaced, and splitting at places.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, describe, parse, type Trailing } from "../op/args.js";
import type { Slices } from "../tape/inplace.js";
import * as layouts from "../tensor/layout.js";
import { contiguous as contiguousLayout, formatShape, type Layout, normalizeDim, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { tolist } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { add } from "./arithmetic.js";
import { clone } from "./cast.js";
import { cutOut, placed } from "./region.js";
import { reshape } from "./shape.js";
import { sliceAlong } from "./slicing.js";
import { type DiagonalOptions, diagonal } from "./views.js";

/** A copy of `x` with what a view sees replaced by `source`. */
function replaced(name: string, x: Tensor, source: Tensor, see: (layout: Layout) => Layout): Tensor {
  asTensor(name, x);
  asTensor(name, source, "src");
  const base = contiguousLayout(x.shape);
  const view = see(base);
  if (!sameShape(view.shape, source.shape)) {
    throw new ShapeError(
      `${name}: expected src to have a size equal to the slice of self. src size = ${formatShape(source.shape)}, slice size = ${formatShape(view.shape)}`,
    );
  }
  const slices: Slices = { base, view };
  return temporaries(() => add(cutOut([x], slices), placed([source], slices)));
}

/** A copy of `x` with one slice along a dim replaced. */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number): Tensor {
  return replaced("selectScatter", x, source, (layout) => layouts.select("selectScatter", layout, dim, index));
}

/** Bounds of a slice. */
export interface SliceScatterOptions {
  readonly dim?: number;
  readonly start?: number | null;
  readonly end?: number | null;
  readonly step?: number;
}

/** A copy of `x` with a range of slices along a dim replaced. */
export function sliceScatter(
  x: Tensor,
  source: Tensor,
  ...rest: Trailing<[dim: number, start: number | null, end: number | null, step: number], SliceScatterOptions>
): Tensor {
  const defaults = { dim: 0, start: null as number | null, end: null as number | null, step: 1 };
  const { dim, start, end, step } = parse("sliceScatter", rest, defaults, ["dim", "start", "end", "step"]);
  return replaced("sliceScatter", x, source, (layout) => layouts.slice("sliceScatter", layout, dim, start, end, step));
}

const diagonalDefaults = { offset: 0, dim1: 0, dim2: 1 };

/** A copy of `x` with a diagonal replaced. */
export function diagonalScatter(
  x: Tensor,
  source: Tensor,
  ...rest: Trailing<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  const { offset, dim1, dim2 } = parse("diagonalScatter", rest, diagonalDefaults, ["offset", "dim1", "dim2"]);
  return replaced("diagonalScatter", x, source, (layout) =>
    layouts.diagonal("diagonalScatter", layout, offset, dim1, dim2),
  );
}

/** Matrices with the last dim of `x` on a diagonal and zeros elsewhere, in two new dims (the last ones). */
export function diagEmbed(
  x: Tensor,
  ...rest: Trailing<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  const name = "diagEmbed";
  asTensor(name, x);
  const given = parse(name, rest, { offset: 0, dim1: -2, dim2: -1 }, ["offset", "dim1", "dim2"]);
  const dim1 = normalizeDim(name, given.dim1, x.ndim + 1);
  const dim2 = normalizeDim(name, given.dim2, x.ndim + 1);
  if (dim1 === dim2)
    throw new ArgumentError(`${name}: diagonal dimensions cannot be identical ${given.dim1}, ${given.dim2}`);
  if (x.ndim === 0) throw new ShapeError(`${name}: expected a tensor with at least one dim`);
  const size = (x.shape[x.ndim - 1] as number) + Math.abs(given.offset);
  const shape = x.shape.slice(0, -1);
  for (const dim of [Math.min(dim1, dim2), Math.max(dim1, dim2)]) shape.splice(dim, 0, size);
  const base = contiguousLayout(shape);
  const view = layouts.diagonal(name, base, given.offset, dim1, dim2);
  return placed([x], { base, view });
}

/** The diagonal of a matrix as a copy, or a matrix with a vector on its diagonal. */
export function diag(x: Tensor, ...rest: Trailing<[diagonal: number], { readonly diagonal?: number }>): Tensor {
  asTensor("diag", x);
  const { diagonal: offset } = parse("diag", rest, { diagonal: 0 }, ["diagonal"]);
  if (x.ndim === 1) return diagEmbed(x, offset);
  if (x.ndim !== 2) throw new ShapeError(`diag: Supports 1D or 2D tensors. Got ${x.ndim}D`);
  return temporaries(() => clone(diagonal(x, offset)));
}

/** A matrix with all elements of `x` on its diagonal. */
export function diagflat(x: Tensor, ...rest: Trailing<[offset: number], { readonly offset?: number }>): Tensor {
  asTensor("diagflat", x);
  const { offset } = parse("diagflat", rest, { offset: 0 }, ["offset"]);
  return temporaries(() => diagEmbed(reshape(x, [-1]), offset));
}

/** Pieces along a dim: so many, their sizes differing by one at most, or cut before the given indices; views. */
export function tensorSplit(
  x: Tensor,
  parts: number | readonly number[] | Tensor,
  ...rest: Trailing<[dim: number], { readonly dim?: number }>
): Tensor[] {
  const name = "tensorSplit";
  asTensor(name, x);
  const { dim } = parse(name, rest, { dim: 0 }, ["dim"]);
  if (x.ndim === 0)
    throw new ShapeError(`${name}: expected at least a 1-dimensional tensor, but got a tensor with 0 dims`);
  const at = normalizeDim(name, dim, x.ndim);
  const given = parts instanceof Tensor ? partsOf(name, parts) : parts;
  const size = x.shape[at] as number;
  if (typeof given !== "number") {
    const cuts = asIntegers(name, given, "indices");
    return [...cuts, size].map((end, i) =>
      sliceAlong(x, at, i === 0 ? 0 : (cuts[i - 1] as number), i === cuts.length ? size : end, 1),
    );
  }
  const count = asInteger(name, given, "sections");
  if (count <= 0) throw new ArgumentError(`${name}: number of sections must be larger than 0, got ${count}`);
  const small = Math.floor(size / count);
  let start = 0;
  return Array.from({ length: count }, (_, i) => {
    const from = start;
    start += small + (i < size % count ? 1 : 0);
    return sliceAlong(x, at, from, start, 1);
  });
}

function partsOf(name: string, parts: Tensor): number | number[] {
  if (parts.dtype !== "int32")
    throw new ArgumentError(`${name}: tensor_indices_or_sections must be int32, got ${parts.dtype}`);
  if (parts.ndim > 1)
    throw new ArgumentError(
      `${name}: tensor_indices_or_sections must be a zero-dimensional or one-dimensional tensor, got ${parts.ndim} dims`,
    );
  return tolist(parts) as number | number[];
}

function splitAlong(
  name: string,
  least: number,
  dim: (rank: number) => number,
  x: Tensor,
  parts: number | readonly number[],
): Tensor[] {
  asTensor(name, x);
  if (x.ndim < least)
    throw new ShapeError(
      `${name}: requires a tensor with at least ${least} dimension${least === 1 ? "" : "s"}, but got a tensor with ${x.ndim} dimensions!`,
    );
  const at = dim(x.ndim);
  if (typeof parts === "number") {
    const size = x.shape[at] as number;
    if (!Number.isInteger(parts) || parts <= 0 || size % parts !== 0) {
      throw new ArgumentError(
        `${name}: attempting to split along dimension ${at}, but the size of the dimension ${size} is not divisible by the split_size ${describe(parts)}!`,
      );
    }
  }
  return tensorSplit(x, parts, at);
}

/** Equal pieces, or pieces cut before the given indices, side by side: along dim 1, or 0 for vectors. */
export function hsplit(x: Tensor, parts: number | readonly number[]): Tensor[] {
  return splitAlong("hsplit", 1, (rank) => (rank === 1 ? 0 : 1), x, parts);
}

/** Equal pieces, or pieces cut before the given indices, one below the other: along dim 0. */
export function vsplit(x: Tensor, parts: number | readonly number[]): Tensor[] {
  return splitAlong("vsplit", 2, () => 0, x, parts);
}

/** Equal pieces, or pieces cut before the given indices, along dim 2. */
export function dsplit(x: Tensor, parts: number | readonly number[]): Tensor[] {
  return splitAlong("dsplit", 3, () => 2, x, parts);
}
