// Gradients as a formula gives them, brought to the shape and dtype of the values that they belong to.

import { DTypeError, ShapeError } from "../errors.js";
import { to } from "../ops/cast.js";
import { leveled } from "../ops/hiding.js";
import { sumToSize } from "../ops/shape.js";
import type { Node, OutputFacts } from "../tape/node.js";
import { isFloat } from "../tensor/dtype.js";
import { formatShape, sameShape } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";

/** Brings a gradient to the shape and dtype of the value it belongs to: sums broadcast dims, casts between floats. */
export function settled(node: Node, input: number, gradient: Tensor, facts: OutputFacts): Tensor {
  let result = gradient.storage.batch === facts.batch ? gradient : leveled(gradient, facts.batch);
  if (result.layout.shape !== facts.shape && !sameShape(result.shape, facts.shape)) {
    if (!sumsTo(result.shape, facts.shape)) {
      throw new ShapeError(
        `Function ${node.label} returned an invalid gradient at index ${input} - got ${formatShape(result.shape)} but expected ` +
          `shape compatible with ${formatShape(facts.shape)}`,
      );
    }
    result = sumToSize(result, facts.shape);
  }
  if (result.dtype !== facts.dtype && !(facts.casts === false && isFloat(result.dtype))) {
    if (!isFloat(result.dtype)) {
      throw new DTypeError(
        `Function ${node.label} returned an invalid gradient at index ${input} - expected dtype ${facts.dtype} but got ${result.dtype}`,
      );
    }
    result = to(result, facts.dtype);
  }
  return result;
}

function sumsTo(from: readonly number[], shape: readonly number[]): boolean {
  const extra = from.length - shape.length;
  return extra >= 0 && shape.every((size, d) => size === 1 || size === from[d + extra]);
}
