// The namespace `func`: functions of functions, as in torch.func.

export { type Dims, type VmapOptions, vmap } from "../autograd/vmap.js";
export type { Randomness } from "../tensor/batch.js";
export type { Argnums } from "./arguments.js";
export { type JvpOptions, jvp } from "./forward.js";
export {
  type FunctionalCallOptions,
  functionalCall,
  type ModuleLike,
  type NamedTensors,
  stackModuleState,
} from "./functional-call.js";
export { hessian, type JacfwdOptions, type JacrevOptions, jacfwd, jacrev } from "./jacobians.js";
export { type AuxOptions, type GradOptions, grad, gradAndValue, linearize, valueAndGrad, vjp } from "./reverse.js";
