// Pooling as operations with their derivatives: the largest element or the average of windows.

import { copyInto } from "../../op/copy.js";
import { addStrided, beginNest, spreadLike, writeNest } from "../../op/nest.js";
import { type Applied, op } from "../../op/op.js";
import { denseStrides, imageStrides, setWindows, triple, volume, type Windows } from "../../op/window.js";
import { zeros } from "../../ops/creation.js";
import { gather } from "../../ops/gather.js";
import { scatterAdd } from "../../ops/scatter.js";
import { reshape } from "../../ops/shape.js";
import { temporaries } from "../../tensor/lifetime.js";
import { empty, type Tensor } from "../../tensor/tensor.js";
import { setParameter, setResults } from "../../wasm/block.js";
import { type Kernel, KernelFamily } from "../../wasm/kernels.js";
import { launch } from "../../wasm/launch.js";

/** Windows of [N, C, …] and what is done with them. */
export interface Pool {
  readonly label: string;
  readonly windows: Windows;
  /** Sizes of the image, without those that stand for missing dims. */
  readonly image: readonly number[];
  readonly places: readonly number[];
  /** Windows that divide the image evenly, whatever stride and kernel say. */
  readonly adaptive: boolean;
  /** Whether padding counts in averages. */
  readonly counts: boolean;
  /** What sums are divided by, or 0 for their number of elements. */
  readonly divisor: number;
}

const maxima = /* @__PURE__ */ new KernelFamily("max_pool");
const averages = /* @__PURE__ */ new KernelFamily("avg_pool");
const averageBackwards = /* @__PURE__ */ new KernelFamily("avg_pool_backward");

/** Runs a kernel over planes: contiguous results, then an image of any strides. */
function run(kernel: Kernel, results: readonly Tensor[], image: Tensor, pool: Pool): void {
  const { windows } = pool;
  const [n, c] = image.shape as readonly [number, number];
  if (n * c * volume(windows.places) === 0) return;
  beginNest([n, c, ...windows.kernel, ...windows.places]);
  const [perImage, perChannel, ...places] = denseStrides([n, c, ...windows.places]) as [number, number, ...number[]];
  for (const result of results) addStrided(result, [perImage, perChannel, 0, 0, 0, ...places]);
  addStrided(image, [...imageStrides(image), 0, 0, 0]);
  writeNest();
  setWindows(windows);
  setParameter(12, pool.adaptive ? 1 : 0);
  setParameter(13, pool.counts ? 1 : 0);
  setParameter(14, pool.divisor);
  launch(kernel, n * c);
}

function resultShape(x: Tensor, sizes: readonly number[]): number[] {
  return [x.shape[0] as number, x.shape[1] as number, ...sizes];
}

/** [N, C, …] as [N, C, elements of the plane]. */
function flat(x: Tensor): Tensor {
  return reshape(x, [
    x.shape[0] as number,
    x.shape[1] as number,
    x.shape.slice(2).reduce((all, size) => all * size, 1),
  ]);
}

/** Puts values back to the places in planes of sizes `sizes` that indices name, adding up. */
export function putBack(values: Tensor, indices: Tensor, sizes: readonly number[]): Tensor {
  return temporaries(() => {
    const [n, c] = values.shape as readonly [number, number];
    const plane = sizes.reduce((all, size) => all * size, 1);
    const base = zeros([n, c, plane], { dtype: values.dtype });
    return reshape(scatterAdd(base, 2, flat(indices), flat(values)), [n, c, ...sizes]);
  });
}

/** The elements of planes that indices name, in the shape of the indices. */
export function takeFrom(x: Tensor, indices: Tensor): Tensor {
  return temporaries(() => reshape(gather(flat(x), 2, flat(indices)), indices.shape));
}

/** The largest elements, and their flat indices in the image. */
export const maxPool: Applied<Pool> = op({
  name: "maxPool",
  label: ({ label }: Pool) => label,
  outputs: ["out", "indices"],
  forward: ([x], pool: Pool) => {
    const input = x as Tensor;
    const out = empty("maxPool", resultShape(input, pool.places), input.dtype);
    const indices = empty("maxPool", out.shape, "int32");
    run(maxima.of(input.dtype), [out, indices], input, pool);
    return [out, indices];
  },
  gradients: { x: { reads: ["indices"], of: ({ g, indices }, { image }) => maxBack([g, indices], image) } },
  tangent: (_inputs, [, indices], [t]) => [takeFrom(t as Tensor, indices as Tensor), null],
});

const maximaBackwards = /* @__PURE__ */ new KernelFamily("max_pool_backward");

/** The adjoint of `maxPool`, which puts gradients of windows where their indices say, in an image of given sizes. */
const maxBack: Applied<readonly number[]> = op({
  name: "maxPoolBackward",
  forward: ([g, indices], image: readonly number[]) => {
    const [from, at] = [g as Tensor, indices as Tensor];
    const [n, c] = from.shape as readonly [number, number];
    const out = empty("maxPool", [n, c, ...image], from.dtype);
    const plane = image.reduce((all, size) => all * size, 1);
    if (out.numel() === 0) return out;
    beginNest([n, c, ...triple(from.shape.slice(2), 1)]);
    addStrided(out, [c * plane, plane, 0, 0, 0]);
    addStrided(from, imageStrides(from));
    addStrided(at, imageStrides(at));
    writeNest();
    setResults(1);
    setParameter(0, plane);
    launch(maximaBackwards.of(from.dtype), n * c);
    return out;
  },
  gradients: { g: { reads: ["indices"], of: ({ g, indices }) => takeFrom(g, indices) }, indices: null },
  tangent: ([, indices], _outputs, [t], image) => [t ? maxBack([t, indices as Tensor], image) : null],
});

/** The averages. */
export const averagePool: Applied<Pool> = op({
  name: "averagePool",
  label: ({ label }: Pool) => label,
  forward: ([x], pool: Pool) => {
    const input = x as Tensor;
    const out = empty("averagePool", resultShape(input, pool.places), input.dtype);
    run(averages.of(input.dtype), [out], input, pool);
    return out;
  },
  gradients: { x: { reads: [], of: ({ g }, pool) => averageBack([g], pool) } },
  tangent: "linear",
});

/** The adjoint of `averagePool`. */
const averageBack: Applied<Pool> = op({
  name: "averagePoolBackward",
  forward: ([g], pool: Pool) =>
    temporaries(() => {
      const source = g as Tensor;
      const out = empty("averagePool", resultShape(source, pool.image), source.dtype);
      copyInto(out, 0);
      const dense = empty("averagePool", source.shape, source.dtype);
      copyInto(dense, source);
      spreadLike(out, dense);
      run(averageBackwards.of(out.dtype), [dense], out, pool);
      return out;
    }),
  gradients: { g: { reads: [], of: ({ g }, pool) => averagePool([g], pool) } },
  tangent: "linear",
});

/** Windows from sizes for one to three dims. */
export function windowsFor(
  image: readonly number[],
  places: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  dilation: readonly number[],
): Windows {
  return {
    kernel: triple(kernel, 1),
    stride: triple(stride, 1),
    dilation: triple(dilation, 1),
    padding: triple(padding, 0),
    image: triple(image, 1),
    places: triple(places, 1),
  };
}
