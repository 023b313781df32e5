// Samples of nn.functional: activations, layers with weights, pooling, normalisation, losses.

import { F, float32, type Tensor } from "../../src/entries/node.js";
import { type Callable, collector, doubles, ints, type Values } from "./collect.js";
import type { Sample } from "./samples.js";

const inF = (names: string): string => names.replace(/\S+/g, "nn.functional.$&");

/** The samples of activations. */
export function activations(values: Values): Sample[] {
  const { list, add } = collector();
  // On both sides of the kinks at 0, ±0.5, ±1, ±3 and 6, but not near them.
  const x = doubles([
    [-3.6, -2.2, -0.8, -0.3],
    [0.2, 0.7, 2.4, 6.5],
  ]);
  const shapes = [x, values([], 0.1, 0.4), values([0, 2], 0, 1), x.to(float32)];
  const plain =
    "relu relu6 leakyRelu elu celu selu silu mish gelu hardshrink hardsigmoid hardswish hardtanh logsigmoid sigmoid " +
    "softplus softshrink softsign tanh tanhshrink";
  for (const each of shapes) {
    add(inF(plain), [each]);
    add(inF("threshold"), [each, 0.1, -2]);
    add(inF("gelu"), [each, { approximate: "tanh" }]);
    add(inF("leakyRelu"), [each, 0.2]);
    add(inF("elu celu"), [each, 1.5]);
    add(inF("hardtanh"), [each, -0.6, 0.6]);
    add(inF("hardtanh"), [ints([-2, 1, 3]), -1.5, 2.5]);
    add(inF("hardshrink softshrink"), [each, 0.4]);
    add(inF("softplus"), [each, 2, 3]);
  }
  add(inF("relu relu6"), [ints([-2, 3, 9])]);
  add(inF("glu"), [x, 1]);
  add(inF("glu"), [x, -2]);
  add(inF("prelu"), [x, doubles([0.3])]);
  add(inF("prelu"), [x, values([4], 0.1, 0.4)]);
  add(inF("softmax logSoftmax softmin"), [x, 0]);
  add(inF("normalize"), [x]);
  add(inF("normalize"), [values([2, 2, 2], 0.2, 0.9), { p: 3, dim: -1 }]);
  add(inF("normalize"), [x.to(float32), 1, 0]);
  add(inF("normalize"), [values([0, 2], 0, 1)]);
  add(inF("oneHot"), [
    ints([
      [0, 2],
      [1, 1],
    ]),
    4,
  ]);
  add(inF("oneHot"), [ints(1), 3]);
  return list;
}

/** The samples of layers with weights, and of normalisation. */
export function layers(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, -1, 1);
  const single = (...shape: number[]): Tensor => of(...shape).to(float32);
  for (const make of [of, single]) {
    add(inF("linear"), [make(2, 3), make(2, 3), make(2)]);
    add(inF("linear"), [make(3), make(2, 3)]);
    add(inF("bilinear"), [make(2, 2), make(2, 3), make(2, 2, 3), make(2)]);
    add(inF("bilinear"), [make(2), make(2), make(1, 2, 2)]);
    add(inF("conv1d"), [make(1, 2, 5), make(2, 2, 3), make(2)]);
    add(inF("conv1d"), [make(2, 4), make(2, 1, 2), { groups: 2, stride: 2 }]);
    add(inF("conv2d"), [make(1, 1, 3, 4), make(2, 1, 2, 2), make(2)]);
    add(inF("conv2d"), [make(1, 2, 3, 3), make(2, 1, 2, 2), { groups: 2, padding: 1, stride: 2 }]);
    add(inF("convTranspose1d"), [make(1, 2, 3), make(2, 1, 2), make(1), { stride: 2 }]);
    add(inF("convTranspose2d"), [make(1, 2, 2, 2), make(2, 1, 2, 2), make(1)]);
    add(inF("layerNorm"), [make(2, 3), [3], make(3), make(3)]);
    add(inF("rmsNorm"), [make(2, 3), [3], make(3)]);
    add(inF("groupNorm"), [make(2, 4, 2), 2, make(4), make(4)]);
    add(inF("embedding"), [
      ints([
        [0, 2],
        [2, 1],
      ]),
      make(3, 2),
    ]);
  }
  add(inF("linear"), [of(0, 3), of(2, 3), of(2)]);
  add(inF("linear"), [of(2, 2, 1).mT, of(3, 2).narrow(1, 0, 2)]);
  add(inF("conv1d"), [of(1, 1, 6), of(1, 1, 2), { dilation: 3 }]);
  add(inF("conv1d"), [of(1, 1, 4), of(1, 1, 3), { padding: "same" }]);
  add(inF("conv1d"), [of(0, 1, 4), of(1, 1, 3)]);
  add(inF("conv2d"), [of(1, 3, 3), of(1, 1, 2, 3), { padding: [1, 0], dilation: [2, 1] }]);
  add(inF("conv2d"), [of(1, 1, 3, 3), of(1, 1, 2, 2), { padding: "valid" }]);
  add(inF("conv2d"), [of(2, 1, 2, 2), of(2, 1, 1, 1), { bias: of(2) }]);
  add(inF("conv3d"), [of(1, 1, 2, 3, 2), of(1, 1, 2, 2, 1), of(1)]);
  add(inF("convTranspose2d"), [of(1, 2, 2), of(1, 2, 2, 2), { stride: 2, padding: 1, outputPadding: 1 }]);
  add(inF("convTranspose2d"), [of(1, 2, 2, 1), of(2, 1, 1, 2), { groups: 2, dilation: 2 }]);
  add(inF("convTranspose3d"), [of(1, 1, 1, 2, 2), of(1, 1, 2, 1, 2), of(1)]);
  add(inF("layerNorm"), [of(2, 2, 2), [2, 2], of(2, 2), of(2, 2), 0.1]);
  add(inF("layerNorm"), [of(2, 3), [3]]);
  add(inF("layerNorm"), [of(2, 3), [3], { bias: of(3) }]);
  add(inF("layerNorm"), [of(0, 3), [3], of(3), of(3)]);
  add(inF("rmsNorm"), [of(2, 2, 2), [2, 2], { weight: of(2, 2), eps: 0.1 }]);
  add(inF("rmsNorm"), [of(2, 3), [3]]);
  add(inF("groupNorm"), [of(1, 4), 2]);
  add(inF("groupNorm"), [of(2, 2, 2, 1), 1, { weight: of(2), eps: 0.1 }]);
  add(inF("instanceNorm"), [of(2, 2, 3)]);
  add(inF("instanceNorm"), [of(1, 2, 2, 2), { weight: of(2), bias: of(2), eps: 0.1 }]);
  add(inF("instanceNorm"), [single(1, 2, 3)]);
  // What was measured before has no gradient, so that it does not come as an argument.
  const [mean, variance] = [of(2), values([2], 0.5, 1)];
  const evaluated: Callable = (x, weight, bias) =>
    F.batchNorm(x as Tensor, mean, variance, { weight: weight as Tensor, bias: bias as Tensor, training: false });
  add(inF("batchNorm"), [of(3, 2), of(2), of(2)], { call: evaluated });
  add(inF("batchNorm"), [of(3, 2), mean, variance], { differentiable: false });
  add(inF("batchNorm"), [of(3, 2, 2), null, null, { weight: of(2), bias: of(2), training: true }]);
  const table = of(3, 2);
  add(inF("embedding"), [ints(1), table]);
  add(inF("embedding"), [ints([0, 1, 1]), table, { paddingIdx: 1 }], { differentiable: false });
  add(inF("embedding"), [ints([]), table]);
  for (const mode of ["sum", "mean", "max"]) {
    add(inF("embeddingBag"), [
      ints([
        [0, 2],
        [1, 0],
      ]),
      table,
      { mode },
    ]);
    add(inF("embeddingBag"), [ints([0, 2, 1, 1]), table, ints([0, 3]), { mode }]);
    add(inF("embeddingBag"), [ints([0, 2, 1]), table, ints([0, 2, 2]), { mode, paddingIdx: 2 }]);
  }
  add(inF("embeddingBag"), [ints([0, 2, 1]), table, ints([0, 1]), { mode: "sum", perSampleWeights: of(3) }]);
  add(inF("embeddingBag"), [ints([0, 2, 1]), table, ints([0, 1, 3]), { mode: "sum", includeLastOffset: true }]);
  add(inF("scaledDotProductAttention"), [of(2, 3, 2), of(2, 2, 2), of(2, 2, 3)]);
  add(inF("scaledDotProductAttention"), [of(1, 2, 2), of(1, 2, 2), of(1, 2, 2), { isCausal: true }]);
  add(inF("scaledDotProductAttention"), [of(1, 2, 2), of(1, 3, 2), of(1, 3, 2), { attnMask: of(2, 3) }]);
  add(inF("scaledDotProductAttention"), [
    of(2, 2),
    of(2, 2),
    of(2, 2),
    {
      attnMask: doubles([
        [1, 0],
        [1, 1],
      ]).gt(0),
    },
  ]);
  return list;
}

/** The samples of pooling, resampling and padding. */
export function windows(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, 0, 1);
  const single = (...shape: number[]): Tensor => of(...shape).to(float32);
  for (const make of [of, single]) {
    add(inF("maxPool1d avgPool1d maxPool1dWithIndices"), [make(1, 1, 6), 2]);
    add(inF("maxPool2d avgPool2d maxPool2dWithIndices"), [make(1, 1, 4, 4), 2]);
    add(inF("adaptiveAvgPool1d adaptiveMaxPool1d"), [make(1, 2, 5), 2]);
    add(inF("adaptiveAvgPool2d adaptiveMaxPool2d"), [make(1, 1, 4, 3), [2, 2]]);
    add(inF("pad"), [make(2, 3), [1, 2]]);
    add(inF("interpolate"), [make(1, 1, 3), { size: 5 }]);
  }
  add(inF("maxPool1d maxPool1dWithIndices"), [of(1, 6), 3, { stride: 1, padding: 1, ceilMode: true }]);
  add(inF("maxPool2d maxPool2dWithIndices"), [of(1, 4, 4), [2, 3], { stride: [1, 2], padding: [1, 1] }]);
  add(inF("maxPool2d"), [of(1, 1, 5, 4), 2, { dilation: 2, ceilMode: true, returnIndices: true }]);
  add(inF("maxPool3d"), [of(1, 1, 2, 2, 4), [2, 1, 2]]);
  add(inF("avgPool1d"), [of(1, 5), 3, { stride: 2, padding: 1, countIncludePad: false }]);
  add(inF("avgPool2d"), [of(1, 4, 4), 3, { stride: 2, padding: 1, ceilMode: true, divisorOverride: 4 }]);
  add(inF("avgPool3d"), [of(1, 1, 2, 2, 4), [2, 1, 2]]);
  add(inF("adaptiveAvgPool2d adaptiveMaxPool2d"), [of(1, 3, 4), [null, 2]]);
  add(inF("adaptiveAvgPool3d adaptiveMaxPool3d"), [of(1, 2, 2, 3), [1, 2, 2]]);
  add(inF("adaptiveMaxPool2d"), [of(1, 3, 4), [2, 2], true]);
  add(inF("upsampleBilinear upsampleNearest"), [of(1, 1, 2, 2), { size: [3, 4] }]);
  add(inF("upsampleBilinear upsampleNearest"), [of(1, 1, 2, 3), { scaleFactor: 2 }]);
  for (const mode of ["linear", "nearest", "nearest-exact"]) add(inF("interpolate"), [of(1, 2, 3), { size: 4, mode }]);
  for (const mode of ["bilinear", "bicubic", "nearest", "area"]) {
    add(inF("interpolate"), [of(1, 1, 3, 2), { size: [4, 3], mode }]);
    if (mode.startsWith("bi"))
      add(inF("interpolate"), [of(1, 1, 3, 2), { scaleFactor: 1.5, mode, alignCorners: true }]);
  }
  add(inF("interpolate"), [of(1, 1, 2, 2, 2), { size: [3, 2, 3], mode: "trilinear" }]);
  for (const mode of ["constant", "reflect", "replicate", "circular"]) {
    add(inF("pad"), [of(1, 1, 4), [2, 1], { mode }]);
    add(inF("pad"), [of(1, 1, 3, 3), [1, 0, 2, 1], { mode }]);
  }
  add(inF("pad"), [of(2, 4), [-1, 1, 0, 1], { value: 0.5 }]);
  add(inF("pad"), [ints([[1, 2]]), [1, 1], { value: 7 }]);
  add(inF("fold"), [of(1, 4, 4), [3, 3], 2]);
  add(inF("fold"), [of(4, 4), [3, 3], 2]);
  add(inF("unfold"), [of(1, 1, 3, 4), [2, 2]]);
  add(inF("unfold"), [of(1, 3, 3), 2, { dilation: 2, padding: 1, stride: 2 }]);
  add(inF("pixelShuffle"), [of(1, 4, 2, 1), 2]);
  add(inF("pixelUnshuffle"), [of(1, 1, 2, 4), 2]);
  for (const paddingMode of ["zeros", "border", "reflection"]) {
    for (const mode of ["bilinear", "nearest"]) {
      add(inF("gridSample"), [
        of(1, 1, 3, 3),
        values([1, 2, 2, 2], 0.1, 0.45),
        { mode, paddingMode, alignCorners: true },
      ]);
    }
  }
  return list;
}

/** The samples of losses. */
export function losses(values: Values): Sample[] {
  const { list, add } = collector();
  const of = (...shape: number[]): Tensor => values(shape, -1, 1);
  const input = of(3, 4);
  const classes = ints([0, 3, 1]);
  for (const reduction of ["mean", "sum", "none"]) {
    add(inF("crossEntropy nllLoss"), [input, classes, { reduction }]);
    add(inF("crossEntropy nllLoss"), [input, classes, { reduction, weight: values([4], 0.5, 1).detach() }], {
      differentiable: false,
    });
    add(inF("crossEntropy"), [input, classes, { reduction, labelSmoothing: 0.1, ignoreIndex: 3 }]);
    add(inF("nllLoss"), [
      of(2, 3, 2),
      ints([
        [0, 1],
        [2, 2],
      ]),
      { reduction, ignoreIndex: 1 },
    ]);
    add(inF("crossEntropy"), [of(2, 3), values([2, 3], 0.1, 0.5), { reduction }]);
    const a = values([2, 3], 0.1, 0.4);
    const b = values([2, 3], 0.5, 0.9);
    add(inF("mseLoss l1Loss smoothL1Loss huberLoss klDiv poissonNllLoss softMarginLoss"), [a, b, { reduction }]);
    add(inF("binaryCrossEntropy binaryCrossEntropyWithLogits"), [a, b, { reduction }]);
    add(
      inF("binaryCrossEntropy binaryCrossEntropyWithLogits"),
      [a, b, { reduction, weight: values([3], 0.5, 1).requiresGrad_(false) }],
      { differentiable: false },
    );
    add(inF("gaussianNllLoss"), [a, b, values([2, 3], 0.5, 1), { reduction }]);
    add(inF("marginRankingLoss"), [a, b, doubles([[1, -1, 1]]), { reduction, margin: 2 }], { differentiable: false });
    add(inF("hingeEmbeddingLoss"), [a, doubles([[1, -1, 1]]), { reduction, margin: 2 }], { differentiable: false });
    add(inF("cosineEmbeddingLoss"), [a, b, doubles([1, -1]), { reduction }], { differentiable: false });
    add(inF("multiMarginLoss"), [of(2, 3), ints([0, 2]), { reduction, margin: 3 }]);
    add(inF("multilabelMarginLoss"), [
      values([2, 3], 0.1, 0.4),
      ints([
        [0, 2, -1],
        [1, -1, 0],
      ]),
      { reduction },
    ]);
    add(inF("multilabelSoftMarginLoss"), [a, b, { reduction }]);
    add(inF("tripletMarginLoss tripletMarginWithDistanceLoss"), [
      values([2, 3], 0, 1),
      values([2, 3], 0, 1),
      values([2, 3], 2, 3),
      { reduction, margin: 10 },
    ]);
    add(inF("tripletMarginLoss"), [of(2, 2), of(2, 2), of(2, 2), { reduction, margin: 10, swap: true, p: 3 }]);
    add(inF("mseLoss huberLoss"), [a.to(float32), b.to(float32), { reduction }]);
    add(inF("crossEntropy"), [input.to(float32), classes, { reduction }]);
  }
  add(inF("crossEntropy nllLoss"), [of(4), ints(2)]);
  add(inF("mseLoss"), [of(), of()]);
  add(inF("mseLoss l1Loss"), [of(0, 2), of(0, 2), { reduction: "sum" }]);
  add(inF("cosineSimilarity pairwiseDistance"), [of(2, 3), of(2, 3)]);
  add(inF("cosineSimilarity"), [of(2, 3), of(3), { dim: -1 }]);
  add(inF("pairwiseDistance"), [of(2, 3), of(2, 3), { p: 1, keepdim: true }]);
  add(inF("pdist"), [of(3, 2)]);
  return list;
}
