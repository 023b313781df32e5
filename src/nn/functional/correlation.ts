// Convolution by correlations, which read windows where they lie: forward, by the input, and by the weight.

import { copyInto } from "../../op/copy.js";
import {
  type Counts,
  launchCorrelation,
  launchWeightCorrelation,
  type Slide,
  type Strided,
} from "../../op/correlate.js";
import { triple, type Windows } from "../../op/window.js";
import { sum } from "../../ops/reduce.js";
import { alias, empty, type Tensor } from "../../tensor/tensor.js";
import * as columns from "./columns.js";

/** An image, or what a convolution makes of one: [N, groups · channels, …]. */
function picture(tensor: Tensor, groups: number): Strided {
  const [image, channel, ...axes] = tensor.layout.strides as readonly [number, number, ...number[]];
  const group = ((tensor.layout.shape[1] as number) / groups) * channel;
  return { tensor, image, group, row: channel, channel, axes: triple(axes, 0) };
}

/** A weight [groups · a, b, …]; `across`: whether a are the channels and b the rows. */
function weights(tensor: Tensor, groups: number, across: boolean): Strided {
  const [outer, inner, ...axes] = tensor.layout.strides as readonly [number, number, ...number[]];
  const group = ((tensor.layout.shape[0] as number) / groups) * outer;
  return {
    tensor,
    image: 0,
    group,
    row: across ? inner : outer,
    channel: across ? outer : inner,
    axes: triple(axes, 0),
  };
}

/** The counts of a correlation of [N, groups · channels, …] whose result has `rows` channels. */
function countsOf(image: Tensor, rows: number, groups: number): Counts {
  const [images, channels] = image.layout.shape as readonly [number, number];
  return { images, groups, rows: rows / groups, channels: channels / groups };
}

/** Windows as they are. */
function slideOf({ kernel, stride, dilation, padding, image, places }: Windows): Slide {
  const [d, h, w] = padding;
  return { taps: kernel, places, image, step: stride, first: [-d, -h, -w], pace: dilation };
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
  const counts = countsOf(x, weight.shape[0] as number, groups);
  const done =
    !columns.isIdentity(windows) &&
    launchCorrelation(
      picture(out, groups),
      picture(x, groups),
      weights(weight, groups, false),
      bias,
      counts,
      slideOf(windows),
    );
  if (!done) columns.correlate(out, x, weight, bias, groups, windows);
}

/** What the elements of an image whose places leave one remainder by the stride get along an axis. */
interface Phase {
  /** The first such element, and how many there are. */
  readonly start: number;
  readonly places: number;
  /** The taps that reach them: the first, the step to the next, and how many. */
  readonly tap: number;
  readonly tapStep: number;
  readonly taps: number;
  /** What the first of them reads with the first tap, and the step from tap to tap. */
  readonly first: number;
  readonly pace: number;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** All phases along an axis. */
function phasesOf({ kernel, stride, dilation, padding, image }: Windows, axis: number): Phase[] {
  const [k, s, d] = [kernel[axis] as number, stride[axis] as number, dilation[axis] as number];
  const [p, size] = [padding[axis] as number, image[axis] as number];
  const tapStep = s / divisor(s, d);
  const phases: Phase[] = [];
  for (let r = 0; r < s; r++) {
    // Element i = j · s + r − p of the image is read with tap m by window j + (r − m · d) / s.
    const j = Math.ceil((p - r) / s);
    const places = Math.floor((size - 1 + p - r) / s) - j + 1;
    let tap = 0;
    while (tap < tapStep && (tap * d) % s !== r) tap++;
    const taps = tap < tapStep && tap < k ? Math.ceil((k - tap) / tapStep) : 0;
    if (places > 0) {
      const first = (r - tap * d) / s + j;
      phases.push({ start: j * s + r - p, places, tap, tapStep, taps, first, pace: -(d * tapStep) / s });
    }
  }
  return phases;
}

/** out [N, C, image], in which `start` is already: the adjoint of `correlate` by x, applied to y [N, O, places], + bias. */
export function spreadOut(
  out: Tensor,
  y: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  groups: number,
  windows: Windows,
): void {
  const counts = countsOf(y, out.shape[1] as number, groups);
  const axes = [0, 1, 2].map((axis) => phasesOf(windows, axis)) as [Phase[], Phase[], Phase[]];
  const from = picture(y, groups);
  const to = picture(out, groups);
  const w = weights(weight, groups, true);
  const isSparse = axes.some((phases) => phases.some(({ taps }) => taps === 0));
  let done = !columns.isIdentity(windows);
  if (!done || isSparse) spread(out, bias);
  for (const d of axes[0]) {
    for (const h of axes[1]) {
      for (const v of axes[2]) {
        const all = [d, h, v] as const;
        if (!done || all.some(({ taps }) => taps === 0)) continue;
        const slide: Slide = {
          taps: [d.taps, h.taps, v.taps],
          places: [d.places, h.places, v.places],
          image: windows.places,
          step: [1, 1, 1],
          first: [d.first, h.first, v.first],
          pace: [d.pace, h.pace, v.pace],
        };
        const part = moved(
          to,
          all.map(({ start }) => start),
          windows.stride,
        );
        const taps = moved(
          w,
          all.map(({ tap }) => tap),
          all.map(({ tapStep }) => tapStep),
        );
        done = launchCorrelation(part, from, taps, bias, counts, slide);
      }
    }
  }
  if (done) return;
  if (!columns.isIdentity(windows)) spread(out, bias);
  columns.spreadOut(out, y, weight, groups, windows);
}

/** Every so many elements along the axes, from given ones on. */
function moved({ tensor, axes, ...rest }: Strided, starts: readonly number[], steps: readonly number[]): Strided {
  const { shape, strides, offset } = tensor.layout;
  const shift = axes.reduce((all, stride, d) => all + stride * (starts[d] as number), 0);
  const [d, h, w] = axes.map((stride, axis) => stride * (steps[axis] as number)) as [number, number, number];
  const layout = { shape, strides, offset: offset + shift };
  return { ...rest, tensor: shift === 0 ? tensor : alias(tensor, layout), axes: [d, h, w] };
}

/** Fills [N, O, …] with a bias [O], or zeros. */
export function spread(out: Tensor, bias: Tensor | null): void {
  const sizes = out.shape.slice(2);
  copyInto(
    out,
    bias === null
      ? 0
      : alias(bias, {
          shape: [out.shape[1] as number, ...sizes.map(() => 1)],
          strides: [bias.layout.strides[0] as number, ...sizes.map(() => 0)],
          offset: bias.layout.offset,
        }),
  );
}

/** [O, C/G, kernel]: Σ over images and places of y [N, O, places] times the windows of x [N, C, image]. */
export function correlateBoth(
  shape: readonly number[],
  y: Tensor,
  x: Tensor,
  groups: number,
  windows: Windows,
): Tensor {
  const counts = countsOf(x, y.shape[1] as number, groups);
  let shares: Tensor | null = null;
  const make = (count: number): Tensor => {
    shares = empty("convolutionBackward", count === 1 ? shape : [count, ...shape], x.dtype);
    return shares;
  };
  if (!launchWeightCorrelation(make, picture(y, groups), picture(x, groups), counts, slideOf(windows))) {
    const out = empty("convolutionBackward", shape, y.dtype);
    columns.correlateBoth(out, y, x, groups, windows);
    return out;
  }
  const found = shares as unknown as Tensor;
  return found.ndim === shape.length ? found : sum(found, 0);
}
