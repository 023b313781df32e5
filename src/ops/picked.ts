// Values picked along a dim, and the indices that say where: gradients go there, tangents come from there.

import type { Trailing } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { zeros } from "./creation.js";
import { gather } from "./gather.js";
import { scatter } from "./scatter.js";
import { reshape } from "./shape.js";
import { unsqueeze } from "./views.js";

/** Values and where they were found (int32). */
export interface ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/** Options of what is picked along a dim. */
export interface PickOptions {
  readonly dim?: number;
  /** Whether the dim stays, with size 1. */
  readonly keepdim?: boolean;
}

/** Optional arguments of what is picked along a dim: `dim`, `keepdim`, or by name. */
export type PickRest = Trailing<[dim: number | undefined, keepdim: boolean | undefined], PickOptions>;

/** The same where the dim must be named, since without it all elements count: by position. */
export type DimRest = [dim: number, ...Trailing<[keepdim: boolean | undefined], PickOptions>];

/** The same by name. */
export type DimOptions = PickOptions & { readonly dim: number };

/** The dim that is picked along, whether it stays, and the shape that is picked from. */
export interface Along {
  readonly dim: number;
  readonly keepdim: boolean;
  readonly from: readonly number[];
}

/** The gradient put where the values were found. */
export function putBack(g: Tensor, indices: Tensor, { dim, keepdim, from }: Along): Tensor {
  return temporaries(() => {
    const wide = (x: Tensor) => (keepdim || from.length === 0 ? x : unsqueeze(x, dim));
    return scatter(zeros(from, { dtype: g.dtype }), dim, wide(indices), wide(g));
  });
}

/** The tangents of where the values were found. */
export function pick(t: Tensor, indices: Tensor, { dim, keepdim, from }: Along): Tensor {
  if (from.length === 0) return t;
  return temporaries(() => {
    const found = gather(t, dim, keepdim ? indices : unsqueeze(indices, dim));
    return keepdim ? found : reshape(found, indices.shape);
  });
}

/** Slice `at` along the dim, as a tensor of its own. */
export function picked(x: Tensor, { dim, keepdim, from }: Along, at: number): Tensor {
  const shape = keepdim ? from.map((size, d) => (d === dim ? 1 : size)) : from.filter((_, d) => d !== dim);
  const out = empty("picked", shape, x.dtype);
  const strides = x.layout.strides.filter((_, d) => keepdim || d !== dim);
  const offset = x.layout.offset + at * (x.layout.strides[dim] ?? 0);
  copyInto(out, alias(x, { shape, strides, offset }));
  return out;
}
