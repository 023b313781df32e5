// Turning dims round and shifting them in a circle.

import { ArgumentError } from "../errors.js";
import { asInteger, asIntegers, asTensor, describe, parse, type Trailing } from "../op/args.js";
import { addStrided, addTensor, beginNest, writeNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import { bytesOf } from "../tensor/dtype.js";
import { normalizeDims } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../tensor/tensor.js";
import { WidthFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { cat } from "./join.js";
import { permute, reshape } from "./shape.js";
import { narrow } from "./views.js";

const copies = /* @__PURE__ */ new WidthFamily("copy");

const flipOp: Applied<readonly number[]> = op({
  name: "flip",
  forward: ([x], dims: readonly number[]) =>
    temporaries(() => {
      const source = x as Tensor;
      const out = empty("flip", source.shape, source.dtype);
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
      launch(copies.of(bytesOf(source.dtype)), writeNest());
      return out;
    }),
  gradients: { x: { reads: [], of: ({ g }, dims) => flipOp([g], dims) } },
  tangent: "linear",
});

/** A copy with the order along the given dims reversed. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  asTensor("flip", x);
  const list = typeof dims === "number" ? [asInteger("flip", dims, "dims")] : asIntegers("flip", dims, "dims");
  return flipOp([x], normalizeDims("flip", list, x.ndim));
}

/** `flip` of columns. */
export function fliplr(x: Tensor): Tensor {
  if (asTensor("fliplr", x).ndim < 2) throw new ArgumentError(`fliplr: Input must be >= 2-d, got ${describe(x)}`);
  return flip(x, [1]);
}

/** `flip` of rows. */
export function flipud(x: Tensor): Tensor {
  if (asTensor("flipud", x).ndim < 1) throw new ArgumentError(`flipud: Input must be >= 1-d, got ${describe(x)}`);
  return flip(x, [0]);
}

/** Options of `roll`. */
export interface RollOptions {
  readonly dims?: number | readonly number[] | null;
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
  if (dims === null || (Array.isArray(dims) && dims.length === 0)) {
    if (by.length !== 1)
      throw new ArgumentError(`roll: shifts and dimensions must align. shifts: ${by.length}, dims:0`);
    return temporaries(() => reshape(roll(reshape(x, [-1]), by, [0]), x.shape));
  }
  const along = normalizeDims("roll", dims, x.ndim);
  if (along.length !== by.length) {
    throw new ArgumentError(`roll: shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`);
  }
  return temporaries(() => {
    let result = x;
    along.forEach((dim, i) => {
      const size = x.shape[dim] as number;
      const shift = size === 0 ? 0 : (((by[i] as number) % size) + size) % size;
      result = cat([narrow(result, dim, size - shift, shift), narrow(result, dim, 0, size - shift)], dim);
    });
    return result;
  });
}

/** Options of `rot90`. */
export interface Rot90Options {
  readonly k?: number;
  readonly dims?: readonly [number, number] | readonly number[];
}

/** A copy turned by k quarters in the plane of two dims, from the first towards the second. */
export function rot90(x: Tensor, ...rest: Trailing<[k: number, dims: readonly number[]], Rot90Options>): Tensor {
  asTensor("rot90", x);
  const { k, dims } = parse("rot90", rest, { k: 1, dims: [0, 1] as readonly number[] }, ["k", "dims"]);
  if (dims.length !== 2)
    throw new ArgumentError(`rot90: expected total rotation dims == 2, but got dims = ${dims.length}`);
  if (x.ndim < 2) throw new ArgumentError(`rot90: expected total dims >= 2, but got total dims = ${x.ndim}`);
  if (dims[0] === dims[1] || Math.abs((dims[0] as number) - (dims[1] as number)) === x.ndim) {
    throw new ArgumentError(
      `rot90: expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`,
    );
  }
  const [a, b] = normalizeDims("rot90", dims, x.ndim) as [number, number];
  const swapped = x.shape.map((_, d) => (d === a ? b : d === b ? a : d));
  const turns = ((k % 4) + 4) % 4;
  return temporaries(() => {
    if (turns === 1) return permute(flip(x, [b]), swapped);
    if (turns === 2) return flip(x, [a, b]);
    if (turns === 3) return permute(flip(x, [a]), swapped);
    return flip(x, []);
  });
}
