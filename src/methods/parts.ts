// Methods of tensors: the family ops/parts.

import * as family from "../ops/parts.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
