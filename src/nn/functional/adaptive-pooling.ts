// Adaptive pooling: windows chosen so that the result has a given size.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asBoolean, asInteger, asTensor, describe, nothingMore, parse } from "../../op/args.js";
import { mean } from "../../ops/reduce.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Pool, windowsFor } from "./pool-op.js";
import { batched, type Input, names, runAverage, runMax, type WithIndices } from "./pooling.js";

/** Sizes of an adaptive pool's result: one for all dims or one each, null keeping the input's. */
export type OutputSize = number | null | readonly (number | null)[];

function adaptive(op: string, label: string, x: Tensor, rank: number, outputSize: OutputSize): Pool {
  const list = Array.isArray(outputSize)
    ? (outputSize as readonly (number | null)[])
    : Array<number | null>(rank).fill(outputSize as number | null);
  if (list.length !== rank) {
    throw new ArgumentError(
      `${op}: output_size must be ${rank}: 'output_size' should contain ${rank === 1 ? "one int" : `${rank} ints`}, got ${describe(outputSize)}`,
    );
  }
  const image = x.shape.slice(2);
  const places = list.map((size, d) => {
    if (size === null) return image[d] as number;
    if (asInteger(op, size, "outputSize") >= 0) return size;
    throw new ArgumentError(
      `${op}: elements of output_size must be greater than or equal to 0 (Trying to create tensor with negative dimension), got ${size}`,
    );
  });
  const ones = image.map(() => 1);
  const windows = windowsFor(
    image,
    places,
    ones,
    ones,
    image.map(() => 0),
    ones,
  );
  return { label, windows, image, places, adaptive: true, counts: false, divisor: 0 };
}

function adaptiveInput(op: string, input: Tensor, rank: number): Input {
  asTensor(op, input);
  if (input.ndim < rank + 1)
    throw new ShapeError(`${op}: Input dimension should be at least ${rank + 1}, got ${formatShape(input.shape)}`);
  return batched(op, input, rank);
}

function adaptiveAverage(op: string, rank: number, input: Tensor, outputSize: OutputSize): Tensor {
  return temporaries(() => {
    const whole = adaptiveInput(op, input, rank);
    const pool = adaptive(op, `AdaptiveAvgPool${names(rank)}Backward0`, whole.x, rank, outputSize);
    if (rank > 1 && pool.places.every((size) => size === 1)) {
      return mean(
        input,
        pool.places.map((_, d) => d - rank),
        true,
      );
    }
    return runAverage(pool, whole);
  });
}

/** Averages of windows that divide [N, C, L] or [C, L] evenly into `outputSize` places: from ⌊i L / o⌋ to ⌈(i + 1) L / o⌉. */
export function adaptiveAvgPool1d(input: Tensor, outputSize: OutputSize, ...rest: []): Tensor {
  nothingMore("adaptiveAvgPool1d", rest);
  return adaptiveAverage("adaptiveAvgPool1d", 1, input, outputSize);
}

/** `adaptiveAvgPool1d` in two dims: [N, C, H, W] or [C, H, W]. */
export function adaptiveAvgPool2d(input: Tensor, outputSize: OutputSize, ...rest: []): Tensor {
  nothingMore("adaptiveAvgPool2d", rest);
  return adaptiveAverage("adaptiveAvgPool2d", 2, input, outputSize);
}

/** `adaptiveAvgPool1d` in three dims: [N, C, D, H, W] or [C, D, H, W]. */
export function adaptiveAvgPool3d(input: Tensor, outputSize: OutputSize, ...rest: []): Tensor {
  nothingMore("adaptiveAvgPool3d", rest);
  return adaptiveAverage("adaptiveAvgPool3d", 3, input, outputSize);
}

interface AdaptiveMaxOptions {
  readonly returnIndices?: boolean;
}

type AdaptiveMaxRest = [returnIndices?: boolean | AdaptiveMaxOptions, options?: AdaptiveMaxOptions];

function adaptiveMax(
  op: string,
  rank: number,
  input: Tensor,
  outputSize: OutputSize,
  rest: readonly unknown[],
): Tensor | WithIndices {
  const returnIndices = asBoolean(
    op,
    parse(op, rest, { returnIndices: false }, ["returnIndices"]).returnIndices,
    "returnIndices",
  );
  return temporaries(() => {
    const whole = adaptiveInput(op, input, rank);
    return runMax(
      adaptive(op, `AdaptiveMaxPool${names(rank)}Backward0`, whole.x, rank, outputSize),
      whole,
      returnIndices,
    );
  }) as Tensor | WithIndices;
}

/** Largest elements of windows that divide [N, C, L] or [C, L] evenly; with `returnIndices` `[values, indices]`. */
export function adaptiveMaxPool1d(input: Tensor, outputSize: OutputSize, ...rest: AdaptiveMaxRest): Tensor;
export function adaptiveMaxPool1d(
  input: Tensor,
  outputSize: OutputSize,
  ...rest: AdaptiveMaxRest
): Tensor | WithIndices {
  return adaptiveMax("adaptiveMaxPool1d", 1, input, outputSize, rest);
}

/** `adaptiveMaxPool1d` in two dims: [N, C, H, W] or [C, H, W]. */
export function adaptiveMaxPool2d(input: Tensor, outputSize: OutputSize, ...rest: AdaptiveMaxRest): Tensor;
export function adaptiveMaxPool2d(
  input: Tensor,
  outputSize: OutputSize,
  ...rest: AdaptiveMaxRest
): Tensor | WithIndices {
  return adaptiveMax("adaptiveMaxPool2d", 2, input, outputSize, rest);
}

/** `adaptiveMaxPool1d` in three dims: [N, C, D, H, W] or [C, D, H, W]. */
export function adaptiveMaxPool3d(input: Tensor, outputSize: OutputSize, ...rest: AdaptiveMaxRest): Tensor;
export function adaptiveMaxPool3d(
  input: Tensor,
  outputSize: OutputSize,
  ...rest: AdaptiveMaxRest
): Tensor | WithIndices {
  return adaptiveMax("adaptiveMaxPool3d", 3, input, outputSize, rest);
}
