// Everything that users import, with all methods on tensors.

import "./methods/arithmetic.js";
import "./methods/autograd.js";
import "./methods/cast.js";
import "./methods/compare.js";
import "./methods/matmul.js";
import "./methods/pointwise.js";
import "./methods/random.js";
import "./methods/reduce.js";
import "./methods/shape.js";
import "./methods/tensor.js";
import "./methods/where.js";

export * as autograd from "./autograd/index.js";
export * from "./errors.js";
export * from "./ops/arithmetic.js";
export * from "./ops/cast.js";
export * from "./ops/compare.js";
export * from "./ops/creation.js";
export * from "./ops/detach.js";
export * from "./ops/einsum.js";
export * from "./ops/matmul.js";
export * from "./ops/pointwise.js";
export * from "./ops/random.js";
export * from "./ops/reduce.js";
export * from "./ops/shape.js";
export * from "./ops/where.js";
export * as nn from "./nn/index.js";
export * as F from "./nn/functional.js";
export { enableGrad, isGradEnabled, noGrad, setGradEnabled } from "./tape/mode.js";
export { bool, type DType, float32, float64, getDefaultDtype, int32, setDefaultDtype } from "./tensor/dtype.js";
export { getPrintoptions, setPrintoptions } from "./tensor/format.js";
export { Generator, defaultGenerator, getRngState, manualSeed, setRngState } from "./tensor/generator.js";
export { keep, Scope, scope } from "./tensor/scope.js";
export { Tensor } from "./tensor/tensor.js";
export { memory } from "./wasm/memory.js";
