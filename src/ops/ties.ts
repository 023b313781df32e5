// Values that several elements may equal: gradients split evenly among them.

import { ArgumentError } from "../errors.js";
import type { Reduced } from "../op/reduction.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { div, mul } from "./arithmetic.js";
import { to } from "./cast.js";
import { eq, isnan, logicalOr } from "./compare.js";
import { sum } from "./reduce.js";
import { spread } from "./spread.js";

/** What was reduced, and from which shape. */
export interface Extremum {
  readonly reduced: Reduced;
  readonly from: readonly number[];
}

/** The gradient split evenly among the elements that equal the extremum, NaN with NaN. */
export function evenly(g: Tensor, x: Tensor, out: Tensor, { reduced: r, from }: Extremum): Tensor {
  return temporaries(() => {
    const found = spread(out, r, from);
    const ties = to(logicalOr(eq(x, found), mul(isnan(x), isnan(found))), x.dtype);
    return mul(div(ties, sum(ties, r.dims as number[], true)), spread(g, r, from));
  });
}

/** The mean of the tangents of the elements that equal the extremum. */
export function tangentOfTies(x: Tensor, out: Tensor, t: Tensor, { reduced: r, from }: Extremum): Tensor {
  return temporaries(() => {
    const found = spread(out, r, from);
    const ties = to(logicalOr(eq(x, found), mul(isnan(x), isnan(found))), x.dtype);
    const total = sum(mul(ties, t), r.dims as number[], r.keepdim);
    return div(total, sum(ties, r.dims as number[], r.keepdim));
  });
}

/** Throws where nothing would be compared. */
export function refuseEmpty(name: string, x: Tensor, { dims }: Reduced, whole: boolean): void {
  for (const d of dims) {
    if (x.shape[d] !== 0) continue;
    throw new ArgumentError(
      whole
        ? `${name}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`
        : `${name}: Expected reduction dim ${d} to have non-zero size.`,
    );
  }
}
