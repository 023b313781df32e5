// The whole library for edge-light runtimes: the bundler hands over the compiled artifact.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-edge-import.js";
