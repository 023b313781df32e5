// The whole library for Deno: loaded by the import, which needs permission to read the library's folder.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-file.js";
