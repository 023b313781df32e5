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
  add("fill", [x, values([], 0, 1)]);
  add("adjoint", [values([2, 3, 2], 0, 1)]);
  add("asStridedScatter", [x, values([2], 0, 1), [2], [3], 1]);
  add("blockDiag", [x, values([2], 0, 1), values([], 0, 1)]);
  add("cartesianProd", [values([2], 0, 1), values([3], 0, 1)]);
  add("combinations", [values([4], 0, 1), 2]);
  add("indexAdd", [x, 1, ints([2, 0]), values([3, 2], 0, 1), { alpha: 0.5 }]);
  add("indexFill", [x, 1, ints([-1, 0]), 0.5]);
  add("put", [x, ints([5, 5]), values([2], 0, 1), true]);
  add("repeatInterleave", [x, ints([0, 2, 1]), 0]);
  add("roll", [x, [1, -2], [0, 1]]);
  add("unravelIndex", [ints([5, 0]), [2, 3]], { differentiable: false });
  return list;
}
