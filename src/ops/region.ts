// Regions: what a view sees of its base, cut out, put back, or blotted out. The derivatives of views are made of these.

import { asContiguous, contiguousCopy, copyInto } from "../op/copy.js";
import { launchIndexed } from "../op/indexed.js";
import { addTensor, beginNest, type Operand, writeNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import type { Slices } from "../tape/inplace.js";
import { bytesOf, type DType } from "../tensor/dtype.js";
import { type Layout, sameShape } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Storage } from "../tensor/storage.js";
import { alias, empty, Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { div } from "./arithmetic.js";
import { clampMin } from "./extrema.js";

/** Number of elements from a layout's first to its last. */
function spanOf(layout: Layout): number {
  let last = 0;
  for (let d = 0; d < layout.shape.length; d++) {
    if (layout.shape[d] === 0) return 0;
    last += ((layout.shape[d] as number) - 1) * (layout.strides[d] as number);
  }
  return last + 1;
}

/** Whether two elements may lie in the same place: not if the dims nest like those of a dense layout with gaps. */
export function mayOverlap(layout: Layout): boolean {
  const dims = layout.shape
    .map((size, d) => ({ size, stride: layout.strides[d] as number }))
    .filter(({ size }) => size > 1);
  dims.sort((a, b) => a.stride - b.stride);
  let reach = 0;
  for (const { size, stride } of dims) {
    if (stride <= reach) return true;
    reach += (size - 1) * stride;
  }
  return false;
}

/** The elements of the storage between those that the base and the view see first and last. */
interface Stretch {
  readonly first: number;
  readonly size: number;
}

function stretchOf({ base, view }: Slices): Stretch {
  const first = Math.min(base.offset, view.offset);
  const end = Math.max(base.offset + spanOf(base), view.offset + spanOf(view));
  return { first, size: end - first };
}

/** A stretch of storage of its own, as a tensor of one dim. */
function stretch({ size }: Stretch, dtype: DType): Tensor {
  return new Tensor(
    new Storage("as_strided", size * bytesOf(dtype)),
    { shape: [size], strides: [1], offset: 0 },
    dtype,
  );
}

/** What a layout of the base's storage sees of a stretch. */
function seenIn(whole: Tensor, { first }: Stretch, { shape, strides, offset }: Layout): Tensor {
  return alias(whole, { shape, strides, offset: offset - first });
}

const arange = /* @__PURE__ */ new KernelFamily("arange");
const scatterAdd = /* @__PURE__ */ new KernelFamily("scatter_add");

/** Adds elements up where a layout puts them in a stretch of zeros; several may go to one place. */
function addUp(whole: Tensor, seen: Tensor, values: Operand): void {
  const span = whole.numel();
  const places = empty("as_strided", [span], "int32");
  beginNest([span]);
  addTensor(places);
  setParameter(0, 0);
  setParameter(1, 1);
  launch(arange.of("int32"), writeNest());
  const where = empty("as_strided", seen.shape, "int32");
  copyInto(where, alias(places, seen.layout));
  const count = where.numel();
  const run = (x: Tensor): Tensor => alias(x, { shape: [count], strides: [1], offset: 0 });
  const plan = { shape: [count], own: [-1], dims: [0], over: [[0]], wraps: false };
  const from = values instanceof Tensor ? run(asContiguous(values)) : values;
  launchIndexed("as_strided", scatterAdd.of(whole.dtype), whole, from, [run(where)], plan, true);
}

/** Puts a tensor into a stretch of zeros where a layout sees it; what goes to one place adds up. */
function put(x: Tensor, size: Stretch, layout: Layout): Tensor {
  const whole = stretch(size, x.dtype);
  const seen = seenIn(whole, size, layout);
  if (x.numel() !== size.size || mayOverlap(layout)) copyInto(whole, 0);
  if (x.numel() > 0 && mayOverlap(layout)) addUp(whole, seen, x);
  else copyInto(seen, x);
  return whole;
}

/** Divides what several elements of the base share among them. */
function share(whole: Tensor, size: Stretch, base: Layout): Tensor {
  if (!mayOverlap(base)) return whole;
  const counts = stretch(size, whole.dtype);
  copyInto(counts, 0);
  addUp(counts, seenIn(counts, size, base), 1);
  return div(whole, clampMin(counts, 1));
}

/**
 * What the view sees of its base, as a tensor of its own. `x` has the base's shape, in any layout; where elements of
 * the base share a place, the place holds their mean, and 0 where the base has none.
 */
export const region: Applied<Slices> = op({
  name: "region",
  forward: ([x], slices: Slices) =>
    temporaries(() => {
      const { base, view } = slices;
      const size = stretchOf(slices);
      const from = x as Tensor;
      // A dense tensor that lies as the base does is looked at directly.
      if (size.size === from.numel() && sameShape(from.layout.strides, base.strides)) {
        return contiguousCopy(alias(from, { ...view, offset: view.offset - base.offset + from.layout.offset }));
      }
      const whole = share(put(from, size, base), size, base);
      return contiguousCopy(seenIn(whole, size, view));
    }),
  gradients: { x: { reads: [], of: ({ g }, slices) => placed([g], slices) } },
  tangent: "linear",
});

/** The adjoint of `region`: zeros of the base's shape and layout, with `x` added in the places that the view sees. */
export const placed: Applied<Slices> = op({
  name: "placed",
  forward: ([x], slices: Slices) =>
    temporaries(() => {
      const size = stretchOf(slices);
      const whole = share(put(x as Tensor, size, slices.view), size, slices.base);
      const out = seenIn(whole, size, slices.base);
      return mayOverlap(slices.base) ? contiguousCopy(out) : out;
    }),
  gradients: { x: { reads: [], of: ({ g }, slices) => region([g], slices) } },
  tangent: "linear",
});

/** A copy of `x`, laid out like the base, with `value` in the places that the view sees. */
export function overwritten(x: Tensor, value: Operand, slices: Slices): Tensor {
  return temporaries(() => {
    const size = stretchOf(slices);
    const whole = put(x, size, slices.base);
    copyInto(seenIn(whole, size, slices.view), value);
    return seenIn(whole, size, slices.base);
  });
}

/** A copy with zeros in the places that the view sees; its own adjoint. */
export const cutOut: Applied<Slices> = op({
  name: "cutOut",
  forward: ([x], slices: Slices) => overwritten(x as Tensor, 0, slices),
  gradients: { x: { reads: [], of: ({ g }, slices) => cutOut([g], slices) } },
  tangent: "linear",
});
