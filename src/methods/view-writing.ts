// Methods of tensors: the family ops/view-writing.

import * as family from "../ops/view-writing.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
