// Methods of tensors: the family ops/unique.

import {
  type UniqueAnswer,
  type UniqueConsecutiveOptions,
  type UniqueOptions,
  unique,
  uniqueConsecutive,
} from "../ops/unique.js";
import type { Tensor } from "../tensor/tensor.js";
import { install } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor {
    /** The different elements, or slices: see the function `unique`. */
    unique<const O extends UniqueOptions>(options?: O): UniqueAnswer<O>;
    /** The first of each run of equal elements, or slices: see the function `uniqueConsecutive`. */
    uniqueConsecutive<const O extends UniqueConsecutiveOptions>(options?: O): UniqueAnswer<O>;
  }
}

install({ unique, uniqueConsecutive } satisfies Record<string, (x: Tensor, ...rest: never[]) => unknown>);
