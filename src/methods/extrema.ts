// Methods of tensors: the family ops/extrema.

import * as family from "../ops/extrema.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
