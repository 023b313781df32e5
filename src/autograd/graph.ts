// The namespace `autograd.graph`: places on the tape, hooks on several tensors, saved values, and drawings of a graph.

import { ArgumentError, GraphError } from "../errors.js";
import { asTensor, describe, parse } from "../op/args.js";
import { asContiguous } from "../op/copy.js";
import { clone } from "../ops/cast.js";
import { tensor } from "../ops/creation.js";
import { reshape } from "../ops/shape.js";
import {
  checkedHooks,
  disableSavedHooks,
  RemovableHandle as Handle,
  pushSavedHooks,
  type RemovableHandle,
} from "../tape/hooks.js";
import { mode, unrecorded } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import { edgeOf } from "../tape/record.js";
import type { DType, TypedArray } from "../tensor/dtype.js";
import { outsideScopes } from "../tensor/lifetime.js";
import { copyOut } from "../tensor/read.js";
import { disposable, refuseAsync } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import type { GradientEdge } from "./backward.js";
import { currentPass, onPassEnd } from "./engine.js";
import { registerHook, requiresGrad } from "./properties.js";

export { Node } from "../tape/node.js";
export type { GradientEdge } from "./backward.js";

/**
 * The place on the tape that a tensor's gradient belongs to: usable as output or input of `grad` and `backward`. It
 * means the tensor as it is now, and outlives the tensor.
 */
export function getGradientEdge(x: Tensor): GradientEdge {
  asTensor("getGradientEdge", x);
  const edge = edgeOf(x);
  if (edge === null)
    throw new GraphError(
      "getGradientEdge: It is not possible to get the gradient edge for a Tensor that does not require gradients",
    );
  edge.node.hold();
  return { node: edge.node, outputNr: edge.index };
}

/** Counts a write by other means into one or several tensors, so that stale saved values are noticed. */
export function incrementVersion(tensors: Tensor | readonly Tensor[]): void {
  for (const each of tensors instanceof Tensor ? [tensors] : tensors) {
    asTensor("incrementVersion", each);
    each.storage.written();
  }
}

/** A block that was opened without a function: close it by `using` or by `dispose()`. */
class Block implements Disposable {
  private close: (() => void) | null;
  declare [Symbol.dispose]: () => void;

  constructor(close: () => void) {
    this.close = close;
  }

  dispose(): void {
    this.close?.();
    this.close = null;
  }
}
disposable(Block.prototype);

/** Runs `body` between an opening that has happened and `close`; without a function gives a block to close. */
function block<T>(op: string, close: () => void, body: (() => T) | undefined): T | Block {
  const opened = new Block(close);
  if (body === undefined) return opened;
  try {
    const result = body();
    refuseAsync(op, result);
    return result;
  } finally {
    opened.dispose();
  }
}

/**
 * Inside, every tensor that is saved for backward goes through `pack`, and what it gave through `unpack` each time it
 * is needed. The innermost pair counts. `pack` must not write its argument.
 */
export function savedTensorsHooks<V>(pack: (x: Tensor) => V, unpack: (value: V) => Tensor): Block;
export function savedTensorsHooks<V, T>(pack: (x: Tensor) => V, unpack: (value: V) => Tensor, body: () => T): T;
export function savedTensorsHooks<V, T>(
  pack: (x: Tensor) => V,
  unpack: (value: V) => Tensor,
  body?: () => T,
): T | Block {
  const hooks = checkedHooks("savedTensorsHooks", pack, unpack);
  return block("savedTensorsHooks", pushSavedHooks(hooks), body);
}

/** Inside, using saved-tensor hooks throws `message`; entering while some are in force throws it at once. */
export function disableSavedTensorsHooks(message: string): Block;
export function disableSavedTensorsHooks<T>(message: string, body: () => T): T;
export function disableSavedTensorsHooks<T>(message: string, body?: () => T): T | Block {
  return block("disableSavedTensorsHooks", disableSavedHooks(message), body);
}

interface Outside {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Inside, what is saved for backward is kept in JavaScript's memory and copied back when it is needed. */
export function saveOutside(): Block;
export function saveOutside<T>(body: () => T): T;
export function saveOutside<T>(body?: () => T): T | Block {
  const pack = (x: Tensor): Outside => ({ data: copyOut(asContiguous(x)), shape: x.shape, dtype: x.dtype });
  const unpack = ({ data, shape, dtype }: Outside): Tensor => unrecorded(() => reshape(tensor(data, { dtype }), shape));
  return body === undefined ? savedTensorsHooks(pack, unpack) : savedTensorsHooks(pack, unpack, body);
}

/** PyTorch's names for `saveOutside`. */
export const saveOnCpu: typeof saveOutside = saveOutside;
export const saveOffHeap: typeof saveOutside = saveOutside;

/** Options of `registerMultiGradHook`. */
export interface MultiGradHookOptions {
  /** "all": once all tensors that take part have their gradients; "any": at the first. */
  readonly mode?: "all" | "any";
}

/**
 * Calls `hook` once in each pass that reaches some of the tensors: with the array of their gradients, null for those not
 * involved ("all"), or with the first gradient ("any").
 */
export function registerMultiGradHook(
  tensors: readonly Tensor[],
  hook: ((gradients: (Tensor | null)[]) => void) | ((gradient: Tensor) => void),
  ...rest: [options?: MultiGradHookOptions]
): RemovableHandle {
  const op = "registerMultiGradHook";
  const { mode: which } = parse(op, rest, { mode: "all" as string });
  if (which !== "all" && which !== "any")
    throw new ArgumentError(`${op}: Expects mode to be one of ('all', 'any') but got ${which}`);
  for (const x of tensors) {
    asTensor(op, x);
    if (!requiresGrad(x)) throw new GraphError(`${op}: Expected all tensors to require grad`);
  }
  let pass: object | null = null;
  let gradients: (Tensor | null)[] = [];
  let left = 0;
  const handles = tensors.map((x, i) =>
    registerHook(x, (gradient) => {
      if (currentPass() !== pass) {
        pass = currentPass();
        gradients = tensors.map(() => null);
        left = which === "any" ? 1 : tensors.filter((each) => reached(each)).length;
        onPassEnd(() => {
          pass = null;
          gradients = [];
        });
      }
      gradients[i] = gradient;
      if (--left === 0) (hook as (value: unknown) => void)(which === "any" ? gradient : gradients.slice());
    }),
  );
  return new Handle(() => {
    for (const handle of handles) handle.remove();
  });
}

/** Whether the present pass will reach a tensor. */
function reached(x: Tensor): boolean {
  const node = edgeOf(x)?.node;
  const state = node?.state as { readonly pass: object; readonly wanted: boolean } | null | undefined;
  return state !== null && state !== undefined && state.pass === currentPass() && state.wanted;
}

/** The block in which saved tensors may be written, by identity. */
let mutationAllowed: object | null = null;

/**
 * Inside, a tensor that was saved may be written in place: its old contents are kept for backward, which must then run
 * inside too.
 */
export function allowMutationOnSavedTensors(): Block;
export function allowMutationOnSavedTensors<T>(body: () => T): T;
export function allowMutationOnSavedTensors<T>(body?: () => T): T | Block {
  const op = "allowMutationOnSavedTensors";
  if (mutationAllowed !== null)
    throw new GraphError(`${op}: allow_mutation_on_saved_tensors contexts cannot be nested`);
  const owner = {};
  mutationAllowed = owner;
  const pop = pushSavedHooks({
    pack(x: Tensor): unknown {
      return { copy: unrecorded(() => outsideScopes(() => clone(x))), owner };
    },
    unpack(value: unknown): Tensor {
      const saved = value as { readonly copy: Tensor; readonly owner: object };
      if (mutationAllowed !== saved.owner)
        throw new GraphError(
          `${op}: Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was originally recorded.`,
        );
      return saved.copy;
    },
    release(value: unknown): void {
      (value as { readonly copy: Tensor }).copy.dispose();
    },
  });
  return block(
    op,
    () => {
      pop();
      mutationAllowed = null;
    },
    body,
  );
}

/** Inside, `callback` is called with every node that is made, before its results are given out. */
export function nodeCreationHook(callback: (node: Node) => void): Block;
export function nodeCreationHook<T>(callback: (node: Node) => void, body: () => T): T;
export function nodeCreationHook<T>(callback: (node: Node) => void, body?: () => T): T | Block {
  const op = "nodeCreationHook";
  if (typeof callback !== "function") throw new ArgumentError(`${op}: expected a function, got ${describe(callback)}`);
  const outer = mode.created;
  mode.created = (node) => {
    outer?.(node);
    callback(node);
  };
  return block(
    op,
    () => {
      mode.created = outer;
    },
    body,
  );
}

export { summary, toDot, toMermaid } from "./draw.js";
