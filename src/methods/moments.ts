// Methods of tensors: the family ops/moments.

import * as family from "../ops/moments.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
