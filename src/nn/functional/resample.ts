// Resampling along one dim by few weighted elements: what interpolation is made of.

import { add, div, mul, sub } from "../../ops/arithmetic.js";
import { to } from "../../ops/cast.js";
import { ge, logicalAnd, lt } from "../../ops/compare.js";
import { arange } from "../../ops/creation.js";
import { clamp, clampMin } from "../../ops/extrema.js";
import { indexSelect } from "../../ops/gather.js";
import { product } from "../../ops/gemm.js";
import { abs, relu } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { floor } from "../../ops/rounding.js";
import { reshape, transpose } from "../../ops/shape.js";
import { unsqueeze } from "../../ops/views.js";
import { where } from "../../ops/where.js";
import { unrecorded } from "../../tape/mode.js";
import type { Tensor } from "../../tensor/tensor.js";

/** How places of the result lie in the input along one dim. */
export interface Scale {
  readonly dim: number;
  readonly from: number;
  readonly to: number;
  /** Elements of the input for one of the result; null if it follows from the sizes. */
  readonly scale: number | null;
  readonly alignCorners: boolean;
}

function elementsPerPlace({ from, to: size, scale, alignCorners }: Scale): number {
  if (alignCorners) return size > 1 ? (from - 1) / (size - 1) : 0;
  return scale ?? from / size;
}

/** Where the places of the result lie in the input: i · scale, or the middles of elements. */
function positions(given: Scale): Tensor {
  const places = arange(given.to, { dtype: "float64" });
  const scale = elementsPerPlace(given);
  return given.alignCorners ? mul(places, scale) : sub(mul(add(places, 0.5), scale), 0.5);
}

/** The nearest element of the input: ⌊i · scale⌋, or ⌊(i + ½) · scale⌋ where `exact`; in float32, as PyTorch has it. */
export function nearest(x: Tensor, given: Scale, exact: boolean): Tensor {
  const index = unrecorded(() => {
    // Twice the size takes every element twice, and the same size each once, whatever factor was asked for.
    const isSimple = !exact && (given.to === given.from || given.to === 2 * given.from);
    const own = isSimple ? null : given.scale;
    const scale = Math.fround(own ?? Math.fround(given.from) / Math.fround(given.to));
    const places = arange(given.to, { dtype: "float32" });
    return clamp(to(floor(mul(exact ? add(places, 0.5) : places, scale)), "int32"), 0, given.from - 1);
  });
  return indexSelect(x, given.dim, index);
}

/** Σ weight · element over pairs of indices and weights, along a dim. */
function weighted(x: Tensor, dim: number, terms: readonly (readonly [Tensor, Tensor])[]): Tensor {
  const shape = x.shape.map((_, d) => (d === dim ? -1 : 1));
  let total: Tensor | null = null;
  for (const [index, weight] of terms) {
    const term = mul(indexSelect(x, dim, index), reshape(to(weight, x.dtype), shape));
    total = total === null ? term : add(total, term);
  }
  return total as Tensor;
}

/** Linear interpolation between neighbours. */
export function linearly(x: Tensor, given: Scale): Tensor {
  if (given.from === given.to && (given.alignCorners || given.scale === null || given.scale === 1)) return x;
  const terms = unrecorded(() => {
    const at = given.alignCorners ? positions(given) : clampMin(positions(given), 0);
    const low = clamp(floor(at), 0, given.from - 1);
    const share = clamp(sub(at, low), 0, 1);
    const high = clamp(add(low, 1), 0, given.from - 1);
    return [
      [to(low, "int32"), sub(1, share)],
      [to(high, "int32"), share],
    ] as const;
  });
  return weighted(x, given.dim, terms);
}

/** Keys' cubic convolution with a = −¾, at distances below 1 and from 1 to 2. */
const A = -0.75;
const near = (t: Tensor, a: number): Tensor => add(mul(mul(sub(mul(t, a + 2), a + 3), t), t), 1);
const far = (t: Tensor, a: number): Tensor => sub(mul(add(mul(sub(mul(t, a), 5 * a), t), 8 * a), t), 4 * a);

/** The four weights of neighbours for a position `t` behind the second of them. */
export function cubicWeights(t: Tensor): Tensor[] {
  const rest = sub(1, t);
  return [far(add(t, 1), A), near(t, A), near(rest, A), far(add(rest, 1), A)];
}

/** Cubic interpolation between four neighbours. */
export function cubically(x: Tensor, given: Scale): Tensor {
  const terms = unrecorded(() => {
    const at = positions(given);
    const low = floor(at);
    const weights = cubicWeights(sub(at, low));
    return weights.map((weight, i) => [to(clamp(add(low, i - 1), 0, given.from - 1), "int32"), weight] as const);
  });
  return weighted(x, given.dim, terms);
}

/**
 * Interpolation that averages where it shrinks: each place weighs all elements that its filter, stretched by the scale,
 * reaches; a product with a matrix of weights, whose rows add up to 1.
 */
export function smoothly(x: Tensor, given: Scale, filter: "linear" | "cubic"): Tensor {
  const weights = unrecorded(() => {
    const scale = elementsPerPlace(given);
    const stretch = Math.max(scale, 1);
    const support = (filter === "linear" ? 1 : 2) * stretch;
    const centre = mul(add(arange(given.to, { dtype: "float64" }), 0.5), scale);
    const first = clampMin(floor(add(sub(centre, support), 0.5)), 0);
    const last = clamp(floor(add(add(centre, support), 0.5)), 0, given.from);
    const elements = arange(given.from, { dtype: "float64" });
    const reached = logicalAnd(ge(elements, unsqueeze(first, 1)), lt(elements, unsqueeze(last, 1)));
    const distance = abs(div(sub(add(elements, 0.5), unsqueeze(centre, 1)), stretch));
    const value = filter === "linear" ? relu(sub(1, distance)) : cubicAt(distance);
    const own = where(reached, value, 0);
    return to(div(own, sum(own, 1, true)), x.dtype);
  });
  const last = x.ndim - 1;
  const turned = given.dim === last ? x : transpose(x, given.dim, last);
  const out = product(turned, transpose(weights, 0, 1), 1);
  return given.dim === last ? out : transpose(out, given.dim, last);
}

/** The same filter with a = −½, as a function of the distance. */
function cubicAt(distance: Tensor): Tensor {
  return where(lt(distance, 1), near(distance, -0.5), where(lt(distance, 2), far(distance, -0.5), 0));
}
