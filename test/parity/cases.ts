// Recorded cases: their form, and building the tensors and arguments they describe.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import * as wengert from "../../src/entries/node.js";
import { slice, Tensor, tensor } from "../../src/entries/node.js";

/** A number as recorded: NaN and infinities are spelt out. */
type Recorded = number | boolean | { readonly num: string };

export interface RecordedTensor {
  readonly tensor: readonly Recorded[];
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly strides?: readonly number[];
  readonly requiresGrad?: boolean;
}

export interface Case {
  readonly sample: number;
  readonly args: readonly unknown[];
  readonly opts: Readonly<Record<string, unknown>>;
  readonly out: unknown;
  readonly diffOutputs: readonly number[];
  readonly cotangents?: readonly RecordedTensor[];
  readonly grads?: readonly (RecordedTensor | null)[];
  readonly gradUsed?: readonly number[];
  readonly cotangents2?: readonly RecordedTensor[];
  readonly gradgrads?: readonly (RecordedTensor | null)[];
  readonly tangents?: readonly RecordedTensor[];
  readonly jvp?: readonly (RecordedTensor | null)[];
}

export interface Document {
  readonly op: string;
  readonly variant?: string;
  readonly inplace?: boolean;
  readonly cases: readonly Case[];
  readonly errors?: readonly {
    readonly args: readonly unknown[];
    readonly opts: Readonly<Record<string, unknown>>;
    readonly about: string;
  }[];
}

/** All recorded operators. */
export const documents: readonly Document[] = JSON.parse(
  gunzipSync(readFileSync(new URL("cases.json.gz", import.meta.url))).toString(),
);

export const numberOf = (value: Recorded): number => (typeof value === "object" ? Number(value.num) : Number(value));

/** "index_select" → "indexSelect"; an underscore at the end stays. */
export function camel(name: string): string {
  const tail = /[^_]_$/.test(name) ? "_" : "";
  const words = name.split("_").filter((word) => word !== "");
  return words.map((word, i) => (i === 0 ? word : (word[0] as string).toUpperCase() + word.slice(1))).join("") + tail;
}

/** A tensor as it was recorded, in a float dtype of choice; its strides are rebuilt by permuting a dense copy. */
export function build(recorded: RecordedTensor, float: "float32" | "float64"): Tensor {
  const numbers = recorded.tensor.map(numberOf);
  const dtype = recorded.dtype === "float64" ? float : recorded.dtype === "int64" ? "int32" : recorded.dtype;
  const flat = tensor(recorded.dtype === "bool" ? numbers.map(Boolean) : numbers, { dtype: dtype as "float64" });
  const { shape, strides } = recorded;
  if (strides === undefined || numbers.length === 0) return flat.reshape(shape).detach();
  const order = shape.map((_, d) => d).sort((a, b) => (strides[b] as number) - (strides[a] as number) || a - b);
  const dense = flat.reshape(shape).permute(order).contiguous();
  return dense.permute(order.map((_, d) => order.indexOf(d))).detach();
}

/** Arguments with fresh tensors; those that require gradients are collected, each first given to `wrap`. */
export function decode(
  value: unknown,
  float: "float32" | "float64",
  leaves: Tensor[],
  wrap: (x: Tensor) => Tensor,
): unknown {
  if (Array.isArray(value)) return value.map((each) => decode(each, float, leaves, wrap));
  if (value === null || typeof value !== "object") return value;
  if ("tensor" in value) {
    const recorded = value as RecordedTensor;
    const made = build(recorded, float);
    if (!recorded.requiresGrad) return made;
    const leaf = wrap(made);
    leaves.push(leaf);
    return leaf;
  }
  if ("num" in value) return Number(value.num);
  if ("dtypeName" in value) return value.dtypeName === "float64" ? float : value.dtypeName;
  if ("slice" in value)
    return slice(
      ...((value.slice as (number | null | undefined)[]).map((bound) => bound ?? null) as [null, null, null]),
    );
  return "ellipsis" in value ? "..." : value;
}

type Callable = (...args: unknown[]) => unknown;

/** The function of an operator: by its path in the library, or as a method. */
export function find(op: string): { readonly call: Callable | null; readonly method: string } {
  let at: unknown = wengert;
  for (const part of op.split(".")) at = (at as Record<string, unknown> | undefined)?.[camel(part)];
  return { call: typeof at === "function" ? (at as Callable) : null, method: camel(op.split(".").at(-1) as string) };
}

/** Calls an operator; properties such as `T` count as methods without arguments. */
export function invoke(op: string, args: readonly unknown[], opts: Readonly<Record<string, unknown>>): unknown {
  if (op === "__getitem__") return (args[0] as Tensor).index(...((Array.isArray(args[1]) ? args[1] : [args[1]]) as []));
  const given = Object.keys(opts).length === 0 ? args : [...args, opts];
  const { call, method } = find(op);
  const own = /[^_]_$/.test(op) ? [(given[0] as Tensor).clone(), ...given.slice(1)] : given;
  if (call !== null) return call(...own);
  const [self, ...rest] = own;
  const found = (self as unknown as Record<string, unknown>)[method];
  return typeof found === "function" ? (found as Callable).apply(self, rest) : found;
}

/** The tensors and numbers in a result, in order. */
export function flattened(result: unknown): unknown[] {
  if (result instanceof Tensor || result === null || typeof result !== "object") return [result];
  if (Array.isArray(result)) return result.flatMap(flattened);
  const fields = result as Record<string, unknown>;
  return ("values" in fields && "indices" in fields ? [fields.values, fields.indices] : Object.values(fields)).flatMap(
    flattened,
  );
}
