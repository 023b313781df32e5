// Reading by index: gather, indexSelect, takeAlongDim, take; and their adjoint, adding up by index.

import { ShapeError } from "../errors.js";
import { asInteger, asTensor, parse, type Trailing } from "../op/args.js";
import { copyInto } from "../op/copy.js";
import { alongDim, checkAligned, checkIndex, type Indexed, launchIndexed, listAlong } from "../op/indexed.js";
import { type Applied, op } from "../op/op.js";
import type { Formulas } from "../op/spec.js";
import { bytesOf } from "../tensor/dtype.js";
import { broadcastShapes, formatShape, normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { expand, reshape } from "./shape.js";

/** How something is read by index, and the shape of what it is read from. */
export interface Reading {
  readonly plan: Indexed;
  readonly from: readonly number[];
  readonly label: string;
  readonly name: string;
}

const gathers = /* @__PURE__ */ new WidthFamily("gather");
const scatterAdds = /* @__PURE__ */ new KernelFamily("scatter_add");

const readings: (Applied<Reading> | undefined)[] = [];
const additions: (Applied<Reading> | undefined)[] = [];

/** Names and formulas of an operation on a tensor and `k` index tensors. */
function withIndices(
  k: number,
  of: (g: Tensor, indices: Tensor[], reading: Reading) => Tensor,
): Formulas<Record<string, string>, Reading> {
  const names = Array.from({ length: k }, (_, j) => `index${j}`);
  const formula = {
    reads: names,
    of: (values: { readonly g: Tensor }, reading: Reading) =>
      of(
        values.g,
        names.map((name) => (values as unknown as Record<string, Tensor>)[name] as Tensor),
        reading,
      ),
  };
  return { x: formula, ...Object.fromEntries(names.map((name) => [name, null])) } as unknown as Formulas<
    Record<string, string>,
    Reading
  >;
}

/** Reads by `k` index tensors: inputs the tensor, then they. Linear in the tensor; its adjoint is `addingBy`. */
export function readingBy(k: number): Applied<Reading> {
  readings[k] ??= op({
    name: "gather",
    label: ({ label }: Reading) => label,
    forward: ([x, ...indices], { plan, name }: Reading) => {
      const source = x as Tensor;
      const out = empty(name, plan.shape, source.dtype);
      launchIndexed(name, gathers.of(bytesOf(source.dtype)), source, out, indices, plan, false);
      return out;
    },
    gradients: withIndices(k, (g, indices, reading) => addingBy(k)([g, ...indices], reading)),
    tangent: ([, ...indices], _outputs, [t], reading) => [readingBy(k)([t as Tensor, ...indices], reading)],
  }) as Applied<Reading>;
  return readings[k] as Applied<Reading>;
}

/** Adds up by `k` index tensors into zeros of the shape `from`: the adjoint of `readingBy`. */
export function addingBy(k: number): Applied<Reading> {
  additions[k] ??= op({
    name: "gatherBackward",
    forward: ([x, ...indices], { plan, from, name }: Reading) => {
      const source = x as Tensor;
      const out = empty(name, from, source.dtype);
      copyInto(out, 0);
      launchIndexed(name, scatterAdds.of(source.dtype), out, source, indices, plan, true);
      return out;
    },
    gradients: withIndices(k, (g, indices, reading) => readingBy(k)([g, ...indices], reading)),
    tangent: ([, ...indices], _outputs, [t], reading) => [addingBy(k)([t as Tensor, ...indices], reading)],
  }) as Applied<Reading>;
  return additions[k] as Applied<Reading>;
}

/**
 * Reads along a dim by index: out[i][j][k] = x[i][index[i][j][k]][k] for dim 1. `index` (int32) has as many dims as
 * `x`, and may be smaller in the others. Negative indices are refused.
 */
export function gather(
  x: Tensor,
  dim: number,
  index: Tensor,
  ...rest: [options?: { readonly sparseGrad?: boolean }]
): Tensor {
  asTensor("gather", x);
  asTensor("gather", index, "index");
  parse("gather", rest, { sparseGrad: false });
  const at = normalizeDim("gather", asInteger("gather", dim, "dim"), x.ndim);
  checkIndex("gather", index);
  if (index.numel() > 0) checkAligned("gather", x, at, index, true);
  return readingBy(1)([x, index], {
    plan: alongDim(x, at, index),
    from: x.shape,
    label: "GatherBackward0",
    name: "gather",
  });
}

/** The slices along a dim that a list of indices (int32, 1-dim or 0-dim) names; negative ones count from the end. */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  asTensor("indexSelect", x);
  asTensor("indexSelect", index, "index");
  const at = normalizeDim("indexSelect", asInteger("indexSelect", dim, "dim"), x.ndim);
  checkIndex("indexSelect", index);
  if (index.ndim > 1)
    throw new ShapeError(`indexSelect: Index is supposed to be a vector, got shape ${formatShape(index.shape)}`);
  const plan = listAlong(x, at, index, false);
  const out = readingBy(1)([x, index], { plan, from: x.shape, label: "IndexSelectBackward0", name: "indexSelect" });
  return x.ndim === 0 ? reshape(out, []) : out;
}

/** Reads along a dim by index, both broadcast in the other dims; without a dim both are taken flat. */
export function takeAlongDim(
  x: Tensor,
  index: Tensor,
  ...rest: Trailing<[dim: number | null], { readonly dim?: number | null }>
): Tensor {
  asTensor("takeAlongDim", x);
  asTensor("takeAlongDim", index, "index");
  checkIndex("takeAlongDim", index);
  const { dim } = parse("takeAlongDim", rest, { dim: null as number | null }, ["dim"]);
  return temporaries(() => {
    if (dim === null) return gather(reshape(x, [-1]), 0, reshape(index, [-1]));
    const at = normalizeDim("takeAlongDim", asInteger("takeAlongDim", dim, "dim"), x.ndim);
    if (x.ndim !== index.ndim) {
      throw new ShapeError(
        `takeAlongDim: input and indices should have the same number of dimensions, but got ${x.ndim} dimensions for input, and ${index.ndim} dimensions for indices`,
      );
    }
    const shape = [...broadcastShapes("takeAlongDim", without(x.shape, at), without(index.shape, at))];
    const wide = (size: number) => shape.map((own, d) => (d === at ? size : own));
    return gather(expand(x, wide(x.shape[at] as number)), at, expand(index, wide(index.shape[at] as number)));
  });
}

function without(shape: readonly number[], dim: number): number[] {
  return shape.map((size, d) => (d === dim ? 1 : size));
}

/** The elements at flat indices (int32, any shape); negative ones count from the end. */
export function take(x: Tensor, index: Tensor): Tensor {
  asTensor("take", x);
  asTensor("take", index, "index");
  checkIndex("take", index);
  return temporaries(() => {
    const flat = reshape(x, [-1]);
    const plan: Indexed = {
      shape: index.shape,
      own: index.shape.map(() => -1),
      dims: [0],
      over: [index.shape.map((_, d) => d)],
      wraps: true,
    };
    return readingBy(1)([flat, index], { plan, from: flat.shape, label: "TakeBackward0", name: "take" });
  });
}
