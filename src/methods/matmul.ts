// Methods of tensors: the family ops/matmul.

import * as family from "../ops/matmul.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
