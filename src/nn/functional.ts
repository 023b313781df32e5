// The namespace `nn.functional`: what layers compute, as functions.

export { gelu } from "../ops/gelu.js";
export { logSoftmax, softmax } from "../ops/softmax.js";
export * from "./functional/activation.js";
export * from "./functional/adaptive-pooling.js";
export * from "./functional/attention.js";
export * from "./functional/binary.js";
export * from "./functional/cells.js";
export * from "./functional/classification.js";
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type Sizes,
} from "./functional/conv.js";
export * from "./functional/ctc.js";
export * from "./functional/distance.js";
export * from "./functional/dropout.js";
export * from "./functional/embedding.js";
export * from "./functional/fold.js";
export * from "./functional/gating.js";
export { affineGrid, gridSample } from "./functional/grid.js";
export * from "./functional/interpolate.js";
export * from "./functional/linear.js";
export * from "./functional/normalisation.js";
export * from "./functional/one-hot.js";
export { type PadMode, type PadOptions, pad } from "./functional/pad.js";
export * from "./functional/piecewise.js";
export {
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool1dWithIndices,
  maxPool2d,
  maxPool2dWithIndices,
  maxPool3d,
  maxPool3dWithIndices,
  type WithIndices,
} from "./functional/pooling.js";
export * from "./functional/ranking.js";
export * from "./functional/rearrange.js";
export * from "./functional/regression.js";
export * from "./functional/unpooling.js";
