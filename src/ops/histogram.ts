// Counting into bins: histc, histogram, bincount.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asInteger, asNumber, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { contiguousCopy } from "../op/copy.js";
import { refuseDynamic } from "../tensor/batch.js";
import { categoryOf, INTEGER, isFloat } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { item } from "../tensor/read.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { div, mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { ge, le, logicalAnd } from "./compare.js";
import { linspace, ones, zeros } from "./creation.js";
import { clamp } from "./extrema.js";
import { aminmax } from "./extremum.js";
import { anyHidden, eachExample } from "./hiding.js";
import { sum } from "./reduce.js";
import { trunc } from "./rounding.js";
import { scatterAdd } from "./scatter.js";
import { bucketize } from "./search.js";
import { reshape } from "./shape.js";
import { narrow } from "./views.js";
import { where } from "./where.js";

/** A handle without history: nothing here is differentiable. */
function plain(x: Tensor): Tensor {
  return alias(x, x.layout);
}

/** Adds weights, or ones, up in `bins` bins; what falls into bin −1 counts nowhere. */
function counted(places: Tensor, weights: Tensor | null, bins: number, dtype: "float32" | "float64" | "int32"): Tensor {
  const count = places.numel();
  // One bin more takes what is outside.
  const inside = reshape(where(ge(places, 0), places, bins), [count]);
  const each = weights === null ? ones([count], { dtype }) : to(reshape(weights, [count]), dtype);
  return contiguousCopy(narrow(scatterAdd(zeros([bins + 1], { dtype }), 0, inside, each), 0, 0, bins));
}

/** Lowest and highest edge: as given, or of the data where they are equal or not given. */
function outerEdges(name: string, x: Tensor, given: readonly [number, number] | null, widen: number): [number, number] {
  let [low, high] = given ?? [0, 1];
  if ((given === null || (low === high && widen === 1)) && x.numel() > 0) {
    const bounds = aminmax(x);
    low = Number(item(bounds.min));
    high = Number(item(bounds.max));
  }
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new ArgumentError(`${name}: range of [${low}, ${high}] is not finite`);
  }
  if (low > high) throw new ArgumentError(`${name}: max must be larger than min, got min ${low} and max ${high}`);
  return low === high ? [low - widen, high + widen] : [low, high];
}

/** Options of `histc`. */
export interface HistcOptions {
  readonly bins?: number;
  /** The range that is counted; both 0: that of the data. */
  readonly min?: number;
  readonly max?: number;
}

/**
 * How many elements lie in each of `bins` (100) bins of equal width between `min` and `max`, in the dtype of `x`. The last
 * bin includes its upper edge; what lies outside, and NaN, counts nowhere.
 */
export function histc(
  x: Tensor,
  ...rest: Trailing<[bins: number | undefined, min: number | undefined, max: number | undefined], HistcOptions>
): Tensor {
  asTensor("histc", x);
  if (anyHidden(x)) return eachExample("histc", [x], (each) => histc(each as Tensor, ...rest));
  const given = parse("histc", rest, { bins: 100, min: 0, max: 0 }, ["bins", "min", "max"]);
  const bins = asInteger("histc", given.bins, "bins");
  asNumber("histc", given.min, "min");
  asNumber("histc", given.max, "max");
  const { dtype } = x;
  if (!isFloat(dtype)) throw new DTypeError(`histc: not implemented for ${dtype}; convert it with .to("float32")`);
  if (bins < 1) throw new ArgumentError(`histc: bins must be > 0, but got ${bins}`);
  return composed("histc", () => {
    const input = plain(x);
    const [low, high] = outerEdges("histc", input, [given.min, given.max], 1);
    const place = trunc(div(mul(sub(input, low), bins), high - low));
    const inside = logicalAnd(ge(input, low), le(input, high));
    const bin = where(inside, clamp(place, 0, bins - 1), -1);
    return counted(to(bin, "int32"), null, bins, dtype as "float32");
  });
}

/** Options of `histogram`. */
export interface HistogramOptions {
  /** Lowest and highest edge; those of the data if left out. */
  readonly range?: readonly [number, number] | null;
  /** What each element counts, of the shape of the input; 1 if left out. */
  readonly weight?: Tensor | null;
  /** Whether to divide by the total and the widths, so that the integral is 1. */
  readonly density?: boolean;
}

/**
 * How many elements lie between the edges of bins: a number of bins of equal width, or a sorted 1-dim tensor of edges.
 * The last bin includes its upper edge. Counts and edges have the dtype of `x`.
 */
export function histogram(
  x: Tensor,
  bins: number | Tensor,
  ...rest: [options?: HistogramOptions]
): { readonly hist: Tensor; readonly binEdges: Tensor } {
  asTensor("histogram", x);
  const given = rest[0]?.weight ?? null;
  if (anyHidden(x, bins, given)) {
    return eachExample("histogram", [x, bins instanceof Tensor ? bins : null, given], (each, edges, weight) =>
      histogram(each as Tensor, edges ?? bins, { ...rest[0], weight }),
    );
  }
  const defaults = {
    range: null as readonly [number, number] | null,
    weight: null as Tensor | null,
    density: false,
  };
  const { range, weight, density } = parse("histogram", rest, defaults);
  const { dtype } = x;
  if (!isFloat(dtype)) throw new DTypeError(`histogram: not implemented for ${dtype}; convert it with .to("float32")`);
  if (weight !== null) {
    asTensor("histogram", weight, "weight");
    if (!sameShape(weight.shape, x.shape) || weight.dtype !== dtype) {
      throw new ShapeError(
        `histogram: if weight tensor is provided it should have the same shape and dtype as the input, got ${describe(weight)}`,
      );
    }
  }
  return composed("histogram", () => {
    const input = plain(x);
    const edges = edgesOf(input, bins, range);
    const count = edges.numel() - 1;
    // Behind the last edge but one only its own value belongs to the last bin.
    const last = narrow(edges, 0, count, 1);
    const place = sub(bucketize(input, edges, { right: true }), 1);
    const inside = logicalAnd(ge(input, narrow(edges, 0, 0, 1)), le(input, last));
    const bin = where(inside, clamp(place, 0, count - 1), -1);
    let hist = counted(bin, weight === null ? null : plain(weight), count, dtype as "float32");
    if (density) {
      const widths = sub(narrow(edges, 0, 1, count), narrow(edges, 0, 0, count));
      hist = div(hist, mul(sum(hist), widths));
    }
    return { hist, binEdges: edges };
  });
}

function edgesOf(x: Tensor, bins: number | Tensor, range: readonly [number, number] | null): Tensor {
  if (bins instanceof Tensor) {
    bins.check("histogram");
    if (bins.ndim !== 1 || bins.numel() === 0 || bins.dtype !== x.dtype) {
      throw new ShapeError(
        `histogram: bins must be a 1-dim tensor of edges, not empty, of the dtype of the input ${x.dtype}, got ${describe(bins)}`,
      );
    }
    if (range !== null) throw new ArgumentError("histogram: range is only for a number of bins, not for edges");
    return contiguousCopy(bins);
  }
  const count = asInteger("histogram", bins, "bins");
  if (count < 1) throw new ArgumentError(`histogram: bins must be > 0, but got ${count}`);
  if (range !== null && (!Array.isArray(range) || range.length !== 2)) {
    throw new ArgumentError(`histogram: range should have 2 elements, got ${describe(range)}`);
  }
  const [low, high] = outerEdges("histogram", x, range, 0.5);
  return linspace(low, high, count + 1, { dtype: x.dtype });
}

/** Options of `bincount`. */
export interface BincountOptions {
  /** What each element counts; its sums are the result then, in its dtype, or float64 for integers. */
  readonly weights?: Tensor | null;
  /** Least number of results. */
  readonly minlength?: number;
}

/** How often each number 0, 1, 2, … occurs in a 1-dim int32 tensor: int32, as long as the largest number asks for. */
export function bincount(
  x: Tensor,
  ...rest: Trailing<[weights: Tensor | null | undefined, minlength: number | undefined], BincountOptions>
): Tensor {
  asTensor("bincount", x);
  refuseDynamic("bincount", x);
  const given = parse("bincount", rest, { weights: null as Tensor | null, minlength: 0 }, ["weights", "minlength"]);
  const { weights } = given;
  const least = asInteger("bincount", given.minlength, "minlength");
  if (categoryOf(x.dtype) !== INTEGER) {
    throw new DTypeError(`bincount: only integers are counted, got ${x.dtype}; convert it with .to("int32")`);
  }
  if (x.ndim !== 1)
    throw new ShapeError(`bincount: only supports 1-d non-negative integral inputs, got ${formatShape(x.shape)}`);
  if (least < 0) throw new ArgumentError(`bincount: minlength should be >= 0, got ${least}`);
  if (weights !== null) {
    asTensor("bincount", weights, "weights");
    if (!sameShape(weights.shape, x.shape)) {
      throw new ShapeError(
        `bincount: weights should be 1-d and have the same length as input, got ${formatShape(weights.shape)} for ${formatShape(x.shape)}`,
      );
    }
  }
  const dtype = weights === null ? "int32" : weights.dtype === "float32" ? "float32" : "float64";
  return composed("bincount", () => {
    const count = x.numel();
    if (count === 0) return zeros([least], { dtype });
    const bounds = aminmax(x);
    if (Number(item(bounds.min)) < 0) {
      throw new ArgumentError("bincount: only supports 1-d non-negative integral inputs, got a negative number");
    }
    const bins = Math.max(least, Number(item(bounds.max)) + 1);
    return counted(x, weights === null ? null : plain(weights), bins, dtype);
  });
}
