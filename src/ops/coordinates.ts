// Coordinates: of triangles, and of flat indices; tensors of any strides.

import { ArgumentError } from "../errors.js";
import { asInteger, asIntegers, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type CreationOptions, checkRequiresGrad, creation, dtypeFrom, type Shape } from "../op/creation.js";
import { checkIndex } from "../op/indexed.js";
import { bytesOf, type DType, getDefaultDtype } from "../tensor/dtype.js";
import { asStrided, checkShape, contiguousStrides } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Storage } from "../tensor/storage.js";
import { making, Tensor } from "../tensor/tensor.js";
import { div, remainder } from "./arithmetic.js";
import { to } from "./cast.js";
import { ones } from "./creation.js";
import { nonzero } from "./nonzero.js";
import { transpose } from "./shape.js";
import { tril, triu } from "./triangle.js";

/** Which diagonal a triangle ends at, 0 the main one, and the dtype of the indices. */
export interface TriangleOptions {
  readonly offset?: number;
  readonly dtype?: DType | null;
}

type TriangleRest = Trailing<[offset: number], TriangleOptions>;

function triangle(name: string, cut: typeof tril, rows: number, columns: number, rest: readonly unknown[]): Tensor {
  const given = parse(name, rest, { offset: 0, dtype: null as DType | null }, ["offset"]);
  const offset = asInteger(name, given.offset, "offset");
  const dtype = dtypeFrom(name, given, "int32");
  const shape = [asInteger(name, rows, "row"), asInteger(name, columns, "col")];
  checkShape(name, shape);
  return temporaries(() => to(transpose(nonzero(cut(ones(shape, { dtype: "bool" }), offset)), 0, 1), dtype));
}

/** Rows and columns of the lower triangle of a matrix, row by row, as two rows of int32: up to a diagonal. */
export function trilIndices(rows: number, columns: number, ...rest: TriangleRest): Tensor {
  return triangle("trilIndices", tril, rows, columns, rest);
}

/** Rows and columns of the upper triangle of a matrix, row by row, as two rows of int32: from a diagonal on. */
export function triuIndices(rows: number, columns: number, ...rest: TriangleRest): Tensor {
  return triangle("triuIndices", triu, rows, columns, rest);
}

/** The coordinates of flat indices (int32) of a tensor of a shape: one tensor for each dim, with the shape of `indices`. */
export function unravelIndex(indices: Tensor, shape: number | Shape, ...rest: []): Tensor[] {
  nothingMore("unravelIndex", rest);
  const name = "unravelIndex";
  asTensor(name, indices, "indices");
  checkIndex(name, indices, "indices");
  const sizes = typeof shape === "number" ? [asInteger(name, shape, "shape")] : asIntegers(name, shape, "shape");
  if (sizes.some((size) => size < 0))
    throw new ArgumentError(`${name}: 'shape' cannot have negative values, but got [${sizes.join(", ")}]`);
  const steps = contiguousStrides(sizes);
  return sizes.map((size, d) =>
    composed(name, () => remainder(div(indices, steps[d] as number, { roundingMode: "floor" }), Math.max(1, size))),
  );
}

/** A tensor of any strides whose contents are unspecified, in a storage that just holds it. */
export function emptyStrided(shape: Shape, strides: Shape, ...rest: [options?: CreationOptions]): Tensor {
  const name = "emptyStrided";
  asIntegers(name, shape, "size");
  asIntegers(name, strides, "stride");
  const options = creation(name, rest);
  const dtype = dtypeFrom(name, options, getDefaultDtype());
  checkRequiresGrad(name, dtype, options.requiresGrad);
  const layout = asStrided(name, [...shape], [...strides], 0, Number.POSITIVE_INFINITY);
  const span = shape.includes(0) ? 0 : shape.reduce((sum, size, d) => sum + (size - 1) * (strides[d] as number), 1);
  const out = new Tensor(new Storage(name, span * bytesOf(dtype)), layout, dtype);
  if (making.inference) out.inference = true;
  out.collects = options.requiresGrad === true;
  return out;
}
