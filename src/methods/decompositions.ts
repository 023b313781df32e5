// Methods of tensors: the family ops/decompositions.

import * as family from "../ops/decompositions.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
