// The namespace `nn`.

export * from "./containers.js";
export * as functional from "./functional.js";
export type { ForwardHook, NamedOptions } from "./hidden.js";
export * as init from "./init.js";
export * from "./layers/activation.js";
export * from "./layers/activation-settings.js";
export * from "./layers/adaptive-pooling.js";
export { type AdaptiveLogSoftmaxOptions, AdaptiveLogSoftmaxWithLoss } from "./layers/adaptive-softmax.js";
export * from "./layers/attention.js";
export * from "./layers/batch-norm.js";
export * from "./layers/conv.js";
export * from "./layers/dropout.js";
export * from "./layers/embedding.js";
export * from "./layers/linear.js";
export * from "./layers/loss.js";
export * from "./layers/norm.js";
export * from "./layers/padding.js";
export * from "./layers/pooling.js";
export * from "./layers/ranking-loss.js";
export * from "./layers/rearrange.js";
export * from "./layers/rnn.js";
export * from "./layers/rnn-cells.js";
export * from "./layers/transformer.js";
export {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./layers/transformer-layers.js";
export { Module } from "./module.js";
export { Parameter, type ParameterOptions } from "./parameter.js";
export * from "./parameter-containers.js";
export type { IncompatibleKeys, StateDict, StateDictOptions } from "./state.js";
export * as utils from "./utils/index.js";
