// Pooling into a number of places that is given: adaptive averages and largest values.

import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type OutputSize,
} from "../functional/adaptive-pooling.js";
import { Module } from "../module.js";
import { pyOptions } from "../text.js";
import type { Pooled } from "./pooling.js";
import type { Settings } from "./settings.js";

class AdaptiveBase extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  override extraRepr(): string {
    return pyOptions({ output_size: this.outputSize });
  }
}

/** Averages of `outputSize` windows that divide [N, C, L] or [C, L] evenly. */
export class AdaptiveAvgPool1d extends AdaptiveBase {
  static readonly name: string = "AdaptiveAvgPool1d";

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }
}

/** Averages of `outputSize` windows that divide [N, C, H, W] or [C, H, W] evenly; null keeps a size. */
export class AdaptiveAvgPool2d extends AdaptiveBase {
  static readonly name: string = "AdaptiveAvgPool2d";

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** Averages of `outputSize` windows that divide [N, C, D, H, W] or [C, D, H, W] evenly; null keeps a size. */
export class AdaptiveAvgPool3d extends AdaptiveBase {
  static readonly name: string = "AdaptiveAvgPool3d";

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, this.outputSize);
  }
}

interface IndicesOption<R extends boolean> {
  readonly returnIndices?: R;
}

class AdaptiveMaxBase<R extends boolean> extends AdaptiveBase {
  readonly returnIndices: boolean;

  constructor(outputSize: OutputSize, ...rest: Settings<IndicesOption<R>, ["returnIndices"]>) {
    super(outputSize);
    this.returnIndices = parse(this.constructor.name, rest, { returnIndices: false }, ["returnIndices"]).returnIndices;
  }
}

/** Largest values of `outputSize` windows that divide [N, C, L] or [C, L] evenly; with `returnIndices` `[values, indices]`. */
export class AdaptiveMaxPool1d<R extends boolean = false> extends AdaptiveMaxBase<R> {
  static readonly name: string = "AdaptiveMaxPool1d";

  override forward(input: Tensor): Pooled<R> {
    return adaptiveMaxPool1d(input, this.outputSize, this.returnIndices) as Pooled<R>;
  }
}

/** `AdaptiveMaxPool1d` in two dims: [N, C, H, W] or [C, H, W]. */
export class AdaptiveMaxPool2d<R extends boolean = false> extends AdaptiveMaxBase<R> {
  static readonly name: string = "AdaptiveMaxPool2d";

  override forward(input: Tensor): Pooled<R> {
    return adaptiveMaxPool2d(input, this.outputSize, this.returnIndices) as Pooled<R>;
  }
}

/** `AdaptiveMaxPool1d` in three dims: [N, C, D, H, W] or [C, D, H, W]. */
export class AdaptiveMaxPool3d<R extends boolean = false> extends AdaptiveMaxBase<R> {
  static readonly name: string = "AdaptiveMaxPool3d";

  override forward(input: Tensor): Pooled<R> {
    return adaptiveMaxPool3d(input, this.outputSize, this.returnIndices) as Pooled<R>;
  }
}
