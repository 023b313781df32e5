// Splitting at places: pieces whose number or whose ends are given.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, describe, nothingMore, parse, type Trailing } from "../op/args.js";
import { called } from "../op/composed.js";
import { isIndexDtype } from "../op/indexed.js";
import { normalizeDim } from "../tensor/layout.js";
import { tolist } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { sliceAlong } from "./slicing.js";

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
  if (!isIndexDtype(parts.dtype))
    throw new ArgumentError(`${name}: tensor_indices_or_sections must be int32 or int64, got ${parts.dtype}`);
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
  return called(name, () => tensorSplit(x, parts, at));
}

/** Equal pieces, or pieces cut before the given indices, side by side: along dim 1, or 0 for vectors. */
export function hsplit(x: Tensor, parts: number | readonly number[], ...rest: []): Tensor[] {
  nothingMore("hsplit", rest);
  return splitAlong("hsplit", 1, (rank) => (rank === 1 ? 0 : 1), x, parts);
}

/** Equal pieces, or pieces cut before the given indices, one below the other: along dim 0. */
export function vsplit(x: Tensor, parts: number | readonly number[], ...rest: []): Tensor[] {
  nothingMore("vsplit", rest);
  return splitAlong("vsplit", 2, () => 0, x, parts);
}

/** Equal pieces, or pieces cut before the given indices, along dim 2. */
export function dsplit(x: Tensor, parts: number | readonly number[], ...rest: []): Tensor[] {
  nothingMore("dsplit", rest);
  return splitAlong("dsplit", 3, () => 2, x, parts);
}
