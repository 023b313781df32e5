// Covariance and correlation of variables.

import { ArgumentError, DTypeError, ShapeError } from "../errors.js";
import { asNumber, asTensor, nothingMore, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { anyHolds, valuesOf } from "../op/truth.js";
import { categoryOf, INTEGER, isFloat } from "../tensor/dtype.js";
import { formatShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { warnOnce } from "../tensor/warn.js";
import { div, mul, sub } from "./arithmetic.js";
import { to } from "./cast.js";
import { gt, lt } from "./compare.js";
import { clamp } from "./extrema.js";
import { mm } from "./matmul.js";
import { sqrt } from "./pointwise.js";
import { any, sum } from "./reduce.js";
import { reshape, transpose } from "./shape.js";
import { diagonal, squeeze, unsqueeze } from "./views.js";

/** Options of `cov`. */
export interface CovOptions {
  /** Subtracted from the number of observations in the divisor. */
  readonly correction?: number;
  /** How often each observation counts: int32, 1-dim. */
  readonly fweights?: Tensor | null;
  /** How much each observation counts: floating-point, 1-dim. */
  readonly aweights?: Tensor | null;
}

function checkWeights(name: string, weights: Tensor, count: number, integral: boolean): void {
  asTensor("cov", weights, name);
  if (weights.ndim > 1) {
    throw new ShapeError(`cov: expected ${name} to have one or fewer dimensions but got ${formatShape(weights.shape)}`);
  }
  if (integral ? categoryOf(weights.dtype) !== INTEGER : !isFloat(weights.dtype)) {
    const kind = integral ? "integral" : "floating point";
    throw new DTypeError(`cov: expected ${name} to have ${kind} dtype but got ${weights.dtype}`);
  }
  if (weights.numel() !== count) {
    throw new ShapeError(
      `cov: expected ${name} to have the same numel as there are observations in the input but got ${weights.numel()} != ${count}`,
    );
  }
  if (anyHolds(() => any(lt(weights, 0)))) throw new ArgumentError(`cov: ${name} cannot be negative`);
}

/**
 * Covariance matrix of variables, the rows of `x`, over observations, its columns; a 1-dim `x` is one variable, and gives
 * a 0-dim result. Weights say how often (`fweights`) and how much (`aweights`) each observation counts.
 */
export function cov(x: Tensor, ...rest: [options?: CovOptions]): Tensor {
  asTensor("cov", x);
  const defaults = { correction: 1, fweights: null as Tensor | null, aweights: null as Tensor | null };
  const { correction, fweights, aweights } = parse("cov", rest, defaults);
  asNumber("cov", correction, "correction");
  if (x.ndim > 2) {
    throw new ShapeError(
      `cov: expected input to have two or fewer dimensions but got an input with ${x.ndim} dimensions`,
    );
  }
  if (x.dtype === "bool") throw new DTypeError("cov: bool dtype is not supported for input");
  const count = x.ndim < 2 ? x.numel() : (x.shape[1] as number);
  if (fweights !== null) checkWeights("fweights", fweights, count, true);
  if (aweights !== null) checkWeights("aweights", aweights, count, false);
  return composed("cov", () => {
    const rows = x.ndim < 2 ? reshape(x, [1, count]) : x;
    const weights = fweights !== null && aweights !== null ? mul(fweights, aweights) : (fweights ?? aweights);
    const weighted = (y: Tensor) => (weights === null ? y : mul(y, weights));
    const total = weights === null ? count : sum(weights);
    if (typeof total !== "number" && valuesOf(total).includes(0)) {
      throw new ArgumentError("cov: weights sum to zero, can't be normalized");
    }
    const centred = sub(rows, unsqueeze(div(sum(weighted(rows), 1), total), 1));
    const products = mm(centred, to(transpose(weighted(centred), 0, 1), centred.dtype));
    return squeeze(div(products, divisor(total, weights, aweights, correction)));
  });
}

/** What sums of products are divided by; 0 where there are too few observations. */
function divisor(
  total: Tensor | number,
  weights: Tensor | null,
  aweights: Tensor | null,
  correction: number,
): Tensor | number {
  if (typeof total === "number") return tooFew(total - correction) ? 0 : total - correction;
  const loss =
    weights !== null && aweights !== null && correction !== 0
      ? div(mul(sum(mul(weights, aweights)), correction), total)
      : correction;
  const factor = sub(total, loss);
  return valuesOf(factor).filter(tooFew).length > 0 ? mul(factor, gt(factor, 0)) : factor;
}

function tooFew(freedom: number): boolean {
  if (freedom > 0) return false;
  warnOnce("cov: degrees of freedom is <= 0. Correction should be strictly less than the number of observations.");
  return true;
}

/** Correlation matrix of variables, the rows of `x`: covariances divided by standard deviations, in [−1, 1]. */
export function corrcoef(x: Tensor, ...rest: []): Tensor {
  nothingMore("corrcoef", rest);
  asTensor("corrcoef", x);
  if (x.ndim > 2) {
    throw new ShapeError(
      `corrcoef: expected input to have two or fewer dimensions but got an input with ${x.ndim} dimensions`,
    );
  }
  return composed("corrcoef", () => {
    const c = cov(x);
    if (c.ndim === 0) return div(c, c);
    const deviations = sqrt(diagonal(c));
    return clamp(div(div(c, unsqueeze(deviations, 1)), unsqueeze(deviations, 0)), -1, 1);
  });
}
