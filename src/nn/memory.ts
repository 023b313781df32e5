// Changing what a tensor's memory is while the tensor stays the same object.

import { setData } from "../autograd/properties.js";
import { fill_, to } from "../ops/cast.js";
import { detach } from "../ops/detach.js";
import { unrecorded } from "../tape/mode.js";
import type { DType } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";

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

/** Writes zeros. */
export function clear(tensor: Tensor): void {
  unrecorded(() => fill_(tensor, 0));
}
