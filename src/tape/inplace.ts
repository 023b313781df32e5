// Writing in place: what is forbidden, and the history of what was written.

import { GraphError, ShapeError } from "../errors.js";
import type { Layout } from "../tensor/layout.js";
import { hasInternalOverlap } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { mode } from "./mode.js";
import { Node } from "./node.js";
import { edgeOf, factsOf, moveOn } from "./record.js";

/** Parameters of the node that a write through a view gives its base. */
export interface Slices {
  readonly base: Layout;
  readonly view: Layout;
}

/**
 * Throws unless `self` may be written: `tracked` tells whether the write will be recorded.
 * @throws GraphError for leaves that require grad and for views that must not be written, ShapeError for memory that
 *   several elements share.
 */
export function prepareWrite(op: string, self: Tensor, tracked: boolean): void {
  if (hasInternalOverlap(self.layout)) {
    throw new ShapeError(
      `${op}: unsupported operation: more than one element of the written-to tensor refers to a single memory location. ` +
        "Please clone() the tensor before performing the operation.",
    );
  }
  if (self.inference && !mode.inference) {
    throw new GraphError(
      `${op}: Inplace update to inference tensor outside InferenceMode is not allowed. ` +
        "You can make a clone to get a normal tensor before doing inplace update.",
    );
  }
  const view = self.viewOf;
  if (view !== null && mode.grad && (tracked || view.base.tracked)) checkView(op, self);
  if (tracked && self.collects) {
    throw new GraphError(`${op}: a leaf Variable that requires grad is being used in an in-place operation.`);
  }
}

function checkView(op: string, self: Tensor): void {
  const view = self.viewOf;
  if (view === null) return;
  if (self.collects) return;
  const name = self.history?.node.label ?? "a view";
  if (view.kind === "multi") {
    throw new GraphError(
      `${op}: Output ${self.history?.index ?? 0} of ${name} is a view and is being modified inplace. This view is the output of ` +
        "a function that returns multiple views. Such functions do not allow the output views to be modified inplace. " +
        "You should replace the inplace operation by an out-of-place one.",
    );
  }
  if (view.kind === "function") {
    throw new GraphError(
      `${op}: Output ${self.history?.index ?? 0} of ${name} is a view and is being modified inplace. This view was created inside ` +
        "a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override " +
        "the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. " +
        "You can fix this by cloning the output of the custom Function.",
    );
  }
  if (view.kind === "inference") {
    throw new GraphError(
      `${op}: A view was created in inference mode and is being modified inplace in normal mode. Clone it before, or do both in inference mode.`,
    );
  }
  if (view.kind === "noGrad" && view.base.tracked) {
    throw new GraphError(
      `${op}: A view was created in no_grad mode and is being modified inplace with grad mode enabled. ` +
        "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the " +
        "view and the inplace either both inside the no_grad block or both outside.",
    );
  }
  if (view.base.collects) {
    throw new GraphError(`${op}: a view of a leaf Variable that requires grad is being used in an in-place operation.`);
  }
}

/**
 * Gives `self` the history of a write that has happened. For a view the base gets a node that cuts the written region
 * out of the gradient; other views look again when they see the new version. `make` makes the write's node; it is
 * told the view whose history the values saved of the result have, or null.
 */
export function rewrite(self: Tensor, make: (inplaceOf: Tensor | null) => Node): void {
  const view = self.viewOf;
  if (view === null || self.collects) {
    moveOn(self, { node: make(null), index: 0 });
    return;
  }
  const inner = make(self);
  const { base } = view;
  const edge = edgeOf(base);
  const nodes = [edge === null ? null : edge.node, ...inner.nodes.slice(1)];
  const indices = [edge === null ? 0 : edge.index, ...inner.indices.slice(1)];
  const slices: Slices = { base: base.layout, view: self.layout };
  const node = new Node("torch::autograd::CopySlices", view.graph.copySlices, nodes, indices, [factsOf(base)], slices);
  inner.hold();
  node.inner = inner;
  moveOn(base, { node, index: 0 });
}
