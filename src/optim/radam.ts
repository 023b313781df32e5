// RAdam: Adam that trusts the average of squares only once it has seen enough.

import type { Trailing } from "../op/args.js";
import { KernelFamily } from "../wasm/kernels.js";
import { power } from "./number.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { checkMoments, type MomentOptions, settings } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_B, FLAG_C, MAXIMISES, runTable } from "./table.js";

/** Options of `RAdam`. */
export interface RAdamOptions extends MomentOptions {
  /** The learning rate, 0.001. */
  readonly lr?: number;
  /** Takes the weight decay apart from the gradient, as AdamW does. */
  readonly decoupledWeightDecay?: boolean;
}

const defaults = {
  lr: 1e-3,
  betas: [0.9, 0.999] as readonly [number, number],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null as boolean | null,
};
const newer = { decoupledWeightDecay: false, maximize: false, capturable: false, differentiable: false };
type Settings = typeof defaults & Partial<typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("radam");

/**
 * RAdam (Liu et al. 2019): as Adam, times r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)), where ρ∞ = 2 / (1 − β₂) − 1 and
 * ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ); while ρ ≤ 5 the step is lr · m / (1 − β₁ᵗ).
 */
export class RAdam extends Optimizer<Settings> {
  static readonly name: string = "RAdam";
  constructor(params: OptimizerParams<RAdamOptions>, ...rest: Trailing<[lr: number | undefined], RAdamOptions>) {
    super(params as OptimizerParams<Settings>, settings("RAdam", rest, defaults, newer));
  }

  /** @internal */
  protected override verify(group: ParamGroup<Settings>): void {
    checkMoments("RAdam", group);
  }

  /** @internal */
  protected update(group: ParamGroup<Settings>): void {
    const { params, lr, betas, eps, weightDecay, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const decays = weightDecay === 0 ? 0 : decoupledWeightDecay ? FLAG_B : DECAYS;
    const flags = (maximize ? MAXIMISES : 0) | decays;
    const longest = 2 / (1 - beta2) - 1;
    beginTable(params.length);
    let known = 0;
    let [first, second, length, rectification] = [0, 0, 0, 0];
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const m = this.tensorIn(state, "exp_avg", p);
      const s = this.tensorIn(state, "exp_avg_sq", p);
      const step = (state.step as number) + 1;
      state.step = step;
      if (step !== known) {
        known = step;
        const decayed = power(beta2, step);
        first = 1 - power(beta1, step);
        second = 1 - decayed;
        length = longest - (2 * step * decayed) / second;
        const ratio = ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
        rectification = length > 5 ? Math.sqrt(ratio) : 0;
      }
      const own = length > 5 ? flags | FLAG_C : flags;
      addRow(p, g, m, s, null, own, first, Math.sqrt(second), rectification);
    }
    runTable(kernels, [weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps, 1 - lr * weightDecay, lr]);
  }
}

const begin = (): ParamState => ({ step: 0 });
