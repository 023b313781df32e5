// Methods of tensors: the family ops/scatter.

import * as family from "../ops/scatter.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
