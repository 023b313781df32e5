// The way back of max pooling, and power-average pooling.

import { ArgumentError, ShapeError } from "../../errors.js";
import { asIntegers, asNumber, asTensor, parse, type Trailing } from "../../op/args.js";
import { composed } from "../../op/composed.js";
import { checkIndex } from "../../op/indexed.js";
import { isTrue } from "../../op/truth.js";
import { mul, pow } from "../../ops/arithmetic.js";
import { ge, logicalOr, lt } from "../../ops/compare.js";
import { zeros } from "../../ops/creation.js";
import { abs, relu, sign } from "../../ops/pointwise.js";
import { any } from "../../ops/reduce.js";
import { scatter } from "../../ops/scatter.js";
import { reshape } from "../../ops/shape.js";
import { formatShape, sameShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { expandSizes, type Sizes } from "./conv.js";
import { avgPool1d, avgPool2d, avgPool3d } from "./pooling.js";

/** Options of `maxUnpool1d`, `maxUnpool2d`, `maxUnpool3d`. */
export interface MaxUnpoolOptions {
  readonly stride?: Sizes | null;
  readonly padding?: Sizes;
  /** Sizes of the result, with or without the ones of [N, C]. */
  readonly outputSize?: readonly number[] | null;
}

type UnpoolRest = Trailing<
  [stride: Sizes | null | undefined, padding: Sizes | undefined, outputSize: readonly number[] | null | undefined],
  MaxUnpoolOptions
>;

function unpool(
  op: string,
  rank: number,
  input: Tensor,
  indices: Tensor,
  kernelSize: Sizes,
  rest: readonly unknown[],
): Tensor {
  asTensor(op, input);
  asTensor(op, indices, "indices");
  checkIndex(op, indices, "indices");
  const given = parse<Required<MaxUnpoolOptions>>(op, rest, { stride: null, padding: 0, outputSize: null }, [
    "stride",
    "padding",
    "outputSize",
  ]);
  const kernel = expandSizes(op, kernelSize, "kernelSize", rank, 1);
  const stride = given.stride === null ? kernel : expandSizes(op, given.stride, "stride", rank, 1);
  const padding = expandSizes(op, given.padding, "padding", rank, 0);
  if (input.ndim !== rank + 1 && input.ndim !== rank + 2) {
    throw new ShapeError(
      `${op}: Input to ${op} should be a ${rank + 1}d or ${rank + 2}d Tensor, but got ${formatShape(input.shape)}`,
    );
  }
  if (!sameShape(input.shape, indices.shape)) {
    throw new ShapeError(
      `${op}: Expected shape of indices to be same as that of the input tensor (${formatShape(input.shape)}) but got indices tensor with shape: ${formatShape(indices.shape)}`,
    );
  }
  const outer = input.shape.slice(0, input.ndim - rank);
  const image = input.shape.slice(-rank);
  const usual = image.map(
    (size, d) => (size - 1) * (stride[d] as number) + (kernel[d] as number) - 2 * (padding[d] as number),
  );
  let sizes = usual;
  if (given.outputSize !== null) {
    asIntegers(op, given.outputSize, "outputSize");
    sizes = given.outputSize.length === rank + 2 ? given.outputSize.slice(2) : [...given.outputSize];
    const fits =
      sizes.length === rank && sizes.every((size, d) => Math.abs(size - (usual[d] as number)) < (stride[d] as number));
    if (!fits) {
      throw new ArgumentError(
        `${op}: invalid output_size ${formatShape(given.outputSize)}: each size must lie less than the stride ${formatShape(stride)} from ${formatShape(usual)}`,
      );
    }
  }
  const plane = sizes.reduce((all, size) => all * size, 1);
  return temporaries(() => {
    const bad = any(logicalOr(lt(indices, 0), ge(indices, plane)));
    if (input.numel() > 0 && isTrue(bad))
      throw new ArgumentError(`${op}: Found an invalid max index: indices must lie in 0 to ${plane - 1}`);
    const count = image.reduce((all, size) => all * size, 1);
    const base = zeros([...outer, plane], { dtype: input.dtype });
    const at = reshape(indices, [...outer, count]);
    return reshape(scatter(base, outer.length, at, reshape(input, [...outer, count])), [...outer, ...sizes]);
  });
}

/** Puts values of [N, C, L] or [C, L] to the places that `maxPool1d` took them from, zeros elsewhere. */
export function maxUnpool1d(input: Tensor, indices: Tensor, kernelSize: Sizes, ...rest: UnpoolRest): Tensor {
  return unpool("maxUnpool1d", 1, input, indices, kernelSize, rest);
}

/** `maxUnpool1d` in two dims. */
export function maxUnpool2d(input: Tensor, indices: Tensor, kernelSize: Sizes, ...rest: UnpoolRest): Tensor {
  return unpool("maxUnpool2d", 2, input, indices, kernelSize, rest);
}

/** `maxUnpool1d` in three dims. */
export function maxUnpool3d(input: Tensor, indices: Tensor, kernelSize: Sizes, ...rest: UnpoolRest): Tensor {
  return unpool("maxUnpool3d", 3, input, indices, kernelSize, rest);
}

/** Options of `lpPool1d`, `lpPool2d`, `lpPool3d`. */
export interface LpPoolOptions {
  readonly stride?: Sizes | null;
  readonly ceilMode?: boolean;
}

type LpRest = Trailing<[stride: Sizes | null | undefined, ceilMode: boolean | undefined], LpPoolOptions>;

function powerAverage(
  op: string,
  rank: number,
  input: Tensor,
  p: number,
  kernelSize: Sizes,
  rest: readonly unknown[],
): Tensor {
  asTensor(op, input);
  asNumber(op, p, "p");
  const { stride, ceilMode } = parse<Required<LpPoolOptions>>(op, rest, { stride: null, ceilMode: false }, [
    "stride",
    "ceilMode",
  ]);
  const kernel = expandSizes(op, kernelSize, "kernelSize", rank, 1);
  const count = kernel.reduce((all, size) => all * size, 1);
  const pool = rank === 1 ? avgPool1d : rank === 2 ? avgPool2d : avgPool3d;
  return composed(op, () => {
    const out = pool(pow(input, p), kernelSize, { stride, ceilMode });
    return pow(mul(mul(sign(out), relu(abs(out))), count), 1 / p);
  });
}

/** (Σ xᵖ)^(1/p) over windows of [N, C, L] or [C, L]. */
export function lpPool1d(input: Tensor, normType: number, kernelSize: Sizes, ...rest: LpRest): Tensor {
  return powerAverage("lpPool1d", 1, input, normType, kernelSize, rest);
}

/** `lpPool1d` in two dims. */
export function lpPool2d(input: Tensor, normType: number, kernelSize: Sizes, ...rest: LpRest): Tensor {
  return powerAverage("lpPool2d", 2, input, normType, kernelSize, rest);
}

/** `lpPool1d` in three dims. */
export function lpPool3d(input: Tensor, normType: number, kernelSize: Sizes, ...rest: LpRest): Tensor {
  return powerAverage("lpPool3d", 3, input, normType, kernelSize, rest);
}
