// Pooling as layers: largest values, averages, powers, and the way back from largest values.

import { parse } from "../../op/args.js";
import type { Tensor } from "../../tensor/tensor.js";
import {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type WithIndices,
} from "../functional/pooling.js";
import { lpPool1d, lpPool2d, lpPool3d, maxUnpool1d, maxUnpool2d, maxUnpool3d } from "../functional/unpooling.js";
import { Module } from "../module.js";
import { py, pyOptions } from "../text.js";
import type { OutputSizeRest } from "./conv.js";
import { perDim, type Settings, type Sizes } from "./settings.js";

type MaxOptions = Omit<MaxPoolOptions, "kernelSize">;
type MaxRest = Settings<MaxOptions, ["stride", "padding", "dilation", "returnIndices", "ceilMode"]>;
/** What a pool gives: with `returnIndices`, values and their flat indices. */
export type Pooled<R extends boolean> = R extends true ? WithIndices : Tensor;

class MaxPoolBase extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;

  constructor(kernelSize: Sizes, ...rest: MaxRest) {
    super();
    const given = parse<Required<MaxOptions>>(
      this.constructor.name,
      rest,
      { stride: null, padding: 0, dilation: 1, returnIndices: false, ceilMode: false },
      ["stride", "padding", "dilation", "returnIndices", "ceilMode"],
    );
    this.kernelSize = kernelSize;
    this.stride = given.stride ?? kernelSize;
    this.padding = given.padding;
    this.dilation = given.dilation;
    this.returnIndices = given.returnIndices;
    this.ceilMode = given.ceilMode;
  }

  override extraRepr(): string {
    return pyOptions({
      kernel_size: this.kernelSize,
      stride: this.stride,
      padding: this.padding,
      dilation: this.dilation,
      ceil_mode: this.ceilMode,
    });
  }

  protected get settings(): MaxPoolOptions {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    return { kernelSize, stride, padding, dilation, ceilMode, returnIndices };
  }
}

type WithKernel = [kernelSize: Sizes, ...MaxRest];
/** Options of a pool that gives indices too. */
type Indexed = MaxOptions & { readonly returnIndices: true };

/** The largest value in each window of [N, C, L] or [C, L]; with `returnIndices` `[values, indices]`. See `F.maxPool1d`. */
export class MaxPool1d<R extends boolean = false> extends MaxPoolBase {
  static readonly name: string = "MaxPool1d";

  constructor(kernelSize: Sizes, options: Indexed & { readonly returnIndices: R });
  constructor(...args: WithKernel);
  constructor(...args: unknown[]) {
    super(...(args as unknown as [Sizes]));
  }

  override forward(input: Tensor): Pooled<R> {
    return maxPool1d(input, this.settings) as Pooled<R>;
  }
}

/** The largest value in each window of [N, C, H, W] or [C, H, W]; with `returnIndices` `[values, indices]`. See `F.maxPool2d`. */
export class MaxPool2d<R extends boolean = false> extends MaxPoolBase {
  static readonly name: string = "MaxPool2d";

  constructor(kernelSize: Sizes, options: Indexed & { readonly returnIndices: R });
  constructor(...args: WithKernel);
  constructor(...args: unknown[]) {
    super(...(args as unknown as [Sizes]));
  }

  override forward(input: Tensor): Pooled<R> {
    return maxPool2d(input, this.settings) as Pooled<R>;
  }
}

/** The largest value in each window of [N, C, D, H, W] or [C, D, H, W]; with `returnIndices` `[values, indices]`. See `F.maxPool3d`. */
export class MaxPool3d<R extends boolean = false> extends MaxPoolBase {
  static readonly name: string = "MaxPool3d";

  constructor(kernelSize: Sizes, options: Indexed & { readonly returnIndices: R });
  constructor(...args: WithKernel);
  constructor(...args: unknown[]) {
    super(...(args as unknown as [Sizes]));
  }

  override forward(input: Tensor): Pooled<R> {
    return maxPool3d(input, this.settings) as Pooled<R>;
  }
}

type AvgOptions = Omit<AvgPoolOptions, "kernelSize">;
type AvgRest = Settings<AvgOptions, ["stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"]>;

class AvgPoolBase extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;

  constructor(kernelSize: Sizes, rest: AvgRest, sizes: (value: Sizes, name: string) => Sizes) {
    super();
    const given = parse<Required<AvgOptions>>(
      this.constructor.name,
      rest,
      { stride: null, padding: 0, ceilMode: false, countIncludePad: true, divisorOverride: null },
      ["stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"],
    );
    this.kernelSize = sizes(kernelSize, "kernelSize");
    this.stride = sizes(given.stride ?? kernelSize, "stride");
    this.padding = sizes(given.padding, "padding");
    this.ceilMode = given.ceilMode;
    this.countIncludePad = given.countIncludePad;
    this.divisorOverride = given.divisorOverride;
  }

  override extraRepr(): string {
    return pyOptions({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }

  protected get settings(): AvgPoolOptions {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride };
  }
}

/** The average of each window of [N, C, L] or [C, L]; see `F.avgPool1d`. */
export class AvgPool1d extends AvgPoolBase {
  static readonly name: string = "AvgPool1d";

  constructor(kernelSize: Sizes, ...rest: AvgRest) {
    super(kernelSize, rest, (value, name) => perDim("AvgPool1d", value, name, 1));
  }

  override forward(input: Tensor): Tensor {
    const { divisorOverride: _, ...settings } = this.settings;
    return avgPool1d(input, settings);
  }
}

/** The average of each window of [N, C, H, W] or [C, H, W]; see `F.avgPool2d`. */
export class AvgPool2d extends AvgPoolBase {
  static readonly name: string = "AvgPool2d";

  constructor(kernelSize: Sizes, ...rest: AvgRest) {
    super(kernelSize, rest, (value) => value);
  }

  override forward(input: Tensor): Tensor {
    return avgPool2d(input, this.settings);
  }
}

/** The average of each window of [N, C, D, H, W] or [C, D, H, W]; see `F.avgPool3d`. */
export class AvgPool3d extends AvgPoolBase {
  static readonly name: string = "AvgPool3d";

  constructor(kernelSize: Sizes, ...rest: AvgRest) {
    super(kernelSize, rest, (value) => value);
  }

  override forward(input: Tensor): Tensor {
    return avgPool3d(input, this.settings);
  }
}

/** Options of the pools of powers. */
export interface LPPoolLayerOptions {
  readonly stride?: Sizes | null;
  readonly ceilMode?: boolean;
}

class LPPoolBase extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;

  constructor(normType: number, kernelSize: Sizes, ...rest: Settings<LPPoolLayerOptions, ["stride", "ceilMode"]>) {
    super();
    const given = parse(this.constructor.name, rest, { stride: null as Sizes | null, ceilMode: false }, [
      "stride",
      "ceilMode",
    ]);
    this.normType = normType;
    this.kernelSize = kernelSize;
    this.stride = given.stride;
    this.ceilMode = given.ceilMode;
  }

  override extraRepr(): string {
    const { kernelSize, stride, ceilMode } = this;
    return `norm_type=${py(this.normType)}, ${pyOptions({ kernel_size: kernelSize, stride, ceil_mode: ceilMode })}`;
  }
}

/** The p-norm of each window of [N, C, L] or [C, L]; see `F.lpPool1d`. */
export class LPPool1d extends LPPoolBase {
  static readonly name: string = "LPPool1d";

  override forward(input: Tensor): Tensor {
    return lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** The p-norm of each window of [N, C, H, W] or [C, H, W]; see `F.lpPool2d`. */
export class LPPool2d extends LPPoolBase {
  static readonly name: string = "LPPool2d";

  override forward(input: Tensor): Tensor {
    return lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** The p-norm of each window of [N, C, D, H, W] or [C, D, H, W]; see `F.lpPool3d`. */
export class LPPool3d extends LPPoolBase {
  static readonly name: string = "LPPool3d";

  override forward(input: Tensor): Tensor {
    return lpPool3d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** Options of the way back from largest values. */
export interface MaxUnpoolLayerOptions {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
}

type UnpoolRest = Settings<MaxUnpoolLayerOptions, ["stride", "padding"]>;

class MaxUnpoolBase extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];

  constructor(kernelSize: Sizes, rank: number, rest: UnpoolRest) {
    super();
    const layer = this.constructor.name;
    const { stride, padding } = parse(layer, rest, { stride: null as Sizes | null, padding: 0 as Sizes }, [
      "stride",
      "padding",
    ]);
    this.kernelSize = perDim(layer, kernelSize, "kernelSize", rank);
    this.stride = perDim(layer, stride ?? kernelSize, "stride", rank);
    this.padding = perDim(layer, padding, "padding", rank);
  }

  override extraRepr(): string {
    return pyOptions({ kernel_size: this.kernelSize, stride: this.stride, padding: this.padding });
  }

  /** @internal */
  protected settings(rest: OutputSizeRest) {
    const { outputSize } = parse(this.constructor.name, rest, { outputSize: null as readonly number[] | null }, [
      "outputSize",
    ]);
    return { stride: this.stride, padding: this.padding, outputSize };
  }
}

/** Puts values back where `MaxPool1d` took them from: `call(values, indices, { outputSize })`. */
export class MaxUnpool1d extends MaxUnpoolBase {
  static readonly name: string = "MaxUnpool1d";

  constructor(kernelSize: Sizes, ...rest: UnpoolRest) {
    super(kernelSize, 1, rest);
  }

  override forward(input: Tensor, indices: Tensor, ...rest: OutputSizeRest): Tensor {
    return maxUnpool1d(input, indices, this.kernelSize, this.settings(rest));
  }
}

/** Puts values back where `MaxPool2d` took them from: `call(values, indices, { outputSize })`. */
export class MaxUnpool2d extends MaxUnpoolBase {
  static readonly name: string = "MaxUnpool2d";

  constructor(kernelSize: Sizes, ...rest: UnpoolRest) {
    super(kernelSize, 2, rest);
  }

  override forward(input: Tensor, indices: Tensor, ...rest: OutputSizeRest): Tensor {
    return maxUnpool2d(input, indices, this.kernelSize, this.settings(rest));
  }
}

/** Puts values back where `MaxPool3d` took them from: `call(values, indices, { outputSize })`. */
export class MaxUnpool3d extends MaxUnpoolBase {
  static readonly name: string = "MaxUnpool3d";

  constructor(kernelSize: Sizes, ...rest: UnpoolRest) {
    super(kernelSize, 3, rest);
  }

  override forward(input: Tensor, indices: Tensor, ...rest: OutputSizeRest): Tensor {
    return maxUnpool3d(input, indices, this.kernelSize, this.settings(rest));
  }
}
