// What checks of values need: a yes or no from a tensor, for all examples of a vmap.

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

function asked(f: () => Tensor, question: (x: Tensor) => boolean): boolean {
  let answer = false;
  temporaries(() => {
    answer = question(f());
    return null;
  });
  return answer;
}

/** Whether what `f` makes is true for some example; all of it is freed at once. */
export function anyHolds(f: () => Tensor): boolean {
  return asked(f, isTrue);
}

/** Whether what `f` makes is true for every example. */
export function allHold(f: () => Tensor): boolean {
  return asked(f, isAlwaysTrue);
}
