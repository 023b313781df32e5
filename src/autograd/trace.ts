// What anomaly detection adds to a pass: a look for NaN, and the forward call of the node that failed.

import { GraphError } from "../errors.js";
import { isTrue } from "../op/truth.js";
import { isnan } from "../ops/compare.js";
import { any } from "../ops/reduce.js";
import { mode, unrecorded } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";

/** Throws if a gradient of floats holds NaN. */
export function checkNan(node: Node, gradients: readonly (Tensor | null)[]): void {
  gradients.forEach((gradient, i) => {
    if (gradient === null || !isFloat(gradient.dtype)) return;
    const found = unrecorded(() => isTrue(any(isnan(gradient))));
    if (!found) return;
    throw withForwardStack(new GraphError(`Function '${node.label}' returned nan values in its ${i}th output.`), node);
  });
}

/** Under anomaly detection an error tells where the forward call was, and those it came from. */
export function withForwardStack(error: unknown, node: Node): unknown {
  if (!mode.anomaly || !(error instanceof Error) || "forwardStack" in error) return error;
  const stacks: string[] = [];
  for (let at: Node | null = node; at !== null; at = at.parent) {
    stacks.push(at.forwardStack ?? `${at.label}: no forward information: it was recorded outside anomaly detection`);
  }
  const forwardStack = stacks.join("\nPrevious calculation was induced by\n");
  Object.assign(error, { forwardStack });
  error.message += `\nThe forward call that made ${node.label}:\n${forwardStack}`;
  return error;
}
