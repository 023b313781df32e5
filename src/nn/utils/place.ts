// Finding a module's parameter or buffer by name, for what replaces it.

import { ArgumentError } from "../../errors.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Member, nameOf } from "../hidden.js";
import { Module } from "../module.js";

/** For each module what was replaced in it, by name, and how to undo that. */
export type Applied = WeakMap<Module, Map<string, () => void>>;

/** The parameter or buffer of a module that has a name, as a field or in state dictionaries. */
export function placeOf(op: string, module: Module, name: string): Member & { readonly value: Tensor } {
  if (!(module instanceof Module)) throw new ArgumentError(`${op}: expected a module`);
  const own = new Set<unknown>([...module.ownParameters(), ...module.ownBuffers()].map(([, value]) => value));
  const found = module.members().find(({ key, field, value }) => (key === name || field === name) && own.has(value));
  if (found === undefined)
    throw new ArgumentError(`${op}: Module '${nameOf(module)}' has no parameter or buffer with name '${name}'`);
  return found as Member & { readonly value: Tensor };
}
