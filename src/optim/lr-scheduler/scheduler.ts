// What schedulers share: they write the learning rate of each group of an optimiser, once an epoch or once a step.

import { ArgumentError } from "../../errors.js";
import { describe } from "../../op/args.js";
import { scientific } from "../../tensor/decimal.js";
import { warnOnce } from "../../tensor/warn.js";
import { anew } from "../../wasm/recording.js";
import { Optimizer, type ParamGroup } from "../optimizer.js";

/** A scheduler's state by PyTorch's names. */
export type SchedulerState = Record<string, unknown>;

/** Options that all schedulers have. */
export interface SchedulerOptions {
  /** The epoch before the first: −1, or where a run that goes on had got to. */
  readonly lastEpoch?: number;
  /** Prints each learning rate. */
  readonly verbose?: boolean;
}

/** Defaults of the options that all schedulers have. */
export const common: Required<SchedulerOptions> = { lastEpoch: -1, verbose: false };

/** Names in the state dictionary and the fields that they stand for, in PyTorch's order. */
export type Fields = readonly (readonly [name: string, field: string])[];

/** Throws unless it is an optimiser. */
export function checkOptimizer(name: string, optimizer: unknown): asserts optimizer is Optimizer {
  if (!(optimizer instanceof Optimizer)) throw new ArgumentError(`${name}: ${describe(optimizer)} is not an Optimizer`);
}

/** A value for each group: one for all, or an array. */
export function forGroups<T>(name: string, what: string, optimizer: Optimizer, value: T | readonly T[]): T[] {
  const count = optimizer.paramGroups.length;
  if (!Array.isArray(value)) return new Array<T>(count).fill(value as T);
  if (value.length !== count) {
    throw new ArgumentError(`${name}: expected ${count} values for ${what}, got ${value.length}`);
  }
  return [...value];
}

function warnOrder(): void {
  warnOnce(
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call optimizer.step() first: the first " +
      "learning rate of the schedule is skipped otherwise.",
  );
}

/**
 * Base of schedulers. A subclass says in `getLr` what the learning rates of the groups are at `lastEpoch`, and calls
 * `initialStep()` at the end of its constructor.
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** The learning rates that the groups began with. */
  baseLrs: number[];
  /** How many times the scheduler has stepped, counted from 0. */
  lastEpoch: number;
  verbose: boolean;
  /** @internal */
  stepCount = 0;
  /** @internal What `getLastLr` gives. */
  protected lastLr: number[] = [];
  /** The subclass's own state: names in the dictionary, and fields. */
  protected readonly fields: Fields = [];

  /** Notes the learning rates that the groups begin with. */
  protected constructor(optimizer: Optimizer, { lastEpoch, verbose }: SchedulerOptions = common) {
    const name = this.constructor.name;
    checkOptimizer(name, optimizer);
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch ?? -1;
    this.verbose = verbose ?? false;
    optimizer.paramGroups.forEach((group, i) => {
      if (this.lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ArgumentError(
          `${name}: param 'initial_lr' is not specified in param_groups[${i}] when resuming an optimizer`,
        );
      }
    });
    this.baseLrs = optimizer.paramGroups.map((group) => group.initialLr as number);
  }

  /** The learning rates of the groups at `lastEpoch`, mostly from those before. */
  abstract getLr(): number[];

  /** The learning rates without those before; null where there is no such formula. */
  protected closedForm(): number[] | null {
    return null;
  }

  /** Takes the first step, to the epoch behind `lastEpoch`. */
  initialStep(): void {
    this.optimizer.stepCount = 0;
    this.stepCount = 0;
    this.step();
  }

  /** Goes on to the next epoch, or to a given one, and writes the learning rates. */
  step(epoch?: number): void {
    this.advance(() => {
      if (this.stepCount === 1 && this.optimizer.stepCount < 1) warnOrder();
      this.stepCount++;
      if (epoch === undefined) {
        this.lastEpoch++;
        this.write(this.getLr());
      } else {
        this.lastEpoch = epoch;
        this.write(this.closedForm() ?? this.getLr());
      }
    });
  }

  /** @internal Runs the body of a step, at every step that is replayed too. */
  protected advance(body: () => void): void {
    anew([this, this.optimizer], body);
  }

  /** @internal Writes the learning rates. */
  protected write(rates: readonly number[]): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      if (i >= rates.length) return;
      group.lr = rates[i];
      if (this.verbose) console.log(`Adjusting learning rate of group ${i} to ${scientific(group.lr, 4)}.`);
    });
    this.lastLr = ratesOf(this.optimizer);
  }

  /** The learning rates that were written last, one for each group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** The optimiser's groups. */
  protected get groups(): ParamGroup[] {
    return this.optimizer.paramGroups;
  }

  /** The state by PyTorch's names. Functions are not in it. */
  stateDict(): SchedulerState {
    return { ...readFields(this, this.fields), ...readFields(this, COMMON), _get_lr_called_within_step: false };
  }

  /** Loads what `stateDict` gave, or PyTorch saved. */
  loadStateDict(state: SchedulerState | ReadonlyMap<string, unknown>): void {
    writeFields(this, [...this.fields, ...COMMON], state);
  }
}

const COMMON: Fields = [
  ["base_lrs", "baseLrs"],
  ["last_epoch", "lastEpoch"],
  ["verbose", "verbose"],
  ["_step_count", "stepCount"],
  ["_last_lr", "lastLr"],
];

/** The learning rates of an optimiser's groups. */
export function ratesOf(optimizer: Optimizer): number[] {
  return optimizer.paramGroups.map((group) => group.lr);
}

/** Reads fields into a dictionary; arrays are copied. */
export function readFields(self: object, fields: Fields): SchedulerState {
  const own = self as Record<string, unknown>;
  const state: SchedulerState = {};
  for (const [name, field] of fields) {
    const value = own[field];
    state[name] = Array.isArray(value) ? [...value] : value;
  }
  return state;
}

/** Writes what a dictionary has into fields; what it does not have stays, and what nobody knows is left out. */
export function writeFields(self: object, fields: Fields, state: SchedulerState | ReadonlyMap<string, unknown>): void {
  const given = entriesOf(state);
  const own = self as Record<string, unknown>;
  for (const [name, field] of fields) {
    if (!Object.hasOwn(given, name)) continue;
    const value = given[name];
    own[field] = Array.isArray(value) ? [...value] : value;
  }
}

/** A dictionary as an object, which a reader of PyTorch's files may give as a map. */
export function entriesOf(state: unknown): Record<string, unknown> {
  if (state instanceof Map) return Object.fromEntries(state);
  if (state !== null && typeof state === "object" && !Array.isArray(state)) return state as Record<string, unknown>;
  throw new ArgumentError(`loadStateDict: the state must be an object or a map, got ${describe(state)}`);
}
