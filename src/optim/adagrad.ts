// Adagrad and Adadelta: steps by what the gradients have been so far.

import type { Trailing } from "../op/args.js";
import { KernelFamily } from "../wasm/kernels.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { atLeast, settings, type Ways } from "./settings.js";
import { addRow, beginTable, DECAYS, filled, MAXIMISES, runTable } from "./table.js";

/** Options of `Adagrad`. */
export interface AdagradOptions extends Ways {
  /** The learning rate, 0.01. */
  readonly lr?: number;
  /** How fast the learning rate falls: lr / (1 + (t − 1) · lrDecay), 0. */
  readonly lrDecay?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** What the sum of squares begins with, 0. */
  readonly initialAccumulatorValue?: number;
  /** Added to the root of the sum, 1e-10. */
  readonly eps?: number;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const adagrad = {
  lr: 1e-2,
  lrDecay: 0,
  eps: 1e-10,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  foreach: null as boolean | null,
  maximize: false,
};
const newer = { fused: null as boolean | null, differentiable: false };
type AdagradSettings = typeof adagrad & Partial<typeof newer>;

const adagrads = /* @__PURE__ */ new KernelFamily("adagrad");

/** Adagrad (Duchi et al. 2011): s ← s + g², p ← p − lr / (1 + (t − 1) · lrDecay) · g / (√s + eps). */
export class Adagrad extends Optimizer<AdagradSettings> {
  static readonly name: string = "Adagrad";
  constructor(params: OptimizerParams<AdagradOptions>, ...rest: Trailing<[lr: number | undefined], AdagradOptions>) {
    super(params as OptimizerParams<AdagradSettings>, settings("Adagrad", rest, adagrad, newer));
    // PyTorch makes the state at once, also of parameters that never get a gradient.
    for (const group of this.paramGroups) this.beginGroup(group);
  }

  private beginGroup({ params, initialAccumulatorValue }: ParamGroup<AdagradSettings>): void {
    for (const p of params) this.state.set(p, { step: 0, sum: filled(p, initialAccumulatorValue) });
  }

  /** @internal */
  protected override verify({ lrDecay, weightDecay, initialAccumulatorValue, eps }: ParamGroup<AdagradSettings>): void {
    atLeast("Adagrad", "lr_decay value", lrDecay, 0);
    atLeast("Adagrad", "weight_decay value", weightDecay, 0);
    atLeast("Adagrad", "initial_accumulator_value value", initialAccumulatorValue, 0);
    atLeast("Adagrad", "epsilon value", eps, 0);
  }

  /** @internal */
  protected update(group: ParamGroup<AdagradSettings>): void {
    const { params, lr, lrDecay, eps, weightDecay, initialAccumulatorValue, maximize } = group;
    const flags = (maximize ? MAXIMISES : 0) | (weightDecay !== 0 ? DECAYS : 0);
    beginTable(params.length);
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const sum = this.tensorIn(state, "sum", p, initialAccumulatorValue);
      const step = (state.step as number) + 1;
      state.step = step;
      addRow(p, g, sum, null, null, flags, -(lr / (1 + (step - 1) * lrDecay)));
    }
    runTable(adagrads, [weightDecay, eps]);
  }
}

/** Options of `Adadelta`. */
export interface AdadeltaOptions extends Ways {
  /** The factor of the step, 1. */
  readonly lr?: number;
  /** What the averages of squares keep of themselves, 0.9. */
  readonly rho?: number;
  /** Added under both roots, 1e-6. */
  readonly eps?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const adadelta = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false, foreach: null as boolean | null };
const newerDelta = { capturable: false, differentiable: false };
type AdadeltaSettings = typeof adadelta & Partial<typeof newerDelta>;

const adadeltas = /* @__PURE__ */ new KernelFamily("adadelta");

/**
 * Adadelta (Zeiler 2012): v ← ρ v + (1 − ρ) g², Δ = √(u + eps) / √(v + eps) · g, u ← ρ u + (1 − ρ) Δ², p ← p − lr · Δ.
 */
export class Adadelta extends Optimizer<AdadeltaSettings> {
  static readonly name: string = "Adadelta";
  /** @internal */
  protected override readonly floats: Readonly<Record<string, number>> = { lr: 1 };
  /** @internal */
  override readonly boxed: readonly string[] = [];

  constructor(params: OptimizerParams<AdadeltaOptions>, ...rest: Trailing<[lr: number | undefined], AdadeltaOptions>) {
    super(params as OptimizerParams<AdadeltaSettings>, settings("Adadelta", rest, adadelta, newerDelta));
  }

  /** @internal */
  protected override verify({ rho, eps, weightDecay }: ParamGroup<AdadeltaSettings>): void {
    atLeast("Adadelta", "rho value", rho <= 1 ? rho : Number.NaN, 0);
    atLeast("Adadelta", "epsilon value", eps, 0);
    atLeast("Adadelta", "weight_decay value", weightDecay, 0);
  }

  /** @internal */
  protected update({ params, lr, rho, eps, weightDecay, maximize }: ParamGroup<AdadeltaSettings>): void {
    const flags = (maximize ? MAXIMISES : 0) | (weightDecay !== 0 ? DECAYS : 0);
    beginTable(params.length);
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const square = this.tensorIn(state, "square_avg", p);
      const deltas = this.tensorIn(state, "acc_delta", p);
      state.step = (state.step as number) + 1;
      addRow(p, g, square, deltas, null, flags);
    }
    runTable(adadeltas, [weightDecay, rho, 1 - rho, eps, -lr]);
  }
}

const begin = (): ParamState => ({ step: 0 });
