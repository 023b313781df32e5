// Stochastic gradient descent.

import { ArgumentError } from "../errors.js";
import type { Trailing } from "../op/args.js";
import type { Tensor } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { Optimizer, type OptimizerParams, type ParamGroup } from "./optimizer.js";
import { atLeast, settings, type Ways } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_A, FLAG_B, FLAG_C, filled, MAXIMISES, runTable } from "./table.js";

/** Options of `SGD`. */
export interface SGDOptions extends Ways {
  /** The learning rate, 0.001. */
  readonly lr?: number;
  /** What the buffer keeps of itself at each step, 0: no buffer. */
  readonly momentum?: number;
  /** The part of the gradient that does not go into the buffer, 0. */
  readonly dampening?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** Nesterov's momentum; needs a momentum and no dampening. */
  readonly nesterov?: boolean;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const defaults = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
  foreach: null as boolean | null,
  differentiable: false,
};
const newer = { fused: null as boolean | null };
type Settings = typeof defaults & Partial<typeof newer>;

const kernels = /* @__PURE__ */ new KernelFamily("sgd");

/**
 * Stochastic gradient descent: g ← g + weightDecay · p; b ← momentum · b + (1 − dampening) · g, at first b = g;
 * p ← p − lr · b, or with `nesterov` p − lr · (g + momentum · b).
 *
 * ```js
 * const optimiser = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * ```
 */
export class SGD extends Optimizer<Settings> {
  static readonly name: string = "SGD";
  constructor(params: OptimizerParams<SGDOptions>, ...rest: Trailing<[lr: number | undefined], SGDOptions>) {
    super(params as OptimizerParams<Settings>, settings("SGD", rest, defaults, newer));
  }

  /** @internal */
  protected override verify({ momentum, dampening, weightDecay, nesterov }: ParamGroup<Settings>): void {
    atLeast("SGD", "momentum value", momentum, 0);
    atLeast("SGD", "weight_decay value", weightDecay, 0);
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ArgumentError("SGD: Nesterov momentum requires a momentum and zero dampening");
    }
  }

  /** @internal */
  protected override steady(): (() => readonly unknown[]) | null {
    const { paramGroups } = this;
    if (paramGroups.some(({ momentum }) => momentum !== 0)) return null;
    const numbers: unknown[] = [];
    return () => {
      numbers.length = 0;
      for (const { params, lr, momentum, weightDecay, maximize } of paramGroups) {
        numbers.push(lr, momentum, weightDecay, maximize, params.length);
      }
      return numbers;
    };
  }

  /** @internal */
  protected update(group: ParamGroup<Settings>): void {
    const { params, lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const flags =
      (maximize ? MAXIMISES : 0) |
      (weightDecay !== 0 ? DECAYS : 0) |
      (momentum !== 0 ? FLAG_A : 0) |
      (nesterov ? FLAG_B : 0);
    beginTable(params.length);
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, () => ({ momentum_buffer: null }));
      let buffer = (state.momentum_buffer ?? null) as Tensor | null;
      const first = momentum !== 0 && buffer === null;
      if (first) state.momentum_buffer = buffer = filled(p, 0);
      addRow(p, g, buffer, null, null, first ? flags | FLAG_C : flags);
    }
    runTable(kernels, [weightDecay, momentum, 1 - dampening, -lr]);
  }
}
