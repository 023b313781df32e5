// Operands that have no derivative.

import { GraphError } from "../errors.js";
import { mode } from "../tape/mode.js";
import { Tensor } from "../tensor/tensor.js";

/**
 * Refuses what requires a gradient where there is none to give; while nothing is recorded it may come.
 * @throws GraphError naming the first such operand.
 */
export function noGradientFor(op: string, operands: Readonly<Record<string, unknown>>): void {
  if (!mode.grad) return;
  for (const [name, x] of Object.entries(operands)) {
    if (!(x instanceof Tensor) || !x.requiresGrad) continue;
    throw new GraphError(
      `${op}: the function is not differentiable with respect to argument '${name}'. This input cannot have requires_grad True: ` +
        `detach() it`,
    );
  }
}
