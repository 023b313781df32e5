// What checks of values need: a yes or no from a tensor, for all examples of a vmap, and warnings that are said once.

import { allShown } from "../tensor/batch.js";
import { temporaries } from "../tensor/lifetime.js";
import { item, tolist } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";

/** The values of a 0-dim tensor: one, or one for each example that `vmap` hides. */
export function valuesOf(x: Tensor): number[] {
  if (x.storage.batch === null) return [Number(item(x))];
  const all = allShown(x);
  const values = ([tolist(all)].flat(16) as unknown[]).map(Number);
  all.dispose();
  return values;
}

/** Whether a 0-dim tensor is true, for some example at least. */
export function isTrue(x: Tensor): boolean {
  return valuesOf(x).some((value) => value !== 0);
}

/** Whether a 0-dim tensor is true, for every example. */
export function isAlwaysTrue(x: Tensor): boolean {
  return valuesOf(x).every((value) => value !== 0);
}

/** Whether what `f` makes is true for some example; all of it is freed at once. */
export function anyHolds(f: () => Tensor): boolean {
  let found = false;
  temporaries(() => {
    found = isTrue(f());
    return null;
  });
  return found;
}

/** Whether what `f` makes is true for every example. */
export function allHold(f: () => Tensor): boolean {
  let found = false;
  temporaries(() => {
    found = isAlwaysTrue(f());
    return null;
  });
  return found;
}

const said = /* @__PURE__ */ new Set<string>();

/** Warns, the first time. */
export function warnOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console.warn(text);
}
