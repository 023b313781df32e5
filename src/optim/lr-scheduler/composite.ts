// Schedulers made of others: one after the other, or all at once.

import { ArgumentError } from "../../errors.js";
import { asIntegers, parse, type Trailing } from "../../op/args.js";
import type { Optimizer } from "../optimizer.js";
import { common, entriesOf, LRScheduler, ratesOf, type SchedulerOptions, type SchedulerState } from "./scheduler.js";

function checkSchedulers(name: string, schedulers: readonly LRScheduler[]): void {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new ArgumentError(`${name}: expected an array of at least one scheduler`);
  }
  schedulers.forEach((each, i) => {
    if (!(each instanceof LRScheduler)) throw new ArgumentError(`${name}: the scheduler at index ${i} is none`);
    if (each.optimizer === schedulers[0].optimizer) return;
    throw new ArgumentError(
      `${name} expects all schedulers to belong to the same optimizer, but got schedulers at index 0 and ${i} to be different`,
    );
  });
}

function loadAll(schedulers: readonly LRScheduler[], states: unknown): void {
  if (states === undefined) return;
  if (!Array.isArray(states) || states.length !== schedulers.length) {
    throw new ArgumentError(`loadStateDict: expected the states of ${schedulers.length} schedulers`);
  }
  schedulers.forEach((each, i) => {
    each.loadStateDict(states[i]);
  });
}

/** One scheduler after the other: the next takes over at each of the milestones, and begins at its epoch 0. */
export class SequentialLR extends LRScheduler {
  static readonly name: string = "SequentialLR";
  private readonly schedulers: readonly LRScheduler[];
  private milestones: number[];

  constructor(
    optimizer: Optimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    ...rest: Trailing<[lastEpoch: number | undefined], SchedulerOptions>
  ) {
    const { lastEpoch } = parse("SequentialLR", rest, common, ["lastEpoch"]);
    checkSchedulers("SequentialLR", schedulers);
    if (schedulers[0].optimizer !== optimizer) {
      throw new ArgumentError(
        "Sequential Schedulers expects all schedulers to belong to the same optimizer, but got schedulers at index 0 to be " +
          "different than the optimizer passed in.",
      );
    }
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but " +
          `got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    }
    super(optimizer, { lastEpoch });
    this.schedulers = [...schedulers];
    this.milestones = [...asIntegers("SequentialLR", milestones, "milestones")];
    this.lastEpoch = lastEpoch + 1;
    for (const group of this.groups) group.lr = group.initialLr as number;
    for (const each of this.schedulers) each.lastEpoch--;
    this.schedulers[0].initialStep();
    this.lastLr = this.schedulers[0].getLastLr();
  }

  getLr(): number[] {
    return ratesOf(this.optimizer);
  }

  override step(): void {
    this.advance(() => {
      this.lastEpoch++;
      let index = 0;
      while (index < this.milestones.length && this.milestones[index] <= this.lastEpoch) index++;
      const now = this.schedulers[index];
      if (index > 0 && this.milestones[index - 1] === this.lastEpoch) now.step(0);
      else now.step();
      this.lastLr = now.getLastLr();
    });
  }

  override stateDict(): SchedulerState {
    return {
      _milestones: [...this.milestones],
      last_epoch: this.lastEpoch,
      _last_lr: this.getLastLr(),
      _schedulers: this.schedulers.map((each) => each.stateDict()),
    };
  }

  override loadStateDict(state: SchedulerState | ReadonlyMap<string, unknown>): void {
    const { _milestones, _schedulers } = entriesOf(state);
    loadAll(this.schedulers, _schedulers);
    super.loadStateDict(state);
    if (_milestones !== undefined) this.milestones = [...asIntegers("loadStateDict", _milestones, "milestones")];
  }
}

/** All schedulers at every step, each on what the one before has left. */
export class ChainedScheduler extends LRScheduler {
  static readonly name: string = "ChainedScheduler";
  private readonly schedulers: readonly LRScheduler[];

  constructor(schedulers: readonly LRScheduler[], optimizer?: Optimizer) {
    checkSchedulers("ChainedScheduler", schedulers);
    if (optimizer !== undefined && optimizer !== schedulers[0].optimizer) {
      throw new ArgumentError(
        "ChainedScheduler expects all schedulers to belong to the same optimizer as the one given",
      );
    }
    super(schedulers[0].optimizer);
    this.schedulers = [...schedulers];
    this.lastLr = ratesOf(this.optimizer);
  }

  getLr(): number[] {
    return ratesOf(this.optimizer);
  }

  override step(): void {
    this.advance(() => {
      for (const each of this.schedulers) each.step();
      this.lastLr = ratesOf(this.optimizer);
    });
  }

  override stateDict(): SchedulerState {
    return { _last_lr: this.getLastLr(), _schedulers: this.schedulers.map((each) => each.stateDict()) };
  }

  override loadStateDict(state: SchedulerState | ReadonlyMap<string, unknown>): void {
    const { _schedulers } = entriesOf(state);
    loadAll(this.schedulers, _schedulers);
    super.loadStateDict(state);
  }
}
