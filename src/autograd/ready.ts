// The engine's notes on nodes, and which node runs next.

import type { Node } from "../tape/node.js";
import type { ScopeRecord } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";

const NONE: (Tensor | null)[] = [];

/** The engine's notes on a node during one pass. Passes nest; each puts back what it found. */
export class NodeState {
  /** Newer nodes that have not run yet. */
  pending = 0;
  /** Whether the node lies on a path to what is wanted. */
  wanted = true;
  /** Sums of the gradients of the outputs so far. */
  readonly gradients: (Tensor | null)[];
  /** Gradients to hand out: output index and place in the result. */
  captures: { readonly index: number; readonly place: number }[] | null = null;
  /** While the node's step is under way: what it runs on, whether it is the formula that runs, and what was before. */
  outputs: (Tensor | null)[] = NONE;
  running = false;
  scope: ScopeRecord | null = null;
  parent: Node | null = null;
  token = -1;

  constructor(
    readonly pass: object,
    readonly node: Node,
    readonly outer: unknown,
  ) {
    this.gradients = new Array<Tensor | null>(node.outputs.length).fill(null);
  }
}

/** A heap of nodes that can run: accumulators first, then the newest. */
export class Ready {
  private readonly heap: NodeState[] = [];

  private static order(state: NodeState): number {
    return state.node.variable !== null ? Number.POSITIVE_INFINITY : state.node.sequence;
  }

  push(state: NodeState): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(state);
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
