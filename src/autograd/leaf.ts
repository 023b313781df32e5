// The last step of a gradient: into its leaf, with the hooks that the leaf's node has.

import { GraphError } from "../errors.js";
import { mode } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import type { Tensor } from "../tensor/tensor.js";
import { accumulate } from "./accumulate.js";
import type { NodeState } from "./ready.js";
import { onGradients, replacing } from "./user-code.js";

/** Adds a leaf's gradient into it, with the hooks around. */
export function accumulateInto(node: Node, state: NodeState): void {
  const leaf = node.variable as Tensor;
  if (node.hooks === null) {
    const only = state.gradients[0] ?? null;
    if (only !== null && leaf.collects && !leaf.isDisposed) accumulate(leaf, only, mode.grad);
    return;
  }
  let gradients = [state.gradients[0] ?? null];
  for (const hook of node.hooks.before.all) {
    gradients = replacing(
      gradients,
      onGradients(gradients, () => hook(gradients)),
    );
  }
  const gradient = gradients[0] ?? null;
  if (gradient !== null && leaf.collects && !leaf.isDisposed) {
    accumulate(leaf, gradient, mode.grad);
    for (const hook of node.hooks.accumulated.all) {
      const said: unknown = onGradients([], () => hook(leaf));
      if (said !== undefined && said !== null)
        throw new GraphError("registerPostAccumulateGradHook: hooks should return nothing (PyTorch: None)");
    }
  }
  for (const hook of node.hooks.after.all) onGradients(gradients, () => hook([], gradients));
}
