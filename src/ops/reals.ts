// What functions of complex numbers give for real ones: real, conj, angle.

import { DTypeError } from "../errors.js";
import { asTensor, nothingMore } from "../op/args.js";
import { elementwise, type Unary } from "../op/elementwise.js";
import { type Applied, op } from "../op/op.js";
import type { Tensor } from "../tensor/tensor.js";
import { clone } from "./cast.js";
import { zerosLike } from "./creation.js";

/** The real part: `x` itself, as there are no complex dtypes. */
export function real(x: Tensor, ...rest: []): Tensor {
  nothingMore("real", rest);
  return asTensor("real", x);
}

/** The imaginary part, which real tensors do not have. @throws DTypeError always. */
export function imag(x: Tensor, ...rest: []): Tensor {
  nothingMore("imag", rest);
  throw new DTypeError(
    `imag: imag is not implemented for tensors with non-complex dtypes, got ${asTensor("imag", x).dtype}`,
  );
}

/** The complex conjugate: `x` itself. */
export function conj(x: Tensor, ...rest: []): Tensor {
  nothingMore("conj", rest);
  return asTensor("conj", x);
}

/** The same as `conj`: there is nothing to be worked out later. */
export { conj as conjPhysical, conj as resolveConj, conj as resolveNeg };

const conjOp: Applied<null> = op({
  name: "conjPhysical",
  label: "ConjPhysicalBackward1",
  forward: ([x]) => clone(x as Tensor),
  gradients: { x: { reads: [], of: ({ g }) => g } },
  tangent: "linear",
});

/** The complex conjugate in place: nothing changes, but it counts as a write and stands on the tape. */
export function conjPhysical_(self: Tensor, ...rest: []): Tensor {
  nothingMore("conjPhysical_", rest);
  return conjOp.inplace([asTensor("conjPhysical_", self, "self")], null, () => {});
}

/** The angle in the complex plane: π below 0, else 0; NaN for NaN. The gradient is zero. */
export const angle: Unary = elementwise({
  name: "angle",
  dtype: "floating",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});
