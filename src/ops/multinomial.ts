// Drawing categories by weight.

import { ArgumentError, DTypeError, NumericalError } from "../errors.js";
import { asInteger, asTensor, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { asContiguous } from "../op/copy.js";
import { draw, generatorOf } from "../op/draw.js";
import { isAlwaysTrue, isTrue } from "../op/truth.js";
import { isFloat } from "../tensor/dtype.js";
import type { Generator } from "../tensor/generator.js";
import { numel } from "../tensor/layout.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { div } from "./arithmetic.js";
import { ge, gt, isfinite, logicalAnd, logicalNot } from "./compare.js";
import { argmax } from "./extremum.js";
import { exponential_, type FillOptions } from "./random.js";
import { all, any, sum } from "./reduce.js";
import { topk } from "./sort.js";

const multinomials = /* @__PURE__ */ new KernelFamily("multinomial");

/** Options of `multinomial`. */
export interface MultinomialOptions extends FillOptions {
  /** Whether a category may be drawn again. */
  readonly replacement?: boolean;
}

/**
 * Draws `samples` category indices (int32) for each row of weights, [categories] or [rows, categories].
 * @throws NumericalError for a weight that is negative, infinite or NaN, or a row of zeros.
 */
export function multinomial(
  weights: Tensor,
  samples: number,
  ...rest: [replacement?: boolean | MultinomialOptions, options?: MultinomialOptions]
): Tensor {
  const name = "multinomial";
  asTensor(name, weights, "weights");
  asInteger(name, samples, "the number of samples");
  const { replacement, generator } = parse(name, rest, { replacement: false, generator: null as Generator | null }, [
    "replacement",
  ]);
  const from = generatorOf(name, generator);
  if (!isFloat(weights.dtype))
    throw new DTypeError(`${name}: only supports floating-point dtypes for input, got ${weights.dtype}`);
  if (weights.ndim !== 1 && weights.ndim !== 2)
    throw new ArgumentError(`${name}: prob_dist must be 1 or 2 dim, got ${weights.ndim} dims`);
  const categories = weights.shape[weights.ndim - 1] as number;
  if (samples <= 0) throw new ArgumentError(`${name}: cannot sample n_sample <= 0 samples, got ${samples}`);
  if (!replacement && samples > categories) {
    throw new ArgumentError(
      `${name}: cannot sample n_sample > prob_dist.size(-1) samples without replacement: ${samples} of ${categories}`,
    );
  }
  const rows = numel(weights.shape.slice(0, -1));
  return composed(name, () => {
    const flat = asContiguous(weights);
    if (!replacement || samples === 1) return withoutReplacement(flat, samples, from);
    const out = empty(name, [...weights.shape.slice(0, -1), samples], "int32");
    const work = empty(name, [categories], weights.dtype);
    draw(name, multinomials.of(weights.dtype), out, from, [samples, categories], [flat, work], rows);
    return out;
  });
}

/** The samples with the largest weight / exponential number, as PyTorch draws without replacement. */
function withoutReplacement(weights: Tensor, samples: number, generator: Generator): Tensor {
  const bad = logicalNot(logicalAnd(ge(weights, 0), isfinite(weights)));
  if (isTrue(any(bad)))
    throw new NumericalError("multinomial: probability tensor contains either `inf`, `nan` or element < 0");
  if (!isAlwaysTrue(all(gt(sum(weights, -1), 0))))
    throw new NumericalError("multinomial: invalid multinomial distribution (sum of probabilities <= 0)");
  const q = div(weights, exponential_(empty("multinomial", weights.shape, weights.dtype), 1, { generator }));
  return samples === 1 ? argmax(q, -1, true) : (topk(q, samples, -1).indices as Tensor);
}
