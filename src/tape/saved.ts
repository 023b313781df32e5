// Saved values: what a node keeps of a tensor until its formula reads it.

import { GraphError } from "../errors.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import type { Layout } from "../tensor/layout.js";
import type { Storage } from "../tensor/storage.js";
import { type History, Tensor } from "../tensor/tensor.js";
import { innermostSavedHooks } from "./hooks.js";
import type { Node } from "./node.js";
import { accumulatorOf } from "./record.js";

/** A tensor as it was when it was saved. It holds the storage, so the handle may be disposed. */
export class SavedValue {
  private readonly storage: Storage;
  private readonly layout: Layout;
  private readonly dtype: DType;
  private readonly version: number;
  private readonly history: History | null;
  private readonly leaf: boolean;
  private readonly origin: Tensor;
  private readonly source: Tensor | null;
  private readonly packed: { readonly value: unknown; readonly unpack: (value: unknown) => Tensor } | null = null;
  private tangents: readonly (Tensor | null)[] | null = null;
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
    this.storage = tensor.storage;
    this.layout = tensor.layout;
    this.dtype = tensor.dtype;
    this.version = tensor.storage.version;
    this.history = output < 0 ? tensor.history : null;
    this.leaf = output < 0 && tensor.collects;
    this.origin = tensor;
    this.source = tensor;
    const hooks = innermostSavedHooks();
    if (hooks !== null) {
      const value = hooks.pack(output < 0 ? tensor : detached(tensor));
      this.packed = { value, unpack: hooks.unpack };
      this.source = null;
    } else {
      this.storage.hold();
      this.history?.node.hold();
      if (output < 0) this.keepTangents(tensor);
    }
  }

  /** The tangents go with the value: for an output, once they have been pushed. */
  keepTangents(tensor: Tensor): void {
    if (tensor.tangents === null || this.packed !== null || this.tangents !== null) return;
    this.tangents = tensor.tangents.slice();
    for (const tangent of this.tangents) tangent?.claim();
  }

  /** Which output of its node the value is, or -1. */
  get outputIndex(): number {
    return this.output;
  }

  /** The tensor again, with its history. Throws GraphError if it was written since. */
  read(node: Node): Tensor {
    if (this.packed !== null) return this.rebuilt(node, this.packed.unpack(this.packed.value));
    if (this.storage.version !== this.version) this.throwModified(node);
    const source = this.source as Tensor;
    if (
      !source.isDisposed &&
      source.layout === this.layout &&
      source.storage === this.storage &&
      this.same(source, node)
    ) {
      return source;
    }
    this.storage.hold();
    return this.rebuilt(node, new Tensor(this.storage, this.layout, this.dtype));
  }

  private same(source: Tensor, node: Node): boolean {
    const history = source.history;
    if (this.output < 0) return history === this.history && source.collects === this.leaf;
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
    else if (this.leaf) tensor.setHistory({ node: accumulatorOf(this.origin), index: 0 });
    if (this.tangents !== null && tensor.tangents === null) {
      tensor.tangents = this.tangents.slice();
      for (const tangent of tensor.tangents) tangent?.claim();
    }
    return tensor;
  }

  private throwModified(node: Node): never {
    const of = this.output >= 0 ? `output ${this.output} of ${node.label}` : (this.history?.node.label ?? "a leaf");
    throw new GraphError(
      `${node.label}: one of the variables needed for gradient computation has been modified by an inplace operation: ` +
        `[${this.dtype} [${this.layout.shape.join(", ")}]], which is ${this.output >= 0 ? of : `output ${this.history?.index ?? 0} of ${of}`}, ` +
        `is at version ${this.storage.version}; expected version ${this.version} instead. ` +
        "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with autograd.setDetectAnomaly(true).",
    );
  }

  /** Bytes of the storage that is held. */
  get bytes(): number {
    return this.packed === null ? this.storage.bytes : 0;
  }

  /** Lets go of the storage. */
  free(): void {
    if (this.done) return;
    this.done = true;
    if (this.packed !== null) return;
    this.storage.letGo();
    this.history?.node.letGo();
    for (const tangent of this.tangents ?? []) tangent?.unclaim();
  }
}

function detached(tensor: Tensor): Tensor {
  tensor.storage.hold();
  return new Tensor(tensor.storage, tensor.layout, tensor.dtype);
}
