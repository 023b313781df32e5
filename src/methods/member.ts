// Methods of tensors: the family ops/member.

import * as family from "../ops/member.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
