// Methods of tensors: the family ops/nonzero.

import * as family from "../ops/nonzero.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
