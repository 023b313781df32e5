// Methods of tensors: the family ops/extremum.

import type { ExtremumOptions, ValuesAndIndices } from "../ops/extremum.js";
import * as family from "../ops/extremum.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "max" | "min"> {
    /** The largest element; with another tensor the larger of two, element by element; with a dim, values and indices. */
    max(): Tensor;
    max(other: Tensor): Tensor;
    max(dim: number, keepdim?: boolean | ExtremumOptions): ValuesAndIndices;
    max(options: ExtremumOptions & { readonly dim: number }): ValuesAndIndices;
    /** The smallest element; with another tensor the smaller of two, element by element; with a dim, values and indices. */
    min(): Tensor;
    min(other: Tensor): Tensor;
    min(dim: number, keepdim?: boolean | ExtremumOptions): ValuesAndIndices;
    min(options: ExtremumOptions & { readonly dim: number }): ValuesAndIndices;
  }
}

install(family);
