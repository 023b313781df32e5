// A training loop: epochs, batches, a scope for each step, validation, early stopping, checkpoints.

import { backward } from "../autograd/backward.js";
import { ArgumentError } from "../errors.js";
import { load, save } from "../io/index.js";
import { Module } from "../nn/module.js";
import { clipGradNorm_, clipGradValue_ } from "../nn/utils/clip.js";
import { describe, isOptions, parse } from "../op/args.js";
import { mul } from "../ops/arithmetic.js";
import { clone } from "../ops/cast.js";
import { ReduceLROnPlateau } from "../optim/lr-scheduler/index.js";
import { Optimizer } from "../optim/optimizer.js";
import { noGrad } from "../tape/mode.js";
import { getRngState, setRngState } from "../tensor/generator.js";
import { item } from "../tensor/read.js";
import { keep, scope } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { Means } from "./means.js";
import type { Batches, EarlyStopping, EpochReport, FitOptions, FitResult, StepResult } from "./options.js";
import { terminal } from "./progress.js";
import { pacer } from "./turn.js";

const DEFAULTS: { readonly [K in keyof Required<FitOptions<never>>]: unknown } = {
  optimizer: undefined,
  loss: undefined,
  step: undefined,
  metrics: {},
  epochs: 1,
  validation: undefined,
  scheduler: undefined,
  schedulerStep: "epoch",
  accumulate: 1,
  clipGradNorm: undefined,
  clipGradValue: undefined,
  earlyStopping: undefined,
  checkpoint: undefined,
  checkpointEvery: 1,
  resume: undefined,
  progress: false,
  signal: undefined,
  yieldEvery: 16,
  onEpoch: undefined,
};

type Full<B> = FitOptions<B> &
  Required<
    Pick<
      FitOptions<B>,
      "metrics" | "epochs" | "schedulerStep" | "accumulate" | "checkpointEvery" | "progress" | "yieldEvery"
    >
  >;

function checked<B>(model: unknown, options: unknown): Full<B> {
  if (!(model instanceof Module)) throw new ArgumentError(`fit: expected a Module first, got ${describe(model)}`);
  if (!isOptions(options)) throw new ArgumentError(`fit: expected options with an optimizer, got ${describe(options)}`);
  const full = parse("fit", [options], DEFAULTS) as unknown as Full<B>;
  if (!(full.optimizer instanceof Optimizer)) {
    throw new ArgumentError(`fit: expected { optimizer: an optimiser }, got ${describe(full.optimizer)}`);
  }
  if ((full.loss === undefined) === (full.step === undefined)) {
    throw new ArgumentError("fit: expected one of { loss } and { step }: how the loss of a batch is computed");
  }
  for (const name of ["epochs", "accumulate", "checkpointEvery"] as const) {
    if (!Number.isInteger(full[name]) || full[name] < 1) {
      throw new ArgumentError(`fit: expected ${name} to be a whole number of 1 or more, got ${String(full[name])}`);
    }
  }
  if (full.earlyStopping !== undefined && !(full.earlyStopping.patience >= 0)) {
    throw new ArgumentError(`fit: expected a patience of 0 or more, got ${String(full.earlyStopping.patience)}`);
  }
  return full;
}

function first(batch: unknown): Tensor | undefined {
  if (batch instanceof Tensor) return batch;
  if (batch === null || typeof batch !== "object") return undefined;
  for (const value of Object.values(batch)) {
    const found = first(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Samples in a batch: the first size of its first tensor. */
const sizeOf = (batch: unknown): number => first(batch)?.shape[0] ?? 1;

/** The loss of a batch, and what is averaged beside it. */
function computed<B>(model: Module, batch: B, { loss, step, metrics }: Full<B>): [Tensor, Record<string, number>] {
  const numbers: Record<string, number> = {};
  const note = (name: string, value: Tensor | number): void => {
    numbers[name] = value instanceof Tensor ? Number(item(value)) : Number(value);
  };
  if (step !== undefined) {
    const result: StepResult = step(model, batch);
    if (result instanceof Tensor) return [result, numbers];
    const { loss: total, ...others } = (result ?? {}) as Record<string, Tensor | number>;
    if (!(total instanceof Tensor)) throw new ArgumentError(`fit: expected a loss from step, got ${describe(result)}`);
    for (const [name, value] of Object.entries(others)) note(name, value);
    return [total, numbers];
  }
  if (!Array.isArray(batch) || batch.length < 2) {
    throw new ArgumentError(
      `fit: expected batches [...inputs, target], got ${describe(batch)}; others need { step: (model, batch) => loss }`,
    );
  }
  const target = batch.at(-1) as Tensor;
  const output = model.call(...batch.slice(0, -1)) as Tensor;
  const total = (loss as NonNullable<typeof loss>)(output, target);
  noGrad(() => {
    for (const [name, metric] of Object.entries(metrics)) note(name, metric(output.detach(), target));
  });
  return [total as Tensor, numbers];
}

/** The batches of one epoch, and how many there are, if they tell. */
function walk<B>(batches: Batches<B>): { source: Iterable<B> | AsyncIterable<B>; count: number | null } {
  const source = typeof batches === "function" ? batches() : batches;
  const { length, size } = source as { readonly length?: unknown; readonly size?: unknown };
  const count = typeof length === "number" ? length : typeof size === "number" ? size : null;
  return { source, count };
}

/** Watches one value over the epochs, and keeps the weights of the best. */
class Watch {
  best: EpochReport | null = null;
  /** Epochs since the best. */
  waited = 0;
  private weights: Record<string, Tensor> | null = null;
  private readonly model: Module;
  private readonly stopping: EarlyStopping | undefined;

  constructor(model: Module, stopping: EarlyStopping | undefined) {
    this.model = model;
    this.stopping = stopping;
  }

  valueOf(report: EpochReport): number {
    const name = this.stopping?.monitor ?? ("valLoss" in report.values ? "valLoss" : "loss");
    const value = report.values[name];
    if (value !== undefined) return value;
    throw new ArgumentError(
      `fit: nothing is named "${name}" to watch; there are ${Object.keys(report.values).join(", ")}`,
    );
  }

  /** Notes an epoch; tells whether to stop. */
  see(report: EpochReport): boolean {
    const value = this.valueOf(report);
    const { minDelta = 0, mode = "min", patience = 0, restoreBest = true } = this.stopping ?? {};
    const before = this.best === null ? null : this.valueOf(this.best);
    const better = before === null || (mode === "min" ? value < before - minDelta : value > before + minDelta);
    if (!better) return this.stopping !== undefined && ++this.waited > patience;
    this.best = report;
    this.waited = 0;
    if (this.stopping !== undefined && restoreBest) this.remember();
    return false;
  }

  private remember(): void {
    this.forget();
    this.weights = scope(() =>
      Object.fromEntries(Object.entries(this.model.stateDict()).map(([name, x]) => [name, keep(clone(x))])),
    );
  }

  private forget(): void {
    for (const x of Object.values(this.weights ?? {})) x.dispose();
    this.weights = null;
  }

  /** Puts the weights of the best epoch back. */
  restore(): void {
    if (this.weights !== null) this.model.loadStateDict(this.weights);
    this.forget();
  }

  state(): object {
    return { best: this.best, waited: this.waited, weights: this.weights };
  }

  loadState(state: { best: EpochReport | null; waited: number; weights: Record<string, Tensor> | null }): void {
    this.best = state.best;
    this.waited = state.waited;
    this.weights = state.weights;
  }
}

/**
 * Trains a model: for each epoch over the batches, for each batch a step in a scope of its own: loss, gradients, clipping,
 * optimiser. Between steps the event loop gets its turns, so that a page stays alive.
 *
 * ```js
 * const { history } = await fit(model, loader, {
 *   optimizer: new optim.Adam(model.parameters(), { lr: 1e-3 }),
 *   loss: F.crossEntropy,
 *   epochs: 10,
 *   validation: testLoader,
 *   metrics: { accuracy: (output, target) => output.argmax(1).eq(target).to("float32").mean() },
 *   earlyStopping: { patience: 2 },
 *   progress: true,
 * });
 * ```
 *
 * The model is in training mode during an epoch and in evaluation mode during validation; afterwards as it was.
 * @param data batches `[...inputs, target]`, or of any kind with `step`; walked once an epoch.
 * @returns the epochs, why training ended, and the best epoch by the watched value.
 * @throws ArgumentError for options that make no sense; the signal's reason when it is aborted, after the step that was
 *   under way: the model is as that step left it.
 */
export async function fit<B = Tensor[]>(model: Module, data: Batches<B>, options: FitOptions<B>): Promise<FitResult> {
  const full = checked<B>(model, options);
  const { optimizer, scheduler, epochs, signal, validation } = full;
  const show = full.progress === true ? terminal() : full.progress || null;
  const pause = pacer(full.yieldEvery);
  const watch = new Watch(model, full.earlyStopping);
  const history: EpochReport[] = [];
  const wasTraining = model.training;
  let next = 1;
  if (full.resume !== undefined) next = resumed(full.resume, full, model, watch, history) + 1;

  const validate = async (batches: Batches<B>): Promise<Record<string, number>> => {
    const means = new Means();
    model.eval();
    for await (const batch of walk(batches).source) {
      noGrad(() =>
        scope(() => {
          const [loss, numbers] = computed(model, batch, full);
          means.add(sizeOf(batch), { loss: Number(item(loss)), ...numbers });
        }),
      );
      await pause();
      signal?.throwIfAborted();
    }
    return Object.fromEntries(
      Object.entries(means.values()).map(([name, value]) => [
        `val${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        value,
      ]),
    );
  };

  const update = (): void => {
    if (full.clipGradNorm !== undefined) clipGradNorm_(model.parameters(), full.clipGradNorm);
    if (full.clipGradValue !== undefined) clipGradValue_(model.parameters(), full.clipGradValue);
    optimizer.step();
    optimizer.zeroGrad();
    if (full.schedulerStep === "batch") scheduler?.step();
  };

  const epochOf = async (epoch: number): Promise<EpochReport> => {
    const start = performance.now();
    const means = new Means();
    const lr = optimizer.paramGroups[0]?.lr ?? 0;
    const { source, count } = walk(data);
    let batches = 0;
    let gathered = 0;
    model.train();
    optimizer.zeroGrad();
    const seconds = () => (performance.now() - start) / 1000;
    for await (const batch of source) {
      scope(() => {
        const [loss, numbers] = computed(model, batch, full);
        const share = full.accumulate === 1 ? loss : mul(loss, 1 / full.accumulate);
        backward(share);
        if (++gathered === full.accumulate) {
          update();
          gathered = 0;
        }
        means.add(sizeOf(batch), { loss: Number(item(loss)), ...numbers });
      });
      batches++;
      if (show !== null) {
        const loss = means.values().loss as number;
        const samplesPerSecond = means.count / seconds();
        show({ epoch, epochs, batch: batches, batches: count, loss, samplesPerSecond, report: null });
      }
      await pause();
      signal?.throwIfAborted();
    }
    if (batches === 0)
      throw new ArgumentError("fit: the data gave no batches; expected something to walk once an epoch");
    if (gathered > 0) scope(update);
    const values = { ...means.values(), ...(validation === undefined ? {} : await validate(validation)) };
    const report = { epoch, values, lr, seconds: seconds(), samples: means.count };
    const { loss } = means.values() as { loss: number };
    show?.({ epoch, epochs, batch: batches, batches: count, loss, samplesPerSecond: means.count / seconds(), report });
    return report;
  };

  let reason: FitResult["reason"] = "finished";
  try {
    for (let epoch = next; epoch <= epochs; epoch++) {
      signal?.throwIfAborted();
      const report = await epochOf(epoch);
      history.push(report);
      const stop = watch.see(report);
      if (full.schedulerStep === "epoch" && scheduler !== undefined) {
        if (scheduler instanceof ReduceLROnPlateau) scheduler.step(watch.valueOf(report));
        else scheduler.step();
      }
      await full.onEpoch?.(report);
      if (full.checkpoint !== undefined && epoch % full.checkpointEvery === 0) {
        await full.checkpoint(checkpointOf(full, model, watch, history), report);
      }
      if (!stop) continue;
      reason = "early";
      break;
    }
  } finally {
    model.train(wasTraining);
  }
  watch.restore();
  return { history, reason, best: watch.best };
}

function checkpointOf<B>(full: Full<B>, model: Module, watch: Watch, history: EpochReport[]): Uint8Array<ArrayBuffer> {
  // The handles that state dictionaries are made of would hold the memory of the model until they are collected.
  return scope(() =>
    save({
      model: model.stateDict(),
      optimizer: full.optimizer.stateDict(),
      scheduler: full.scheduler?.stateDict() ?? null,
      rng: getRngState(),
      watch: watch.state(),
      history,
    }),
  );
}

/** Puts everything into the state of a checkpoint; returns the last epoch that it saw. */
function resumed<B>(bytes: Uint8Array, full: Full<B>, model: Module, watch: Watch, history: EpochReport[]): number {
  return scope(() => {
    const state = load(bytes) as Record<string, never>;
    for (const part of ["model", "optimizer", "rng", "watch", "history"]) {
      if (!(part in state))
        throw new ArgumentError(`fit: the file to resume from has no "${part}"; expected a checkpoint of fit`);
    }
    if ((state.scheduler === null) !== (full.scheduler === undefined)) {
      throw new ArgumentError(
        `fit: the checkpoint has ${state.scheduler === null ? "no" : "a"} scheduler, unlike this call`,
      );
    }
    model.loadStateDict(state.model);
    full.optimizer.loadStateDict(state.optimizer);
    full.scheduler?.loadStateDict(state.scheduler);
    watch.loadState(state.watch);
    const { weights } = state.watch as { weights: Record<string, Tensor> | null };
    for (const x of Object.values(weights ?? {})) keep(x);
    history.push(...(state.history as EpochReport[]));
    setRngState(state.rng);
    return history.at(-1)?.epoch ?? 0;
  });
}
