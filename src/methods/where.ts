// Methods of tensors: where, as x.where(condition, other), and maskedFill.

import type { Operand } from "../op/nest.js";
import { maskedFill, maskedFill_, where } from "../ops/where.js";
import type { Tensor as Self } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

const family = {
  maskedFill,
  maskedFill_,
  where: (x: Self, condition: Self, other: Operand): Self => where(condition, x, other),
};

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {}
}

install(family);
