// Operations without derivatives that are no `op`: what makes them visible to whoever follows what runs.

import { mode } from "../tape/mode.js";
import type { Tensor } from "../tensor/tensor.js";

/** Runs `body`, and tells the trace, where there is one, of an operation of this name on these inputs. */
export function traced(name: string, inputs: readonly Tensor[], parameters: unknown, body: () => Tensor): Tensor {
  if (mode.trace === null) return body();
  const token = mode.trace.begin(name, inputs, null);
  const out = body();
  if (token >= 0) mode.trace?.end(token, [out], parameters);
  return out;
}
