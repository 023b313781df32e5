// A softmax over many classes whose rare ones are computed only where they are asked for.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor, parse } from "../../op/args.js";
import { add, mul, sub } from "../../ops/arithmetic.js";
import { ge, logicalAnd, lt } from "../../ops/compare.js";
import { zeros, zerosLike } from "../../ops/creation.js";
import { argmax } from "../../ops/extremum.js";
import { gather, indexSelect } from "../../ops/gather.js";
import { indexAdd, indexCopy_, indexFill_ } from "../../ops/index-writing.js";
import { cat } from "../../ops/join.js";
import { nonzero } from "../../ops/nonzero.js";
import { mean } from "../../ops/reduce.js";
import { reshape } from "../../ops/shape.js";
import { logSoftmax } from "../../ops/softmax.js";
import { narrow, squeeze, unsqueeze } from "../../ops/views.js";
import { formatShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ModuleList, Sequential } from "../containers.js";
import { Module } from "../module.js";
import { Linear } from "./linear.js";
import type { DtypeOption, Settings } from "./settings.js";

/** Options of `AdaptiveLogSoftmaxWithLoss`. */
export interface AdaptiveLogSoftmaxOptions extends DtypeOption {
  /** How much narrower each cluster's projection is than the one before: 4. */
  readonly divValue?: number;
  /** Whether the frequent classes have a bias. */
  readonly headBias?: boolean;
}

/**
 * Adaptive softmax: classes sorted by frequency, the first `cutoffs[0]` computed always, the others in clusters: Grave et al.,
 * "Efficient softmax approximation for GPUs" (2017). `call(input, target)` with input [N, in] and target int32 [N] gives
 * `{ output, loss }`: the target's log-probabilities [N] and their negative mean.
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  static readonly name: string = "AdaptiveLogSoftmaxWithLoss";

  readonly inFeatures: number;
  readonly nClasses: number;
  readonly cutoffs: readonly number[];
  readonly shortlistSize: number;
  head: Linear;
  tail: ModuleList<Sequential>;

  constructor(
    inFeatures: number,
    nClasses: number,
    cutoffs: readonly number[],
    ...rest: Settings<AdaptiveLogSoftmaxOptions, ["divValue", "headBias"]>
  ) {
    super();
    const layer = "AdaptiveLogSoftmaxWithLoss";
    const given = { divValue: 4, headBias: false, dtype: null };
    const { divValue, headBias, dtype } = parse<Required<AdaptiveLogSoftmaxOptions>>(layer, rest, given, [
      "divValue",
      "headBias",
    ]);
    const fits = (cut: number, i: number): boolean =>
      Number.isInteger(cut) && cut > (i === 0 ? 0 : (cutoffs[i - 1] as number)) && cut < nClasses;
    if (cutoffs.length === 0 || !cutoffs.every(fits)) {
      throw new ArgumentError(
        `${layer}: cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1`,
      );
    }
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.shortlistSize = cutoffs[0] as number;
    this.head = new Linear(inFeatures, this.shortlistSize + cutoffs.length, { bias: headBias, dtype });
    this.tail = new ModuleList<Sequential>();
    let divisor = 1;
    for (let i = 0; i < cutoffs.length; i++) {
      divisor *= divValue;
      const width = Math.floor(inFeatures / divisor);
      const classes = (this.cutoffs[i + 1] as number) - (this.cutoffs[i] as number);
      this.tail.append(
        new Sequential(
          new Linear(inFeatures, width, { bias: false, dtype }),
          new Linear(width, classes, { bias: false, dtype }),
        ),
      );
    }
  }

  /** Draws the initial values anew. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const cluster of this.tail) for (const layer of cluster) (layer as Linear).resetParameters();
  }

  override forward(input: Tensor, target: Tensor): { readonly output: Tensor; readonly loss: Tensor } {
    const op = "AdaptiveLogSoftmaxWithLoss";
    asTensor(op, input);
    asTensor(op, target, "target");
    if (target.ndim > 1) throw new ShapeError(`${op}: 0D or 1D target tensor expected, multi-target not supported`);
    if (input.ndim !== target.ndim + 1 || (target.ndim === 1 && input.shape[0] !== target.shape[0])) {
      throw new ShapeError(
        `${op}: Input and target should have the same size in the batch dimension, got ${formatShape(input.shape)} and ${formatShape(target.shape)}`,
      );
    }
    const x = target.ndim === 0 ? unsqueeze(input, 0) : input;
    const classes = reshape(target, [-1]);
    const places = zerosLike(classes);
    let output = zeros([x.shape[0] as number], { dtype: x.dtype });
    let used = 0;
    [0, ...this.cutoffs.slice(0, -1)].forEach((low, i) => {
      const high = this.cutoffs[i] as number;
      const rows = reshape(nonzero(logicalAnd(ge(classes, low), lt(classes, high))), [-1]);
      if (rows.numel() === 0) return;
      used += rows.numel();
      const own = sub(indexSelect(classes, 0, rows), low);
      if (i === 0) {
        indexCopy_(places, 0, rows, own);
        return;
      }
      indexFill_(places, 0, rows, this.shortlistSize + i - 1);
      const cluster = logSoftmax((this.tail.get(i - 1) as Sequential).call(indexSelect(x, 0, rows)), 1);
      output = indexAdd(output, 0, rows, squeeze(gather(cluster, 1, unsqueeze(own, 1)), 1));
    });
    if (used !== classes.numel())
      throw new ArgumentError(`${op}: Target values should be in [0, ${this.nClasses - 1}], but others were found.`);
    const head = logSoftmax(this.head.call(x), 1);
    output = add(output, squeeze(gather(head, 1, unsqueeze(places, 1)), 1));
    const loss = mul(mean(output), -1);
    return { output: target.ndim === 0 ? squeeze(output, 0) : output, loss };
  }

  /** Log-probabilities of all classes: [N, in] gives [N, nClasses]. */
  logProb(input: Tensor): Tensor {
    const head = logSoftmax(this.head.call(input), 1);
    const clusters = this.tail.values().map((cluster, i) => {
      const own = logSoftmax(cluster.call(input), 1);
      return add(own, narrow(head, 1, this.shortlistSize + i, 1));
    });
    return cat([narrow(head, 1, 0, this.shortlistSize), ...clusters], 1);
  }

  /** The likeliest class: [N, in] gives int32 [N]. */
  predict(input: Tensor): Tensor {
    return argmax(this.logProb(input), 1);
  }
}
