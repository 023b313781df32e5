// Convolution by columns: windows are unrolled and multiplied by gemm, for dtypes and sizes that correlations do not take.

import { asContiguous, copyInto } from "../../op/copy.js";
import { launchGemm } from "../../op/gemm.js";
import { columnStrides, imageStrides, rollUp, type Triple, unroll, volume, type Windows } from "../../op/window.js";
import { bytesOf } from "../../tensor/dtype.js";
import { contiguous, type Layout, narrow as narrowLayout } from "../../tensor/layout.js";
import { temporaries } from "../../tensor/lifetime.js";
import { alias, empty, type Tensor } from "../../tensor/tensor.js";

/** Columns that are worked on at once, in bytes: as much as stays in the second-level cache. */
const CHUNK = 1 << 20;

/** Whether the windows are the image's elements one by one, so that its memory can stand for the columns. */
export function isIdentity({ kernel, stride, padding, image, places }: Windows): boolean {
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
export function correlate(
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
export function spreadOut(out: Tensor, y: Tensor, weight: Tensor, groups: number, windows: Windows): void {
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
export function correlateBoth(out: Tensor, y: Tensor, x: Tensor, groups: number, windows: Windows): void {
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
