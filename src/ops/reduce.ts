// Reductions: sums, means, extrema and what else folds dims away.

import { DTypeError } from "../errors.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, dense } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import {
  accumulating,
  BY_POSITION,
  countOf,
  type Dims,
  launchIn,
  launchReduction,
  REDUCING,
  type Reduced,
  type ReductionOptions,
  reduced,
  SUMMING,
} from "../op/reduction.js";
import { traced } from "../op/traced.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div } from "./arithmetic.js";
import { isnan, logicalNot } from "./compare.js";
import { spread } from "./spread.js";
import { maskedFill } from "./where.js";

/** Optional arguments of reductions: `dim`, `keepdim`, or by name. */
export type ReductionRest<O = ReductionOptions> = Trailing<[dim: Dims | undefined, keepdim: boolean | undefined], O>;

/** Options of `sum`, `mean` and `prod`. */
export interface SumOptions extends ReductionOptions {
  /** Dtype to compute in and to give. */
  readonly dtype?: DType | null;
}

interface Summed {
  readonly reduced: Reduced;
  readonly dtype: DType;
  readonly from: readonly number[];
  readonly count: number;
}

const sums = /* @__PURE__ */ new KernelFamily("sum");
const means = /* @__PURE__ */ new KernelFamily("mean");

const sumOp: Applied<Summed> = op({
  name: "sum",
  label: ({ reduced }) => (reduced.whole ? "SumBackward0" : "SumBackward1"),
  forward: ([x], { reduced, dtype }: Summed) => launchIn("sum", sums, x as Tensor, reduced, dtype),
  gradients: { x: { reads: [], of: ({ g }, { reduced, from }) => spread(g, reduced, from) } },
  tangent: "linear",
});

/**
 * Sum over dims, pairwise in the dtype of the input; integers and bool give int32. Nothing sums to 0.
 *
 * ```js
 * x.sum(); x.sum(0, { keepdim: true }); x.sum([0, 2], true)
 * ```
 */
export function sum(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("sum", x);
  const { dim, keepdim, dtype } = parse("sum", rest, SUMMING, BY_POSITION);
  const r = reduced("sum", x, dim, keepdim);
  const computed = accumulating("sum", x, dtype);
  if (computed === "bool") return truths("sum", anys, x, r, "bool");
  return sumOp([x], { reduced: r, dtype: computed, from: x.shape, count: 0 });
}

const numbers = /* @__PURE__ */ new KernelFamily("nansum");

const nansumOp: Applied<Summed> = op({
  name: "nansum",
  forward: ([x], { reduced, dtype }: Summed) => launchIn("nansum", numbers, x as Tensor, reduced, dtype),
  gradients: {
    x: { reads: ["x"], of: ({ g, x }, { reduced, from }) => maskedFill(spread(g, reduced, from), isnan(x), 0) },
  },
  tangent: ([x], _outputs, [t], p) => [nansumOp([maskedFill(t as Tensor, isnan(x as Tensor), 0)], p)],
});

/** Sum over dims of the elements that are not NaN. Their gradient is zero. */
export function nansum(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("nansum", x);
  const { dim, keepdim, dtype } = parse("nansum", rest, SUMMING, BY_POSITION);
  const computed = accumulating("nansum", x, dtype);
  if (!isFloat(computed)) return sum(x, dim, keepdim, { dtype: computed });
  return nansumOp([x], { reduced: reduced("nansum", x, dim, keepdim), dtype: computed, from: x.shape, count: 0 });
}

const meanOp: Applied<Summed> = op({
  name: "mean",
  label: ({ reduced }) => (reduced.whole ? "MeanBackward0" : "MeanBackward1"),
  forward: ([x], { reduced, dtype }: Summed) => launchIn("mean", means, x as Tensor, reduced, dtype),
  gradients: { x: { reads: [], of: ({ g }, { reduced, from, count }) => div(spread(g, reduced, from), count) } },
  tangent: "linear",
});

/** Mean over dims; floating-point only, unless `dtype` names a floating-point dtype. The mean of nothing is NaN. */
export function mean(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("mean", x);
  const given = parse("mean", rest, SUMMING, BY_POSITION);
  const dtype = given.dtype === null ? x.dtype : checkDtype("mean", given.dtype);
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `mean: could not infer output dtype. Input dtype must be a floating point dtype, got ${dtype}; pass { dtype: "float32" }`,
    );
  }
  const r = reduced("mean", x, given.dim, given.keepdim);
  return meanOp([x], { reduced: r, dtype, from: x.shape, count: countOf(x, r) });
}

/** Mean over dims of the elements that are not NaN; NaN where there are none. Floating-point only. */
export function nanmean(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("nanmean", x);
  const { dim, keepdim, dtype } = parse("nanmean", rest, SUMMING, BY_POSITION);
  if (!isFloat(x.dtype))
    throw new DTypeError(`nanmean: expected input to have floating point dtype, but got ${x.dtype}`);
  return composed("nanmean", () => {
    return div(nansum(x, dim, keepdim, { dtype }), sum(logicalNot(isnan(x)), dim, keepdim));
  });
}

const counts = /* @__PURE__ */ new KernelFamily("count_nonzero");

/** How many elements are not zero (int32), over dims; NaN is not. */
export function countNonzero(x: Tensor, ...rest: Trailing<[dim: Dims | undefined], { readonly dim?: Dims }>): Tensor {
  asTensor("countNonzero", x);
  const { dim } = parse("countNonzero", rest, { dim: null as Dims }, ["dim"]);
  const r = reduced("countNonzero", x, dim, false);
  return truths("countNonzero", counts, x, r, "int32");
}

/** A reduction of what is zero and what is not; of int64 there is one by way of bool. */
function truths(op: string, family: KernelFamily, x: Tensor, to: Reduced, dtype: DType): Tensor {
  const run = (y: Tensor): Tensor => launchReduction(op, family.of(y.dtype, dtype), y, to, [dtype])[0] as Tensor;
  return traced(op, [x], { reduced: to }, () =>
    x.dtype === "int64" ? temporaries(() => run(castTo(x, "bool"))) : run(x),
  );
}

const alls = /* @__PURE__ */ new KernelFamily("all");
const anys = /* @__PURE__ */ new KernelFamily("any");

/** The launch of `all` and `any`. An empty list of dims reduces none here, as in PyTorch. */
function logic(name: string, family: KernelFamily, x: Tensor, rest: readonly unknown[]): Tensor {
  asTensor(name, x);
  const { dim, keepdim } = parse(name, rest, REDUCING, BY_POSITION);
  if (Array.isArray(dim) && dim.length === 0 && x.ndim > 0) return x.dtype === "bool" ? dense(x) : castTo(x, "bool");
  const r = reduced(name, x, dim, keepdim);
  if (x.dtype !== "uint8") return truths(name, family, x, r, "bool");
  // As in PyTorch, bytes stay bytes.
  return temporaries(() => castTo(truths(name, family, x, r, "bool"), "uint8"));
}

/** Whether all elements are true, over dims; true of nothing. What is not zero is true. */
export function all(x: Tensor, ...rest: ReductionRest): Tensor {
  return logic("all", alls, x, rest);
}

/** Whether any element is true, over dims; false of nothing. */
export function any(x: Tensor, ...rest: ReductionRest): Tensor {
  return logic("any", anys, x, rest);
}
