// Layers that move elements about: Fold, Unfold, Upsample, PixelShuffle, PixelUnshuffle, ChannelShuffle; and distances.

import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import { cosineSimilarity, pairwiseDistance } from "../functional/distance.js";
import { type FoldOptions, fold, unfold } from "../functional/fold.js";
import { type InterpolateMode, interpolate } from "../functional/interpolate.js";
import { channelShuffle, pixelShuffle, pixelUnshuffle } from "../functional/rearrange.js";
import { Module } from "../module.js";
import { py, pyFloat, pyOptions } from "../text.js";
import type { Settings, Sizes } from "./settings.js";

type FoldRest = Settings<FoldOptions, ["dilation", "padding", "stride"]>;

class Windows extends Module {
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;

  constructor(kernelSize: Sizes, rest: FoldRest) {
    super();
    const given = parse<Required<FoldOptions>>(this.constructor.name, rest, { dilation: 1, padding: 0, stride: 1 }, [
      "dilation",
      "padding",
      "stride",
    ]);
    this.kernelSize = kernelSize;
    this.dilation = given.dilation;
    this.padding = given.padding;
    this.stride = given.stride;
  }

  protected get settings(): FoldOptions {
    return { dilation: this.dilation, padding: this.padding, stride: this.stride };
  }

  override extraRepr(): string {
    return pyOptions({ kernel_size: this.kernelSize, ...this.settings });
  }
}

/** Windows of [N, C, H, W] as columns, [N, C · kernel, windows]; see `F.unfold`. */
export class Unfold extends Windows {
  static readonly name: string = "Unfold";

  constructor(kernelSize: Sizes, ...rest: FoldRest) {
    super(kernelSize, rest);
  }

  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.settings);
  }
}

/** Columns of windows, [N, C · kernel, windows], summed into images [N, C, *outputSize]; see `F.fold`. */
export class Fold extends Windows {
  static readonly name: string = "Fold";

  readonly outputSize: Sizes;

  constructor(outputSize: Sizes, kernelSize: Sizes, ...rest: FoldRest) {
    super(kernelSize, rest);
    this.outputSize = outputSize;
  }

  override forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.settings);
  }

  override extraRepr(): string {
    return `output_size=${py(this.outputSize)}, ${super.extraRepr()}`;
  }
}

/** Options of the two forms of `Upsample` whose mode is in their name. */
export interface UpsamplingLayerOptions {
  /** Sizes of the result; or `scaleFactor`. */
  readonly size?: number | readonly number[] | null;
  readonly scaleFactor?: number | readonly number[] | null;
}

/** Options of `Upsample`. */
export interface UpsampleLayerOptions extends UpsamplingLayerOptions {
  readonly mode?: InterpolateMode;
  /** Whether the middles of the corner elements stay where they are, instead of their outer edges. */
  readonly alignCorners?: boolean | null;
  /** Whether the scale follows from the sizes rather than from `scaleFactor`. */
  readonly recomputeScaleFactor?: boolean | null;
}

/** [N, C, …] in other sizes; see `F.interpolate`. */
export class Upsample extends Module {
  static readonly name: string = "Upsample";

  readonly size: number | readonly number[] | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(
    ...rest: Settings<UpsampleLayerOptions, ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor"]>
  ) {
    super();
    const given = parse<Required<UpsampleLayerOptions>>(
      this.constructor.name,
      rest,
      { size: null, scaleFactor: null, mode: "nearest", alignCorners: null, recomputeScaleFactor: null },
      ["size", "scaleFactor", "mode", "alignCorners", "recomputeScaleFactor"],
    );
    this.size = given.size;
    this.scaleFactor = given.scaleFactor;
    this.mode = given.mode;
    this.alignCorners = given.alignCorners;
    this.recomputeScaleFactor = given.recomputeScaleFactor;
  }

  override forward(input: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(input, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { scaleFactor } = this;
    const scale = typeof scaleFactor === "number" ? pyFloat(scaleFactor) : `(${scaleFactor?.map(pyFloat).join(", ")})`;
    return `${scaleFactor === null ? `size=${py(this.size)}` : `scale_factor=${scale}`}, mode=${this.mode}`;
  }
}

type UpsamplingRest = Settings<UpsamplingLayerOptions, ["size", "scaleFactor"]>;

function upsampling(layer: string, rest: UpsamplingRest): Required<UpsamplingLayerOptions> {
  return parse<Required<UpsamplingLayerOptions>>(layer, rest, { size: null, scaleFactor: null }, [
    "size",
    "scaleFactor",
  ]);
}

/** [N, C, H, W] in other sizes by the nearest elements. */
export class UpsamplingNearest2d extends Upsample {
  static readonly name: string = "UpsamplingNearest2d";

  constructor(...rest: UpsamplingRest) {
    super({ ...upsampling("UpsamplingNearest2d", rest), mode: "nearest" });
  }
}

/** [N, C, H, W] in other sizes by linear interpolation between corners that stay. */
export class UpsamplingBilinear2d extends Upsample {
  static readonly name: string = "UpsamplingBilinear2d";

  constructor(...rest: UpsamplingRest) {
    super({ ...upsampling("UpsamplingBilinear2d", rest), mode: "bilinear", alignCorners: true });
  }
}

/** [..., C r², H, W] becomes [..., C, H r, W r]. */
export class PixelShuffle extends Module {
  static readonly name: string = "PixelShuffle";

  readonly upscaleFactor: number;

  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = upscaleFactor;
  }

  override forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/** [..., C, H r, W r] becomes [..., C r², H, W]. */
export class PixelUnshuffle extends Module {
  static readonly name: string = "PixelUnshuffle";

  readonly downscaleFactor: number;

  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = downscaleFactor;
  }

  override forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/** Channels of [N, C, …] dealt out of `groups` groups in turn. */
export class ChannelShuffle extends Module {
  static readonly name: string = "ChannelShuffle";

  readonly groups: number;

  constructor(groups: number) {
    super();
    this.groups = groups;
  }

  override forward(input: Tensor): Tensor {
    return channelShuffle(input, this.groups);
  }

  override extraRepr(): string {
    return `groups=${this.groups}`;
  }
}

/** Options of `CosineSimilarity`. */
export interface CosineSimilarityLayerOptions {
  readonly dim?: number;
  /** Least product of the lengths: 1e-8. */
  readonly eps?: number;
}

/** x₁ · x₂ / (‖x₁‖ ‖x₂‖) along a dim (1). */
export class CosineSimilarity extends Module {
  static readonly name: string = "CosineSimilarity";

  readonly dim: number;
  readonly eps: number;

  constructor(...rest: Settings<CosineSimilarityLayerOptions, ["dim", "eps"]>) {
    super();
    const given = parse("CosineSimilarity", rest, { dim: 1, eps: 1e-8 }, ["dim", "eps"]);
    this.dim = given.dim;
    this.eps = given.eps;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}

/** Options of `PairwiseDistance`. */
export interface PairwiseDistanceLayerOptions {
  /** Exponent of the norm: 2. */
  readonly p?: number;
  /** Added to the difference: 1e-6. */
  readonly eps?: number;
  readonly keepdim?: boolean;
}

/** ‖x₁ − x₂ + ε‖ₚ along the last dim: [N, D] and [N, D] give [N]. */
export class PairwiseDistance extends Module {
  static readonly name: string = "PairwiseDistance";

  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(...rest: Settings<PairwiseDistanceLayerOptions, ["p", "eps", "keepdim"]>) {
    super();
    const { p, eps, keepdim } = parse("PairwiseDistance", rest, { p: 2, eps: 1e-6, keepdim: false }, [
      "p",
      "eps",
      "keepdim",
    ]);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}
