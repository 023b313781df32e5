// Where a transform begins on the tape: its inputs, and whether anybody outside follows what is computed from them.

import { setTangent } from "../autograd/forward.js";
import { leavesOf, mapTree } from "../autograd/trees.js";
import { DTypeError } from "../errors.js";
import { type Backward, Node } from "../tape/node.js";
import { edgeOf, factsOf } from "../tape/record.js";
import { isFloat } from "../tensor/dtype.js";
import { alias, type Tensor } from "../tensor/tensor.js";

/** One call of a transform: while it is open, others see that somebody follows its inputs. */
export class Source {
  open = true;
}

const passing: Backward = {
  run: (_node, [g]) => [g ?? null],
};

/** Gives `out` the tangents of `x`. */
function keepTangents(out: Tensor, x: Tensor): Tensor {
  x.tangents?.forEach((tangent, level) => {
    if (tangent !== null) setTangent(out, level, tangent);
  });
  return out;
}

/**
 * A handle on `x` that is an input of a transform: gradients by it can be asked for, and go on to `x` where that is
 * tracked itself.
 */
export function entering(op: string, x: Tensor, source: Source): Tensor {
  x.check(op);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${op}: only Tensors of floating point dtype can require gradients, got ${x.dtype}`);
  }
  const edge = edgeOf(x);
  const out = alias(x, x.layout);
  const node = new Node("FuncInputBackward", passing, [edge?.node ?? null], [edge?.index ?? 0], [factsOf(out)], source);
  out.setHistory({ node, index: 0 });
  return keepTangents(out, x);
}

/** Whether a leaf, or an input of another transform that is under way, leads to one of the tensors. */
export function followed(tensors: readonly Tensor[]): boolean {
  const seen = new Set<Node>();
  const pending: Node[] = [];
  const look = (node: Node | null): void => {
    if (node === null || seen.has(node)) return;
    seen.add(node);
    pending.push(node);
  };
  for (const x of tensors) look(edgeOf(x)?.node ?? null);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.variable !== null) return true;
    if (node.parameters instanceof Source && node.parameters.open) return true;
    for (const next of node.nodes) look(next);
  }
  return false;
}

/** The same elements and tangents without history. */
export function unfollowed(x: Tensor): Tensor {
  return keepTangents(alias(x, x.layout), x);
}

/** The tensors of a result without history where nobody outside a transform that has ended follows it. */
export function leaving(tree: unknown): unknown {
  const tracked = leavesOf(tree).filter((x) => x.tracked);
  if (tracked.length === 0) return tree;
  const whole = followed(tracked);
  return mapTree(tree, (x) => {
    if (!x.tracked || (whole && (tracked.length === 1 || followed([x])))) return x;
    return unfollowed(x);
  });
}
