// Methods of tensors: the family ops/gamma; polygamma as x.polygamma(n).

import * as family from "../ops/gamma.js";
import type { Tensor as Self } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

const turned = { polygamma: (x: Self, n: number): Self => family.polygamma(n, x) };

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "polygamma">, MethodsOf<typeof turned> {}
}

install(family, ["polygamma"]);
install(turned);
