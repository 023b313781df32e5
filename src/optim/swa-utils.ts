// The namespace `optim.swaUtils`: averages of a model's weights over its training.

import { ArgumentError } from "../errors.js";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../nn/layers/batch-norm.js";
import { Module } from "../nn/module.js";
import { asInteger, parse, type Trailing } from "../op/args.js";
import { deepcopy } from "../op/deepcopy.js";
import { add, div, mul, sub } from "../ops/arithmetic.js";
import { copy_ } from "../ops/cast.js";
import { lerp } from "../ops/combine.js";
import { zeros } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { forGroups, LRScheduler, type SchedulerOptions } from "./lr-scheduler/scheduler.js";
import { cosine } from "./number.js";
import type { Optimizer } from "./optimizer.js";

/** Options of `SWALR`. */
export interface SWALROptions extends SchedulerOptions {
  /** Epochs of the way to the new rate, 10. */
  readonly annealEpochs?: number;
  /** The shape of the way: "cos" or "linear". */
  readonly annealStrategy?: "cos" | "linear";
}

/** From the learning rate that there is to a constant one, for averaging weights. */
export class SWALR extends LRScheduler {
  static readonly name: string = "SWALR";
  annealEpochs: number;
  /** @internal */
  way: string;
  /** @internal */
  protected override readonly fields = [["anneal_epochs", "annealEpochs"]] as const;

  constructor(
    optimizer: Optimizer,
    swaLr: number | readonly number[],
    ...rest: Trailing<[annealEpochs: number | undefined], SWALROptions>
  ) {
    const defaults = { annealEpochs: 10, annealStrategy: "cos" as string, lastEpoch: -1, verbose: false };
    const options = parse("SWALR", rest, defaults, ["annealEpochs"]);
    const { annealEpochs, annealStrategy } = options;
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ArgumentError(
        `SWALR: anneal_strategy must by one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    }
    if (asInteger("SWALR", annealEpochs, "annealEpochs") < 0) {
      throw new ArgumentError(`SWALR: anneal_epochs must be equal or greater than 0, got ${annealEpochs}`);
    }
    super(optimizer, options);
    const rates = forGroups("SWALR", "swa_lr", optimizer, swaLr);
    optimizer.paramGroups.forEach((group, i) => {
      (group as { swaLr?: number }).swaLr = rates[i];
    });
    this.annealEpochs = annealEpochs;
    this.way = annealStrategy;
    this.initialStep();
  }

  /** How much of the way is gone at a step. */
  private part(step: number): number {
    const t = Math.max(0, Math.min(1, step / Math.max(1, this.annealEpochs)));
    return this.way === "cos" ? (1 - cosine(Math.PI * t)) / 2 : t;
  }

  getLr(): number[] {
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const before = this.part(step - 1);
    const now = this.part(step);
    return this.groups.map((group) => {
      const aim = (group as { swaLr?: number }).swaLr as number;
      const start = before === 1 ? aim : (group.lr - before * aim) / (1 - before);
      return aim * now + start * (1 - now);
    });
  }
}

/** Averages one parameter: gets the average, the parameter, and how many were averaged before; returns the new average. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;

/** Averages all parameters of a dtype in place. */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: number) => void;

function checkDecay(name: string, decay: number): void {
  if (decay >= 0 && decay <= 1) return;
  throw new ArgumentError(
    `${name}: Invalid decay value ${String(decay)} provided. Please provide a value in [0,1] range.`,
  );
}

/** The average moves towards the parameters by `weight` of the way. */
function moveAll(averaged: readonly Tensor[], current: readonly Tensor[], weight: number): void {
  unrecorded(() => {
    averaged.forEach((average, i) => {
      if (isFloat(average.dtype)) lerp.inplace(average, current[i], weight);
      else temporaries(() => copy_(average, add(average, mul(sub(current[i], average), weight))));
    });
  });
}

/** An exponential moving average of all parameters: a ← decay · a + (1 − decay) · p. */
export function getEmaMultiAvgFn(decay = 0.999): MultiAvgFn {
  checkDecay("getEmaMultiAvgFn", decay);
  return (averaged, current) => moveAll(averaged, current, 1 - decay);
}

/** The mean of all parameters so far: a ← a + (p − a) / (n + 1). */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (averaged, current, numAveraged) => moveAll(averaged, current, 1 / (numAveraged + 1));
}

/** An exponential moving average of one parameter. */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  checkDecay("getEmaAvgFn", decay);
  return (averaged, current) => unrecorded(() => temporaries(() => add(mul(averaged, decay), mul(current, 1 - decay))));
}

/** The mean of one parameter so far. */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, numAveraged) =>
    unrecorded(() => temporaries(() => add(averaged, div(sub(current, averaged), numAveraged + 1))));
}

/** Options of `AveragedModel`. */
export interface AveragedModelOptions {
  /** How one parameter is averaged; the mean of all so far. */
  readonly avgFn?: AvgFn | null;
  /** How all are averaged; give this or `avgFn`. */
  readonly multiAvgFn?: MultiAvgFn | null;
  /** Averages buffers as well; else they are those of the model. */
  readonly useBuffers?: boolean;
}

/**
 * A copy of a model whose parameters are an average of the model's over time.
 *
 * ```js
 * const ema = new optim.swaUtils.AveragedModel(model, { multiAvgFn: optim.swaUtils.getEmaMultiAvgFn(0.99) });
 * ema.updateParameters(model); // after each step
 * ema.call(x);
 * ```
 */
export class AveragedModel<M extends Module = Module> extends Module {
  static readonly name: string = "AveragedModel";
  /** How many times the average was updated, int32. */
  nAveraged: Tensor;
  /** The model with the averages. */
  readonly module: M;
  private readonly avgFn: AvgFn | null;
  private readonly multiAvgFn: MultiAvgFn | null;
  private readonly useBuffers: boolean;

  constructor(model: M, ...rest: [options?: AveragedModelOptions]) {
    super();
    const { avgFn, multiAvgFn, useBuffers } = parse<Required<AveragedModelOptions>>("AveragedModel", rest, {
      avgFn: null,
      multiAvgFn: null,
      useBuffers: false,
    });
    if (avgFn !== null && multiAvgFn !== null) {
      throw new ArgumentError("AveragedModel: Only one of avg_fn and multi_avg_fn should be provided");
    }
    this.module = deepcopy(model);
    this.nAveraged = this.registerBuffer("nAveraged", zeros([], { dtype: "int32" }));
    this.avgFn = avgFn;
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
  }

  /** @internal */
  override keyOf(field: string): string {
    return field === "nAveraged" ? "n_averaged" : super.keyOf(field);
  }

  override forward(...inputs: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    return this.module.call(...inputs);
  }

  /** Takes the parameters of the model, as they are now, into the average. */
  updateParameters(model: Module): void {
    const count = Number(item(this.nAveraged));
    const own: Tensor[] = this.module.parameters();
    const current: Tensor[] = model.parameters();
    if (this.useBuffers) {
      own.push(...this.module.buffers());
      current.push(...model.buffers());
    }
    unrecorded(() =>
      temporaries(() => {
        if (count === 0) copyAll(own, current);
        else if (this.avgFn === null) this.averageAll(own, current, count);
        else {
          const { avgFn } = this;
          own.forEach((average, i) => copy_(average, avgFn(detach(average), detach(current[i]), count)));
        }
        if (!this.useBuffers) copyAll(this.module.buffers(), model.buffers());
        add.inplace(this.nAveraged, 1);
        return null;
      }),
    );
  }

  /** PyTorch calls the function once for each dtype. */
  private averageAll(own: readonly Tensor[], current: readonly Tensor[], count: number): void {
    const average = this.multiAvgFn ?? getSwaMultiAvgFn();
    for (const dtype of new Set(own.map((each) => each.dtype))) {
      const chosen = [...own.keys()].filter((i) => own[i].dtype === dtype);
      average(
        chosen.map((i) => detach(own[i])),
        chosen.map((i) => detach(current[i])),
        count,
      );
    }
  }
}

function copyAll(to: readonly Tensor[], from: readonly Tensor[]): void {
  to.forEach((each, i) => copy_(each, from[i]));
}

/**
 * Computes the running statistics of all batch normalisations of a model anew, in one pass over batches: tensors, or arrays
 * whose first member goes into the model. With batches that come asynchronously it returns a promise.
 */
export function updateBn(loader: Iterable<unknown>, model: Module): void;
export function updateBn(loader: AsyncIterable<unknown>, model: Module): Promise<void>;
export function updateBn(loader: Iterable<unknown> | AsyncIterable<unknown>, model: Module): void | Promise<void> {
  const norms = model.modules().filter(isBatchNorm);
  if (norms.length === 0) return Symbol.iterator in loader ? undefined : Promise.resolve();
  const momenta = norms.map((norm) => norm.momentum);
  const wasTraining = model.training;
  for (const norm of norms) {
    norm.resetRunningStats();
    norm.momentum = null;
  }
  model.train();
  const restore = (): void => {
    norms.forEach((norm, i) => {
      norm.momentum = momenta[i];
    });
    model.train(wasTraining);
  };
  const take = (batch: unknown): void => {
    unrecorded(() => scope(() => void model.call(Array.isArray(batch) ? batch[0] : batch)));
  };
  if (!(Symbol.iterator in loader)) return takeAll(loader, take).finally(restore);
  try {
    for (const batch of loader) take(batch);
  } finally {
    restore();
  }
}

async function takeAll(loader: AsyncIterable<unknown>, take: (batch: unknown) => void): Promise<void> {
  for await (const batch of loader) take(batch);
}

type AnyBatchNorm = BatchNorm1d | BatchNorm2d | BatchNorm3d;

function isBatchNorm(module: Module): module is AnyBatchNorm {
  return module instanceof BatchNorm1d || module instanceof BatchNorm2d || module instanceof BatchNorm3d;
}
