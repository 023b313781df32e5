// The whole library with the artifact inside: no file to serve and nothing to await.
/// <reference lib="esnext.disposable" preserve="true" />
export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-text.js";
