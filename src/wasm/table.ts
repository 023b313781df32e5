// Kernels by number: the places that the artifact's own table has for them, the same in every instance of it.

import { fillTable } from "./fill.js";
import type { Kernel } from "./kernels.js";
import { artifact } from "./memory.js";

/** What a step of a nest weighs, for kernels that are not like an operation on an element. */
const WEIGHTS: readonly (readonly [name: RegExp, weight: number])[] = [
  // A multiplication and addition, of many that are under way at once.
  [/^gemm_/, 1 / 8],
];

/** What is known of the kernels of the installed instance. */
interface Table {
  readonly owner: WebAssembly.Table;
  readonly places: ReadonlyMap<unknown, number>;
  readonly weights: ReadonlyMap<unknown, number>;
}

let table: Table | null = null;

function filled(): Table {
  const exports = artifact();
  if (table !== null && table.owner === exports.table) return table;
  const places = fillTable(exports, exports.table);
  const weights = new Map<unknown, number>();
  for (const [name, kernel] of Object.entries(exports)) {
    for (const [names, weight] of WEIGHTS) if (names.test(name)) weights.set(kernel, weight);
  }
  table = { owner: exports.table, places, weights };
  return table;
}

/** Fills the installed instance's table: for calls by places that were found in another instance's. */
export function prepareTable(): void {
  filled();
}

/** The place of a kernel, or -1 for what is no export of the artifact: kernels that run another on temporaries. */
export function placeOf(kernel: Kernel): number {
  return filled().places.get(kernel) ?? -1;
}

/** What a step of a kernel's nest weighs: see `grainOf`. */
export function weightOf(kernel: Kernel): number {
  return filled().weights.get(kernel) ?? 1;
}
