// Normalisation with running statistics: batch and instance normalisation.

import { ShapeError } from "../../errors.js";
import { parse } from "../../op/args.js";
import { add } from "../../ops/arithmetic.js";
import { empty, ones, zeros } from "../../ops/creation.js";
import { squeeze, unsqueeze } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import { item } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import { batchNorm, instanceNorm } from "../functional/normalisation.js";
import { snake } from "../hidden.js";
import { ones_, zeros_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { pyFloat, pyOptions } from "../text.js";
import type { DtypeOption, Settings } from "./settings.js";

/** Options of normalisations with running statistics. */
export interface BatchNormLayerOptions extends DtypeOption {
  /** Added to the variance: 1e-5. */
  readonly eps?: number;
  /** Share of a batch in the update of the running statistics: 0.1; null averages over all batches. */
  readonly momentum?: number | null;
  /** Whether each channel has a factor and a summand that are learnt. */
  readonly affine?: boolean;
  /** Whether there are running statistics, for when the module is not being trained. */
  readonly trackRunningStats?: boolean;
}

type Rest = Settings<BatchNormLayerOptions, ["eps", "momentum", "affine", "trackRunningStats"]>;

const STATISTICS = ["runningMean", "runningVar", "numBatchesTracked"];

class NormBase extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  /** Batches seen so far, int32. */
  numBatchesTracked: Tensor | null;

  constructor(
    numFeatures: number,
    rest: Rest,
    usual: { readonly affine: boolean; readonly trackRunningStats: boolean },
  ) {
    super();
    const { eps, momentum, affine, trackRunningStats, dtype } = parse<Required<BatchNormLayerOptions>>(
      this.constructor.name,
      rest,
      { eps: 1e-5, momentum: 0.1, ...usual, dtype: null },
      ["eps", "momentum", "affine", "trackRunningStats"],
    );
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? parameterOf(empty([numFeatures], { dtype })) : null;
    this.bias = affine ? parameterOf(empty([numFeatures], { dtype })) : null;
    const tracked = trackRunningStats;
    this.runningMean = this.registerBuffer("runningMean", tracked ? zeros([numFeatures], { dtype }) : null);
    this.runningVar = this.registerBuffer("runningVar", tracked ? ones([numFeatures], { dtype }) : null);
    this.numBatchesTracked = this.registerBuffer("numBatchesTracked", tracked ? zeros([], { dtype: "int32" }) : null);
    this.resetParameters();
  }

  /** @internal */
  override keyOf(field: string): string {
    return STATISTICS.includes(field) ? snake(field) : super.keyOf(field);
  }

  /** @internal Files of PyTorch before 0.4.1 lack it. */
  override mayLack(key: string): boolean {
    return key === "num_batches_tracked";
  }

  /** Starts the running statistics anew: mean 0, variance 1. */
  resetRunningStats(): void {
    if (this.runningMean !== null) zeros_(this.runningMean);
    if (this.runningVar !== null) ones_(this.runningVar);
    if (this.numBatchesTracked !== null) zeros_(this.numBatchesTracked);
  }

  /** Starts statistics, factors (1) and summands (0) anew. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** @internal The numbers of dims an input may have. */
  protected get ranks(): readonly number[] {
    return [];
  }

  protected checkInput(input: Tensor): void {
    if (this.ranks.includes(input.ndim)) return;
    throw new ShapeError(
      `${this.constructor.name}: expected ${this.ranks.map((rank) => `${rank}D`).join(" or ")} input (got ${input.ndim}D input)`,
    );
  }

  override extraRepr(): string {
    return `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${this.momentum === null ? "None" : pyFloat(this.momentum)}, ${pyOptions(
      { affine: this.affine, track_running_stats: this.trackRunningStats },
    )}`;
  }
}

class BatchNormBase extends NormBase {
  constructor(numFeatures: number, ...rest: Rest) {
    super(numFeatures, rest, { affine: true, trackRunningStats: true });
  }

  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const { training, trackRunningStats, runningMean, runningVar, weight, bias, eps } = this;
    let momentum = this.momentum ?? 0;
    const counter = this.numBatchesTracked;
    if (training && trackRunningStats && counter !== null) {
      unrecorded(() => add.inplace(counter, 1));
      if (this.momentum === null) momentum = 1 / Number(item(counter));
    }
    const byBatch = training || (runningMean === null && runningVar === null);
    const running = !training || trackRunningStats ? { runningMean, runningVar } : {};
    return batchNorm(input, { ...running, weight, bias, training: byBatch, momentum, eps });
  }
}

/**
 * Standardises each channel of [N, C] or [N, C, L] by the mean and variance of the batch while training, else by the running
 * ones, `runningMean` and `runningVar` [C]; then times `weight` [C] (1) plus `bias` [C] (0).
 */
export class BatchNorm1d extends BatchNormBase {
  static readonly name: string = "BatchNorm1d";

  protected override get ranks(): readonly number[] {
    return [2, 3];
  }
}

/** `BatchNorm1d` for [N, C, H, W]. */
export class BatchNorm2d extends BatchNormBase {
  static readonly name: string = "BatchNorm2d";

  protected override get ranks(): readonly number[] {
    return [4];
  }
}

/** `BatchNorm1d` for [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNormBase {
  static readonly name: string = "BatchNorm3d";

  protected override get ranks(): readonly number[] {
    return [5];
  }
}

class InstanceNormBase extends NormBase {
  constructor(numFeatures: number, ...rest: Rest) {
    super(numFeatures, rest, { affine: false, trackRunningStats: false });
  }

  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const { training, trackRunningStats, runningMean, runningVar, weight, bias, eps } = this;
    const useInputStats = training || !trackRunningStats;
    const settings = { runningMean, runningVar, weight, bias, useInputStats, momentum: this.momentum ?? 0, eps };
    if (input.ndim !== this.ranks[0]) return instanceNorm(input, settings);
    return temporaries(() => squeeze(instanceNorm(unsqueeze(input, 0), settings), 0));
  }
}

/** Standardises each channel of each instance of [N, C, L] or [C, L]; without running statistics unless asked for. */
export class InstanceNorm1d extends InstanceNormBase {
  static readonly name: string = "InstanceNorm1d";

  protected override get ranks(): readonly number[] {
    return [2, 3];
  }
}

/** `InstanceNorm1d` for [N, C, H, W] or [C, H, W]. */
export class InstanceNorm2d extends InstanceNormBase {
  static readonly name: string = "InstanceNorm2d";

  protected override get ranks(): readonly number[] {
    return [3, 4];
  }
}

/** `InstanceNorm1d` for [N, C, D, H, W] or [C, D, H, W]. */
export class InstanceNorm3d extends InstanceNormBase {
  static readonly name: string = "InstanceNorm3d";

  protected override get ranks(): readonly number[] {
    return [4, 5];
  }
}
