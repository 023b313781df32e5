// Normalisation without running statistics: layer, group, root mean square, local response.

import { ArgumentError } from "../../errors.js";
import { parse } from "../../op/args.js";
import { empty } from "../../ops/creation.js";
import type { Tensor } from "../../tensor/tensor.js";
import { localResponseNorm } from "../functional/distance.js";
import { groupNorm, layerNorm, rmsNorm } from "../functional/normalisation.js";
import { ones_, zeros_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { py, pyFloat, pyOptions } from "../text.js";
import type { DtypeOption, Settings, Sizes } from "./settings.js";

const shapeOf = (sizes: Sizes): readonly number[] => (typeof sizes === "number" ? [sizes] : [...sizes]);

/** Options of `LayerNorm`. */
export interface LayerNormLayerOptions extends DtypeOption {
  /** Added to the variance: 1e-5. */
  readonly eps?: number;
  /** Whether each place has a factor, and a summand, that are learnt. */
  readonly elementwiseAffine?: boolean;
  /** Whether there is a summand. */
  readonly bias?: boolean;
}

/**
 * Standardises over the last dims, whose sizes are `normalizedShape`: [..., *normalizedShape] gives the same; then times
 * `weight` (1) plus `bias` (0), both of `normalizedShape`.
 */
export class LayerNorm extends Module {
  static readonly name: string = "LayerNorm";

  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: Sizes, ...rest: Settings<LayerNormLayerOptions, ["eps", "elementwiseAffine", "bias"]>) {
    super();
    const { eps, elementwiseAffine, bias, dtype } = parse<Required<LayerNormLayerOptions>>(
      "LayerNorm",
      rest,
      { eps: 1e-5, elementwiseAffine: true, bias: true, dtype: null },
      ["eps", "elementwiseAffine", "bias"],
    );
    this.normalizedShape = shapeOf(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? parameterOf(empty(this.normalizedShape, { dtype })) : null;
    this.bias = elementwiseAffine && bias ? parameterOf(empty(this.normalizedShape, { dtype })) : null;
    this.resetParameters();
  }

  /** Starts factors (1) and summands (0) anew. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${py(this.normalizedShape)}, eps=${pyFloat(this.eps)}, elementwise_affine=${py(this.elementwiseAffine)}`;
  }
}

/** Options of `GroupNorm`. */
export interface GroupNormLayerOptions extends DtypeOption {
  readonly eps?: number;
  readonly affine?: boolean;
}

/** Standardises groups of channels of [N, C, …]; then times `weight` [C] (1) plus `bias` [C] (0). */
export class GroupNorm extends Module {
  static readonly name: string = "GroupNorm";

  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, ...rest: Settings<GroupNormLayerOptions, ["eps", "affine"]>) {
    super();
    const given = { eps: 1e-5, affine: true, dtype: null };
    const { eps, affine, dtype } = parse<Required<GroupNormLayerOptions>>("GroupNorm", rest, given, ["eps", "affine"]);
    if (numChannels % numGroups !== 0)
      throw new ArgumentError("GroupNorm: num_channels must be divisible by num_groups");
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? parameterOf(empty([numChannels], { dtype })) : null;
    this.bias = affine ? parameterOf(empty([numChannels], { dtype })) : null;
    this.resetParameters();
  }

  /** Starts factors (1) and summands (0) anew. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${py(this.affine)}`;
  }
}

/** Options of `RMSNorm`. */
export interface RMSNormLayerOptions extends DtypeOption {
  /** Added to the mean square; left out, the least step of the dtype. */
  readonly eps?: number | null;
  readonly elementwiseAffine?: boolean;
}

/** Divides by the root of the mean square over the last dims, whose sizes are `normalizedShape`; then times `weight` (1). */
export class RMSNorm extends Module {
  static readonly name: string = "RMSNorm";

  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(normalizedShape: Sizes, ...rest: Settings<RMSNormLayerOptions, ["eps", "elementwiseAffine"]>) {
    super();
    const { eps, elementwiseAffine, dtype } = parse<Required<RMSNormLayerOptions>>(
      "RMSNorm",
      rest,
      { eps: null, elementwiseAffine: true, dtype: null },
      ["eps", "elementwiseAffine"],
    );
    this.normalizedShape = shapeOf(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? parameterOf(empty(this.normalizedShape, { dtype })) : null;
    this.resetParameters();
  }

  /** Starts the factors anew: 1. */
  resetParameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  override forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, { weight: this.weight, eps: this.eps });
  }

  override extraRepr(): string {
    const eps = this.eps === null ? "None" : pyFloat(this.eps);
    return `${py(this.normalizedShape)}, eps=${eps}, elementwise_affine=${py(this.elementwiseAffine)}`;
  }
}

/** Options of `LocalResponseNorm`. */
export interface LocalResponseNormLayerOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}

/** x / (k + α · avg of x² over `size` neighbouring channels)^β: [N, C, …] gives the same. */
export class LocalResponseNorm extends Module {
  static readonly name: string = "LocalResponseNorm";

  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, ...rest: Settings<LocalResponseNormLayerOptions, ["alpha", "beta", "k"]>) {
    super();
    const given = parse("LocalResponseNorm", rest, { alpha: 1e-4, beta: 0.75, k: 1 }, ["alpha", "beta", "k"]);
    this.size = size;
    this.alpha = given.alpha;
    this.beta = given.beta;
    this.k = given.k;
  }

  override forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, ${pyOptions({ alpha: pyFloat(this.alpha), beta: pyFloat(this.beta), k: pyFloat(this.k) })}`;
  }
}
