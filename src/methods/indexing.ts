// Methods of tensors: the family ops/indexing.

import * as family from "../ops/indexing.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family, ["Slice"]);
