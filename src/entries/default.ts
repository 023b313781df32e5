// The whole library for runtimes that name no condition: await init() once, as in browsers.
/// <reference lib="esnext.disposable" preserve="true" />
export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-url.js";
