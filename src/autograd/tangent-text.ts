// The tangent of a dual tensor as printing shows it.

import { textOf } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";

/** Text of the tangent at the innermost open level, or null. */
export function tangentText(x: Tensor, levels: number): string | null {
  if (levels === 0 || x.tangents === null) return null;
  const tangent = x.tangents[levels - 1] ?? null;
  return tangent === null ? null : textOf(tangent, tangent.tracked, tangent.history?.node.name() ?? null, null);
}
