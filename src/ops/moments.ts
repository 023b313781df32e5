// Variance, standard deviation, and the logarithm of sums of exponentials.

import { ArgumentError, DTypeError } from "../errors.js";
import { asBoolean, asNumber, asTensor, isOptions, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { type Applied, op } from "../op/op.js";
import { countOf, type Dims, launchReduction, type Reduced, type ReductionOptions, reduced } from "../op/reduction.js";
import { floating, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { eq } from "./compare.js";
import { exp, sqrt } from "./pointwise.js";
import { mean, type ReductionRest, sum } from "./reduce.js";
import { spread } from "./spread.js";

import { where } from "./where.js";

/** Options of variances and standard deviations. */
export interface VarOptions extends ReductionOptions {
  /** Subtracted from the number of elements in the divisor; default 1. */
  readonly correction?: number | null;
  /** True for correction 1, false for 0. */
  readonly unbiased?: boolean;
}

/**
 * Optional arguments of variances: by position `unbiased` alone, or `dim`, `unbiased`, `keepdim`, as in PyTorch; the
 * rest by name. With a named correction a boolean behind the dim is `keepdim`.
 */
export type VarRest =
  | [unbiased: boolean, options?: VarOptions]
  | Trailing<[dim: Dims | undefined, unbiased: boolean | undefined, keepdim: boolean | undefined], VarOptions>;

interface Moment {
  readonly reduced: Reduced;
  readonly from: readonly number[];
  readonly count: number;
  readonly correction: number;
}

const vars = /* @__PURE__ */ new KernelFamily("var");
const varMeans = /* @__PURE__ */ new KernelFamily("varmean");

/** x minus its mean over the reduced dims. */
function centred(x: Tensor, { reduced: r }: Moment): Tensor {
  return r.dims.length === 0 ? sub(x, x) : sub(x, mean(x, r.dims as number[], true));
}

/** 2 / (n − correction); that a negative divisor counts as 0 in the variance does not show here, as in PyTorch. */
function factor({ count, correction }: Moment): number {
  return 2 / (count - correction);
}

/** g · ∂var/∂x. Of all elements, and too few of them, it is infinite but for those that equal the mean. */
function varGradient(g: Tensor, x: Tensor, p: Moment): Tensor {
  return temporaries(() => {
    const wide = spread(g, p.reduced, p.from);
    if ((p.reduced.whole || x.ndim === 0) && p.count <= p.correction) {
      return mul(wide, where(eq(centred(x, p), 0), Number.NaN, Number.POSITIVE_INFINITY));
    }
    return mul(mul(wide, factor(p)), centred(x, p));
  });
}

function varTangent(x: Tensor, t: Tensor, p: Moment): Tensor {
  return temporaries(() => sum(mul(mul(centred(x, p), factor(p)), t), p.reduced.dims as number[], p.reduced.keepdim));
}

const varOp: Applied<Moment> = op({
  name: "var",
  forward: ([x], { reduced: r, correction }: Moment) => {
    const input = x as Tensor;
    return launchReduction("var", vars.of(input.dtype), input, r, [input.dtype], {
      parameters: [correction],
    })[0] as Tensor;
  },
  gradients: { x: { reads: ["x"], of: ({ g, x }, p) => varGradient(g, x, p) } },
  tangent: ([x], _outputs, [t], p) => [varTangent(x as Tensor, t as Tensor, p)],
});

/** y / (2·std), and 0 where std is 0. */
function overStd(y: Tensor, out: Tensor): Tensor {
  return where(eq(out, 0), 0, div(y, mul(out, 2)));
}

const stdOp: Applied<Moment> = op({
  name: "std",
  forward: ([x], { reduced: r, correction }: Moment) =>
    temporaries(() => {
      const input = x as Tensor;
      const [v] = launchReduction("std", vars.of(input.dtype), input, r, [input.dtype], { parameters: [correction] });
      return sqrt(v as Tensor);
    }),
  gradients: {
    x: { reads: ["x", "out"], of: ({ g, x, out }, p) => temporaries(() => varGradient(overStd(g, out), x, p)) },
  },
  tangent: ([x], [out], [t], p) => [temporaries(() => overStd(varTangent(x as Tensor, t as Tensor, p), out as Tensor))],
});

/** Reads dims and correction in all forms that PyTorch takes, and checks the dtype. */
function moment(name: string, x: Tensor, rest: readonly unknown[]): Moment {
  asTensor(name, x);
  if (!isFloat(x.dtype))
    throw new DTypeError(`${name}: only support floating point and complex dtypes, got ${x.dtype}`);
  const defaults = {
    dim: null as Dims,
    keepdim: false,
    correction: null as number | null,
    unbiased: null as boolean | null,
  };
  // By position PyTorch takes (unbiased) or (dim, unbiased, keepdim). Where the correction or `unbiased` comes by name,
  // a single boolean behind the dim can only be `keepdim`.
  const options = rest[rest.length - 1];
  const corrected = isOptions(options) && (options.correction ?? options.unbiased ?? null) !== null;
  const positional: (keyof typeof defaults)[] =
    typeof rest[0] === "boolean" ? ["unbiased"] : corrected ? ["dim", "keepdim"] : ["dim", "unbiased", "keepdim"];
  const given = parse(name, rest as unknown[], defaults, positional);
  if (given.correction !== null && given.unbiased !== null) {
    throw new ArgumentError(`${name}: give correction or unbiased, not both`);
  }
  if (given.unbiased !== null) asBoolean(name, given.unbiased, "unbiased");
  const correction = given.correction ?? (given.unbiased === false ? 0 : 1);
  asNumber(name, correction, "correction");
  const r = reduced(name, x, given.dim, given.keepdim);
  return { reduced: r, from: x.shape, count: countOf(x, r), correction };
}

/**
 * Variance over dims, Σ (x − mean)² / max(0, n − correction); correction 1 unless given.
 *
 * ```js
 * x.var(); x.var(0, { correction: 0 }); variance(x, 1, { keepdim: true })
 * ```
 */
export function variance(x: Tensor, ...rest: VarRest): Tensor {
  const p = moment("var", x, rest);
  return varOp([x], p);
}
export { variance as var };

/** Standard deviation over dims, the square root of `var`. The gradient is 0 where the result is 0. */
export function std(x: Tensor, ...rest: VarRest): Tensor {
  const p = moment("std", x, rest);
  return stdOp([x], p);
}

const varMeanOp: Applied<Moment> = op({
  name: "varMean",
  outputs: ["v", "m"],
  forward: ([x], { reduced: r, correction }: Moment) => {
    const input = x as Tensor;
    return launchReduction("varMean", varMeans.of(input.dtype), input, r, [input.dtype, input.dtype], {
      parameters: [correction],
    });
  },
  gradients: {
    x: {
      reads: ["x"],
      of: ({ gradients: [gv, gm], x }, p) =>
        temporaries(() => {
          const fromMean = gm ? div(spread(gm, p.reduced, p.from), p.count) : null;
          if (!gv) return fromMean;
          const fromVar = varGradient(gv, x, p);
          return fromMean === null ? fromVar : add(fromVar, fromMean);
        }),
    },
  },
  tangent: ([x], _outputs, [t], p) => [
    varTangent(x as Tensor, t as Tensor, p),
    mean(t as Tensor, p.reduced.dims as number[], p.reduced.keepdim),
  ],
});

/** Variance and mean over dims, as `[variance, mean]`. */
export function varMean(x: Tensor, ...rest: VarRest): [Tensor, Tensor] {
  return varMeanOp.all([x], moment("varMean", x, rest)) as [Tensor, Tensor];
}

const stdMeanOp: Applied<Moment> = op({
  name: "stdMean",
  outputs: ["s", "m"],
  forward: ([x], { reduced: r, correction }: Moment) =>
    temporaries(() => {
      const input = x as Tensor;
      const [v, m] = launchReduction("stdMean", varMeans.of(input.dtype), input, r, [input.dtype, input.dtype], {
        parameters: [correction],
      });
      return [sqrt(v as Tensor), m as Tensor];
    }),
  gradients: {
    x: {
      reads: ["x", "s"],
      of: ({ gradients: [gs, gm], x, s }, p) =>
        temporaries(() => {
          const fromMean = gm ? div(spread(gm, p.reduced, p.from), p.count) : null;
          if (!gs) return fromMean;
          const fromStd = varGradient(overStd(gs, s), x, p);
          return fromMean === null ? fromStd : add(fromStd, fromMean);
        }),
    },
  },
  tangent: ([x], [s], [t], p) => [
    temporaries(() => overStd(varTangent(x as Tensor, t as Tensor, p), s as Tensor)),
    mean(t as Tensor, p.reduced.dims as number[], p.reduced.keepdim),
  ],
});

/** Standard deviation and mean over dims, as `[deviation, mean]`. */
export function stdMean(x: Tensor, ...rest: VarRest): [Tensor, Tensor] {
  return stdMeanOp.all([x], moment("stdMean", x, rest)) as [Tensor, Tensor];
}

interface LogSum {
  readonly reduced: Reduced;
  readonly from: readonly number[];
}

const logsumexps = /* @__PURE__ */ new KernelFamily("logsumexp");

const logsumexpOp: Applied<LogSum> = op({
  name: "logsumexp",
  forward: ([x], { reduced: r }: LogSum) => {
    const input = x as Tensor;
    return launchReduction("logsumexp", logsumexps.of(input.dtype), input, r, [input.dtype])[0] as Tensor;
  },
  gradients: {
    x: {
      reads: ["x", "out"],
      of: ({ g, x, out }, { reduced: r, from }) =>
        temporaries(() => mul(spread(g, r, from), exp(sub(x, spread(out, r, from))))),
    },
  },
  tangent: ([x], [out], [t], { reduced: r, from }) => [
    temporaries(() =>
      sum(mul(t as Tensor, exp(sub(x as Tensor, spread(out as Tensor, r, from)))), r.dims as number[], r.keepdim),
    ),
  ],
});

/** log Σ eˣ over dims, computed from x − max x; −∞ of nothing. Integers become floats. */
export function logsumexp(x: Tensor, ...rest: ReductionRest): Tensor {
  asTensor("logsumexp", x);
  if (rest.length === 0 || (isOptions(rest[0]) && rest[0].dim === undefined)) {
    throw new ArgumentError("logsumexp: expected dim, a number or an array of them");
  }
  return composed("logsumexp", () => {
    const input = to(x, floating(x.dtype));
    const given = parse("logsumexp", rest, { dim: null as Dims, keepdim: false }, ["dim", "keepdim"]);
    const r = reduced("logsumexp", input, given.dim, given.keepdim);
    return logsumexpOp([input], { reduced: r, from: x.shape });
  });
}
