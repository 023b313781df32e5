// Powers and cosines of plain numbers with the same bits in every runtime, where the engine's own may differ.

import { pow } from "../ops/arithmetic.js";
import { full } from "../ops/creation.js";
import { cos } from "../ops/trigonometric.js";
import { unrecorded } from "../tape/mode.js";
import { temporaries } from "../tensor/lifetime.js";
import { item } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import { aside } from "../wasm/recording.js";

/** 2²⁷ + 1: a product with it splits a float64 into two halves whose products are exact (Dekker 1971). */
const SPLITTER = 134217729;

/** The rounding error of the product `p` of a and b. */
function productError(a: number, b: number, p: number): number {
  const aBig = SPLITTER * a;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = SPLITTER * b;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  return aLow * bLow - (p - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** xⁿ for a whole n ≥ 0 by squaring, in two parts, so that all but the last rounding is far below the last place. */
function wholePower(x: number, n: number): number {
  let [high, low] = [1, 0];
  let [square, squareLow] = [x, 0];
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      const p = high * square;
      low = productError(high, square, p) + (high * squareLow + low * square);
      high = p + low;
      low = p - high + low;
    }
    const p = square * square;
    squareLow = productError(square, square, p) + 2 * square * squareLow;
    square = p + squareLow;
    squareLow = p - square + squareLow;
  }
  return high + low;
}

/** f of one number, by a kernel in float64. */
function byKernel(x: number, f: (x: Tensor) => Tensor): number {
  let result = Number.NaN;
  aside(() =>
    unrecorded(() =>
      temporaries(() => {
        result = item(f(full([], x, { dtype: "float64" }))) as number;
        return null;
      }),
    ),
  );
  return result;
}

/** Exponents up to here are taken by squaring. */
const MOST = 2 ** 40;

/** xʸ: to the last place for whole y, else as the kernel of `pow`. */
export function power(x: number, y: number): number {
  if (Number.isInteger(y) && Math.abs(y) <= MOST) {
    const whole = wholePower(x, Math.abs(y));
    if (Number.isFinite(whole) && (whole !== 0 || x === 0)) return y < 0 ? 1 / whole : whole;
  }
  return byKernel(x, (base) => pow(base, y));
}

/** cos x. */
export function cosine(x: number): number {
  return byKernel(x, cos);
}
