// Nodes of the tape: an operation that was recorded, its edges to older nodes, and its saved values.

import { ArgumentError, GraphError } from "../errors.js";
import type { DType } from "../tensor/dtype.js";
import { installInspect } from "../tensor/inspect.js";
import type { Batch } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  checkedHooks,
  type Gradients,
  type NodeHooks,
  nodeHooks,
  type RemovableHandle,
  type TensorHooks,
} from "./hooks.js";
import { mode } from "./mode.js";
import type { SavedValue } from "./saved.js";
import { stackText } from "./stack.js";

/** PyTorch's names of saved values, and what the values are called here. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  self: ["self", "x", "a"],
  other: ["other", "b", "y"],
  result: ["result", "out"],
};

/** Shape and dtype of an output, which gradients must come to. */
export interface OutputFacts {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** False where a gradient keeps the floating dtype it comes with. */
  readonly casts?: false;
  /** Dims that `vmap` hides. */
  readonly batch: Batch | null;
}

/** What a node does when the backward walk reaches it. */
export interface Backward {
  /** Names of what the node saves, by place. */
  readonly names?: readonly string[];
  /**
   * Gradients of the inputs from those of the outputs. `null` is a missing gradient.
   * `needs[i]` tells whether the gradient of input i is wanted.
   */
  run(node: Node, gradients: readonly (Tensor | null)[], needs: readonly boolean[]): (Tensor | null)[];
}

/** What a node remembers of one of its inputs or outputs: a tensor, a scalar, or nothing. */
export type Saved = SavedValue | number | boolean | bigint | null;

/** A saved value that hooks can be put on. */
export interface RawSaved {
  registerHooks<V>(pack: (x: Tensor) => V, unpack: (value: V) => Tensor): void;
}

let sequence = 0;

/** The node whose backward is running, for the parents of nodes made meanwhile. */
export const running: { node: Node | null } = { node: null };

/** One recorded operation. Edges point to older nodes only, so newest first is a topological order. */
export class Node {
  /** Place in the order of recording. */
  readonly sequence: number = ++sequence;
  /** Hooks before and after the node, and on each output's gradient. */
  hooks: NodeHooks | null = null;
  tensorHooks: (TensorHooks | null)[] | null = null;
  /** Set when a backward pass without `retainGraph`, or the end of the node's life, freed the saved values. */
  freed = false;
  /** The leaf, for a node that accumulates. */
  variable: Tensor | null = null;
  /** The node of a write through a view, inside the base's node for it. */
  inner: Node | null = null;
  /** The engine's notes during a pass. */
  state: unknown = null;
  /** Stack of the forward call, under anomaly detection. */
  forwardStack: string | null = null;
  /** Node that was running when this one was recorded, under anomaly detection. */
  parent: Node | null = null;
  private userMetadata: Record<string, unknown> | null = null;
  private holders = 0;

  constructor(
    readonly label: string,
    readonly backward: Backward,
    /** For each input the node it comes from, or null where no gradient is needed. */
    readonly nodes: (Node | null)[],
    /** For each input which output of that node it is. */
    readonly indices: readonly number[],
    readonly outputs: OutputFacts[],
    /** Parameters of the operation that formulas read. */
    readonly parameters: unknown,
    /** Values that formulas read. */
    public saved: Saved[] = [],
  ) {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as Node | null;
      if (node !== null) node.holders++;
    }
    if (mode.anomaly) {
      this.forwardStack = stackText();
      this.parent = running.node;
    }
    if (mode.created !== null) mode.created(this);
  }

  /** The operation's name as PyTorch prints it, such as "AddBackward0". */
  name(): string {
    return this.label;
  }

  /** `<MulBackward0>`: how printing shows the node. */
  toString(): string {
    return `<${this.label.slice(this.label.lastIndexOf(":") + 1)}>`;
  }

  /** The same text: a node stands for a place in a graph, of which JSON could show the insides only. */
  toJSON(): string {
    return this.toString();
  }

  /**
   * A place for the user's own notes. Under anomaly detection it also has `traceback`, the stack of the forward call, and
   * `parent`, the node whose backward made this one.
   */
  get metadata(): Record<string, unknown> {
    if (this.userMetadata === null) {
      this.userMetadata = {};
      if (this.forwardStack !== null) this.userMetadata.traceback = this.forwardStack;
      if (this.parent !== null) this.userMetadata.parent = this.parent;
    }
    return this.userMetadata;
  }

  /** For each input the node it comes from and which output of it; `[null, 0]` where no gradient is needed. */
  get nextFunctions(): [Node | null, number][] {
    return this.nodes.map((node, i) => [node, node === null ? 0 : (this.indices[i] as number)]);
  }

  /**
   * Calls `hook` after the node ran, with the gradients of its inputs and outputs; an array it returns replaces those of
   * the inputs.
   */
  registerHook(
    hook: (gradInputs: Gradients, gradOutputs: Gradients) => Gradients | null | undefined | void,
  ): RemovableHandle {
    this.hooks ??= nodeHooks();
    return this.hooks.after.add(hook, "registerHook");
  }

  /** Calls `hook` before the node runs, with the gradients of its outputs; an array it returns replaces them. */
  registerPrehook(hook: (gradOutputs: Gradients) => Gradients | null | undefined | void): RemovableHandle {
    this.hooks ??= nodeHooks();
    return this.hooks.before.add(hook, "registerPrehook");
  }

  /** The first operand, where the derivative reads it. Throws like all of these once the graph was freed. */
  get savedSelf(): Tensor | number | boolean | bigint | null {
    return this.savedValue("self");
  }

  /** The second operand, where the derivative reads it. */
  get savedOther(): Tensor | number | boolean | bigint | null {
    return this.savedValue("other");
  }

  /** The result, where the derivative reads it. */
  get savedResult(): Tensor | number | boolean | bigint | null {
    return this.savedValue("result");
  }

  /** All tensors that the node saved, null in the place of what is no tensor. */
  get savedTensors(): (Tensor | null)[] {
    this.assertSaved();
    return this.saved.map((value) => (value !== null && typeof value === "object" ? value.read(this) : null));
  }

  /** What the node saved under a name: a tensor, a scalar, or null where the derivative does not read it. */
  savedValue(name: string): Tensor | number | boolean | bigint | null {
    const value = this.slot(name);
    this.assertSaved();
    return value !== null && typeof value === "object" ? value.read(this) : value;
  }

  /** The saved value itself, for hooks of its own: `node.rawSaved("self").registerHooks(pack, unpack)`. */
  rawSaved(name: string): RawSaved {
    const value = this.slot(name);
    return {
      registerHooks(pack, unpack) {
        if (value === null || typeof value !== "object")
          throw new GraphError(
            "registerHooks: Calling registerHooks on a saved tensor with value null is forbidden: nothing was saved there.",
          );
        value.registerHooks(checkedHooks("registerHooks", pack, unpack));
      },
    };
  }

  private slot(name: string): Saved {
    const names = this.backward.names ?? [];
    const place = (ALIASES[name] ?? [name]).map((each) => names.indexOf(each)).find((at) => at >= 0);
    if (place === undefined) {
      const known = names.length === 0 ? "none by name" : names.join(", ");
      throw new ArgumentError(`${this.label}: saves nothing called "${name}"; it may save ${known}`);
    }
    return this.saved[place] ?? null;
  }

  /** The derivative itself: gradients of the inputs from those of the outputs. */
  call(...gradients: (Tensor | null)[]): (Tensor | null)[] {
    if (gradients.length !== this.outputs.length) {
      throw new ArgumentError(`${this.label}: expected ${this.outputs.length} gradients, got ${gradients.length}`);
    }
    this.assertSaved();
    return this.backward.run(
      this,
      gradients,
      this.nodes.map((node) => node !== null),
    );
  }

  /** One more handle or newer node refers to this one. */
  hold(): void {
    this.holders++;
  }

  /** One less; the last frees the saved values, and so on down the graph, without recursion. */
  letGo(): void {
    if (--this.holders > 0 || this.variable !== null) return;
    // Most nodes lead to one other that ends with them: the list of the rest is made when there is a rest.
    let pending: Node[] | null = null;
    let node: Node | undefined = this;
    while (node !== undefined) {
      node.free();
      let following: Node | undefined;
      const { inner, nodes } = node as Node;
      for (let i = -1; i < nodes.length; i++) {
        const next: Node | null = i < 0 ? inner : (nodes[i] as Node | null);
        if (next === null || --next.holders > 0 || next.variable !== null) continue;
        if (following === undefined) following = next;
        else if (pending === null) pending = [next];
        else pending.push(next);
      }
      node = following ?? pending?.pop();
    }
  }

  /** Frees the saved values. */
  free(): void {
    if (this.freed) return;
    this.freed = true;
    this.inner?.free();
    for (const value of this.saved) if (value !== null && typeof value === "object") value.free();
  }

  /** Throws if a formula needs saved values that were freed. */
  assertSaved(): void {
    this.inner?.assertSaved();
    if (this.freed && this.saved.some((value) => value !== null && typeof value === "object")) {
      throw new GraphError(
        `${this.label}: Trying to backward through the graph a second time (or directly access saved tensors after they have ` +
          "already been freed). Specify { retainGraph: true } if you need to backward through the graph a second time",
      );
    }
  }
}
installInspect(Node.prototype, String);
