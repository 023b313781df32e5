// Pooling as users call it: largest, average, adaptive and power-average, in one to three dims; and the way back of the largest.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asNumber, asTensor, isOptions, parse } from "../../op/args.js";
import { called } from "../../op/composed.js";
import { squeeze, unsqueeze } from "../../ops/views.js";
import { isFloat } from "../../tensor/dtype.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { expandSizes, type Sizes } from "./conv.js";
import { averagePool, maxPool, type Pool, windowsFor } from "./pool-op.js";

/** Options of `maxPool1d`, `maxPool2d`, `maxPool3d`. */
export interface MaxPoolOptions {
  readonly kernelSize?: Sizes;
  /** Steps of the window: the kernel's size. */
  readonly stride?: Sizes | null;
  /** Places around the input that never win: 0, at most half of the kernel. */
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  /** Whether the number of places is rounded up. */
  readonly ceilMode?: boolean;
  /** Whether the result is `[values, indices]`, indices flat in the plane. */
  readonly returnIndices?: boolean;
}

/** Options of `avgPool1d`, `avgPool2d`, `avgPool3d`. */
export interface AvgPoolOptions {
  readonly kernelSize?: Sizes;
  readonly stride?: Sizes | null;
  /** Zeros around the input: 0. */
  readonly padding?: Sizes;
  readonly ceilMode?: boolean;
  /** Whether those zeros count. */
  readonly countIncludePad?: boolean;
  /** What sums are divided by instead of their number of elements. */
  readonly divisorOverride?: number | null;
}

/** Values and their flat indices. */
export type WithIndices = [Tensor, Tensor];

export interface Input {
  /** [N, C, …]; in one dim [N, C, 1, L]. */
  readonly x: Tensor;
  /** Gives a result the dims that the input had. */
  readonly back: (out: Tensor) => Tensor;
}

/** Checks an input of `rank` dims behind [N, C] or [C], and gives it both. */
export function batched(op: string, input: Tensor, rank: number): Input {
  asTensor(op, input);
  if (!isFloat(input.dtype))
    throw new DTypeError(`${op}: not implemented for ${input.dtype}: expected a floating-point input`);
  const isBatched = input.ndim === rank + 2;
  const empty = input.shape.slice(isBatched ? 1 : 0).includes(0);
  if ((!isBatched && input.ndim !== rank + 1) || empty) {
    throw new ShapeError(
      `${op}: Expected ${rank + 1}D or ${rank + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got: ${formatShape(input.shape)}`,
    );
  }
  return { x: isBatched ? input : unsqueeze(input, 0), back: (out) => (isBatched ? out : squeeze(out, 0)) };
}

/** Numbers for the pooled dims. A single dim is pooled as the second of two. */
function sizesOf(op: string, value: Sizes, name: string, rank: number, least: number): readonly number[] {
  const all = expandSizes(op, value, name, rank, Number.NEGATIVE_INFINITY);
  for (const size of all) {
    if (size >= least) continue;
    const what = least > 0 ? "must be greater than zero" : "must be non-negative";
    throw new ArgumentError(`${op}: ${name === "padding" ? "pad" : name} ${what}, but got ${formatShape(all)}`);
  }
  return all;
}

function placesOf(
  op: string,
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
  ceil: boolean,
): number {
  const reach = dilation * (kernel - 1) + 1;
  let places = Math.floor((size + 2 * padding - reach + (ceil ? stride - 1 : 0)) / stride) + 1;
  // The last window must start inside the input or the padding in front.
  if (ceil && (places - 1) * stride >= size + padding) places--;
  if (places >= 1) return places;
  throw new ShapeError(
    `${op}: Invalid computed output size: ${places}. Output size is too small for an input of size ${size} and a window of ${reach}`,
  );
}

interface Regular {
  readonly kernelSize: Sizes | null;
  readonly stride: Sizes | null;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly ceilMode: boolean;
}

/** The pool of regular windows; one dim is the last of two. */
function regular(
  op: string,
  label: string,
  x: Tensor,
  rank: number,
  given: Regular,
  counts: boolean,
  divisor: number,
): Pool {
  if (given.kernelSize === null) throw new ArgumentError(`${op}: missing the argument kernelSize`);
  const kernel = sizesOf(op, given.kernelSize, "kernelSize", rank, 1);
  const isEmpty = given.stride === null || (Array.isArray(given.stride) && given.stride.length === 0);
  const stride = isEmpty ? kernel : sizesOf(op, given.stride as Sizes, "stride", rank, 1);
  const padding = sizesOf(op, given.padding, "padding", rank, 0);
  const dilation = sizesOf(op, given.dilation, "dilation", rank, 1);
  asBoolean(op, given.ceilMode, "ceilMode");
  padding.forEach((size, d) => {
    const reach = (dilation[d] as number) * ((kernel[d] as number) - 1) + 1;
    if (size <= Math.floor(reach / 2)) return;
    throw new ArgumentError(
      `${op}: pad should be at most half of effective kernel size, but got pad=${size}, kernel_size=${kernel[d]} and dilation=${dilation[d]}`,
    );
  });
  const image = x.shape.slice(2);
  const places = image.map((size, d) =>
    placesOf(
      op,
      size,
      kernel[d] as number,
      stride[d] as number,
      padding[d] as number,
      dilation[d] as number,
      given.ceilMode,
    ),
  );
  return {
    label,
    windows: windowsFor(image, places, kernel, stride, padding, dilation),
    image,
    places,
    adaptive: false,
    counts,
    divisor,
  };
}

/** For one dim: as two dims, and back. */
function inTwoDims(pool: Pool): Pool {
  return { ...pool, image: [1, ...pool.image], places: [1, ...pool.places] };
}

export function runMax(pool: Pool, { x, back }: Input, returnIndices: boolean): Tensor | WithIndices {
  const one = pool.image.length === 1;
  const [values, indices] = maxPool.all([one ? unsqueeze(x, -2) : x], one ? inTwoDims(pool) : pool) as [Tensor, Tensor];
  const shaped = (out: Tensor) => back(one ? squeeze(out, -2) : out);
  return returnIndices ? [shaped(values), shaped(indices)] : shaped(values);
}

export const names = (rank: number): string => (rank === 3 ? "3D" : "2D");

function max(op: string, rank: number, input: Tensor, rest: readonly unknown[]): Tensor | WithIndices {
  const defaults = { kernelSize: null, stride: null, padding: 0, dilation: 1, ceilMode: false, returnIndices: false };
  const order = ["kernelSize", "stride", "padding", "dilation", "ceilMode", "returnIndices"] as const;
  const given = parse<Required<Omit<MaxPoolOptions, "kernelSize">> & { readonly kernelSize: Sizes | null }>(
    op,
    rest,
    defaults,
    order,
  );
  asBoolean(op, given.returnIndices, "returnIndices");
  return temporaries(() => {
    const whole = batched(op, input, rank);
    const pool = regular(op, `MaxPool${names(rank)}WithIndicesBackward0`, whole.x, rank, given, false, 0);
    return runMax(pool, whole, given.returnIndices);
  }) as Tensor | WithIndices;
}

type MaxRest = readonly unknown[];
type WithKernel = [kernelSize: Sizes, ...rest: MaxRest] | [options: MaxPoolOptions];

/**
 * The largest element of windows of [N, C, L] or [C, L]; NaN wins, the gradient goes to the first of equal ones.
 * `maxPool1d(x, kernelSize, { stride, padding, dilation, ceilMode, returnIndices })`
 */
export function maxPool1d(input: Tensor, ...rest: WithKernel): Tensor;
export function maxPool1d(input: Tensor, ...rest: readonly unknown[]): Tensor | WithIndices {
  return max("maxPool1d", 1, input, rest);
}

/** `maxPool1d` in two dims: [N, C, H, W] or [C, H, W]. */
export function maxPool2d(input: Tensor, ...rest: WithKernel): Tensor;
export function maxPool2d(input: Tensor, ...rest: readonly unknown[]): Tensor | WithIndices {
  return max("maxPool2d", 2, input, rest);
}

/** `maxPool1d` in three dims: [N, C, D, H, W] or [C, D, H, W]. */
export function maxPool3d(input: Tensor, ...rest: WithKernel): Tensor;
export function maxPool3d(input: Tensor, ...rest: readonly unknown[]): Tensor | WithIndices {
  return max("maxPool3d", 3, input, rest);
}

function withIndices(rest: readonly unknown[]): unknown[] {
  const last = rest.at(-1);
  return isOptions(last)
    ? [...rest.slice(0, -1), { ...last, returnIndices: true }]
    : [...rest, { returnIndices: true }];
}

/** `maxPool1d` that gives `[values, indices]`. */
export function maxPool1dWithIndices(input: Tensor, ...rest: WithKernel): WithIndices {
  return called("maxPool1dWithIndices", () => max("maxPool1d", 1, input, withIndices(rest)) as WithIndices);
}

/** `maxPool2d` that gives `[values, indices]`. */
export function maxPool2dWithIndices(input: Tensor, ...rest: WithKernel): WithIndices {
  return called("maxPool2dWithIndices", () => max("maxPool2d", 2, input, withIndices(rest)) as WithIndices);
}

/** `maxPool3d` that gives `[values, indices]`. */
export function maxPool3dWithIndices(input: Tensor, ...rest: WithKernel): WithIndices {
  return called("maxPool3dWithIndices", () => max("maxPool3d", 3, input, withIndices(rest)) as WithIndices);
}

export function runAverage(pool: Pool, { x, back }: Input): Tensor {
  if (pool.image.length > 1) return back(averagePool([x], pool));
  return back(squeeze(averagePool([unsqueeze(x, -2)], inTwoDims(pool)), -2));
}

function average(op: string, rank: number, input: Tensor, rest: readonly unknown[]): Tensor {
  const defaults = {
    kernelSize: null,
    stride: null,
    padding: 0,
    ceilMode: false,
    countIncludePad: true,
    divisorOverride: null,
  };
  const order = ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"] as const;
  const given = parse<Required<Omit<AvgPoolOptions, "kernelSize">> & { readonly kernelSize: Sizes | null }>(
    op,
    rest,
    defaults,
    order,
  );
  asBoolean(op, given.countIncludePad, "countIncludePad");
  const divisor = given.divisorOverride === null ? 0 : asNumber(op, given.divisorOverride, "divisorOverride");
  if (given.divisorOverride === 0) throw new ArgumentError(`${op}: divisor must be not zero`);
  return temporaries(() => {
    const whole = batched(op, input, rank);
    const pool = regular(
      op,
      `AvgPool${names(rank)}Backward0`,
      whole.x,
      rank,
      { ...given, dilation: 1 },
      given.countIncludePad,
      divisor,
    );
    return runAverage(pool, whole);
  });
}

type AvgWithKernel = [kernelSize: Sizes, ...rest: readonly unknown[]] | [options: AvgPoolOptions];

/** The average of windows of [N, C, L] or [C, L]: `avgPool1d(x, kernelSize, { stride, padding, ceilMode, countIncludePad })`. */
export function avgPool1d(input: Tensor, ...rest: AvgWithKernel): Tensor {
  return average("avgPool1d", 1, input, rest);
}

/** `avgPool1d` in two dims: [N, C, H, W] or [C, H, W]. */
export function avgPool2d(input: Tensor, ...rest: AvgWithKernel): Tensor {
  return average("avgPool2d", 2, input, rest);
}

/** `avgPool1d` in three dims: [N, C, D, H, W] or [C, D, H, W]. */
export function avgPool3d(input: Tensor, ...rest: AvgWithKernel): Tensor {
  return average("avgPool3d", 3, input, rest);
}
