// Adam and AdamW.

import type { Trailing } from "../op/args.js";
import { KernelFamily } from "../wasm/kernels.js";
import { power } from "./number.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { checkMoments, type MomentOptions, settings } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_A, FLAG_B, MAXIMISES, runTable } from "./table.js";

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions extends MomentOptions {
  /** The learning rate, 0.001. */
  readonly lr?: number;
  /** For Adam this much of the parameter is added to its gradient, 0; for AdamW see there, 0.01. */
  readonly weightDecay?: number;
  /** Divides by the largest average of squares so far. */
  readonly amsgrad?: boolean;
  /** Adam only: takes the weight decay as AdamW does. */
  readonly decoupledWeightDecay?: boolean;
}

const defaults = {
  lr: 1e-3,
  betas: [0.9, 0.999] as readonly [number, number],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null as boolean | null,
  capturable: false,
  differentiable: false,
  fused: false as boolean | null,
};
const newer = { decoupledWeightDecay: false };
const defaultsW = {
  lr: 1e-3,
  betas: [0.9, 0.999] as readonly [number, number],
  eps: 1e-8,
  weightDecay: 1e-2,
  amsgrad: false,
  foreach: null as boolean | null,
  maximize: false,
  capturable: false,
};
const newerW = { fused: null as boolean | null, differentiable: false };
type Settings = Pick<
  typeof defaults,
  "lr" | "betas" | "eps" | "weightDecay" | "amsgrad" | "maximize" | "foreach" | "capturable"
> &
  Partial<Pick<typeof defaults, "differentiable" | "fused"> & typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("adam");

abstract class AdamLike extends Optimizer<Settings> {
  protected abstract readonly decouples: boolean;

  /** @internal */
  protected override verify(group: ParamGroup<Settings>): void {
    checkMoments(this.constructor.name, group);
  }

  /** @internal */
  protected update(group: ParamGroup<Settings>): void {
    const { params, lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    const [beta1, beta2] = betas;
    const decouples = this.decouples || group.decoupledWeightDecay === true;
    const decays = weightDecay === 0 ? 0 : decouples ? FLAG_B : DECAYS;
    const flags = (maximize ? MAXIMISES : 0) | decays | (amsgrad ? FLAG_A : 0);
    beginTable(params.length);
    // Parameters have mostly taken the same number of steps.
    let known = 0;
    let root = 0;
    let size = 0;
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const m = this.tensorIn(state, "exp_avg", p);
      const s = this.tensorIn(state, "exp_avg_sq", p);
      const largest = amsgrad ? this.tensorIn(state, "max_exp_avg_sq", p) : null;
      const step = (state.step as number) + 1;
      state.step = step;
      if (step !== known) {
        known = step;
        size = -(lr / (1 - power(beta1, step)));
        root = Math.sqrt(1 - power(beta2, step));
      }
      addRow(p, g, m, s, largest, flags, root, size);
    }
    runTable(kernels, [weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps, 1 - lr * weightDecay]);
  }
}

const begin = (): ParamState => ({ step: 0 });

/**
 * Adam (Kingma & Ba 2014): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
 * p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps).
 *
 * ```js
 * const optimiser = new optim.Adam(model.parameters(), { lr: 1e-3 });
 * ```
 */
export class Adam extends AdamLike {
  static readonly name: string = "Adam";
  /** @internal */
  protected readonly decouples = false;

  constructor(params: OptimizerParams<AdamOptions>, ...rest: Trailing<[lr: number | undefined], AdamOptions>) {
    super(params as OptimizerParams<Settings>, settings("Adam", rest, defaults, newer));
  }
}

/**
 * Adam with the weight decay apart from the gradient (Loshchilov & Hutter 2017): p ← (1 − lr · weightDecay) · p, then as Adam.
 */
export class AdamW extends AdamLike {
  static readonly name: string = "AdamW";
  /** @internal */
  protected readonly decouples = true;

  constructor(
    params: OptimizerParams<AdamOptions>,
    ...rest: Trailing<[lr: number | undefined], Omit<AdamOptions, "decoupledWeightDecay">>
  ) {
    super(params as OptimizerParams<Settings>, settings("AdamW", rest, defaultsW, newerW));
  }
}
