// Convolutions as users call them: one, two and three dims, and transposed.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asInteger, asIntegers, asTensor, describe, parse, type Trailing } from "../../op/args.js";
import { checkSameDtype } from "../../op/gemm.js";
import { reshape } from "../../ops/shape.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { convolution, resultSize, type Sliding } from "./convolution.js";
import { padConstant } from "./pad.js";

/** One number for all dims, or one for each. */
export type Sizes = number | readonly number[];

/** Options of `conv1d`, `conv2d`, `conv3d`. */
export interface ConvOptions {
  /** Added to each channel of the result: [O]. */
  readonly bias?: Tensor | null;
  /** Steps of the window: 1. */
  readonly stride?: Sizes;
  /** Zeros around the input: 0; "valid" is 0, "same" keeps the sizes. */
  readonly padding?: Sizes | "valid" | "same";
  /** Distances of the window's elements: 1. */
  readonly dilation?: Sizes;
  /** Groups of channels that are convolved by themselves: 1. */
  readonly groups?: number;
}

/** Options of `convTranspose1d`, `convTranspose2d`, `convTranspose3d`. */
export interface ConvTransposeOptions extends Omit<ConvOptions, "padding"> {
  readonly padding?: Sizes;
  /** Elements added to the result at the end of each dim: 0. */
  readonly outputPadding?: Sizes;
}

type ConvRest = Trailing<
  [
    bias: Tensor | null | undefined,
    stride: Sizes | undefined,
    padding: Sizes | string | undefined,
    dilation: Sizes | undefined,
    groups: number | undefined,
  ],
  ConvOptions
>;

type ConvTransposeRest = Trailing<
  [
    bias: Tensor | null | undefined,
    stride: Sizes | undefined,
    padding: Sizes | undefined,
    outputPadding: Sizes | undefined,
    groups: number | undefined,
    dilation: Sizes | undefined,
  ],
  ConvTransposeOptions
>;

/** The numbers for `rank` dims. */
export function expandSizes(op: string, value: unknown, name: string, rank: number, least: number): readonly number[] {
  const list = typeof value === "number" ? [asInteger(op, value, name)] : asIntegers(op, value, name);
  const all = list.length === 1 ? Array<number>(rank).fill(list[0] as number) : list;
  if (all.length !== rank)
    throw new ArgumentError(
      `${op}: expected ${name} to be a single integer value or a list of ${rank} values, got ${describe(value)}`,
    );
  for (const size of all) {
    if (size < least) {
      const what = least > 0 ? "non-positive" : "negative";
      throw new ArgumentError(`${op}: ${what} ${name} is not supported, got ${formatShape(all)}`);
    }
  }
  return all;
}

interface Call {
  readonly op: string;
  readonly rank: number;
  readonly transposed: boolean;
}

interface Given {
  readonly bias: Tensor | null;
  readonly stride: Sizes;
  readonly padding: Sizes | string;
  readonly dilation: Sizes;
  readonly groups: number;
  readonly outputPadding?: Sizes;
}

function checkOperands(
  { op, rank, transposed }: Call,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  groups: number,
): void {
  asTensor(op, input);
  asTensor(op, weight, "weight");
  if (bias !== null) asTensor(op, bias, "bias");
  checkSameDtype(op, input, weight, bias ?? input);
  if (weight.ndim !== rank + 2) {
    throw new ShapeError(`${op}: expected ${rank + 2}D weight, got ${formatShape(weight.shape)}`);
  }
  if (input.ndim !== rank + 2 && input.ndim !== rank + 1) {
    throw new ShapeError(
      `${op}: Expected ${rank + 1}D (unbatched) or ${rank + 2}D (batched) input to ${op}, but got input of size: ${formatShape(input.shape)}`,
    );
  }
  if (asInteger(op, groups, "groups") <= 0)
    throw new ArgumentError(`${op}: non-positive groups is not supported, got ${groups}`);
  const channels = input.shape[input.ndim - rank - 1] as number;
  const [first, second] = weight.shape as readonly [number, number];
  const expected = transposed ? first : second * groups;
  if (channels !== expected || first % groups !== 0) {
    throw new ShapeError(
      `${op}: Given groups=${groups}, weight of size ${formatShape(weight.shape)}, expected input${formatShape(input.shape)} to have ` +
        `${expected} channels, but got ${channels} channels instead, and ${first} to be divisible by groups`,
    );
  }
  const rows = transposed ? second * groups : first;
  if (bias !== null && (bias.ndim !== 1 || bias.shape[0] !== rows)) {
    throw new ShapeError(
      `${op}: Given weight of size ${formatShape(weight.shape)}, expected bias to be 1-dimensional with ${rows} elements, but got bias of ` +
        `size ${formatShape(bias.shape)} instead`,
    );
  }
}

/** Throws unless the result has sizes. */
function checkResult(
  { op, transposed }: Call,
  sizes: readonly number[],
  kernel: readonly number[],
  sliding: Sliding,
): void {
  const result = sizes.map((size, d) => resultSize(size, kernel[d] as number, d, sliding));
  if (result.every((size) => size > 0) || (transposed && result.every((size) => size >= 0))) return;
  if (transposed) {
    throw new ShapeError(
      `${op}: Given input size per channel: ${formatShape(sizes)}. Calculated output size per channel: ${formatShape(result)}. Output size is too small`,
    );
  }
  const padded = sizes.map((size, d) => size + 2 * (sliding.padding[d] as number));
  throw new ShapeError(
    `${op}: Calculated padded input size per channel: ${formatShape(padded)}. Kernel size: ${formatShape(kernel)}. Kernel size can't be greater ` +
      "than actual input size",
  );
}

function run(call: Call, input: Tensor, weight: Tensor, given: Given): Tensor {
  const { op, rank, transposed } = call;
  checkOperands(call, input, weight, given.bias, given.groups);
  const kernel = weight.shape.slice(2);
  const stride = expandSizes(op, given.stride, "stride", rank, 1);
  const dilation = expandSizes(op, given.dilation, "dilation", rank, 1);
  const outputPadding = expandSizes(op, given.outputPadding ?? 0, "outputPadding", rank, 0);
  outputPadding.forEach((size, d) => {
    if (size < Math.max(stride[d] as number, dilation[d] as number) || size === 0) return;
    throw new ArgumentError(
      `${op}: output padding must be smaller than either stride or dilation, but got output_padding ${formatShape(outputPadding)}, stride ` +
        `${formatShape(stride)}, dilation ${formatShape(dilation)}`,
    );
  });
  return temporaries(() => {
    let x = input.ndim === rank + 2 ? input : reshape(input, [1, ...input.shape]);
    let padding: readonly number[];
    if (given.padding === "same") {
      if (stride.some((step) => step !== 1))
        throw new ArgumentError(`${op}: padding='same' is not supported for strided convolutions`);
      const total = kernel.map((size, d) => (size - 1) * (dilation[d] as number));
      padding = total.map((size) => Math.floor(size / 2));
      // An odd sum is padded one more at the end.
      if (total.some((size) => size % 2 !== 0)) {
        x = padConstant(
          x,
          [...total].reverse().flatMap((size) => [0, size % 2]),
        );
      }
    } else if (given.padding === "valid") padding = kernel.map(() => 0);
    else padding = expandSizes(op, given.padding, "padding", rank, 0);
    const sliding: Sliding = { stride, padding, dilation, outputPadding, groups: given.groups, transposed };
    checkResult(call, x.shape.slice(2), kernel, sliding);
    const out = convolution([x, weight, given.bias ?? 0], sliding);
    return input.ndim === rank + 2 ? out : reshape(out, out.shape.slice(1));
  });
}

function conv(op: string, rank: number, input: Tensor, weight: Tensor, rest: readonly unknown[]): Tensor {
  const defaults: Given = { bias: null, stride: 1, padding: 0, dilation: 1, groups: 1 };
  return run(
    { op, rank, transposed: false },
    input,
    weight,
    parse(op, rest, defaults, ["bias", "stride", "padding", "dilation", "groups"]),
  );
}

function transposedConv(op: string, rank: number, input: Tensor, weight: Tensor, rest: readonly unknown[]): Tensor {
  const defaults: Given = { bias: null, stride: 1, padding: 0, outputPadding: 0, groups: 1, dilation: 1 };
  const names = ["bias", "stride", "padding", "outputPadding", "groups", "dilation"] as const;
  return run({ op, rank, transposed: true }, input, weight, parse(op, rest, defaults, names));
}

/**
 * Convolution (correlation) over one dim: input [N, C, L] or [C, L], weight [O, C / groups, k], bias [O]. The result has
 * ⌊(L + 2 · padding − dilation · (k − 1) − 1) / stride⌋ + 1 places.
 */
export function conv1d(input: Tensor, weight: Tensor, ...rest: ConvRest): Tensor {
  return conv("conv1d", 1, input, weight, rest);
}

/** `conv1d` over two dims: input [N, C, H, W] or [C, H, W], weight [O, C / groups, kH, kW]. */
export function conv2d(input: Tensor, weight: Tensor, ...rest: ConvRest): Tensor {
  return conv("conv2d", 2, input, weight, rest);
}

/** `conv1d` over three dims: input [N, C, D, H, W] or [C, D, H, W], weight [O, C / groups, kD, kH, kW]. */
export function conv3d(input: Tensor, weight: Tensor, ...rest: ConvRest): Tensor {
  return conv("conv3d", 3, input, weight, rest);
}

/**
 * Transposed convolution over one dim, the adjoint of `conv1d`: input [N, C, L] or [C, L], weight [C, O / groups, k], bias [O].
 * The result has (L − 1) · stride − 2 · padding + dilation · (k − 1) + outputPadding + 1 places.
 */
export function convTranspose1d(input: Tensor, weight: Tensor, ...rest: ConvTransposeRest): Tensor {
  return transposedConv("convTranspose1d", 1, input, weight, rest);
}

/** `convTranspose1d` over two dims: input [N, C, H, W] or [C, H, W], weight [C, O / groups, kH, kW]. */
export function convTranspose2d(input: Tensor, weight: Tensor, ...rest: ConvTransposeRest): Tensor {
  return transposedConv("convTranspose2d", 2, input, weight, rest);
}

/** `convTranspose1d` over three dims: input [N, C, D, H, W] or [C, D, H, W], weight [C, O / groups, kD, kH, kW]. */
export function convTranspose3d(input: Tensor, weight: Tensor, ...rest: ConvTransposeRest): Tensor {
  return transposedConv("convTranspose3d", 3, input, weight, rest);
}
