// Methods of tensors: the family ops/compaction.

import * as family from "../ops/compaction.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
