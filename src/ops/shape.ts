// Shapes: views that reshape, permute, expand, select and slice, and the copies where no view will do.

import { ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, nothingMore } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { type Applied, op } from "../op/op.js";
import * as layouts from "../tensor/layout.js";
import { contiguous as contiguousLayout, formatShape, inferShape, type Layout } from "../tensor/layout.js";
import { alias, type Tensor } from "../tensor/tensor.js";
import { contiguous } from "./cast.js";
import { sum } from "./reduce.js";
import { type AppliedView, view as viewKind } from "./view.js";

const one = (layout: Layout): readonly Layout[] => [layout];

const viewOp: AppliedView<readonly number[]> = viewKind({
  name: "view",
  layouts: (layout, shape: readonly number[]) => {
    const result = layouts.view("view", layout, shape);
    if (result !== null) return one(result);
    throw new ShapeError(
      `view: view size is not compatible with input tensor's size ${formatShape(layout.shape)} and stride ` +
        `${formatShape(layout.strides)} (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.`,
    );
  },
  adjoint: ([g], shape) => reshape(g as Tensor, shape),
});

/** Shares the storage of a fresh copy, which nobody else sees: no view for the tape. */
const unsafeView: Applied<Reshaped> = op({
  name: "reshape",
  label: "UnsafeViewBackward0",
  forward: ([x], { to }: Reshaped) => alias(x as Tensor, contiguousLayout(to)),
  gradients: { x: { reads: [], of: ({ g }, { from }) => reshape(g, from) } },
  tangent: (_inputs, _outputs, [t], { to }) => [t === null || t === undefined ? null : reshape(t, to)],
});

interface Reshaped {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/**
 * The same elements in another shape, as a view. One size may be -1 and is worked out.
 * @throws ShapeError if the strides do not allow a view: `reshape` copies then.
 */
export function view(x: Tensor, shape: readonly number[], ...rest: []): Tensor {
  nothingMore("view", rest);
  asTensor("view", x);
  return viewOp(x, inferShape("view", asIntegers("view", shape, "shape"), x.numel()));
}

/** The same elements in another shape: a view where strides allow it, else a copy. One size may be -1. */
export function reshape(x: Tensor, shape: readonly number[], ...rest: []): Tensor {
  nothingMore("reshape", rest);
  asTensor("reshape", x);
  const to = inferShape("reshape", asIntegers("reshape", shape, "shape"), x.numel());
  if (layouts.view("reshape", x.layout, to) !== null) return viewOp(x, to);
  return composed("reshape", () => unsafeView([contiguous(x)], { from: x.shape, to }));
}

const expandOp: AppliedView<readonly number[]> = viewKind({
  name: "expand",
  layouts: (layout, shape: readonly number[]) => one(layouts.expand("expand", layout, shape)),
  adjoint: ([g], shape) => sumToSize(g as Tensor, shape),
});

/** Repeats dims of size 1, and new leading ones, without copying; -1 keeps a size. A view that cannot be written. */
export function expand(x: Tensor, shape: readonly number[], ...rest: []): Tensor {
  nothingMore("expand", rest);
  asTensor("expand", x);
  return expandOp(x, asIntegers("expand", shape, "shape"));
}

/**
 * Sums broadcast dims away so that the result has `shape`, the inverse of broadcasting; sizes may come one by one too.
 * @throws ShapeError unless `shape` broadcasts to the tensor's.
 */
export function sumToSize(x: Tensor, ...sizes: readonly number[] | [shape: readonly number[]]): Tensor {
  const [first] = sizes;
  const shape = Array.isArray(first) ? (first as readonly number[]) : (sizes as readonly number[]);
  if (shape !== sizes && sizes.length > 1) nothingMore("sumToSize", sizes.slice(1));
  asTensor("sumToSize", x);
  asIntegers("sumToSize", shape, "shape");
  const extra = x.ndim - shape.length;
  const dims: number[] = [];
  for (let d = 0; d < x.ndim; d++) if (d < extra || (shape[d - extra] === 1 && x.shape[d] !== 1)) dims.push(d);
  if (extra < 0 || shape.some((size, d) => size !== 1 && size !== x.shape[d + extra])) {
    throw new ShapeError(`sumToSize: size ${formatShape(shape)} is not expandable to size ${formatShape(x.shape)}`);
  }
  if (dims.length === 0) return x;
  // Leading dims alone are gone with their sum.
  if (dims.length === extra) return called("sumToSize", () => sum(x, dims));
  return composed("sumToSize", () => {
    const total = sum(x, dims, true);
    return extra === 0 ? total : reshape(total, shape);
  });
}

const permuteOp: AppliedView<readonly number[]> = viewKind({
  name: "permute",
  layouts: (layout, dims: readonly number[]) => one(layouts.permute("permute", layout, dims)),
  adjoint: ([g], _shape, dims) => permute(g as Tensor, inverse(dims)),
});

function inverse(dims: readonly number[]): number[] {
  const result = new Array<number>(dims.length);
  dims.forEach((dim, i) => {
    result[dim < 0 ? dim + dims.length : dim] = i;
  });
  return result;
}

/** The dims in another order, as a view. */
export function permute(x: Tensor, dims: readonly number[], ...rest: []): Tensor {
  nothingMore("permute", rest);
  asTensor("permute", x);
  return permuteOp(x, asIntegers("permute", dims, "dims"));
}

interface Pair {
  readonly dim0: number;
  readonly dim1: number;
}

const transposeOp: AppliedView<Pair> = viewKind({
  name: "transpose",
  layouts: (layout, { dim0, dim1 }: Pair) => one(layouts.transpose("transpose", layout, dim0, dim1)),
  adjoint: ([g], _shape, { dim0, dim1 }) => transpose(g as Tensor, dim0, dim1),
});

/** Two dims exchanged, as a view. */
export function transpose(x: Tensor, dim0: number, dim1: number, ...rest: []): Tensor {
  nothingMore("transpose", rest);
  asTensor("transpose", x);
  return transposeOp(x, { dim0: asInteger("transpose", dim0, "dim0"), dim1: asInteger("transpose", dim1, "dim1") });
}

interface Selected {
  readonly dim: number;
  readonly index: number;
}

const selectOp: AppliedView<Selected> = viewKind({
  name: "select",
  layouts: (layout, { dim, index }: Selected) => one(layouts.select("select", layout, dim, index)),
});

/** One slice along a dim, which goes away, as a view. Negative indices count from the end. */
export function select(x: Tensor, dim: number, index: number, ...rest: []): Tensor {
  nothingMore("select", rest);
  asTensor("select", x);
  return selectOp(x, { dim: asInteger("select", dim, "dim"), index: asInteger("select", index, "index") });
}
