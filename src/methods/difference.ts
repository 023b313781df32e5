// Methods of tensors: the family ops/difference, of which PyTorch has one as a method.

import { diff } from "../ops/difference.js";
import { install, type MethodsOf } from "./install.js";

const family = { diff };

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
