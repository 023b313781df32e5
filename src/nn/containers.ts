// Modules that hold modules in order or by name: Sequential, ModuleList, ModuleDict.

import { ArgumentError } from "../errors.js";
import { describe, isOptions } from "../op/args.js";
import type { Tensor } from "../tensor/tensor.js";
import { Held, HeldList, mapOf } from "./held.js";
import { Module } from "./module.js";

function asModule(op: string, value: unknown): Module {
  if (value instanceof Module) return value;
  throw new ArgumentError(`${op}: ${describe(value)} is not a Module subclass`);
}

/**
 * Modules that run one after the other: `new nn.Sequential(a, b)`, or with names `new nn.Sequential({ first: a, second: b })`.
 * `net[0]`, `net.get("first")`, `net.length` and `for (const layer of net)` reach them.
 */
export class Sequential extends HeldList<Module> {
  static readonly name: string = "Sequential";

  constructor(...modules: Module[] | [Readonly<Record<string, Module>> | ReadonlyMap<string, Module>]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && (isOptions(first) || first instanceof Map)) {
      for (const [name, module] of mapOf(first)) this.put(name, asModule("Sequential", module));
    } else for (const module of modules) this.append(module as Module);
  }

  protected override asEntry(module: Module): Module {
    return asModule("Sequential", module);
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    for (const module of this) x = module.call(x);
    return x;
  }
}

/** Modules in a list, found by the module that has the list as a field. `list[0]`, `list.length`, `for (const m of list)`. */
export class ModuleList<M extends Module = Module> extends HeldList<M> {
  static readonly name: string = "ModuleList";

  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  protected override asEntry(module: M): M {
    return asModule("ModuleList", module) as M;
  }
}

/** Modules by name, in the order in which they were put in. */
export class ModuleDict<M extends Readonly<Record<string, Module>> = Readonly<Record<string, Module>>> extends Held<
  M[keyof M]
> {
  static readonly name: string = "ModuleDict";

  constructor(modules: M | ReadonlyMap<string, M[keyof M]> | Iterable<readonly [string, M[keyof M]]> = {} as M) {
    super();
    this.update(modules);
  }

  /** The module of a name. @throws ArgumentError if there is none. */
  get<K extends keyof M & string>(name: K): M[K] {
    return this.entry(name) as M[K];
  }

  /** Puts a module under a name. */
  set(name: string, module: M[keyof M]): this {
    this.put(name, asModule("ModuleDict", module) as M[keyof M]);
    return this;
  }

  /** Puts in all of another dictionary, object, map or pairs. */
  update(modules: M | ModuleDict<M> | ReadonlyMap<string, M[keyof M]> | Iterable<readonly [string, M[keyof M]]>): this {
    for (const [name, module] of mapOf(modules instanceof ModuleDict ? modules.entries() : modules)) {
      this.set(name, module as M[keyof M]);
    }
    return this;
  }
}
