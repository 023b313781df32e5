// Methods of tensors: the family ops/cast.

import * as family from "../ops/cast.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
