// The namespace `autograd`.

export {
  detectAnomaly,
  isAnomalyCheckNanEnabled,
  isAnomalyEnabled,
  setDetectAnomaly,
} from "./anomaly.js";
export { type BackwardOptions, backward, type GradientEdge, type GradOptions, grad } from "./backward.js";
export * as forwardAd from "./forward-ad.js";
export * as function from "./function.js";
export { Function, FunctionCtx } from "./function.js";
export type { VmapInfo } from "./function-vmap.js";
export * as functional from "./functional.js";
export * as gradMode from "./grad-mode.js";
export * as testing from "./gradcheck.js";
export {
  GradcheckError,
  type GradcheckOptions,
  type GradgradcheckOptions,
  gradcheck,
  gradgradcheck,
} from "./gradcheck.js";
export * as graph from "./graph.js";
export * as profiler from "./profiler.js";
