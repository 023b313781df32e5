// Methods of tensors: the family ops/splitting.

import * as family from "../ops/splitting.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
