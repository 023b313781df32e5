// Custom functions: a forward pass and its derivative, written by the user.

import { ArgumentError, GraphError } from "../errors.js";
import { describe } from "../op/args.js";
import { zeros } from "../ops/creation.js";
import { asViewOf } from "../ops/view.js";
import { prepareWrite, rewrite } from "../tape/inplace.js";
import { mode, under } from "../tape/mode.js";
import { Node, type OutputFacts } from "../tape/node.js";
import { edgeOf, factsOf } from "../tape/record.js";
import { SavedValue } from "../tape/saved.js";
import { isFloat } from "../tensor/dtype.js";
import { alias, Tensor } from "../tensor/tensor.js";
import { setTangent, tangentAt } from "./forward.js";
import { type CallParameters, customBackward } from "./function-backward.js";
import { mappedForward, type VmapInfo } from "./function-vmap.js";

export { onceDifferentiable } from "./once-differentiable.js";

/** What a custom function's forward pass leaves for its derivative. */
export class FunctionCtx {
  /** For each argument whether its gradient is wanted. */
  needsInputGrad: readonly boolean[] = [];
  /** @internal */
  toSave: readonly (Tensor | null)[] = [];
  /** @internal */
  dirty: readonly Tensor[] = [];
  /** @internal */
  nonDifferentiable: readonly Tensor[] = [];
  /** @internal */
  materialize = true;
  /** @internal frees what was saved once it was read */
  clearsOnAccess = false;
  /** @internal */
  node: Node | null = null;
  /** @internal saved tensors of a call that was not recorded */
  forForward: readonly (Tensor | null)[] = [];
  /** Whatever the user wants to remember; tensors go through `saveForBackward`. */
  [name: string]: unknown;

  /** Saves tensors for `backward`, which reads them as `savedTensors`. A second call replaces the first. */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    for (const tensor of tensors) {
      if (tensor !== null && !(tensor instanceof Tensor)) {
        throw new ArgumentError(`saveForBackward: can only save tensors, but argument is ${describe(tensor)}`);
      }
    }
    this.toSave = tensors;
  }

  /** Saves tensors for `jvp`. */
  saveForForward(...tensors: (Tensor | null)[]): void {
    this.forForward = tensors;
  }

  /** Declares arguments that the forward pass has written in place. They must be returned. */
  markDirty(...tensors: Tensor[]): void {
    this.dirty = tensors;
  }

  /** Declares outputs that do not require gradients. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this.nonDifferentiable = tensors;
  }

  /** Whether missing gradients of outputs arrive as zeros (default) or as null. */
  setMaterializeGrads(flag: boolean): void {
    this.materialize = flag;
  }

  /**
   * The tensors that were saved.
   * @throws GraphError if they were freed, or written since.
   */
  get savedTensors(): (Tensor | null)[] {
    const { node } = this;
    if (node === null) return [...(this.toSave.length > 0 ? this.toSave : this.forForward)];
    const tensors = node.savedTensors;
    if (this.clearsOnAccess) node.free();
    return tensors;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: arguments of any types pass through a custom function
type Anything = any;

export interface FunctionClass {
  readonly name: string;
  forward?(...args: Anything[]): Anything;
  setupContext?(ctx: FunctionCtx, inputs: readonly unknown[], output: unknown): void;
  backward?(ctx: FunctionCtx, ...gradients: (Tensor | null)[]): unknown;
  vjp?(ctx: FunctionCtx, ...gradients: (Tensor | null)[]): unknown;
  jvp?(ctx: FunctionCtx, ...tangents: (Tensor | null)[]): unknown;
  readonly clearSavedTensorsOnAccess?: boolean;
  readonly generateVmapRule?: boolean;
  vmap?(info: VmapInfo, inDims: readonly (number | null)[], ...args: Anything[]): Anything;
}

/** Arguments of `apply`: those of `forward`, without the context where it takes one. */
type ArgumentsOf<F> = F extends { setupContext: unknown; forward: (...args: infer A) => unknown }
  ? A
  : F extends { forward: (ctx: Anything, ...args: infer A) => unknown }
    ? A
    : unknown[];
type ResultOf<F> = F extends { forward: (...args: Anything[]) => infer R } ? R : unknown;

/**
 * Base of custom functions: static `forward(ctx, …)`, or `forward(…)` with `setupContext(ctx, inputs, output)`, and
 * static `backward(ctx, …gradients)` that returns one gradient for each argument of `forward`, null for what is no
 * tensor. Optional: `clearSavedTensorsOnAccess = true`, to free what was saved when it is read; `jvp(ctx, …tangents)`; and for `func.vmap` either `generateVmapRule = true`, or
 * `vmap(info, inDims, …args)`, which gets arguments with a dim of examples where `inDims` is a number, and returns
 * `[output, outDims]`.
 *
 * ```js
 * class Cube extends autograd.Function {
 *   static forward(ctx, x) { ctx.saveForBackward(x); return x.pow(3); }
 *   static backward(ctx, g) { const [x] = ctx.savedTensors; return g.mul(x.pow(2)).mul(3); }
 * }
 * Cube.apply(x)
 * ```
 */
export class Function {
  constructor() {
    throw new ArgumentError(
      `${this.constructor.name}: a custom function is not instantiated: call its static apply(…) (Legacy autograd function with non-static forward method)`,
    );
  }

  /** Runs the function on its arguments and records it as one node. */
  static apply<F extends FunctionClass>(this: F, ...args: ArgumentsOf<F>): ResultOf<F> {
    return applyFunction(this, args) as ResultOf<F>;
  }
}

function applyFunction(owner: FunctionClass, args: readonly unknown[]): unknown {
  const name = owner.name === "" ? "Function" : owner.name;
  if (typeof owner.forward !== "function") {
    throw new GraphError(`${name}: You must implement the forward function for custom autograd.Function.`);
  }
  const ctx = new FunctionCtx();
  ctx.clearsOnAccess = owner.clearSavedTensorsOnAccess === true;
  const tensors = args.filter((arg): arg is Tensor => arg instanceof Tensor);
  for (const tensor of tensors) tensor.check(name);
  const tracked = mode.grad && tensors.some((tensor) => tensor.tracked);
  ctx.needsInputGrad = args.map((arg) => arg instanceof Tensor && mode.grad && arg.tracked);
  const edges = tensors.map((tensor) => (tracked ? edgeOf(tensor) : null));
  const mapped = mappedForward(owner, name, args);
  const result = under(name, { grad: false, levels: 0 }, () => {
    if (typeof owner.setupContext !== "function") return owner.forward?.(ctx, ...args);
    const output: unknown = mapped === null ? owner.forward?.(...args) : mapped();
    owner.setupContext(ctx, args, output);
    return output;
  });
  const several = Array.isArray(result);
  const outputs = (several ? result : [result]) as unknown[];
  const finished = finish(owner, name, ctx, args, edges, outputs, tracked);
  pushThrough(owner, name, ctx, args, finished);
  return several ? finished : finished[0];
}

/** Gives the outputs their history. */
function finish(
  owner: FunctionClass,
  name: string,
  ctx: FunctionCtx,
  args: readonly unknown[],
  edges: readonly ({ readonly node: Node; readonly index: number } | null)[],
  outputs: readonly unknown[],
  tracked: boolean,
): unknown[] {
  const tensors = args.filter((arg): arg is Tensor => arg instanceof Tensor);
  for (const dirty of ctx.dirty) {
    if (!outputs.includes(dirty))
      throw new GraphError(
        `${name}: Some elements marked as dirty during the forward method were not returned as output.`,
      );
    if (!tensors.includes(dirty)) throw new GraphError(`${name}: markDirty takes arguments of the function only`);
    dirty.storage.written();
  }
  if (!tracked) return [...outputs];
  for (const dirty of ctx.dirty) {
    prepareWrite(name, dirty, true);
    if (dirty.viewOf !== null && outputs.length > 1) {
      throw new GraphError(
        `${name}: If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one Tensor.`,
      );
    }
  }
  const facts = outputs.map(
    (output): OutputFacts =>
      output instanceof Tensor ? factsOf(output) : { shape: [], dtype: "float32", batch: null },
  );
  const parameters = {
    owner,
    ctx,
    args,
    live: outputs.map((output) => output instanceof Tensor),
  } satisfies CallParameters;
  const node = new Node(
    `${name}Backward`,
    customBackward,
    edges.map((edge) => edge?.node ?? null),
    edges.map((edge) => edge?.index ?? 0),
    facts,
    parameters,
  );
  ctx.node = node;
  const seen = new Map<Tensor, Tensor>();
  const results = outputs.map((output, i) => {
    if (!(output instanceof Tensor)) return output;
    const known = seen.get(output);
    if (known !== undefined) return known;
    const made = withHistory(name, ctx, node, output, i, tensors);
    seen.set(output, made);
    return made;
  });
  node.saved = ctx.toSave.map((tensor) => {
    if (tensor === null) return null;
    const place = outputs.indexOf(tensor);
    return place >= 0 && !(tensors.includes(tensor) && !ctx.dirty.includes(tensor))
      ? new SavedValue(results[place] as Tensor, place)
      : new SavedValue(tensor, -1);
  });
  ctx.toSave = [];
  return results;
}

function withHistory(
  name: string,
  ctx: FunctionCtx,
  node: Node,
  output: Tensor,
  index: number,
  inputs: readonly Tensor[],
): Tensor {
  if (ctx.nonDifferentiable.includes(output) || !isFloat(output.dtype)) return output;
  if (ctx.dirty.includes(output)) {
    if (output.viewOf !== null) rewrite(output, () => node);
    else output.setHistory({ node, index });
    return output;
  }
  let result = output;
  if (inputs.includes(output)) {
    result = alias(output, output.layout);
    asViewOf(result, output, "function");
  } else if (output.viewOf !== null) asViewOf(result, output.viewOf.base, "function");
  else if (output.collects) throw new GraphError(`${name}: a leaf that requires grad was returned; return a copy`);
  result.setHistory({ node, index });
  return result;
}

/** Forward mode: the user's `jvp` on the tangents of the arguments. */
function pushThrough(
  owner: FunctionClass,
  name: string,
  ctx: FunctionCtx,
  args: readonly unknown[],
  outputs: readonly unknown[],
): void {
  const open = mode.levels;
  for (let level = 0; level < open; level++) {
    const tangents = args.map((arg) => (arg instanceof Tensor ? tangentAt(arg, level) : null));
    if (tangents.every((tangent) => tangent === null)) continue;
    if (typeof owner.jvp !== "function") {
      throw new GraphError(
        `${name}: You must implement the jvp function for custom autograd.Function to use it with forward mode AD.`,
      );
    }
    mode.levels = level;
    try {
      if (ctx.materialize) {
        args.forEach((arg, k) => {
          if (arg instanceof Tensor) tangents[k] ??= zeros(arg.shape, { dtype: arg.dtype });
        });
      }
      const pushed = owner.jvp(ctx, ...tangents);
      const list = Array.isArray(pushed) ? pushed : [pushed];
      outputs.forEach((output, k) => {
        const tangent: unknown = list[k] ?? null;
        if (!(output instanceof Tensor) || ctx.nonDifferentiable.includes(output)) {
          if (tangent !== null)
            throw new GraphError(`${name}: jvp must return null for output ${k}, which is not differentiable`);
        } else if (tangent instanceof Tensor) setTangent(output, level, tangent);
        else if (tangent !== null)
          throw new GraphError(`${name}: jvp must return tensors or null, got ${describe(tangent)}`);
      });
    } finally {
      mode.levels = open;
    }
  }
}
