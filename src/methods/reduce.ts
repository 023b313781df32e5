// Methods of tensors: the family ops/reduce.

import * as family from "../ops/reduce.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
