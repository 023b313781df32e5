// Methods of tensors: the family ops/compare.

import * as family from "../ops/compare.js";
import { type MethodsOf, install } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
