// Reductions: sums, means, extrema and what else folds dims away.

import { DTypeError } from "../errors.js";
import { asTensor, type Trailing } from "../op/args.js";
import { castTo } from "../op/copy.js";
import { type Applied, op } from "../op/op.js";
import {
  accumulating,
  countOf,
  type Dims,
  launchReduction,
  type Reduced,
  type ReductionOptions,
  reductionArguments,
} from "../op/reduction.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div } from "./arithmetic.js";
import { expand, reshape } from "./shape.js";

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

/** A gradient of a reduction, broadcast back over the reduced dims; no memory is copied. */
export function spread(g: Tensor, reduced: Reduced, shape: readonly number[]): Tensor {
  return expand(reduced.keepdim ? g : reshape(g, reduced.kept), shape);
}

const sums = /* @__PURE__ */ new KernelFamily("sum");
const means = /* @__PURE__ */ new KernelFamily("mean");

const sumOp: Applied<Summed> = op({
  name: "sum",
  label: ({ reduced, from }) => (reduced.dims.length === from.length ? "SumBackward0" : "SumBackward1"),
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
  return sumOp([x], { reduced, dtype: accumulating("sum", x, dtype), from: x.shape, count: 0 });
}

const meanOp: Applied<Summed> = op({
  name: "mean",
  label: ({ reduced, from }) => (reduced.dims.length === from.length ? "MeanBackward0" : "MeanBackward1"),
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

const alls = /* @__PURE__ */ new KernelFamily("all");
const anys = /* @__PURE__ */ new KernelFamily("any");

/** Whether all elements are true, over dims; true of nothing. What is not zero is true. */
export function all(x: Tensor, ...rest: ReductionRest): Tensor {
  asTensor("all", x);
  const { reduced } = reductionArguments("all", x, rest, {});
  return launchReduction("all", alls.of(x.dtype, "bool"), x, reduced, ["bool"])[0] as Tensor;
}

/** Whether any element is true, over dims; false of nothing. */
export function any(x: Tensor, ...rest: ReductionRest): Tensor {
  asTensor("any", x);
  const { reduced } = reductionArguments("any", x, rest, {});
  return launchReduction("any", anys.of(x.dtype, "bool"), x, reduced, ["bool"])[0] as Tensor;
}
