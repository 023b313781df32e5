// The namespace `autograd`.

export {
  detectAnomaly,
  isAnomalyCheckNanEnabled,
  isAnomalyEnabled,
  setDetectAnomaly,
} from "./anomaly.js";
export { backward, type BackwardOptions, grad, type GradientEdge, type GradOptions } from "./backward.js";
export * as forwardAd from "./forward-ad.js";
export { Function, FunctionCtx } from "./function.js";
export * as function from "./function.js";
export { gradcheck, type GradcheckOptions, gradgradcheck } from "./gradcheck.js";
export * as graph from "./graph.js";
