// What checks of values need: a yes or no from a tensor, and warnings that are said once.

import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";

/** The value of a one-element tensor, which is freed at once with whatever it was made from. */
export function numberOf(f: () => Tensor): number {
  let value = 0;
  temporaries(() => {
    value = Number(item(f()));
    return null;
  });
  return value;
}

const said = /* @__PURE__ */ new Set<string>();

/** Warns, the first time. */
export function warnOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  console.warn(text);
}
