// Saved values: what a node keeps of a tensor until its formula reads it.

import { GraphError } from "../errors.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import type { Layout } from "../tensor/layout.js";
import type { Storage } from "../tensor/storage.js";
import { type History, Tensor } from "../tensor/tensor.js";
import { innermostSavedHooks, type SavedHooks } from "./hooks.js";
import type { Node } from "./node.js";
import { accumulatorOf } from "./record.js";

function detached(storage: Storage, { layout, dtype }: { readonly layout: Layout; readonly dtype: DType }): Tensor {
  storage.hold();
  return new Tensor(storage, layout, dtype);
}

/** Values that keep tangents, which end with their level. */
const following = new Set<SavedValue>();

/** Lets go of what saved values keep of a level of forward mode that closes; the tangents' own graphs could lead back here. */
export function dropSavedTangents(level: number): void {
  for (const value of following) value.dropTangent(level);
}

/** A tensor as it was when it was saved. It holds the storage, so the handle may be disposed. */
export class SavedValue {
  readonly layout: Layout;
  readonly dtype: DType;
  private readonly version: number;
  private readonly history: History | null;
  /** The node that collects the gradient, if the tensor is a leaf that wants one. */
  private readonly accumulator: Node | null;
  /** The memory and the handle that was saved; nothing of them where hooks took the value. */
  private storage: Storage | null = null;
  private source: Tensor | null = null;
  private packed: { readonly value: unknown; readonly hooks: SavedHooks } | null = null;
  private tangents: (Tensor | null)[] | null = null;
  private done = false;

  /**
   * @param output which output of its own node the tensor is, or -1 for an input: an output's history would make a
   *   cycle, so it is put together when the value is read.
   */
  constructor(
    tensor: Tensor,
    private readonly output: number,
    private readonly inplaceOf: Tensor | null = null,
  ) {
    if (tensor.inference) {
      throw new GraphError(
        "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd.",
      );
    }
    const { storage, layout, dtype } = tensor;
    this.layout = layout;
    this.dtype = dtype;
    this.version = storage.version;
    this.history = output < 0 ? tensor.history : null;
    this.accumulator = output < 0 && tensor.collects ? accumulatorOf(tensor) : null;
    const hooks = innermostSavedHooks();
    if (hooks !== null) this.pack(tensor, hooks);
    else {
      this.storage = storage;
      this.source = tensor;
      storage.hold();
      this.history?.node.hold();
    }
    if (output < 0) this.keepTangents(tensor);
  }

  /** What `pack` sees has no way back to the node that saves it: that would be a circle. */
  private pack(tensor: Tensor, hooks: SavedHooks): void {
    this.packed = { value: hooks.pack(this.output < 0 ? tensor : detached(tensor.storage, tensor)), hooks };
  }

  /** Puts a value that no hooks have seen through a pair of its own. */
  registerHooks(hooks: SavedHooks): void {
    const { storage, source } = this;
    if (this.packed !== null)
      throw new GraphError("registerHooks: Calling registerHooks on a saved tensor whose hooks have already been set.");
    if (this.done || storage === null)
      throw new GraphError("registerHooks: Calling registerHooks on a saved tensor after it has been freed.");
    if (storage.version !== this.version)
      throw new GraphError("registerHooks: A saved tensor was modified in place before its hooks were set.");
    this.pack(source === null || source.isDisposed ? detached(storage, this) : source, hooks);
    this.letGo();
  }

  /** Drops the memory and the handle. */
  private letGo(): void {
    if (this.storage === null) return;
    this.storage.letGo();
    this.history?.node.letGo();
    this.storage = null;
    this.source = null;
  }

  /** The tangents go with the value: for an output, once they have been pushed. */
  keepTangents(tensor: Tensor): void {
    if (tensor.tangents === null || this.tangents !== null) return;
    this.tangents = tensor.tangents.slice();
    for (const tangent of this.tangents) tangent?.claim();
    following.add(this);
  }

  /** Lets the tangent of a level go. */
  dropTangent(level: number): void {
    const tangent = this.tangents?.[level] ?? null;
    if (this.tangents === null || tangent === null) return;
    this.tangents[level] = null;
    if (this.tangents.every((each) => each === null)) {
      this.tangents = null;
      following.delete(this);
    }
    tangent.unclaim();
  }

  /** Which output of its node the value is, or -1. */
  get outputIndex(): number {
    return this.output;
  }

  /** The tensor again, with its history. Throws GraphError if it was written since. */
  read(node: Node): Tensor {
    if (this.packed !== null) {
      const value = this.packed.hooks.unpack(this.packed.value);
      return this.rebuilt(node, detached(value.storage, value));
    }
    const { storage, source } = this;
    if (storage === null || source === null) {
      throw new GraphError(
        `${node.label}: Trying to directly access saved tensors after they have already been freed.`,
      );
    }
    if (storage.version !== this.version) this.throwModified(node, storage.version);
    if (this.history !== null && source.history === null && source.storage === storage && !source.isDisposed) {
      throw new GraphError(
        `${node.label}: Trying to use a saved tensor that has been detached in-place, i.e. with detach_(). ` +
          "This is not supported, please use out-of-place detach() instead.",
      );
    }
    const same = !source.isDisposed && source.layout === this.layout && source.storage === storage;
    return same && this.placedAs(source, node) ? source : this.rebuilt(node, detached(storage, this));
  }

  /** Whether a handle still has the place on the tape that it had when it was saved. */
  private placedAs(source: Tensor, node: Node): boolean {
    const history = source.history;
    if (this.output < 0) return history === this.history && source.collects === (this.accumulator !== null);
    if (!isFloat(this.dtype)) return history === null;
    return history !== null && history.node === node && history.index === this.output;
  }

  private rebuilt(node: Node, tensor: Tensor): Tensor {
    if (this.inplaceOf !== null) {
      const history = this.inplaceOf.history;
      if (history !== null) tensor.setHistory(history);
    } else if (!isFloat(this.dtype)) return tensor;
    else if (this.output >= 0) tensor.setHistory({ node, index: this.output });
    else if (this.history !== null) tensor.setHistory(this.history);
    else if (this.accumulator !== null) {
      tensor.collects = true;
      tensor.accumulator = this.accumulator;
    }
    if (this.tangents !== null && tensor.tangents === null) {
      tensor.tangents = this.tangents.slice();
      for (const tangent of tensor.tangents) tangent?.claim();
    }
    return tensor;
  }

  private throwModified(node: Node, version: number): never {
    const of = this.output >= 0 ? `output ${this.output} of ${node.label}` : (this.history?.node.label ?? "a leaf");
    throw new GraphError(
      `${node.label}: one of the variables needed for gradient computation has been modified by an inplace operation: ` +
        `[${this.dtype} [${this.layout.shape.join(", ")}]], which is ${this.output >= 0 ? of : `output ${this.history?.index ?? 0} of ${of}`}, ` +
        `is at version ${version}; expected version ${this.version} instead. ` +
        "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with autograd.setDetectAnomaly(true).",
    );
  }

  /** Bytes of the storage that is held. */
  get bytes(): number {
    return this.storage?.bytes ?? 0;
  }

  /** Lets go of the storage. */
  free(): void {
    if (this.done) return;
    this.done = true;
    if (this.packed !== null) {
      const { hooks, value } = this.packed;
      this.packed = null;
      hooks.release?.(value);
    }
    this.letGo();
    if (this.tangents !== null)
      for (let level = 0; level < (this.tangents?.length ?? 0); level++) this.dropTangent(level);
  }
}
