// Largest and smallest: over dims, along a dim with their places, and of two tensors.

import { ArgumentError, DTypeError } from "../errors.js";
import { asTensor, parse, type Trailing } from "../op/args.js";
import { called } from "../op/composed.js";
import { type Applied, op } from "../op/op.js";
import { BY_POSITION, launchReduction, REDUCING, type ReductionOptions, reduced } from "../op/reduction.js";
import { traced } from "../op/traced.js";
import type { DType } from "../tensor/dtype.js";
import { normalizeDim } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import type { Tensor } from "../tensor/tensor.js";
import { Tensor as TensorClass } from "../tensor/tensor.js";
import { KernelFamily } from "../wasm/kernels.js";
import { add } from "./arithmetic.js";
import { maximum, minimum } from "./extrema.js";
import { type Along, type DimOptions, type DimRest, pick, putBack, type ValuesAndIndices } from "./picked.js";
import type { ReductionRest } from "./reduce.js";
import { type Extremum, evenly, refuseEmpty, tangentOfTies } from "./ties.js";

const amaxes = /* @__PURE__ */ new KernelFamily("amax");
const amins = /* @__PURE__ */ new KernelFamily("amin");

const amaxOp: Applied<Extremum> = op({
  name: "amax",
  forward: ([x], { reduced: r }: Extremum) => {
    const input = x as Tensor;
    return launchReduction("amax", amaxes.of(input.dtype), input, r, [input.dtype])[0] as Tensor;
  },
  gradients: { x: { reads: ["x", "out"], of: ({ g, x, out }, p) => evenly(g, x, out, p) } },
  tangent: ([x], [out], [t], p) => [tangentOfTies(x as Tensor, out as Tensor, t as Tensor, p)],
});

const aminOp: Applied<Extremum> = op({
  name: "amin",
  forward: ([x], { reduced: r }: Extremum) => {
    const input = x as Tensor;
    return launchReduction("amin", amins.of(input.dtype), input, r, [input.dtype])[0] as Tensor;
  },
  gradients: { x: { reads: ["x", "out"], of: ({ g, x, out }, p) => evenly(g, x, out, p) } },
  tangent: ([x], [out], [t], p) => [tangentOfTies(x as Tensor, out as Tensor, t as Tensor, p)],
});

/** Largest elements over dims. NaN counts as the largest; the gradient is split evenly among equals. */
export function amax(x: Tensor, ...rest: ReductionRest): Tensor {
  asTensor("amax", x);
  const { dim, keepdim } = parse("amax", rest, REDUCING, BY_POSITION);
  const r = reduced("amax", x, dim, keepdim);
  refuseEmpty("amax", x, r, r.dims.length === x.ndim);
  return amaxOp([x], { reduced: r, from: x.shape });
}

/** Smallest elements over dims. NaN counts as the smallest; the gradient is split evenly among equals. */
export function amin(x: Tensor, ...rest: ReductionRest): Tensor {
  asTensor("amin", x);
  const { dim, keepdim } = parse("amin", rest, REDUCING, BY_POSITION);
  const r = reduced("amin", x, dim, keepdim);
  refuseEmpty("amin", x, r, r.dims.length === x.ndim);
  return aminOp([x], { reduced: r, from: x.shape });
}

const aminmaxOp: Applied<Extremum> = op({
  name: "aminmax",
  outputs: ["min", "max"],
  forward: ([x], { reduced: r }: Extremum) => {
    const input = x as Tensor;
    return [amins, amaxes].map(
      (family) => launchReduction("aminmax", family.of(input.dtype), input, r, [input.dtype])[0],
    ) as Tensor[];
  },
  gradients: {
    x: {
      reads: ["x", "min", "max"],
      of: ({ gradients: [low, high], x, min: found, max: other }, p) =>
        temporaries(() => {
          const fromMin = low ? evenly(low, x, found, p) : null;
          if (!high) return fromMin;
          const fromMax = evenly(high, x, other, p);
          return fromMin === null ? fromMax : add(fromMin, fromMax);
        }),
    },
  },
  tangent: ([x], outputs, [t], p) => outputs.map((out) => tangentOfTies(x as Tensor, out, t as Tensor, p)),
});

/** Smallest and largest elements along a dim, or of all. NaN counts as both; gradients are split among equals. */
export function aminmax(
  x: Tensor,
  ...rest: [options?: { readonly dim?: number | null; readonly keepdim?: boolean }]
): { readonly min: Tensor; readonly max: Tensor } {
  asTensor("aminmax", x);
  const given = parse("aminmax", rest, { dim: null as number | null, keepdim: false });
  const dim = given.dim === null ? null : normalizeDim("aminmax", given.dim, x.ndim);
  const r = reduced("aminmax", x, dim, given.keepdim);
  refuseEmpty("aminmax", x, r, dim === null);
  const [low, high] = aminmaxOp.all([x], { reduced: r, from: x.shape }) as [Tensor, Tensor];
  return { min: low, max: high };
}

export type { ValuesAndIndices } from "./picked.js";

const maxDims = /* @__PURE__ */ new KernelFamily("maxdim");
const minDims = /* @__PURE__ */ new KernelFamily("mindim");

function run(name: string, family: KernelFamily, x: Tensor, { dim, keepdim }: Along): Tensor[] {
  const r = reduced(name, x, x.ndim === 0 ? null : dim, keepdim);
  return launchReduction(name, family.of(x.dtype), x, r, [x.dtype, "int32"], { ordered: true });
}

const maxDim: Applied<Along> = op({
  name: "max",
  outputs: ["values", "indices"],
  forward: ([x], along: Along) => run("max", maxDims, x as Tensor, along),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, along) => putBack(g, indices, along) } },
  tangent: (_inputs, [, indices], [t], along) => [pick(t as Tensor, indices as Tensor, along), null],
});

const minDim: Applied<Along> = op({
  name: "min",
  outputs: ["values", "indices"],
  forward: ([x], along: Along) => run("min", minDims, x as Tensor, along),
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, along) => putBack(g, indices, along) } },
  tangent: (_inputs, [, indices], [t], along) => [pick(t as Tensor, indices as Tensor, along), null],
});

const maxAll: Applied<Extremum> = op({
  name: "max",
  label: "MaxBackward1",
  forward: ([x], { reduced: r }: Extremum) => {
    const input = x as Tensor;
    return launchReduction("max", amaxes.of(input.dtype), input, r, [input.dtype])[0] as Tensor;
  },
  gradients: { x: { reads: ["x", "out"], of: ({ g, x, out }, p) => evenly(g, x, out, p) } },
  tangent: ([x], [out], [t], p) => [tangentOfTies(x as Tensor, out as Tensor, t as Tensor, p)],
});

const minAll: Applied<Extremum> = op({
  name: "min",
  label: "MinBackward1",
  forward: ([x], { reduced: r }: Extremum) => {
    const input = x as Tensor;
    return launchReduction("min", amins.of(input.dtype), input, r, [input.dtype])[0] as Tensor;
  },
  gradients: { x: { reads: ["x", "out"], of: ({ g, x, out }, p) => evenly(g, x, out, p) } },
  tangent: ([x], [out], [t], p) => [tangentOfTies(x as Tensor, out as Tensor, t as Tensor, p)],
});

function reading(
  name: string,
  x: Tensor,
  rest: readonly unknown[],
  whole: Applied<Extremum>,
  along: Applied<Along>,
): Tensor | ValuesAndIndices {
  const given = parse(name, rest, { dim: null as number | null, keepdim: false }, ["dim", "keepdim"]);
  if (given.dim === null) {
    const r = reduced(name, x, null, given.keepdim);
    if (x.numel() === 0) {
      throw new ArgumentError(
        `${name}: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
      );
    }
    return whole([x], { reduced: r, from: x.shape });
  }
  const dim = normalizeDim(name, given.dim, x.ndim);
  const r = reduced(name, x, given.dim, given.keepdim);
  refuseEmpty(name, x, r, false);
  const [values, indices] = along.all([x], { dim, keepdim: given.keepdim, from: x.shape }) as [Tensor, Tensor];
  return { values, indices };
}

/**
 * Largest elements. `max(x)`: of all, the gradient split evenly among equals. `max(x, dim, keepdim)`: along a dim, with
 * where they are first found. `max(x, other)`: of two tensors, element by element, as `maximum`. NaN counts as the largest.
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, other: Tensor): Tensor;
export function max(x: Tensor, ...rest: DimRest): ValuesAndIndices;
export function max(x: Tensor, options: DimOptions): ValuesAndIndices;
export function max(x: Tensor, ...rest: unknown[]): Tensor | ValuesAndIndices {
  asTensor("max", x);
  if (rest[0] instanceof TensorClass) return called("max", () => maximum(x, rest[0] as Tensor));
  return reading("max", x, rest, maxAll, maxDim);
}

/**
 * Smallest elements. `min(x)`: of all, the gradient split evenly among equals. `min(x, dim, keepdim)`: along a dim, with
 * where they are first found. `min(x, other)`: of two tensors, as `minimum`. NaN counts as the smallest.
 */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, other: Tensor): Tensor;
export function min(x: Tensor, ...rest: DimRest): ValuesAndIndices;
export function min(x: Tensor, options: DimOptions): ValuesAndIndices;
export function min(x: Tensor, ...rest: unknown[]): Tensor | ValuesAndIndices {
  asTensor("min", x);
  if (rest[0] instanceof TensorClass) return called("min", () => minimum(x, rest[0] as Tensor));
  return reading("min", x, rest, minAll, minDim);
}

const argmaxes = /* @__PURE__ */ new KernelFamily("argmax");
const argmins = /* @__PURE__ */ new KernelFamily("argmin");

function places(name: string, family: KernelFamily, x: Tensor, rest: readonly unknown[]): Tensor {
  asTensor(name, x);
  const given = parse(name, rest, { dim: null as number | null, keepdim: false }, ["dim", "keepdim"]);
  if (x.dtype === "bool") throw new DTypeError(`${name}: not implemented for bool; convert it with .to("int32")`);
  const r = reduced(name, x, given.dim === null ? null : normalizeDim(name, given.dim, x.ndim), given.keepdim);
  refuseEmpty(name, x, r, given.dim === null);
  const run = () =>
    launchReduction(name, family.of(x.dtype, "int32"), x, r, ["int32" satisfies DType], { ordered: true });
  return traced(name, [x], { reduced: r }, () => run()[0] as Tensor);
}

/** Where the largest element is, along a dim or in the flattened tensor, int32: the first of equals; NaN is the largest. */
export function argmax(
  x: Tensor,
  ...rest: Trailing<[dim: number | null | undefined, keepdim: boolean], ReductionOptions>
): Tensor {
  return places("argmax", argmaxes, x, rest);
}

/** Where the smallest element is, along a dim or in the flattened tensor, int32: the first of equals; NaN is the smallest. */
export function argmin(
  x: Tensor,
  ...rest: Trailing<[dim: number | null | undefined, keepdim: boolean], ReductionOptions>
): Tensor {
  return places("argmin", argmins, x, rest);
}
