// The namespace `autograd`.

export { backward, grad } from "./backward.js";
