// Norms of vectors, as in linalg.

import { DTypeError } from "../../errors.js";
import { asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { type Dims, type ReductionOptions, reduced } from "../../op/reduction.js";
import { checkDtype, type DType, isFloat, promote } from "../../tensor/dtype.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { to } from "../cast.js";
import { norms, refuseEmptyNorm } from "../norm-derivative.js";

/** Options of `vectorNorm`. */
export interface VectorNormOptions extends ReductionOptions {
  readonly ord?: number;
  /** Dtype to compute in and to give, not narrower than the input's. */
  readonly dtype?: DType | null;
}

/** Optional arguments of `vectorNorm`: order, dims, `keepdim`, or by name. */
export type VectorNormRest = Trailing<
  [ord: number | undefined, dim: Dims | undefined, keepdim: boolean | undefined],
  VectorNormOptions
>;

/**
 * Norm of vectors over dims (all): (Σ |x|ᵖ)^(1/p) with p = `ord` (2); ∞ and −∞ give the largest and the smallest |x|, 0
 * the number of elements that are not 0. The gradient is 0 where there is none; of ±∞ it is split evenly among ties.
 */
export function vectorNorm(x: Tensor, ...rest: VectorNormRest): Tensor {
  asTensor("linalg.vectorNorm", x);
  const defaults = { ord: 2, dim: null as Dims, keepdim: false, dtype: null as DType | null };
  const given = parse("linalg.vectorNorm", rest, defaults, ["ord", "dim", "keepdim"]);
  return normOf("linalg.vectorNorm", x, given, "LinalgVectorNormBackward0");
}

/** What a norm is given. */
export interface NormGiven {
  readonly ord: number;
  readonly dim: Dims;
  readonly keepdim: boolean;
  readonly dtype: DType | null;
}

/** Checks the arguments of a norm of vectors, and runs it. */
export function normOf(name: string, x: Tensor, { ord, dim, keepdim, dtype }: NormGiven, label: string): Tensor {
  asNumber(name, ord, "ord");
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${name}: Expected a floating point or complex tensor as input. Got ${x.dtype}`);
  }
  if (dtype !== null) {
    if (!isFloat(checkDtype(name, dtype))) {
      throw new DTypeError(`${name}: dtype should be floating point or complex, but got ${dtype}`);
    }
    if (promote(x.dtype, dtype) !== dtype) {
      throw new DTypeError(
        `${name}: the dtype of the input (${x.dtype}) should be convertible without narrowing to the specified dtype (${dtype})`,
      );
    }
  }
  const r = reduced(name, x, dim, keepdim);
  refuseEmptyNorm(name, x, ord, r);
  return temporaries(() => {
    const input = dtype === null ? x : to(x, dtype);
    return norms([input], { order: ord, reduced: r, from: x.shape, label });
  });
}
