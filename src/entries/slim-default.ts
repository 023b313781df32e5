// wengert/slim for browsers and the rest: functions without methods; await init() once.
/// <reference lib="esnext.disposable" preserve="true" />
export * from "../slim.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-url.js";
