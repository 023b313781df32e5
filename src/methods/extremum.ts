// Methods of tensors: the family ops/extremum. Overloads are written out: types of methods are inferred from one form.

import * as family from "../ops/extremum.js";
import type { DimOptions, DimRest, ValuesAndIndices } from "../ops/picked.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<Omit<typeof family, "max" | "min">> {
    /** The largest element; along a dim with where it is; or of two tensors: see the function `max`. */
    max(): Tensor;
    max(other: Tensor): Tensor;
    max(...rest: DimRest): ValuesAndIndices;
    max(options: DimOptions): ValuesAndIndices;
    /** The smallest element; along a dim with where it is; or of two tensors: see the function `min`. */
    min(): Tensor;
    min(other: Tensor): Tensor;
    min(...rest: DimRest): ValuesAndIndices;
    min(options: DimOptions): ValuesAndIndices;
  }
}

install(family);
