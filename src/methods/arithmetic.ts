// Methods of tensors: the family ops/arithmetic.

import * as family from "../ops/arithmetic.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
