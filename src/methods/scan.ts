// Methods of tensors: the family ops/scan.

import * as family from "../ops/scan.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
