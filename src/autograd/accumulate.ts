// A gradient into the tensor it belongs to.

import { GraphError } from "../errors.js";
import { copyInto } from "../op/copy.js";
import { add } from "../ops/arithmetic.js";
import { clone } from "../ops/cast.js";
import { detach } from "../ops/detach.js";
import { hiddenDims, hides } from "../tensor/batch.js";
import { contiguous, isDenseNonOverlapping, sameShape } from "../tensor/layout.js";
import { adoptForUser, outsideScopes } from "../tensor/lifetime.js";
import { emptyOf, type Tensor } from "../tensor/tensor.js";
import { recording } from "../wasm/recording.js";

/**
 * Adds a gradient into `tensor.grad`. The first is taken as it is if nobody else has it and its layout is the
 * tensor's, else copied; later ones are added in place, or, when the pass is recorded, into a new tensor.
 */
export function accumulate(tensor: Tensor, gradient: Tensor, recorded: boolean): void {
  if (gradient.storage.batch !== null && hiddenDims(gradient).some(({ level }) => !hides(tensor, level))) {
    throw new GraphError(
      "backward: backward() called inside a functorch transform: the gradient belongs to one example of a vmap, the tensor to " +
        "all of them. Use func.grad or func.vjp inside vmap, or call backward() on its result.",
    );
  }
  if (recording.by !== null) recording.by.gradientRead(tensor);
  const old = tensor.gradient;
  if (old === null) store(tensor, recorded ? clone(gradient) : first(tensor, gradient));
  else if (recorded || old.dtype !== gradient.dtype) {
    const total = add(old, gradient);
    tensor.dropGradient();
    store(tensor, total);
  } else add.inplace(old, gradient);
}

/** A tensor's gradient lives as long as the tensor, whatever scope it was made in. */
function store(tensor: Tensor, gradient: Tensor): void {
  gradient.kept = true;
  gradient.temporary = false;
  tensor.gradient = gradient;
  tensor.gradientSeen = false;
  tensor.gradientOwned = true;
}

/** The engine's own gradient where nobody else has it and it lies as the tensor does; else a copy that does. */
function first(tensor: Tensor, gradient: Tensor): Tensor {
  const layout = isDenseNonOverlapping(tensor.layout)
    ? { shape: tensor.shape, strides: tensor.layout.strides, offset: 0 }
    : contiguous(tensor.shape);
  const free = gradient.temporary && gradient.claims === 1 && gradient.storage.exclusive;
  if (free && gradient.layout.offset === 0 && sameShape(gradient.layout.strides, layout.strides)) {
    // A view that has the memory for itself is one no more.
    if (gradient.ownHistory === null) gradient.viewOf = null;
    if (gradient.history !== null || gradient.tangents !== null) return detach(gradient);
    adoptForUser(gradient);
    return gradient;
  }
  return outsideScopes(() => {
    const own = emptyOf("backward", layout, gradient.dtype);
    copyInto(own, gradient);
    return own;
  });
}
