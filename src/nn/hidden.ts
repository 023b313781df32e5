// What a module knows beside its fields, and the walks and checks that need no module class.

import { ArgumentError } from "../errors.js";
import { describe, parse } from "../op/args.js";
import type { RemovableHandle } from "../tape/hooks.js";
import type { Tensor } from "../tensor/tensor.js";
import { type HookOptions, ModuleHooks } from "./calls.js";
import type { Module } from "./module.js";

/** What a module knows beside its fields. */
export interface Hidden {
  /** Fields that are buffers, and whether their values are saved. */
  readonly buffers: Map<string, boolean>;
  hooks: ModuleHooks | null;
  /** The name it is printed under, where that is not its class's. */
  shownName: string | null;
}

/** Under this key, so that walks over a module's fields do not meet it. */
export const HIDDEN: unique symbol = Symbol("module");

/** A field of a module that holds a tensor or a module. */
export interface Member {
  /** Its name in state dictionaries. */
  readonly key: string;
  readonly field: string;
  readonly value: Tensor | Module;
}

/** Options of the walks over a module's members. */
export interface NamedOptions {
  /** Put before each name. */
  readonly prefix?: string;
  /** Whether members of the modules inside count. */
  readonly recurse?: boolean;
  /** False names what is shared once for each place. */
  readonly removeDuplicate?: boolean;
}

/** A hook after the forward pass: gets the module, its inputs and its output. */
export type ForwardHook<M extends Module> = (
  module: M,
  // biome-ignore lint/suspicious/noExplicitAny: a module's forward pass takes what it likes
  inputs: any[],
  output: ReturnType<M["forward"]>,
) => ReturnType<M["forward"]> | null | undefined | void;

/** The name a module is printed under: its class's. */
export function nameOf(module: Module): string {
  return module[HIDDEN].shownName ?? module.constructor.name;
}

/** Makes a buffer a field like any other. */
export function forgetBuffer(module: Module, field: string): void {
  module[HIDDEN].buffers.delete(field);
}

/** The hooks of a module, which has none before the first is registered. */
export function hooksOf(module: Module): ModuleHooks {
  const hidden = module[HIDDEN];
  hidden.hooks ??= new ModuleHooks();
  return hidden.hooks;
}

/** Members of a module and those inside, each once, with their full names. */
export function named<T extends Tensor>(
  op: string,
  module: Module,
  rest: readonly unknown[],
  own: (module: Module) => [string, T][],
): [string, T][] {
  const { prefix, recurse, removeDuplicate } = parse(op, rest, { prefix: "", recurse: true, removeDuplicate: true });
  const modules: [string, Module][] = recurse ? module.namedModules({ prefix }) : [[prefix, module]];
  const seen = new Set<T>();
  const found: [string, T][] = [];
  for (const [name, each] of modules) {
    for (const [key, value] of own(each)) {
      if (removeDuplicate && seen.has(value)) continue;
      seen.add(value);
      found.push([name === "" ? key : `${name}.${key}`, value]);
    }
  }
  return found;
}

/** Throws unless a name may be given to a new member. */
export function checkName(module: Module, what: string, name: unknown, known: boolean): void {
  const op = `register${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  if (typeof name !== "string")
    throw new ArgumentError(`${op}: ${what} name should be a string, got ${describe(name)}`);
  if (name.includes(".")) throw new ArgumentError(`${op}: ${what} name can't contain ".", got: ${name}`);
  if (name === "") throw new ArgumentError(`${op}: ${what} name can't be empty string ""`);
  const taken = (module as unknown as Record<string, unknown>)[name];
  if (!known && taken !== undefined && taken !== null)
    throw new ArgumentError(`${op}: attribute '${name}' already exists`);
}

/** The member of a module that has a name in state dictionaries, else the field of that name. */
export function find(op: string, module: Module, key: string): unknown {
  const member = module.members().find((each) => each.key === key);
  if (member !== undefined) return member.value;
  if (!(key in module)) throw new ArgumentError(`${op}: ${nameOf(module)} has no attribute \`${key}\``);
  return (module as unknown as Record<string, unknown>)[key];
}

/** PyTorch's spelling of a name: `runningMean` becomes `running_mean`. */
export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Splits `a.b.c` into the module `a.b` and `c`. */
export function holderOf(module: Module, target: string): [Module, string] {
  const cut = target.lastIndexOf(".");
  return [cut < 0 ? module : module.getSubmodule(target.slice(0, cut)), target.slice(cut + 1)];
}

/** Adds a hook to one of a module's chains. */
export function register(
  module: Module,
  op: string,
  chain: keyof ModuleHooks,
  hook: unknown,
  rest: readonly [options?: HookOptions],
): RemovableHandle {
  const { prepend } = parse(op, rest, { prepend: false });
  return hooksOf(module)[chain].add(op, hook as never, prepend);
}
