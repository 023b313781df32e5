// The namespace `nn`.

export * from "./containers.js";
export * as functional from "./functional.js";
export * as init from "./init.js";
export * from "./layers/linear.js";
export type { ForwardHook } from "./module.js";
export { Module } from "./module.js";
export { Parameter, type ParameterOptions } from "./parameter.js";
export * from "./parameter-containers.js";
export type { IncompatibleKeys, StateDict, StateDictOptions } from "./state.js";
