// From a finished call to a node.

import { isFloat } from "../tensor/dtype.js";
import type { History, Tensor } from "../tensor/tensor.js";
import { TensorHooks } from "./hooks.js";
import { mode } from "./mode.js";
import { type Backward, Node, type OutputFacts, type Saved } from "./node.js";

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

/** For each input the node it comes from, or null, and which output of it. */
export interface Edges {
  readonly nodes: (Node | null)[];
  readonly indices: number[];
}

/** Where inputs come from at the moment. */
export function edgesOf(inputs: readonly unknown[]): Edges {
  const nodes: (Node | null)[] = [];
  const indices: number[] = [];
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    const edge = typeof input === "object" && input !== null ? edgeOf(input as Tensor) : null;
    nodes.push(edge === null ? null : edge.node);
    indices.push(edge === null ? 0 : edge.index);
  }
  return { nodes, indices };
}

/** Makes the node of a call. `saved` are the values its formulas read; `outputs` get their history from `link`. */
export function makeNode(
  label: string,
  backward: Backward,
  { nodes, indices }: Edges,
  outputs: readonly Tensor[],
  saved: Saved[],
  parameters: unknown,
): Node {
  const node = new Node(label, backward, nodes, indices, outputs.map(factsOf), parameters);
  node.saved = saved;
  return node;
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
