// What pickles, read or written, have in common, and what one made as JavaScript's values.

import { FormatError } from "../errors.js";

/** A name in a Python module. */
export class Global {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** No file that a person saves nests deeper. */
export const DEEPEST = 200;

/** Bytes as a text of as many letters. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}

/** Puts a field into an object, whatever its name. */
export function setField(into: object, name: string, value: unknown): void {
  Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Dicts as objects, where their keys are texts or whole numbers; lists, sets and maps with such values inside. */
export function plain(op: string, value: unknown, known: Map<unknown, unknown>, depth: number): unknown {
  if (value instanceof Global) {
    if (value.module === "torch") return value.name; // a dtype
    throw new FormatError(`${op}: the file holds the Python name ${value.module}.${value.name}, which stands for code`);
  }
  const isDict = value instanceof Map;
  if (!isDict && !Array.isArray(value) && !(value instanceof Set)) return value;
  if (known.has(value)) return known.get(value);
  if (depth > DEEPEST) throw new FormatError(`${op}: the file nests values more than ${DEEPEST} deep`);
  const inner = (item: unknown) => plain(op, item, known, depth + 1);
  if (Array.isArray(value)) {
    known.set(value, value);
    for (let i = 0; i < value.length; i++) value[i] = inner(value[i]);
    return value;
  }
  if (!isDict) {
    const set = new Set<unknown>();
    known.set(value, set);
    for (const item of value) set.add(inner(item));
    return set;
  }
  const keys = [...value.keys()];
  if (keys.every((key) => typeof key === "string" || typeof key === "number")) {
    const object = {};
    known.set(value, object);
    for (const [key, item] of value) setField(object, String(key), inner(item));
    return object;
  }
  const map = new Map<unknown, unknown>();
  known.set(value, map);
  for (const [key, item] of value) map.set(inner(key), inner(item));
  return map;
}
