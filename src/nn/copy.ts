// Deep copies of tensors and of modules.

import { ArgumentError, GraphError } from "../errors.js";
import { describe } from "../op/args.js";
import { asContiguous, copyInto } from "../op/copy.js";
import { isDenseNonOverlapping } from "../tensor/layout.js";
import { emptyOf, Tensor } from "../tensor/tensor.js";
import { HIDDEN, type Hidden } from "./hidden.js";
import { Module } from "./module.js";
import { Parameter, parameterOf } from "./parameter.js";

/**
 * A copy that shares nothing with the original: of a leaf tensor with its gradient, of a module with its parameters, buffers
 * and modules, of arrays, maps, sets and plain objects of these. What occurs twice occurs twice in the copy; functions and
 * objects of other classes stay the same.
 * @throws GraphError for a tensor that is no leaf.
 */
export function deepcopy<T>(value: T): T {
  return copied(value, new Map()) as T;
}

function copied(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (value === null || typeof value !== "object") return value;
  if (seen.has(value)) return seen.get(value);
  if (value instanceof Tensor) return copiedTensor(value, seen);
  if (value instanceof Module) return copiedModule(value, seen);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    seen.set(value, copy);
    for (const item of value) copy.push(copied(item, seen));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    seen.set(value, copy);
    for (const [key, item] of value) copy.set(copied(key, seen), copied(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    seen.set(value, copy);
    for (const item of value) copy.add(copied(item, seen));
    return copy;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  seen.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = copied(item, seen);
  return copy;
}

function copiedTensor(x: Tensor, seen: Map<unknown, unknown>): Tensor {
  x.check("deepcopy");
  if (x.history !== null) {
    throw new GraphError(
      "deepcopy: Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment; detach() it first",
    );
  }
  const source = isDenseNonOverlapping(x.layout) ? x : asContiguous(x);
  const data = emptyOf("deepcopy", { ...source.layout, offset: 0 }, x.dtype);
  copyInto(data, x);
  if (source !== x) source.dispose();
  const copy = x instanceof Parameter ? parameterOf(data, false) : data;
  copy.collects = x.collects;
  seen.set(x, copy);
  if (x.gradient !== null) {
    const gradient = copied(x.gradient, seen) as Tensor;
    gradient.kept = true;
    copy.gradient = gradient;
  }
  return copy;
}

function copiedModule(module: Module, seen: Map<unknown, unknown>): Module {
  if (typeof module.constructor !== "function") throw new ArgumentError(`deepcopy: cannot copy ${describe(module)}`);
  const copy = Object.create(Object.getPrototypeOf(module)) as Module;
  seen.set(module, copy);
  const { buffers, hooks, shownName }: Hidden = module[HIDDEN];
  Object.defineProperty(copy, HIDDEN, {
    value: { buffers: new Map(buffers), hooks: hooks === null ? null : hooks.copy(), shownName },
  });
  for (const [field, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(module))) {
    if ("value" in descriptor) descriptor.value = copied(descriptor.value, seen);
    Object.defineProperty(copy, field, descriptor);
  }
  return copy;
}
