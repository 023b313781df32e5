// Methods of tensors: the family ops/reals; real and imag are properties in PyTorch.

import { angle, conj, conjPhysical, conjPhysical_, imag, real, resolveConj, resolveNeg } from "../ops/reals.js";
import { Tensor } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

const family = { angle, conj, conjPhysical, conjPhysical_, resolveConj, resolveNeg };

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {
    /** The real part: the tensor itself. */
    readonly real: Tensor;
    /** The imaginary part, which real tensors do not have: throws. */
    readonly imag: Tensor;
  }
}

install(family);
for (const [name, get] of Object.entries({ real, imag })) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return get(this);
    },
    configurable: true,
  });
}
