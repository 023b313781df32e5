// The whole library for browsers: await init() once before the first operation.

export * from "../index.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-url.js";
