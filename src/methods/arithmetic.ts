// Methods of tensors: the family ops/arithmetic.

import * as family from "../ops/arithmetic.js";
import { type MethodsOf, install } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
