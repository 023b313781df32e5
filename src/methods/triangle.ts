// Methods of tensors: the family ops/triangle.

import * as family from "../ops/triangle.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
