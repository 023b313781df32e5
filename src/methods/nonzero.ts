// Methods of tensors: the family ops/nonzero.

import * as family from "../ops/nonzero.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "nonzero"> {
    /** The indices of the elements that are not zero: a matrix, or with `asTuple` one tensor for each dim. */
    nonzero(): Tensor;
    nonzero(options: { readonly asTuple: true }): Tensor[];
  }
}

install(family);
