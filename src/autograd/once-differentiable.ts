// Derivatives that are not to be differentiated again.

import { GraphError } from "../errors.js";
import { mode, unrecorded } from "../tape/mode.js";
import { type Backward, Node } from "../tape/node.js";
import { edgeOf, factsOf } from "../tape/record.js";
import { Tensor } from "../tensor/tensor.js";
import type { FunctionCtx } from "./function.js";

// biome-ignore lint/suspicious/noExplicitAny: a backward's gradients are whatever its function's outputs are
type Anything = any;

/**
 * Wraps a `backward` that is not to be differentiated again: it runs without recording, and differentiating its result
 * throws.
 */
export function onceDifferentiable<A extends readonly Anything[], R>(
  f: (ctx: FunctionCtx, ...gradients: A) => R,
): (ctx: FunctionCtx, ...gradients: A) => R {
  return function (this: unknown, ctx, ...gradients) {
    const result = unrecorded(() => f.call(this, ctx, ...gradients));
    const again = mode.grad && gradients.some((gradient) => gradient instanceof Tensor && gradient.tracked);
    if (!again) return result;
    for (const each of Array.isArray(result) ? result : [result]) {
      if (!(each instanceof Tensor) || each.history !== null) continue;
      const edges = gradients
        .filter((gradient): gradient is Tensor => gradient instanceof Tensor && gradient.tracked)
        .map(edgeOf);
      const node = new Node(
        "DelayedErrorBackward",
        refusing,
        edges.map((e) => e?.node ?? null),
        edges.map((e) => e?.index ?? 0),
        [factsOf(each)],
        null,
      );
      each.setHistory({ node, index: 0 });
    }
    return result;
  };
}

const refusing: Backward = {
  run() {
    throw new GraphError("trying to differentiate twice a function that was marked with onceDifferentiable");
  },
};
