// Copies with what a view sees replaced, and diagonals put into matrices and taken out.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Applied, op } from "../op/op.js";
import type { Slices } from "../tape/inplace.js";
import { bytesOf } from "../tensor/dtype.js";
import * as layouts from "../tensor/layout.js";
import {
  contiguous as contiguousLayout,
  formatShape,
  type Layout,
  likeStrides,
  normalizeDim,
  sameShape,
} from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { zerosLike } from "./creation.js";
import { cutOut, mayOverlap, overwritten, placed, region } from "./region.js";
import { reshape } from "./shape.js";
import type { DiagonalOptions } from "./views.js";

interface Labelled extends Slices {
  readonly label: string;
}

const label = ({ label: name }: Labelled): string => name;

/** A copy of the first input with what the view sees replaced by the second. */
const replacing: Applied<Labelled> = op({
  name: "viewScatter",
  label,
  forward: ([x, source], slices: Labelled) => overwritten(x as Tensor, source as Tensor, slices),
  gradients: {
    x: { reads: [], of: ({ g }, slices) => cutOut([g], slices) },
    source: { reads: [], of: ({ g }, slices) => region([g], slices) },
  },
  tangent: ([x, source], _outputs, [tx, ts], slices) => [
    replacing([tx ?? zerosLike(x as Tensor), ts ?? zerosLike(source as Tensor)], slices),
  ],
});

/** What a view sees of a tensor, as a copy. */
const copying: Applied<Labelled> = op({
  name: "viewCopy",
  label,
  forward: ([x], slices: Labelled) => region([x as Tensor], slices),
  gradients: { x: { reads: [], of: ({ g }, slices) => placed([g], slices) } },
  tangent: "linear",
});

/** Zeros with a tensor in the places that a view sees. */
const embedding: Applied<Labelled> = op({
  name: "viewEmbed",
  label,
  forward: ([x], slices: Labelled) => placed([x as Tensor], slices),
  gradients: { x: { reads: [], of: ({ g }, slices) => copying([g], { ...slices, label: "DiagonalBackward0" }) } },
  tangent: "linear",
});

function replaced(name: string, x: Tensor, source: Tensor, base: Layout, view: Layout): Tensor {
  if (!sameShape(view.shape, source.shape)) {
    throw new ShapeError(
      `${name}: expected src to have a size equal to the slice of self. src size = ${formatShape(source.shape)}, slice size = ${formatShape(view.shape)}`,
    );
  }
  return replacing([x, source], { base, view, label: `${(name[0] as string).toUpperCase()}${name.slice(1)}Backward0` });
}

function bothTensors(name: string, x: Tensor, source: Tensor): Layout {
  asTensor(name, x);
  asTensor(name, source, "src");
  return { shape: x.shape, strides: likeStrides(x.layout), offset: 0 };
}

/** A copy of `x` with one slice along a dim replaced. */
export function selectScatter(x: Tensor, source: Tensor, dim: number, index: number, ...rest: []): Tensor {
  nothingMore("selectScatter", rest);
  const name = "selectScatter";
  const base = bothTensors(name, x, source);
  const view = layouts.select(name, base, asInteger(name, dim, "dim"), asInteger(name, index, "index"));
  return replaced(name, x, source, base, view);
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
  const name = "sliceScatter";
  const base = bothTensors(name, x, source);
  const defaults = { dim: 0, start: null as number | null, end: null as number | null, step: 1 };
  const { dim, start, end, step } = parse(name, rest, defaults, ["dim", "start", "end", "step"]);
  return replaced(name, x, source, base, layouts.slice(name, base, dim, start, end, step));
}

/** A copy of `x` with a diagonal replaced. */
export function diagonalScatter(
  x: Tensor,
  source: Tensor,
  ...rest: Trailing<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  const name = "diagonalScatter";
  const base = bothTensors(name, x, source);
  const { offset, dim1, dim2 } = parse(name, rest, { offset: 0, dim1: 0, dim2: 1 }, ["offset", "dim1", "dim2"]);
  return replaced(name, x, source, base, layouts.diagonal(name, base, offset, dim1, dim2));
}

/**
 * A copy of `x`, laid out as it is, with what a view of any shape and strides sees replaced; the places that the view
 * names must not overlap, and those that `x` does not reach are left out. The offset counts from the storage's start.
 */
export function asStridedScatter(
  x: Tensor,
  source: Tensor,
  size: readonly number[],
  stride: readonly number[],
  ...rest: Trailing<[storageOffset: number | null | undefined], { readonly storageOffset?: number | null }>
): Tensor {
  const name = "asStridedScatter";
  bothTensors(name, x, source);
  const { storageOffset } = parse(name, rest, { storageOffset: null as number | null }, ["storageOffset"]);
  const base = x.layout;
  const view = layouts.asStrided(
    name,
    asIntegers(name, size, "size"),
    asIntegers(name, stride, "stride"),
    storageOffset ?? base.offset,
    Math.floor(x.storage.bytes / bytesOf(x.dtype)),
  );
  if (mayOverlap(base) || mayOverlap(view)) {
    throw new ShapeError(
      `${name}: unsupported operation: more than one element of the written-to tensor refers to a single memory location. ` +
        "Please clone() the tensor before performing the operation.",
    );
  }
  return replaced(name, x, source, base, view);
}

/** Matrices with the last dim of `x` on a diagonal and zeros elsewhere, in two new dims (the last ones). */
export function diagEmbed(
  x: Tensor,
  ...rest: Trailing<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  const name = "diagEmbed";
  asTensor(name, x);
  const given = parse(name, rest, { offset: 0, dim1: -2, dim2: -1 }, ["offset", "dim1", "dim2"]);
  const offset = asInteger(name, given.offset, "offset");
  const dim1 = normalizeDim(name, given.dim1, x.ndim + 1);
  const dim2 = normalizeDim(name, given.dim2, x.ndim + 1);
  if (dim1 === dim2)
    throw new ArgumentError(`${name}: diagonal dimensions cannot be identical ${given.dim1}, ${given.dim2}`);
  if (x.ndim === 0) throw new ShapeError(`${name}: expected a tensor with at least one dim`);
  const side = (x.shape[x.ndim - 1] as number) + Math.abs(offset);
  const shape = x.shape.slice(0, -1);
  for (const dim of [Math.min(dim1, dim2), Math.max(dim1, dim2)]) shape.splice(dim, 0, side);
  const base = contiguousLayout(shape);
  return embedding([x], {
    base,
    view: layouts.diagonal(name, base, offset, dim1, dim2),
    label: "DiagEmbedBackward0",
  });
}

/** Which diagonal: 0 the main one, above it positive, below negative. */
type DiagRest = Trailing<[diagonal: number], { readonly diagonal?: number }>;

/** The diagonal of a matrix as a copy, or a matrix with a vector on its diagonal. */
export function diag(x: Tensor, ...rest: DiagRest): Tensor {
  asTensor("diag", x);
  const { diagonal: offset } = parse("diag", rest, { diagonal: 0 }, ["diagonal"]);
  if (x.ndim === 1) return diagEmbed(x, offset);
  if (x.ndim !== 2) throw new ShapeError(`diag: Supports 1D or 2D tensors. Got ${x.ndim}D`);
  const base = contiguousLayout(x.shape);
  return copying([x], { base, view: layouts.diagonal("diag", base, offset, 0, 1), label: "DiagonalBackward0" });
}

/** A matrix with all elements of `x` on its diagonal. */
export function diagflat(x: Tensor, ...rest: Trailing<[offset: number], { readonly offset?: number }>): Tensor {
  asTensor("diagflat", x);
  const { offset } = parse("diagflat", rest, { offset: 0 }, ["offset"]);
  return composed("diagflat", () => diagEmbed(reshape(x, [-1]), offset));
}
