// Methods of tensors: the family ops/covariance.

import * as family from "../ops/covariance.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
