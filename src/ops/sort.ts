// Sorting along a dim, and the first elements of the order: sort, argsort, msort, topk, kthvalue.

import { ArgumentError, DTypeError } from "../errors.js";
import { launchAlong } from "../op/along.js";
import { asBoolean, asInteger, asTensor, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Applied, op } from "../op/op.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { type Along, type PickRest, pick, picked, putBack, type ValuesAndIndices } from "./picked.js";

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  readonly dim?: number;
  readonly descending?: boolean;
  /** Equal elements keep their order in any case. */
  readonly stable?: boolean | null;
}

/** Optional arguments of sorts: `dim`, `descending`, or by name. */
export type SortRest = Trailing<[dim: number | undefined, descending: boolean | undefined], SortOptions>;

interface Sorting extends Along {
  readonly descending: boolean;
  readonly label: string;
  /** How many of the first elements are wanted. */
  readonly k: number;
}

const sorts = /* @__PURE__ */ new KernelFamily("sort");

/** Rows longer than this are sorted in memory of their own. */
const LONGEST = 65536;

const sortOp: Applied<Sorting> = op({
  name: "sort",
  label: ({ label }) => label,
  outputs: ["values", "indices"],
  forward: ([x], { dim, descending, k }: Sorting) =>
    temporaries(() => {
      const input = x as Tensor;
      const shape = input.shape.map((size, d) => (d === dim ? k : size));
      const values = empty("sort", shape, input.dtype);
      const indices = empty("sort", shape, "int32");
      const size = input.shape[dim] ?? 1;
      const temporary = size > LONGEST ? empty("sort", [2 * size], "float64") : null;
      const parameters = [descending ? 1 : 0, k];
      launchAlong(sorts.of(input.dtype), dim, [values, indices, input], { parameters, temporary });
      return [values, indices];
    }),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, p) => putBack(g, indices, p) } },
  tangent: (_inputs, [, indices], [t], p) => [pick(t as Tensor, indices as Tensor, p), null],
});

/** The first `k` elements along a dim in sorted order, and where they were. */
function first(x: Tensor, dim: number, descending: boolean, k: number, label: string): ValuesAndIndices {
  const [values, indices] = sortOp.all([x], { dim, keepdim: true, from: x.shape, descending, k, label }) as [
    Tensor,
    Tensor,
  ];
  return { values, indices };
}

function sorted(name: string, x: Tensor, rest: readonly unknown[]): ValuesAndIndices {
  asTensor(name, x);
  const defaults = { dim: -1, descending: false, stable: null as boolean | null };
  const given = parse(name, rest, defaults, ["dim", "descending"]);
  const dim = normalizeDim(name, given.dim, x.ndim);
  const descending = asBoolean(name, given.descending, "descending");
  if (given.stable !== null) asBoolean(name, given.stable, "stable");
  const label = given.stable === null ? "SortBackward0" : "SortBackward1";
  return first(x, dim, descending, x.shape[dim] ?? 1, label);
}

/**
 * Elements in ascending or descending order along a dim (the last), and where they were (int32). Equal elements keep
 * their order; NaN is the greatest. The gradient goes back to where the elements were.
 */
export function sort(x: Tensor, ...rest: SortRest): ValuesAndIndices {
  return sorted("sort", x, rest);
}

/** Where the elements are in ascending or descending order along a dim (the last), int32; not differentiable. */
export function argsort(x: Tensor, ...rest: SortRest): Tensor {
  return composed("argsort", () => sorted("argsort", x, rest).indices);
}

/** The elements in ascending order along the first dim. */
export function msort(x: Tensor, ...rest: []): Tensor {
  nothingMore("msort", rest);
  return composed("msort", () => sorted("msort", x, [0]).values);
}

function refuseBool(name: string, x: Tensor): void {
  if (x.dtype === "bool") throw new DTypeError(`${name}: not implemented for bool; convert it with .to("int32")`);
}

/** Options of `topk`. */
export interface TopkOptions {
  readonly dim?: number;
  readonly largest?: boolean;
  /** The results are sorted in any case. */
  readonly sorted?: boolean;
}

/** The k largest, or smallest, elements along a dim (the last) in order, and where they were (int32). */
export function topk(
  x: Tensor,
  k: number,
  ...rest: Trailing<[dim: number | undefined, largest: boolean | undefined, sorted: boolean | undefined], TopkOptions>
): ValuesAndIndices {
  asTensor("topk", x);
  asInteger("topk", k, "k");
  refuseBool("topk", x);
  const given = parse("topk", rest, { dim: -1, largest: true, sorted: true }, ["dim", "largest", "sorted"]);
  asBoolean("topk", given.sorted, "sorted");
  const dim = normalizeDim("topk", given.dim, x.ndim);
  const size = x.shape[dim] ?? 1;
  if (k < 0 || k > size) {
    throw new ArgumentError(`topk: selected index k out of range: ${k} of the ${size} elements along dim ${dim}`);
  }
  return first(x, dim, asBoolean("topk", given.largest, "largest"), k, "TopkBackward0");
}

interface Ranked extends Along {
  readonly k: number;
}

const kthOp: Applied<Ranked> = op({
  name: "kthvalue",
  outputs: ["values", "indices"],
  forward: ([x], p: Ranked) =>
    temporaries(() => {
      // A handle without history, so that what follows is not recorded.
      const input = alias(x as Tensor, (x as Tensor).layout);
      const { values, indices } = first(input, p.dim, false, p.k, "");
      return [picked(values, p, p.k - 1), picked(indices, p, p.k - 1)];
    }),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, p) => putBack(g, indices, p) } },
  tangent: (_inputs, [, indices], [t], p) => [pick(t as Tensor, indices as Tensor, p), null],
});

/** The k-th smallest element along a dim (the last), k from 1 on, and where it is (int32). */
export function kthvalue(x: Tensor, k: number, ...rest: PickRest): ValuesAndIndices {
  asTensor("kthvalue", x);
  asInteger("kthvalue", k, "k");
  refuseBool("kthvalue", x);
  const given = parse("kthvalue", rest, { dim: -1, keepdim: false }, ["dim", "keepdim"]);
  const dim = normalizeDim("kthvalue", given.dim, x.ndim);
  const keepdim = asBoolean("kthvalue", given.keepdim, "keepdim");
  const size = x.shape[dim] ?? 1;
  if (k < 1 || k > size) {
    throw new ArgumentError(
      `kthvalue: selected number k out of range for dimension ${dim}: ${k}, expected 1 to ${size}`,
    );
  }
  const [values, indices] = kthOp.all([x], { dim, keepdim, from: x.shape, k }) as [Tensor, Tensor];
  return { values, indices };
}
