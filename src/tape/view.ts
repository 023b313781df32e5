// Views: what a tensor that shares another's storage remembers of it.

import type { History, Tensor } from "../tensor/tensor.js";
import type { Backward } from "./node.js";
import { moveOn } from "./record.js";

/** How a view was made, which decides whether it may be written in place. */
export type ViewKind = "plain" | "multi" | "noGrad" | "function" | "inference";

/** What the tape needs of the operations to write the history of views. */
export interface ViewGraph {
  /** A history for the view from its base's, after the base was written. */
  regrow(view: Tensor, base: Tensor): History;
  /** The derivative of a write through a view, for the base; the node's `inner` is the write. */
  readonly copySlices: Backward;
}

/** A view's base (never a view itself) and the state of its history. */
export class ViewOf {
  /** Version of the storage for which the view's own history holds. */
  version: number;
  /** Version of the storage at which the view was made. */
  private readonly made: number;

  constructor(
    readonly base: Tensor,
    readonly kind: ViewKind,
    readonly graph: ViewGraph,
  ) {
    this.made = base.storage.version;
    this.version = this.made;
  }

  /** Whether the view was made without recording and its memory was written since: then it has no history to speak of. */
  isBroken(view: Tensor): boolean {
    const unrecorded = this.kind === "noGrad" || this.kind === "inference";
    return unrecorded && !view.collects && view.storage.version !== this.made && this.base.tracked;
  }

  /** The view's history, made anew when the storage was written under a base with history. */
  historyOf(view: Tensor): History | null {
    const version = view.storage.version;
    if (version !== this.version && !view.collects) {
      this.version = version;
      if (this.base.tracked) moveOn(view, this.graph.regrow(view, this.base));
    }
    return view.ownHistory;
  }
}
