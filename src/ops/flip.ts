// Turning dims round and shifting them in a circle.

import { ArgumentError } from "../errors.js";
import { asInteger, asIntegers, asTensor, describe, nothingMore, parse, type Trailing } from "../op/args.js";
import { asContiguous, contiguousCopy, copyInto } from "../op/copy.js";
import { addStrided, addTensor, beginNest, writeOpenNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { bytesOf } from "../tensor/dtype.js";
import {
  likeStrides,
  narrow as narrowLayout,
  normalizeDim,
  normalizeDims,
  transpose as transposeLayout,
} from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, emptyOf, type Tensor } from "../tensor/tensor.js";
import { WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";

const copies = /* @__PURE__ */ new WidthFamily("copy");

/** A dense copy with the order along dims reversed. */
function reversed(source: Tensor, dims: readonly number[]): Tensor {
  const layout = { shape: source.shape, strides: likeStrides(source.layout), offset: 0 };
  const out = emptyOf("flip", layout, source.dtype);
  if (out.numel() === 0) return out;
  // The copy reads backwards: from the last element on, with negative strides.
  let { offset } = source.layout;
  const strides = source.layout.strides.map((stride, d) => {
    if (!dims.includes(d)) return stride;
    offset += stride * ((source.shape[d] as number) - 1);
    return -stride;
  });
  const turned = alias(source, { shape: source.shape, strides: source.layout.strides, offset });
  beginNest(source.shape);
  addTensor(out);
  addStrided(turned, strides);
  launch(copies.of(bytesOf(source.dtype)), writeOpenNest());
  return out;
}

const flipOp: Applied<readonly number[]> = op({
  name: "flip",
  forward: ([x], dims: readonly number[]) => temporaries(() => reversed(x as Tensor, dims)),
  gradients: { x: { reads: [], of: ({ g }, dims) => flipOp([g], dims) } },
  tangent: "linear",
});

/** A copy with the order along the given dims reversed. */
export function flip(x: Tensor, dims: number | readonly number[], ...rest: []): Tensor {
  nothingMore("flip", rest);
  asTensor("flip", x);
  const list = typeof dims === "number" ? [asInteger("flip", dims, "dims")] : asIntegers("flip", dims, "dims");
  return flipOp([x], normalizeDims("flip", list, x.ndim));
}

/** `flip` of columns. */
export function fliplr(x: Tensor, ...rest: []): Tensor {
  nothingMore("fliplr", rest);
  if (asTensor("fliplr", x).ndim < 2) throw new ArgumentError(`fliplr: Input must be >= 2-d, got ${describe(x)}`);
  return flip(x, [1]);
}

/** `flip` of rows. */
export function flipud(x: Tensor, ...rest: []): Tensor {
  nothingMore("flipud", rest);
  if (asTensor("flipud", x).ndim < 1) throw new ArgumentError(`flipud: Input must be >= 1-d, got ${describe(x)}`);
  return flip(x, [0]);
}

/** Options of `roll`. */
export interface RollOptions {
  readonly dims?: number | readonly number[] | null;
}

interface Rolled {
  /** Dims and how far each is shifted, at least 0 and less than its size. */
  readonly dims: readonly number[];
  readonly shifts: readonly number[];
}

/** Copies block by block: each dim falls into two, which change places. */
function rolled(out: Tensor, x: Tensor, { dims, shifts }: Rolled, i: number): void {
  if (i === dims.length) {
    copyInto(out, x);
    return;
  }
  const dim = dims[i] as number;
  const shift = shifts[i] as number;
  const rest = (x.shape[dim] as number) - shift;
  const part = (t: Tensor, start: number, size: number): Tensor =>
    alias(t, narrowLayout("roll", t.layout, dim, start, size));
  if (shift > 0) rolled(part(out, 0, shift), part(x, rest, shift), { dims, shifts }, i + 1);
  if (rest > 0) rolled(part(out, shift, rest), part(x, 0, rest), { dims, shifts }, i + 1);
}

/** Shifts along dims; without dims along the elements in their row-major order. */
const rollOp: Applied<Rolled> = op({
  name: "roll",
  forward: ([x], { dims, shifts }: Rolled) =>
    temporaries(() => {
      const source = x as Tensor;
      const out = empty("roll", source.shape, source.dtype);
      if (out.numel() === 0) return out;
      if (dims.length > 0) rolled(out, source, { dims, shifts }, 0);
      else {
        const flat = { shape: [out.numel()], strides: [1] };
        const dense = asContiguous(source);
        const from = alias(dense, { ...flat, offset: dense.layout.offset });
        rolled(alias(out, { ...flat, offset: 0 }), from, { dims: [0], shifts }, 0);
      }
      return out;
    }),
  gradients: {
    x: {
      reads: [],
      of: ({ g }, { dims, shifts }) => {
        const sizes = dims.length > 0 ? dims.map((dim) => g.shape[dim] as number) : [g.numel()];
        return rollOp([g], { dims, shifts: shifts.map((shift, i) => within(-shift, sizes[i] as number)) });
      },
    },
  },
  tangent: "linear",
});

/** `shift` brought to 0 … size - 1. */
function within(shift: number, size: number): number {
  return size === 0 ? 0 : ((shift % size) + size) % size;
}

/** A copy with elements shifted along dims, those that fall off coming in again at the other end; without dims flat. */
export function roll(
  x: Tensor,
  shifts: number | readonly number[],
  ...rest: Trailing<[dims: number | readonly number[] | null], RollOptions>
): Tensor {
  asTensor("roll", x);
  const by = typeof shifts === "number" ? [asInteger("roll", shifts, "shifts")] : asIntegers("roll", shifts, "shifts");
  const { dims } = parse("roll", rest, { dims: null as number | readonly number[] | null }, ["dims"]);
  if (by.length === 0) throw new ArgumentError("roll: `shifts` required");
  const named = typeof dims === "number" ? [dims] : asIntegers("roll", dims ?? [], "dims");
  if (by.length !== named.length && !(by.length === 1 && named.length === 0))
    throw new ArgumentError(`roll: shifts and dimensions must align. shifts: ${by.length}, dims:${named.length}`);
  if (named.length === 0) return rollOp([x], { dims: [], shifts: [within(by[0] as number, x.numel())] });
  // A dim may come several times; its shifts add up.
  const along: number[] = [];
  const total: number[] = [];
  named.forEach((name, i) => {
    const dim = normalizeDim("roll", name, x.ndim);
    if (x.ndim === 0) throw new ArgumentError(`roll: Dimension specified as ${name} but tensor has no dimensions`);
    const at = along.indexOf(dim);
    if (at < 0) {
      along.push(dim);
      total.push(by[i] as number);
    } else total[at] = (total[at] as number) + (by[i] as number);
  });
  const shiftsBy = total.map((shift, i) => within(shift, x.shape[along[i] as number] as number));
  return rollOp([x], { dims: along, shifts: shiftsBy });
}

interface Turned {
  readonly turns: number;
  readonly a: number;
  readonly b: number;
}

const rot90Op: Applied<Turned> = op({
  name: "rot90",
  forward: ([x], { turns, a, b }: Turned) =>
    temporaries(() => {
      const source = x as Tensor;
      if (turns === 0) return contiguousCopy(source);
      if (turns === 2) return reversed(source, [a, b]);
      const turned = reversed(source, [turns === 1 ? b : a]);
      return alias(turned, transposeLayout("rot90", turned.layout, a, b));
    }),
  gradients: { x: { reads: [], of: ({ g }, { turns, a, b }) => rot90Op([g], { turns: (4 - turns) % 4, a, b }) } },
  tangent: "linear",
});

/** Options of `rot90`. */
export interface Rot90Options {
  readonly k?: number;
  readonly dims?: readonly [number, number] | readonly number[];
}

/** A copy turned by k quarters in the plane of two dims, from the first towards the second. */
export function rot90(x: Tensor, ...rest: Trailing<[k: number, dims: readonly number[]], Rot90Options>): Tensor {
  asTensor("rot90", x);
  const given = parse("rot90", rest, { k: 1, dims: [0, 1] as readonly number[] }, ["k", "dims"]);
  const k = asInteger("rot90", given.k, "k");
  const dims = asIntegers("rot90", given.dims, "dims");
  if (dims.length !== 2)
    throw new ArgumentError(`rot90: expected total rotation dims == 2, but got dims = ${dims.length}`);
  if (x.ndim < 2) throw new ArgumentError(`rot90: expected total dims >= 2, but got total dims = ${x.ndim}`);
  const [a, b] = dims.map((dim) => normalizeDim("rot90", dim, x.ndim)) as [number, number];
  if (a === b) {
    throw new ArgumentError(
      `rot90: expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`,
    );
  }
  return rot90Op([x], { turns: within(k, 4), a, b });
}
