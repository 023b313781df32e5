// Reductions: sums, means, extrema and what else folds dims away.

import { DTypeError } from "../errors.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { castTo, dense } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import {
  accumulating,
  countOf,
  type Dims,
  launchReduction,
  type Reduced,
  type ReductionOptions,
  reduced,
  reductionArguments,
} from "../op/reduction.js";
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
  forward: ([x], { reduced, dtype }: Summed) =>
    temporaries(() => {
      const input = dtype === "int32" && x?.dtype === "bool" ? x : castTo(x as Tensor, dtype);
      return launchReduction("sum", sums.of(input.dtype, dtype), input, reduced, [dtype])[0] as Tensor;
    }),
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
  const { reduced, dtype } = reductionArguments("sum", x, rest, { dtype: null as DType | null });
  const computed = accumulating("sum", x, dtype);
  if (computed === "bool") return launchReduction("sum", anys.of(x.dtype, "bool"), x, reduced, ["bool"])[0] as Tensor;
  return sumOp([x], { reduced, dtype: computed, from: x.shape, count: 0 });
}

const numbers = /* @__PURE__ */ new KernelFamily("nansum");

const nansumOp: Applied<Summed> = op({
  name: "nansum",
  forward: ([x], { reduced, dtype }: Summed) =>
    temporaries(
      () => launchReduction("nansum", numbers.of(dtype), castTo(x as Tensor, dtype), reduced, [dtype])[0] as Tensor,
    ),
  gradients: {
    x: { reads: ["x"], of: ({ g, x }, { reduced, from }) => maskedFill(spread(g, reduced, from), isnan(x), 0) },
  },
  tangent: ([x], _outputs, [t], p) => [nansumOp([maskedFill(t as Tensor, isnan(x as Tensor), 0)], p)],
});

/** Sum over dims of the elements that are not NaN. Their gradient is zero. */
export function nansum(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("nansum", x);
  const { reduced, dtype } = reductionArguments("nansum", x, rest, { dtype: null as DType | null });
  const computed = accumulating("nansum", x, dtype);
  if (!isFloat(computed)) return sum(x, reduced.dims, reduced.keepdim, { dtype: computed });
  return nansumOp([x], { reduced, dtype: computed, from: x.shape, count: 0 });
}

const meanOp: Applied<Summed> = op({
  name: "mean",
  label: ({ reduced }) => (reduced.whole ? "MeanBackward0" : "MeanBackward1"),
  forward: ([x], { reduced, dtype }: Summed) =>
    temporaries(
      () => launchReduction("mean", means.of(dtype), castTo(x as Tensor, dtype), reduced, [dtype])[0] as Tensor,
    ),
  gradients: { x: { reads: [], of: ({ g }, { reduced, from, count }) => div(spread(g, reduced, from), count) } },
  tangent: "linear",
});

/** Mean over dims; floating-point only, unless `dtype` names a floating-point dtype. The mean of nothing is NaN. */
export function mean(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("mean", x);
  const given = reductionArguments("mean", x, rest, { dtype: null as DType | null });
  const dtype = given.dtype === null ? x.dtype : checkDtype("mean", given.dtype);
  if (!isFloat(dtype)) {
    throw new DTypeError(
      `mean: could not infer output dtype. Input dtype must be a floating point dtype, got ${dtype}; pass { dtype: "float32" }`,
    );
  }
  return meanOp([x], { reduced: given.reduced, dtype, from: x.shape, count: countOf(x, given.reduced) });
}

/** Mean over dims of the elements that are not NaN; NaN where there are none. Floating-point only. */
export function nanmean(x: Tensor, ...rest: ReductionRest<SumOptions>): Tensor {
  asTensor("nanmean", x);
  const { reduced, dtype } = reductionArguments("nanmean", x, rest, { dtype: null as DType | null });
  if (!isFloat(x.dtype))
    throw new DTypeError(`nanmean: expected input to have floating point dtype, but got ${x.dtype}`);
  return temporaries(() => {
    const { dims, keepdim } = reduced;
    return div(nansum(x, dims, keepdim, { dtype }), sum(logicalNot(isnan(x)), dims, keepdim));
  });
}

const counts = /* @__PURE__ */ new KernelFamily("count_nonzero");

/** How many elements are not zero (int32), over dims; NaN is not. */
export function countNonzero(x: Tensor, ...rest: Trailing<[dim: Dims | undefined], { readonly dim?: Dims }>): Tensor {
  asTensor("countNonzero", x);
  const { dim } = parse("countNonzero", rest, { dim: null as Dims }, ["dim"]);
  const r = reduced("countNonzero", x, dim, false);
  return launchReduction("countNonzero", counts.of(x.dtype, "int32"), x, r, ["int32"])[0] as Tensor;
}

const alls = /* @__PURE__ */ new KernelFamily("all");
const anys = /* @__PURE__ */ new KernelFamily("any");

/** The launch of `all` and `any`. An empty list of dims reduces none here, as in PyTorch. */
function logic(name: string, family: KernelFamily, x: Tensor, rest: readonly unknown[]): Tensor {
  asTensor(name, x);
  const { dim, reduced } = reductionArguments(name, x, rest, {});
  if (Array.isArray(dim) && dim.length === 0 && x.ndim > 0) return x.dtype === "bool" ? dense(x) : castTo(x, "bool");
  return launchReduction(name, family.of(x.dtype, "bool"), x, reduced, ["bool"])[0] as Tensor;
}

/** Whether all elements are true, over dims; true of nothing. What is not zero is true. */
export function all(x: Tensor, ...rest: ReductionRest): Tensor {
  return logic("all", alls, x, rest);
}

/** Whether any element is true, over dims; false of nothing. */
export function any(x: Tensor, ...rest: ReductionRest): Tensor {
  return logic("any", anys, x, rest);
}
