// The tensor: a handle on a storage, with a layout, a dtype, and its place on the tape.

import { DisposedError } from "../errors.js";
import type { TensorHooks } from "../tape/hooks.js";
import type { Node } from "../tape/node.js";
import type { ViewOf } from "../tape/view.js";
import { recording } from "../wasm/recording.js";
import { bytesOf, type DType } from "./dtype.js";
import { contiguous, type Layout, numel } from "./layout.js";
import { adopt, adoptForUser, answerFor } from "./lifetime.js";
import { Storage } from "./storage.js";

/** Where a tensor comes from on the tape: a node and which of its outputs. */
export interface History {
  readonly node: Node;
  readonly index: number;
}

const COLLECTS = 1;
const GRADIENT_SEEN = 2;
const GRADIENT_OWNED = 4;
const KEPT = 8;
const TEMPORARY = 16;
const INFERENCE = 32;
const GONE = 64;

/**
 * A tensor: n-dimensional array in linear memory, with gradients as in PyTorch.
 *
 * Tensors are made by functions such as `tensor`, `zeros` or `randn`; the class is exported for `instanceof`
 * and for types.
 */
export class Tensor {
  readonly dtype: DType;
  /** @internal */
  storage: Storage;
  /** @internal */
  layout: Layout;
  /** @internal history of a tensor that is no view; read `history` instead */
  ownHistory: History | null = null;
  /** @internal for a view: its base and how it came from it */
  viewOf: ViewOf | null = null;
  /** @internal */
  accumulator: Node | null = null;
  /** @internal the gradient, as the engine sees it */
  gradient: Tensor | null = null;
  /** @internal hooks on this tensor's gradient, on its current history */
  hooks: TensorHooks | null = null;
  /** @internal tangents by level of forward mode */
  tangents: (Tensor | null)[] | null = null;
  /** @internal places in the engine that hold this gradient */
  claims = 0;
  /** What holds of the tensor; one number, as tensors are many and most of it is never said of most. */
  private flags = 0;

  /** @internal Takes over one hold on the storage. */
  constructor(storage: Storage, layout: Layout, dtype: DType) {
    this.storage = storage;
    this.layout = layout;
    this.dtype = dtype;
    adopt(this);
  }

  /** @internal A leaf that collects gradients. */
  get collects(): boolean {
    return (this.flags & COLLECTS) !== 0;
  }

  set collects(flag: boolean) {
    this.flag(COLLECTS, flag);
  }

  /** @internal Whether the gradient object was handed out by the `grad` property. */
  get gradientSeen(): boolean {
    return (this.flags & GRADIENT_SEEN) !== 0;
  }

  set gradientSeen(flag: boolean) {
    this.flag(GRADIENT_SEEN, flag);
  }

  /** @internal Whether the engine made the gradient, and not the user who assigned it. */
  get gradientOwned(): boolean {
    return (this.flags & GRADIENT_OWNED) !== 0;
  }

  set gradientOwned(flag: boolean) {
    this.flag(GRADIENT_OWNED, flag);
  }

  /** @internal Outlives its scope. */
  get kept(): boolean {
    return (this.flags & KEPT) !== 0;
  }

  set kept(flag: boolean) {
    this.flag(KEPT, flag);
  }

  /** @internal Made by the engine, which frees it when nothing claims it any more. */
  get temporary(): boolean {
    return (this.flags & TEMPORARY) !== 0;
  }

  set temporary(flag: boolean) {
    this.flag(TEMPORARY, flag);
  }

  /** @internal Made in inference mode. */
  get inference(): boolean {
    return (this.flags & INFERENCE) !== 0;
  }

  set inference(flag: boolean) {
    this.flag(INFERENCE, flag);
  }

  private flag(bit: number, flag: boolean): void {
    this.flags = flag ? this.flags | bit : this.flags & ~bit;
  }

  /** Sizes of the dims. */
  get shape(): readonly number[] {
    return this.layout.shape;
  }

  /** Number of dims. */
  get ndim(): number {
    return this.layout.shape.length;
  }

  /** Whether the tensor was disposed, by hand or by its scope. */
  get isDisposed(): boolean {
    return (this.flags & GONE) !== 0;
  }

  /** @internal Where the tensor comes from on the tape; a view looks again when its base was written. */
  get history(): History | null {
    return this.viewOf === null ? this.ownHistory : this.viewOf.historyOf(this);
  }

  /** @internal Replaces the history; the node counts the handles that refer to it. */
  setHistory(history: History | null): void {
    const old = this.ownHistory;
    if (history !== null && !this.isDisposed) history.node.hold();
    this.ownHistory = history;
    if (old !== null && !this.isDisposed) old.node.letGo();
  }

  /** @internal Whether the tape records what is computed from this tensor. */
  get tracked(): boolean {
    return this.collects || this.history !== null;
  }

  /** @internal Address of the first element. */
  get address(): number {
    return this.storage.address + this.layout.offset * bytesOf(this.dtype);
  }

  /** Number of elements. */
  numel(): number {
    return numel(this.layout.shape);
  }

  /** @internal Throws if the tensor was disposed. */
  check(op: string): void {
    if (this.isDisposed) {
      throw new DisposedError(
        `${op}: the tensor of shape [${this.shape.join(", ")}] was disposed; keep it by returning it from its scope or by keep()`,
      );
    }
  }

  /** Frees the tensor. Its memory is free as soon as no view, saved value or other handle holds it. */
  dispose(): void {
    if (this.isDisposed) return;
    const history = this.ownHistory;
    this.flags |= GONE;
    if (this.gradient !== null && this.gradient !== this) this.dropGradient();
    if (this.tangents !== null) this.dropTangents();
    if (history !== null) history.node.letGo();
    this.storage.letGo();
    if (this.storage.alive) answerFor(this.storage);
  }

  /** @internal One more place of the engine holds this gradient or tangent. */
  claim(): this {
    this.claims++;
    return this;
  }

  /** @internal One less; what the engine made is freed with the last. */
  unclaim(): void {
    if (--this.claims > 0 || !this.temporary) return;
    this.temporary = false;
    this.dispose();
  }

  /** @internal Hands what the engine made to the user: whatever answers for tensors here answers for it. */
  expose(): void {
    if (!this.temporary) return;
    this.temporary = this.kept = false;
    adopt(this);
  }

  /** @internal Lets all tangents go. */
  dropTangents(): void {
    const { tangents } = this;
    this.tangents = null;
    for (const tangent of tangents ?? []) tangent?.unclaim();
  }

  /** @internal Lets the gradient go: one that the engine made and nobody saw is freed at once. */
  dropGradient(): void {
    if (recording.by?.gradientDropped(this)) return;
    const gradient = this.gradient;
    this.gradient = null;
    if (gradient === null || !this.gradientOwned) return;
    if (this.gradientSeen) {
      gradient.kept = false;
      adoptForUser(gradient);
    } else gradient.dispose();
  }
}

/** What new tensors are made as; set by the modes. */
export const making = { inference: false };

/** A new tensor of its own storage, contiguous, its contents unspecified. */
export function empty(op: string, shape: readonly number[], dtype: DType): Tensor {
  return emptyOf(op, contiguous(shape), dtype);
}

/** A new tensor of its own storage with a given layout that is dense from its first element on. */
export function emptyOf(op: string, layout: Layout, dtype: DType): Tensor {
  const out = new Tensor(new Storage(op, numel(layout.shape) * bytesOf(dtype)), layout, dtype);
  if (making.inference) out.inference = true;
  return out;
}

/** Another handle on the same storage. */
export function alias(tensor: Tensor, layout: Layout): Tensor {
  tensor.storage.hold();
  const out = new Tensor(tensor.storage, layout, tensor.dtype);
  if (tensor.inference) out.inference = true;
  return out;
}
