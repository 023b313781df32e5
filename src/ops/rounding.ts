// Rounding to whole numbers, and what is left of them.

import { DTypeError } from "../errors.js";
import { asInteger, asTensor, parse } from "../op/args.js";
import { composed } from "../op/composed.js";
import { copyInto } from "../op/copy.js";
import { elementwise, type Unary } from "../op/elementwise.js";
import { type Applied, op } from "../op/op.js";
import { unrecorded } from "../tape/mode.js";
import { isFloat } from "../tensor/dtype.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { div, mul } from "./arithmetic.js";
import { zerosLike } from "./creation.js";

/** The largest whole number up to x; integers stay as they are. The gradient is zero. Not for bool. */
export const floor: Unary = elementwise({
  name: "floor",
  dtype: "numeric",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** The smallest whole number from x on; integers stay as they are. The gradient is zero. Not for bool. */
export const ceil: Unary = elementwise({
  name: "ceil",
  dtype: "numeric",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** x without its fraction; integers stay as they are. The gradient is zero. Not for bool. */
export const trunc: Unary = elementwise({
  name: "trunc",
  dtype: "numeric",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** The same as `trunc`. */
export { trunc as fix };

/** The fraction x − trunc x, with the sign of x. The derivative is 1. Floats only. */
export const frac: Unary = elementwise({
  name: "frac",
  dtype: "float",
  partials: { x: { reads: [], of: ({ g }) => g } },
});

const nearest: Unary = elementwise({
  name: "round",
  dtype: "numeric",
  partials: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** Rounds to a power of ten. */
const toDecimals = (x: Tensor, decimals: number): Tensor =>
  unrecorded(() =>
    temporaries(() => {
      // Read from text: correctly rounded, the same everywhere.
      const power = Number(`1e${Math.abs(decimals)}`);
      return decimals > 0 ? div(nearest(mul(x, power)), power) : mul(nearest(div(x, power)), power);
    }),
  );

const decimal: Applied<number> = op({
  name: "round",
  label: "RoundBackward1",
  forward: ([x], decimals: number) => toDecimals(x as Tensor, decimals),
  gradients: { x: { reads: [], of: ({ g }) => zerosLike(g) } },
});

/** Options of `round`. */
export interface RoundOptions {
  /** Decimal places to keep; negative ones round to tens, hundreds, … */
  readonly decimals?: number;
}

function decimalsOf(name: string, x: Tensor, rest: readonly unknown[]): number {
  asTensor(name, x);
  const decimals = asInteger(name, parse(name, rest, { decimals: 0 }).decimals, "decimals");
  if (decimals !== 0 && !isFloat(x.dtype))
    throw new DTypeError(`${name}: decimals other than 0 are for floating-point tensors, got ${x.dtype}`);
  return decimals;
}

/**
 * The nearest whole number, halves to the even one: 0.5 → 0, 1.5 → 2, 2.5 → 2; with `decimals` the nearest multiple of
 * 10^(−decimals). The gradient is zero. Not for bool.
 */
export function round(x: Tensor, ...rest: [options?: RoundOptions]): Tensor {
  const decimals = decimalsOf("round", x, rest);
  return decimals === 0 ? nearest(x) : decimal([x], decimals);
}

/** Rounds `self` in place and returns it. */
export function round_(self: Tensor, ...rest: [options?: RoundOptions]): Tensor {
  const decimals = decimalsOf("round_", self, rest);
  if (decimals === 0) return nearest.inplace(self);
  return decimal.inplace([self], decimals, () =>
    composed("round_", () => {
      copyInto(self, toDecimals(self, decimals));
      return null;
    }),
  );
}
