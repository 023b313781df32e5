// Deep copies of structures that hold tensors.

import { GraphError } from "../errors.js";
import { unrecorded } from "../tape/mode.js";
import { Tensor } from "../tensor/tensor.js";
import { dense } from "./copy.js";

/**
 * A copy of a value with everything in it: arrays, maps, sets, typed arrays and objects of any class. Tensors get memory
 * of their own and keep `requiresGrad` and their `grad`. What occurs twice is copied once; functions stay the same.
 * @throws GraphError for a tensor with history, which cannot be copied: detach or clone it.
 */
export function deepcopy<T>(value: T): T {
  return copied(value, new Map()) as T;
}

/** How to make an empty object of a value's kind, where `Object.create` cannot: of modules, which are functions. */
function blankOf(value: unknown): (() => object) | null {
  if (typeof value !== "function") return null;
  const { blankCopy } = value as { blankCopy?: () => object };
  return typeof blankCopy === "function" ? () => blankCopy.call(value) : null;
}

function copied(value: unknown, done: Map<unknown, unknown>): unknown {
  const blank = blankOf(value);
  if (value === null || value === undefined || (typeof value !== "object" && blank === null)) return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  const note = <C extends object>(copy: C): C => {
    done.set(value, copy);
    return copy;
  };
  if (value instanceof Tensor) return copyOf(value, done);
  if (value instanceof Date) return note(new Date(value));
  if (value instanceof RegExp) return note(new RegExp(value));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return note(structuredClone(value));
  if (value instanceof Map) {
    const copy = note(new Map<unknown, unknown>());
    for (const [key, each] of value) copy.set(copied(key, done), copied(each, done));
    return copy;
  }
  if (value instanceof Set) {
    const copy = note(new Set<unknown>());
    for (const each of value) copy.add(copied(each, done));
    return copy;
  }
  const copy = note(Array.isArray(value) ? [] : (blank?.() ?? (Object.create(Object.getPrototypeOf(value)) as object)));
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
    if ("value" in property) property.value = copied(property.value, done);
    Object.defineProperty(copy, key, property);
  }
  return copy;
}

function copyOf(x: Tensor, done: Map<unknown, unknown>): Tensor {
  x.check("deepcopy");
  if (x.history !== null) {
    throw new GraphError(
      "deepcopy: Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment; " +
        "detach() or clone() the tensor.",
    );
  }
  const copy = unrecorded(() => dense(x));
  Object.setPrototypeOf(copy, Object.getPrototypeOf(x));
  done.set(x, copy);
  copy.collects = x.collects;
  if (x.gradient !== null) {
    copy.gradient = copied(x.gradient, done) as Tensor;
    copy.gradient.kept = true;
    copy.gradientOwned = true;
  }
  return copy;
}
