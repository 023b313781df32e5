// Methods of tensors: the family ops/where.

import * as family from "../ops/where.js";
import { type MethodsOf, install } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
