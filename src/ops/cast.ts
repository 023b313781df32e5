// Changing dtype, and copies: to, clone, contiguous.

import { ShapeError } from "../errors.js";
import { asTensor, nothingMore } from "../op/args.js";
import { composed } from "../op/composed.js";
import { castTo, contiguousCopy, copyInto, dense } from "../op/copy.js";
import { checkTarget } from "../op/elementwise.js";
import { type Operand, spreadLike } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import { checkDtype, type DType, isScalar } from "../tensor/dtype.js";
import { broadcastShapes, isContiguous } from "../tensor/layout.js";
import { Tensor } from "../tensor/tensor.js";
import { zerosLike } from "./creation.js";
import { sum } from "./reduce.js";
import { expand } from "./shape.js";

interface Cast {
  readonly from: DType;
  readonly to: DType;
}

const toCopy: Applied<Cast> = op({
  name: "to",
  label: "ToCopyBackward0",
  forward: ([x], { to }: Cast) => castTo(x as Tensor, to),
  gradients: { x: { reads: [], of: ({ g }, { from }) => to(g, from) } },
  tangent: (_inputs, _outputs, [t], { to: dtype }) => [t === null ? null : to(t as Tensor, dtype)],
});

/**
 * `x` in another dtype: itself if it has it, else a copy. Floats to int32 are truncated and saturated, NaN becomes 0;
 * what is not zero becomes true. Between floating dtypes it is differentiable.
 */
export function to(x: Tensor, dtype: DType, ...rest: []): Tensor {
  nothingMore("to", rest);
  asTensor("to", x);
  checkDtype("to", dtype);
  return dtype === x.dtype ? x : toCopy([x], { from: x.dtype, to: dtype });
}

const cloneOp: Applied<null> = op({
  name: "clone",
  forward: ([x]) => dense(x as Tensor),
  gradients: { x: { reads: [], of: ({ g }) => g } },
  tangent: "linear",
});

/** A copy of `x` with its own memory, in the same dense layout; gradients pass through. */
export function clone(x: Tensor, ...rest: []): Tensor {
  nothingMore("clone", rest);
  return cloneOp([asTensor("clone", x)], null);
}

const contiguousOp: Applied<null> = op({
  name: "contiguous",
  label: "CloneBackward0",
  forward: ([x]) => contiguousCopy(x as Tensor),
  gradients: { x: { reads: [], of: ({ g }) => g } },
  tangent: "linear",
});

/** `x` itself if its elements lie row-major without gaps, else such a copy; gradients pass through. */
export function contiguous(x: Tensor, ...rest: []): Tensor {
  nothingMore("contiguous", rest);
  asTensor("contiguous", x);
  return isContiguous(x.layout) ? x : contiguousOp([x], null);
}

const copyOp: Applied<null> = op({
  name: "copy_",
  label: "CopyBackwards",
  forward: () => [],
  gradients: {
    self: { reads: [], of: ({ g }) => zerosLike(g) },
    source: { reads: [], of: ({ g }) => g },
  },
  tangent: ([self], _outputs, [, t]) => [t === null ? null : clone(expand(t as Tensor, (self as Tensor).shape))],
});

/** Writes `source`, broadcast and cast, into `self` and returns it. Gradients go to the source; the old ones end. */
export function copy_(self: Tensor, source: Operand, ...rest: []): Tensor {
  nothingMore("copy_", rest);
  asTensor("copy_", self, "self");
  if (!(source instanceof Tensor)) return fill_(self, source);
  source.check("copy_");
  const shape = broadcastShapes("copy_", self.shape, source.shape);
  checkTarget("copy_", self, shape, self.dtype);
  return copyOp.inplace([self, source], null, () =>
    composed("copy_", () => {
      // Source and target may share memory in any way.
      copyInto(self, source.storage === self.storage ? dense(source) : source);
      return null;
    }),
  );
}

const fillOp: Applied<string> = op({
  name: "fill_",
  label: (label: string) => label,
  forward: () => [],
  gradients: { self: { reads: [], of: ({ g }) => zerosLike(g) } },
  tangent: () => [null],
});

const fillTensor: Applied<string> = op({
  name: "fill_",
  label: (label: string) => label,
  forward: () => [],
  gradients: {
    self: { reads: [], of: ({ g }) => zerosLike(g) },
    value: { reads: [], of: ({ g }) => sum(g) },
  },
  tangent: ([self], _outputs, [, t]) => [t === null ? null : clone(expand(t as Tensor, (self as Tensor).shape))],
});

/** Writes one value, a number or a 0-dim tensor, into all of `self` and returns it. */
export function fill_(self: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("fill_", rest);
  return filled(self, value, "FillBackward2", "FillBackward3");
}

function filled(self: Tensor, value: Operand, label: string, tensorLabel: string): Tensor {
  asTensor("fill_", self, "self");
  if (isScalar(value)) return fillOp.inplace([self], label, () => copyInto(self, value));
  asTensor("fill_", value, "value");
  if (value.ndim > 0)
    throw new ShapeError(
      `fill_: fill_ only supports a 0-dimension value tensor but got one with ${value.ndim} dimensions`,
    );
  overlapping("fill_", self, [value]);
  return fillTensor.inplace([self, value], tensorLabel, () => copyInto(self, value));
}

/** A copy of the shape, dtype and layout of `x` with one value, a number or a 0-dim tensor, in all places. */
export function fill(x: Tensor, value: Operand, ...rest: []): Tensor {
  nothingMore("fill", rest);
  asTensor("fill", x);
  return composed("fill", () => {
    const copy = clone(x);
    spreadLike(copy, value);
    return filled(copy, value, "FillBackward0", "FillBackward1");
  });
}

/** Writes zeros into all of `self` and returns it. */
export function zero_(self: Tensor, ...rest: []): Tensor {
  nothingMore("zero_", rest);
  return zeroOp.inplace([asTensor("zero_", self, "self")], null, () => copyInto(self, 0));
}

const zeroOp: Applied<null> = op({
  name: "zero_",
  label: "ZeroBackward0",
  forward: () => [],
  gradients: { self: { reads: [], of: ({ g }) => zerosLike(g) } },
  tangent: () => [null],
});
