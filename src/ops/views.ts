// More views: squeezing, splitting, moving, slicing, diagonals, windows.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { called } from "../op/composed.js";
import { prepareWrite } from "../tape/inplace.js";
import { mode } from "../tape/mode.js";
import { bytesOf } from "../tensor/dtype.js";
import type { Layout } from "../tensor/layout.js";
import * as layouts from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { zeros } from "./creation.js";
import { cat, stack } from "./join.js";
import { permute, reshape, transpose } from "./shape.js";
import { sliceAlong } from "./slicing.js";
import { type AppliedView, view as viewKind } from "./view.js";

const one = (layout: Layout): readonly Layout[] => [layout];

/** One dim, several, or all that have size 1. */
type SqueezeDims = number | readonly number[] | null;

interface Squeezed {
  readonly dims: SqueezeDims;
  readonly inPlace: boolean;
}

const squeezeOp: AppliedView<Squeezed> = viewKind({
  name: "squeeze",
  label: ({ dims, inPlace }) =>
    `SqueezeBackward${(inPlace ? 3 : 0) + (dims === null ? 0 : typeof dims === "number" ? 1 : 2)}`,
  layouts: (layout, { dims }: Squeezed) => one(layouts.squeeze("squeeze", layout, dims)),
  adjoint: ([g], shape) => reshape(g as Tensor, shape),
});

/** Without the dims of size 1: all of them, or those named that have it; a view. */
export function squeeze(x: Tensor, ...rest: SqueezeRest): Tensor {
  return squeezed(x, rest, false);
}

/** Optional arguments of `squeeze`: the dim or dims, by position or by name. */
export type SqueezeRest = [dim?: SqueezeDims | { readonly dim?: SqueezeDims }];

function squeezed(x: Tensor, rest: SqueezeRest, inPlace: boolean): Tensor {
  asTensor("squeeze", x);
  const { dim } = parse("squeeze", rest, { dim: null as SqueezeDims }, ["dim"]);
  return squeezeOp(x, { dims: dim, inPlace });
}

interface Unsqueezed {
  readonly dim: number;
  readonly label: string;
}

const unsqueezeOp: AppliedView<Unsqueezed> = viewKind({
  name: "unsqueeze",
  label: ({ label }) => label,
  layouts: (layout, { dim }: Unsqueezed) => one(layouts.unsqueeze("unsqueeze", layout, dim)),
  adjoint: ([g], shape) => reshape(g as Tensor, shape),
});

/** With a new dim of size 1 at `dim`; a view. */
export function unsqueeze(x: Tensor, dim: number, ...rest: []): Tensor {
  nothingMore("unsqueeze", rest);
  asTensor("unsqueeze", x);
  return unsqueezeOp(x, { dim: asInteger("unsqueeze", dim, "dim"), label: "UnsqueezeBackward0" });
}

const tOp: AppliedView<string> = viewKind({
  name: "t",
  label: (label: string) => label,
  layouts: (layout) => {
    if (layout.shape.length > 2) {
      throw new ArgumentError(`t: t() expects a tensor with <= 2 dimensions, but self is ${layout.shape.length}D`);
    }
    return one(layout.shape.length < 2 ? layout : layouts.transpose("t", layout, 0, 1));
  },
  adjoint: ([g]) => t(g as Tensor),
});

/** The transposed matrix; tensors of fewer dims stay as they are; a view. */
export function t(x: Tensor, ...rest: []): Tensor {
  nothingMore("t", rest);
  return tOp(asTensor("t", x), "TBackward0");
}

interface Moved {
  readonly source: number | readonly number[];
  readonly destination: number | readonly number[];
}

/** Dims moved to other places, the rest in their order; a view. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
  ...rest: []
): Tensor {
  nothingMore("movedim", rest);
  asTensor("movedim", x);
  const { source: from, destination: to }: Moved = { source, destination };
  const marked = { shape: x.shape.map((_, d) => d + 2), strides: x.shape.map((_, d) => d), offset: 0 };
  const moved = layouts.movedim("movedim", marked, from, to);
  return permute(x, moved.strides);
}
export { movedim as moveaxis };

/** Matrices transposed: the last two dims exchanged; a view. */
export function adjoint(x: Tensor, ...rest: []): Tensor {
  nothingMore("adjoint", rest);
  asTensor("adjoint", x);
  if (x.ndim < 2) {
    throw new ShapeError(
      `adjoint: tensor.adjoint() is only supported on matrices or batches of matrices. Got ${x.ndim}-D tensor.`,
    );
  }
  return transpose(x, -2, -1);
}

/** `length` slices along a dim from `start` on (a number, or a 0-dim int32 tensor); a view. */
export function narrow(x: Tensor, dim: number, start: number | Tensor, length: number, ...rest: []): Tensor {
  nothingMore("narrow", rest);
  asTensor("narrow", x);
  const first =
    typeof start === "number" ? start : called("narrow", () => Number(asTensor("narrow", start, "start").item()));
  const layout = layouts.narrow(
    "narrow",
    x.layout,
    asInteger("narrow", dim, "dim"),
    asInteger("narrow", first, "start"),
    asInteger("narrow", length, "length"),
  );
  const at = layouts.normalizeDim("narrow", dim, x.ndim);
  const from = first < 0 ? first + (x.shape[at] as number) : first;
  return sliceAlong(x, at, from, from + (layout.shape[at] as number), 1);
}

interface Unfolded {
  readonly dim: number;
  readonly size: number;
  readonly step: number;
}

const unfoldOp: AppliedView<Unfolded> = viewKind({
  name: "unfold",
  layouts: (layout, { dim, size, step }: Unfolded) => one(layouts.unfold("unfold", layout, dim, size, step)),
});

/** All windows of `size` along a dim, `step` apart, in a new last dim; a view whose elements may overlap. */
export function unfold(x: Tensor, dim: number, size: number, step: number, ...rest: []): Tensor {
  nothingMore("unfold", rest);
  asTensor("unfold", x);
  return unfoldOp(x, {
    dim: asInteger("unfold", dim, "dimension"),
    size: asInteger("unfold", size, "size"),
    step: asInteger("unfold", step, "step"),
  });
}

interface Diagonal {
  readonly offset: number;
  readonly dim1: number;
  readonly dim2: number;
}

const diagonalOp: AppliedView<Diagonal> = viewKind({
  name: "diagonal",
  layouts: (layout, { offset, dim1, dim2 }: Diagonal) => one(layouts.diagonal("diagonal", layout, offset, dim1, dim2)),
});

/** Options of `diagonal`. */
export interface DiagonalOptions {
  /** Which diagonal: 0 the main one, above it positive, below negative. */
  readonly offset?: number;
  readonly dim1?: number;
  readonly dim2?: number;
}

/** A diagonal of two dims, in a new last dim; a view. */
export function diagonal(
  x: Tensor,
  ...rest: Trailing<[offset: number, dim1: number, dim2: number], DiagonalOptions>
): Tensor {
  asTensor("diagonal", x);
  return diagonalOp(x, parse("diagonal", rest, { offset: 0, dim1: 0, dim2: 1 }, ["offset", "dim1", "dim2"]));
}

interface Strided {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number | null;
  readonly size: number;
}

const asStridedOp: AppliedView<Strided> = viewKind({
  name: "asStrided",
  absolute: true,
  layouts: (layout, { shape, strides, offset, size }: Strided) =>
    one(layouts.asStrided("asStrided", shape, strides, offset ?? layout.offset, size)),
});

/** A view of the storage with any shape and strides; elements may overlap. The offset is counted from the storage's start. */
export function asStrided(
  x: Tensor,
  size: readonly number[],
  stride: readonly number[],
  ...rest: Trailing<[storageOffset: number | null | undefined], { readonly storageOffset?: number | null }>
): Tensor {
  asTensor("asStrided", x);
  const { storageOffset } = parse("asStrided", rest, { storageOffset: null as number | null }, ["storageOffset"]);
  return asStridedOp(x, {
    shape: asIntegers("asStrided", size, "size"),
    strides: asIntegers("asStrided", stride, "stride"),
    offset: storageOffset,
    size: Math.floor(x.storage.bytes / bytesOf(x.dtype)),
  });
}

interface Pieces {
  readonly dim: number;
  readonly sizes: readonly number[];
  readonly label: string;
}

const splitOp: AppliedView<Pieces> = viewKind({
  name: "split",
  label: ({ label }) => label,
  several: true,
  layouts: (layout, { dim, sizes }: Pieces) => {
    let start = 0;
    return sizes.map((size) => {
      const piece = layouts.narrow("split", layout, dim, start, size);
      start += size;
      return piece;
    });
  },
  adjoint: (gradients, shape, { dim, sizes }) =>
    temporaries(() => {
      const known = gradients.find((g) => g !== null) as Tensor;
      const pieces = gradients.map(
        (g, i) =>
          g ??
          zeros(
            shape.map((size, d) => (d === dim ? (sizes[i] as number) : size)),
            { dtype: known.dtype },
          ),
      );
      return cat(pieces, dim);
    }),
});

const EVEN = "SplitBackward0";
const BY_SIZES = "SplitWithSizesBackward0";

/** Pieces along a dim, of one size (the last may be smaller) or of the given sizes; views that refuse writing in place. */
export function split(
  x: Tensor,
  parts: number | readonly number[],
  ...rest: Trailing<[dim: number], { readonly dim?: number }>
): Tensor[] {
  asTensor("split", x);
  const { dim } = parse("split", rest, { dim: 0 }, ["dim"]);
  const at = layouts.normalizeDim("split", dim, x.ndim);
  const wanted = Array.isArray(parts)
    ? asIntegers("split", parts, "split_sizes")
    : asInteger("split", parts as number, "split_size");
  const sizes = layouts.splitSizes("split", x.shape, wanted, at);
  return splitOp.all(x, { dim: at, sizes, label: Array.isArray(parts) ? BY_SIZES : EVEN });
}

/** Pieces of the given sizes along a dim. */
export function splitWithSizes(
  x: Tensor,
  sizes: readonly number[],
  ...rest: Trailing<[dim: number], { readonly dim?: number }>
): Tensor[] {
  const wanted = asIntegers("splitWithSizes", sizes, "split_sizes");
  return called("splitWithSizes", () => split(x, wanted, ...rest));
}

/** At most `chunks` pieces of equal size along a dim; views that refuse writing in place. */
export function chunk(
  x: Tensor,
  chunks: number,
  ...rest: Trailing<[dim: number], { readonly dim?: number }>
): Tensor[] {
  asTensor("chunk", x);
  const { dim } = parse("chunk", rest, { dim: 0 }, ["dim"]);
  const at = layouts.normalizeDim("chunk", dim, x.ndim);
  const sizes = layouts.chunkSizes("chunk", x.shape, chunks, at);
  return splitOp.all(x, { dim: at, sizes, label: x.shape[at] === 0 ? BY_SIZES : EVEN });
}

const unbindOp: AppliedView<number> = viewKind({
  name: "unbind",
  several: true,
  layouts: (layout, dim: number) =>
    Array.from({ length: layout.shape[dim] as number }, (_, i) => layouts.select("unbind", layout, dim, i)),
  adjoint: (gradients, shape, dim) =>
    temporaries(() => {
      const known = gradients.find((g) => g !== null) as Tensor;
      const rest = shape.filter((_, d) => d !== dim);
      return stack(
        gradients.map((g) => g ?? zeros(rest, { dtype: known.dtype })),
        dim,
      );
    }),
});

/** The slices along a dim, which goes away; views that refuse writing in place. */
export function unbind(x: Tensor, ...rest: Trailing<[dim: number], { readonly dim?: number }>): Tensor[] {
  asTensor("unbind", x);
  const { dim } = parse("unbind", rest, { dim: 0 }, ["dim"]);
  if (x.ndim === 0) throw new ArgumentError("unbind: Dimension specified as 0 but tensor has no dimensions");
  return unbindOp.all(x, layouts.normalizeDim("unbind", dim, x.ndim));
}

/**
 * Gives `self` the layout of one of its views, in place: what it was computed by goes on through that view. Refused
 * where writing in place would be.
 */
function become(name: string, self: Tensor, made: Tensor): Tensor {
  prepareWrite(name, self, mode.grad && self.tracked);
  const history = made.history;
  if (history !== null) self.setHistory(history);
  self.layout = made.layout;
  self.storage.written();
  if (self.viewOf !== null) self.viewOf.version = self.storage.version;
  made.dispose();
  return self;
}

const transposeInPlace: AppliedView<{ readonly dim0: number; readonly dim1: number }> = viewKind({
  name: "transpose_",
  label: "TransposeBackward1",
  layouts: (layout, { dim0, dim1 }) => one(layouts.transpose("transpose_", layout, dim0, dim1)),
  adjoint: ([g], _shape, { dim0, dim1 }) => transpose(g as Tensor, dim0, dim1),
});

/** `transpose` in place: `self` itself gets the two dims exchanged. */
export function transpose_(self: Tensor, dim0: number, dim1: number, ...rest: []): Tensor {
  nothingMore("transpose_", rest);
  asTensor("transpose_", self, "self");
  const dims = { dim0: asInteger("transpose_", dim0, "dim0"), dim1: asInteger("transpose_", dim1, "dim1") };
  return become("transpose_", self, transposeInPlace(self, dims));
}

/** `t` in place. */
export function t_(self: Tensor, ...rest: []): Tensor {
  nothingMore("t_", rest);
  return become("t_", self, tOp(asTensor("t_", self, "self"), "TBackward1"));
}

/** `squeeze` in place. */
export function squeeze_(self: Tensor, ...rest: SqueezeRest): Tensor {
  return become("squeeze_", self, squeezed(self, rest, true));
}

/** `unsqueeze` in place. */
export function unsqueeze_(self: Tensor, dim: number, ...rest: []): Tensor {
  nothingMore("unsqueeze_", rest);
  asTensor("unsqueeze_", self, "self");
  const made = unsqueezeOp(self, { dim: asInteger("unsqueeze_", dim, "dim"), label: "UnsqueezeBackward1" });
  return become("unsqueeze_", self, made);
}

/** `asStrided` in place. */
export function asStrided_(
  self: Tensor,
  size: readonly number[],
  stride: readonly number[],
  ...rest: Trailing<[storageOffset: number | null | undefined], { readonly storageOffset?: number | null }>
): Tensor {
  return become("asStrided_", self, asStrided(self, size, stride, ...rest));
}

export { transpose as swapaxes, transpose as swapdims, transpose_ as swapaxes_, transpose_ as swapdims_ };
