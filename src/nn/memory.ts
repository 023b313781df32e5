// Changing what a tensor's memory is while the tensor stays the same object.

import { setData } from "../autograd/properties.js";
import { DTypeError } from "../errors.js";
import { fill_, to } from "../ops/cast.js";
import { detach } from "../ops/detach.js";
import { unrecorded } from "../tape/mode.js";
import { checkDtype, type DType, isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { recording } from "../wasm/recording.js";

/** Casts a leaf, and its gradient, to another dtype: the object stays, its memory is new. */
export function castInPlace(tensor: Tensor, dtype: DType): void {
  if (tensor.dtype === dtype) return;
  unrecorded(() =>
    temporaries(() => {
      setData(tensor, to(detach(tensor), dtype));
      return null;
    }),
  );
  if (tensor.gradient !== null) castInPlace(tensor.gradient, dtype);
}

/** Throws unless a dtype is floating-point. */
export function checkFloat(op: string, dtype: DType): void {
  checkDtype(op, dtype);
  if (isFloat(dtype)) return;
  throw new DTypeError(
    `${op}: nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.${dtype}`,
  );
}

/** Writes zeros into the gradient of a tensor that has one. */
export function clearGradient(tensor: Tensor): void {
  if (recording.by !== null) recording.by.gradientRead(tensor);
  const { gradient } = tensor;
  if (gradient !== null) unrecorded(() => fill_(gradient, 0));
}
