// Norms, distances, and limiting norms: norm, dist, renorm.

import { ArgumentError } from "../errors.js";
import { asInteger, asNumber, asTensor, describe, nothingMore, parse, type Trailing } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import { type Dims, type Reduced, type ReductionOptions, reduced } from "../op/reduction.js";
import type { DType } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, type Tensor } from "../tensor/tensor.js";
import { add, div, mul, neg, square, sub } from "./arithmetic.js";
import { gt } from "./compare.js";
import { matrixNorm } from "./linalg/norms.js";
import { normOf, vectorNorm } from "./linalg/vector-norm.js";
import { normGradient } from "./norm-derivative.js";
import { sum } from "./reduce.js";
import { where } from "./where.js";

/** Options of `norm`. */
export interface NormOptions extends ReductionOptions {
  readonly p?: number | "fro" | "nuc" | null;
  readonly dtype?: DType | null;
}

/** Optional arguments of `norm`: order, dims, `keepdim`, or by name. */
export type NormRest = Trailing<
  [p: number | "fro" | "nuc" | null | undefined, dim: Dims | undefined, keepdim: boolean | undefined],
  NormOptions
>;

/**
 * Norm over dims (all), of order p: a number as in `linalg.vectorNorm`, or "fro", the same as 2; "nuc" is the sum of the
 * singular values of matrices. The gradient is 0 where there is none.
 */
export function norm(x: Tensor, ...rest: NormRest): Tensor {
  asTensor("norm", x);
  const defaults = {
    p: "fro" as number | string | null,
    dim: null as Dims,
    keepdim: false,
    dtype: null as DType | null,
  };
  const given = parse("norm", rest, defaults, ["p", "dim", "keepdim"]);
  const { p } = given;
  if (p === "nuc") {
    const { dim, keepdim, dtype } = given;
    return called("norm", () => matrixNorm(x, { ord: "nuc", dim: dim ?? [-2, -1], keepdim, dtype }));
  }
  if (typeof p === "string" && p !== "fro") {
    throw new ArgumentError(`norm: p must be a number, "fro" or "nuc", got ${describe(p)}`);
  }
  const ord = p === "fro" || p === null ? 2 : (p as number);
  const label = given.dtype === null ? "NormBackward1" : "NormBackward3";
  return normOf("norm", x, { ord, dim: given.dim, keepdim: given.keepdim, dtype: given.dtype }, label);
}

/** The norm of order p (2) of the difference a − b, which are broadcast. */
export function dist(
  a: Tensor,
  b: Tensor,
  ...rest: Trailing<[p: number | undefined], { readonly p?: number }>
): Tensor {
  asTensor("dist", a);
  asTensor("dist", b, "other");
  const { p } = parse("dist", rest, { p: 2 }, ["p"]);
  return composed("dist", () => {
    const difference = sub(a, b);
    return normOf("dist", difference, { ord: p, dim: null, keepdim: false, dtype: null }, "DistBackward0");
  });
}

interface Limit {
  readonly order: number;
  readonly reduced: Reduced;
  readonly most: number;
}

/** Keeps a norm a little above zero in the divisor, as PyTorch does. */
const EPSILON = 1e-7;

/** The factors that bring norms above the limit to it. */
function factors(norms: Tensor, most: number): Tensor {
  return where(gt(norms, most), div(most, add(norms, EPSILON)), 1);
}

function limited(x: Tensor, { order, reduced: { dims }, most }: Limit): Tensor {
  return temporaries(() => {
    // A handle without history, so that what is run on it is not recorded.
    const input = alias(x, x.layout);
    return mul(input, factors(vectorNorm(input, order, dims, true), most));
  });
}

const renormOp: Applied<Limit> = op({
  name: "renorm",
  forward: ([x], p: Limit) => limited(x as Tensor, p),
  gradients: {
    x: {
      reads: ["x"],
      of: ({ g, x }, { order, reduced: r, most }) =>
        temporaries(() => {
          const norms = vectorNorm(x, order, r.dims, true);
          const slope = where(gt(norms, most), neg(div(most, square(add(norms, EPSILON)))), 0);
          const through = mul(slope, sum(mul(g, x), r.dims, true));
          return add(
            mul(g, factors(norms, most)),
            normGradient(through, x, norms, { order, reduced: r, from: x.shape }),
          );
        }),
    },
  },
});

function limit(name: string, x: Tensor, p: number, dim: number, maxnorm: number): Limit {
  asTensor(name, x);
  if (!(asNumber(name, p, "p") > 0)) throw new ArgumentError(`${name}: non-positive-norm not supported: p is ${p}`);
  if (!(asNumber(name, maxnorm, "maxnorm") >= 0)) {
    throw new ArgumentError(`${name}: expected maxnorm to be >= 0 but got ${maxnorm}`);
  }
  if (x.ndim < 2) throw new ArgumentError(`${name}: input needs at least 2 dimensions, got ${x.ndim} dimensions`);
  const at = normalizeDim(name, asInteger(name, dim, "dim"), x.ndim);
  const others = x.shape.map((_, d) => d).filter((d) => d !== at);
  return { order: p, reduced: reduced(name, x, others, true), most: maxnorm };
}

/** Slices along a dim, each scaled so that its norm of order p is at most `maxnorm`. */
export function renorm(x: Tensor, p: number, dim: number, maxnorm: number, ...rest: []): Tensor {
  nothingMore("renorm", rest);
  return called("renorm", () => renormOp([x], limit("renorm", x, p, dim, maxnorm)));
}

/** Scales the slices of `self` along a dim in place so that their norms of order p are at most `maxnorm`. */
export function renorm_(self: Tensor, p: number, dim: number, maxnorm: number, ...rest: []): Tensor {
  nothingMore("renorm_", rest);
  const given = limit("renorm_", self, p, dim, maxnorm);
  return renormOp.inplace([self], given, (target) => {
    composed("renorm_", () => {
      copyInto(target, limited(target, given));
      return null;
    });
  });
}
