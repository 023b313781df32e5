// RMSprop and Rprop: steps by the size of the gradient, or by its sign alone.

import { ArgumentError } from "../errors.js";
import type { Trailing } from "../op/args.js";
import { KernelFamily } from "../wasm/kernels.js";
import { Optimizer, type OptimizerParams, type ParamGroup, type ParamState } from "./optimizer.js";
import { atLeast, settings, type Ways } from "./settings.js";
import { addRow, beginTable, DECAYS, FLAG_A, FLAG_B, MAXIMISES, runTable } from "./table.js";

/** Options of `RMSprop`. */
export interface RMSpropOptions extends Ways {
  /** The learning rate, 0.01. */
  readonly lr?: number;
  /** What the average of squares keeps of itself, 0.99. */
  readonly alpha?: number;
  /** Added to the root, 1e-8. */
  readonly eps?: number;
  /** This much of the parameter is added to its gradient, 0. */
  readonly weightDecay?: number;
  /** What the buffer of steps keeps of itself, 0: no buffer. */
  readonly momentum?: number;
  /** Divides by the standard deviation: the square of the average is taken off. */
  readonly centered?: boolean;
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const rmsprop = {
  lr: 1e-2,
  momentum: 0,
  alpha: 0.99,
  eps: 1e-8,
  centered: false,
  weightDecay: 0,
  foreach: null as boolean | null,
  maximize: false,
  differentiable: false,
};
const newer = { capturable: false };
type RMSpropSettings = typeof rmsprop & Partial<typeof newer>;

const rmsprops = /* @__PURE__ */ new KernelFamily("rmsprop");

/**
 * RMSprop (Hinton 2012): v ← α v + (1 − α) g², with `centered` a ← α a + (1 − α) g and v − a² in the place of v;
 * b ← momentum · b + g / (√v + eps); p ← p − lr · b.
 */
export class RMSprop extends Optimizer<RMSpropSettings> {
  static readonly name: string = "RMSprop";
  /** @internal */
  override readonly boxed: readonly string[] = [];

  constructor(params: OptimizerParams<RMSpropOptions>, ...rest: Trailing<[lr: number | undefined], RMSpropOptions>) {
    super(params as OptimizerParams<RMSpropSettings>, settings("RMSprop", rest, rmsprop, newer));
  }

  /** @internal */
  protected override verify({ alpha, eps, weightDecay, momentum }: ParamGroup<RMSpropSettings>): void {
    atLeast("RMSprop", "epsilon value", eps, 0);
    atLeast("RMSprop", "momentum value", momentum, 0);
    atLeast("RMSprop", "weight_decay value", weightDecay, 0);
    atLeast("RMSprop", "alpha value", alpha, 0);
  }

  /** @internal */
  protected update(group: ParamGroup<RMSpropSettings>): void {
    const { params, lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    const flags =
      (maximize ? MAXIMISES : 0) |
      (weightDecay !== 0 ? DECAYS : 0) |
      (momentum > 0 ? FLAG_A : 0) |
      (centered ? FLAG_B : 0);
    beginTable(params.length);
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const square = this.tensorIn(state, "square_avg", p);
      const buffer = momentum > 0 ? this.tensorIn(state, "momentum_buffer", p) : null;
      const mean = centered ? this.tensorIn(state, "grad_avg", p) : null;
      state.step = (state.step as number) + 1;
      addRow(p, g, square, buffer, mean, flags);
    }
    runTable(rmsprops, [weightDecay, alpha, 1 - alpha, eps, -lr, momentum]);
  }
}

/** Options of `Rprop`. */
export interface RpropOptions extends Ways {
  /** The first step, 0.01. */
  readonly lr?: number;
  /** The factors of a step whose gradient has changed its sign, and of one whose has not, [0.5, 1.2]. */
  readonly etas?: readonly [number, number];
  /** The smallest and the largest step, [1e-6, 50]. */
  readonly stepSizes?: readonly [number, number];
  /** Goes up the gradient, not down. */
  readonly maximize?: boolean;
}

const rprop = {
  lr: 1e-2,
  etas: [0.5, 1.2] as readonly [number, number],
  stepSizes: [1e-6, 50] as readonly [number, number],
  foreach: null as boolean | null,
  maximize: false,
};
const newerRprop = { capturable: false, differentiable: false };
type RpropSettings = typeof rprop & Partial<typeof newerRprop>;

const rprops = /* @__PURE__ */ new KernelFamily("rprop");

/**
 * Resilient backpropagation (Riedmiller & Braun 1993): every element has a step of its own, which grows by η₊ while the
 * gradient keeps its sign and shrinks by η₋ when it turns; p ← p − sign(g) · step. For full batches.
 */
export class Rprop extends Optimizer<RpropSettings> {
  static readonly name: string = "Rprop";
  /** @internal */
  override readonly boxed: readonly string[] = [];

  constructor(params: OptimizerParams<RpropOptions>, ...rest: Trailing<[lr: number | undefined], RpropOptions>) {
    super(params as OptimizerParams<RpropSettings>, settings("Rprop", rest, rprop, newerRprop));
  }

  /** @internal */
  protected override verify({ etas: [shrinks, grows] }: ParamGroup<RpropSettings>): void {
    if (!(shrinks > 0 && shrinks < 1 && grows > 1)) {
      throw new ArgumentError(`Rprop: Invalid eta values: ${String(shrinks)}, ${String(grows)}`);
    }
  }

  /** @internal */
  protected update({ params, lr, etas, stepSizes, maximize }: ParamGroup<RpropSettings>): void {
    beginTable(params.length);
    for (const p of params) {
      const g = p.gradient;
      if (g === null) continue;
      const state = this.stateOf(p, begin);
      const previous = this.tensorIn(state, "prev", p);
      const sizes = this.tensorIn(state, "step_size", p, lr);
      state.step = (state.step as number) + 1;
      addRow(p, g, previous, sizes, null, maximize ? MAXIMISES : 0);
    }
    runTable(rprops, [0, ...etas, ...stepSizes]);
  }
}

const begin = (): ParamState => ({ step: 0 });
