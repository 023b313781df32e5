// Schedulers that follow a curve: constant, linear, polynomial, cosine.

import { ArgumentError } from "../../errors.js";
import { asInteger, asNumber, parse, type Trailing } from "../../op/args.js";
import { cosine, power } from "../number.js";
import type { Optimizer } from "../optimizer.js";
import { common, type Fields, LRScheduler, type SchedulerOptions } from "./scheduler.js";

function checkFactor(name: string, what: string, factor: number): void {
  if (!(factor >= 0 && factor <= 1)) {
    throw new ArgumentError(`${name}: ${what} multiplicative factor expected to be between 0 and 1, got ${factor}`);
  }
}

/** Options of `ConstantLR`. */
export interface ConstantLROptions extends SchedulerOptions {
  /** The factor until `totalIters`, 1/3. */
  readonly factor?: number;
  /** The epoch from which on the factor is 1; 5. */
  readonly totalIters?: number;
}

/** The learning rate times a factor, until epoch `totalIters`. */
export class ConstantLR extends LRScheduler {
  static readonly name: string = "ConstantLR";
  factor: number;
  totalIters: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["factor", "factor"],
    ["total_iters", "totalIters"],
  ];

  constructor(
    optimizer: Optimizer,
    ...rest: Trailing<[factor: number | undefined, totalIters: number | undefined], ConstantLROptions>
  ) {
    const options = parse("ConstantLR", rest, { factor: 1 / 3, totalIters: 5, ...common }, ["factor", "totalIters"]);
    checkFactor("ConstantLR", "Constant", options.factor);
    super(optimizer, options);
    this.factor = options.factor;
    this.totalIters = asInteger("ConstantLR", options.totalIters, "totalIters");
    this.initialStep();
  }

  getLr(): number[] {
    if (this.lastEpoch === 0) return this.groups.map((group) => group.lr * this.factor);
    const ends = this.lastEpoch === this.totalIters;
    return this.groups.map((group) => (ends ? group.lr * (1 / this.factor) : group.lr));
  }

  /** @internal */
  protected override closedForm(): number[] {
    const ended = this.lastEpoch >= this.totalIters ? 1 : 0;
    return this.baseLrs.map((base) => base * (this.factor + ended * (1 - this.factor)));
  }
}

/** Options of `LinearLR`. */
export interface LinearLROptions extends SchedulerOptions {
  /** The factor at epoch 0, 1/3. */
  readonly startFactor?: number;
  /** The factor from `totalIters` on, 1. */
  readonly endFactor?: number;
  /** The epoch at which the factor has arrived, 5. */
  readonly totalIters?: number;
}

/** The learning rate times a factor that goes in a straight line from `startFactor` to `endFactor`. */
export class LinearLR extends LRScheduler {
  static readonly name: string = "LinearLR";
  startFactor: number;
  endFactor: number;
  totalIters: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["start_factor", "startFactor"],
    ["end_factor", "endFactor"],
    ["total_iters", "totalIters"],
  ];

  constructor(
    optimizer: Optimizer,
    ...rest: Trailing<
      [startFactor: number | undefined, endFactor: number | undefined, totalIters: number | undefined],
      LinearLROptions
    >
  ) {
    const defaults = { startFactor: 1 / 3, endFactor: 1, totalIters: 5, ...common };
    const options = parse("LinearLR", rest, defaults, ["startFactor", "endFactor", "totalIters"]);
    checkFactor("LinearLR", "Starting", options.startFactor);
    checkFactor("LinearLR", "Ending", options.endFactor);
    super(optimizer, options);
    this.startFactor = options.startFactor;
    this.endFactor = options.endFactor;
    this.totalIters = asInteger("LinearLR", options.totalIters, "totalIters");
    this.initialStep();
  }

  getLr(): number[] {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    if (lastEpoch === 0) return this.groups.map((group) => group.lr * startFactor);
    if (lastEpoch > totalIters) return this.groups.map((group) => group.lr);
    const rise = endFactor - startFactor;
    const factor = 1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise);
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  protected override closedForm(): number[] {
    const { lastEpoch, startFactor, endFactor, totalIters } = this;
    const factor = startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters;
    return this.baseLrs.map((base) => base * factor);
  }
}

/** Options of `PolynomialLR`. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The epoch at which the learning rate is 0; 5. */
  readonly totalIters?: number;
  /** The power, 1. */
  readonly power?: number;
}

/** The learning rate times (1 − epoch / totalIters)^power, and 0 from `totalIters` on. */
export class PolynomialLR extends LRScheduler {
  static readonly name: string = "PolynomialLR";
  totalIters: number;
  power: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["total_iters", "totalIters"],
    ["power", "power"],
  ];

  constructor(
    optimizer: Optimizer,
    ...rest: Trailing<[totalIters: number | undefined, power: number | undefined], PolynomialLROptions>
  ) {
    const options = parse("PolynomialLR", rest, { totalIters: 5, power: 1, ...common }, ["totalIters", "power"]);
    super(optimizer, options);
    this.totalIters = asInteger("PolynomialLR", options.totalIters, "totalIters");
    this.power = asNumber("PolynomialLR", options.power, "power");
    this.initialStep();
  }

  getLr(): number[] {
    const { lastEpoch, totalIters } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return this.groups.map((group) => group.lr);
    const factor = power((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters), this.power);
    return this.groups.map((group) => group.lr * factor);
  }

  /** @internal */
  protected override closedForm(): number[] {
    const factor = power(1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters, this.power);
    return this.baseLrs.map((base) => base * factor);
  }
}

/** Options of cosine schedulers. */
export interface CosineOptions extends SchedulerOptions {
  /** The smallest learning rate, 0. */
  readonly etaMin?: number;
}

/** Along half a cosine from the learning rate at the start to `etaMin` in `TMax` epochs, and back, and so on. */
export class CosineAnnealingLR extends LRScheduler {
  static readonly name: string = "CosineAnnealingLR";
  TMax: number;
  etaMin: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["T_max", "TMax"],
    ["eta_min", "etaMin"],
  ];

  constructor(
    optimizer: Optimizer,
    TMax: number,
    ...rest: Trailing<[etaMin: number | undefined, lastEpoch: number | undefined], CosineOptions>
  ) {
    const options = parse("CosineAnnealingLR", rest, { etaMin: 0, ...common }, ["etaMin", "lastEpoch"]);
    super(optimizer, options);
    this.TMax = asNumber("CosineAnnealingLR", TMax, "TMax");
    this.etaMin = asNumber("CosineAnnealingLR", options.etaMin, "etaMin");
    this.initialStep();
  }

  getLr(): number[] {
    const { lastEpoch, TMax, etaMin } = this;
    if (lastEpoch === 0) return this.groups.map((group) => group.lr);
    if (this.stepCount === 1 && lastEpoch > 0) {
      const height = 1 + cosine((lastEpoch * Math.PI) / TMax);
      return this.baseLrs.map((base) => etaMin + ((base - etaMin) * height) / 2);
    }
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0) {
      const rise = 1 - cosine(Math.PI / TMax);
      return this.groups.map((group, i) => group.lr + ((this.baseLrs[i] - etaMin) * rise) / 2);
    }
    const ratio = (1 + cosine((Math.PI * lastEpoch) / TMax)) / (1 + cosine((Math.PI * (lastEpoch - 1)) / TMax));
    return this.groups.map((group) => ratio * (group.lr - etaMin) + etaMin);
  }

  /** @internal */
  protected override closedForm(): number[] {
    const height = 1 + cosine((Math.PI * this.lastEpoch) / this.TMax);
    return this.baseLrs.map((base) => this.etaMin + ((base - this.etaMin) * height) / 2);
  }
}

/** Options of `CosineAnnealingWarmRestarts`. */
export interface WarmRestartsOptions extends CosineOptions {
  /** Each run takes this many times the epochs of the one before, 1. */
  readonly TMult?: number;
}

/** Along half a cosine to `etaMin` in T0 epochs, then from the start again, each run `TMult` times as long. */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  static readonly name: string = "CosineAnnealingWarmRestarts";
  T0: number;
  TMult: number;
  etaMin: number;
  /** Epochs of the present run. */
  TI: number;
  /** Epochs since it began. */
  TCur: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["T_0", "T0"],
    ["T_i", "TI"],
    ["T_mult", "TMult"],
    ["eta_min", "etaMin"],
    ["T_cur", "TCur"],
  ];

  constructor(
    optimizer: Optimizer,
    T0: number,
    ...rest: Trailing<[TMult: number | undefined, etaMin: number | undefined], WarmRestartsOptions>
  ) {
    const name = "CosineAnnealingWarmRestarts";
    const options = parse(name, rest, { TMult: 1, etaMin: 0, ...common }, ["TMult", "etaMin"]);
    const { TMult, etaMin, lastEpoch } = options;
    if (!Number.isInteger(T0) || T0 <= 0)
      throw new ArgumentError(`${name}: Expected positive integer T_0, but got ${T0}`);
    if (!Number.isInteger(TMult) || TMult < 1) {
      throw new ArgumentError(`${name}: Expected integer T_mult >= 1, but got ${TMult}`);
    }
    super(optimizer, options);
    this.T0 = this.TI = T0;
    this.TMult = TMult;
    this.etaMin = asNumber(name, etaMin, "etaMin");
    this.TCur = lastEpoch;
    this.initialStep();
  }

  getLr(): number[] {
    const height = 1 + cosine((Math.PI * this.TCur) / this.TI);
    return this.baseLrs.map((base) => this.etaMin + ((base - this.etaMin) * height) / 2);
  }

  /** Goes on to the next epoch, or to a given one, which may lie between two. */
  override step(epoch?: number): void {
    this.advance(() => this.goTo(epoch));
  }

  private goTo(epoch: number | undefined): void {
    const next = epoch ?? (this.lastEpoch < 0 ? 0 : undefined);
    if (next === undefined) {
      this.lastEpoch++;
      this.TCur++;
      if (this.TCur >= this.TI) {
        this.TCur -= this.TI;
        this.TI *= this.TMult;
      }
    } else {
      if (!(next >= 0)) {
        throw new ArgumentError(`CosineAnnealingWarmRestarts: Expected non-negative epoch, but got ${String(epoch)}`);
      }
      this.TI = this.T0;
      this.TCur = this.TMult === 1 ? next % this.T0 : next;
      while (this.TCur >= this.TI) {
        this.TCur -= this.TI;
        this.TI *= this.TMult;
      }
      this.lastEpoch = Math.floor(next);
    }
    this.write(this.getLr());
  }
}
