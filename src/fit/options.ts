// What `fit` takes and gives.

import type { Module } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Tensor } from "../tensor/tensor.js";

/** Batches: anything that can be walked once an epoch, or a function that gives such a thing. */
export type Batches<B> = Iterable<B> | AsyncIterable<B> | (() => Iterable<B> | AsyncIterable<B>);

/** A scheduler of learning rates, from `optim.lrScheduler`. */
export interface Scheduler {
  step(metric?: number): void;
  stateDict(): object;
  // biome-ignore lint/suspicious/noExplicitAny: every scheduler has a state of its own
  loadStateDict(state: any): void;
}

/** What a step gives: the loss, or the loss with other numbers to be averaged over the epoch. */
export type StepResult = Tensor | ({ readonly loss: Tensor } & Readonly<Record<string, Tensor | number>>);

/** One epoch, after its end. */
export interface EpochReport {
  /** Counted from 1. */
  readonly epoch: number;
  /** Means over the samples: `loss` and metrics; those of the validation begin with `val`: `valLoss`. */
  readonly values: Readonly<Record<string, number>>;
  /** The learning rate of the first group during the epoch. */
  readonly lr: number;
  readonly seconds: number;
  /** Samples trained on. */
  readonly samples: number;
}

/** Where training is, after each batch. */
export interface ProgressReport {
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch. */
  readonly batch: number;
  /** Batches of an epoch; null where the data do not tell their length. */
  readonly batches: number | null;
  /** The mean of the loss so far in this epoch. */
  readonly loss: number;
  readonly samplesPerSecond: number;
  /** Null but after the last batch of an epoch. */
  readonly report: EpochReport | null;
}

/** When to stop before the last epoch. */
export interface EarlyStopping {
  /** Epochs without improvement that are borne. */
  readonly patience: number;
  /** Changes up to this much count as none; 0 if left out. */
  readonly minDelta?: number;
  /** The value that is watched: `valLoss` with validation data, else `loss`, if left out. */
  readonly monitor?: string;
  /** Whether less is better (default) or more. */
  readonly mode?: "min" | "max";
  /** Put the weights of the best epoch back at the end; true if left out. */
  readonly restoreBest?: boolean;
}

/** Options of `fit`. */
export interface FitOptions<B> {
  readonly optimizer: Optimizer;
  /** The loss of outputs and targets, for batches `[...inputs, target]`: `F.crossEntropy`, or a module such as `new nn.MSELoss()`. */
  readonly loss?: (output: Tensor, target: Tensor) => Tensor;
  /** Instead of `loss`: computes the loss of any batch. */
  readonly step?: (model: Module, batch: B) => StepResult;
  /** Numbers of outputs and targets, averaged over the samples. */
  readonly metrics?: Readonly<Record<string, (output: Tensor, target: Tensor) => Tensor | number>>;
  /** 1 if left out. */
  readonly epochs?: number;
  readonly validation?: Batches<B>;
  readonly scheduler?: Scheduler;
  /** When the scheduler steps; "epoch" if left out. */
  readonly schedulerStep?: "epoch" | "batch";
  /** Batches whose gradients are added up for one step of the optimiser; 1 if left out. */
  readonly accumulate?: number;
  /** The largest norm of all gradients together. */
  readonly clipGradNorm?: number;
  /** The largest element of a gradient. */
  readonly clipGradValue?: number;
  readonly earlyStopping?: EarlyStopping;
  /** Gets the bytes of a file after an epoch: model, optimiser, scheduler, random state, history. */
  readonly checkpoint?: (bytes: Uint8Array<ArrayBuffer>, report: EpochReport) => unknown;
  /** Epochs from one checkpoint to the next; 1 if left out. */
  readonly checkpointEvery?: number;
  /** Bytes that `checkpoint` was given: training goes on from there, bit for bit. */
  readonly resume?: Uint8Array;
  /** A bar on a terminal, lines elsewhere (true), nothing (false, if left out), or a function called after each batch. */
  readonly progress?: boolean | ((report: ProgressReport) => void);
  /** Ends training after the batch in which it is aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the event loop gets a turn; 16 if left out. */
  readonly yieldEvery?: number;
  readonly onEpoch?: (report: EpochReport) => unknown;
}

/** What `fit` gives. */
export interface FitResult {
  readonly history: readonly EpochReport[];
  /** Why it ended: all epochs done, or no improvement. */
  readonly reason: "finished" | "early";
  /** The epoch that was best by the watched value. */
  readonly best: EpochReport | null;
}
