// Methods of tensors: the family ops/median. Overloads are written out: types of methods are inferred from one form.

import * as family from "../ops/median.js";
import type { DimOptions, DimRest, ValuesAndIndices } from "../ops/picked.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<Omit<typeof family, "median" | "nanmedian">> {
    /** The lower median of all elements, or along a dim with where it is: see the function `median`. */
    median(): Tensor;
    median(...rest: DimRest): ValuesAndIndices;
    median(options: DimOptions): ValuesAndIndices;
    /** `median` of the elements that are not NaN. */
    nanmedian(): Tensor;
    nanmedian(...rest: DimRest): ValuesAndIndices;
    nanmedian(options: DimOptions): ValuesAndIndices;
  }
}

install(family);
