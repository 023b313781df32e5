// Differences, integrals and gradients of sampled functions: diff, trapezoid, cumulativeTrapezoid, gradient.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asInteger, asNumber, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import type { Operand } from "../op/nest.js";
import { formatShape, normalizeDim, normalizeDims } from "../tensor/layout.js";
import { Tensor } from "../tensor/tensor.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { clone } from "./cast.js";
import { logicalXor } from "./compare.js";
import { zeros } from "./creation.js";
import { cat } from "./join.js";
import { sum } from "./reduce.js";
import { cumsum } from "./scan.js";
import { reshape, select } from "./shape.js";
import { sliceAlong } from "./slicing.js";
import { narrow } from "./views.js";

/** Options of `diff`. */
export interface DiffOptions {
  /** How often differences are taken. */
  readonly n?: number;
  readonly dim?: number;
  /** Elements put in front of the input, or behind it, before differences are taken. */
  readonly prepend?: Tensor | null;
  readonly append?: Tensor | null;
}

/** Differences of neighbours along a dim (the last), n times over; of bools whether they differ. */
export function diff(
  x: Tensor,
  ...rest: Trailing<
    [
      n: number | undefined,
      dim: number | undefined,
      prepend: Tensor | null | undefined,
      append: Tensor | null | undefined,
    ],
    DiffOptions
  >
): Tensor {
  asTensor("diff", x);
  const defaults = { n: 1, dim: -1, prepend: null as Tensor | null, append: null as Tensor | null };
  const { n, dim, prepend, append } = parse("diff", rest, defaults, ["n", "dim", "prepend", "append"]);
  if (x.ndim === 0) throw new ArgumentError("diff: expects input to be at least one-dimensional");
  const at = normalizeDim("diff", asInteger("diff", dim, "dim"), x.ndim);
  if (asInteger("diff", n, "n") < 0) throw new ArgumentError(`diff: order must be non-negative but got ${n}`);
  const joined = [prepend, x, append].filter((part): part is Tensor => part !== null);
  for (const part of joined) {
    asTensor("diff", part, "each of prepend and append");
    if (part.ndim !== x.ndim) {
      throw new ShapeError(
        `diff: expects prepend or append to be the same dimension as input, got ${part.ndim} and ${x.ndim} dims`,
      );
    }
    if (part.shape.some((size, d) => d !== at && size !== x.shape[d])) {
      throw new ShapeError(
        `diff: expects the shape of tensor to prepend or append to match that of input except along the differencing dimension; got ${formatShape(part.shape)} and ${formatShape(x.shape)}`,
      );
    }
  }
  return composed("diff", () => {
    if (n === 0) return clone(x);
    let out = joined.length === 1 ? x : cat(joined, at);
    for (let left = Math.min(n, out.shape[at] as number); left > 0; left--) {
      const size = (out.shape[at] as number) - 1;
      const after = narrow(out, at, 1, size);
      const before = narrow(out, at, 0, size);
      out = out.dtype === "bool" ? logicalXor(after, before) : sub(after, before);
    }
    return out === x ? clone(x) : out;
  });
}

/** Options of integrals: the places of the samples, or the one distance between them, and the dim. */
export interface TrapezoidOptions {
  readonly x?: Tensor | null;
  readonly dx?: number;
  readonly dim?: number;
}

/** Optional arguments of integrals: the places `x`, the dim, or by name. */
export type TrapezoidRest = Trailing<[x: Tensor | null | undefined, dim: number | undefined], TrapezoidOptions>;

interface Sampled {
  readonly dim: number;
  /** Widths between samples: a number, or a tensor that broadcasts. */
  readonly widths: Operand;
  /** Sums of neighbouring samples. */
  readonly pairs: Tensor;
}

function sampled(name: string, y: Tensor, rest: readonly unknown[]): { dim: number; x: Tensor | null; dx: number } {
  asTensor(name, y, "y");
  const given = parse(name, rest, { x: null as Tensor | null, dx: 1, dim: -1 }, ["x", "dim"]);
  if (given.x !== null) asTensor(name, given.x, "x");
  if (y.dtype === "bool" || given.x?.dtype === "bool") {
    throw new DTypeError(`${name}: received a bool input for \`x\` or \`y\`, but bool is not supported`);
  }
  asNumber(name, given.dx, "dx");
  return { dim: normalizeDim(name, asInteger(name, given.dim, "dim"), y.ndim), x: given.x, dx: given.dx };
}

/** Distances of the samples along the dim of y; x is one row of places, or has the last dims of y. */
function distances(name: string, y: Tensor, x: Tensor, dim: number): Tensor {
  if (x.ndim === 1) {
    if (x.shape[0] !== y.shape[dim]) {
      throw new ShapeError(
        `${name}: There must be one \`x\` value for each sample point, got ${x.shape[0]} for ${y.shape[dim]}`,
      );
    }
    const shape = y.shape.map((_, d) => (d === dim ? -1 : 1));
    return diff(reshape(x, shape), 1, dim);
  }
  const padded = x.ndim < y.ndim ? reshape(x, [...y.shape.slice(x.ndim).map(() => 1), ...x.shape]) : x;
  return diff(padded, 1, dim - y.ndim);
}

/** Samples, with their widths; the number of samples along the dim must not be 0. */
function prepare(name: string, y: Tensor, x: Tensor | null, dx: number, dim: number): Sampled {
  const size = (y.shape[dim] ?? 1) - 1;
  const widths = x === null ? dx : distances(name, y, x, dim);
  return { dim, widths, pairs: add(narrow(y, dim, 0, size), narrow(y, dim, 1, size)) };
}

/**
 * Integral of y along a dim (the last) by the trapezoidal rule, Σ (y[k] + y[k + 1]) / 2 · (x[k + 1] − x[k]), with samples
 * at the places `x`, or at distances of `dx` (1).
 */
export function trapezoid(y: Tensor, ...rest: TrapezoidRest): Tensor {
  const { dim, x, dx } = sampled("trapezoid", y, rest);
  return composed("trapezoid", () => {
    if (y.shape[dim] === 0) return zeros(without(y, dim), { dtype: y.dtype });
    if (x === null) {
      const ends = add(select(y, dim, 0), select(y, dim, -1));
      return mul(sub(sum(y, dim), mul(ends, 0.5)), dx);
    }
    const { widths, pairs } = prepare("trapezoid", y, x, dx, dim);
    return div(sum(mul(pairs, widths), dim - y.ndim), 2);
  });
}

function without({ shape }: Tensor, dim: number): number[] {
  return shape.filter((_, d) => d !== dim);
}

/** The integrals of y up to each of the samples but the first, by the trapezoidal rule; arguments as of `trapezoid`. */
export function cumulativeTrapezoid(y: Tensor, ...rest: TrapezoidRest): Tensor {
  const { dim, x, dx } = sampled("cumulativeTrapezoid", y, rest);
  return composed("cumulativeTrapezoid", () => {
    if (y.shape[dim] === 0) return zeros(y.shape, { dtype: y.dtype });
    const { widths, pairs } = prepare("cumulativeTrapezoid", y, x, dx, dim);
    const half = widths instanceof Tensor ? div(widths, 2) : Number(widths) / 2;
    return cumsum(mul(half, pairs), dim - y.ndim);
  });
}

export { trapezoid as trapz };

/** Options of `gradient`. */
export interface GradientOptions {
  /** Distance of the samples, or one for each dim, or for each dim the places of its samples. */
  readonly spacing?: number | readonly (number | Tensor)[] | null;
  /** Dims; all if left out. */
  readonly dim?: number | readonly number[] | null;
  /** Order of the approximation at the ends, 1 or 2. */
  readonly edgeOrder?: number;
}

/** What is added up at a place: factors of neighbours, counted from `from` on. */
function combined(x: Tensor, dim: number, from: readonly number[], factors: readonly Operand[]): Tensor {
  const size = x.shape[dim] as number;
  let total: Tensor | null = null;
  from.forEach((start, k) => {
    const at = start < 0 ? size + start : start;
    const term = mul(narrow(x, dim, at, 1), factors[k] as Operand);
    total = total === null ? term : add(total, term);
  });
  return total as unknown as Tensor;
}

function evenGradient(x: Tensor, dim: number, step: number, order: number): Tensor {
  const inner = div(sub(sliceAlong(x, dim, 2, null, 1), sliceAlong(x, dim, 0, -2, 1)), step);
  const [head, tail] =
    order === 1
      ? [combined(x, dim, [1, 0], [1, -1]), combined(x, dim, [-1, -2], [1, -1])]
      : [combined(x, dim, [0, 1, 2], [-1.5, 2, -0.5]), combined(x, dim, [-3, -2, -1], [0.5, -2, 1.5])];
  return cat([div(head, step), div(inner, 2), div(tail, step)], dim);
}

function unevenGradient(x: Tensor, dim: number, places: Tensor, order: number): Tensor {
  const shape = x.shape.map((_, d) => (d === dim ? -1 : 1));
  const steps = diff(places, 1, 0);
  const count = steps.shape[0] as number;
  const before = narrow(steps, 0, 0, count - 1);
  const after = narrow(steps, 0, 1, count - 1);
  const both = add(before, after);
  const wide = (y: Tensor) => reshape(y, shape);
  const size = x.shape[dim] as number;
  const inner = add(
    add(
      mul(wide(neg(div(after, mul(before, both)))), narrow(x, dim, 0, size - 2)),
      mul(wide(div(sub(after, before), mul(before, after))), narrow(x, dim, 1, size - 2)),
    ),
    mul(wide(div(before, mul(after, both))), narrow(x, dim, 2, size - 2)),
  );
  const step = (k: number) => select(steps, 0, k);
  if (order === 1) {
    const head = div(combined(x, dim, [1, 0], [1, -1]), step(0));
    const tail = div(combined(x, dim, [-1, -2], [1, -1]), step(-1));
    return cat([head, inner, tail], dim);
  }
  // The slope at the end of a parabola through three samples, a the distance next to the end and b the other one.
  const factors = (a: Tensor, b: Tensor): Tensor[] => {
    const sumOfBoth = add(a, b);
    return [neg(div(add(mul(a, 2), b), mul(a, sumOfBoth))), div(sumOfBoth, mul(a, b)), neg(div(a, mul(b, sumOfBoth)))];
  };
  const head = combined(x, dim, [0, 1, 2], factors(step(0), step(1)));
  const tail = combined(
    x,
    dim,
    [-1, -2, -3],
    factors(step(-1), step(-2)).map((factor) => neg(factor)),
  );
  return cat([head, inner, tail], dim);
}

/**
 * Derivatives of a sampled function along dims (all), one result for each: by central differences inside, one-sided at the
 * ends, exact for polynomials of degree `edgeOrder` there. `spacing` is the distance of the samples, a list of distances,
 * or a list of 1-dim tensors with their places.
 */
export function gradient(x: Tensor, ...rest: [options?: GradientOptions]): Tensor[] {
  asTensor("gradient", x);
  const defaults = { spacing: null as GradientOptions["spacing"], dim: null as GradientOptions["dim"], edgeOrder: 1 };
  const given = parse("gradient", rest, defaults);
  const order = asInteger("gradient", given.edgeOrder, "edgeOrder");
  if (order !== 1 && order !== 2) {
    throw new ArgumentError(`gradient: torch.gradient only supports edge_order=1 and edge_order=2, got ${order}`);
  }
  const dims = normalizeDims("gradient", given.dim ?? null, x.ndim);
  const spacing = spacings(given.spacing ?? 1, dims.length, given.dim ?? null);
  for (const d of dims) {
    if ((x.shape[d] ?? 1) < order + 1) {
      throw new ShapeError(
        `gradient: torch.gradient expected each dimension size to be at least edge_order+1 = ${order + 1}, got ${x.shape[d]} for dim ${d}`,
      );
    }
  }
  dims.forEach((d, k) => {
    const places = spacing[k] as number | Tensor;
    if (!(places instanceof Tensor)) return;
    if (places.ndim !== 1) {
      throw new ShapeError(
        `gradient: torch.gradient expected each element of spacing to have one dimension, but got an element with ${places.ndim} dimensions in position ${k}`,
      );
    }
    if (places.shape[0] !== x.shape[d]) {
      throw new ShapeError(
        `gradient: spacing ${k} has ${places.shape[0]} places for ${x.shape[d]} samples of dim ${d}`,
      );
    }
  });
  return composed("gradient", () =>
    dims.map((d, k) => {
      const places = spacing[k] as number | Tensor;
      return places instanceof Tensor ? unevenGradient(x, d, places, order) : evenGradient(x, d, places, order);
    }),
  );
}

/** One spacing for each of `count` dims. */
function spacings(
  spacing: number | readonly (number | Tensor)[],
  count: number,
  dim: number | readonly number[] | null,
): readonly (number | Tensor)[] {
  if (typeof spacing === "number") return new Array<number>(count).fill(spacing);
  if (!Array.isArray(spacing)) {
    throw new ArgumentError(
      `gradient: spacing must be a number or an array of numbers or tensors, got ${describe(spacing)}`,
    );
  }
  for (const each of spacing) {
    if (typeof each !== "number") asTensor("gradient", each, "each of spacing");
  }
  if (spacing.length === count) return spacing;
  if (spacing.length === 1 && dim === null && typeof spacing[0] === "number") return new Array(count).fill(spacing[0]);
  throw new ArgumentError(
    "gradient: torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the " +
      `same length, but got a spacing argument of length ${spacing.length} for ${count} dims`,
  );
}
