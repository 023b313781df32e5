// Methods of tensors: the family ops/extremum.

import * as family from "../ops/extremum.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
