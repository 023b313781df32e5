// How a family of operators gathers its samples.

import * as wengert from "../../src/entries/node.js";
import { float64, int32, Tensor, tensor } from "../../src/entries/node.js";
import type { Sample } from "./samples.js";

export type Values = (shape: readonly number[], low: number, high: number) => Tensor;
export type Callable = (...args: unknown[]) => unknown;

/** Adds samples of the functions at these paths (`"relu nn.functional.relu"`), each with the same arguments. */
export type Add = (paths: string, args: readonly unknown[], more?: Partial<Sample>) => void;

/** An int32 tensor. */
export const ints = (data: unknown): Tensor => tensor(data as number[], { dtype: int32 });

/** A bool tensor. */
export const bools = (data: unknown): Tensor => tensor(data as boolean[]);

/** A float64 tensor. */
export const doubles = (data: unknown): Tensor => tensor(data as number[], { dtype: float64 });

/** The function at a path of the library; methods only on tensors are not found. */
export function at(path: string): Callable | undefined {
  const found = path
    .split(".")
    .reduce((from: unknown, part) => (from as Record<string, unknown> | undefined)?.[part], wengert);
  return typeof found === "function" ? (found as Callable) : undefined;
}

/** Arguments in a few words, to tell samples of an operator apart. */
function words(value: unknown): string {
  if (value instanceof Tensor) return `${value.dtype === "float64" ? "" : value.dtype}[${value.shape}]`;
  if (Array.isArray(value)) return `[${value.map(words).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${words(each)}`)
    .join(", ");
}

function everyFloat(args: readonly unknown[], test: (x: Tensor) => boolean): boolean {
  return args.every((arg) =>
    arg instanceof Tensor
      ? !arg.dtype.startsWith("float") || test(arg)
      : arg === null || typeof arg !== "object" || everyFloat(Object.values(arg), test),
  );
}

/**
 * A list and the function that adds to it. Where a tensor has another precision than float64, differences are not asked
 * for a derivative.
 */
export function collector(): { readonly list: Sample[]; readonly add: Add } {
  const list: Sample[] = [];
  const add: Add = (paths, args, more = {}) => {
    for (const path of paths.split(" ")) {
      const call = more.call ?? at(path);
      if (call === undefined) throw new Error(`no function ${path} for its sample`);
      list.push({
        name: `${path} (${args.map(words).join(", ")})`,
        call,
        args,
        ...(everyFloat(args, (x) => x.dtype === "float64") ? {} : { differentiable: false }),
        ...more,
      });
    }
  };
  return { list, add };
}
