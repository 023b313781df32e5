// Ranges along a dim.

import type { Layout } from "../tensor/layout.js";
import * as layouts from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { type AppliedView, view as viewKind } from "./view.js";

interface Sliced {
  readonly dim: number;
  readonly start: number | null;
  readonly end: number | null;
  readonly step: number;
}

const sliceOp: AppliedView<Sliced> = viewKind({
  name: "slice",
  layouts: (layout, { dim, start, end, step }: Sliced) =>
    [layouts.slice("slice", layout, dim, start, end, step)] as readonly Layout[],
});

/** Every `step`-th slice along a dim from `start` to before `end`, with Python's rules for bounds; a view. */
export function sliceAlong(x: Tensor, dim: number, start: number | null, end: number | null, step: number): Tensor {
  return sliceOp(x, { dim, start, end, step });
}
