// Samples of operators that move elements: shapes, indexing, writing by index.

import * as wengert from "../../src/entries/node.js";
import { int32, type Tensor, tensor } from "../../src/entries/node.js";
import type { Sample } from "./samples.js";

type Values = (shape: readonly number[], low: number, high: number) => Tensor;
type Callable = (...args: unknown[]) => unknown;

const library = wengert as unknown as Record<string, Callable>;
const methods = wengert.Tensor.prototype as unknown as Record<string, Callable | undefined>;

/** The samples, from a source of smooth values. */
export function moves(values: Values): Sample[] {
  const list: Sample[] = [];
  const add = (name: string, args: readonly unknown[], more: Partial<Sample> = {}): void => {
    const inplace = methods[`${name}_`];
    const writes = inplace && { inplace: (self: unknown, ...rest: unknown[]) => inplace.apply(self, rest) };
    list.push({ name, call: library[name] as Callable, args, ...writes, ...more });
  };
  const ints = (data: unknown): Tensor => tensor(data as number[], { dtype: int32 });
  const x = values([3, 4], 0.2, 0.9);
  const places = ints([
    [0, 2, 1],
    [2, 2, 0],
  ]);
  for (const reduce of ["sum", "prod", "mean", "amax", "amin"]) {
    for (const includeSelf of [true, false]) {
      add("scatterReduce", [x, 0, places, values([2, 4], 0.2, 0.9), reduce, { includeSelf }]);
      if (reduce === "sum") continue;
      add("indexReduce", [x, 1, ints([3, 0, 3]), values([3, 3], 0.2, 0.9), reduce, { includeSelf }]);
    }
  }
  return list;
}
