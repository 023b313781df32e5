// wengert/slim for edge-light runtimes: functions without methods.
export * from "../slim.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-edge-import.js";
