// The engine's notes on nodes, and which node runs next.

import type { Node } from "../tape/node.js";
import type { StepScope } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";

const NONE: (Tensor | null)[] = [];
/** In the place of a node between passes, so that notes keep no graph alive. */
const NOBODY = null as unknown as Node;

/** The engine's notes on a node during one pass. Passes nest; each puts back what it found. */
export class NodeState {
  /** The pass, and the node that these notes are on; nothing between passes. */
  pass: object | null = null;
  node: Node = NOBODY;
  /** The notes of the pass that this one is inside of. */
  outer: unknown = null;
  /** Newer nodes that have not run yet. */
  pending = 0;
  /** Whether the node lies on a path to what is wanted. */
  wanted = true;
  /** Sums of the gradients of the outputs so far. */
  gradients: (Tensor | null)[] = [null];
  /** Gradients to hand out: output index and place in the result. */
  captures: { readonly index: number; readonly place: number }[] | null = null;
  /** While the node's step is under way: what it runs on, whether it is the formula that runs, and what was before. */
  outputs: (Tensor | null)[] = NONE;
  running = false;
  scope: StepScope | null = null;
  parent: Node | null = null;
  token = -1;

  /** Notes on a node: ones that a pass before is done with, or new ones. */
  static of(node: Node, pass: object): NodeState {
    const state = spare.pop() ?? new NodeState();
    state.pass = pass;
    state.node = node;
    state.outer = node.state;
    if (node.outputs.length !== 1) state.gradients = new Array<Tensor | null>(node.outputs.length).fill(null);
    node.state = state;
    return state;
  }

  /** Ends the notes with their pass. Gradients that the node did not run on are let go. */
  done(): void {
    const { gradients } = this;
    for (let i = 0; i < gradients.length; i++) {
      gradients[i]?.unclaim();
      gradients[i] = null;
    }
    if (gradients.length !== 1) this.gradients = [null];
    this.node.state = this.outer;
    this.pass = this.outer = null;
    this.node = NOBODY;
    this.pending = 0;
    this.wanted = true;
    this.captures = null;
    this.outputs = NONE;
    this.running = false;
    this.parent = null;
    this.token = -1;
    if (spare.length < MOST_SPARE) spare.push(this);
  }
}

const spare: NodeState[] = [];
const MOST_SPARE = 4096;

/** A heap of nodes that can run: accumulators first, then the newest. */
export class Ready {
  private readonly heap: NodeState[] = [];

  private static order(state: NodeState): number {
    return state.node.variable !== null ? Number.MAX_SAFE_INTEGER : state.node.sequence;
  }

  push(state: NodeState): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(state);
    if (at === 0) return;
    const key = Ready.order(state);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (Ready.order(heap[parent] as NodeState) >= key) break;
      heap[at] = heap[parent] as NodeState;
      at = parent;
    }
    heap[at] = state;
  }

  pop(): NodeState | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    const key = Ready.order(last);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && Ready.order(heap[child + 1] as NodeState) > Ready.order(heap[child] as NodeState))
        child++;
      if (Ready.order(heap[child] as NodeState) <= key) break;
      heap[at] = heap[child] as NodeState;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
