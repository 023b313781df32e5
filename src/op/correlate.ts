// Launching correlations: which stretches of windows are worked on at once, and the block that says so.

import type { Tensor } from "../tensor/tensor.js";
import { setParameter, setResults } from "../wasm/block.js";
import { type Kernel, KernelFamily } from "../wasm/kernels.js";
import { launch } from "../wasm/launch.js";
import { addStrided, beginNest, writeNest } from "./nest.js";
import { type Triple, volume } from "./window.js";

/** Windows of any number of taps: window `o` reads, with tap `m`, element o · step + first + m · pace along each axis. */
export interface Slide {
  readonly taps: Triple;
  readonly places: Triple;
  readonly image: Triple;
  readonly step: Triple;
  readonly first: Triple;
  readonly pace: Triple;
}

/** How many images, groups, rows of the result in a group, and channels of the image in a group. */
export interface Counts {
  readonly images: number;
  readonly groups: number;
  readonly rows: number;
  readonly channels: number;
}

/** A stretch of windows: a number of images, or a box of windows in one. */
type Stretch = readonly [images: number, depth: number, height: number, width: number];

/** Most taps over all channels: their offsets lie in a table. */
const MOST_TAPS = 8192;
/** Most bytes of a stretch's part of the image: the space that kernels have for it. */
const MOST_BYTES = 704 << 10;
/** Bytes up to which a stretch grows: so much stays in the second-level cache beside the weights. */
const BYTES = 384 << 10;
/** Windows up to which an image is taken whole, and up to which several images are taken together. */
const WHOLE = 4096;
const TOGETHER = 256;
/** Windows of a stretch of rows, and, where sums go over windows, of any: their vectors stay in the first-level cache. */
const MOST = 1024;
/** Rows of the result worked on at once, and the bytes of their weights. */
const ROWS = 64;
const ROW_BYTES = 512 << 10;

/** Bytes of the part of an image that windows in a box read. */
function bytesOfPart(slide: Slide, channels: number, box: Triple, size: number): number {
  let elements = channels * size;
  for (let d = 0; d < 3; d++) {
    const step = slide.step[d] as number;
    const reach = Math.abs(slide.pace[d] as number) * ((slide.taps[d] as number) - 1);
    const places = box[d] as number;
    // Columns are dealt out by their place in the step.
    elements *=
      d < 2 ? (places - 1) * step + reach + 1 : Math.min(step, reach + 1) * (places + Math.floor(reach / step));
  }
  return elements;
}

/** The largest number up to `most` for which `fits` holds, in pieces of about equal size; 0 if there is none. */
function largest(most: number, fits: (count: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? 0 : Math.ceil(most / Math.ceil(most / low));
}

/** The stretches for windows, by sizes alone; null where not even a few windows fit. `whole`, `together`: see the constants. */
function stretchOf(
  slide: Slide,
  { images, channels }: Counts,
  whole: number,
  together: number,
  size: number,
): Stretch | null {
  const { places } = slide;
  const bytes = (box: Triple) => bytesOfPart(slide, channels, box, size);
  const all = volume(places);
  if (all <= whole && bytes(places) <= BYTES) {
    const fit = Math.min(Math.floor(together / all), Math.floor(BYTES / bytes(places)));
    return [Math.max(1, Math.min(images, fit)), ...places];
  }
  const width = places[2];
  const height = largest(places[1], (h) => h * width <= MOST && bytes([1, h, width]) <= BYTES);
  if (height > 0) return [1, 1, height, width];
  const part = largest(width, (w) => w <= MOST && bytes([1, 1, w]) <= MOST_BYTES);
  return part < Math.min(width, 8) ? null : [1, 1, 1, Math.min(width, Math.ceil(part / 8) * 8)];
}

const kernels = /* @__PURE__ */ new KernelFamily("correlate");
const weightKernels = /* @__PURE__ */ new KernelFamily("correlate_weight");

/** Number of stretches. */
function stretches([images, ...box]: Stretch, counts: Counts, { places }: Slide): number {
  let all = Math.ceil(counts.images / images);
  for (let d = 0; d < 3; d++) all *= Math.ceil((places[d] as number) / (box[d] as number));
  return all;
}

function begin({ images, groups, rows, channels }: Counts, slide: Slide): void {
  beginNest([images, groups, rows, channels, ...slide.taps, ...slide.places, ...slide.image]);
}

function start(kernel: Kernel, slide: Slide, stretch: Stretch, rows: number, shares: number, extent: number): void {
  writeNest();
  setResults(1);
  // The last is a zero, for where there is no bias.
  [...slide.step, ...slide.first, ...slide.pace, ...stretch, rows, shares, 0].forEach((value, i) =>
    setParameter(i, value),
  );
  launch(kernel, extent);
}

/** Bytes of an element in kernels. */
function sizeIn(dtype: Tensor["dtype"]): number {
  return dtype === "float64" ? 8 : 4;
}

/** Whether kernels take the dtype; what else can be convolved goes through columns. */
function takes(x: Tensor, counts: Counts, { taps }: Slide): boolean {
  const inner = counts.channels * volume(taps);
  return inner > 0 && inner <= MOST_TAPS && (x.dtype.startsWith("float") || x.dtype === "bfloat16");
}

/** A tensor with its strides in elements over images (or rows of weights), groups, rows or channels, and the three axes. */
export interface Strided {
  readonly tensor: Tensor;
  readonly image: number;
  readonly group: number;
  /** Over rows of the result in a group. */
  readonly row: number;
  /** Over channels of the image in a group. */
  readonly channel: number;
  readonly axes: readonly [number, number, number];
}

const NONE: Triple = [0, 0, 0];

/**
 * out[n, g, r, o] = bias[g · rows + r] + Σ over channels and taps of weight[g, r, c, m] · x[n, g, c, …]. Returns false, and
 * does nothing, for what the kernels do not take.
 */
export function launchCorrelation(
  out: Strided,
  x: Strided,
  weight: Strided,
  bias: Tensor | null,
  counts: Counts,
  slide: Slide,
): boolean {
  if (!takes(x.tensor, counts, slide)) return false;
  const size = sizeIn(x.tensor.dtype);
  const stretch = stretchOf(slide, counts, WHOLE, TOGETHER, size);
  if (stretch === null) return false;
  const inner = counts.channels * volume(slide.taps);
  const rows = Math.max(4, Math.min(ROWS, Math.floor(ROW_BYTES / (inner * size)) & ~3));
  begin(counts, slide);
  addStrided(out.tensor, [out.image, out.group, out.row, 0, ...NONE, ...out.axes, ...NONE]);
  addStrided(x.tensor, [x.image, x.group, 0, x.channel, ...NONE, ...NONE, ...x.axes]);
  addStrided(weight.tensor, [0, weight.group, weight.row, weight.channel, ...weight.axes, ...NONE, ...NONE]);
  if (bias !== null) {
    const along = bias.layout.strides[0] as number;
    addStrided(bias, [0, along * counts.rows, along, 0, ...NONE, ...NONE, ...NONE]);
  }
  const extent = stretches(stretch, counts, slide) * Math.ceil(counts.rows / rows) * counts.groups;
  start(kernels.of(x.tensor.dtype), slide, stretch, rows, 1, extent);
  return true;
}

/** Shares of the windows that a weight's gradient is summed over by themselves, so that several can work on it. */
const SHARES = 8;
/** Bytes up to which there is more than one share of a gradient. */
const SHARED_BYTES = 128 << 10;

/**
 * The sums over images and windows of y[n, g, r, o] · x[n, g, c, …] for each row, channel and tap. `make` makes the result for a
 * number of shares, [shares, groups · rows, channels, taps] and contiguous: their sum is what is looked for. Returns false, and
 * does nothing, for what the kernels do not take.
 */
export function launchWeightCorrelation(
  make: (shares: number) => Tensor,
  y: Strided,
  x: Strided,
  counts: Counts,
  slide: Slide,
): boolean {
  if (!takes(x.tensor, counts, slide)) return false;
  const size = sizeIn(x.tensor.dtype);
  const stretch = stretchOf(slide, counts, MOST, MOST, size);
  if (stretch === null) return false;
  const rows = Math.min(ROWS, counts.rows);
  const blocks = Math.ceil(counts.rows / rows) * counts.groups;
  const bytes = counts.groups * counts.rows * counts.channels * volume(slide.taps) * size;
  const shares = blocks >= SHARES || bytes > SHARED_BYTES ? 1 : Math.min(SHARES, stretches(stretch, counts, slide));
  const out = make(shares);
  begin(counts, slide);
  addStrided(out, [0, 0, 0, 0, ...NONE, ...NONE, ...NONE]);
  addStrided(y.tensor, [y.image, y.group, y.row, 0, ...NONE, ...y.axes, ...NONE]);
  addStrided(x.tensor, [x.image, x.group, 0, x.channel, ...NONE, ...NONE, ...x.axes]);
  start(weightKernels.of(x.tensor.dtype), slide, stretch, rows, shares, shares * blocks);
  return true;
}
