// Repeating elements and tensors, and bringing several to one shape.

import { ArgumentError, ShapeError } from "../errors.js";
import { asInteger, asIntegers, asTensor, asTensors, describe, nothingMore, parse, type Trailing } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import { isIndexDtype, narrowIndex } from "../op/indexed.js";
import { type Applied, op } from "../op/op.js";
import { broadcastShapes, checkShape, contiguousStrides, formatShape, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, Tensor } from "../tensor/tensor.js";
import { lt } from "./compare.js";
import { arange, zeros } from "./creation.js";
import { indexSelect } from "./gather.js";
import { any, sum } from "./reduce.js";
import { cumsum } from "./scan.js";
import { searchsorted } from "./search.js";
import { expand, reshape, select } from "./shape.js";
import { unsqueeze } from "./views.js";

interface Repeated {
  readonly counts: readonly number[];
  readonly from: readonly number[];
}

const repeatOp: Applied<Repeated> = op({
  name: "repeat",
  forward: ([x], { counts, from }: Repeated) =>
    temporaries(() => {
      const source = x as Tensor;
      const extra = counts.length - from.length;
      const sizes = counts.map((_, d) => (d < extra ? 1 : (from[d - extra] as number)));
      const out = empty(
        "repeat",
        sizes.map((size, d) => size * (counts[d] as number)),
        source.dtype,
      );
      // Each dim seen as that of the repetitions, over which the source has stride 0, and its own.
      const shape = sizes.flatMap((size, d) => [counts[d] as number, size]);
      const strides = sizes.flatMap((_, d) => [0, d < extra ? 0 : (source.layout.strides[d - extra] as number)]);
      copyInto(
        alias(out, { shape, strides: contiguousStrides(shape), offset: 0 }),
        alias(source, { shape, strides, offset: source.layout.offset }),
      );
      return out;
    }),
  gradients: {
    x: {
      reads: [],
      of: ({ g }, { counts, from }) =>
        temporaries(() => {
          if (counts.includes(0)) return zeros(from, { dtype: g.dtype });
          const extra = counts.length - from.length;
          const apart = g.shape.flatMap((size, d) => [counts[d] as number, size / (counts[d] as number)]);
          const repetitions = counts.map((_, d) => 2 * d);
          const fresh = counts.slice(0, extra).map((_, d) => 2 * d + 1);
          return sum(reshape(g, apart), [...repetitions, ...fresh]);
        }),
    },
  },
  tangent: "linear",
});

/** A copy that holds `x` so many times along each dim; there may be more numbers than dims. */
export function repeat(x: Tensor, repeats: readonly number[], ...rest: []): Tensor {
  nothingMore("repeat", rest);
  asTensor("repeat", x);
  const counts = asIntegers("repeat", repeats, "repeats");
  if (counts.length < x.ndim) {
    throw new ShapeError(
      `repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: ${formatShape(counts)} for ${formatShape(x.shape)}`,
    );
  }
  if (counts.some((count) => count < 0))
    throw new ArgumentError(
      `repeat: Trying to create tensor with negative dimension: repeats are ${formatShape(counts)}`,
    );
  return repeatOp([x], { counts, from: x.shape });
}

/** `repeat`, where missing numbers in front are 1. */
export function tile(x: Tensor, repeats: readonly number[], ...rest: []): Tensor {
  nothingMore("tile", rest);
  asTensor("tile", x);
  const counts = asIntegers("tile", repeats, "dims");
  const missing = Math.max(0, x.ndim - counts.length);
  return called("tile", () => repeat(x, [...new Array<number>(missing).fill(1), ...counts]));
}

/** Options of `repeatInterleave`. */
export interface RepeatInterleaveOptions {
  /** The dim; flattened if left out. */
  readonly dim?: number | null;
  /** Number of slices of the result, for repeats given as a tensor. */
  readonly outputSize?: number | null;
}

type RepeatInterleaveRest = Trailing<[dim: number | null], RepeatInterleaveOptions>;

/**
 * Each slice along a dim repeated: a number of times, or as often as an int32 tensor says for each. Of repeats alone, one
 * dim of them, the places 0, 1, … as often as they say.
 */
export function repeatInterleave(repeats: Tensor): Tensor;
export function repeatInterleave(x: Tensor, repeats: number | Tensor, ...rest: RepeatInterleaveRest): Tensor;
export function repeatInterleave(x: Tensor, ...args: [] | [number | Tensor, ...RepeatInterleaveRest]): Tensor {
  const name = "repeatInterleave";
  asTensor(name, x);
  if (args.length === 0) {
    if (x.ndim !== 1) throw new ShapeError(`${name}: only accept 1D vector as repeat, got ${x.ndim} dims`);
    return temporaries(() => places(name, x, x.numel(), null));
  }
  const [repeats, ...rest] = args;
  const given = parse(name, rest, { dim: null as number | null, outputSize: null as number | null }, ["dim"]);
  return composed(name, () => {
    const source = given.dim === null ? reshape(x, [-1]) : x;
    const dim = normalizeDim(name, given.dim ?? 0, source.ndim);
    const size = source.ndim === 0 ? 1 : (source.shape[dim] as number);
    const wide = source.ndim === 0 ? reshape(source, [1]) : source;
    return indexSelect(wide, dim, places(name, repeats, size, given.outputSize));
  });
}

/** For each slice of the result the number of the slice of the input that it is a copy of. */
function places(name: string, repeats: number | Tensor, size: number, outputSize: number | null): Tensor {
  const own = arange(size, { dtype: "int32" });
  if (!(repeats instanceof Tensor)) {
    const count = asInteger(name, repeats, "repeats");
    if (count < 0) throw new ArgumentError(`${name}: repeats can not be negative`);
    return reshape(expand(unsqueeze(own, 1), [size, count]), [size * count]);
  }
  repeats.check(name);
  if (!isIndexDtype(repeats.dtype)) {
    throw new ArgumentError(`${name}: repeats has to be int32 or int64, got ${repeats.dtype}`);
  }
  if (repeats.ndim > 1) throw new ShapeError(`${name}: repeats must be 0-dim or 1-dim tensor`);
  if (repeats.numel() !== 1 && repeats.numel() !== size) {
    throw new ShapeError(
      `${name}: repeats must have the same size as input along dim, but got repeats.size(0) = ${repeats.numel()} and input.size(dim) = ${size}`,
    );
  }
  const counts = expand(reshape(narrowIndex(repeats), [-1]), [size]);
  if (any(lt(counts, 0)).item()) throw new ArgumentError(`${name}: repeats can not be negative`);
  const ends = cumsum(counts, 0);
  const total = size === 0 ? 0 : Number(select(ends, 0, -1).item());
  if (outputSize !== null && outputSize !== total) {
    throw new ArgumentError(`${name}: outputSize is ${outputSize}, but the repeats add up to ${total}`);
  }
  return searchsorted(ends, arange(total, { dtype: "int32" }), { right: true });
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

/** The shape that shapes broadcast to together; a number is a shape of one dim. */
function broadcastShapesOf(...shapes: readonly (number | readonly number[])[]): number[] {
  const name = "broadcastShapes";
  const lists = shapes.map((shape) => (typeof shape === "number" ? [shape] : asIntegers(name, shape, "each shape")));
  for (const shape of lists) checkShape(name, shape);
  return [...lists.reduce((sofar: readonly number[], shape) => broadcastShapes(name, sofar, shape), [])];
}

export { broadcastShapesOf as broadcastShapes };

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
