// A line search for steps that satisfy the strong Wolfe conditions, with cubic interpolation, after M. Schmidt's minFunc.

import type { Tensor } from "../tensor/tensor.js";

/** A point on the line: how far, the loss there, its gradient, and its slope along the line. */
export interface Point {
  readonly t: number;
  readonly loss: number;
  readonly gradient: Tensor;
  readonly slope: number;
}

/** Sufficient decrease, and curvature. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const TOLERANCE = 1e-9;
const MOST_EVALUATIONS = 25;

/** The place of the minimum, within bounds, of the cubic through two points with their slopes. */
function interpolate(a: Point, b: Point, low: number, high: number): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const place =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(place, low), high);
}

/** A new place between two points, kept a tenth away from their ends when the last try was near one already. */
function between(a: Point, b: Point, wasNear: boolean): { readonly t: number; readonly near: boolean } {
  const [low, high] = a.t <= b.t ? [a.t, b.t] : [b.t, a.t];
  const t = interpolate(a, b, low, high);
  const margin = 0.1 * (high - low);
  if (!(Math.min(high - t, t - low) < margin)) return { t, near: false };
  if (!wasNear && t < high && t > low) return { t, near: true };
  return { t: Math.abs(t - high) < Math.abs(t - low) ? high - margin : low + margin, near: false };
}

/**
 * Searches along a line from `start`, trying `t` first; `at` evaluates a point, and `largest` is the largest element of the
 * direction. Returns the point found and the number of evaluations.
 */
export function strongWolfe(
  start: Point,
  first: number,
  largest: number,
  at: (t: number) => Point,
): { readonly found: Point; readonly evaluations: number } {
  const decreased = (p: Point): boolean => !(p.loss > start.loss + DECREASE * p.t * start.slope);
  const flat = (p: Point): boolean => Math.abs(p.slope) <= -CURVATURE * start.slope;
  let previous = start;
  let now = at(first);
  let evaluations = 1;
  let tries = 0;
  let bracket: [Point, Point] | null = null;
  // Go on until a minimum must lie behind.
  for (; tries < MOST_EVALUATIONS; tries++) {
    if (!decreased(now) || (tries > 1 && now.loss >= previous.loss)) bracket = [previous, now];
    else if (flat(now)) return { found: now, evaluations };
    else if (now.slope >= 0) bracket = [previous, now];
    if (bracket !== null) break;
    const t = interpolate(previous, now, now.t + 0.01 * (now.t - previous.t), now.t * 10);
    previous = now;
    now = at(t);
    evaluations++;
  }
  let [low, high] = bracket ?? [start, now];
  if (!(low.loss <= high.loss)) [low, high] = [high, low];
  // Which of the two came first decides the order of the interpolation.
  let ordered = bracket ?? [start, now];
  let near = false;
  while (tries < MOST_EVALUATIONS) {
    if (Math.abs(ordered[1].t - ordered[0].t) * largest < TOLERANCE) break;
    const next = between(ordered[0], ordered[1], near);
    near = next.near;
    now = at(next.t);
    evaluations++;
    tries++;
    const lowIsFirst = ordered[0] === low;
    if (!decreased(now) || now.loss >= low.loss) {
      high = now;
      ordered = lowIsFirst ? [low, high] : [high, low];
      [low, high] = ordered[0].loss <= ordered[1].loss ? ordered : [ordered[1], ordered[0]];
      continue;
    }
    const done = flat(now);
    if (!done && now.slope * (high.t - low.t) >= 0) high = low;
    low = now;
    if (done) break;
    ordered = lowIsFirst ? [low, high] : [high, low];
  }
  return { found: low, evaluations };
}
