// Kernels in the artifact's table: taken from there when they are first needed, and known by their places.

import type { Kernel } from "./kernels.js";
import { artifact } from "./memory.js";
import { placeNamed } from "./places.js";

/** What a step of a nest weighs, for kernels whose steps take less than an operation on an element: products. */
const WEIGHTS: readonly (readonly [name: RegExp, weight: number])[] = [
  // A multiplication and addition, of many that are under way at once.
  [/^gemm_/, 1 / 8],
];

/** The kernels that were taken from the table of the installed instance. */
interface Taken {
  readonly table: WebAssembly.Table;
  readonly kernels: Map<string, Kernel>;
  readonly places: Map<unknown, number>;
  readonly weights: Map<unknown, number>;
}

let taken: Taken | null = null;

function current(): Taken {
  const { table } = artifact();
  if (taken === null || taken.table !== table)
    taken = { table, kernels: new Map(), places: new Map(), weights: new Map() };
  return taken;
}

/** The kernel of that name, of the installed instance; undefined where the artifact has none. */
export function kernelOf(name: string): Kernel | undefined {
  const { table, kernels, places, weights } = current();
  const known = kernels.get(name);
  if (known !== undefined) return known;
  const place = placeNamed(name);
  if (place === undefined) return undefined;
  const kernel = table.get(place) as Kernel;
  kernels.set(name, kernel);
  places.set(kernel, place);
  for (const [names, weight] of WEIGHTS) if (names.test(name)) weights.set(kernel, weight);
  return kernel;
}

/** The place of a kernel, or -1 for what is none of the artifact's: kernels that run another on temporaries. */
export function placeOf(kernel: Kernel): number {
  return current().places.get(kernel) ?? -1;
}

/** What a step of a kernel's nest weighs: see `grainOf`. */
export function weightOf(kernel: Kernel): number {
  return current().weights.get(kernel) ?? 1;
}
