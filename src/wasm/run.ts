// The lowest call: where one run of one kernel can be recorded, or shared out, before it happens.

import type { Kernel } from "./kernels.js";

/** Whoever takes a kernel's run over: calls it itself, now or later, whole or in pieces. */
export type Taker = (kernel: Kernel, block: number, extent: number, whole: boolean) => void;

/** Who takes over at the moment; null where kernels are just called. */
export const runs = { taken: null as Taker | null };

/** Runs a kernel on a block over the range [0, extent); `whole` where the range must not be cut. */
export function run(kernel: Kernel, block: number, extent: number, whole: boolean): void {
  if (runs.taken === null) kernel(block, 0, extent);
  else runs.taken(kernel, block, extent, whole);
}
