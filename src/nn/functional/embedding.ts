// Rows of a table by index: embedding, and sums, means and maxima of them.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asInteger, asNumber, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { alongDim, checkIndex, type Indexed, launchIndexed } from "../../op/indexed.js";
import { type Applied, op } from "../../op/op.js";
import { add, div, mul, pow, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { eq, gt, logicalAnd, ne } from "../../ops/compare.js";
import { arange, full, ones, zeros } from "../../ops/creation.js";
import { detach } from "../../ops/detach.js";
import { clampMin } from "../../ops/extrema.js";
import { gather, indexSelect } from "../../ops/gather.js";
import { abs } from "../../ops/pointwise.js";
import { addingBy } from "../../ops/reading.js";
import { sum } from "../../ops/reduce.js";
import { cumsum } from "../../ops/scan.js";
import { scatterAdd } from "../../ops/scatter.js";
import { expand, reshape } from "../../ops/shape.js";
import { unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { unrecorded } from "../../tape/mode.js";
import { bytesOf, isFloat } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../../wasm/kernels.js";

const gathers = /* @__PURE__ */ new WidthFamily("gather");

interface Table {
  readonly rows: number;
  readonly width: number;
  /** Row without a gradient, or −1. */
  readonly padding: number;
  /** Whether gradients are divided by how often their row was used. */
  readonly byFrequency: boolean;
}

function planOf(index: Tensor, width: number): Indexed {
  const _rank = index.ndim;
  const dims = index.shape.map((_, d) => d);
  return {
    shape: [...index.shape, width],
    own: [...dims.map(() => -1), 1],
    dims: [0],
    over: [[...dims, -1]],
    wraps: false,
  };
}

const embeddingOp: Applied<Table> = op({
  name: "embedding",
  forward: ([weight, index], { width }: Table) =>
    temporaries(() => {
      const [table, at] = [weight as Tensor, index as Tensor];
      const out = empty("embedding", [...at.shape, width], table.dtype);
      launchIndexed("embedding", gathers.of(bytesOf(table.dtype)), table, out, [at], planOf(at, width), false);
      return out;
    }),
  gradients: {
    weight: { reads: ["index"], of: ({ g, index }, table) => gradientOfTable(g, index, table) },
    index: null,
  },
  tangent: ([, index], _outputs, [t], table) => [embeddingOp([t as Tensor, index as Tensor], table)],
});

function gradientOfTable(g: Tensor, index: Tensor, { rows, width, padding, byFrequency }: Table): Tensor {
  return temporaries(() => {
    let own = g;
    if (padding >= 0) own = where(unsqueeze(ne(index, padding), -1), own, 0);
    if (byFrequency) {
      const flat = reshape(index, [-1]);
      const counts = scatterAdd(zeros([rows], { dtype: "int32" }), 0, flat, ones(flat.shape, { dtype: "int32" }));
      const used = reshape(indexSelect(counts, 0, flat), [...index.shape, 1]);
      own = div(own, to(used, g.dtype));
    }
    const reading = {
      plan: planOf(index, width),
      from: [rows, width],
      label: "EmbeddingDenseBackward0",
      name: "embedding",
    };
    return addingBy(1)([own, index], reading);
  });
}

/** Options of `embedding`. */
export interface EmbeddingOptions {
  /** A row that never gets a gradient. */
  readonly paddingIdx?: number | null;
  /** Rows that are used and longer are first scaled to this length, in place. */
  readonly maxNorm?: number | null;
  /** Exponent of the length: 2. */
  readonly normType?: number;
  /** Whether gradients are divided by how often their row is used. */
  readonly scaleGradByFreq?: boolean;
  /** Gradients are dense whatever this says. */
  readonly sparse?: boolean;
}

/** The padding row counted from the front, or −1. */
function paddingOf(name: string, padding: number | null, rows: number): number {
  if (padding === null) return -1;
  asInteger(name, padding, "paddingIdx");
  if (padding < -rows || padding >= rows)
    throw new ArgumentError(`${name}: Padding_idx must be within num_embeddings, got ${padding} for ${rows} rows`);
  return padding < 0 ? padding + rows : padding;
}

function checkTable(name: string, input: Tensor, weight: Tensor): void {
  asTensor(name, input);
  asTensor(name, weight, "weight");
  checkIndex(name, input, "input");
  if (weight.ndim !== 2)
    throw new ShapeError(`${name}: 'weight' must be 2-D, [rows, width], got ${formatShape(weight.shape)}`);
}

/** Scales the rows that are used and longer than `most`, in place and off the tape. */
function shorten(weight: Tensor, index: Tensor, most: number, p: number): void {
  unrecorded(() =>
    temporaries(() => {
      const flat = reshape(index, [-1]);
      const rows = weight.shape[0] as number;
      const used = gt(scatterAdd(zeros([rows], { dtype: "int32" }), 0, flat, ones(flat.shape, { dtype: "int32" })), 0);
      const length = pow(sum(pow(abs(detach(weight)), p), 1), 1 / p);
      const factor = where(logicalAnd(used, gt(length, most)), div(most, add(length, 1e-7)), 1);
      mul.inplace(weight, unsqueeze(factor, 1));
      return null;
    }),
  );
}

/**
 * Rows of a table: input int32 [...], weight [rows, width] give [..., width].
 * @throws ArgumentError for an index that is no row.
 */
export function embedding(
  input: Tensor,
  weight: Tensor,
  ...rest: Trailing<[paddingIdx: number | null | undefined], EmbeddingOptions>
): Tensor {
  checkTable("embedding", input, weight);
  const defaults = {
    paddingIdx: null,
    maxNorm: null,
    normType: 2,
    scaleGradByFreq: false,
    sparse: false,
  } satisfies EmbeddingOptions;
  const given = parse<Required<EmbeddingOptions>>("embedding", rest, defaults, ["paddingIdx"]);
  const [rows, width] = weight.shape as readonly [number, number];
  const padding = paddingOf("embedding", given.paddingIdx, rows);
  asBoolean("embedding", given.scaleGradByFreq, "scaleGradByFreq");
  if (given.maxNorm !== null) shorten(weight, input, asNumber("embedding", given.maxNorm, "maxNorm"), given.normType);
  return embeddingOp([weight, input], { rows, width, padding, byFrequency: given.scaleGradByFreq });
}

/** Options of `embeddingBag`. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag starts in a flat input. */
  readonly offsets?: Tensor | null;
  readonly mode?: "sum" | "mean" | "max";
  /** Factors of the rows, in mode "sum". */
  readonly perSampleWeights?: Tensor | null;
  /** Whether the last offset is the end of the input. */
  readonly includeLastOffset?: boolean;
}

/** For each element of the input the bag it is in: how many offsets lie at or before it, less one. */
function bagsOf(offsets: Tensor, count: number): Tensor {
  const starts = zeros([count + 1], { dtype: "int32" });
  const marks = scatterAdd(starts, 0, offsets, ones(offsets.shape, { dtype: "int32" }));
  return sub(indexSelect(cumsum(marks, 0), 0, arange(count, { dtype: "int32" })), 1);
}

/**
 * Sums, means or maxima of rows: a 2-D input has a bag in each row, a 1-D one bags that start at `offsets`. Rows of
 * `paddingIdx` do not count; empty bags are 0.
 */
export function embeddingBag(
  input: Tensor,
  weight: Tensor,
  ...rest: Trailing<[offsets: Tensor | null | undefined], EmbeddingBagOptions>
): Tensor {
  const name = "embeddingBag";
  checkTable(name, input, weight);
  const defaults = {
    offsets: null,
    maxNorm: null,
    normType: 2,
    scaleGradByFreq: false,
    mode: "mean",
    sparse: false,
    perSampleWeights: null,
    includeLastOffset: false,
    paddingIdx: null,
  } satisfies EmbeddingBagOptions;
  const given = parse<Required<EmbeddingBagOptions>>(name, rest, defaults as Required<EmbeddingBagOptions>, [
    "offsets",
  ]);
  const { mode, offsets, perSampleWeights } = given;
  if (mode !== "sum" && mode !== "mean" && mode !== "max")
    throw new ArgumentError(`${name}: mode has to be one of sum, mean or max, got ${describe(mode)}`);
  if (offsets !== null) asTensor(name, offsets, "offsets");
  if (perSampleWeights !== null) {
    asTensor(name, perSampleWeights, "perSampleWeights");
    if (perSampleWeights.shape.join() !== input.shape.join()) {
      throw new ShapeError(
        `${name}: If per_sample_weights is not null, then it must have the same shape as the input, got ${formatShape(perSampleWeights.shape)} and ${formatShape(input.shape)}`,
      );
    }
    if (mode !== "sum")
      throw new ArgumentError(
        `${name}: per_sample_weights was not null; it is only supported for mode='sum', got ${mode}`,
      );
    if (perSampleWeights.dtype !== weight.dtype)
      throw new DTypeError(
        `${name}: expected same dtype for weight and perSampleWeights, got ${weight.dtype} and ${perSampleWeights.dtype}`,
      );
  }
  if (input.ndim === 2 && offsets !== null)
    throw new ArgumentError(
      `${name}: if input is 2D, then offsets has to be null, as input is treated as a mini-batch of fixed length sequences`,
    );
  if (offsets !== null) checkIndex(name, offsets, "offsets");
  if (input.ndim === 1 && offsets === null)
    throw new ArgumentError(`${name}: offsets has to be a 1D Tensor but got null`);
  if (input.ndim !== 1 && input.ndim !== 2)
    throw new ShapeError(`${name}: input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  if (!isFloat(weight.dtype)) throw new DTypeError(`${name}: expected a floating-point weight, got ${weight.dtype}`);
  const [rows, width] = weight.shape as readonly [number, number];
  const padding = paddingOf(name, given.paddingIdx, rows);
  if (given.maxNorm !== null) shorten(weight, input, given.maxNorm, given.normType);
  return composed(name, () => {
    const flat = reshape(input, [-1]);
    const count = flat.numel();
    const table: Table = { rows, width, padding, byFrequency: given.scaleGradByFreq };
    let values = embeddingOp([weight, flat], table);
    if (perSampleWeights !== null) values = mul(values, reshape(perSampleWeights, [count, 1]));
    const bags = offsets === null ? (input.shape[0] as number) : offsets.numel() - (given.includeLastOffset ? 1 : 0);
    const bag = offsets === null ? flatBags(input) : bagsOf(offsets, count);
    const counts = padding < 0 ? full([count], true) : ne(flat, padding);
    if (mode === "max") return largest(values, bag, counts, bags, width);
    if (padding >= 0) values = where(unsqueeze(counts, 1), values, 0);
    const total = scatterAdd(
      zeros([bags, width], { dtype: weight.dtype }),
      0,
      expand(unsqueeze(bag, 1), [count, width]),
      values,
    );
    if (mode === "sum") return total;
    const sizes = scatterAdd(zeros([bags], { dtype: "int32" }), 0, bag, to(counts, "int32"));
    return div(total, unsqueeze(to(clampMin(sizes, 1), weight.dtype), 1));
  });
}

/** The row that each element of a 2-D input is in. */
function flatBags(input: Tensor): Tensor {
  const [rows, length] = input.shape as readonly [number, number];
  return reshape(expand(reshape(arange(rows, { dtype: "int32" }), [rows, 1]), [rows, length]), [-1]);
}

const maxima = /* @__PURE__ */ new KernelFamily("scatter_amax");
const minima = /* @__PURE__ */ new KernelFamily("scatter_amin");

/** The largest value of each bag and column, 0 where a bag is empty; the first of equal ones gets the gradient. */
function largest(values: Tensor, bag: Tensor, counts: Tensor, bags: number, width: number): Tensor {
  const count = values.shape[0] as number;
  if (count === 0) return zeros([bags, width], { dtype: values.dtype });
  const bagAt = expand(unsqueeze(bag, 1), [count, width]);
  const first = unrecorded(() => {
    const seen = where(unsqueeze(counts, 1), detach(values), Number.NEGATIVE_INFINITY);
    const top = full([bags, width], Number.NEGATIVE_INFINITY, { dtype: values.dtype });
    launchIndexed("embeddingBag", maxima.of(top.dtype), top, seen, [bagAt], alongDim(top, 0, bagAt), true);
    const wins = logicalAnd(eq(seen, gather(top, 0, bagAt)), unsqueeze(counts, 1));
    const place = where(wins, reshape(arange(count, { dtype: "int32" }), [count, 1]), count);
    const places = full([bags, width], count, { dtype: "int32" });
    launchIndexed("embeddingBag", minima.of("int32"), places, place, [bagAt], alongDim(places, 0, bagAt), true);
    return places;
  });
  const isEmpty = eq(first, count);
  return where(isEmpty, 0, gather(values, 0, where(isEmpty, 0, first)));
}
