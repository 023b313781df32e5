// Methods of tensors: the family ops/repetition.

import * as family from "../ops/repetition.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends Omit<MethodsOf<typeof family>, "broadcastTensors" | "broadcastShapes" | "meshgrid"> {}
}

install(family, ["broadcastTensors", "broadcastShapes", "meshgrid"]);
