// Linear layers: Linear, Bilinear, Identity, Flatten, Unflatten.

import { ArgumentError } from "../../errors.js";
import { parse, type Trailing } from "../../op/args.js";
import { empty } from "../../ops/creation.js";
import { flatten, unflatten } from "../../ops/reshaping.js";
import type { DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";
import { bilinear, linear } from "../functional/linear.js";
import { fanIn, kaimingUniform_, uniform_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { py, pyOptions } from "../text.js";

/** Options of layers with a weight and a bias. */
export interface LinearLayerOptions {
  /** Whether there is a bias. */
  readonly bias?: boolean;
  /** Dtype of the parameters. */
  readonly dtype?: DType | null;
}

type BiasRest = Trailing<[bias: boolean | undefined], LinearLayerOptions>;

/**
 * x Wᵀ + b: [..., inFeatures] gives [..., outFeatures]. `weight` [out, in] and `bias` [out] start uniform in ±1/√in.
 */
export class Linear extends Module {
  static readonly name: string = "Linear";

  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, ...rest: BiasRest) {
    super();
    const { bias, dtype } = parse("Linear", rest, { bias: true, dtype: null as DType | null }, ["bias"]);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = parameterOf(empty([outFeatures, inFeatures], { dtype }));
    this.bias = bias ? parameterOf(empty([outFeatures], { dtype })) : null;
    this.resetParameters();
  }

  /** Draws the initial values anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    if (this.bias !== null) uniformByFan_(this.bias, fanIn(this.weight));
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return pyOptions({ in_features: this.inFeatures, out_features: this.outFeatures, bias: this.bias !== null });
  }
}

/** Uniform in ±1/√fan, ±0 for no fan at all: how biases start. */
export function uniformByFan_(bias: Tensor, fan: number): void {
  const bound = fan > 0 ? 1 / Math.sqrt(fan) : 0;
  uniform_(bias, -bound, bound);
}

/**
 * x₁ᵀ W x₂ + b: [..., in1Features] and [..., in2Features] give [..., outFeatures]. `weight` [out, in1, in2] and `bias` [out]
 * start uniform in ±1/√in1.
 */
export class Bilinear extends Module {
  static readonly name: string = "Bilinear";

  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, ...rest: BiasRest) {
    super();
    const { bias, dtype } = parse("Bilinear", rest, { bias: true, dtype: null as DType | null }, ["bias"]);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = parameterOf(empty([outFeatures, in1Features, in2Features], { dtype }));
    this.bias = bias ? parameterOf(empty([outFeatures], { dtype })) : null;
    this.resetParameters();
  }

  /** Draws the initial values anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return pyOptions({
      in1_features: this.in1Features,
      in2_features: this.in2Features,
      out_features: this.outFeatures,
      bias: this.bias !== null,
    });
  }
}

/** Hands on its input; arguments of the constructor are ignored, so that it can stand for any layer. */
export class Identity extends Module {
  static readonly name: string = "Identity";

  constructor(..._ignored: unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}

/** Joins the dims from `startDim` (1) to `endDim` (−1) into one. */
export class Flatten extends Module {
  static readonly name: string = "Flatten";

  readonly startDim: number;
  readonly endDim: number;

  constructor(
    ...rest: Trailing<
      [startDim: number | undefined, endDim: number | undefined],
      { readonly startDim?: number; readonly endDim?: number }
    >
  ) {
    super();
    const { startDim, endDim } = parse("Flatten", rest, { startDim: 1, endDim: -1 }, ["startDim", "endDim"]);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return pyOptions({ start_dim: this.startDim, end_dim: this.endDim });
  }
}

/** Splits a dim into several: [..., a·b, ...] becomes [..., a, b, ...] with `new Unflatten(dim, [a, b])`. */
export class Unflatten extends Module {
  static readonly name: string = "Unflatten";

  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    if (!Number.isInteger(dim)) throw new ArgumentError(`Unflatten: dim must be an integer, got ${String(dim)}`);
    if (!Array.isArray(unflattenedSize) || !unflattenedSize.every(Number.isInteger))
      throw new ArgumentError("Unflatten: unflattenedSize must be an array of integers");
    this.dim = dim;
    this.unflattenedSize = [...unflattenedSize];
  }

  override forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${py(this.unflattenedSize)}`;
  }
}
