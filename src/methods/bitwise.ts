// Methods of tensors: the family ops/bitwise.

import * as family from "../ops/bitwise.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
