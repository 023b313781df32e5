// Writing by index along a dim: scatter and scatterAdd.

import { ArgumentError } from "../errors.js";
import { asTensor, describe, nothingMore, parse } from "../op/args.js";
import { called } from "../op/composed.js";
import { alongDim, launchIndexed } from "../op/indexed.js";
import type { Operand } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { overlapping } from "../op/result.js";
import { checkScatter, fitted, into, written } from "../op/scattering.js";
import { bytesOf, type Scalar } from "../tensor/dtype.js";
import { contiguous, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Tensor } from "../tensor/tensor.js";
import { KernelFamily, WidthFamily } from "../wasm/kernels.js";
import { zerosLike } from "./creation.js";
import { gather } from "./gather.js";
import { placed } from "./region.js";

const scatters = /* @__PURE__ */ new WidthFamily("scatter");
const additions = /* @__PURE__ */ new KernelFamily("scatter_add");
const products = /* @__PURE__ */ new KernelFamily("scatter_prod");

interface Writing {
  readonly dim: number;
  readonly shape: readonly number[];
}

function put(out: Tensor, dim: number, index: Tensor, source: Operand): void {
  temporaries(() => {
    const from = source instanceof Tensor ? fitted(source, index) : source;
    launchIndexed("scatter", scatters.of(bytesOf(out.dtype)), out, from, [index], alongDim(out, dim, index), true);
    return null;
  });
}

const scatterSource: Applied<Writing> = op({
  name: "scatter",
  forward: ([x, index, source], { dim }: Writing) =>
    written(x as Tensor, (out) => put(out, dim, index as Tensor, source as Tensor)),
  gradients: {
    x: { reads: ["index"], of: ({ g, index }, { dim }) => scatter(g, dim, index, 0) },
    index: null,
    source: { reads: ["index"], of: ({ g, index }, { dim, shape }) => fullSource(gather(g, dim, index), shape) },
  },
  tangent: ([x, index, source], _outputs, [tx, , ts], { dim }) => [
    scatter(tx ?? zerosLike(x as Tensor), dim, index as Tensor, ts ?? zerosLike(source as Tensor)),
  ],
});

/** A gradient of the index's shape put into zeros where the source is larger. */
function fullSource(g: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const base = contiguous(shape);
  return placed([g], { base, view: { shape: g.shape, strides: base.strides, offset: 0 } });
}

const scatterValue: Applied<Writing & { readonly value: Scalar }> = op({
  name: "scatter",
  label: "ScatterBackward1",
  forward: ([x, index], { dim, value }: Writing & { readonly value: Scalar }) =>
    written(x as Tensor, (out) => put(out, dim, index as Tensor, value)),
  gradients: {
    x: { reads: ["index"], of: ({ g, index }, { dim }) => scatter(g, dim, index, 0) },
    index: null,
  },
  tangent: ([, index], _outputs, [t], { dim }) => [scatter(t as Tensor, dim, index as Tensor, 0)],
});

const scatterAddOp: Applied<Writing> = op({
  name: "scatterAdd",
  forward: ([x, index, source], { dim }: Writing) =>
    written(x as Tensor, (out) => addUp(out, dim, index as Tensor, source as Tensor)),
  gradients: {
    x: { reads: [], of: ({ g }) => g },
    index: null,
    source: { reads: ["index"], of: ({ g, index }, { dim, shape }) => fullSource(gather(g, dim, index), shape) },
  },
  tangent: ([x, index, source], _outputs, [tx, , ts], { dim }) => [
    scatterAdd(tx ?? zerosLike(x as Tensor), dim, index as Tensor, ts ?? zerosLike(source as Tensor)),
  ],
});

function addUp(out: Tensor, dim: number, index: Tensor, source: Operand): void {
  temporaries(() => {
    const from = source instanceof Tensor ? fitted(source, index) : source;
    launchIndexed("scatterAdd", additions.of(out.dtype), out, from, [index], alongDim(out, dim, index), true);
    return null;
  });
}

function multiply(out: Tensor, dim: number, index: Tensor, source: Operand): void {
  temporaries(() => {
    const from = source instanceof Tensor ? fitted(source, index) : source;
    launchIndexed("scatter", products.of(out.dtype), out, from, [index], alongDim(out, dim, index), true);
    return null;
  });
}

/** Options of `scatter`. */
export interface ScatterOptions {
  /** Fold the source into what is there, instead of replacing it. Not differentiable by the source. */
  readonly reduce?: "add" | "multiply" | null;
}

/**
 * A copy of `x` with the source (a tensor, or a number) written along a dim where `index` (int32) says:
 * out[i][index[i][j][k]][k] = source[i][j][k] for dim 1. Of several writes to one place the last one stays.
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  ...rest: [options?: ScatterOptions]
): Tensor {
  const at = checkScatter("scatter", x, dim, index, source);
  const { reduce } = parse("scatter", rest, { reduce: null as string | null });
  const shape = source instanceof Tensor ? source.shape : [];
  if (reduce === "add")
    return source instanceof Tensor
      ? called("scatter", () => scatterAdd(x, at, index, source))
      : folded(x, at, index, source, addUp);
  if (reduce === "multiply") return called("scatter", () => folded(x, at, index, source, multiply));
  if (reduce !== null)
    throw new ArgumentError(`scatter: reduce argument must be either add or multiply, got ${describe(reduce)}`);
  if (source instanceof Tensor) return scatterSource([x, index, source], { dim: at, shape });
  return scatterValue([x, index], { dim: at, shape, value: source });
}

function folded(x: Tensor, dim: number, index: Tensor, source: Operand, fold: typeof addUp): Tensor {
  if (x.tracked || (source instanceof Tensor && source.tracked)) {
    throw new ArgumentError("scatter: reduce is not differentiable here; use scatterAdd or scatterReduce");
  }
  return written(x, (out) => fold(out, dim, index, source));
}

/** `scatter` into `self`, which is returned. */
export function scatter_(
  self: Tensor,
  dim: number,
  index: Tensor,
  source: Operand,
  ...rest: [options?: ScatterOptions]
): Tensor {
  const at = checkScatter("scatter_", self, dim, index, source);
  const { reduce } = parse("scatter_", rest, { reduce: null as string | null });
  overlapping("scatter_", self, [index, source]);
  const shape = source instanceof Tensor ? source.shape : [];
  if (reduce === "add" && source instanceof Tensor) return scatterAdd_(self, at, index, source);
  const write = reduce === null ? put : reduce === "add" ? addUp : reduce === "multiply" ? multiply : null;
  if (write === null)
    throw new ArgumentError(`scatter_: reduce argument must be either add or multiply, got ${describe(reduce)}`);
  const fill = (target: Tensor) => into(target, (out) => write(out, at, index, source));
  if (source instanceof Tensor) return scatterSource.inplace([self, index, source], { dim: at, shape }, fill);
  return scatterValue.inplace([self, index], { dim: at, shape, value: source }, fill);
}

/** A copy of `x` with the source added along a dim where `index` (int32) says; several additions to one place add up. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("scatterAdd", rest);
  asTensor("scatterAdd", source, "src");
  const at = checkScatter("scatterAdd", x, dim, index, source);
  return scatterAddOp([x, index, source], { dim: at, shape: source.shape });
}

/** `scatterAdd` into `self`, which is returned. */
export function scatterAdd_(self: Tensor, dim: number, index: Tensor, source: Tensor, ...rest: []): Tensor {
  nothingMore("scatterAdd_", rest);
  asTensor("scatterAdd_", source, "src");
  const at = checkScatter("scatterAdd_", self, dim, index, source);
  overlapping("scatterAdd_", self, [index, source]);
  return scatterAddOp.inplace([self, index, source], { dim: at, shape: source.shape }, (target) =>
    into(target, (out) => addUp(out, at, index, source)),
  );
}
