// The largest singular value of a weight by power iteration.

import { copy_ } from "../../ops/cast.js";
import { empty } from "../../ops/creation.js";
import { dot, mv } from "../../ops/matmul.js";
import { normal_ } from "../../ops/random.js";
import { flatten } from "../../ops/reshaping.js";
import { permute } from "../../ops/shape.js";
import { t } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { normalize } from "../functional/distance.js";
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from "../layers/conv.js";
import type { Module } from "../module.js";

/** The dim that counts a weight's outputs, where none is given. */
export function outputDim(module: Module, dim: number | null): number {
  if (dim !== null) return dim;
  const turned =
    module instanceof ConvTranspose1d || module instanceof ConvTranspose2d || module instanceof ConvTranspose3d;
  return turned ? 1 : 0;
}

/** A weight as a matrix: `dim` first, the others joined. */
export function asMatrix(weight: Tensor, dim: number): Tensor {
  const dims = [dim, ...weight.shape.map((_, d) => d).filter((d) => d !== dim)];
  return flatten(dim === 0 ? weight : permute(weight, dims), 1);
}

/** A random vector of length 1, drawn as PyTorch does. */
export function unitVector(size: number, like: Tensor, eps: number): Tensor {
  return unrecorded(() => temporaries(() => normalize(normal_(empty([size], { dtype: like.dtype })), { dim: 0, eps })));
}

/** Power iteration in place: u ← W v / ‖W v‖ and v ← Wᵀ u / ‖Wᵀ u‖, in this order or, with `backward`, in the other. */
export function iterate(matrix: Tensor, u: Tensor, v: Tensor, times: number, eps: number, backward: boolean): void {
  unrecorded(() =>
    temporaries(() => {
      const left = (): Tensor => copy_(u, normalize(mv(matrix, v), { dim: 0, eps }));
      const right = (): Tensor => copy_(v, normalize(mv(t(matrix), u), { dim: 0, eps }));
      for (let i = 0; i < times; i++) {
        if (backward) right();
        left();
        if (!backward) right();
      }
      return null;
    }),
  );
}

/** uᵀ W v. */
export function sigmaOf(matrix: Tensor, u: Tensor, v: Tensor): Tensor {
  return dot(u, mv(matrix, v));
}
