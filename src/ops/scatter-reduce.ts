// Folding by index along a dim: scatterReduce and indexReduce.

import { ArgumentError, DTypeError, GraphError, ShapeError } from "../errors.js";
import { asBoolean, asInteger, asTensor, describe, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, copyInto } from "../op/copy.js";
import { alongDim, checkIndex, launchIndexed } from "../op/indexed.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import { checkScatter, into, written } from "../op/scattering.js";
import { isTrue } from "../op/truth.js";
import { mode } from "../tape/mode.js";
import { bytesOf, type DType, isFloat, type Scalar } from "../tensor/dtype.js";
import { iinfo } from "../tensor/info.js";
import { formatShape, normalizeDim, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { div, mul } from "./arithmetic.js";
import { to } from "./cast.js";
import { eq, gt, logicalAnd } from "./compare.js";
import { full, ones, zeros } from "./creation.js";
import { clampMin } from "./extrema.js";
import { gather } from "./gather.js";
import { any } from "./reduce.js";
import { scatter, scatterAdd } from "./scatter.js";
import { expand, reshape } from "./shape.js";
import { narrow } from "./views.js";
import { maskedFill, where } from "./where.js";

/** How values that meet in one place are folded into one. */
export type Reduce = "sum" | "prod" | "mean" | "amax" | "amin";

/** Options of `scatterReduce` and `indexReduce`. */
export interface ScatterReduceOptions {
  /** Whether the tensor's own values are folded in; else they are replaced where something is written. */
  readonly includeSelf?: boolean;
}

interface Folding {
  readonly name: string;
  readonly label: string;
  readonly dim: number;
  readonly reduce: Reduce;
  readonly includeSelf: boolean;
}

const scatters = /* @__PURE__ */ new WidthFamily("scatter");
const sums = /* @__PURE__ */ new KernelFamily("scatter_add");
const products = /* @__PURE__ */ new KernelFamily("scatter_prod");
const maxima = /* @__PURE__ */ new KernelFamily("scatter_amax");
const minima = /* @__PURE__ */ new KernelFamily("scatter_amin");

function kernels(reduce: Reduce): KernelFamily {
  return reduce === "prod" ? products : reduce === "amax" ? maxima : reduce === "amin" ? minima : sums;
}

/** What folding starts from where the tensor's own values do not count. */
function neutral(reduce: Reduce, dtype: DType): Scalar {
  if (reduce === "prod") return 1;
  if (reduce === "sum" || reduce === "mean") return 0;
  if (isFloat(dtype)) return reduce === "amax" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const { min, max } = iinfo(dtype);
  return reduce === "amax" ? min : max;
}

/** Folds a source into `out`. */
function fold(out: Tensor, index: Tensor, source: Tensor, folding: Folding): void {
  const { name, dim, reduce, includeSelf } = folding;
  if (index.numel() === 0) return;
  if (out.dtype === "bool") {
    // Among 0 and 1 a sum in the sense of "or" is the greatest, a product the least.
    const numbers = castTo(out, "int32");
    const logical = reduce === "sum" ? "amax" : reduce === "prod" ? "amin" : reduce;
    fold(numbers, index, castTo(source, "int32"), { ...folding, reduce: logical });
    copyInto(out, numbers);
    return;
  }
  const plan = alongDim(out, dim, index);
  if (!includeSelf) {
    launchIndexed(name, scatters.of(bytesOf(out.dtype)), out, neutral(reduce, out.dtype), [index], plan, true);
  }
  launchIndexed(name, kernels(reduce).of(out.dtype), out, source, [index], plan, true);
  if (reduce !== "mean") return;
  const counts = empty(name, out.shape, out.dtype);
  copyInto(counts, includeSelf ? 1 : 0);
  launchIndexed(name, sums.of(out.dtype), counts, 1, [index], plan, true);
  const share = clampMin(counts, 1);
  copyInto(out, isFloat(out.dtype) ? div(out, share) : div(out, share, { roundingMode: "floor" }));
}

const forward = ([x, index, source]: readonly Tensor[], folding: Folding): Tensor =>
  temporaries(() => written(x as Tensor, (out) => fold(out, index as Tensor, source as Tensor, folding)));

/** A gradient where the tensor's own value was folded in; 0 where it was replaced. */
function own(g: Tensor, index: Tensor, { dim, includeSelf }: Folding): Tensor {
  return includeSelf ? g : scatter(g, dim, index, 0);
}

/** The gradient of each value that went into a sum, or into a mean. */
function part(g: Tensor, index: Tensor, { dim, reduce, includeSelf }: Folding): Tensor {
  if (reduce !== "mean") return g;
  const start = includeSelf ? ones(g.shape, { dtype: g.dtype }) : zeros(g.shape, { dtype: g.dtype });
  const counts = scatterAdd(start, dim, index, expand(full([], 1, { dtype: g.dtype }), index.shape));
  return div(g, clampMin(counts, 1));
}

const label = ({ label: name }: Folding): string => name;

/** Sums and means: linear in both. */
const additive: Applied<Folding> = op({
  name: "scatterReduce",
  label,
  forward,
  gradients: {
    x: {
      reads: ["index"],
      of: ({ g, index }, folding) => temporaries(() => own(part(g, index, folding), index, folding)),
    },
    index: null,
    source: {
      reads: ["index"],
      of: ({ g, index }, folding) => temporaries(() => gather(part(g, index, folding), folding.dim, index)),
    },
  },
});

/** Which of the tensor's own values are the extreme one, and the gradient that each of those that are gets. */
function shares(g: Tensor, x: Tensor, index: Tensor, source: Tensor, out: Tensor, folding: Folding) {
  const { dim } = folding;
  const mine = own(to(eq(x, out), g.dtype), index, folding);
  const theirs = to(eq(source, gather(out, dim, index)), g.dtype);
  return { mine, theirs, share: div(g, scatterAdd(mine, dim, index, theirs)) };
}

/** Maxima and minima: equal ones share the gradient. */
const extreme: Applied<Folding> = op({
  name: "scatterReduce",
  label,
  forward,
  gradients: {
    x: {
      reads: ["x", "index", "source", "out"],
      of: ({ g, x, index, source, out }, folding) =>
        temporaries(() => {
          const { mine, share } = shares(g, x, index, source, out, folding);
          return mul(mine, share);
        }),
    },
    index: null,
    source: {
      reads: ["x", "index", "source", "out"],
      of: ({ g, x, index, source, out }, folding) =>
        temporaries(() => {
          const { theirs, share } = shares(g, x, index, source, out, folding);
          return mul(theirs, gather(share, folding.dim, index));
        }),
    },
  },
});

/** The gradient of what is multiplied up: the product of all others, by division where that is possible. */
function factorGradient(g: Tensor, x: Tensor, index: Tensor, source: Tensor, out: Tensor, folding: Folding): Tensor {
  const { dim } = folding;
  const zero = eq(source, 0);
  const found = scatterAdd(zeros(x.shape, { dtype: g.dtype }), dim, index, to(zero, g.dtype));
  const counts = gather(found, dim, index);
  if (mode.grad && isTrue(any(gt(counts, 1)))) {
    throw new GraphError(
      `${folding.name}: Double backward is unsupported for src when >1 zeros in src are scattered to the same position in self`,
    );
  }
  // Beside a single zero all other gradients are 0, and its own is the product without it.
  const single = logicalAnd(zero, eq(counts, 1));
  const without = product([x, index, maskedFill(source, single, 1)], folding);
  const byZero = gather(mul(g, without), dim, index);
  const divided = div(gather(mul(g, out), dim, index), maskedFill(source, zero, 1));
  return where(single, byZero, divided);
}

const product: Applied<Folding> = op({
  name: "scatterReduce",
  label,
  forward,
  gradients: {
    x: {
      reads: ["x", "index", "source"],
      of: ({ g, x, index, source }, folding) =>
        temporaries(() => {
          const filled = maskedFill(x, eq(x, 0), 1);
          return own(div(mul(g, product([filled, index, source], folding)), filled), index, folding);
        }),
    },
    index: null,
    source: {
      reads: ["x", "index", "source", "out"],
      of: ({ g, x, index, source, out }, folding) =>
        temporaries(() => factorGradient(g, x, index, source, out, folding)),
    },
  },
});

function operationOf(reduce: Reduce): Applied<Folding> {
  return reduce === "prod" ? product : reduce === "amax" || reduce === "amin" ? extreme : additive;
}

/** The part of the source that belongs to the index, as a view. */
function sourceFor(source: Tensor, index: Tensor): Tensor {
  if (sameShape(source.shape, index.shape)) return source;
  if (index.ndim === 0 || source.ndim === 0) return reshape(source, index.shape);
  return index.shape.reduce((part, size, d) => (part.shape[d] === size ? part : narrow(part, d, 0, size)), source);
}

function readFolding(
  name: string,
  label: string,
  x: Tensor,
  dim: number,
  reduce: Reduce,
  allowed: readonly string[],
  rest: readonly unknown[],
): Folding {
  const { includeSelf } = parse(name, rest, { includeSelf: true });
  if (!allowed.includes(reduce)) {
    throw new ArgumentError(
      `${name}: reduce argument must be either ${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}, got ${describe(reduce)}`,
    );
  }
  if (reduce === "mean" && x.dtype === "bool") throw new DTypeError(`${name}: no mean of bool tensors`);
  return { name, label, dim, reduce, includeSelf: asBoolean(name, includeSelf, "includeSelf") };
}

const SCATTERED = ["sum", "prod", "mean", "amax", "amin"];
const INDEXED = ["prod", "mean", "amax", "amin"];

/**
 * A copy of `x` with the source folded in along a dim where `index` (int32) says, for dim 1
 * out[i][index[i][j][k]][k] = reduce(out[i][index[i][j][k]][k], source[i][j][k]). Index and source have as many dims as
 * `x`; the index may be smaller than the source. Equal maxima or minima share the gradient.
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Reduce,
  ...rest: [options?: ScatterReduceOptions]
): Tensor {
  asTensor("scatterReduce", source, "src");
  const at = checkScatter("scatterReduce", x, dim, index, source);
  const folding = readFolding("scatterReduce", "ScatterReduceBackward0", x, at, reduce, SCATTERED, rest);
  return composed("scatterReduce", () => operationOf(reduce)([x, index, sourceFor(source, index)], folding));
}

/** `scatterReduce` into `self`, which is returned. */
export function scatterReduce_(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Reduce,
  ...rest: [options?: ScatterReduceOptions]
): Tensor {
  asTensor("scatterReduce_", source, "src");
  const at = checkScatter("scatterReduce_", self, dim, index, source);
  const folding = readFolding("scatterReduce_", "ScatterReduceBackward0", self, at, reduce, SCATTERED, rest);
  overlapping("scatterReduce_", self, [index, source]);
  temporaries(() => write(self, index, sourceFor(source, index), folding));
  return self;
}

function write(self: Tensor, index: Tensor, source: Tensor, folding: Folding): null {
  operationOf(folding.reduce).inplace([self, index, source], folding, (target) =>
    into(target, (out) => fold(out, index, source, folding)),
  );
  return null;
}

/** The index of each element of the source: `index` in every place along the other dims. */
function spread(name: string, x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  if (index.ndim > 1)
    throw new ShapeError(`${name}: Index is supposed to be a vector, got ${formatShape(index.shape)}`);
  const wanted = x.shape.map((size, d) => (d === dim ? index.numel() : size));
  const fits = x.ndim === 0 ? source.numel() === 1 && index.numel() === 1 : sameShape(source.shape, wanted);
  if (!fits) {
    throw new ShapeError(
      `${name}: Source/destination tensor must have same slice shapes: expected ${formatShape(wanted)}, got ${formatShape(source.shape)}`,
    );
  }
  return expand(
    reshape(
      index,
      wanted.map((_, d) => (d === dim ? index.numel() : 1)),
    ),
    wanted,
  );
}

function checkIndexed(name: string, x: Tensor, dim: number, index: Tensor, source: Tensor): number {
  asTensor(name, x);
  asTensor(name, index, "index");
  asTensor(name, source, "source");
  checkIndex(name, index);
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${name}: self and source expected to have the same dtype, but got (self) ${x.dtype} and (source) ${source.dtype}`,
    );
  }
  return normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
}

/**
 * A copy of `x` with the slices of `source` folded into the slices along a dim that `index` (int32, 1-dim) names.
 * Equal maxima or minima share the gradient.
 */
export function indexReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Reduce,
  ...rest: [options?: ScatterReduceOptions]
): Tensor {
  const name = "indexReduce";
  const at = checkIndexed(name, x, dim, index, source);
  const folding = readFolding(name, "IndexReduceBackward0", x, at, reduce, INDEXED, rest);
  return composed(name, () => {
    const wide = spread(name, x, at, index, source);
    return operationOf(reduce)([x, wide, sourceFor(source, wide)], folding);
  });
}

/** `indexReduce` into `self`, which is returned. */
export function indexReduce_(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Reduce,
  ...rest: [options?: ScatterReduceOptions]
): Tensor {
  const name = "indexReduce_";
  const at = checkIndexed(name, self, dim, index, source);
  const folding = readFolding(name, "IndexReduceBackward0", self, at, reduce, INDEXED, rest);
  overlapping(name, self, [index, source]);
  temporaries(() => {
    const wide = spread(name, self, at, index, source);
    return write(self, wide, sourceFor(source, wide), folding);
  });
  return self;
}
