// The derivative of running products, exact with zeros.

import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { mul } from "./arithmetic.js";
import { onesLike } from "./creation.js";
import { cat } from "./join.js";
import { recurrence } from "./recurrence.js";
import { cumprod } from "./scan.js";
import { narrow } from "./views.js";

/** Products of the elements before each: 1, x[0], x[0]·x[1], … */
export function productBefore(x: Tensor, dim: number): Tensor {
  const n = x.shape[dim];
  if (n === undefined || n === 0) return onesLike(x);
  return temporaries(() => {
    const first = onesLike(narrow(x, dim, 0, 1));
    return n === 1 ? first : cat([first, cumprod(narrow(x, dim, 0, n - 1), dim)], dim);
  });
}

/**
 * The gradient of a running product from that of its results. Element i has the product before it as a factor, and the
 * rest is S[i] = g[i] + x[i + 1]·S[i + 1]: no quotient, so zeros do no harm, in any derivative.
 */
export function productGradient(g: Tensor, x: Tensor, dim: number): Tensor {
  return temporaries(() => mul(productBefore(x, dim), recurrence([x, g], { dim, reverse: true })));
}
