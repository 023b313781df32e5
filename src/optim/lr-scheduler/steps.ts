// Schedulers that multiply: by a function's value, at certain epochs, or at every one.

import { ArgumentError } from "../../errors.js";
import { asInteger, asIntegers, asNumber, describe, parse, type Trailing } from "../../op/args.js";
import { power } from "../number.js";
import type { Optimizer } from "../optimizer.js";
import {
  common,
  entriesOf,
  type Fields,
  forGroups,
  LRScheduler,
  type SchedulerOptions,
  type SchedulerState,
} from "./scheduler.js";

/** A factor by epoch. */
export type LRFunction = (epoch: number) => number;

function functionsFor(name: string, optimizer: Optimizer, given: LRFunction | readonly LRFunction[]): LRFunction[] {
  const functions = forGroups(name, "lr_lambda", optimizer, given);
  for (const each of functions) {
    if (typeof each !== "function")
      throw new ArgumentError(`${name}: lrLambda must be a function, got ${describe(each)}`);
  }
  return functions;
}

/** The learning rate at the start times a function of the epoch; one function, or one for each group. */
export class LambdaLR extends LRScheduler {
  static readonly name: string = "LambdaLR";
  /** The functions, one for each group. */
  readonly lrLambdas: LRFunction[];

  constructor(
    optimizer: Optimizer,
    lrLambda: LRFunction | readonly LRFunction[],
    ...rest: Trailing<[lastEpoch: number | undefined], SchedulerOptions>
  ) {
    super(optimizer, parse("LambdaLR", rest, common, ["lastEpoch"]));
    this.lrLambdas = functionsFor("LambdaLR", optimizer, lrLambda);
    this.initialStep();
  }

  getLr(): number[] {
    return this.baseLrs.map((base, i) => base * this.lrLambdas[i](this.lastEpoch));
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }
}

/** The learning rate before times a function of the epoch; one function, or one for each group. */
export class MultiplicativeLR extends LRScheduler {
  static readonly name: string = "MultiplicativeLR";
  /** The functions, one for each group. */
  readonly lrLambdas: LRFunction[];

  constructor(
    optimizer: Optimizer,
    lrLambda: LRFunction | readonly LRFunction[],
    ...rest: Trailing<[lastEpoch: number | undefined], SchedulerOptions>
  ) {
    super(optimizer, parse("MultiplicativeLR", rest, common, ["lastEpoch"]));
    this.lrLambdas = functionsFor("MultiplicativeLR", optimizer, lrLambda);
    this.initialStep();
  }

  getLr(): number[] {
    if (this.lastEpoch <= 0) return this.groups.map((group) => group.lr);
    return this.groups.map((group, i) => group.lr * this.lrLambdas[i](this.lastEpoch));
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }
}

/** Options of schedulers with a factor. */
export interface GammaOptions extends SchedulerOptions {
  /** The factor, 0.1. */
  readonly gamma?: number;
}

/** Times gamma every `stepSize` epochs. */
export class StepLR extends LRScheduler {
  static readonly name: string = "StepLR";
  stepSize: number;
  gamma: number;
  /** @internal */
  protected override readonly fields: Fields = [
    ["step_size", "stepSize"],
    ["gamma", "gamma"],
  ];

  constructor(
    optimizer: Optimizer,
    stepSize: number,
    ...rest: Trailing<[gamma: number | undefined, lastEpoch: number | undefined], GammaOptions>
  ) {
    const options = parse("StepLR", rest, { gamma: 0.1, ...common }, ["gamma", "lastEpoch"]);
    super(optimizer, options);
    this.stepSize = asInteger("StepLR", stepSize, "stepSize");
    this.gamma = asNumber("StepLR", options.gamma, "gamma");
    this.initialStep();
  }

  getLr(): number[] {
    const turns = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.groups.map((group) => (turns ? group.lr * this.gamma : group.lr));
  }

  /** @internal */
  protected override closedForm(): number[] {
    return this.baseLrs.map((base) => base * power(this.gamma, Math.floor(this.lastEpoch / this.stepSize)));
  }
}

/** Times gamma at each of the milestones; an epoch named twice counts twice. */
export class MultiStepLR extends LRScheduler {
  static readonly name: string = "MultiStepLR";
  /** How often each epoch is named. */
  milestones: Map<number, number>;
  gamma: number;

  constructor(
    optimizer: Optimizer,
    milestones: readonly number[],
    ...rest: Trailing<[gamma: number | undefined, lastEpoch: number | undefined], GammaOptions>
  ) {
    const options = parse("MultiStepLR", rest, { gamma: 0.1, ...common }, ["gamma", "lastEpoch"]);
    super(optimizer, options);
    this.milestones = new Map();
    for (const at of asIntegers("MultiStepLR", milestones, "milestones")) {
      this.milestones.set(at, (this.milestones.get(at) ?? 0) + 1);
    }
    this.gamma = asNumber("MultiStepLR", options.gamma, "gamma");
    this.initialStep();
  }

  getLr(): number[] {
    const times = this.milestones.get(this.lastEpoch) ?? 0;
    return this.groups.map((group) => (times === 0 ? group.lr : group.lr * power(this.gamma, times)));
  }

  /** @internal */
  protected override closedForm(): number[] {
    let passed = 0;
    for (const [at, times] of this.milestones) if (at <= this.lastEpoch) passed += times;
    return this.baseLrs.map((base) => base * power(this.gamma, passed));
  }

  override stateDict(): SchedulerState {
    return { milestones: Object.fromEntries(this.milestones), gamma: this.gamma, ...super.stateDict() };
  }

  override loadStateDict(state: SchedulerState | ReadonlyMap<string, unknown>): void {
    super.loadStateDict(state);
    const { milestones, gamma } = entriesOf(state);
    if (milestones !== undefined) {
      this.milestones = new Map(
        Object.entries(entriesOf(milestones)).map(([at, times]) => [Number(at), Number(times)]),
      );
    }
    if (gamma !== undefined) this.gamma = asNumber("loadStateDict", gamma, "gamma");
  }
}

/** Times gamma every epoch. */
export class ExponentialLR extends LRScheduler {
  static readonly name: string = "ExponentialLR";
  gamma: number;
  /** @internal */
  protected override readonly fields: Fields = [["gamma", "gamma"]];

  constructor(
    optimizer: Optimizer,
    gamma: number,
    ...rest: Trailing<[lastEpoch: number | undefined], SchedulerOptions>
  ) {
    super(optimizer, parse("ExponentialLR", rest, common, ["lastEpoch"]));
    this.gamma = asNumber("ExponentialLR", gamma, "gamma");
    this.initialStep();
  }

  getLr(): number[] {
    return this.groups.map((group) => (this.lastEpoch === 0 ? group.lr : group.lr * this.gamma));
  }

  /** @internal */
  protected override closedForm(): number[] {
    return this.baseLrs.map((base) => base * power(this.gamma, this.lastEpoch));
  }
}
