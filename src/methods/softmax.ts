// Methods of tensors: the family ops/softmax.

import * as family from "../ops/softmax.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
