// The library together with the samples of its operators, as scripts/operators.mjs loads them.

export * as library from "../../src/entries/node.js";
export { samples } from "./samples.js";
