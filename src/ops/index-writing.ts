// Writing slices along a dim by a list of indices: indexAdd, indexCopy, indexFill, and put by flat indices.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asBoolean, asInteger, asNumber, asTensor, describe, nothingMore, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { asContiguous, copyInto, dense } from "../op/copy.js";
import { checkIndex, type Indexed, launchIndexed, listAlong } from "../op/indexed.js";
import type { Operand } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import { into, written } from "../op/scattering.js";
import { bytesOf, isFloat, type Scalar } from "../tensor/dtype.js";
import { contiguous, formatShape, normalizeDim, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { mul } from "./arithmetic.js";
import { to } from "./cast.js";
import { zeros, zerosLike } from "./creation.js";
import { take } from "./gather.js";
import { readingBy } from "./reading.js";
import { sum } from "./reduce.js";
import { reshape } from "./shape.js";

const scatters = /* @__PURE__ */ new WidthFamily("scatter");
const additions = /* @__PURE__ */ new KernelFamily("scatter_add");

interface Listed {
  readonly name: string;
  readonly dim: number;
  /** Whether negative indices count from the end. */
  readonly wraps: boolean;
}

interface Adding extends Listed {
  readonly alpha: number;
}

/** Writes a source, or one value, into the slices that a list of indices names, or adds it there. */
function write(out: Tensor, index: Tensor, source: Operand, { name, dim, wraps }: Listed, adds: boolean): void {
  const kernel = adds ? additions.of(out.dtype) : scatters.of(bytesOf(out.dtype));
  launchIndexed(name, kernel, out, source, [index], listAlong(out, dim, index, wraps), true);
}

/** The slices of a gradient that a list of indices names. */
function slicesOf(g: Tensor, index: Tensor, { name, dim, wraps }: Listed): Tensor {
  const plan = listAlong(g, dim, index, wraps);
  return readingBy(1)([g, index], { plan, from: g.shape, label: "IndexSelectBackward0", name });
}

function add(out: Tensor, index: Tensor, source: Tensor, adding: Adding): void {
  temporaries(() => {
    write(out, index, adding.alpha === 1 ? source : mul(alias(source, source.layout), adding.alpha), adding, true);
    return null;
  });
}

const addOp: Applied<Adding> = op({
  name: "indexAdd",
  forward: ([x, index, source], adding: Adding) =>
    temporaries(() => written(x as Tensor, (out) => add(out, index as Tensor, source as Tensor, adding))),
  gradients: {
    x: { reads: [], of: ({ g }) => g },
    index: null,
    source: {
      reads: ["index"],
      of: ({ g, index }, adding) =>
        temporaries(() => {
          const slices = slicesOf(g, index, adding);
          return adding.alpha === 1 ? slices : mul(slices, adding.alpha);
        }),
    },
  },
  tangent: ([x, index, source], _outputs, [tx, , ts], adding) => [
    addOp([tx ?? zerosLike(x as Tensor), index as Tensor, ts ?? zerosLike(source as Tensor)], adding),
  ],
});

const copyOp: Applied<Listed> = op({
  name: "indexCopy",
  forward: ([x, index, source], listed: Listed) =>
    temporaries(() => written(x as Tensor, (out) => write(out, index as Tensor, source as Tensor, listed, false))),
  gradients: {
    x: { reads: ["index"], of: ({ g, index }, listed) => fillOp([g, index], { ...listed, value: 0 }) },
    index: null,
    source: { reads: ["index"], of: ({ g, index }, listed) => slicesOf(g, index, listed) },
  },
  tangent: ([x, index, source], _outputs, [tx, , ts], listed) => [
    copyOp([tx ?? zerosLike(x as Tensor), index as Tensor, ts ?? zerosLike(source as Tensor)], listed),
  ],
});

interface Filling extends Listed {
  readonly value: Scalar;
}

const fillOp: Applied<Filling> = op({
  name: "indexFill",
  forward: ([x, index], filling: Filling) =>
    temporaries(() => written(x as Tensor, (out) => write(out, index as Tensor, filling.value, filling, false), dense)),
  gradients: {
    x: { reads: ["index"], of: ({ g, index }, filling) => fillOp([g, index], { ...filling, value: 0 }) },
    index: null,
  },
  tangent: ([, index], _outputs, [t], filling) => [
    t === null ? null : fillOp([t as Tensor, index as Tensor], { ...filling, value: 0 }),
  ],
});

const fillTensorOp: Applied<Listed> = op({
  name: "indexFill",
  label: "IndexFillBackward1",
  forward: ([x, index, value], listed: Listed) =>
    temporaries(() =>
      written(x as Tensor, (out) => write(out, index as Tensor, value as Tensor, listed, false), dense),
    ),
  gradients: {
    x: { reads: ["index"], of: ({ g, index }, listed) => fillOp([g, index], { ...listed, value: 0 }) },
    index: null,
    value: { reads: ["index"], of: ({ g, index }, listed) => temporaries(() => sum(slicesOf(g, index, listed))) },
  },
  tangent: ([x, index, value], _outputs, [tx, , tv], listed) => [
    fillTensorOp([tx ?? zerosLike(x as Tensor), index as Tensor, tv ?? zerosLike(value as Tensor)], listed),
  ],
});

/** Checks the tensor, the dim and the list of indices; returns the dim counted from the front. */
function checkList(name: string, x: Tensor, dim: number, index: Tensor): number {
  asTensor(name, x);
  asTensor(name, index, "index");
  const along = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  checkIndex(name, index);
  if (index.ndim > 1) throw new ShapeError(`${name}: Index should have dimension 1 or 0 (got ${index.ndim})`);
  return along;
}

/** The same with a source, which may lack the dim where the index has none: it is given back with it. */
function checkSource(name: string, x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  asTensor(name, source, "source");
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${name}: self and source expected to have the same dtype, but got (self) ${x.dtype} and (source) ${source.dtype}`,
    );
  }
  if (x.ndim === 0 && source.ndim <= 1 && source.numel() === index.numel()) return reshape(source, [index.numel()]);
  const wanted = x.shape.map((size, d) => (d === dim ? index.numel() : size));
  const rest = wanted.filter((_, d) => d !== dim);
  if (x.ndim > 0 && sameShape(source.shape, wanted)) return source;
  if (x.ndim > 0 && index.numel() === 1 && sameShape(source.shape, rest)) return reshape(source, wanted);
  throw new ShapeError(
    `${name}: Source/destination tensor must have same slice shapes: expected source of shape ${formatShape(wanted)}, got ${formatShape(source.shape)}`,
  );
}

/** Options of `indexAdd`. */
export interface IndexAddOptions {
  /** Factor of the source. */
  readonly alpha?: number;
}

function readAlpha(name: string, x: Tensor, rest: readonly unknown[]): number {
  const alpha = asNumber(name, parse(name, rest, { alpha: 1 }).alpha, "alpha");
  if (!isFloat(x.dtype) && !Number.isInteger(alpha)) {
    throw new ArgumentError(
      `${name}: For integral input tensors, argument alpha must not be a floating point number, got ${alpha}`,
    );
  }
  return alpha;
}

/** A copy with alpha times the slices of `source` added to the slices that `index` (int32) names; repeats add up. */
export function indexAdd(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  ...rest: [options?: IndexAddOptions]
): Tensor {
  const name = "indexAdd";
  const along = checkList(name, x, dim, index);
  const alpha = readAlpha(name, x, rest);
  return composed(name, () =>
    addOp([x, index, checkSource(name, x, along, index, source)], { name, dim: along, wraps: false, alpha }),
  );
}

/** `indexAdd` into `self`, which is returned. */
export function indexAdd_(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  ...rest: [options?: IndexAddOptions]
): Tensor {
  const name = "indexAdd_";
  const along = checkList(name, self, dim, index);
  const adding = { name, dim: along, wraps: false, alpha: readAlpha(name, self, rest) };
  temporaries(() => {
    const slices = checkSource(name, self, along, index, source);
    overlapping(name, self, [index, source]);
    addOp.inplace([self, index, slices], adding, (target) => into(target, (out) => add(out, index, slices, adding)));
    return null;
  });
  return self;
}

/** A copy with the slices that `index` (int32) names replaced by those of `source`. */
export function indexCopy(x: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("indexCopy", rest);
  const name = "indexCopy";
  const along = checkList(name, x, dim, index);
  return composed(name, () =>
    copyOp([x, index, checkSource(name, x, along, index, source)], { name, dim: along, wraps: false }),
  );
}

/** `indexCopy` into `self`, which is returned. */
export function indexCopy_(self: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("indexCopy_", rest);
  const name = "indexCopy_";
  const along = checkList(name, self, dim, index);
  const listed = { name, dim: along, wraps: false };
  temporaries(() => {
    const slices = checkSource(name, self, along, index, source);
    overlapping(name, self, [index, source]);
    copyOp.inplace([self, index, slices], listed, (target) =>
      into(target, (out) => write(out, index, slices, listed, false)),
    );
    return null;
  });
  return self;
}

function checkFill(name: string, value: Operand): void {
  if (value instanceof Tensor) {
    value.check(name);
    if (value.ndim === 0) return;
    throw new ShapeError(
      `${name}: only supports a 0-dimensional value tensor, but got tensor with ${value.ndim} dimension(s).`,
    );
  }
  if (typeof value !== "number" && typeof value !== "boolean")
    throw new ArgumentError(`${name}: value must be a number or a 0-dim tensor, got ${describe(value)}`);
}

/**
 * A copy with the slices that `index` (int32) names filled with a value, a number or a 0-dim tensor. Negative indices
 * count from the end.
 */
export function indexFill(x: Tensor, dim: number, index: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("indexFill", rest);
  const name = "indexFill";
  const listed = { name, dim: checkList(name, x, dim, index), wraps: true };
  checkFill(name, value);
  if (!(value instanceof Tensor)) return fillOp([x, index], { ...listed, value });
  return composed(name, () => fillTensorOp([x, index, to(value, x.dtype)], listed));
}

/** `indexFill` into `self`, which is returned. */
export function indexFill_(self: Tensor, dim: number, index: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("indexFill_", rest);
  const name = "indexFill_";
  const listed = { name, dim: checkList(name, self, dim, index), wraps: true };
  checkFill(name, value);
  overlapping(name, self, [index, value]);
  const fill = (source: Operand) => (target: Tensor) => into(target, (out) => write(out, index, source, listed, false));
  if (!(value instanceof Tensor)) return fillOp.inplace([self, index], { ...listed, value }, fill(value));
  temporaries(() => {
    const cast = to(value, self.dtype);
    fillTensorOp.inplace([self, index, cast], listed, fill(cast));
    return null;
  });
  return self;
}

interface Putting {
  readonly name: string;
  readonly accumulate: boolean;
}

/** Writes elements at flat indices of a contiguous tensor. */
function putInto(out: Tensor, index: Tensor, source: Tensor, { name, accumulate }: Putting): void {
  temporaries(() => {
    const flat = alias(out, contiguous([out.numel()]));
    const dims = index.shape.map((_, d) => d);
    const plan: Indexed = { shape: index.shape, own: dims.map(() => -1), dims: [0], over: [dims], wraps: true };
    const kernel = accumulate ? additions.of(out.dtype) : scatters.of(bytesOf(out.dtype));
    launchIndexed(name, kernel, flat, source, [index], plan, true);
    return null;
  });
}

/** A copy, laid out alike, with elements written at flat indices. */
function putCopy(x: Tensor, index: Tensor, source: Tensor, putting: Putting): Tensor {
  const out = dense(x);
  const flat = asContiguous(out);
  putInto(flat, index, source, putting);
  if (flat !== out) copyInto(out, flat);
  return out;
}

const putOp: Applied<Putting> = op({
  name: "put",
  forward: ([x, index, source], putting: Putting) =>
    temporaries(() => putCopy(x as Tensor, index as Tensor, source as Tensor, putting)),
  gradients: {
    x: {
      reads: ["index"],
      of: ({ g, index }, putting) =>
        putting.accumulate ? g : temporaries(() => putOp([g, index, zeros(index.shape, { dtype: g.dtype })], putting)),
    },
    index: null,
    source: { reads: ["index"], of: ({ g, index }) => take(g, index) },
  },
  tangent: ([x, index, source], _outputs, [tx, , ts], putting) => [
    putOp([tx ?? zerosLike(x as Tensor), index as Tensor, ts ?? zerosLike(source as Tensor)], putting),
  ],
});

/** Optional arguments of `put`: whether to add rather than replace. */
export type PutRest = Trailing<[accumulate: boolean], { readonly accumulate?: boolean }>;

function checkPut(name: string, x: Tensor, index: Tensor, source: Tensor, rest: readonly unknown[]): Putting {
  asTensor(name, x);
  asTensor(name, index, "index");
  asTensor(name, source, "source");
  checkIndex(name, index);
  const { accumulate } = parse(name, rest, { accumulate: false }, ["accumulate"]);
  if (source.dtype !== x.dtype)
    throw new DTypeError(
      `${name}: self and source expected to have the same dtype, but got self.dtype = ${x.dtype} and source.dtype = ${source.dtype}`,
    );
  if (source.numel() !== index.numel()) {
    throw new ArgumentError(
      `${name}: Expected source and index to have the same number of elements, but got source.numel() = ${source.numel()}, index.numel() = ${index.numel()}`,
    );
  }
  if (x.numel() === 0 && index.numel() > 0)
    throw new ArgumentError(`${name}: tried to put elements into an empty tensor`);
  return { name, accumulate: asBoolean(name, accumulate, "accumulate") };
}

/** A copy with the elements of `source` written at flat indices (int32), or added there. Negative indices wrap. */
export function put(x: Tensor, index: Tensor, source: Tensor, ...rest: PutRest): Tensor {
  const putting = checkPut("put", x, index, source, rest);
  return composed("put", () => putOp([x, index, reshape(source, index.shape)], putting));
}

/** `put` into `self`, which is returned. */
export function put_(self: Tensor, index: Tensor, source: Tensor, ...rest: PutRest): Tensor {
  const putting = checkPut("put_", self, index, source, rest);
  overlapping("put_", self, [index, source]);
  temporaries(() => {
    const values = reshape(source, index.shape);
    putOp.inplace([self, index, values], putting, (target) => {
      copyInto(target, putCopy(target, index, values, putting));
    });
    return null;
  });
  return self;
}
