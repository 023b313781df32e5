// Methods of tensors: the family ops/compare.

import * as family from "../ops/compare.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
