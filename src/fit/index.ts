// The training loop: exported as `fit`.

export { fit } from "./fit.js";
export type {
  Batches,
  EarlyStopping,
  EpochReport,
  FitOptions,
  FitResult,
  ProgressReport,
  Scheduler,
  StepResult,
} from "./options.js";
