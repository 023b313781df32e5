// wengert/slim for workerd: functions without methods.
export * from "../slim.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-import.js";
