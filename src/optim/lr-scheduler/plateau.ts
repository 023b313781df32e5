// Lowers the learning rate when a measure no longer gets better.

import { ArgumentError } from "../../errors.js";
import { asNumber, parse, type Trailing } from "../../op/args.js";
import { scientific } from "../../tensor/decimal.js";
import { item } from "../../tensor/read.js";
import { Tensor } from "../../tensor/tensor.js";
import { anew } from "../../wasm/recording.js";
import type { Optimizer } from "../optimizer.js";
import {
  checkOptimizer,
  type Fields,
  forGroups,
  ratesOf,
  readFields,
  type SchedulerState,
  writeFields,
} from "./scheduler.js";

/** Options of `ReduceLROnPlateau`. */
export interface PlateauOptions {
  /** Whether the measure is to fall, "min", or to rise, "max". */
  readonly mode?: "min" | "max";
  /** The factor of the learning rate, 0.1. */
  readonly factor?: number;
  /** Epochs without a better value that are waited for, 10. */
  readonly patience?: number;
  /** How much better counts, 1e-4. */
  readonly threshold?: number;
  /** Whether that is a part of the best value, "rel", or a difference, "abs". */
  readonly thresholdMode?: "rel" | "abs";
  /** Epochs after a change in which nothing is counted, 0. */
  readonly cooldown?: number;
  /** The smallest learning rate, 0; one for all or one for each group. */
  readonly minLr?: number | readonly number[];
  /** Changes smaller than this are not made, 1e-8. */
  readonly eps?: number;
  /** Prints each change. */
  readonly verbose?: boolean;
}

const FIELDS: Fields = [
  ["factor", "factor"],
  ["min_lrs", "minLrs"],
  ["patience", "patience"],
  ["verbose", "verbose"],
  ["cooldown", "cooldown"],
  ["cooldown_counter", "cooldownCounter"],
  ["mode", "mode"],
  ["threshold", "threshold"],
  ["threshold_mode", "thresholdMode"],
  ["best", "best"],
  ["num_bad_epochs", "numBadEpochs"],
  ["mode_worse", "modeWorse"],
  ["eps", "eps"],
  ["last_epoch", "lastEpoch"],
];

/**
 * Multiplies the learning rate by `factor` when a measure has not got better for more than `patience` epochs.
 *
 * ```js
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimiser, { patience: 3 });
 * scheduler.step(validationLoss);
 * ```
 */
export class ReduceLROnPlateau {
  static readonly name: string = "ReduceLROnPlateau";
  readonly optimizer: Optimizer;
  factor: number;
  minLrs: number[];
  patience: number;
  verbose: boolean;
  cooldown: number;
  cooldownCounter = 0;
  mode: string;
  threshold: number;
  thresholdMode: string;
  /** The best value so far. */
  best: number;
  numBadEpochs = 0;
  eps: number;
  lastEpoch = 0;
  private lastLr: number[] | null = null;

  constructor(optimizer: Optimizer, ...rest: Trailing<[mode: "min" | "max" | undefined], PlateauOptions>) {
    const name = "ReduceLROnPlateau";
    const defaults = {
      mode: "min" as string,
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: "rel" as string,
      cooldown: 0,
      minLr: 0 as number | readonly number[],
      eps: 1e-8,
      verbose: false,
    };
    const options = parse(name, rest, defaults, ["mode"]);
    checkOptimizer(name, optimizer);
    if (!(options.factor < 1)) throw new ArgumentError(`${name}: Factor should be < 1.0.`);
    if (options.mode !== "min" && options.mode !== "max") {
      throw new ArgumentError(`${name}: mode ${String(options.mode)} is unknown!`);
    }
    if (options.thresholdMode !== "rel" && options.thresholdMode !== "abs") {
      throw new ArgumentError(`${name}: threshold mode ${String(options.thresholdMode)} is unknown!`);
    }
    this.optimizer = optimizer;
    this.factor = options.factor;
    this.minLrs = forGroups(name, "min_lrs", optimizer, options.minLr);
    this.patience = options.patience;
    this.verbose = options.verbose;
    this.cooldown = options.cooldown;
    this.mode = options.mode;
    this.threshold = options.threshold;
    this.thresholdMode = options.thresholdMode;
    this.eps = options.eps;
    this.best = this.modeWorse;
  }

  /** The value that every other is better than. */
  get modeWorse(): number {
    return this.mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Whether changes are not counted at the moment. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  /** Whether a value is better than the best by more than the threshold. */
  isBetter(value: number, best: number): boolean {
    const { mode, thresholdMode, threshold } = this;
    if (mode === "min") return value < (thresholdMode === "rel" ? best * (1 - threshold) : best - threshold);
    return value > (thresholdMode === "rel" ? best * (threshold + 1) : best + threshold);
  }

  /** Takes the measure of an epoch, a number or a tensor of one element. */
  step(metrics: number | Tensor, epoch?: number): void {
    const current = metrics instanceof Tensor ? Number(item(metrics)) : asNumber("step", metrics, "metrics");
    anew([this, this.optimizer], () => this.take(current, epoch));
  }

  private take(current: number, epoch: number | undefined): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.inCooldown) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.lastLr = ratesOf(this.optimizer);
  }

  private reduce(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      const lowered = Math.max(group.lr * this.factor, this.minLrs[i]);
      if (!(group.lr - lowered > this.eps)) return;
      group.lr = lowered;
      if (this.verbose) {
        const epoch = String(this.lastEpoch).padStart(5, "0");
        console.log(`Epoch ${epoch}: reducing learning rate of group ${i} to ${scientific(lowered, 4)}.`);
      }
    });
  }

  /** The learning rates after the last step, one for each group. */
  getLastLr(): number[] {
    return this.lastLr === null ? ratesOf(this.optimizer) : [...this.lastLr];
  }

  /** The state by PyTorch's names. */
  stateDict(): SchedulerState {
    const state = readFields(this, FIELDS);
    return this.lastLr === null ? state : { ...state, _last_lr: [...this.lastLr] };
  }

  /** Loads what `stateDict` gave, or PyTorch saved. */
  loadStateDict(state: SchedulerState | ReadonlyMap<string, unknown>): void {
    const known = FIELDS.filter(([name]) => name !== "mode_worse");
    writeFields(this, [...known, ["_last_lr", "lastLr"]], state);
  }
}
