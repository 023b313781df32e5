// The whole library for Bun: loaded by the import.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-file.js";
