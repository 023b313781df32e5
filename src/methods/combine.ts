// Methods of tensors: the family ops/combine.

import * as family from "../ops/combine.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
