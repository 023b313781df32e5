// The namespace `optim.lrScheduler`.

export { ChainedScheduler, SequentialLR } from "./composite.js";
export {
  ConstantLR,
  type ConstantLROptions,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  type CosineOptions,
  LinearLR,
  type LinearLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  type WarmRestartsOptions,
} from "./curves.js";
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from "./cyclic.js";
export { type PlateauOptions, ReduceLROnPlateau } from "./plateau.js";
export { LRScheduler, type SchedulerOptions, type SchedulerState } from "./scheduler.js";
export {
  ExponentialLR,
  type GammaOptions,
  LambdaLR,
  type LRFunction,
  MultiplicativeLR,
  MultiStepLR,
  StepLR,
} from "./steps.js";
