// wengert/slim for Node, Deno and Bun: functions without methods.
export * from "../slim.js";
export type { InitOptions } from "../wasm/load.js";
export { init } from "./from-file.js";
