// Methods and properties of tensors: the family ops/views, and transposed views.

import { ShapeError } from "../errors.js";
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
const matrix = (name: string) => (x: Tensor) => {
  if (x.ndim >= 2) return transpose(x, -2, -1);
  if (x.ndim === 0) return permute(x, []);
  throw new ShapeError(
    `${name}: tensor.${name} is only supported on matrices or batches of matrices. Got ${x.ndim}-D tensor.`,
  );
};
const adjoint = (x: Tensor): Tensor => {
  if (x.ndim === 2) return transpose(x, 0, 1);
  if (x.ndim === 0) return permute(x, []);
  throw new ShapeError(`H: tensor.H is only supported on matrices (2-D tensors). Got ${x.ndim}-D tensor.`);
};
for (const [name, get] of Object.entries({ T: reversed, H: adjoint, mT: matrix("mT"), mH: matrix("mH") })) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return get(this);
    },
    configurable: true,
  });
}
