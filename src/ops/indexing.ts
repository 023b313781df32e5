// Indexing: x.index(…) reads and x.indexPut_(…) writes with the meaning of Python's x[…].

import { ArgumentError, ShapeError } from "../errors.js";
import { asBoolean, asTensor, describe, nothingMore, parse } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { castTo } from "../op/copy.js";
import { checkIndex, type Indexed, isIndexDtype, launchIndexed } from "../op/indexed.js";
import { type Operand, spreadLike } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import type { Formulas } from "../op/spec.js";
import { unrecorded } from "../tape/mode.js";
import { bytesOf } from "../tensor/dtype.js";
import { broadcastShapes, formatShape, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { item as readItem } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { add } from "./arithmetic.js";
import { clone, copy_ } from "./cast.js";
import { tensor, zerosLike } from "./creation.js";
import { nonzero } from "./nonzero.js";
import { readingBy } from "./reading.js";
import { expand, reshape, select } from "./shape.js";
import { sliceAlong } from "./slicing.js";
import { type AppliedView, view as viewKind } from "./view.js";
import { unsqueeze } from "./views.js";

/** A range along a dim, as Python's slice. */
export class Slice {
  constructor(
    readonly start: number | null,
    readonly stop: number | null,
    readonly step: number | null,
  ) {}
}

type Bound = number | null | undefined;

/**
 * A range for `index`: `slice(stop)`, `slice(start, stop)`, `slice(start, stop, step)`; null leaves an end open.
 * With a tensor first, `slice(x, dim, start, end, step)` is the range of `x` along a dim, a view.
 */
export function slice(...bounds: [Bound] | [Bound, Bound] | [Bound, Bound, Bound]): Slice;
export function slice(x: Tensor, ...rest: [dim?: number, start?: Bound, end?: Bound, step?: number]): Tensor;
export function slice(...args: unknown[]): Slice | Tensor {
  const [first, ...rest] = args;
  if (first instanceof Tensor) {
    const given = parse("slice", rest, { dim: 0, start: null as number | null, end: null as number | null, step: 1 }, [
      "dim",
      "start",
      "end",
      "step",
    ]);
    return sliceAlong(asTensor("slice", first), given.dim, given.start, given.end, given.step);
  }
  for (const bound of args) {
    if (bound !== null && bound !== undefined && !Number.isInteger(bound)) {
      throw new ArgumentError(`slice: slice indices must be integers or null, got ${describe(bound)}`);
    }
  }
  const [a, b, c] = args.map((bound) => (bound ?? null) as number | null);
  return args.length === 1 ? new Slice(null, a ?? null, null) : new Slice(a ?? null, b ?? null, c ?? null);
}

/** Nested arrays of whole numbers or booleans. */
type IndexList = readonly (number | boolean | IndexList)[];

/** What may stand in an index: a number, a range, "...", null for a new dim, a mask or integers as a tensor or array. */
export type Index = number | Slice | "..." | null | boolean | Tensor | IndexList;

/** All of a tensor, as a view. */
const aliasOp: AppliedView<null> = viewKind({
  name: "alias",
  layouts: (layout) => [layout],
  adjoint: ([g]) => g as Tensor,
});

/** An index taken apart: a view of the tensor, and index tensors for some of its dims. */
interface Parts {
  readonly seen: Tensor;
  readonly indices: readonly Tensor[];
  readonly dims: readonly number[];
}

function asIndexTensor(op: string, item: Tensor | IndexList): Tensor {
  if (item instanceof Tensor) {
    item.check(op);
    // As in PyTorch, bytes are a mask.
    if (item.dtype === "uint8") return castTo(item, "bool");
    if (item.dtype !== "bool") checkIndex(op, item, "indices");
    return item;
  }
  if (item.length === 0) return tensor([], { dtype: "int32" });
  const made = tensor(item as never);
  return made.dtype === "bool" ? made : castTo(made, "int32");
}

/** Whether a 0-dim tensor stands for a number, the same for all examples: a byte is a mask. */
function isPlace({ dtype, storage }: Tensor): boolean {
  return dtype !== "uint8" && isIndexDtype(dtype) && storage.batch === null;
}

/** Number of dims of the tensor that an item of an index uses up. */
function consumed(item: Index): number {
  if (item === null || item === "..." || typeof item === "boolean") return 0;
  if (item instanceof Tensor && (item.dtype === "bool" || item.dtype === "uint8")) return item.ndim;
  if (Array.isArray(item)) {
    let rank = 0;
    let at: unknown = item;
    for (; Array.isArray(at); at = at[0]) rank++;
    return typeof at === "boolean" ? rank : 1;
  }
  return 1;
}

/** Takes an index apart: views first, then what needs index tensors. */
function takeApart(op: string, x: Tensor, items: readonly Index[]): Parts {
  asTensor(op, x);
  const used = items.reduce((sum: number, item) => sum + consumed(item), 0);
  if (used > x.ndim) throw new ArgumentError(`${op}: too many indices for tensor of dimension ${x.ndim}`);
  if (items.filter((item) => item === "...").length > 1) {
    throw new ArgumentError(`${op}: an index can only have a single ellipsis ("...")`);
  }
  let seen = x;
  let dim = 0;
  const indices: Tensor[] = [];
  const dims: number[] = [];
  for (const item of items) {
    if (item === "...") dim += x.ndim - used;
    else if (item === null) seen = unsqueeze(seen, dim++);
    else if (typeof item === "number") {
      if (!Number.isInteger(item))
        throw new ArgumentError(
          `${op}: only integers, slices, "...", null and integer or boolean tensors are valid indices, got ${item}`,
        );
      seen = select(seen, dim, item);
    } else if (item instanceof Slice) {
      seen = sliceAlong(seen, dim++, item.start, item.stop, item.step ?? 1);
    } else if (typeof item === "boolean") {
      seen = unsqueeze(seen, dim);
      indices.push(tensor(item ? [0] : [], { dtype: "int32" }));
      dims.push(dim++);
    } else if (item instanceof Tensor && item.ndim === 0 && isPlace(item)) {
      item.check(op);
      seen = select(seen, dim, Number(readItem(item)));
    } else if (item instanceof Tensor || Array.isArray(item)) {
      const index = asIndexTensor(op, item as Tensor | IndexList);
      if (index.dtype !== "bool") {
        indices.push(index);
        dims.push(dim++);
        continue;
      }
      const covered = seen.shape.slice(dim, dim + index.ndim);
      if (!sameShape(index.shape, covered)) {
        throw new ShapeError(
          `${op}: The shape of the mask ${formatShape(index.shape)} at index ${dim} does not match the shape of the indexed tensor ${formatShape(seen.shape)} at index ${dim}`,
        );
      }
      for (const each of nonzero(index, { asTuple: true })) {
        indices.push(each);
        dims.push(dim++);
      }
    } else
      throw new ArgumentError(
        `${op}: only integers, slices, "...", null and integer or boolean tensors are valid indices, got ${describe(item)}`,
      );
  }
  return { seen, indices, dims };
}

/** Where the dims of the result come from: index tensors side by side replace their dims, others move to the front. */
function planOf(op: string, { seen, indices, dims }: Parts): Indexed {
  let broadcast: readonly number[] = [];
  for (const index of indices) {
    try {
      broadcast = broadcastShapes(op, broadcast, index.shape);
    } catch {
      throw new ShapeError(
        `${op}: shape mismatch: indexing tensors could not be broadcast together with shapes ${indices.map(({ shape }) => formatShape(shape)).join(", ")}`,
      );
    }
  }
  const adjacent = dims.every((dim, i) => i === 0 || dim === (dims[i - 1] as number) + 1);
  const free = seen.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const before = adjacent ? free.filter((d) => d < (dims[0] as number)) : [];
  const after = free.slice(before.length);
  const sizes = (list: readonly number[]) => list.map((d) => seen.shape[d] as number);
  const skip = before.length;
  const rank = broadcast.length;
  return {
    shape: [...sizes(before), ...broadcast, ...sizes(after)],
    own: [...before, ...broadcast.map(() => -1), ...after],
    dims,
    over: indices.map(({ ndim }) =>
      [...before, ...broadcast, ...after].map((_, d) => {
        const at = d - skip - (rank - ndim);
        return d >= skip && d < skip + rank && at >= 0 ? at : -1;
      }),
    ),
    wraps: true,
  };
}

/**
 * Reads with the meaning of Python's `x[…]`: numbers, `slice()`, "...", null, masks, and integers as tensors or arrays.
 * The first four give a view, the others a copy.
 *
 * ```js
 * x.index(1, slice(0, null, 2), "...", null)
 * ```
 */
export function index(x: Tensor, ...items: Index[]): Tensor {
  return composed("index", () => {
    const parts = takeApart("index", x, items);
    if (parts.indices.length === 0) return parts.seen === x ? aliasOp(x, null) : parts.seen;
    return readingBy(parts.indices.length)([parts.seen, ...parts.indices], {
      plan: planOf("index", parts),
      from: parts.seen.shape,
      label: "IndexBackward0",
      name: "index",
    });
  });
}

interface Putting {
  readonly plan: Indexed;
  readonly accumulate: boolean;
}

const scatters = /* @__PURE__ */ new WidthFamily("scatter");
const additions = /* @__PURE__ */ new KernelFamily("scatter_add");
const puttings: (Applied<Putting> | undefined)[] = [];

/** Writes a value by `k` index tensors: inputs the tensor, the value, then they. */
function puttingBy(k: number): Applied<Putting> {
  const names = Array.from({ length: k }, (_, j) => `index${j}`);
  const found = (values: unknown) => names.map((name) => (values as Record<string, Tensor>)[name] as Tensor);
  const gradients = {
    x: {
      reads: names,
      of: (values: { readonly g: Tensor }, { plan, accumulate }: Putting) =>
        accumulate ? values.g : blotted(values.g, plan, found(values)),
    },
    value: {
      reads: names,
      of: (values: { readonly g: Tensor }, { plan }: Putting) =>
        readingBy(k)([values.g, ...found(values)], {
          plan,
          from: values.g.shape,
          label: "IndexBackward0",
          name: "indexPut",
        }),
    },
    ...Object.fromEntries(names.map((name) => [name, null])),
  };
  puttings[k] ??= op({
    name: "indexPut",
    forward: () => [],
    gradients: gradients as unknown as Formulas<Record<string, string>, Putting>,
    tangent: ([x, value, ...indices], _outputs, [tx, tv], { plan, accumulate }) => [
      temporaries(() => {
        const t = clone(tx ?? zerosLike(x as Tensor));
        const source = tv ?? (value instanceof Tensor ? zerosLike(value) : 0);
        return put(t, source, indices as Tensor[], plan, accumulate);
      }),
    ],
  }) as Applied<Putting>;
  return puttings[k] as Applied<Putting>;
}

/** A copy with zeros where the indices point. */
function blotted(g: Tensor, plan: Indexed, indices: readonly Tensor[]): Tensor {
  return temporaries(() => put(clone(g), 0, indices, plan, false));
}

/** Writes by index, recorded. */
function put(self: Tensor, value: Operand, indices: readonly Tensor[], plan: Indexed, accumulate: boolean): Tensor {
  return temporaries(() => {
    const source = value instanceof Tensor ? value : tensor(value, { dtype: self.dtype });
    const apply = puttingBy(indices.length);
    return apply.inplace([self, source, ...indices], { plan, accumulate }, (target) => {
      unrecorded(() => write(target, source, indices, plan, accumulate));
    });
  });
}

function write(target: Tensor, source: Tensor, indices: readonly Tensor[], plan: Indexed, accumulate: boolean): void {
  temporaries(() => {
    const same = castTo(source, target.dtype);
    const wide = expand(same, plan.shape);
    const kernel = accumulate ? additions.of(target.dtype) : scatters.of(bytesOf(target.dtype));
    launchIndexed("indexPut", kernel, target, wide, indices, plan, true);
    return null;
  });
}

/** Options of `indexPut`. */
export interface IndexPutOptions {
  /** Add to what is there; several additions to one place add up. */
  readonly accumulate?: boolean;
}

/**
 * Writes with the meaning of Python's `x[…] = value`; the value broadcasts. Returns `self`.
 *
 * ```js
 * x.indexPut_([mask], 0); x.indexPut_([0, slice(1, 3)], y)
 * ```
 */
export function indexPut_(
  self: Tensor,
  items: readonly Index[],
  value: Operand,
  ...rest: [accumulate?: boolean | IndexPutOptions]
): Tensor {
  const name = "indexPut_";
  asTensor(name, self, "self");
  if (!Array.isArray(items)) throw new ArgumentError(`${name}: expected an array of indices, got ${describe(items)}`);
  const { accumulate } = parse(name, rest, { accumulate: false }, ["accumulate"]);
  asBoolean(name, accumulate, "accumulate");
  if (value instanceof Tensor) value.check(name);
  else if (typeof value !== "number" && typeof value !== "boolean") {
    throw new ArgumentError(`${name}: expected a tensor or a number as value, got ${describe(value)}`);
  }
  temporaries(() => {
    const parts = takeApart(name, self, items);
    if (parts.indices.length === 0) {
      const whole = parts.seen;
      const source = value instanceof Tensor ? leading(value, whole.ndim) : value;
      if (accumulate) add.inplace(whole, source);
      else copy_(whole, source);
      return null;
    }
    const plan = planOf(name, parts);
    const source = value instanceof Tensor ? leading(value, plan.shape.length) : value;
    if (source instanceof Tensor) checkBroadcast(name, source, plan.shape);
    overlapping(name, parts.seen, [...parts.indices, source]);
    put(parts.seen, source, parts.indices, plan, accumulate);
    return null;
  });
  return self;
}

/** A value may have leading dims of size 1 too many. */
function leading(value: Tensor, rank: number): Tensor {
  let extra = 0;
  while (value.ndim - extra > rank && value.shape[extra] === 1) extra++;
  return extra === 0 ? value : reshape(value, value.shape.slice(extra));
}

function checkBroadcast(name: string, value: Tensor, shape: readonly number[]): void {
  const skip = shape.length - value.ndim;
  if (skip >= 0 && value.shape.every((size, d) => size === 1 || size === shape[d + skip])) return;
  throw new ShapeError(
    `${name}: shape mismatch: value tensor of shape ${formatShape(value.shape)} cannot be broadcast to indexing result of shape ${formatShape(shape)}`,
  );
}

/** `indexPut_` by another name: `x.setIndex([…], value)`. */
export function setIndex(self: Tensor, items: readonly Index[], value: Operand, ...rest: []): Tensor {
  nothingMore("setIndex", rest);
  return called("setIndex", () => indexPut_(self, items, value));
}

/** A copy with a value written by index; see `indexPut_`. */
export function indexPut(
  x: Tensor,
  items: readonly Index[],
  value: Operand,
  ...rest: [accumulate?: boolean | IndexPutOptions]
): Tensor {
  asTensor("indexPut", x);
  if (!Array.isArray(items)) throw new ArgumentError(`indexPut: expected an array of indices, got ${describe(items)}`);
  return composed("indexPut", () => {
    const copy = clone(x);
    spreadLike(copy, value, ...items.filter((item): item is Tensor => item instanceof Tensor));
    return indexPut_(copy, items, value, ...rest);
  });
}
