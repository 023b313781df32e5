// Methods of tensors: the family ops/flip.

import * as family from "../ops/flip.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
