// The four places for hooks: a tensor's gradient, a node before and after, a leaf after accumulation, saved values.

import { ArgumentError, GraphError } from "../errors.js";
import { disposable } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { unrecorded } from "./mode.js";

/** Removes a hook: by `remove()`, more than once does nothing, or by `using`. */
export class RemovableHandle implements Disposable {
  private action: (() => void) | null;
  declare [Symbol.dispose]: () => void;

  constructor(action: () => void) {
    this.action = action;
  }

  remove(): void {
    this.action?.();
    this.action = null;
  }

  dispose(): void {
    this.remove();
  }
}
disposable(RemovableHandle.prototype);

/** A list of hooks in the order of registration. A pass works on the list as it was when it began. */
export class HookList<F> {
  private hooks: readonly F[] = [];

  add(hook: F, op: string): RemovableHandle {
    if (typeof hook !== "function") throw new ArgumentError(`${op}: expected a function, got ${typeof hook}`);
    const entry = ((...args: unknown[]) => (hook as (...args: unknown[]) => unknown)(...args)) as F;
    this.hooks = [...this.hooks, entry];
    return new RemovableHandle(() => {
      this.hooks = this.hooks.filter((other) => other !== entry);
    });
  }

  get all(): readonly F[] {
    return this.hooks;
  }
}

/** A hook on a gradient: what it returns, if anything, replaces the gradient. */
export type TensorHook = (gradient: Tensor | null) => Tensor | null | undefined | void;

/** Hooks on the gradient of one output of a node; keeping the gradient comes last. */
export class TensorHooks extends HookList<TensorHook> {
  /** The tensor that keeps its gradient, if one was asked to. */
  retain: Tensor | null = null;
}

/** Gradients of several tensors, null where there is none. */
export type Gradients = (Tensor | null)[];

/** Hooks of a node. */
export interface NodeHooks {
  /** Before the node runs: may replace the gradients of its outputs. */
  readonly before: HookList<(gradOutputs: Gradients) => Gradients | null | undefined | void>;
  /** After it ran: may replace the gradients of its inputs. */
  readonly after: HookList<(gradInputs: Gradients, gradOutputs: Gradients) => Gradients | null | undefined | void>;
  /** After a leaf's gradient was updated. */
  readonly accumulated: HookList<(leaf: Tensor) => void>;
}

/** Makes the hook lists of a node. */
export function nodeHooks(): NodeHooks {
  return { before: new HookList(), after: new HookList(), accumulated: new HookList() };
}

/** A pair of functions that saved values go through. */
export interface SavedHooks {
  pack(tensor: Tensor): unknown;
  unpack(value: unknown): Tensor;
  /** Told when the node lets a value go. */
  release?(value: unknown): void;
}

/** Hooks of the user's making: `pack` may not write what it is given, `unpack` must give a tensor. */
export function checkedHooks<V>(op: string, pack: (x: Tensor) => V, unpack: (value: V) => Tensor): SavedHooks {
  if (typeof pack !== "function" || typeof unpack !== "function")
    throw new ArgumentError(`${op}: expected two functions, pack and unpack`);
  return {
    pack(x: Tensor): unknown {
      const { storage } = x;
      const before = storage.version;
      const value = unrecorded(() => pack(x));
      if (storage.version !== before)
        throw new GraphError(
          `${op}: A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook can not be ` +
            "modified by in-place operations as this can lead to unexpected side-effects.",
        );
      return value;
    },
    unpack(value: unknown): Tensor {
      const x: unknown = unpack(value as V);
      if (!(x instanceof Tensor))
        throw new ArgumentError(
          `${op}: Output of saved tensor unpack_hook expected to be a Tensor, got ${x === null ? "null" : typeof x}`,
        );
      return x;
    },
  };
}

const savedHooks: SavedHooks[] = [];
const refusals: string[] = [];

/** The pair that is in force: the innermost one. */
export function innermostSavedHooks(): SavedHooks | null {
  return savedHooks.length === 0 ? null : (savedHooks[savedHooks.length - 1] as SavedHooks);
}

/** Puts a pair in force until the returned function is called. */
export function pushSavedHooks(hooks: SavedHooks): () => void {
  if (refusals.length > 0) throw new GraphError(refusals[refusals.length - 1] as string);
  savedHooks.push(hooks);
  return () => {
    savedHooks.splice(savedHooks.lastIndexOf(hooks), 1);
  };
}

/** Forbids pairs until the returned function is called, with a message. Throws it if one is in force. */
export function disableSavedHooks(message: string): () => void {
  if (savedHooks.length > 0) throw new GraphError(message);
  refusals.push(message);
  return () => {
    refusals.splice(refusals.lastIndexOf(message), 1);
  };
}
