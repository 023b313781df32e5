// Diagonals of matrices, and cross products of vectors.

import { ShapeError } from "../../errors.js";
import { asInteger, asTensor, parse } from "../../op/args.js";
import { broadcastShapes, formatShape, normalizeDim } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";
import { mul, sub } from "../arithmetic.js";
import { roll } from "../flip.js";
import { expand } from "../shape.js";
import { diagonal as diagonalView } from "../views.js";

/** The diagonal of matrices, in the last two dims, as a view. */
export function diagonal(
  A: Tensor,
  ...rest: [options?: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number }]
): Tensor {
  const { offset, dim1, dim2 } = parse("linalg.diagonal", rest, { offset: 0, dim1: -2, dim2: -1 });
  return diagonalView(asTensor("linalg.diagonal", A), offset, dim1, dim2);
}

/** The cross product of vectors of three elements along a dim; the others broadcast. */
export function crossAlong(name: string, a: Tensor, b: Tensor, dim: number): Tensor {
  asTensor(name, a, "a");
  asTensor(name, b, "b");
  if (a.ndim !== b.ndim) {
    throw new ShapeError(
      `${name}: inputs must have the same number of dimensions, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
  const at = normalizeDim(name, asInteger(name, dim, "dim"), a.ndim);
  if (a.shape[at] !== 3 || b.shape[at] !== 3) {
    throw new ShapeError(`${name}: inputs dimension ${dim} must have length 3. Got ${a.shape[at]} and ${b.shape[at]}`);
  }
  const shape = broadcastShapes(name, a.shape, b.shape);
  return temporaries(() => {
    const [x, y] = [expand(a, shape), expand(b, shape)];
    // Component i is aⱼ bₖ − aₖ bⱼ with j and k next in turn.
    return sub(mul(roll(x, -1, at), roll(y, -2, at)), mul(roll(x, -2, at), roll(y, -1, at)));
  });
}

/** The cross product of vectors of three elements along a dim (the last). */
export function cross(a: Tensor, b: Tensor, ...rest: [options?: { readonly dim?: number }]): Tensor {
  return crossAlong("linalg.cross", a, b, parse("linalg.cross", rest, { dim: -1 }).dim);
}
