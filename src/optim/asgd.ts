// Averaged stochastic gradient descent.

import type { Trailing } from "../op/args.js";
import { getDefaultDtype } from "../tensor/dtype.js";
import { KernelFamily } from "../wasm/kernels.js";
import { power } from "./number.js";
import { Optimizer, type OptimizerParams, type ParamGroup } from "./optimizer.js";
import { atLeast, settings, type Ways } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_A, MAXIMISES, runTable } from "./table.js";

/** Options of `ASGD`. */
export interface ASGDOptions extends Ways {
  /** The learning rate at the start, 0.01. */
  readonly lr?: number;
  /** How fast parameters and the learning rate decay, 1e-4. */
  readonly lambd?: number;
  /** The power by which the learning rate falls, 0.75. */
  readonly alpha?: number;
  /** The step at which averaging begins, 1e6. */
  readonly t0?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const defaults = {
  lr: 1e-2,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  foreach: null as boolean | null,
  maximize: false,
};
const newer = { capturable: false, differentiable: false };
type Settings = typeof defaults & Partial<typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("asgd");

/** PyTorch holds the rate and the weight of the average in tensors of the default dtype. */
const rounded = (x: number): number => (getDefaultDtype() === "float32" ? Math.fround(x) : x);

/**
 * Averaged stochastic gradient descent (Polyak & Juditsky 1992): p ← (1 − λ η) p − η g, with η = lr / (1 + λ lr t)^α; the
 * average of the parameters, `ax` in the state, begins at step t0.
 */
export class ASGD extends Optimizer<Settings> {
  static readonly name: string = "ASGD";
  /** @internal */
  protected override readonly floats: Readonly<Record<string, number>> = { t0: 1e6 };
  /** @internal */
  override readonly boxed: readonly string[] = ["step", "eta", "mu"];

  constructor(params: OptimizerParams<ASGDOptions>, ...rest: Trailing<[lr: number | undefined], ASGDOptions>) {
    super(params as OptimizerParams<Settings>, settings("ASGD", rest, defaults, newer));
  }

  /** @internal */
  protected override verify({ weightDecay }: ParamGroup<Settings>): void {
    atLeast("ASGD", "weight_decay value", weightDecay, 0);
  }

  /** @internal */
  protected update({ params, lr, lambd, alpha, t0, weightDecay, maximize }: ParamGroup<Settings>): void {
    const flags = (maximize ? MAXIMISES : 0) | (weightDecay !== 0 ? DECAYS : 0);
    beginTable(params.length);
    let known = 0;
    let next = 0;
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, () => ({ step: 0, eta: rounded(lr), mu: 1 }));
      const averaged = this.tensorIn(state, "ax", p);
      const step = (state.step as number) + 1;
      const [eta, mu] = [state.eta as number, state.mu as number];
      addRow(p, g, averaged, null, null, mu === 1 ? flags : flags | FLAG_A, 1 - lambd * eta, -eta, mu);
      if (step !== known) {
        known = step;
        next = rounded(lr / power(1 + lambd * lr * step, alpha));
      }
      state.step = step;
      state.eta = next;
      state.mu = rounded(1 / Math.max(1, step - t0));
    }
    runTable(kernels, [weightDecay]);
  }
}
