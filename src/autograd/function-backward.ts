// The backward pass of a custom function: the user's, on gradients that it may keep.

import { GraphError } from "../errors.js";
import { describe } from "../op/args.js";
import { zeros } from "../ops/creation.js";
import type { Backward, Node, OutputFacts } from "../tape/node.js";
import { leaveUser } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import type { FunctionClass, FunctionCtx } from "./function.js";
import { giveToUser } from "./user-code.js";

export interface CallParameters {
  readonly owner: FunctionClass;
  readonly ctx: FunctionCtx;
  readonly args: readonly unknown[];
  /** Which outputs are tensors. */
  readonly live: readonly boolean[];
}

export const customBackward: Backward = {
  run(node, gradients, needs) {
    const { owner, ctx, args } = node.parameters as CallParameters;
    const f = backwardOf(owner, node);
    const given = givenTo(node, gradients, needs);
    const before = giveToUser(given);
    try {
      return distribute(node, args, f.call(owner, ctx, ...given));
    } finally {
      leaveUser(before);
    }
  },
};

const nameOf = (node: Node): string => node.label.slice(0, -"Backward".length);

/** The user's backward, by whichever of its two names. */
function backwardOf(owner: FunctionClass, node: Node): NonNullable<FunctionClass["backward"]> {
  const own = (f: unknown) => typeof f === "function";
  if (own(owner.backward) && own(owner.vjp)) {
    throw new GraphError(
      `${nameOf(node)}: Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them.`,
    );
  }
  const f = owner.backward ?? owner.vjp;
  if (f !== undefined) return f;
  throw new GraphError(
    `${nameOf(node)}: You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.`,
  );
}

/** The gradients that the user's backward gets: zeros in the place of missing ones, unless it wants to see these. */
function givenTo(node: Node, gradients: readonly (Tensor | null)[], needs: readonly boolean[]): (Tensor | null)[] {
  const { ctx, args, live } = node.parameters as CallParameters;
  let tensor = 0;
  ctx.needsInputGrad = args.map((arg) => arg instanceof Tensor && (needs[tensor++] ?? false));
  return gradients.map((gradient, i) => {
    if (gradient !== null || !ctx.materialize || !live[i]) return gradient;
    const facts = node.outputs[i] as OutputFacts;
    return zeros(facts.shape, { dtype: facts.dtype });
  });
}

/** One gradient for each tensor argument out of one for each argument. */
function distribute(node: Node, args: readonly unknown[], result: unknown): (Tensor | null)[] {
  const name = nameOf(node);
  const returned: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (
    returned.length < args.length ||
    returned.slice(args.length).some((extra) => extra !== null && extra !== undefined)
  ) {
    throw new GraphError(
      `${name}Backward: function ${name} returned an incorrect number of gradients (expected ${args.length}, got ${returned.length})`,
    );
  }
  const gradients: (Tensor | null)[] = [];
  args.forEach((arg, i) => {
    const gradient = returned[i] ?? null;
    if (arg instanceof Tensor) {
      if (gradient !== null && !(gradient instanceof Tensor)) {
        throw new GraphError(
          `${name}Backward: function ${name} returned ${describe(gradient)} at position ${i}, expected a tensor or null`,
        );
      }
      gradients.push(gradient);
    } else if (gradient !== null) {
      throw new GraphError(
        `${name}Backward: function ${name} returned a gradient different from null at position ${i}, but the corresponding forward input was not a tensor`,
      );
    }
  });
  return gradients;
}
