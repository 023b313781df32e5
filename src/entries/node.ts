// The whole library for Node: loaded by the import, without top-level await, so that require() works.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-file.js";
