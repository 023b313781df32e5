// Methods of tensors: the family ops/scatter-reduce.

import * as family from "../ops/scatter-reduce.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
