// Methods of tensors: the family ops/rounding.

import * as family from "../ops/rounding.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
