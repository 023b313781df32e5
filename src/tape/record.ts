// From a finished call to a node.

import { isFloat } from "../tensor/dtype.js";
import type { History, Tensor } from "../tensor/tensor.js";
import { TensorHooks } from "./hooks.js";
import { mode } from "./mode.js";
import { type Backward, Node, type OutputFacts } from "./node.js";

/** Adds gradients into a leaf; the engine does that itself. */
const accumulate: Backward = { run: () => [] };

/** The node that collects the gradient of a leaf, one for each leaf. */
export function accumulatorOf(leaf: Tensor): Node {
  if (leaf.accumulator === null) {
    const node = new Node("torch::autograd::AccumulateGrad", accumulate, [], [], [factsOf(leaf)], null);
    node.variable = leaf;
    leaf.accumulator = node;
  }
  return leaf.accumulator;
}

/** Shape and dtype of a tensor, as a node remembers them of its outputs. */
export function factsOf(tensor: Tensor): OutputFacts {
  return { shape: tensor.layout.shape, dtype: tensor.dtype, batch: tensor.storage.batch };
}

/** Where a tensor's gradient goes: its history, or a leaf's accumulator, or nowhere. */
export function edgeOf(tensor: Tensor): History | null {
  const history = tensor.history;
  if (history !== null) return history;
  return tensor.collects ? { node: accumulatorOf(tensor), index: 0 } : null;
}

/** Whether an operation on these inputs is recorded at the moment. */
export function recording(inputs: readonly unknown[]): boolean {
  if (!mode.grad) return false;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (typeof input === "object" && input !== null && (input as Tensor).tracked) return true;
  }
  return false;
}

/** The node that a tensor comes from, or that collects its gradient; null where it needs none. */
export function nodeOf(tensor: Tensor): Node | null {
  const { history } = tensor;
  if (history !== null) return history.node;
  return tensor.collects ? accumulatorOf(tensor) : null;
}

/** Zeros for edges to first outputs, which most are; by their number, shared by all nodes. */
const ZEROS: readonly (readonly number[])[] = [[], [0], [0, 0], [0, 0, 0], [0, 0, 0, 0]];

/** Edges that lead to first outputs. */
export function firstOutputs(count: number): readonly number[] {
  return ZEROS[count] ?? new Array<number>(count).fill(0);
}

/** For each input the node it comes from, or null, and which output of it. */
export interface Edges {
  readonly nodes: (Node | null)[];
  readonly indices: readonly number[];
}

/** Where inputs come from at the moment. */
export function edgesOf(inputs: readonly unknown[]): Edges {
  // Of exactly the length: a list that grows takes room for more.
  const nodes = new Array<Node | null>(inputs.length);
  let indices: readonly number[] | null = null;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (typeof input !== "object" || input === null) {
      nodes[i] = null;
      continue;
    }
    nodes[i] = nodeOf(input as Tensor);
    const index = (input as Tensor).history?.index ?? 0;
    if (index === 0) continue;
    indices ??= new Array<number>(inputs.length).fill(0);
    (indices as number[])[i] = index;
  }
  return { nodes, indices: indices ?? firstOutputs(inputs.length) };
}

/** Gives the differentiable ones of a node's outputs their history. */
export function link(node: Node, outputs: readonly Tensor[]): void {
  for (let i = 0; i < outputs.length; i++) {
    const output = outputs[i] as Tensor;
    if (isFloat(output.dtype)) output.setHistory({ node, index: i });
  }
}

/** The hooks on a tensor's gradient, on its present history; made on demand. */
export function hooksOf(tensor: Tensor): TensorHooks {
  const edge = edgeOf(tensor) as History;
  edge.node.tensorHooks ??= [];
  const lists = edge.node.tensorHooks;
  while (lists.length <= edge.index) lists.push(null);
  const hooks = lists[edge.index] ?? new TensorHooks();
  lists[edge.index] = hooks;
  tensor.hooks = hooks;
  return hooks;
}

/** Gives a tensor a new history. The old one keeps the hooks that were put on it; only the wish to keep the gradient moves on. */
export function moveOn(tensor: Tensor, history: History): void {
  const retained = tensor.hooks?.retain === tensor;
  if (retained && tensor.hooks !== null) tensor.hooks.retain = null;
  tensor.hooks = null;
  tensor.setHistory(history);
  if (retained) hooksOf(tensor).retain = tensor;
}
