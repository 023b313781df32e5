// The whole library for workerd: the bundler hands over the compiled artifact.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-import.js";
