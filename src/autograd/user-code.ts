// Where a backward pass calls the user's code: the hooks on tensors and nodes, and what they may return.

import { DTypeError, GraphError, ShapeError } from "../errors.js";
import type { Gradients } from "../tape/hooks.js";
import { mode } from "../tape/mode.js";
import type { Node, OutputFacts } from "../tape/node.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import { enterUser, leaveUser, type ScopesBefore } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { accumulate } from "./accumulate.js";
import type { NodeState } from "./ready.js";

/** Hands gradients to the user's code, a hook or the backward of a custom function, which may keep them. */
export function giveToUser(gradients: readonly (Tensor | null)[]): ScopesBefore {
  const before = enterUser();
  for (const gradient of gradients) gradient?.expose();
  return before;
}

/** Runs the user's code on gradients that it may keep. */
export function onGradients<T>(gradients: readonly (Tensor | null)[], f: () => T): T {
  const before = giveToUser(gradients);
  try {
    return f();
  } finally {
    leaveUser(before);
  }
}

/** What a node's hook returned, if anything, in the place of the gradients that it was given. */
export function replacing(
  gradients: (Tensor | null)[],
  returned: Gradients | undefined | null | void,
): (Tensor | null)[] {
  if (returned === undefined || returned === null) return gradients;
  if (!Array.isArray(returned) || returned.some((each) => each !== null && !(each instanceof Tensor)))
    throw new GraphError("hook: expected an array of tensors and nulls, or nothing, to be returned");
  if (returned.length !== gradients.length) {
    throw new GraphError(
      `hook: hook has returned an incorrect number of values (got ${returned.length}, but expected ${gradients.length})`,
    );
  }
  return [...returned];
}

/** Hooks on the gradients of a node's outputs; keeping the gradient is the last of them. */
export function tensorHooks(node: Node, state: NodeState): void {
  const lists = node.tensorHooks;
  if (lists === null) return;
  lists.forEach((list, index) => {
    if (list === null) return;
    for (const hook of list.all) {
      const gradient = state.gradients[index] ?? null;
      const replaced = onGradients([gradient], () => hook(gradient));
      if (replaced === undefined || replaced === null) continue;
      checkHookResult(replaced, node.outputs[index] as OutputFacts);
      state.gradients[index] = replaced.claim();
      gradient?.unclaim();
    }
    const gradient = state.gradients[index] ?? null;
    if (list.retain !== null && gradient !== null) {
      accumulate(list.retain, gradient, mode.grad);
    }
  });
}

function checkHookResult(value: unknown, facts: OutputFacts): void {
  if (!(value instanceof Tensor))
    throw new GraphError(`hook: expected a tensor or nothing to be returned, got ${typeof value}`);
  if (!sameShape(value.shape, facts.shape)) {
    throw new ShapeError(
      `hook: the hook has changed the size of value: expected ${formatShape(facts.shape)}, got ${formatShape(value.shape)}`,
    );
  }
  if (value.dtype !== facts.dtype && facts.casts !== false) {
    throw new DTypeError(`hook: the hook has changed the type of value (was ${facts.dtype}, got ${value.dtype})`);
  }
}
