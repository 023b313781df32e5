// Losses as layers, those that compare elements.

import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../functional/binary.js";
import { type CtcLossOptions, ctcLoss, type Lengths } from "../functional/ctc.js";
import type { Reduction, ReductionOption } from "../functional/reduction.js";
import { gaussianNllLoss, huberLoss, l1Loss, mseLoss, poissonNllLoss, smoothL1Loss } from "../functional/regression.js";
import { Module } from "../module.js";
import type { Settings } from "./settings.js";

/** What all losses have: how the losses of elements are put together. */
export class Loss extends Module {
  readonly reduction: Reduction;

  constructor(reduction: Reduction) {
    super();
    this.reduction = reduction;
  }
}

/** |x − y|; see `F.l1Loss`. */
export class L1Loss extends Loss {
  static readonly name: string = "L1Loss";

  constructor(...rest: Settings<ReductionOption, []>) {
    const given = parse<Required<ReductionOption>>("L1Loss", rest, { reduction: "mean" }, []);
    super(given.reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return l1Loss(input, target, { reduction });
  }
}

/** (x − y)²; see `F.mseLoss`. */
export class MSELoss extends Loss {
  static readonly name: string = "MSELoss";

  constructor(...rest: Settings<ReductionOption, []>) {
    const given = parse<Required<ReductionOption>>("MSELoss", rest, { reduction: "mean" }, []);
    super(given.reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { reduction } = this;
    return mseLoss(input, target, { reduction });
  }
}

/** Options of `SmoothL1Loss`. */
export interface SmoothL1LossOptions extends ReductionOption {
  readonly beta?: number;
}

/** (x − y)² / 2β where |x − y| < β, else |x − y| − β / 2; see `F.smoothL1Loss`. */
export class SmoothL1Loss extends Loss {
  static readonly name: string = "SmoothL1Loss";

  readonly beta: number;

  constructor(...rest: Settings<SmoothL1LossOptions, []>) {
    const given = parse<Required<SmoothL1LossOptions>>("SmoothL1Loss", rest, { beta: 1, reduction: "mean" }, []);
    super(given.reduction);
    this.beta = given.beta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { beta, reduction } = this;
    return smoothL1Loss(input, target, { reduction, beta });
  }
}

/** Options of `HuberLoss`. */
export interface HuberLossOptions extends ReductionOption {
  readonly delta?: number;
}

/** (x − y)² / 2 where |x − y| < δ, else δ (|x − y| − δ / 2); see `F.huberLoss`. */
export class HuberLoss extends Loss {
  static readonly name: string = "HuberLoss";

  readonly delta: number;

  constructor(...rest: Settings<HuberLossOptions, []>) {
    const given = parse<Required<HuberLossOptions>>("HuberLoss", rest, { delta: 1, reduction: "mean" }, []);
    super(given.reduction);
    this.delta = given.delta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { delta, reduction } = this;
    return huberLoss(input, target, { reduction, delta });
  }
}

/** Options of `PoissonNLLLoss`. */
export interface PoissonNLLLossOptions extends ReductionOption {
  /** Whether the input is the logarithm of the rates. */
  readonly logInput?: boolean;
  /** Whether Stirling's approximation of the factorial counts. */
  readonly full?: boolean;
  readonly eps?: number;
}

/** Negative log-likelihood of counts; see `F.poissonNllLoss`. */
export class PoissonNLLLoss extends Loss {
  static readonly name: string = "PoissonNLLLoss";

  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;

  constructor(...rest: Settings<PoissonNLLLossOptions, ["logInput", "full"]>) {
    const given = parse<Required<PoissonNLLLossOptions>>(
      "PoissonNLLLoss",
      rest,
      { logInput: true, full: false, eps: 1e-8, reduction: "mean" },
      ["logInput", "full"],
    );
    super(given.reduction);
    this.logInput = given.logInput;
    this.full = given.full;
    this.eps = given.eps;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/** Options of `GaussianNLLLoss`. */
export interface GaussianNLLLossOptions extends ReductionOption {
  /** Whether the constant term counts. */
  readonly full?: boolean;
  /** Least variance. */
  readonly eps?: number;
}

/** Negative log-likelihood of normal numbers of given variances: `call(input, target, var)`; see `F.gaussianNllLoss`. */
export class GaussianNLLLoss extends Loss {
  static readonly name: string = "GaussianNLLLoss";

  readonly full: boolean;
  readonly eps: number;

  constructor(...rest: Settings<GaussianNLLLossOptions, []>) {
    const given = parse<Required<GaussianNLLLossOptions>>(
      "GaussianNLLLoss",
      rest,
      { full: false, eps: 1e-6, reduction: "mean" },
      [],
    );
    super(given.reduction);
    this.full = given.full;
    this.eps = given.eps;
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}

/** Options of `BCELoss`. */
export interface BCELossOptions extends ReductionOption {
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
}

/** −(y log x + (1 − y) log(1 − x)) of probabilities; see `F.binaryCrossEntropy`. */
export class BCELoss extends Loss {
  static readonly name: string = "BCELoss";

  weight: Tensor | null;

  constructor(...rest: Settings<BCELossOptions, ["weight"]>) {
    const given = parse<Required<BCELossOptions>>("BCELoss", rest, { weight: null, reduction: "mean" }, ["weight"]);
    super(given.reduction);
    this.weight = this.registerBuffer("weight", given.weight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction } = this;
    return binaryCrossEntropy(input, target, { weight, reduction });
  }
}

/** Options of `BCEWithLogitsLoss`. */
export interface BCEWithLogitsLossOptions extends ReductionOption {
  /** Factors of the classes or elements. */
  readonly weight?: Tensor | null;
  /** Factors of the positive terms. */
  readonly posWeight?: Tensor | null;
}

/** `BCELoss` of σ(x), computed without overflow; see `F.binaryCrossEntropyWithLogits`. */
export class BCEWithLogitsLoss extends Loss {
  static readonly name: string = "BCEWithLogitsLoss";

  weight: Tensor | null;
  posWeight: Tensor | null;

  constructor(...rest: Settings<BCEWithLogitsLossOptions, ["weight"]>) {
    const given = parse<Required<BCEWithLogitsLossOptions>>(
      "BCEWithLogitsLoss",
      rest,
      { weight: null, posWeight: null, reduction: "mean" },
      ["weight"],
    );
    super(given.reduction);
    this.weight = this.registerBuffer("weight", given.weight);
    this.posWeight = this.registerBuffer("posWeight", given.posWeight);
  }

  /** @internal */
  override keyOf(field: string): string {
    return field === "posWeight" ? "pos_weight" : super.keyOf(field);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}

/**
 * −log of the probability of sequences of labels, all ways to place them on the steps counted: `call(logProbs, targets,
 * inputLengths, targetLengths)` with logProbs [T, N, C] and targets int32 [N, S]; see `F.ctcLoss`.
 */
export class CTCLoss extends Loss {
  static readonly name: string = "CTCLoss";

  readonly blank: number;
  readonly zeroInfinity: boolean;

  constructor(...rest: Settings<CtcLossOptions, ["blank", "reduction", "zeroInfinity"]>) {
    const given = parse<Required<CtcLossOptions>>(
      "CTCLoss",
      rest,
      { blank: 0, reduction: "mean", zeroInfinity: false },
      ["blank", "reduction", "zeroInfinity"],
    );
    super(given.reduction);
    this.blank = given.blank;
    this.zeroInfinity = given.zeroInfinity;
  }

  override forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return ctcLoss(logProbs, targets, inputLengths, targetLengths, { blank, reduction, zeroInfinity });
  }
}
