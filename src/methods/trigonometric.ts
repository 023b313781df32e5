// Methods of tensors: the family ops/trigonometric.

import * as family from "../ops/trigonometric.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
