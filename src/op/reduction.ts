// What reductions share: reading dims, the shape of the result, and the launch.

import { ArgumentError } from "../errors.js";
import { checkDtype, type DType } from "../tensor/dtype.js";
import { normalizeDims } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { asBoolean, describe, parse } from "./args.js";
import { addStrided, beginNest, writeSplit } from "./nest.js";

/** One dim, several, or all (null). */
export type Dims = number | readonly number[] | null;

/** Options of reductions. */
export interface ReductionOptions {
  /** Dims to reduce; all if left out. */
  readonly dim?: Dims;
  /** Whether reduced dims stay, with size 1. */
  readonly keepdim?: boolean;
}

/** Which dims of what shape are reduced, and to what. */
export interface Reduced {
  /** Reduced dims, ascending. */
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Shape of the result. */
  readonly shape: readonly number[];
  /** The result's shape with reduced dims of size 1: broadcasts against the input. */
  readonly kept: readonly number[];
  /** Whether no dims were named, so that all are reduced. */
  readonly whole: boolean;
}

/** Works out a reduction of `x`: an empty list of dims means all, as in PyTorch. */
export function reduced(op: string, x: Tensor, dim: Dims | undefined, keepdim: unknown): Reduced {
  if (dim !== null && dim !== undefined && typeof dim !== "number" && !Array.isArray(dim)) {
    throw new ArgumentError(`${op}: dim must be an integer, an array of integers or null, got ${describe(dim)}`);
  }
  const keep = asBoolean(op, keepdim ?? false, "keepdim");
  if (x.ndim > 64) throw new ArgumentError(`${op}: only tensors with up to 64 dims are supported, got ${x.ndim}`);
  const whole = dim === null || dim === undefined;
  const every = whole || (Array.isArray(dim) && dim.length === 0);
  const dims = every ? x.shape.map((_, d) => d) : normalizeDims(op, dim as number | readonly number[], x.ndim);
  dims.sort((a, b) => a - b);
  const kept = x.shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const shape = keep ? kept : x.shape.filter((_, d) => !dims.includes(d));
  // A 0-dim tensor takes dim 0, which it does not have.
  return { dims: dims.filter((d) => d < x.ndim), keepdim: keep, shape, kept, whole };
}

/** What a reduction was given: the options that it reads, and what they mean. */
export interface ReductionGiven {
  readonly dim: Dims;
  readonly keepdim: boolean;
  readonly reduced: Reduced;
}

/** Reads `dim` and `keepdim`, by position or by name, with further options by name. */
export function reductionArguments<T extends object>(
  op: string,
  x: Tensor,
  rest: readonly unknown[],
  more: T,
): T & ReductionGiven {
  const given = parse(op, rest, { dim: null as Dims, keepdim: false, ...more }, ["dim", "keepdim"]);
  return { ...given, reduced: reduced(op, x, given.dim, given.keepdim) };
}

/** The dtype in which sums and products are computed: integers and bool give int32 where none is named. */
export function accumulating(op: string, x: Tensor, dtype: DType | null | undefined): DType {
  if (dtype !== null && dtype !== undefined) return checkDtype(op, dtype);
  return x.dtype === "bool" ? "int32" : x.dtype;
}

/** Number of elements that are folded into one. */
export function countOf(x: Tensor, { dims }: Reduced): number {
  let count = 1;
  for (const d of dims) count *= x.shape[d] as number;
  return count;
}

/** Makes the result of a reduction of `x` and runs its kernel. `ordered` keeps the reduced dims in their order. */
export function launchReduction(
  op: string,
  kernel: Kernel,
  x: Tensor,
  { dims, shape }: Reduced,
  dtypes: readonly DType[],
  { ordered = false, parameters = [] as readonly number[] } = {},
): Tensor[] {
  const outputs = dtypes.map((dtype) => empty(op, shape, dtype));
  const outer = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...outer, ...dims];
  beginNest(order.map((d) => x.shape[d] as number));
  const first = outputs[0] as Tensor;
  const dense = first.layout.strides.filter((_, d) => shape.length === outer.length || !dims.includes(d));
  const strides = [...dense, ...dims.map(() => 0)];
  for (const out of outputs) addStrided(out, strides);
  addStrided(
    x,
    order.map((d) => x.layout.strides[d] as number),
  );
  const { extent, inner } = writeSplit(dims.length, !ordered);
  setParameter(0, inner);
  parameters.forEach((value, i) => setParameter(i + 1, value));
  launch(kernel, extent);
  return outputs;
}
