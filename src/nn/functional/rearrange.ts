// Moving elements between channels and places.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asInteger, asTensor, nothingMore } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { permute, reshape } from "../../ops/shape.js";
import { formatShape } from "../../tensor/layout.js";
import type { Tensor } from "../../tensor/tensor.js";

function check(op: string, input: Tensor, factor: number, name: string): void {
  asTensor(op, input);
  if (input.ndim < 3)
    throw new ShapeError(
      `${op}: expects input to have at least 3 dimensions, but got input with ${input.ndim} dimension(s)`,
    );
  if (asInteger(op, factor, name) <= 0) throw new ArgumentError(`${op}: expects a positive ${name}, but got ${factor}`);
}

/** [*, C · r², H, W] to [*, C, H · r, W · r]: each r² channels become squares of r by r places. */
export function pixelShuffle(input: Tensor, upscaleFactor: number, ...rest: []): Tensor {
  nothingMore("pixelShuffle", rest);
  const op = "pixelShuffle";
  check(op, input, upscaleFactor, "upscaleFactor");
  const r = upscaleFactor;
  const [channels, height, width] = input.shape.slice(-3) as [number, number, number];
  if (channels % (r * r) !== 0) {
    throw new ShapeError(
      `${op}: expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${channels} is not divisible by ${r * r}`,
    );
  }
  const outer = input.shape.slice(0, -3);
  const n = outer.length;
  const c = channels / (r * r);
  return composed(op, () => {
    const apart = reshape(input, [...outer, c, r, r, height, width]);
    const order = [...outer.map((_, d) => d), n, n + 3, n + 1, n + 4, n + 2];
    return reshape(permute(apart, order), [...outer, c, height * r, width * r]);
  });
}

/** The inverse of `pixelShuffle`: [*, C, H · r, W · r] to [*, C · r², H, W]. */
export function pixelUnshuffle(input: Tensor, downscaleFactor: number, ...rest: []): Tensor {
  nothingMore("pixelUnshuffle", rest);
  const op = "pixelUnshuffle";
  check(op, input, downscaleFactor, "downscaleFactor");
  const r = downscaleFactor;
  const [channels, height, width] = input.shape.slice(-3) as [number, number, number];
  if (height % r !== 0 || width % r !== 0) {
    throw new ShapeError(
      `${op}: expects height and width to be divisible by downscale_factor, but ${formatShape([height, width])} is not divisible by ${r}`,
    );
  }
  const outer = input.shape.slice(0, -3);
  const n = outer.length;
  return composed(op, () => {
    const apart = reshape(input, [...outer, channels, height / r, r, width / r, r]);
    const order = [...outer.map((_, d) => d), n, n + 2, n + 4, n + 1, n + 3];
    return reshape(permute(apart, order), [...outer, channels * r * r, height / r, width / r]);
  });
}

/** Channels of [N, C, …] in groups, taken in turn from each group. */
export function channelShuffle(input: Tensor, groups: number, ...rest: []): Tensor {
  nothingMore("channelShuffle", rest);
  const op = "channelShuffle";
  check(op, input, groups, "groups");
  const [count, channels] = input.shape as readonly [number, number];
  if (channels % groups !== 0) {
    throw new ShapeError(
      `${op}: Number of channels must be divisible by groups. Got ${channels} channels and ${groups} groups.`,
    );
  }
  const spatial = input.shape.slice(2);
  return composed(op, () => {
    const apart = reshape(input, [count, groups, channels / groups, ...spatial]);
    const order = [0, 2, 1, ...spatial.map((_, d) => d + 3)];
    return reshape(permute(apart, order), input.shape);
  });
}
