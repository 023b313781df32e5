// The namespace `autograd.gradMode`: the modes of recording under PyTorch's names, and its switches that do nothing here.

import { asBoolean } from "../op/args.js";
import { ModeBlock, under } from "../tape/mode.js";

export {
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from "../tape/mode.js";

/** A switch without effect, in the forms of a mode. */
function without<T>(op: string, flag: boolean, body: (() => T) | undefined): T | ModeBlock {
  asBoolean(op, flag, "mode");
  return body === undefined ? new ModeBlock({}) : under(op, {}, body);
}

/** Accepted for programs written for PyTorch, and without effect: the engine has one thread. */
export function setMultithreadingEnabled(mode: boolean): ModeBlock;
export function setMultithreadingEnabled<T>(mode: boolean, body: () => T): T;
export function setMultithreadingEnabled<T>(mode: boolean, body?: () => T): T | ModeBlock {
  return without("setMultithreadingEnabled", mode, body);
}

/** Accepted for programs written for PyTorch, and without effect: gradients always get their leaf's layout. */
export function enforceGradLayoutPolicy(mode: boolean): ModeBlock;
export function enforceGradLayoutPolicy<T>(mode: boolean, body: () => T): T;
export function enforceGradLayoutPolicy<T>(mode: boolean, body?: () => T): T | ModeBlock {
  return without("enforceGradLayoutPolicy", mode, body);
}
