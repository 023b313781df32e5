// NAdam: Adam with Nesterov's momentum.

import type { Trailing } from "../op/args.js";
import { getDefaultDtype } from "../tensor/dtype.js";
import { KernelFamily } from "../wasm/kernels.js";
import { power } from "./number.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { atLeast, checkMoments, type MomentOptions, settings } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_B, MAXIMISES, runTable } from "./table.js";

/** Options of `NAdam`. */
export interface NAdamOptions extends MomentOptions {
  /** The learning rate, 0.002. */
  readonly lr?: number;
  /** How fast the momentum comes up to β₁, 0.004. */
  readonly momentumDecay?: number;
  /** Takes the weight decay apart from the gradient, as AdamW does. */
  readonly decoupledWeightDecay?: boolean;
}

const defaults = {
  lr: 2e-3,
  betas: [0.9, 0.999] as readonly [number, number],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  foreach: null as boolean | null,
};
const newer = { decoupledWeightDecay: false, maximize: false, capturable: false, differentiable: false };
type Settings = typeof defaults & Partial<typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("nadam");

/** PyTorch multiplies the product of momenta up in a tensor of the default dtype. */
const rounded = (x: number): number => (getDefaultDtype() === "float32" ? Math.fround(x) : x);

/**
 * NAdam (Dozat 2016): Adam whose step is made of the gradient and of its average, both corrected by
 * μₜ = β₁ (1 − 0.96^(t · momentumDecay) / 2) and the product of μ₁ … μₜ.
 *
 * The average is corrected as in PyTorch 1.13, whose product for the coming step holds μₜ twice; later versions have
 * it once.
 */
export class NAdam extends Optimizer<Settings> {
  static readonly name: string = "NAdam";
  /** @internal */
  override readonly boxed: readonly string[] = ["step", "mu_product"];

  constructor(params: OptimizerParams<NAdamOptions>, ...rest: Trailing<[lr: number | undefined], NAdamOptions>) {
    super(params as OptimizerParams<Settings>, settings("NAdam", rest, defaults, newer));
  }

  /** @internal */
  protected override verify(group: ParamGroup<Settings>): void {
    checkMoments("NAdam", group);
    atLeast("NAdam", "momentum_decay value", group.momentumDecay, 0);
  }

  /** @internal */
  protected update(group: ParamGroup<Settings>): void {
    const { params, lr, betas, eps, weightDecay, momentumDecay, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = betas;
    const decays = weightDecay === 0 ? 0 : decoupledWeightDecay ? FLAG_B : DECAYS;
    const flags = (maximize ? MAXIMISES : 0) | decays;
    const momentum = (step: number): number => beta1 * (1 - 0.5 * power(0.96, step * momentumDecay));
    beginTable(params.length);
    let known = 0;
    let [correction, mu, next] = [0, 0, 0];
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
        correction = 1 - power(beta2, step);
        mu = momentum(step);
        next = momentum(step + 1);
      }
      const product = rounded((state.mu_product as number) * rounded(mu));
      state.mu_product = product;
      const ahead = rounded(rounded(product * rounded(mu)) * rounded(next));
      addRow(p, g, m, s, null, flags, correction, (-lr * (1 - mu)) / (1 - product), (-lr * next) / (1 - ahead));
    }
    runTable(kernels, [weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps, 1 - lr * weightDecay]);
  }
}

const begin = (): ParamState => ({ step: 0, mu_product: 1 });
