// Methods of tensors: the family ops/norm.

import * as family from "../ops/norm.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
