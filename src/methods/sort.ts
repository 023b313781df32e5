// Methods of tensors: the family ops/sort.

import * as family from "../ops/sort.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
