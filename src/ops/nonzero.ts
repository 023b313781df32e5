// Where a tensor is not zero.

import { asTensor, nothingMore, parse } from "../op/args.js";
import { called, composed } from "../op/composed.js";
import { castTo } from "../op/copy.js";
import { addStrided, addTensor, beginNest, writeNest } from "../op/nest.js";
import { refuseDynamic } from "../tensor/batch.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { kernelNamed } from "../wasm/kernels.js";
import { detail, launchWhole } from "../wasm/launch.js";
import { unbind } from "./views.js";

/** Options of `nonzero`. */
export interface NonzeroOptions {
  /** One index tensor for each dim instead of one matrix. */
  readonly asTuple?: boolean;
}

/**
 * The indices of the elements that are not zero, row-major, int32: a matrix with one row for each, or with
 * `asTuple: true` one tensor for each dim, which indexes the tensor.
 */
export function nonzero(x: Tensor): Tensor;
export function nonzero(x: Tensor, options: { readonly asTuple: true }): Tensor[];
export function nonzero(x: Tensor, options?: NonzeroOptions): Tensor | Tensor[];
export function nonzero(x: Tensor, ...rest: [options?: NonzeroOptions]): Tensor | Tensor[] {
  asTensor("nonzero", x);
  refuseDynamic("nonzero", x);
  const { asTuple } = parse("nonzero", rest, { asTuple: false });
  return composed("nonzero", () => {
    const mask = castTo(x, "bool");
    beginNest(mask.shape);
    addTensor(mask);
    const extent = writeNest();
    launchWhole(kernelNamed("mask_count_u8"), extent);
    const count = extent === 0 ? 0 : detail();
    const out = empty("nonzero", [count, x.ndim], "int32");
    beginNest(mask.shape);
    addStrided(
      out,
      mask.shape.map(() => 0),
    );
    addTensor(mask);
    launchWhole(kernelNamed("nonzero_u8"), writeNest());
    return asTuple ? unbind(out, 1) : out;
  });
}

/** `nonzero` as one matrix. */
export function argwhere(x: Tensor, ...rest: []): Tensor {
  nothingMore("argwhere", rest);
  return called("argwhere", () => nonzero(x));
}
