// The namespace `nn`.

export * as functional from "./functional.js";
