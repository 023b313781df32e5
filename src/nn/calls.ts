// Calling a module that has hooks: what runs before and after its forward pass, and when its gradients pass by.

import { Function as CustomFunction, type FunctionCtx } from "../autograd/function.js";
import { requiresGrad } from "../autograd/properties.js";
import { ArgumentError } from "../errors.js";
import { type Gradients, RemovableHandle } from "../tape/hooks.js";
import { mode } from "../tape/mode.js";
import type { Node } from "../tape/node.js";
import { Tensor } from "../tensor/tensor.js";

/** Options of the functions that register hooks. */
export interface HookOptions {
  /** Run before the hooks that are there already. */
  readonly prepend?: boolean;
}

/** Hooks in the order in which they run. A call works on the list as it was when the call began. */
export class HookChain<F> {
  private hooks: readonly F[] = [];

  add(op: string, hook: F, prepend = false): RemovableHandle {
    if (typeof hook !== "function") throw new ArgumentError(`${op}: expected a function, got ${typeof hook}`);
    const entry = ((...args: unknown[]) => (hook as (...args: unknown[]) => unknown)(...args)) as F;
    this.hooks = prepend ? [entry, ...this.hooks] : [...this.hooks, entry];
    return new RemovableHandle(() => {
      this.hooks = this.hooks.filter((other) => other !== entry);
    });
  }

  get all(): readonly F[] {
    return this.hooks;
  }
}

type Before = (module: unknown, inputs: unknown[]) => unknown;
type After = (module: unknown, inputs: unknown[], output: unknown) => unknown;
type BeforeBackward = (module: unknown, gradOutputs: Gradients) => unknown;
type AfterBackward = (module: unknown, gradInputs: Gradients, gradOutputs: Gradients) => unknown;

/** The hooks of a module. */
export class ModuleHooks {
  readonly before = new HookChain<Before>();
  readonly after = new HookChain<After>();
  readonly beforeBackward = new HookChain<BeforeBackward>();
  readonly afterBackward = new HookChain<AfterBackward>();
}

const wrapped = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** Runs a module's forward pass between its hooks. */
export function callWithHooks(
  module: unknown,
  hooks: ModuleHooks,
  forward: (inputs: unknown[]) => unknown,
  given: unknown[],
): unknown {
  let inputs = given;
  for (const hook of hooks.before.all) {
    const replaced = hook(module, inputs);
    if (replaced !== undefined && replaced !== null) inputs = wrapped(replaced);
  }
  const [prehooks, posthooks] = [hooks.beforeBackward.all, hooks.afterBackward.all];
  const watch = prehooks.length + posthooks.length > 0 ? new BackwardWatch(module, prehooks, posthooks) : null;
  if (watch !== null) inputs = watch.inputs(inputs);
  let output = forward(inputs);
  for (const hook of hooks.after.all) {
    const replaced = hook(module, inputs, output);
    if (replaced !== undefined && replaced !== null) output = replaced;
  }
  return watch === null ? output : watch.outputs(output);
}

/** Passes tensors through one node of their own. */
class BackwardHookFunction extends CustomFunction {
  static readonly name: string = "BackwardHookFunction";

  static forward(ctx: FunctionCtx, ...tensors: Tensor[]): Tensor[] {
    ctx.markNonDifferentiable(...tensors.filter((tensor) => !requiresGrad(tensor)));
    ctx.setMaterializeGrads(false);
    return tensors;
  }

  static backward(_ctx: FunctionCtx, ...gradients: (Tensor | null)[]): (Tensor | null)[] {
    return gradients;
  }
}

/** Watches the gradients of one call's outputs and inputs. */
class BackwardWatch {
  private gradOutputs: Gradients | null = null;
  private inputPlaces: readonly number[] | null = null;
  private inputCount = 0;

  constructor(
    private readonly module: unknown,
    private readonly prehooks: readonly BeforeBackward[],
    private readonly hooks: readonly AfterBackward[],
  ) {}

  inputs(inputs: unknown[]): unknown[] {
    this.inputCount = inputs.length;
    const through = passed(inputs);
    if (through === null) return inputs;
    this.inputPlaces = through.places;
    through.node.registerHook((gradients) => this.afterInputs(gradients));
    return through.values;
  }

  outputs(output: unknown): unknown {
    const several = Array.isArray(output);
    const all = several ? output : [output];
    const through = passed(all);
    if (through === null) return output;
    through.node.registerPrehook((gradients) => this.beforeOutputs(gradients, through.places, all.length));
    if (this.inputPlaces === null) through.node.registerHook(() => this.withoutInputs());
    return several ? through.values : through.values[0];
  }

  private beforeOutputs(gradients: Gradients, places: readonly number[], count: number): Gradients | undefined {
    let seen = spread(gradients, places, count);
    let changed = false;
    for (const hook of this.prehooks) {
      const replaced = hook(this.module, seen);
      if (replaced === undefined || replaced === null) continue;
      seen = checked(replaced, seen.length, "gradOutputs");
      changed = true;
    }
    this.gradOutputs = seen;
    return changed ? places.map((place) => seen[place] as Tensor | null) : undefined;
  }

  private afterInputs(gradients: Gradients): Gradients | undefined {
    const outputs = this.gradOutputs;
    // The gradient came to the input without passing the output: a second derivative.
    if (outputs === null) return undefined;
    const places = this.inputPlaces as readonly number[];
    let seen = spread(gradients, places, this.inputCount);
    for (const hook of this.hooks) {
      const replaced = hook(this.module, seen, outputs);
      if (replaced !== undefined && replaced !== null) seen = checked(replaced, seen.length, "gradInputs");
    }
    this.gradOutputs = null;
    return places.map((place) => seen[place] as Tensor | null);
  }

  private withoutInputs(): undefined {
    const outputs = this.gradOutputs;
    if (outputs === null) return;
    const none: Gradients = new Array(this.inputCount).fill(null);
    for (const hook of this.hooks) {
      const replaced = hook(this.module, none, outputs);
      if (replaced !== undefined && replaced !== null && wrapped(replaced).some((each) => each !== null)) {
        throw new ArgumentError(
          "registerFullBackwardHook: Backward hook for Modules where no input requires gradient should always return null or null for all gradients.",
        );
      }
    }
    this.gradOutputs = null;
  }
}

function spread(gradients: Gradients, places: readonly number[], count: number): Gradients {
  const all: Gradients = new Array(count).fill(null);
  places.forEach((place, i) => {
    all[place] = gradients[i] ?? null;
  });
  return all;
}

function checked(replaced: unknown, count: number, what: string): Gradients {
  const all = wrapped(replaced) as Gradients;
  if (all.length !== count) {
    throw new ArgumentError(
      `registerFullBackwardHook: Backward hook returned an invalid number of ${what}, got ${all.length}, but expected ${count}`,
    );
  }
  return all;
}

/** The tensors among some values, passed through one node; null if nothing is recorded. */
function passed(values: unknown[]): { values: unknown[]; places: number[]; node: Node } | null {
  const places = values.flatMap((value, i) => (value instanceof Tensor ? [i] : []));
  const tensors = places.map((place) => values[place] as Tensor);
  if (!mode.grad || !tensors.some(requiresGrad)) return null;
  const through = BackwardHookFunction.apply(...tensors) as Tensor[];
  const replaced = [...values];
  places.forEach((place, i) => {
    replaced[place] = through[i];
  });
  const node = through.find((tensor) => tensor.history !== null)?.history?.node as Node;
  return { values: replaced, places, node };
}
