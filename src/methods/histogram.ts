// Methods of tensors: the family ops/histogram.

import * as family from "../ops/histogram.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
