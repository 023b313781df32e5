// The namespace `autograd`.

export { backward, grad } from "./backward.js";
export * as forwardAd from "./forward-ad.js";
export { gradcheck, gradgradcheck } from "./gradcheck.js";
