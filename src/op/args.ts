// Reading a call's optional arguments: by position where people write them so, or by name in one trailing object.

import { ArgumentError } from "../errors.js";
import { Tensor } from "../tensor/tensor.js";

/** Optional arguments `P` by position, then one object of options `O`, at any point from the first on. */
export type Trailing<P extends readonly unknown[], O> = P extends readonly [infer First, ...infer Rest]
  ? [options?: O] | [First, ...Trailing<Rest, O>]
  : [options?: O];

/** Whether a value is an object of options rather than an argument. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== "object") return false;
  if (value instanceof Tensor || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Puts optional arguments together: `defaults` lists all names, `positional` those that may come by position.
 * `undefined` stands for the default.
 * @throws ArgumentError for an unknown option, listing the known ones, and for too many arguments.
 */
export function parse<T extends object>(
  op: string,
  given: readonly unknown[],
  defaults: T,
  positional: readonly (keyof T & string)[] = [],
): T {
  const count = given.length;
  if (count === 0) return defaults;
  const result = { ...defaults } as Record<string, unknown>;
  for (let i = 0; i < count; i++) {
    const value = given[i];
    if (i === count - 1 && isOptions(value)) merge(op, result, value, positional.slice(0, i));
    else if (i < positional.length) {
      if (value !== undefined) result[positional[i] as string] = value;
    } else if (value !== undefined) throw tooMany(op, positional, Object.keys(defaults), value);
  }
  return result as T;
}

/**
 * Refuses what comes behind the last parameter of a function without options: `undefined` and `{}` say nothing and pass.
 * @throws ArgumentError as `parse` does.
 */
export function nothingMore(op: string, rest: readonly unknown[]): void {
  if (rest.length !== 0) parse(op, rest, {});
}

function merge(
  op: string,
  result: Record<string, unknown>,
  options: Record<string, unknown>,
  taken: readonly string[],
): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(result, name)) {
      const known = Object.keys(result);
      throw new ArgumentError(
        `${op}: unknown option "${name}"; ${known.length === 0 ? "it takes no options" : `known options are ${known.join(", ")}`}`,
      );
    }
    if (taken.includes(name)) throw new ArgumentError(`${op}: got multiple values for argument '${name}'`);
    if (options[name] !== undefined) result[name] = options[name];
  }
}

function tooMany(op: string, positional: readonly string[], known: readonly string[], value: unknown): ArgumentError {
  const named = known.length === 0 ? "" : `; options go by name in one trailing object: { ${known.join(", ")} }`;
  return new ArgumentError(
    `${op}: takes at most ${positional.length} optional positional arguments, got ${describe(value)} as one more${named}`,
  );
}

/** A short description of a value for error texts. */
export function describe(value: unknown): string {
  if (value instanceof Tensor) return `a ${value.dtype} tensor of shape [${value.shape.join(", ")}]`;
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "without class"})`;
  if (typeof value === "function") return `a function`;
  return `${typeof value} ${String(value)}`;
}

/** Checks that an argument is a tensor that was not disposed. */
export function asTensor(op: string, value: unknown, name = "input"): Tensor {
  if (!(value instanceof Tensor)) throw new ArgumentError(`${op}: ${name} must be a tensor, got ${describe(value)}`);
  value.check(op);
  return value;
}

/** Checks that an argument is an array of tensors. */
export function asTensors(op: string, value: unknown, name = "tensors"): Tensor[] {
  if (!Array.isArray(value))
    throw new ArgumentError(`${op}: ${name} must be an array of tensors, got ${describe(value)}`);
  return value.map((tensor) => asTensor(op, tensor, `each of ${name}`));
}

/** Checks that an argument is a whole number. */
export function asInteger(op: string, value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new ArgumentError(`${op}: ${name} must be an integer, got ${describe(value)}`);
  }
  return value;
}

/** Checks that an argument is a number. */
export function asNumber(op: string, value: unknown, name: string): number {
  if (typeof value !== "number") throw new ArgumentError(`${op}: ${name} must be a number, got ${describe(value)}`);
  return value;
}

/** Checks that an argument is true or false. */
export function asBoolean(op: string, value: unknown, name: string): boolean {
  if (typeof value !== "boolean")
    throw new ArgumentError(`${op}: ${name} must be true or false, got ${describe(value)}`);
  return value;
}

/** Checks that an argument is an array of whole numbers: a shape, dims, repeats. */
export function asIntegers(op: string, value: unknown, name: string): readonly number[] {
  if (!Array.isArray(value))
    throw new ArgumentError(`${op}: ${name} must be an array of integers, got ${describe(value)}`);
  for (const item of value) asInteger(op, item, `each of ${name}`);
  return value;
}
