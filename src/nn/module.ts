// The base of everything that is trained: a module with parameters, buffers and modules inside.

import { setGrad, requiresGrad_ as setRequiresGrad } from "../autograd/properties.js";
import { ArgumentError, WengertError } from "../errors.js";
import { asBoolean, describe, parse, type Trailing } from "../op/args.js";
import type { Gradients, RemovableHandle } from "../tape/hooks.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { installInspect } from "../tensor/inspect.js";
import { disposable } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { callable } from "./callable.js";
import { callWithHooks, type HookOptions } from "./calls.js";
import {
  checkName,
  type ForwardHook,
  find,
  HIDDEN,
  type Hidden,
  holderOf,
  type Member,
  type NamedOptions,
  named,
  nameOf,
  register,
} from "./hidden.js";
import { castInPlace, checkFloat, clearGradient } from "./memory.js";
import { Parameter } from "./parameter.js";
import { type IncompatibleKeys, loadState, type StateDict, type StateDictOptions, writeState } from "./state.js";
import { moduleText } from "./text.js";

// biome-ignore lint/suspicious/noExplicitAny: a module's forward pass takes and gives what it likes
type Anything = any;

/** A module can be called as a function; the types are those of its forward pass. */
export interface Module {
  /** Runs the module: its forward pass between its hooks; the same as `call`. */
  // biome-ignore lint/style/useShorthandFunctionType: it is the class that can be called
  (...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]>;
}

/**
 * Base of neural network modules. A subclass assigns parameters, buffers and modules to its fields and computes in
 * `forward`; it is called as `module.call(x)` or `module(x)`, which run the hooks.
 *
 * ```js
 * class Net extends nn.Module {
 *   hidden = new nn.Linear(784, 64);
 *   out = new nn.Linear(64, 10);
 *   forward(x) { return this.out.call(F.relu(this.hidden.call(x))); }
 * }
 * ```
 * Names are those of the fields, in the order of their assignment. Fields with `#` are private to the class, so what they
 * hold is not found; nor is what lies in plain arrays: use `ModuleList` or `ParameterList`.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: this is how a class says that its instances can be called
export class Module {
  static readonly name: string = "Module";

  /** Whether the module is being trained; dropout and batch normalisation behave differently when it is not. */
  declare training: boolean;

  /** @internal */
  declare readonly [HIDDEN]: Hidden;

  declare [Symbol.dispose]: () => void;

  constructor() {
    const self = callable(new.target.prototype) as this;
    self.training = true;
    (self as { [HIDDEN]: Hidden })[HIDDEN] = { buffers: new Map(), hooks: null, shownName: null };
    // biome-ignore lint/correctness/noConstructorReturn: a module is a function, so that it can be called as one
    return self;
  }

  /** What the module computes; subclasses define it. Call modules by `call`, which runs their hooks. */
  forward(..._inputs: Anything[]): Anything {
    throw new WengertError(`Module [${nameOf(this)}] is missing the required "forward" function`);
  }

  /** Runs the module: its forward pass between its hooks. */
  call(...inputs: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    const { hooks } = this[HIDDEN];
    if (hooks === null) return this.forward(...inputs);
    return callWithHooks(this, hooks, (all) => this.forward(...all), inputs) as ReturnType<this["forward"]>;
  }

  /** @internal What a copy of the module starts from: the same class, no fields. */
  blankCopy(): object {
    return callable(Object.getPrototypeOf(this));
  }

  /** A line for the printed text that tells the module's settings. */
  extraRepr(): string {
    return "";
  }

  /** PyTorch's text of the module and the modules inside. */
  toString(): string {
    const children = this.ownModules().map(([key, child]) => [key, String(child)] as const);
    return moduleText(nameOf(this), this.extraRepr(), children);
  }

  /** @internal The name of a field in state dictionaries. */
  keyOf(field: string): string {
    return field;
  }

  /** @internal Whether a state dictionary without this name is complete. */
  mayLack(_key: string): boolean {
    return false;
  }

  /** @internal Fields that hold tensors or modules, in the order of their assignment. */
  members(): Member[] {
    const found: Member[] = [];
    for (const field of Object.keys(this)) {
      const value = (this as unknown as Record<string, unknown>)[field];
      if (value instanceof Tensor || value instanceof Module) found.push({ key: this.keyOf(field), field, value });
    }
    return found;
  }

  /** @internal Puts something else into a field that `members` told. */
  replaceMember(field: string, value: unknown): void {
    (this as unknown as Record<string, unknown>)[field] = value;
  }

  /** @internal */
  ownParameters(): [string, Parameter][] {
    return this.members().flatMap(({ key, value }) => (value instanceof Parameter ? [[key, value]] : []));
  }

  /** @internal */
  ownBuffers(persistentOnly = false): [string, Tensor][] {
    const { buffers } = this[HIDDEN];
    if (buffers.size === 0) return [];
    // In the order of registration, which is that of PyTorch when a buffer was null at first.
    const members = new Map(this.members().map((member) => [member.field, member]));
    return [...buffers].flatMap(([field, persistent]): [string, Tensor][] => {
      const member = members.get(field);
      if (member === undefined || (persistentOnly && !persistent)) return [];
      return member.value instanceof Tensor && !(member.value instanceof Parameter) ? [[member.key, member.value]] : [];
    });
  }

  /** @internal Modules by name, one that has several names under each: so state dictionaries and texts have them. */
  ownModules(): [string, Module][] {
    return this.members().flatMap(({ key, value }) => (value instanceof Module ? [[key, value]] : []));
  }

  /** The modules that are fields of this one, each once, with their names. */
  namedChildren(): [string, Module][] {
    const seen = new Set<Module>();
    return this.ownModules().filter(([, child]) => !seen.has(child) && seen.add(child));
  }

  /** The modules that are fields of this one, each once. */
  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module, its children and theirs, each once, a module before those inside it, with names such as `layer.0`. */
  namedModules(...rest: [options?: { readonly prefix?: string }]): [string, Module][] {
    const { prefix } = parse("namedModules", rest, { prefix: "" });
    const found: [string, Module][] = [];
    const seen = new Set<Module>();
    const walk = (module: Module, name: string): void => {
      if (seen.has(module)) return;
      seen.add(module);
      found.push([name, module]);
      for (const [key, child] of module.namedChildren()) walk(child, name === "" ? key : `${name}.${key}`);
    };
    walk(this, prefix);
    return found;
  }

  /** This module, its children and theirs, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** Names and parameters of this module and those inside, each once. */
  namedParameters(...rest: [options?: NamedOptions]): [string, Parameter][] {
    return named("namedParameters", this, rest, (module) => module.ownParameters());
  }

  /** The parameters of this module and those inside, each once: what an optimiser takes. */
  parameters(...rest: Trailing<[recurse: boolean | undefined], { readonly recurse?: boolean }>): Parameter[] {
    const { recurse } = parse("parameters", rest, { recurse: true }, ["recurse"]);
    return this.namedParameters({ recurse }).map(([, parameter]) => parameter);
  }

  /** Names and buffers of this module and those inside, each once. */
  namedBuffers(...rest: [options?: NamedOptions]): [string, Tensor][] {
    return named("namedBuffers", this, rest, (module) => module.ownBuffers());
  }

  /** The buffers of this module and those inside, each once. */
  buffers(...rest: Trailing<[recurse: boolean | undefined], { readonly recurse?: boolean }>): Tensor[] {
    const { recurse } = parse("buffers", rest, { recurse: true }, ["recurse"]);
    return this.namedBuffers({ recurse }).map(([, buffer]) => buffer);
  }

  /**
   * Makes a tensor, or null, a buffer: it is saved and moved with the module but not learnt. Returns it, so that
   * `mean = this.registerBuffer("mean", zeros([3]))` declares a field with its type.
   * @throws ArgumentError for a name that is empty, has a point or is taken.
   */
  registerBuffer<T extends Tensor | null>(name: string, tensor: T, ...rest: [options?: { persistent?: boolean }]): T {
    const { persistent } = parse("registerBuffer", rest, { persistent: true });
    checkName(this, "buffer", name, this[HIDDEN].buffers.has(name));
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new ArgumentError(
        `registerBuffer: cannot assign '${describe(tensor)}' object to buffer '${name}' (Tensor or null required)`,
      );
    }
    this[HIDDEN].buffers.set(name, asBoolean("registerBuffer", persistent, "persistent"));
    this.replaceMember(name, tensor);
    return tensor;
  }

  /** Puts a parameter, or null, into a field; returns it. The same as an assignment, for names that are computed. */
  registerParameter<T extends Parameter | null>(name: string, parameter: T): T {
    checkName(this, "parameter", name, (this as unknown as Record<string, unknown>)[name] instanceof Parameter);
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new ArgumentError(
        `registerParameter: cannot assign '${describe(parameter)}' object to parameter '${name}' (nn.Parameter or null required)`,
      );
    }
    this.replaceMember(name, parameter);
    return parameter;
  }

  /** Puts a module, or null, into a field; returns it. The same as an assignment, for names that are computed. */
  registerModule<T extends Module | null>(name: string, module: T): T {
    checkName(this, "module", name, (this as unknown as Record<string, unknown>)[name] instanceof Module);
    if (module !== null && !(module instanceof Module))
      throw new ArgumentError(`registerModule: ${describe(module)} is not a Module subclass`);
    this.replaceMember(name, module);
    return module;
  }

  /** `registerModule` by PyTorch's older name. */
  addModule<T extends Module | null>(name: string, module: T): T {
    return this.registerModule(name, module);
  }

  /** The module of a name such as `encoder.layers.0`; the empty name is the module itself. */
  getSubmodule(target: string): Module {
    let at: Module = this;
    for (const key of target === "" ? [] : target.split(".")) {
      const next: unknown = find("getSubmodule", at, key);
      if (!(next instanceof Module)) throw new ArgumentError(`getSubmodule: \`${key}\` is not an nn.Module`);
      at = next;
    }
    return at;
  }

  /** The parameter of a name such as `encoder.weight`. */
  getParameter(target: string): Parameter {
    const [module, key] = holderOf(this, target);
    const found = find("getParameter", module, key);
    if (!(found instanceof Parameter)) throw new ArgumentError(`getParameter: \`${key}\` is not an nn.Parameter`);
    return found;
  }

  /** The buffer of a name such as `norm.running_mean`. */
  getBuffer(target: string): Tensor {
    const [module, key] = holderOf(this, target);
    find("getBuffer", module, key);
    const found = module.ownBuffers().find(([name]) => name === key);
    if (found === undefined) throw new ArgumentError(`getBuffer: \`${key}\` is not a buffer`);
    return found[1];
  }

  /** Parameters and persistent buffers by name, as handles on the same memory without history. */
  stateDict(...rest: [options?: StateDictOptions]): StateDict {
    const options = parse("stateDict", rest, { prefix: "", keepVars: false, destination: null as StateDict | null });
    const into = options.destination ?? {};
    writeState(this, into, options.prefix, options.keepVars);
    return into;
  }

  /**
   * Copies a state dictionary into parameters and buffers, and tells which names did not match. Nothing is written if it throws.
   * @throws ArgumentError for shapes that differ and, with `strict` (default), for missing and unexpected names.
   */
  loadStateDict(
    state: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    ...rest: Trailing<[strict: boolean | undefined], { readonly strict?: boolean }>
  ): IncompatibleKeys {
    const { strict } = parse("loadStateDict", rest, { strict: true }, ["strict"]);
    return loadState(this, nameOf(this), state, strict);
  }

  /** Sets `training` here and in all modules inside; returns the module. */
  train(mode = true): this {
    if (typeof mode !== "boolean") throw new ArgumentError("train: training mode is expected to be boolean");
    this.training = mode;
    for (const child of this.children()) child.train(mode);
    return this;
  }

  /** The same as `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Calls a function with every module inside, children first, and at last with this one; returns the module. */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /** Sets whether the parameters require gradients; returns the module. */
  requiresGrad_(flag = true): this {
    for (const parameter of this.parameters()) setRequiresGrad(parameter, flag);
    return this;
  }

  /** Clears the gradients of all parameters, or with `setToNone: false` fills them with zeros. */
  zeroGrad(...rest: Trailing<[setToNone: boolean | undefined], { readonly setToNone?: boolean }>): void {
    const { setToNone } = parse("zeroGrad", rest, { setToNone: true }, ["setToNone"]);
    for (const parameter of this.parameters()) {
      if (setToNone) setGrad(parameter, null);
      else clearGradient(parameter);
    }
  }

  /**
   * Changes the dtype of floating-point parameters and buffers, which stay the same objects; returns the module. Call it
   * before a graph is recorded.
   * @throws DTypeError for a dtype that is not floating-point.
   */
  to(...rest: Trailing<[dtype: DType | undefined], { readonly dtype?: DType }>): this {
    const { dtype } = parse("to", rest, { dtype: null as DType | null }, ["dtype"]);
    if (dtype === null) return this;
    checkFloat("to", dtype);
    for (const tensor of [...this.parameters(), ...this.buffers()])
      if (isFloat(tensor.dtype)) castInPlace(tensor, dtype);
    return this;
  }

  /** In float64; see `to`. */
  double(): this {
    return this.to("float64");
  }

  /** In float32; see `to`. */
  float(): this {
    return this.to("float32");
  }

  /** Calls `hook(module, inputs)` before the forward pass; what it returns, if anything, replaces the inputs. */
  registerForwardPreHook(
    hook: (module: this, inputs: Anything[]) => unknown,
    ...rest: [options?: HookOptions]
  ): RemovableHandle {
    return register(this, "registerForwardPreHook", "before", hook, rest);
  }

  /** Calls `hook(module, inputs, output)` after the forward pass; what it returns, if anything, replaces the output. */
  registerForwardHook(hook: ForwardHook<this>, ...rest: [options?: HookOptions]): RemovableHandle {
    return register(this, "registerForwardHook", "after", hook, rest);
  }

  /**
   * Calls `hook(module, gradOutputs)` before the gradients of the module's inputs are computed; what it returns, if
   * anything, replaces the gradients of the outputs.
   */
  registerFullBackwardPreHook(
    hook: (module: this, gradOutputs: Gradients) => unknown,
    ...rest: [options?: HookOptions]
  ): RemovableHandle {
    return register(this, "registerFullBackwardPreHook", "beforeBackward", hook, rest);
  }

  /**
   * Calls `hook(module, gradInputs, gradOutputs)` when the gradients of the module's inputs are there; what it returns, if
   * anything, replaces them. Inputs and outputs that are no tensors count as null. With a hook, inputs and outputs go through
   * a node of their own, so they must not be written in place.
   */
  registerFullBackwardHook(
    hook: (module: this, gradInputs: Gradients, gradOutputs: Gradients) => unknown,
    ...rest: [options?: HookOptions]
  ): RemovableHandle {
    return register(this, "registerFullBackwardHook", "afterBackward", hook, rest);
  }

  /** Frees the parameters and buffers of this module and those inside. */
  dispose(): void {
    for (const tensor of [...this.parameters(), ...this.buffers()]) tensor.dispose();
  }
}
disposable(Module.prototype);
installInspect(Module.prototype, (module) => module.toString());
