// Methods of tensors: the family ops/shape.

import * as family from "../ops/shape.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
