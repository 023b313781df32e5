// Convolutions as layers: Conv1d, Conv2d, Conv3d and their transposes.

import { ArgumentError } from "../../errors.js";
import { asInteger, parse, type Trailing } from "../../op/args.js";
import { empty } from "../../ops/creation.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d } from "../functional/conv.js";
import { type PadMode, pad } from "../functional/pad.js";
import { fanIn, kaimingUniform_ } from "../init.js";
import { Module } from "../module.js";
import { type Parameter, parameterOf } from "../parameter.js";
import { py } from "../text.js";
import { uniformByFan_ } from "./linear.js";
import { type DtypeOption, oneOf, perDim, type Settings, type Sizes } from "./settings.js";

/** How a convolution's input goes on outside. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Options of convolutions. */
export interface ConvLayerOptions extends DtypeOption {
  /** Steps of the window: 1. */
  readonly stride?: Sizes;
  /** Places around the input: 0; "valid" is 0, "same" keeps the sizes. */
  readonly padding?: Sizes | "valid" | "same";
  /** Distances of the window's elements: 1. */
  readonly dilation?: Sizes;
  /** Groups of channels that are convolved by themselves: 1. */
  readonly groups?: number;
  readonly bias?: boolean;
  /** What is around the input: "zeros". */
  readonly paddingMode?: PaddingMode;
}

/** Options of transposed convolutions. */
export interface ConvTransposeLayerOptions extends Omit<ConvLayerOptions, "padding"> {
  readonly padding?: Sizes;
  /** Elements added to the result at the end of each dim: 0. */
  readonly outputPadding?: Sizes;
}

type ConvRest = Settings<ConvLayerOptions, ["stride", "padding", "dilation", "groups", "bias", "paddingMode"]>;
type TransposeRest = Settings<
  ConvTransposeLayerOptions,
  ["stride", "padding", "outputPadding", "groups", "bias", "dilation", "paddingMode"]
>;

interface Given {
  readonly stride: Sizes;
  readonly padding: Sizes | "valid" | "same";
  readonly dilation: Sizes;
  readonly groups: number;
  readonly bias: boolean;
  readonly paddingMode: PaddingMode;
  readonly outputPadding: Sizes;
  readonly dtype: DtypeOption["dtype"];
}

const MODES = ["zeros", "reflect", "replicate", "circular"] as const;

/** What all convolutions have: sizes, a weight and a bias. */
class ConvBase extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "valid" | "same";
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  readonly outputPadding: readonly number[];
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    rank: number,
    transposed: boolean,
    given: Given,
  ) {
    super();
    const layer = this.constructor.name;
    const { groups, padding } = given;
    asInteger(layer, inChannels, "inChannels");
    asInteger(layer, outChannels, "outChannels");
    if (!(asInteger(layer, groups, "groups") > 0))
      throw new ArgumentError(`${layer}: groups must be a positive integer`);
    if (inChannels % groups !== 0) throw new ArgumentError(`${layer}: in_channels must be divisible by groups`);
    if (outChannels % groups !== 0) throw new ArgumentError(`${layer}: out_channels must be divisible by groups`);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = perDim(layer, kernelSize, "kernelSize", rank);
    this.stride = perDim(layer, given.stride, "stride", rank);
    this.padding =
      typeof padding === "string"
        ? oneOf(layer, "padding", padding, ["valid", "same"] as const)
        : perDim(layer, padding, "padding", rank);
    this.dilation = perDim(layer, given.dilation, "dilation", rank);
    this.groups = groups;
    this.paddingMode = oneOf(layer, "padding_mode", given.paddingMode, MODES);
    this.outputPadding = perDim(layer, given.outputPadding, "outputPadding", rank);
    if (padding === "same" && this.stride.some((step) => step !== 1))
      throw new ArgumentError(`${layer}: padding='same' is not supported for strided convolutions`);
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = parameterOf(empty([...channels, ...this.kernelSize], { dtype: given.dtype }));
    this.bias = given.bias ? parameterOf(empty([outChannels], { dtype: given.dtype })) : null;
    this.resetParameters();
  }

  /** Draws the initial values anew: uniform in ±1/√(in / groups · kernel). */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    if (this.bias === null) return;
    const fan = fanIn(this.weight);
    if (fan !== 0) uniformByFan_(this.bias, fan);
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, bias, paddingMode } = this;
    const all = (values: readonly number[], value: number): boolean => values.every((each) => each === value);
    return [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${py(this.kernelSize)}, stride=${py(this.stride)}`,
      typeof padding === "string" ? `padding=${padding}` : all(padding, 0) ? "" : `padding=${py(padding)}`,
      all(dilation, 1) ? "" : `dilation=${py(dilation)}`,
      all(outputPadding, 0) ? "" : `output_padding=${py(outputPadding)}`,
      groups === 1 ? "" : `groups=${groups}`,
      bias === null ? "bias=False" : "",
      paddingMode === "zeros" ? "" : `padding_mode=${paddingMode}`,
    ]
      .filter((part) => part !== "")
      .join(", ");
  }
}

function convSettings(layer: string, rest: readonly unknown[]): Given {
  const defaults = {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
    bias: true,
    paddingMode: "zeros",
    dtype: null,
  } as const;
  const names = ["stride", "padding", "dilation", "groups", "bias", "paddingMode"] as const;
  return { ...parse<Omit<Given, "outputPadding">>(layer, rest, defaults, names), outputPadding: 0 };
}

function transposeSettings(layer: string, rest: readonly unknown[]): Given {
  const defaults = {
    stride: 1,
    padding: 0,
    outputPadding: 0,
    groups: 1,
    bias: true,
    dilation: 1,
    paddingMode: "zeros",
    dtype: null,
  } as const;
  const names = ["stride", "padding", "outputPadding", "groups", "bias", "dilation", "paddingMode"] as const;
  const given = parse<Given>(layer, rest, defaults, names);
  if (given.paddingMode !== "zeros")
    throw new ArgumentError(`${layer}: Only "zeros" padding mode is supported for ${layer}`);
  return given;
}

/** Puts something other than zeros around the input: places in front and behind, the last dim first. */
function padded(layer: ConvBase, input: Tensor): Tensor {
  const { padding, dilation, kernelSize, paddingMode } = layer;
  const pairs = kernelSize.map((size, d): [number, number] => {
    if (padding === "valid") return [0, 0];
    if (padding !== "same") return [padding[d] as number, padding[d] as number];
    const total = (dilation[d] as number) * (size - 1);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });
  return pad(input, pairs.reverse().flat(), { mode: paddingMode as PadMode });
}

function convolve(layer: ConvBase, f: typeof conv1d, input: Tensor): Tensor {
  const { weight, bias, stride, dilation, groups, padding } = layer;
  if (layer.paddingMode === "zeros") return f(input, weight, { bias, stride, padding, dilation, groups });
  return temporaries(() => f(padded(layer, input), weight, { bias, stride, dilation, groups }));
}

/**
 * Convolution over [N, C, L] or [C, L] with `weight` [out, in / groups, k] and `bias` [out]; see `F.conv1d`. Both start
 * uniform in ±1/√(in / groups · k).
 */
export class Conv1d extends ConvBase {
  static readonly name: string = "Conv1d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: ConvRest) {
    super(inChannels, outChannels, kernelSize, 1, false, convSettings("Conv1d", rest));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv1d, input);
  }
}

/** Convolution over [N, C, H, W] or [C, H, W] with `weight` [out, in / groups, kH, kW] and `bias` [out]; see `Conv1d`. */
export class Conv2d extends ConvBase {
  static readonly name: string = "Conv2d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: ConvRest) {
    super(inChannels, outChannels, kernelSize, 2, false, convSettings("Conv2d", rest));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv2d, input);
  }
}

/** Convolution over [N, C, D, H, W] or [C, D, H, W] with `weight` [out, in / groups, kD, kH, kW] and `bias` [out]; see `Conv1d`. */
export class Conv3d extends ConvBase {
  static readonly name: string = "Conv3d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: ConvRest) {
    super(inChannels, outChannels, kernelSize, 3, false, convSettings("Conv3d", rest));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv3d, input);
  }
}

/** Optional arguments of a transposed convolution's forward pass: the sizes its result shall have. */
export type OutputSizeRest = Trailing<
  [outputSize: readonly number[] | null | undefined],
  { readonly outputSize?: readonly number[] | null }
>;

/** What to add at the end of each dim so that the result has the sizes asked for. */
function outputPaddingFor(layer: ConvBase, input: Tensor, rest: readonly unknown[]): readonly number[] {
  const name = layer.constructor.name;
  const asked = parse(name, rest, { outputSize: null as readonly number[] | null }, ["outputSize"]).outputSize;
  if (asked === null) return layer.outputPadding;
  const rank = layer.kernelSize.length;
  const lead = input.ndim - rank;
  const sizes = asked.length === lead + rank ? asked.slice(lead) : asked;
  if (sizes.length !== rank) {
    throw new ArgumentError(
      `${name}: for ${input.ndim}D input, output_size must have ${rank} or ${lead + rank} elements (got ${asked.length})`,
    );
  }
  const padding = layer.padding as readonly number[];
  const least = layer.kernelSize.map((kernel, d) => {
    const from = ((input.shape[lead + d] as number) - 1) * (layer.stride[d] as number);
    return from - 2 * (padding[d] as number) + (layer.dilation[d] as number) * (kernel - 1) + 1;
  });
  const most = least.map((size, d) => size + (layer.stride[d] as number) - 1);
  if (sizes.some((size, d) => size < (least[d] as number) || size > (most[d] as number))) {
    throw new ArgumentError(
      `${name}: requested an output size of ${formatShape(sizes)}, but valid sizes range from ${formatShape(least)} to ` +
        `${formatShape(most)} (for an input of ${formatShape(input.shape.slice(lead))})`,
    );
  }
  return sizes.map((size, d) => size - (least[d] as number));
}

function transposed(layer: ConvBase, f: typeof convTranspose1d, input: Tensor, rest: readonly unknown[]): Tensor {
  const { weight, bias, stride, dilation, groups } = layer;
  const outputPadding = outputPaddingFor(layer, input, rest);
  return f(input, weight, {
    bias,
    stride,
    padding: layer.padding as readonly number[],
    outputPadding,
    groups,
    dilation,
  });
}

/**
 * Transposed convolution over [N, C, L] or [C, L] with `weight` [in, out / groups, k] and `bias` [out]; see
 * `F.convTranspose1d`. `call(x, { outputSize })` picks one of the sizes that a stride leaves open.
 */
export class ConvTranspose1d extends ConvBase {
  static readonly name: string = "ConvTranspose1d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: TransposeRest) {
    super(inChannels, outChannels, kernelSize, 1, true, transposeSettings("ConvTranspose1d", rest));
  }

  override forward(input: Tensor, ...rest: OutputSizeRest): Tensor {
    return transposed(this, convTranspose1d, input, rest);
  }
}

/** Transposed convolution over [N, C, H, W] or [C, H, W] with `weight` [in, out / groups, kH, kW]; see `ConvTranspose1d`. */
export class ConvTranspose2d extends ConvBase {
  static readonly name: string = "ConvTranspose2d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: TransposeRest) {
    super(inChannels, outChannels, kernelSize, 2, true, transposeSettings("ConvTranspose2d", rest));
  }

  override forward(input: Tensor, ...rest: OutputSizeRest): Tensor {
    return transposed(this, convTranspose2d, input, rest);
  }
}

/** Transposed convolution over [N, C, D, H, W] or [C, D, H, W] with `weight` [in, out / groups, kD, kH, kW]; see `ConvTranspose1d`. */
export class ConvTranspose3d extends ConvBase {
  static readonly name: string = "ConvTranspose3d";

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, ...rest: TransposeRest) {
    super(inChannels, outChannels, kernelSize, 3, true, transposeSettings("ConvTranspose3d", rest));
  }

  override forward(input: Tensor, ...rest: OutputSizeRest): Tensor {
    return transposed(this, convTranspose3d, input, rest);
  }
}
