// The artifact as text: the build writes the module that goes with this declaration.

/** The bytes of `wengert.wasm` in base64. */
export const base64: string;
/** The text of `wengert-worker.js`. */
export const worker: string;
