// Methods of tensors: the family ops/reshaping.

import * as family from "../ops/reshaping.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
