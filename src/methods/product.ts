// Methods of tensors: the family ops/product.

import * as family from "../ops/product.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
