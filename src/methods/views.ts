// Methods and properties of tensors: the family ops/views, and transposed views.

import { permute, transpose } from "../ops/shape.js";
import * as family from "../ops/views.js";
import { Tensor } from "../tensor/tensor.js";
import { install, type MethodsOf } from "./install.js";

declare module "../tensor/tensor.js" {
  interface Tensor extends MethodsOf<typeof family> {
    /** All dims in reverse order, a view. */
    readonly T: Tensor;
    /** The last two dims exchanged, a view. */
    readonly mT: Tensor;
    /** The transposed matrix, a view; the same as `T` for real dtypes. */
    readonly H: Tensor;
    /** The last two dims exchanged, a view; the same as `mT` for real dtypes. */
    readonly mH: Tensor;
  }
}

install(family);

const reversed = (x: Tensor): Tensor =>
  permute(
    x,
    x.shape.map((_, d) => x.ndim - 1 - d),
  );
const matrix = (x: Tensor): Tensor => transpose(x, -2, -1);
for (const [name, get] of Object.entries({ T: reversed, H: reversed, mT: matrix, mH: matrix })) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return get(this);
    },
    configurable: true,
  });
}
