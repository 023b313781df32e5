// Methods of tensors: the family ops/quantile.

import * as family from "../ops/quantile.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
