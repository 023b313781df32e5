// Normalisation: layer, group, batch, instance, root-mean-square, and by the length of vectors.

import { ArgumentError, DTypeError, ShapeError } from "../../errors.js";
import { asBoolean, asInteger, asIntegers, asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { noGradientFor } from "../../op/constant.js";
import { checkSameDtype } from "../../op/gemm.js";
import { add, mul } from "../../ops/arithmetic.js";
import { detach } from "../../ops/detach.js";
import { mean } from "../../ops/reduce.js";
import { reshape } from "../../ops/shape.js";
import { unrecorded } from "../../tape/mode.js";
import { isFloat } from "../../tensor/dtype.js";
import { finfo } from "../../tensor/info.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Cut, type Standard, standardise } from "./standardise.js";

/** Options of `layerNorm`, `groupNorm`: factors and summands. */
export interface AffineOptions {
  readonly weight?: Tensor | null;
  readonly bias?: Tensor | null;
  /** Added to the variance: 10⁻⁵. */
  readonly eps?: number;
}

type AffineRest = Trailing<
  [weight: Tensor | null | undefined, bias: Tensor | null | undefined, eps: number | undefined],
  AffineOptions
>;

function checkFloat(op: string, input: Tensor): void {
  asTensor(op, input);
  if (!isFloat(input.dtype))
    throw new DTypeError(`${op}: expected a floating-point input, got ${input.dtype}; convert it with .to("float32")`);
}

/** Throws unless a parameter is missing or has the shape and dtype. */
function checkParameter(
  op: string,
  name: string,
  x: Tensor | null | undefined,
  input: Tensor,
  shape: readonly number[],
  what: string,
): void {
  if (x === null || x === undefined) return;
  asTensor(op, x, name);
  checkSameDtype(op, input, x);
  if (!sameShape(x.shape, shape)) {
    throw new ShapeError(
      `${op}: Expected ${name} to be ${what} ${formatShape(shape)}, but got ${name} of shape ${formatShape(x.shape)}`,
    );
  }
}

/** Runs the operation and lets its further results go, or hands them to `see`. */
function run(
  given: Standard,
  input: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  see?: (average: Tensor, variance: Tensor) => void,
): Tensor {
  return temporaries(() => {
    const flat = (x: Tensor | null, otherwise: number) =>
      x === null ? otherwise : reshape(x, [given.groups * given.channels]);
    const [out, average, variance] = standardise.all([input, flat(weight, 1), flat(bias, 0), 0, 0], given) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    see?.(average, variance);
    return out;
  });
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1);

function normalizedShape(op: string, input: Tensor, shape: unknown): readonly number[] {
  const normal =
    typeof shape === "number" ? [asInteger(op, shape, "normalizedShape")] : asIntegers(op, shape, "normalizedShape");
  if (normal.length === 0)
    throw new ArgumentError(
      `${op}: Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got []`,
    );
  const tail = input.shape.slice(input.ndim - normal.length);
  if (input.ndim < normal.length || !sameShape(tail, normal)) {
    throw new ShapeError(
      `${op}: Given normalized_shape=${formatShape(normal)}, expected input with shape [*, ${normal.join(", ")}], but got input of size ` +
        formatShape(input.shape),
    );
  }
  return normal;
}

function rows(input: Tensor, normal: readonly number[]): Cut {
  const channels = sizeOf(normal);
  return {
    segments: 1,
    blocks: sizeOf(input.shape.slice(0, input.ndim - normal.length)),
    groups: 1,
    channels,
    length: 1,
  };
}

/**
 * Standardises over the last dims, whose sizes are `normalizedShape`, each place with its own factor and summand:
 * (x − mean) / √(var + eps) · weight + bias, the variance biased.
 */
export function layerNorm(input: Tensor, shape: number | readonly number[], ...rest: AffineRest): Tensor {
  checkFloat("layerNorm", input);
  const normal = normalizedShape("layerNorm", input, shape);
  const { weight, bias, eps } = parse<Required<AffineOptions>>(
    "layerNorm",
    rest,
    { weight: null, bias: null, eps: 1e-5 },
    ["weight", "bias", "eps"],
  );
  checkParameter("layerNorm", "weight", weight, input, normal, "of same shape as normalized_shape");
  checkParameter("layerNorm", "bias", bias, input, normal, "of same shape as normalized_shape");
  asNumber("layerNorm", eps, "eps");
  return run(
    { ...rows(input, normal), label: "NativeLayerNormBackward0", eps, raw: false, given: false },
    input,
    weight,
    bias,
  );
}

/** Options of `rmsNorm`. */
export interface RmsNormOptions {
  readonly weight?: Tensor | null;
  /** Added to the mean square; the distance from 1 to the next number of the dtype if left out. */
  readonly eps?: number | null;
}

/** Divides by the root of the mean square over the last dims: x / √(avg(x²) + eps) · weight. */
export function rmsNorm(
  input: Tensor,
  shape: number | readonly number[],
  ...rest: Trailing<[weight: Tensor | null | undefined, eps: number | null | undefined], RmsNormOptions>
): Tensor {
  checkFloat("rmsNorm", input);
  const normal = normalizedShape("rmsNorm", input, shape);
  const { weight, eps } = parse<Required<RmsNormOptions>>("rmsNorm", rest, { weight: null, eps: null }, [
    "weight",
    "eps",
  ]);
  checkParameter("rmsNorm", "weight", weight, input, normal, "of same shape as normalized_shape");
  const least = eps === null ? finfo(input.dtype).eps : asNumber("rmsNorm", eps, "eps");
  return run(
    { ...rows(input, normal), label: "FusedRmsNormBackward0", eps: least, raw: true, given: false },
    input,
    weight,
    null,
  );
}

/** Standardises groups of channels of [N, C, …], each channel with its own factor and summand. */
export function groupNorm(input: Tensor, numGroups: number, ...rest: AffineRest): Tensor {
  const op = "groupNorm";
  checkFloat(op, input);
  const groups = asInteger(op, numGroups, "numGroups");
  const { weight, bias, eps } = parse<Required<AffineOptions>>(op, rest, { weight: null, bias: null, eps: 1e-5 }, [
    "weight",
    "bias",
    "eps",
  ]);
  if (input.ndim < 2)
    throw new ShapeError(`${op}: Expected at least 2 dimensions for input tensor but received ${input.ndim}`);
  const [count, channels] = input.shape as readonly [number, number];
  if (groups <= 0) throw new ArgumentError(`${op}: Expected num groups to be greater than 0, got ${groups}`);
  if (channels % groups !== 0) {
    throw new ShapeError(
      `${op}: Expected number of channels in input to be divisible by num_groups, but got input of shape ${formatShape(input.shape)} and num_groups=${groups}`,
    );
  }
  checkParameter(op, "weight", weight, input, [channels], "a vector of size equal to the number of channels in input,");
  checkParameter(op, "bias", bias, input, [channels], "a vector of size equal to the number of channels in input,");
  asNumber(op, eps, "eps");
  const length = sizeOf(input.shape.slice(2));
  const cut = { segments: 1, blocks: count, groups, channels: channels / groups, length };
  return run({ ...cut, label: "NativeGroupNormBackward0", eps, raw: false, given: false }, input, weight, bias);
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends AffineOptions {
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Whether the batch's own mean and variance are used, and the running ones updated. */
  readonly training?: boolean;
  /** Share of the batch in the update: 0.1. */
  readonly momentum?: number;
}

type BatchNormRest = Trailing<
  [runningMean: Tensor | null | undefined, runningVar: Tensor | null | undefined],
  BatchNormOptions
>;

/** Updates running statistics by those of a batch of `count` values a channel; the variance counts unbiased. */
function update(running: Tensor | null, value: Tensor, momentum: number, factor: number): void {
  if (running === null) return;
  unrecorded(() => add.inplace(mul.inplace(running, 1 - momentum), mul(detach(value), momentum * factor)));
}

/**
 * Standardises each channel of [N, C, …] or [N, C], by the batch's mean and variance in training, else by the running ones;
 * each channel with its own factor and summand. In training the running ones, if given, are updated in place.
 * @throws ShapeError in training with one value a channel.
 */
export function batchNorm(input: Tensor, ...rest: BatchNormRest): Tensor {
  const op = "batchNorm";
  checkFloat(op, input);
  const defaults = {
    runningMean: null,
    runningVar: null,
    weight: null,
    bias: null,
    training: false,
    momentum: 0.1,
    eps: 1e-5,
  };
  const given = parse<Required<BatchNormOptions>>(op, rest, defaults, [
    "runningMean",
    "runningVar",
    "weight",
    "bias",
    "training",
    "momentum",
    "eps",
  ]);
  const { runningMean, runningVar, weight, bias, training, momentum, eps } = given;
  asBoolean(op, training, "training");
  if (input.ndim < 2 && !(input.ndim === 1 && input.numel() === 0)) {
    throw new ShapeError(`${op}: expected at least 2 dims, [N, C, …], got ${formatShape(input.shape)}`);
  }
  const count = input.shape[0] as number;
  const channels = input.ndim < 2 ? count : (input.shape[1] as number);
  const length = sizeOf(input.shape.slice(2));
  for (const [name, x] of Object.entries({ runningMean, runningVar, weight, bias })) {
    checkParameter(op, name, x, input, [channels], `${name} should contain ${channels} elements,`);
  }
  noGradientFor(op, { runningMean, runningVar });
  if (training && count * length === 1) {
    throw new ShapeError(
      `${op}: Expected more than 1 value per channel when training, got input size ${formatShape(input.shape)}`,
    );
  }
  if (!training && (runningMean === null || runningVar === null)) {
    throw new ArgumentError(`${op}: Expected running_mean and running_var to be defined when training is false`);
  }
  const cut = { segments: count, blocks: 1, groups: channels, channels: 1, length };
  const standard: Standard = { ...cut, label: "NativeBatchNormBackward0", eps, raw: false, given: !training };
  if (!training) {
    return temporaries(() => {
      const inputs = [input, weight ?? 1, bias ?? 0, detach(runningMean as Tensor), detach(runningVar as Tensor)];
      return standardise.all(inputs, standard)[0] as Tensor;
    });
  }
  return run(standard, input, weight, bias, (average, variance) => {
    if (input.numel() === 0) return;
    const values = count * length;
    update(runningMean, average, momentum, 1);
    update(runningVar, variance, momentum, values / (values - 1));
  });
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends AffineOptions {
  readonly runningMean?: Tensor | null;
  readonly runningVar?: Tensor | null;
  /** Whether each instance's own mean and variance are used (true) or the running ones. */
  readonly useInputStats?: boolean;
  /** Share of the batch in the update of the running statistics: 0.1. */
  readonly momentum?: number;
}

/** Standardises each channel of each instance of [N, C, …]; with `useInputStats: false` like `batchNorm` without training. */
export function instanceNorm(input: Tensor, ...rest: [options?: InstanceNormOptions]): Tensor {
  const op = "instanceNorm";
  checkFloat(op, input);
  const defaults = {
    runningMean: null,
    runningVar: null,
    weight: null,
    bias: null,
    useInputStats: true,
    momentum: 0.1,
    eps: 1e-5,
  };
  const { runningMean, runningVar, weight, bias, useInputStats, momentum, eps } = parse<Required<InstanceNormOptions>>(
    op,
    rest,
    defaults,
  );
  if (!useInputStats) return batchNorm(input, { runningMean, runningVar, weight, bias, eps, training: false });
  if (input.ndim < 2)
    throw new ShapeError(`${op}: expected at least 2 dims, [N, C, …], got ${formatShape(input.shape)}`);
  const [count, channels] = input.shape as readonly [number, number];
  const length = sizeOf(input.shape.slice(2));
  for (const [name, x] of Object.entries({ runningMean, runningVar, weight, bias })) {
    checkParameter(op, name, x, input, [channels], `${name} should contain ${channels} elements,`);
  }
  noGradientFor(op, { runningMean, runningVar });
  if (length === 1)
    throw new ShapeError(
      `${op}: Expected more than 1 spatial element when training, got input size ${formatShape(input.shape)}`,
    );
  const cut = { segments: 1, blocks: count, groups: channels, channels: 1, length };
  const standard: Standard = { ...cut, label: "NativeBatchNormBackward0", eps, raw: false, given: false };
  return run(standard, input, weight, bias, (average, variance) => {
    if (input.numel() === 0 || (runningMean === null && runningVar === null)) return;
    const averaged = (x: Tensor): Tensor => unrecorded(() => mean(reshape(detach(x), [count, channels]), 0));
    update(runningMean, averaged(average), momentum, 1);
    update(runningVar, averaged(variance), momentum, length / (length - 1));
  });
}
