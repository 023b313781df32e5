// Convolution and transposed convolution over up to three dims as one operation, closed under differentiation.
//
// Windows are unrolled into columns and multiplied by gemm; the gradient by the input is the transposed convolution of the
// gradient, and the other way round; the gradient by the weight multiplies gradients with columns.

import { asContiguous, copyInto } from "../../op/copy.js";
import { launchGemm } from "../../op/gemm.js";
import { type Applied, op } from "../../op/op.js";
import {
  columnStrides,
  imageStrides,
  rollUp,
  type Triple,
  triple,
  unroll,
  volume,
  type Windows,
} from "../../op/window.js";
import { add } from "../../ops/arithmetic.js";
import { sum } from "../../ops/reduce.js";
import { expand, reshape } from "../../ops/shape.js";
import { bytesOf } from "../../tensor/dtype.js";
import { contiguous, type Layout, narrow as narrowLayout } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { alias, empty, Tensor } from "../../tensor/tensor.js";

/** How the weight slides; one number for each dim. */
export interface Sliding {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly transposed: boolean;
}

/** Columns that are worked on at once, in bytes: as much as stays in the second-level cache. */
const CHUNK = 1 << 20;

/** The size of a (transposed) convolution's result along a dim. */
export function resultSize(
  size: number,
  kernel: number,
  dim: number,
  { stride, padding, dilation, outputPadding, transposed }: Sliding,
): number {
  const [s, p, reach] = [stride[dim] as number, padding[dim] as number, (dilation[dim] as number) * (kernel - 1) + 1];
  if (transposed) return (size - 1) * s - 2 * p + reach + (outputPadding[dim] as number);
  return Math.floor((size + 2 * p - reach) / s) + 1;
}

function windowsOf(
  image: readonly number[],
  places: readonly number[],
  kernel: readonly number[],
  sliding: Sliding,
): Windows {
  return {
    kernel: triple(kernel, 1),
    stride: triple(sliding.stride, 1),
    dilation: triple(sliding.dilation, 1),
    padding: triple(sliding.padding, 0),
    image: triple(image, 1),
    places: triple(places, 1),
  };
}

/** Whether the windows are the image's elements one by one, so that its memory can stand for the columns. */
function isIdentity({ kernel, stride, padding, image, places }: Windows): boolean {
  const all = (values: Triple, value: number) => values.every((each) => each === value);
  return all(kernel, 1) && all(stride, 1) && all(padding, 0) && image.every((size, d) => size === places[d]);
}

/** The same memory under another layout. */
function as(x: Tensor, shape: readonly number[], strides?: readonly number[], skip = 0): Tensor {
  const layout: Layout = strides === undefined ? contiguous(shape) : { shape, strides, offset: 0 };
  return alias(x, { ...layout, offset: x.layout.offset + skip });
}

/** The images from `first` on, `n` of them. */
function stretchOf(x: Tensor, first: number, n: number): Tensor {
  return alias(x, narrowLayout("convolution", x.layout, 0, first, n));
}

/** Runs `body` for stretches of images whose columns fit into the chunk: first image, and how many. */
function inChunks(count: number, bytes: number, body: (first: number, n: number) => void): void {
  const most = Math.max(1, Math.floor(CHUNK / Math.max(1, bytes)));
  for (let first = 0; first < count; first += most) {
    temporaries(() => {
      body(first, Math.min(most, count - first));
      return null;
    });
  }
}

/** out [N, O, places] = weight [O, C/G, kernel] over the windows of x [N, C, image] + bias. */
function correlate(
  out: Tensor,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  groups: number,
  windows: Windows,
): void {
  const [count, channels] = x.shape as readonly [number, number];
  const rows = (weight.shape[0] as number) / groups;
  const inner = (channels / groups) * volume(windows.kernel);
  const places = volume(windows.places);
  temporaries(() => {
    const w = as(asContiguous(weight), [1, groups, rows, inner]);
    const c = bias === null ? null : as(asContiguous(bias), [1, groups, rows, 1]);
    const identity = isIdentity(windows);
    const image = identity ? asContiguous(x) : x;
    inChunks(count, groups * inner * places * bytesOf(x.dtype), (first, n) => {
      let columns: Tensor;
      if (identity) columns = as(image, [n, groups, inner, places], undefined, first * channels * places);
      else {
        columns = empty("convolution", [n, groups, inner, places], x.dtype);
        const part = stretchOf(image, first, n);
        unroll(columns, columnStrides(channels, windows), part, imageStrides(image), n, channels, windows);
      }
      const target = as(out, [n, groups, rows, places], undefined, first * groups * rows * places);
      launchGemm(target, w, columns, c, 1, 1);
    });
    return null;
  });
}

/** out [N, C, image], zeros or what is added to: the adjoint of `correlate` by x, applied to y [N, O, places]. */
function spreadOut(out: Tensor, y: Tensor, weight: Tensor, groups: number, windows: Windows): void {
  const [count, rowsAll] = y.shape as readonly [number, number];
  const channels = out.shape[1] as number;
  const rows = rowsAll / groups;
  const inner = (channels / groups) * volume(windows.kernel);
  const places = volume(windows.places);
  temporaries(() => {
    const turned = as(asContiguous(weight), [1, groups, inner, rows], [0, rows * inner, 1, inner]);
    const source = asContiguous(y);
    const identity = isIdentity(windows);
    inChunks(count, groups * inner * places * bytesOf(y.dtype), (first, n) => {
      const part = as(source, [n, groups, rows, places], undefined, first * rowsAll * places);
      if (identity) {
        const target = as(out, [n, groups, inner, places], undefined, first * channels * places);
        launchGemm(target, turned, part, target, 1, 1);
        return;
      }
      const columns = empty("convolution", [n, groups, inner, places], y.dtype);
      launchGemm(columns, turned, part, null, 1, 0);
      const image = stretchOf(out, first, n);
      rollUp(image, imageStrides(out), columns, columnStrides(channels, windows), n, channels, windows);
    });
    return null;
  });
}

/** out [O, C/G, kernel] = Σ over images and places of y [N, O, places] times the windows of x [N, C, image]. */
function correlateBoth(out: Tensor, y: Tensor, x: Tensor, groups: number, windows: Windows): void {
  const [count, channels] = x.shape as readonly [number, number];
  const rowsAll = y.shape[1] as number;
  const rows = rowsAll / groups;
  const inner = (channels / groups) * volume(windows.kernel);
  const places = volume(windows.places);
  const target = as(out, [groups, rows, inner]);
  let done = false;
  inChunks(count, groups * inner * places * bytesOf(x.dtype), (first, n) => {
    // Images become part of the dim that is summed: [O, n · places] times [n · places, C · kernel].
    const left = empty("convolution", [rowsAll, n, places], y.dtype);
    const source = asContiguous(y);
    copyInto(left, as(source, [rowsAll, n, places], [places, rowsAll * places, 1], first * rowsAll * places));
    const columns = empty("convolution", [channels, volume(windows.kernel), n, places], x.dtype);
    const [, perChannel, kd, kh, kw, od, oh, ow] = columnStrides(channels, windows) as number[];
    const strides = [
      places,
      ...[perChannel, kd, kh, kw].map((stride) => (stride as number) * n),
      od,
      oh,
      ow,
    ] as number[];
    const part = stretchOf(x, first, n);
    unroll(columns, strides, part, imageStrides(x), n, channels, windows);
    const a = as(left, [groups, rows, n * places]);
    const b = as(columns, [groups, n * places, inner], [inner * n * places, 1, n * places]);
    launchGemm(target, a, b, done ? target : null, 1, done ? 1 : 0);
    done = true;
  });
  if (!done) copyInto(out, 0);
  target.dispose();
}

/** Sizes of what slides and of what it slides over, for either direction. */
function spatial(x: Tensor): readonly number[] {
  return x.shape.slice(2);
}

/** The same in the other direction. */
function directed(sliding: Sliding, transposed: boolean): Sliding {
  return { ...sliding, transposed };
}

/** Convolution of x [N, C, …] with weight, plus bias [O] or 0. */
export const convolution: Applied<Sliding> = op({
  name: "convolution",
  forward: ([x, weight, bias], sliding: Sliding) =>
    temporaries(() => {
      const [input, w] = [x as Tensor, weight as Tensor];
      const kernel = spatial(w);
      const { groups, transposed } = sliding;
      const sizes = spatial(input).map((size, d) => resultSize(size, kernel[d] as number, d, sliding));
      const channels = transposed ? (w.shape[1] as number) * groups : (w.shape[0] as number);
      const out = empty("convolution", [input.shape[0] as number, channels, ...sizes], input.dtype);
      if (out.numel() === 0) return out;
      const b = (bias as unknown) instanceof Tensor ? (bias as Tensor) : null;
      if (!transposed && w.numel() > 0)
        correlate(out, input, w, b, groups, windowsOf(spatial(input), sizes, kernel, sliding));
      else {
        const start =
          b === null
            ? 0
            : alias(b, {
                shape: [channels, ...sizes.map(() => 1)],
                strides: [b.layout.strides[0] as number, ...sizes.map(() => 0)],
                offset: b.layout.offset,
              });
        copyInto(out, start);
        if (transposed) spreadOut(out, input, w, groups, windowsOf(sizes, spatial(input), kernel, sliding));
      }
      return out;
    }),
  gradients: {
    x: { reads: ["x", "weight"], of: ({ g, x, weight }, sliding) => byInput(g, weight, spatial(x), sliding) },
    weight: { reads: ["x", "weight"], of: ({ g, x, weight }, sliding) => byWeight(g, x, spatial(weight), sliding) },
    bias: {
      reads: [],
      of: ({ g }) =>
        sum(
          g,
          g.shape.map((_, d) => d).filter((d) => d !== 1),
        ),
    },
  },
  tangent: ([x, weight], [out], [tx, tw, tb], sliding) => {
    let total: Tensor | null = null;
    const plus = (term: Tensor) => {
      total = total === null ? term : add(total, term);
    };
    if (tx) plus(convolution([tx, weight as Tensor, 0], sliding));
    if (tw) plus(convolution([x as Tensor, tw, 0], sliding));
    if (tb) plus(expand(reshape(tb, [-1, ...spatial(out as Tensor).map(() => 1)]), (out as Tensor).shape));
    return [total];
  },
});

/** The gradient of the input, whose sizes are given: the convolution in the other direction. */
function byInput(g: Tensor, weight: Tensor, sizes: readonly number[], sliding: Sliding): Tensor {
  const { stride, padding, dilation, transposed } = sliding;
  if (transposed)
    return convolution([g, weight, 0], { ...directed(sliding, false), outputPadding: sizes.map(() => 0) });
  // What no window reaches at the end is padding of the result.
  const outputPadding = sizes.map((size, d) => {
    const reach = (dilation[d] as number) * ((weight.shape[d + 2] as number) - 1) + 1;
    return size - (((g.shape[d + 2] as number) - 1) * (stride[d] as number) - 2 * (padding[d] as number) + reach);
  });
  return convolution([g, weight, 0], { ...directed(sliding, true), outputPadding });
}

interface ByWeight extends Sliding {
  readonly kernel: readonly number[];
}

function byWeight(g: Tensor, x: Tensor, kernel: readonly number[], sliding: Sliding): Tensor {
  return sliding.transposed
    ? weightGradient([x, g], { ...sliding, kernel })
    : weightGradient([g, x], { ...sliding, kernel });
}

/** Σ over images and places of y times the windows of x: the gradient of a weight, linear in both. */
const weightGradient: Applied<ByWeight> = op({
  name: "convolutionBackward",
  forward: ([y, x], given: ByWeight) => {
    const [first, second] = [y as Tensor, x as Tensor];
    const { groups, kernel } = given;
    const out = empty(
      "convolutionBackward",
      [first.shape[1] as number, (second.shape[1] as number) / groups, ...kernel],
      first.dtype,
    );
    if (out.numel() === 0) return out;
    if (first.numel() === 0) copyInto(out, 0);
    else correlateBoth(out, first, second, groups, windowsOf(spatial(second), spatial(first), kernel, given));
    return out;
  },
  gradients: {
    y: {
      reads: ["x"],
      of: ({ g, x }, given) =>
        convolution([x, g, 0], { ...given, transposed: false, outputPadding: given.kernel.map(() => 0) }),
    },
    x: {
      reads: ["y", "x"],
      of: ({ g, y, x }, given) => byInput(y, g, spatial(x), { ...given, transposed: false }),
    },
  },
  tangent: "linear",
});
