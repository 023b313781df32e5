// The namespace `utils`.

export * as checkpoint from "./checkpoint.js";
export { deepcopy } from "./deepcopy.js";
