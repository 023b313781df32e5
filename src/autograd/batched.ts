// Jacobians in one batched pass: the unit vectors of all outputs, or of all inputs, as examples of a vmap.

import { eye, zeros, zerosLike } from "../ops/creation.js";
import { detach } from "../ops/detach.js";
import { reshape } from "../ops/shape.js";
import { narrow } from "../ops/views.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { closeLevel, openLevel, setTangent, tangentAt } from "./forward.js";
import { gradients, outputsOf, type TensorFunction } from "./functions-of-tensors.js";
import { underVmap } from "./vmap.js";

/** The identity cut into one block of unit vectors for each tensor: [count, ...shape]. */
export function unitVectors(tensors: readonly Tensor[], start: number, count: number): Tensor[] {
  const total = tensors.reduce((sum, x) => sum + x.numel(), 0);
  let column = 0;
  return tensors.map((x) => {
    const own = temporaries(() => {
      const shape = [count, ...x.shape];
      if (x.numel() === 0) return zeros(shape, { dtype: x.dtype });
      const rows = narrow(eye(total, { dtype: x.dtype }), 0, start, count);
      return reshape(narrow(rows, 1, column, x.numel()), shape);
    });
    column += x.numel();
    return own;
  });
}

/** The parts of a dim, one for each tensor, as that tensor's dims. */
export function cutUp(
  whole: Tensor,
  dim: number,
  like: readonly Tensor[],
  before: readonly number[],
  after: readonly number[],
): Tensor[] {
  let start = 0;
  return like.map((x) => {
    const part = narrow(whole, dim, start, x.numel());
    start += x.numel();
    return reshape(part, [...before, ...x.shape, ...after]);
  });
}

/** For each output and input the Jacobian, by one backward pass for all rows. */
export function batchedReverse(
  op: string,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): Tensor[][] {
  const total = outputs.reduce((sum, x) => sum + x.numel(), 0);
  if (total === 0) {
    return outputs.map((output) =>
      inputs.map((x) => zeros([...output.shape, ...x.shape], { dtype: x.dtype as "float32" })),
    );
  }
  const rows = underVmap<Tensor[]>(
    op,
    unitVectors(outputs, 0, total).map((x) => ({ x, dim: 0 })),
    total,
    "error",
    (seeds) => gradients(op, outputs, inputs, seeds, createGraph, false),
    0,
  );
  const byInput = rows.map((whole, i) => cutUp(whole, 0, outputs, [], (inputs[i] as Tensor).shape));
  return outputs.map((_, k) => byInput.map((parts) => parts[k] as Tensor));
}

/** The same by one forward pass that pushes the unit tangents of all inputs. */
export function batchedForward(
  op: string,
  f: TensorFunction,
  inputs: readonly Tensor[],
): { readonly jacobians: Tensor[][]; readonly single: boolean } {
  const count = inputs.reduce((sum, x) => sum + x.numel(), 0);
  let single = true;
  let shapes: (readonly number[])[] = [];
  const columns = underVmap<Tensor[]>(
    op,
    unitVectors(inputs, 0, count).map((x) => ({ x, dim: 0 })),
    count,
    "error",
    (tangents) => {
      const level = openLevel();
      try {
        const duals = inputs.map((each) => detach(each));
        duals.forEach((dual, i) => {
          setTangent(dual, level, tangents[i] as Tensor);
        });
        const result = outputsOf(op, f, duals);
        single = result.single;
        shapes = result.outputs.map((output) => output.shape);
        return result.outputs.map((output) => {
          const tangent = tangentAt(output, level);
          tangent?.expose();
          return tangent ?? zerosLike(output);
        });
      } finally {
        closeLevel();
      }
    },
    -1,
  );
  const jacobians = columns.map((whole, k) => cutUp(whole, whole.ndim - 1, inputs, shapes[k] as readonly number[], []));
  return { jacobians, single };
}
