// Kernels in the artifact's table: taken from there when they are first needed, and known by their places.

import { ORDINARY, type Weight } from "./grain.js";
import type { Kernel } from "./kernels.js";
import { artifact } from "./memory.js";
import { placeNamed } from "./places.js";

/** Kernels that are not like an operation on an element, by their names: products and convolutions. */
const WEIGHTS: readonly (readonly [name: RegExp, weight: Weight])[] = [
  // Multiplications and additions, many of which are under way at once; the second operand is packed for each piece.
  [/^gemm_/, { step: 1 / 8, others: 0, prepares: true }],
  // The last three sizes are the image's, or the last one the width of a value.
  [/^correlate_/, { step: 1 / 8, others: 3, prepares: false }],
  [/^attention_/, { step: 1 / 2, others: 1, prepares: false }],
];

/** The kernels that were taken from the table of the installed instance. */
interface Taken {
  readonly table: WebAssembly.Table;
  readonly kernels: Map<string, Kernel>;
  readonly places: Map<unknown, number>;
  readonly weights: Map<unknown, Weight>;
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

/** What a kernel's nest tells of its work: see `grainOf`. */
export function weightOf(kernel: Kernel): Weight {
  return current().weights.get(kernel) ?? ORDINARY;
}
