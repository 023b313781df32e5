// Quantiles, with NaN counting or passed over.

import { ArgumentError, DTypeError } from "../errors.js";
import { asBoolean, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { allHold } from "../op/truth.js";
import { isFloat } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { lerp } from "./combine.js";
import { ge, isnan, le, logicalAnd, logicalNot } from "./compare.js";
import { fullLike, scalarTensor } from "./creation.js";
import { clampMin } from "./extrema.js";
import { gather } from "./gather.js";
import { all, any, sum } from "./reduce.js";
import { ceil, floor, round } from "./rounding.js";
import { expand, reshape } from "./shape.js";
import { sort } from "./sort.js";
import { movedim, unsqueeze } from "./views.js";
import { maskedFill } from "./where.js";

/** Options of `quantile` and `nanquantile`. */
export interface QuantileOptions {
  /** Dim along which quantiles are taken; all elements if left out. */
  readonly dim?: number | null;
  readonly keepdim?: boolean;
  /** What is taken between two elements. */
  readonly interpolation?: "linear" | "lower" | "higher" | "midpoint" | "nearest";
}

/** Optional arguments of quantiles: `dim`, `keepdim`, the rest by name. */
export type QuantileRest = Trailing<[dim: number | null | undefined, keepdim: boolean | undefined], QuantileOptions>;

const WAYS = ["linear", "lower", "higher", "midpoint", "nearest"];

function checked(name: string, x: Tensor, q: Tensor): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: input tensor must be either float or double dtype, got ${x.dtype}`);
  if (q.dtype !== x.dtype) {
    throw new DTypeError(`${name}: q tensor must be same dtype as the input tensor, got ${q.dtype} and ${x.dtype}`);
  }
  if (q.ndim > 1) throw new ArgumentError(`${name}: q must be a scalar or 1D tensor, got ${q.ndim} dims`);
  if (x.numel() === 0) throw new ArgumentError(`${name}: input tensor must be non-empty`);
  if (!allHold(() => all(logicalAnd(ge(q, 0), le(q, 1))))) {
    throw new ArgumentError(`${name}: q values must be in the range [0, 1]`);
  }
}

function quantiles(name: string, x: Tensor, q: Tensor | number, rest: readonly unknown[], ignoring: boolean): Tensor {
  asTensor(name, x);
  if (!(q instanceof Tensor) && typeof q !== "number") {
    throw new ArgumentError(`${name}: q must be a number or a tensor, got ${describe(q)}`);
  }
  const defaults = { dim: null as number | null, keepdim: false, interpolation: "linear" as string };
  const given = parse(name, rest, defaults, ["dim", "keepdim"]);
  const way = given.interpolation;
  if (!WAYS.includes(way)) {
    throw new ArgumentError(
      `${name}: interpolation must be one of linear, lower, higher, midpoint or nearest, but got ${describe(way)}`,
    );
  }
  const keepdim = asBoolean(name, given.keepdim, "keepdim");
  const dim = given.dim === null ? null : normalizeDim(name, given.dim, x.ndim);
  return temporaries(() => {
    const points = q instanceof Tensor ? q : scalarTensor(q, { dtype: isFloat(x.dtype) ? x.dtype : "float32" });
    asTensor(name, points, "q");
    checked(name, x, points);
    const rows = dim === null ? reshape(x, [-1]) : x.ndim === 0 ? unsqueeze(x, 0) : movedim(x, dim, -1);
    const last = rows.ndim - 1;
    const sorted = sort(rows, last).values;
    const size = rows.shape[last] as number;
    const outer = rows.shape.slice(0, last);
    const count = points.numel();
    const wide = (y: Tensor) => expand(y, [...outer, count]);
    const places = placesOf(sorted, reshape(points, [count]), wide, size, ignoring);
    const between = taken(sorted, places, way, last);
    return shaped(between, x.shape, dim, keepdim, points.ndim);
  });
}

/** Where in the sorted rows the quantiles lie. Without `ignoring` a row with NaN, which comes last, gives NaN. */
function placesOf(sorted: Tensor, q: Tensor, wide: (y: Tensor) => Tensor, size: number, ignoring: boolean): Tensor {
  const last = sorted.ndim - 1;
  const missing = isnan(sorted);
  if (!ignoring) return maskedFill(wide(mul(q, size - 1)), any(missing, last, true), size - 1);
  const numbers = to(sum(logicalNot(missing), last, true), sorted.dtype);
  return clampMin(mul(q, sub(numbers, 1)), 0);
}

/** The elements at places between them. */
function taken(sorted: Tensor, places: Tensor, way: string, last: number): Tensor {
  const at = (place: Tensor) => gather(sorted, last, to(place, "int32"));
  if (way === "lower") return at(floor(places));
  if (way === "higher") return at(ceil(places));
  if (way === "nearest") return at(round(places));
  const below = floor(places);
  const weight = way === "midpoint" ? fullLike(places, 0.5) : sub(places, below);
  return lerp(at(below), at(ceil(places)), weight);
}

/** The quantiles come first where q has a dim; then the other dims, perhaps with the reduced ones as 1. */
function shaped(x: Tensor, from: readonly number[], dim: number | null, keepdim: boolean, dims: number): Tensor {
  const last = x.ndim - 1;
  const kept = !keepdim
    ? x.shape.slice(0, last)
    : dim === null
      ? from.map(() => 1)
      : from.map((size, d) => (d === dim ? 1 : size));
  if (dims === 0) return reshape(x, kept);
  return reshape(movedim(x, last, 0), [x.shape[last] as number, ...kept]);
}

/**
 * Quantiles q (a number or a 0-dim or 1-dim tensor of the dtype of `x`, in [0, 1]) along a dim or of all elements,
 * linearly interpolated between the two neighbours unless `interpolation` says how. With a 1-dim q the results have its
 * dim in front. A NaN makes its row NaN. The gradient goes to the neighbours by their weights, and to q by the slope.
 */
export function quantile(x: Tensor, q: Tensor | number, ...rest: QuantileRest): Tensor {
  return quantiles("quantile", x, q, rest, false);
}

/** `quantile` of the elements that are not NaN; NaN where there are none. */
export function nanquantile(x: Tensor, q: Tensor | number, ...rest: QuantileRest): Tensor {
  return quantiles("nanquantile", x, q, rest, true);
}
