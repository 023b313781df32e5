// Losses as layers, those of classes, rankings and distances.

import { ArgumentError } from "../../errors.js";
import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import { crossEntropy, type KlDivOptions, klDiv, nllLoss } from "../functional/classification.js";
import { tripletMarginLoss, tripletMarginWithDistanceLoss } from "../functional/distance.js";
import {
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from "../functional/ranking.js";
import type { ReductionOption } from "../functional/reduction.js";
import { Module } from "../module.js";
import { Loss } from "./loss.js";
import { PairwiseDistance } from "./rearrange.js";
import type { Settings } from "./settings.js";

/** Options of `NLLLoss`. */
export interface NLLLossOptions extends ReductionOption {
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
  /** A class that does not count. */
  readonly ignoreIndex?: number;
}

/** −x at the target class of [N, C, …], x being log-probabilities; see `F.nllLoss`. */
export class NLLLoss extends Loss {
  static readonly name: string = "NLLLoss";

  weight: Tensor | null;
  readonly ignoreIndex: number;

  constructor(...rest: Settings<NLLLossOptions, ["weight"]>) {
    const given = parse<Required<NLLLossOptions>>(
      "NLLLoss",
      rest,
      { weight: null, ignoreIndex: -100, reduction: "mean" },
      ["weight"],
    );
    super(given.reduction);
    this.weight = this.registerBuffer("weight", given.weight);
    this.ignoreIndex = given.ignoreIndex;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}

/** Options of `CrossEntropyLoss`. */
export interface CrossEntropyLossOptions extends ReductionOption {
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
  /** A class that does not count. */
  readonly ignoreIndex?: number;
  /** Share of the target that goes to all classes. */
  readonly labelSmoothing?: number;
}

/** −log softmax(x) at the target class of [N, C, …], or in the mean of target probabilities; see `F.crossEntropy`. */
export class CrossEntropyLoss extends Loss {
  static readonly name: string = "CrossEntropyLoss";

  weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(...rest: Settings<CrossEntropyLossOptions, ["weight"]>) {
    const given = parse<Required<CrossEntropyLossOptions>>(
      "CrossEntropyLoss",
      rest,
      { weight: null, ignoreIndex: -100, labelSmoothing: 0, reduction: "mean" },
      ["weight"],
    );
    super(given.reduction);
    this.weight = this.registerBuffer("weight", given.weight);
    this.ignoreIndex = given.ignoreIndex;
    this.labelSmoothing = given.labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, labelSmoothing, reduction });
  }
}

/** Options of `HingeEmbeddingLoss`. */
export interface HingeEmbeddingLossOptions extends ReductionOption {
  readonly margin?: number;
}

/** x where y = 1, max(0, margin − x) where y = −1; see `F.hingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Loss {
  static readonly name: string = "HingeEmbeddingLoss";

  readonly margin: number;

  constructor(...rest: Settings<HingeEmbeddingLossOptions, ["margin"]>) {
    const given = parse<Required<HingeEmbeddingLossOptions>>(
      "HingeEmbeddingLoss",
      rest,
      { margin: 1, reduction: "mean" },
      ["margin"],
    );
    super(given.reduction);
    this.margin = given.margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return hingeEmbeddingLoss(input, target, { margin, reduction });
  }
}

/** log(1 + e^(−y x)); see `F.softMarginLoss`. */
export class SoftMarginLoss extends Loss {
  static readonly name: string = "SoftMarginLoss";

  constructor(...rest: Settings<ReductionOption, []>) {
    const given = parse<Required<ReductionOption>>("SoftMarginLoss", rest, { reduction: "mean" }, []);
    super(given.reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return softMarginLoss(input, target, { reduction });
  }
}

/** Margins between the target classes of a row and the others; see `F.multilabelMarginLoss`. */
export class MultiLabelMarginLoss extends Loss {
  static readonly name: string = "MultiLabelMarginLoss";

  constructor(...rest: Settings<ReductionOption, []>) {
    const given = parse<Required<ReductionOption>>("MultiLabelMarginLoss", rest, { reduction: "mean" }, []);
    super(given.reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return multilabelMarginLoss(input, target, { reduction });
  }
}

/** Options of `MultiLabelSoftMarginLoss`. */
export interface MultiLabelSoftMarginLossOptions extends ReductionOption {
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
}

/** Mean over the classes of the cross entropies of σ(x); see `F.multilabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends Loss {
  static readonly name: string = "MultiLabelSoftMarginLoss";

  weight: Tensor | null;

  constructor(...rest: Settings<MultiLabelSoftMarginLossOptions, ["weight"]>) {
    const given = parse<Required<MultiLabelSoftMarginLossOptions>>(
      "MultiLabelSoftMarginLoss",
      rest,
      { weight: null, reduction: "mean" },
      ["weight"],
    );
    super(given.reduction);
    this.weight = this.registerBuffer("weight", given.weight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return multilabelSoftMarginLoss(input, target, { weight, reduction });
  }
}

/** Options of `MultiMarginLoss`. */
export interface MultiMarginLossOptions extends ReductionOption {
  /** Exponent, 1 or 2. */
  readonly p?: number;
  readonly margin?: number;
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
}

/** Margins between the target class of a row and the others; see `F.multiMarginLoss`. */
export class MultiMarginLoss extends Loss {
  static readonly name: string = "MultiMarginLoss";

  readonly p: number;
  readonly margin: number;
  weight: Tensor | null;

  constructor(...rest: Settings<MultiMarginLossOptions, ["p", "margin", "weight"]>) {
    const given = parse<Required<MultiMarginLossOptions>>(
      "MultiMarginLoss",
      rest,
      { p: 1, margin: 1, weight: null, reduction: "mean" },
      ["p", "margin", "weight"],
    );
    super(given.reduction);
    this.p = given.p;
    this.margin = given.margin;
    this.weight = this.registerBuffer("weight", given.weight);
    if (given.p !== 1 && given.p !== 2) throw new ArgumentError("MultiMarginLoss: only p == 1 and p == 2 supported");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

/** Options of `CosineEmbeddingLoss`. */
export interface CosineEmbeddingLossOptions extends ReductionOption {
  readonly margin?: number;
}

/** 1 − cos where y = 1, max(0, cos − margin) where y = −1; see `F.cosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Loss {
  static readonly name: string = "CosineEmbeddingLoss";

  readonly margin: number;

  constructor(...rest: Settings<CosineEmbeddingLossOptions, ["margin"]>) {
    const given = parse<Required<CosineEmbeddingLossOptions>>(
      "CosineEmbeddingLoss",
      rest,
      { margin: 0, reduction: "mean" },
      ["margin"],
    );
    super(given.reduction);
    this.margin = given.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return cosineEmbeddingLoss(input1, input2, target, { margin, reduction });
  }
}

/** Options of `MarginRankingLoss`. */
export interface MarginRankingLossOptions extends ReductionOption {
  readonly margin?: number;
}

/** max(0, −y (x₁ − x₂) + margin); see `F.marginRankingLoss`. */
export class MarginRankingLoss extends Loss {
  static readonly name: string = "MarginRankingLoss";

  readonly margin: number;

  constructor(...rest: Settings<MarginRankingLossOptions, ["margin"]>) {
    const given = parse<Required<MarginRankingLossOptions>>(
      "MarginRankingLoss",
      rest,
      { margin: 0, reduction: "mean" },
      ["margin"],
    );
    super(given.reduction);
    this.margin = given.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    const { margin, reduction } = this;
    return marginRankingLoss(input1, input2, target, { margin, reduction });
  }
}

/** Options of `TripletMarginLoss`. */
export interface TripletMarginLossOptions extends ReductionOption {
  readonly margin?: number;
  /** Exponent of the norm. */
  readonly p?: number;
  readonly eps?: number;
  /** Whether the positive's distance to the negative counts if less. */
  readonly swap?: boolean;
}

/** max(0, ‖a − p‖ − ‖a − n‖ + margin); see `F.tripletMarginLoss`. */
export class TripletMarginLoss extends Loss {
  static readonly name: string = "TripletMarginLoss";

  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;

  constructor(...rest: Settings<TripletMarginLossOptions, ["margin", "p", "eps", "swap"]>) {
    const given = parse<Required<TripletMarginLossOptions>>(
      "TripletMarginLoss",
      rest,
      { margin: 1, p: 2, eps: 1e-6, swap: false, reduction: "mean" },
      ["margin", "p", "eps", "swap"],
    );
    super(given.reduction);
    this.margin = given.margin;
    this.p = given.p;
    this.eps = given.eps;
    this.swap = given.swap;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

/** y (log y − x), x being log-probabilities; see `F.klDiv`. */
export class KLDivLoss extends Module {
  static readonly name: string = "KLDivLoss";

  readonly reduction: NonNullable<KlDivOptions["reduction"]>;
  readonly logTarget: boolean;

  constructor(...rest: Settings<KlDivOptions, []>) {
    super();
    const given = parse<Required<KlDivOptions>>("KLDivLoss", rest, { reduction: "mean", logTarget: false });
    this.reduction = given.reduction;
    this.logTarget = given.logTarget;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}

/** Options of `TripletMarginWithDistanceLoss`. */
export interface TripletMarginWithDistanceLossOptions extends ReductionOption {
  /** A function or module of two tensors: the Euclidean distance. */
  readonly distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | Module | null;
  readonly margin?: number;
  /** Whether the positive's distance to the negative counts if less. */
  readonly swap?: boolean;
}

/** `TripletMarginLoss` with a distance of one's own; see `F.tripletMarginWithDistanceLoss`. */
export class TripletMarginWithDistanceLoss extends Loss {
  static readonly name: string = "TripletMarginWithDistanceLoss";

  readonly distanceFunction: ((a: Tensor, b: Tensor) => Tensor) | Module;
  readonly margin: number;
  readonly swap: boolean;

  constructor(...rest: [options?: TripletMarginWithDistanceLossOptions]) {
    const given = parse<Required<TripletMarginWithDistanceLossOptions>>("TripletMarginWithDistanceLoss", rest, {
      distanceFunction: null,
      margin: 1,
      swap: false,
      reduction: "mean",
    });
    super(given.reduction);
    this.distanceFunction = given.distanceFunction ?? new PairwiseDistance();
    this.margin = given.margin;
    this.swap = given.swap;
  }

  /** @internal */
  override keyOf(field: string): string {
    return field === "distanceFunction" ? "distance_function" : super.keyOf(field);
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    return tripletMarginWithDistanceLoss(anchor, positive, negative, { distanceFunction, margin, swap, reduction });
  }
}
