// Schedulers that go up and down: one cycle over a whole run, or cycle after cycle.

import { ArgumentError } from "../../errors.js";
import { parse, type Trailing } from "../../op/args.js";
import { cosine, power } from "../number.js";
import type { Optimizer } from "../optimizer.js";
import { checkOptimizer, common, type Fields, forGroups, LRScheduler, type SchedulerOptions } from "./scheduler.js";

/** A group with the fields that these schedulers write. */
interface Cycled {
  lr: number;
  initialLr?: number;
  maxLr?: number;
  minLr?: number;
  momentum?: number;
  betas?: readonly number[];
  maxMomentum?: number;
  baseMomentum?: number;
}

const cycled = (optimizer: Optimizer): Cycled[] => optimizer.paramGroups as Cycled[];

function setMomentum(group: Cycled, momentum: number, usesBeta: boolean): void {
  if (usesBeta) group.betas = [momentum, ...(group.betas as readonly number[]).slice(1)];
  else group.momentum = momentum;
}

/** From one value to another by a cosine or a straight line; `part` is 0 at the start and 1 at the end. */
function anneal(way: "cos" | "linear", start: number, end: number, part: number): number {
  if (way === "linear") return (end - start) * part + start;
  return end + ((start - end) / 2) * (cosine(Math.PI * part) + 1);
}

/** Options of `OneCycleLR`. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** Steps of the cycle; or give `epochs` and `stepsPerEpoch`. */
  readonly totalSteps?: number | null;
  readonly epochs?: number | null;
  readonly stepsPerEpoch?: number | null;
  /** The part of the cycle in which the rate rises, 0.3. */
  readonly pctStart?: number;
  /** The shape of the way: "cos" or "linear". */
  readonly annealStrategy?: "cos" | "linear";
  /** Moves the momentum (or β₁) the other way; true. */
  readonly cycleMomentum?: boolean;
  /** The smallest momentum, 0.85. */
  readonly baseMomentum?: number | readonly number[];
  /** The largest momentum, 0.95. */
  readonly maxMomentum?: number | readonly number[];
  /** The cycle begins at maxLr / divFactor, 25. */
  readonly divFactor?: number;
  /** It ends at the start divided by this, 10⁴. */
  readonly finalDivFactor?: number;
  /** Comes down symmetrically before it goes to the end. */
  readonly threePhase?: boolean;
}

type Phase = Record<"end_step", number> & Record<"start_lr" | "end_lr" | "start_momentum" | "end_momentum", string>;

const FIELDS: Readonly<Record<string, keyof Cycled>> = {
  initial_lr: "initialLr",
  max_lr: "maxLr",
  min_lr: "minLr",
  max_momentum: "maxMomentum",
  base_momentum: "baseMomentum",
};

const valueIn = (group: Cycled, name: string): number => group[FIELDS[name]] as number;

const phase = (end: number, startLr: string, endLr: string, startMomentum: string, endMomentum: string): Phase => ({
  end_step: end,
  start_lr: startLr,
  end_lr: endLr,
  start_momentum: startMomentum,
  end_momentum: endMomentum,
});

/**
 * One cycle (Smith & Topin 2017): up from maxLr / divFactor to `maxLr`, down far below. Call `step` after each batch.
 *
 * ```js
 * const scheduler = new optim.lrScheduler.OneCycleLR(optimiser, 0.1, { totalSteps: 1000 });
 * ```
 */
export class OneCycleLR extends LRScheduler {
  static readonly name: string = "OneCycleLR";
  totalSteps: number;
  cycleMomentum: boolean;
  /** @internal */
  phases: Phase[];
  /** @internal */
  way: "cos" | "linear";
  /** @internal */
  usesBeta: boolean;
  /** @internal */
  protected override readonly fields: Fields = [
    ["total_steps", "totalSteps"],
    ["_schedule_phases", "phases"],
    ["_anneal_func_type", "way"],
    ["cycle_momentum", "cycleMomentum"],
    ["use_beta1", "usesBeta"],
  ];

  constructor(
    optimizer: Optimizer,
    maxLr: number | readonly number[],
    ...rest: Trailing<[totalSteps: number | undefined], OneCycleLROptions>
  ) {
    const name = "OneCycleLR";
    const defaults = {
      totalSteps: null as number | null,
      epochs: null as number | null,
      stepsPerEpoch: null as number | null,
      pctStart: 0.3,
      annealStrategy: "cos" as "cos" | "linear",
      cycleMomentum: true,
      baseMomentum: 0.85 as number | readonly number[],
      maxMomentum: 0.95 as number | readonly number[],
      divFactor: 25,
      finalDivFactor: 1e4,
      threePhase: false,
      ...common,
    };
    const options = parse(name, rest, defaults, ["totalSteps"]);
    const { pctStart, annealStrategy, cycleMomentum, divFactor, finalDivFactor, lastEpoch } = options;
    checkOptimizer(name, optimizer);
    const total = totalOf(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ArgumentError(`${name}: Expected float between 0 and 1 pct_start, but got ${String(pctStart)}`);
    }
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ArgumentError(
        `${name}: anneal_strategy must by one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    }
    const known = optimizer.defaults;
    if (cycleMomentum && !("momentum" in known) && !("betas" in known)) {
      throw new ArgumentError(`${name}: optimizer must support momentum with \`cycle_momentum\` option enabled`);
    }
    const rates = forGroups(name, "max_lr", optimizer, maxLr);
    const highest = forGroups(name, "max_momentum", optimizer, options.maxMomentum);
    const lowest = forGroups(name, "base_momentum", optimizer, options.baseMomentum);
    const usesBeta = "betas" in known;
    if (lastEpoch === -1) {
      cycled(optimizer).forEach((group, i) => {
        group.initialLr = rates[i] / divFactor;
        group.maxLr = rates[i];
        group.minLr = group.initialLr / finalDivFactor;
        if (!cycleMomentum) return;
        setMomentum(group, highest[i], usesBeta);
        group.maxMomentum = highest[i];
        group.baseMomentum = lowest[i];
      });
    }
    super(optimizer, options);
    this.totalSteps = total;
    this.way = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    this.usesBeta = usesBeta;
    const up = phase(pctStart * total - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum");
    this.phases = options.threePhase
      ? [
          up,
          phase(2 * pctStart * total - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
          phase(total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]
      : [up, phase(total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")];
    this.initialStep();
  }

  getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw new ArgumentError(
        `OneCycleLR: Tried to step ${step + 1} times. The specified number of total steps is ${this.totalSteps}`,
      );
    }
    let index = 0;
    while (index < this.phases.length - 1 && step > this.phases[index].end_step) index++;
    const now = this.phases[index];
    const begin = index === 0 ? 0 : this.phases[index - 1].end_step;
    const part = (step - begin) / (now.end_step - begin);
    return cycled(this.optimizer).map((group) => {
      if (this.cycleMomentum) {
        const [from, to] = [valueIn(group, now.start_momentum), valueIn(group, now.end_momentum)];
        setMomentum(group, anneal(this.way, from, to, part), this.usesBeta);
      }
      return anneal(this.way, valueIn(group, now.start_lr), valueIn(group, now.end_lr), part);
    });
  }
}

function totalOf(options: Pick<OneCycleLROptions, "totalSteps" | "epochs" | "stepsPerEpoch">): number {
  const positive = (what: string, value: number | null | undefined): number => {
    if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
    throw new ArgumentError(`OneCycleLR: Expected positive integer ${what}, but got ${String(value)}`);
  };
  const { totalSteps, epochs, stepsPerEpoch } = options;
  if (totalSteps !== null && totalSteps !== undefined) return positive("total_steps", totalSteps);
  if (epochs === null && stepsPerEpoch === null) {
    throw new ArgumentError("OneCycleLR: You must define either total_steps OR (epochs AND steps_per_epoch)");
  }
  return positive("epochs", epochs) * positive("steps_per_epoch", stepsPerEpoch);
}

/** Options of `CyclicLR`. */
export interface CyclicLROptions extends SchedulerOptions {
  /** Steps up, 2000. */
  readonly stepSizeUp?: number;
  /** Steps down; as many as up. */
  readonly stepSizeDown?: number | null;
  /** "triangular": always the same height; "triangular2": half of it each time; "exp_range": gamma^step of it. */
  readonly mode?: "triangular" | "triangular2" | "exp_range";
  /** For "exp_range", 1. */
  readonly gamma?: number;
  /** In the place of a mode: the height by cycle or by step. */
  readonly scaleFn?: ((x: number) => number) | null;
  /** Whether `scaleFn` goes by "cycle" or by "iterations". */
  readonly scaleMode?: "cycle" | "iterations";
  /** Moves the momentum the other way; true. */
  readonly cycleMomentum?: boolean;
  /** The smallest momentum, 0.8. */
  readonly baseMomentum?: number | readonly number[];
  /** The largest momentum, 0.9. */
  readonly maxMomentum?: number | readonly number[];
}

/** Up and down between `baseLr` and `maxLr` in straight lines (Smith 2015). Call `step` after each batch. */
export class CyclicLR extends LRScheduler {
  static readonly name: string = "CyclicLR";
  maxLrs: number[];
  totalSize: number;
  stepRatio: number;
  mode: string;
  gamma: number;
  scaleMode: string;
  cycleMomentum: boolean;
  baseMomentums: number[];
  maxMomentums: number[];
  private readonly scale: ((x: number) => number) | null;
  /** @internal */
  protected override readonly fields: Fields = [
    ["max_lrs", "maxLrs"],
    ["total_size", "totalSize"],
    ["step_ratio", "stepRatio"],
    ["mode", "mode"],
    ["gamma", "gamma"],
    ["scale_mode", "scaleMode"],
    ["cycle_momentum", "cycleMomentum"],
    ["base_momentums", "baseMomentums"],
    ["max_momentums", "maxMomentums"],
  ];

  constructor(
    optimizer: Optimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    ...rest: [options?: CyclicLROptions]
  ) {
    const name = "CyclicLR";
    const defaults = {
      stepSizeUp: 2000,
      stepSizeDown: null as number | null,
      mode: "triangular" as string,
      gamma: 1,
      scaleFn: null as ((x: number) => number) | null,
      scaleMode: "cycle" as string,
      cycleMomentum: true,
      baseMomentum: 0.8 as number | readonly number[],
      maxMomentum: 0.9 as number | readonly number[],
      ...common,
    };
    const options = parse(name, rest, defaults);
    const { stepSizeUp, mode, scaleFn, cycleMomentum, lastEpoch } = options;
    checkOptimizer(name, optimizer);
    const base = forGroups(name, "base_lr", optimizer, baseLr);
    const highest = forGroups(name, "max_lr", optimizer, maxLr);
    const baseMomentums = forGroups(name, "base_momentum", optimizer, options.baseMomentum);
    const maxMomentums = forGroups(name, "max_momentum", optimizer, options.maxMomentum);
    if (!["triangular", "triangular2", "exp_range"].includes(mode) && scaleFn === null) {
      throw new ArgumentError(`${name}: mode is invalid and scale_fn is None`);
    }
    if (cycleMomentum && !("momentum" in optimizer.defaults)) {
      throw new ArgumentError(`${name}: optimizer must support momentum with \`cycle_momentum\` option enabled`);
    }
    if (lastEpoch === -1) {
      cycled(optimizer).forEach((group, i) => {
        group.lr = base[i];
        if (cycleMomentum) group.momentum = baseMomentums[i];
      });
    }
    super(optimizer, options);
    this.maxLrs = highest;
    this.totalSize = stepSizeUp + (options.stepSizeDown ?? stepSizeUp);
    this.stepRatio = stepSizeUp / this.totalSize;
    this.mode = mode;
    this.gamma = options.gamma;
    this.scale = scaleFn;
    this.scaleMode = scaleFn !== null ? options.scaleMode : mode === "exp_range" ? "iterations" : "cycle";
    this.cycleMomentum = cycleMomentum;
    this.baseMomentums = cycleMomentum ? cycled(optimizer).map((group) => group.momentum as number) : [];
    this.maxMomentums = cycleMomentum ? maxMomentums : [];
    this.initialStep();
    this.baseLrs = base;
  }

  /** The height of a cycle, by its number from 1 or by the step. */
  scaleFn(x: number): number {
    if (this.scale !== null) return this.scale(x);
    if (this.mode === "triangular2") return 1 / power(2, x - 1);
    return this.mode === "exp_range" ? power(this.gamma, x) : 1;
  }

  getLr(): number[] {
    const cycle = Math.floor(1 + this.lastEpoch / this.totalSize);
    const x = 1 + this.lastEpoch / this.totalSize - cycle;
    const part = x <= this.stepRatio ? x / this.stepRatio : (x - 1) / (this.stepRatio - 1);
    const height = this.scaleFn(this.scaleMode === "cycle" ? cycle : this.lastEpoch);
    if (this.cycleMomentum) {
      cycled(this.optimizer).forEach((group, i) => {
        const range = (this.maxMomentums[i] - this.baseMomentums[i]) * part;
        group.momentum = this.maxMomentums[i] - range * height;
      });
    }
    return this.baseLrs.map((base, i) => base + (this.maxLrs[i] - base) * part * height);
  }
}
