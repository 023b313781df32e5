// The namespace `optim`.

export { Adadelta, type AdadeltaOptions, Adagrad, type AdagradOptions } from "./adagrad.js";
export { Adam, type AdamOptions, AdamW } from "./adam.js";
export { Adamax, type AdamaxOptions } from "./adamax.js";
export { ASGD, type ASGDOptions } from "./asgd.js";
export { LBFGS, type LBFGSOptions } from "./lbfgs.js";
export * as lrScheduler from "./lr-scheduler/index.js";
export { Muon, type MuonOptions } from "./muon.js";
export { NAdam, type NAdamOptions } from "./nadam.js";
export {
  type Closure,
  type GroupFields,
  type GroupInput,
  Optimizer,
  type OptimizerParams,
  type ParamGroup,
  type ParamState,
  type Params,
  type StepHook,
} from "./optimizer.js";
export { RAdam, type RAdamOptions } from "./radam.js";
export { RMSprop, type RMSpropOptions, Rprop, type RpropOptions } from "./rmsprop.js";
export { SGD, type SGDOptions } from "./sgd.js";
export type { OptimizerStateDict } from "./state.js";
export * as swaUtils from "./swa-utils.js";
