// Methods of tensors: the family ops/cast.

import * as family from "../ops/cast.js";
import { type MethodsOf, install } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
