// Muon: momentum whose step is a matrix with singular values near 1.

import { ArgumentError, ShapeError } from "../errors.js";
import type { Trailing } from "../op/args.js";
import { add, div, mul } from "../ops/arithmetic.js";
import { lerp } from "../ops/combine.js";
import { clampMin } from "../ops/extrema.js";
import { addmm, mm } from "../ops/matmul.js";
import { norm } from "../ops/norm.js";
import { transpose } from "../ops/shape.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { Optimizer, type OptimizerParams, type ParamGroup } from "./optimizer.js";
import { atLeast, settings } from "./settings.js";

/** Options of `Muon`. */
export interface MuonOptions {
  /** The learning rate, 0.001. */
  readonly lr?: number;
  /** p ← (1 − lr · weightDecay) · p before each step, 0.1. */
  readonly weightDecay?: number;
  /** What the average of the gradient keeps of itself, 0.95. */
  readonly momentum?: number;
  /** Steps by the gradient and its average, not by the average alone; true. */
  readonly nesterov?: boolean;
  /** The polynomial a x + b x³ + c x⁵ that brings singular values near 1, [3.4445, −4.775, 2.0315]. */
  readonly nsCoefficients?: readonly [number, number, number];
  /** The least norm to divide by, 1e-7. */
  readonly eps?: number;
  /** How often the polynomial is applied, 5. */
  readonly nsSteps?: number;
  /** How the rate goes by the shape [rows, columns]: "original" √max(1, rows / columns), "match_rms_adamw" 0.2 √max(rows, columns). */
  readonly adjustLrFn?: "original" | "match_rms_adamw" | null;
  /** Changes nothing: products and sums are one kernel in any case. */
  readonly useAddmm?: boolean;
}

const defaults = {
  lr: 1e-3,
  weightDecay: 0.1,
  momentum: 0.95,
  nesterov: true,
  nsCoefficients: [3.4445, -4.775, 2.0315] as readonly [number, number, number],
  eps: 1e-7,
  nsSteps: 5,
  adjustLrFn: null as "original" | "match_rms_adamw" | null,
  useAddmm: false,
};
type Settings = typeof defaults;

/**
 * Muon (Jordan et al. 2024), for matrices: b ← momentum · b + (1 − momentum) · g, and p ← p − lr · O, where O has the singular
 * vectors of b (with `nesterov` of momentum · b + (1 − momentum) · g) and singular values between about 0.7 and 1.2, by
 * five Newton–Schulz steps x ← a x + (b A + c A²) x with A = x xᵀ. They are computed in the parameter's dtype, where PyTorch
 * rounds to bfloat16.
 *
 * ```js
 * const optimiser = new optim.Muon(model.parameters().filter((p) => p.ndim === 2), { lr: 0.02 });
 * ```
 * @throws ShapeError for parameters that are no matrices; give those to AdamW.
 */
export class Muon extends Optimizer<Settings> {
  static readonly name: string = "Muon";
  constructor(params: OptimizerParams<MuonOptions>, ...rest: Trailing<[lr: number | undefined], MuonOptions>) {
    super(params as OptimizerParams<Settings>, settings("Muon", rest, defaults, {}));
  }

  /** @internal */
  protected override verify({
    params,
    weightDecay,
    momentum,
    adjustLrFn,
    nsCoefficients,
    nsSteps,
  }: ParamGroup<Settings>): void {
    atLeast("Muon", "momentum value", momentum, 0);
    atLeast("Muon", "weight_decay value", weightDecay, 0);
    if (adjustLrFn !== null && adjustLrFn !== "original" && adjustLrFn !== "match_rms_adamw") {
      throw new ArgumentError(`Muon: Adjust learning rate function ${String(adjustLrFn)} is not supported`);
    }
    if (!Array.isArray(nsCoefficients) || nsCoefficients.length !== 3) {
      throw new ArgumentError("Muon: Coefficients must be a tuple of exactly 3 values");
    }
    if (!(nsSteps < 100)) {
      throw new ArgumentError("Muon: Number of steps must be less than 100 for computational efficiency");
    }
    for (const p of params) {
      if (p.ndim === 2) continue;
      throw new ShapeError(
        `Muon: Muon only supports 2D parameters whereas we found a parameter with size: torch.Size([${p.shape.join(", ")}])`,
      );
    }
  }

  /** @internal */
  protected update(group: ParamGroup<Settings>): void {
    const { params, lr, weightDecay, momentum, nesterov } = group;
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      p.check("step");
      const buffer = this.tensorIn(
        this.stateOf(p, () => ({})),
        "momentum_buffer",
        p,
      );
      temporaries(() => {
        lerp.inplace(buffer, g, 1 - momentum);
        const step = orthogonalised(nesterov ? lerp(g, buffer, momentum) : buffer, group);
        mul.inplace(p, 1 - lr * weightDecay);
        add.inplace(p, step, { alpha: -lr * ratio(p.shape, group.adjustLrFn) });
        return null;
      });
    }
  }
}

function ratio(shape: readonly number[], way: Settings["adjustLrFn"]): number {
  const [rows, columns] = shape as [number, number];
  return way === "match_rms_adamw" ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, rows / columns));
}

/** The matrix with all singular values brought near 1. */
function orthogonalised(x: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: ParamGroup<Settings>): Tensor {
  const tall = (x.shape[0] as number) > (x.shape[1] as number);
  let y = tall ? transpose(x, 0, 1) : x;
  y = div(y, clampMin(norm(y), eps));
  for (let i = 0; i < nsSteps; i++) {
    const gram = mm(y, transpose(y, 0, 1));
    y = addmm(y, addmm(gram, gram, gram, { beta: b, alpha: c }), y, { beta: a });
  }
  return tall ? transpose(y, 0, 1) : y;
}
