// Adamax: Adam by the largest gradient in place of the mean square.

import type { Trailing } from "../op/args.js";
import { KernelFamily } from "../wasm/kernels.js";
import { power } from "./number.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { checkMoments, type MomentOptions, settings } from "./settings.js";
import { addRow, beginTable, DECAYS, MAXIMISES, runTable } from "./table.js";

/** Options of `Adamax`. */
export interface AdamaxOptions extends MomentOptions {
  /** The learning rate, 0.002. */
  readonly lr?: number;
}

const defaults = {
  lr: 2e-3,
  betas: [0.9, 0.999] as readonly [number, number],
  eps: 1e-8,
  weightDecay: 0,
  foreach: null as boolean | null,
  maximize: false,
};
const newer = { capturable: false, differentiable: false };
type Settings = typeof defaults & Partial<typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("adamax");

/**
 * Adamax (Kingma & Ba 2014): m ← β₁ m + (1 − β₁) g, u ← max(β₂ u, |g| + eps), p ← p − lr / (1 − β₁ᵗ) · m / u.
 */
export class Adamax extends Optimizer<Settings> {
  static readonly name: string = "Adamax";
  constructor(params: OptimizerParams<AdamaxOptions>, ...rest: Trailing<[lr: number | undefined], AdamaxOptions>) {
    super(params as OptimizerParams<Settings>, settings("Adamax", rest, defaults, newer));
  }

  /** @internal */
  protected override verify(group: ParamGroup<Settings>): void {
    checkMoments("Adamax", group);
  }

  /** @internal */
  protected update({ params, lr, betas, eps, weightDecay, maximize }: ParamGroup<Settings>): void {
    const [beta1, beta2] = betas;
    const flags = (maximize ? MAXIMISES : 0) | (weightDecay !== 0 ? DECAYS : 0);
    beginTable(params.length);
    let known = 0;
    let size = 0;
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const m = this.tensorIn(state, "exp_avg", p);
      const largest = this.tensorIn(state, "exp_inf", p);
      const step = (state.step as number) + 1;
      state.step = step;
      if (step !== known) {
        known = step;
        size = -(lr / (1 - power(beta1, step)));
      }
      addRow(p, g, m, largest, null, flags, size);
    }
    runTable(kernels, [weightDecay, beta1, 1 - beta1, beta2, eps]);
  }
}

const begin = (): ParamState => ({ step: 0 });
