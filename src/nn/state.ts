// State dictionaries: taking them from a module, and loading them.

import { ArgumentError } from "../errors.js";
import { describe } from "../op/args.js";
import { copy_ } from "../ops/cast.js";
import { detach } from "../ops/detach.js";
import { select } from "../ops/shape.js";
import { unrecorded } from "../tape/mode.js";
import { sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import type { Module } from "./module.js";

/** Tensors by PyTorch's names, in PyTorch's order. */
export type StateDict = Record<string, Tensor>;

/** Options of `stateDict`. */
export interface StateDictOptions {
  /** Put before each name. */
  readonly prefix?: string;
  /** Give the parameters themselves, not detached handles on their memory. */
  readonly keepVars?: boolean;
  /** Write into this dictionary. */
  readonly destination?: StateDict | null;
}

/** What did not match when a state dictionary was loaded. */
export interface IncompatibleKeys {
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
}

/** What one module itself keeps in its state: parameters, then buffers that are persistent. */
export function ownState(module: Module): [string, Tensor][] {
  return [...module.ownParameters(), ...module.ownBuffers(true)];
}

/** Writes the state of a module and its children into `into`. */
export function writeState(module: Module, into: StateDict, prefix: string, keepVars: boolean): void {
  for (const [key, value] of ownState(module)) into[prefix + key] = keepVars ? value : detach(value);
  for (const [key, child] of module.ownModules()) writeState(child, into, `${prefix}${key}.`, keepVars);
}

const sizeText = (x: Tensor): string => `torch.Size([${x.shape.join(", ")}])`;

interface Loading {
  readonly missing: string[];
  readonly unexpected: string[];
  readonly messages: string[];
  /** What to write once all was checked: targets and sources. */
  readonly copies: [Tensor, Tensor][];
}

function collectLoads(module: Module, state: ReadonlyMap<string, unknown>, prefix: string, loading: Loading): void {
  const own = ownState(module);
  for (const [key, target] of own) {
    const name = prefix + key;
    if (!state.has(name)) {
      if (!module.mayLack(key)) loading.missing.push(name);
      continue;
    }
    const source = state.get(name);
    if (!(source instanceof Tensor)) {
      loading.messages.push(
        `While copying the parameter named "${name}", expected a Tensor from checkpoint but received ${describe(source)}`,
      );
      continue;
    }
    source.check("loadStateDict");
    // Files of PyTorch before 0.4 hold what has no dims as one element.
    const scalar = target.ndim === 0 && source.ndim === 1 && source.shape[0] === 1;
    if (!scalar && !sameShape(source.shape, target.shape)) {
      loading.messages.push(
        `size mismatch for ${name}: copying a param with shape ${sizeText(source)} from checkpoint, ` +
          `the shape in current model is ${sizeText(target)}.`,
      );
      continue;
    }
    loading.copies.push([target, source]);
  }
  const children = module.ownModules();
  const known = new Set([...own, ...children].map(([key]) => key));
  for (const name of state.keys()) {
    if (!name.startsWith(prefix)) continue;
    if (!known.has(name.slice(prefix.length).split(".", 1)[0] as string)) loading.unexpected.push(name);
  }
  for (const [key, child] of children) collectLoads(child, state, `${prefix}${key}.`, loading);
}

/** Copies a state dictionary into a module; everything is checked before anything is written. */
export function loadState(module: Module, name: string, given: unknown, strict: boolean): IncompatibleKeys {
  if (given === null || typeof given !== "object" || Array.isArray(given) || given instanceof Tensor) {
    throw new ArgumentError(`loadStateDict: Expected state_dict to be dict-like, got ${describe(given)}.`);
  }
  const state = new Map<string, unknown>(given instanceof Map ? given : Object.entries(given));
  const loading: Loading = { missing: [], unexpected: [], messages: [], copies: [] };
  collectLoads(module, state, "", loading);
  const messages = [...loading.messages];
  const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(", ");
  if (strict) {
    if (loading.unexpected.length > 0)
      messages.unshift(`Unexpected key(s) in state_dict: ${quoted(loading.unexpected)}. `);
    if (loading.missing.length > 0) messages.unshift(`Missing key(s) in state_dict: ${quoted(loading.missing)}. `);
  }
  if (messages.length > 0) {
    throw new ArgumentError(`Error(s) in loading state_dict for ${name}:\n\t${messages.join("\n\t")}`);
  }
  unrecorded(() =>
    temporaries(() => {
      for (const [target, source] of loading.copies) {
        copy_(target, target.ndim < source.ndim ? select(source, 0, 0) : source);
      }
      return null;
    }),
  );
  return { missingKeys: loading.missing, unexpectedKeys: loading.unexpected };
}
