// All parameters as one vector, and back.

import { setData } from "../../autograd/properties.js";
import { ArgumentError, ShapeError } from "../../errors.js";
import { asTensor } from "../../op/args.js";
import { cat } from "../../ops/join.js";
import { reshape, view } from "../../ops/shape.js";
import { narrow } from "../../ops/views.js";
import { unrecorded } from "../../tape/mode.js";
import { formatShape } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import type { Tensor } from "../../tensor/tensor.js";

/** The elements of all parameters in one vector [Σ elements]; gradients pass through. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const op = "parametersToVector";
  const all = [...parameters].map((each) => asTensor(op, each, "each of parameters"));
  if (all.length === 0) throw new ArgumentError(`${op}: expected a non-empty list of Tensors`);
  return temporaries(() => cat(all.map((each) => reshape(each, [-1]))));
}

/**
 * Gives parameters the elements of a vector, in order: they become views of its memory, as in PyTorch, and stay leaves.
 * @throws ShapeError for a vector that is too short.
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const op = "vectorToParameters";
  asTensor(op, vector, "vector");
  const all = [...parameters].map((each) => asTensor(op, each, "each of parameters"));
  const count = all.reduce((sum, each) => sum + each.numel(), 0);
  if (vector.ndim !== 1 || vector.numel() < count)
    throw new ShapeError(`${op}: expected a vector of ${count} elements, got ${formatShape(vector.shape)}`);
  unrecorded(() =>
    temporaries(() => {
      let start = 0;
      for (const parameter of all) {
        const size = parameter.numel();
        setData(parameter, view(narrow(vector, 0, start, size), parameter.shape));
        start += size;
      }
      return null;
    }),
  );
}
