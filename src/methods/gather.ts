// Methods of tensors: the family ops/gather.

import * as family from "../ops/gather.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
