// What reductions share: reading dims, the shape of the result, and the launch.

import { ArgumentError } from "../errors.js";
import { checkDtype, computesAs, type DType } from "../tensor/dtype.js";
import { checkRank, normalizeDims } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { setParameter, setResults } from "../wasm/block.js";
import type { Kernel, KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { asBoolean, describe } from "./args.js";
import { castTo } from "./copy.js";
import { flatFold } from "./flat.js";
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

/** Reductions of all dims, by rank, without and with `keepdim`: shared, since they come most often. */
const wholes: (Reduced | undefined)[] = [];

/** The reduction of all dims of a tensor. */
function allOf(rank: number, keepdim: boolean): Reduced {
  const at = 2 * rank + (keepdim ? 1 : 0);
  const known = wholes[at];
  if (known !== undefined) return known;
  const kept = new Array<number>(rank).fill(1);
  const made = { dims: kept.map((_, d) => d), keepdim, shape: keepdim ? kept : [], kept, whole: true };
  wholes[at] = made;
  return made;
}

/** Works out a reduction of `x`: an empty list of dims means all, as in PyTorch. */
export function reduced(op: string, x: Tensor, dim: Dims | undefined, keepdim: unknown): Reduced {
  if (dim !== null && dim !== undefined && typeof dim !== "number" && !Array.isArray(dim)) {
    throw new ArgumentError(`${op}: dim must be an integer, an array of integers or null, got ${describe(dim)}`);
  }
  const keep = asBoolean(op, keepdim ?? false, "keepdim");
  const rank = x.ndim;
  checkRank(op, rank);
  if (dim === null || dim === undefined) return allOf(rank, keep);
  if (Array.isArray(dim) && dim.length === 0) return { ...allOf(rank, keep), whole: false };
  const dims = normalizeDims(op, dim as number | readonly number[], rank);
  // A 0-dim tensor takes dim 0, which it does not have.
  if (rank === 0) dims.length = 0;
  if (dims.length > 1) dims.sort((a, b) => a - b);
  const kept: number[] = [];
  const left: number[] = [];
  for (let d = 0; d < rank; d++) {
    const size = x.shape[d] as number;
    if (dims.includes(d)) kept.push(1);
    else {
      kept.push(size);
      left.push(size);
    }
  }
  return { dims, keepdim: keep, shape: keep ? kept : left, kept, whole: false };
}

/** The arguments that most reductions take, with their defaults. */
export const REDUCING = { dim: null as Dims, keepdim: false };
/** The same with a dtype to compute in. */
export const SUMMING = { dim: null as Dims, keepdim: false, dtype: null as DType | null };
/** Those of them that may come by position. */
export const BY_POSITION = ["dim", "keepdim"] as const;

/** The dtype in which sums and products are computed: where none is named, int32 for smaller integers and bool, else its own. */
export function accumulating(op: string, x: Tensor, dtype: DType | null | undefined): DType {
  if (dtype !== null && dtype !== undefined) return checkDtype(op, dtype);
  return x.dtype === "bool" || computesAs(x.dtype) === "int32" ? "int32" : x.dtype;
}

/** Number of elements that are folded into one. */
export function countOf(x: Tensor, { dims }: Reduced): number {
  let count = 1;
  for (const d of dims) count *= x.shape[d] as number;
  return count;
}

/** A reduction computed in `dtype`, to which the input is cast first unless a kernel takes it as it is. */
export function launchIn(op: string, family: KernelFamily, x: Tensor, to: Reduced, dtype: DType): Tensor {
  const launched = (y: Tensor): Tensor => launchReduction(op, family.of(y.dtype, dtype), y, to, [dtype])[0] as Tensor;
  const taken = x.dtype === dtype || (x.dtype === "bool" && dtype === "int32");
  return taken ? launched(x) : temporaries(() => launched(castTo(x, dtype)));
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
  if (dtypes.length === 1 && parameters.length === 0) {
    const first = dims[0] ?? 0;
    const end = first + dims.length;
    const together = dims.length > 0 && dims[dims.length - 1] === end - 1 && (first === 0 || end === x.ndim);
    const short = together ? flatFold(kernel, x, first, end, shape, dtypes[0] as DType) : null;
    if (short !== null) return [short];
  }
  const outputs = dtypes.map((dtype) => empty(op, shape, dtype));
  const { shape: from, strides: own } = x.layout;
  const { strides: dense } = (outputs[0] as Tensor).layout;
  const sizes: number[] = [];
  const input: number[] = [];
  const result: number[] = [];
  const keeps = shape.length === from.length;
  for (let d = 0, next = 0; d < from.length; d++) {
    if (dims.includes(d)) continue;
    sizes.push(from[d] as number);
    input.push(own[d] as number);
    result.push(dense[keeps ? d : next++] as number);
  }
  for (const d of dims) {
    sizes.push(from[d] as number);
    input.push(own[d] as number);
    result.push(0);
  }
  beginNest(sizes);
  setResults(outputs.length);
  for (const out of outputs) addStrided(out, result);
  addStrided(x, input);
  // What is read is more than what is written, so it says the order.
  const { extent, inner } = writeSplit(dims.length, !ordered, outputs.length);
  setParameter(0, inner);
  for (let i = 0; i < parameters.length; i++) setParameter(i + 1, parameters[i] as number);
  launch(kernel, extent);
  return outputs;
}
