// Methods of tensors: the family ops/pointwise.

import * as family from "../ops/pointwise.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
