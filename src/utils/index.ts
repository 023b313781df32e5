// The namespace `utils`.

export { deepcopy } from "../op/deepcopy.js";
export * as checkpoint from "./checkpoint.js";
export * as data from "./data/index.js";
