// Repeating elements and tensors, and bringing several to one shape.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, asTensors, describe, parse, type Trailing } from "../op/args.js";
import { broadcastShapes, formatShape, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { tolist } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { tensor } from "./creation.js";
import { indexSelect } from "./gather.js";
import { expand, reshape } from "./shape.js";

/** A copy that holds `x` so many times along each dim; there may be more numbers than dims. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  asTensor("repeat", x);
  const counts = asIntegers("repeat", repeats, "repeats");
  const extra = counts.length - x.ndim;
  if (extra < 0) {
    throw new ShapeError(
      `repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: ${formatShape(counts)} for ${formatShape(x.shape)}`,
    );
  }
  if (counts.some((count) => count < 0))
    throw new ArgumentError(`repeat: repeats must not be negative, got ${formatShape(counts)}`);
  const sizes = counts.map((_, d) => (d < extra ? 1 : (x.shape[d - extra] as number)));
  return temporaries(() => {
    const apart = reshape(
      x,
      sizes.flatMap((size) => [1, size]),
    );
    const wide = expand(
      apart,
      sizes.flatMap((size, d) => [counts[d] as number, size]),
    );
    return reshape(
      wide,
      sizes.map((size, d) => size * (counts[d] as number)),
    );
  });
}

/** `repeat`, where missing numbers in front are 1. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  asTensor("tile", x);
  const counts = asIntegers("tile", repeats, "dims");
  const missing = Math.max(0, x.ndim - counts.length);
  return repeat(x, [...new Array<number>(missing).fill(1), ...counts]);
}

/** Options of `repeatInterleave`. */
export interface RepeatInterleaveOptions {
  /** The dim; flattened if left out. */
  readonly dim?: number | null;
  /** Number of slices of the result, for repeats given as a tensor. */
  readonly outputSize?: number | null;
}

/** Each slice along a dim repeated: a number of times, or as often as an int32 tensor says for each. */
export function repeatInterleave(
  x: Tensor,
  repeats: number | Tensor,
  ...rest: Trailing<[dim: number | null], RepeatInterleaveOptions>
): Tensor {
  const name = "repeatInterleave";
  asTensor(name, x);
  const given = parse(name, rest, { dim: null as number | null, outputSize: null as number | null }, ["dim"]);
  return temporaries(() => {
    const source = given.dim === null ? reshape(x, [-1]) : x;
    const dim = normalizeDim(name, given.dim ?? 0, source.ndim);
    const size = source.ndim === 0 ? 1 : (source.shape[dim] as number);
    let counts: number[];
    if (repeats instanceof Tensor) {
      repeats.check(name);
      if (repeats.dtype !== "int32") throw new ArgumentError(`${name}: repeats must be int32, got ${repeats.dtype}`);
      const list = [tolist(repeats)].flat(9) as number[];
      counts = list.length === 1 ? new Array<number>(size).fill(list[0] as number) : list;
    } else counts = new Array<number>(size).fill(asInteger(name, repeats, "repeats"));
    if (counts.length !== size)
      throw new ShapeError(
        `${name}: repeats must have the same size as input along dim, got ${counts.length} for ${size}`,
      );
    if (counts.some((count) => count < 0)) throw new ArgumentError(`${name}: repeats can not be negative`);
    const places = counts.flatMap((count, i) => new Array<number>(count).fill(i));
    const wide = source.ndim === 0 ? reshape(source, [1]) : source;
    return indexSelect(wide, dim, tensor(places, { dtype: "int32" }));
  });
}

/** All tensors broadcast to their common shape, as views. */
export function broadcastTensors(...tensors: readonly Tensor[]): Tensor[] {
  const list = asTensors("broadcastTensors", tensors);
  const shape = list.reduce(
    (sofar: readonly number[], { shape: own }) => broadcastShapes("broadcastTensors", sofar, own),
    [],
  );
  return list.map((x) => expand(x, shape));
}

/** Options of `meshgrid`. */
export interface MeshgridOptions {
  /** "ij": the first tensor varies along dim 0; "xy": along dim 1. */
  readonly indexing?: "ij" | "xy";
}

/** A grid from vectors: for each a view in which it varies along its own dim. */
export function meshgrid(...args: readonly (Tensor | readonly Tensor[] | MeshgridOptions)[]): Tensor[] {
  const name = "meshgrid";
  const last = args.at(-1);
  const options = args.length > 0 && !(last instanceof Tensor) && !Array.isArray(last) ? (last as MeshgridOptions) : {};
  const { indexing } = parse(name, [options], { indexing: "ij" as string });
  if (indexing !== "ij" && indexing !== "xy") {
    throw new ArgumentError(`${name}: indexing must be one of "xy" or "ij", but received: ${describe(indexing)}`);
  }
  const list = asTensors(name, args.filter((arg) => arg !== options).flat());
  if (list.length === 0) throw new ArgumentError(`${name}: expects a non-empty TensorList`);
  for (const x of list) {
    if (x.ndim > 1)
      throw new ShapeError(`${name}: Expected scalar or 1D tensor in the tensor list but got: ${formatShape(x.shape)}`);
    if (x.dtype !== (list[0] as Tensor).dtype)
      throw new ArgumentError(`${name}: expects all tensors to have the same dtype`);
  }
  const swaps = indexing === "xy" && list.length >= 2;
  const place = (i: number): number => (swaps && i < 2 ? 1 - i : i);
  const shape: number[] = [];
  list.forEach((x, i) => {
    shape[place(i)] = x.numel();
  });
  return list.map((x, i) => {
    const own = shape.map((size, d) => (d === place(i) ? size : 1));
    return expand(reshape(x, own), shape);
  });
}
