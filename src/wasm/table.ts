// Kernels by number: the places that the artifact's own table has for them, the same in every instance of it.

import type { Kernel } from "./kernels.js";
import { artifact } from "./memory.js";

/** Exports that are kernels have the dtype's word behind an underscore. */
const KERNEL = /_[a-z]*\d+$/;

let places: Map<Kernel, number> | null = null;

/** Puts every kernel among an instance's exports into its table; returns their places. */
export function fillTable(exports: object, table: WebAssembly.Table): Map<Kernel, number> {
  const kernels = Object.entries(exports).filter(([name, value]) => typeof value === "function" && KERNEL.test(name));
  let place = table.grow(kernels.length);
  const found = new Map<Kernel, number>();
  for (const [, kernel] of kernels) {
    table.set(place, kernel);
    found.set(kernel, place++);
  }
  return found;
}

/** The place of a kernel, or -1 for what is no export of the artifact: kernels that run another on temporaries. */
export function placeOf(kernel: Kernel): number {
  places ??= fillTable(artifact(), artifact().table);
  return places.get(kernel) ?? -1;
}
