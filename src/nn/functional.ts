// The namespace `nn.functional`: what layers compute, as functions.

export * from "./functional/dropout.js";
export * from "./functional/linear.js";
export * from "./functional/regression.js";
