// Regions: what a view sees of its base, cut out, put back, or blotted out. The derivatives of views are made of these.

import { copyInto } from "../op/copy.js";
import { launchIndexed } from "../op/indexed.js";
import { addTensor, beginNest, writeNest } from "../op/nest.js";
import { type Applied, op } from "../op/op.js";
import type { Slices } from "../tape/inplace.js";
import { bytesOf } from "../tensor/dtype.js";
import type { Layout } from "../tensor/layout.js";
import { temporaries } from "../tensor/lifetime.js";
import { Storage } from "../tensor/storage.js";
import { alias, empty, Tensor } from "../tensor/tensor.js";
import { setParameter } from "../wasm/block.js";
import { KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";

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

/** A tensor laid out like the base, gaps included, so that the view's strides mean the same in it. */
function laidOut({ base, view }: Slices, like: Tensor): Tensor {
  const span = Math.max(spanOf(base), spanOf(view) + view.offset - base.offset);
  const layout = { shape: base.shape, strides: base.strides, offset: 0 };
  return new Tensor(new Storage("as_strided", span * bytesOf(like.dtype)), layout, like.dtype);
}

/** The part of a tensor laid out like the base that the view sees. */
function window(laid: Tensor, { base, view }: Slices): Tensor {
  return alias(laid, { shape: view.shape, strides: view.strides, offset: view.offset - base.offset });
}

const arange = /* @__PURE__ */ new KernelFamily("arange");
const scatterAdd = /* @__PURE__ */ new KernelFamily("scatter_add");

/** Adds the elements of `g` up where the view puts them; several may go to one place. */
function addUp(laid: Tensor, seen: Tensor, g: Tensor): void {
  const span = laid.storage.bytes / bytesOf(laid.dtype);
  const places = empty("as_strided", [span], "int32");
  beginNest([span]);
  addTensor(places);
  setParameter(0, 0);
  setParameter(1, 1);
  launch(arange.of("int32"), writeNest());
  const where = empty("as_strided", seen.shape, "int32");
  copyInto(where, alias(places, seen.layout));
  const values = empty("as_strided", seen.shape, g.dtype);
  copyInto(values, g);
  const count = where.numel();
  const run = (x: Tensor, size: number): Tensor => alias(x, { shape: [size], strides: [1], offset: 0 });
  const plan = { shape: [count], own: [-1], dims: [0], over: [[0]], wraps: false };
  launchIndexed(
    "as_strided",
    scatterAdd.of(laid.dtype),
    run(laid, span),
    run(values, count),
    [run(where, count)],
    plan,
    true,
  );
}

/** What the view sees of its base, as a tensor of its own. `x` has the base's shape, in any layout. */
export const region: Applied<Slices> = op({
  name: "region",
  forward: ([x], slices: Slices) =>
    temporaries(() => {
      const laid = laidOut(slices, x as Tensor);
      copyInto(laid, x as Tensor);
      const seen = window(laid, slices);
      const out = empty("as_strided", seen.shape, seen.dtype);
      copyInto(out, seen);
      return out;
    }),
  gradients: { x: { reads: [], of: ({ g }, slices) => placed([g], slices) } },
  tangent: "linear",
});

/** The adjoint of `region`: zeros of the base's shape and layout, with `x` in the places that the view sees. */
export const placed: Applied<Slices> = op({
  name: "placed",
  forward: ([x], slices: Slices) =>
    temporaries(() => {
      const source = x as Tensor;
      const laid = laidOut(slices, source);
      copyInto(alias(laid, { shape: [laid.storage.bytes / bytesOf(laid.dtype)], strides: [1], offset: 0 }), 0);
      const seen = window(laid, slices);
      if (mayOverlap(slices.view)) addUp(laid, seen, source);
      else copyInto(seen, source);
      return laid;
    }),
  gradients: { x: { reads: [], of: ({ g }, slices) => region([g], slices) } },
  tangent: "linear",
});

/** A copy with zeros in the places that the view sees; its own adjoint. */
export const cutOut: Applied<Slices> = op({
  name: "cutOut",
  forward: ([x], slices: Slices) =>
    temporaries(() => {
      const laid = laidOut(slices, x as Tensor);
      copyInto(laid, x as Tensor);
      copyInto(window(laid, slices), 0);
      return laid;
    }),
  gradients: { x: { reads: [], of: ({ g }, slices) => cutOut([g], slices) } },
  tangent: "linear",
});
