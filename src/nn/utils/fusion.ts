// Folding batch normalisation, when nothing is trained, into the layer before it.

import { ArgumentError } from "../../errors.js";
import { deepcopy } from "../../op/deepcopy.js";
import { add, mul, sub } from "../../ops/arithmetic.js";
import { rsqrt } from "../../ops/pointwise.js";
import { reshape } from "../../ops/shape.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { BatchNorm1d, BatchNorm2d, BatchNorm3d } from "../layers/batch-norm.js";
import type { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "../layers/conv.js";
import type { Linear } from "../layers/linear.js";
import { parameterOf } from "../parameter.js";

type Norm = BatchNorm1d | BatchNorm2d | BatchNorm3d;
type Transposed = ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;

function fused<L extends Linear | Conv1d | Conv2d | Conv3d | Transposed>(
  op: string,
  layer: L,
  norm: Norm,
  channelDim: number,
): L {
  if (layer.training || norm.training) throw new ArgumentError(`${op}: Fusion only for eval!`);
  const { runningMean, runningVar, weight: factor, bias: summand, eps } = norm;
  if (runningMean === null || runningVar === null) throw new ArgumentError(`${op}: the norm has no running statistics`);
  const copy = deepcopy(layer);
  const [weight, bias] = unrecorded(() =>
    temporaries(() => {
      const scale = mul(rsqrt(add(runningVar, eps)), factor ?? 1);
      const shape = layer.weight.shape.map((_, d) => (d === channelDim ? -1 : 1));
      const moved = mul(sub(layer.bias ?? 0, runningMean), scale);
      return [mul(layer.weight, reshape(scale, shape)), add(moved, summand ?? 0)];
    }),
  ) as [Tensor, Tensor];
  copy.weight.dispose();
  copy.bias?.dispose();
  copy.weight = parameterOf(weight);
  copy.bias = parameterOf(bias);
  return copy;
}

/** A copy of a convolution, not being trained, that does what it and the batch normalisation behind it do. */
export function fuseConvBnEval<L extends Conv1d | Conv2d | Conv3d | Transposed>(
  conv: L,
  bn: Norm,
  transpose = false,
): L {
  return fused("fuseConvBnEval", conv, bn, transpose ? 1 : 0);
}

/** A copy of a linear layer, not being trained, that does what it and the batch normalisation behind it do. */
export function fuseLinearBnEval(linear: Linear, bn: Norm): Linear {
  return fused("fuseLinearBnEval", linear, bn, 0);
}
