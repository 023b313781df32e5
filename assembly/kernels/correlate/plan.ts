// Windows sliding over images: which part of an image a stretch of windows needs, where it is put, and how it is read.
//
// A stretch is a number of images, or a box of windows in one of them. Its part of the image is copied into scratch with
// zeros for the padding, columns dealt out by their place in the step from window to window (phases), so that elements
// that neighbouring windows read with one tap always lie next to each other. An element is then read at
// `start + place of the window + offset of the tap`. Images that need none of that are read where they are.
//
// Nest: images, groups, rows (of the result, in a group), channels (in a group), taps (3), places (3), image (3), the last
// ones along depth, height, width. The image's strides over channels are given at the channels' dim, those over its elements
// at its own dims. Window `o` reads, with tap `m`, element `o · step + first + m · pace` along each axis, 0 outside the image.
// Parameters: 0–2 step, 3–5 first, 6–8 pace, 9–12 the stretch: images, and windows along depth, height, width; 13 rows
// of the result worked on at once.

import { integer, pointerOf, sizeOf, strideOf } from "../../block";
import { copyBytes, copyRun } from "../../loops/runs";
import { KERNEL_SCRATCH, scratch } from "../../memory/scratch";

export const IMAGES: u32 = 0;
export const GROUPS: u32 = 1;
export const ROWS: u32 = 2;
export const CHANNELS: u32 = 3;
export const TAPS: u32 = 4;
export const PLACES: u32 = 7;
export const IMAGE: u32 = 10;

/** Most places of a stretch: two lists of them lie in scratch. */
export const MOST_PLACES: usize = 8192;

// The scratch: this record, a tile of sums, the lists, bias, offsets of taps twice, panels and packed rows, the image.
const TILE_AT: usize = 512;
const PANEL_PLACES_AT: usize = 768;
const LISTS_AT: usize = 1024;
const BIAS_AT: usize = 96 << 10;
const TABLE_AT: usize = 128 << 10;
const PANEL_TABLE_AT: usize = 160 << 10;
const PANELS_AT: usize = 192 << 10;
const ROWS_AT: usize = 704 << 10;
const IMAGE_AT: usize = 1216 << 10;

@inline function area(at: usize): usize {
  return scratch() + KERNEL_SCRATCH + at;
}
@inline export function tileAt(): usize { return area(TILE_AT); }
@inline export function panelPlacesAt(): usize { return area(PANEL_PLACES_AT); }
@inline export function placesAt(): usize { return area(LISTS_AT); }
@inline export function resultsAt(): usize { return area(LISTS_AT) + (MOST_PLACES << 2); }
@inline export function biasAt(): usize { return area(BIAS_AT); }
@inline export function tableAt(): usize { return area(TABLE_AT); }
@inline export function panelTableAt(): usize { return area(PANEL_TABLE_AT); }
@inline export function panelsAt(): usize { return area(PANELS_AT); }
@inline export function rowsAt(): usize { return area(ROWS_AT); }

/** The stretch at hand. */
@unmanaged
export class Plan {
  /** The stretch: images from `image` on, and the box of windows, by its first and its sizes. */
  image: u32;
  images: u32;
  d: i32;
  h: i32;
  w: i32;
  depth: i32;
  height: i32;
  width: i32;
  /** Where the element lies that the first window reads with a tap of offset 0. */
  start: usize;
  // Bytes from one to the next, where elements are read.
  perImage: usize;
  channel: usize;
  deep: usize;
  high: usize;
  phase: usize;
  /** Bytes of an element. */
  size: usize;
  /** Windows in a vector. */
  lanes: i32;
  /** Whether all elements of the image's copy are finite. */
  isFinite: bool;
  /** Whether lists and table have to be written again: sizes of the stretch differ from those of the one before. */
  isNew: bool;
}

/** The first element that window 0 reads along an axis, less than all others that it reads. */
function lowest(block: usize, axis: u32): i32 {
  const pace = integer(block, 6 + axis);
  const first = integer(block, 3 + axis);
  return pace < 0 ? first + pace * (<i32>sizeOf(block, TAPS + axis) - 1) : first;
}

/** Elements from the first to the last that a window reads. */
function reach(block: usize, axis: u32): i32 {
  return abs(integer(block, 6 + axis)) * (<i32>sizeOf(block, TAPS + axis) - 1);
}

/** Elements from the lowest that a window reads to that of a tap. */
function tapAlong(block: usize, axis: u32, tap: i32): i32 {
  const pace = integer(block, 6 + axis);
  return pace < 0 ? -pace * (<i32>sizeOf(block, TAPS + axis) - 1 - tap) : pace * tap;
}

function isInside(block: usize, axis: u32): bool {
  const low = lowest(block, axis);
  const last = low + reach(block, axis) + (<i32>sizeOf(block, PLACES + axis) - 1) * integer(block, axis);
  return low >= 0 && last < <i32>sizeOf(block, IMAGE + axis);
}

function pieces(size: u32, by: i32): u32 {
  return (size + by - 1) / by;
}

/** Number of taps, over all channels of a group. */
export function tapsOf(block: usize): u32 {
  return sizeOf(block, CHANNELS) * sizeOf(block, TAPS) * sizeOf(block, TAPS + 1) * sizeOf(block, TAPS + 2);
}

/** Number of stretches. */
export function stretchesOf(block: usize): u32 {
  return pieces(sizeOf(block, IMAGES), integer(block, 9)) * pieces(sizeOf(block, PLACES), integer(block, 10)) *
    pieces(sizeOf(block, PLACES + 1), integer(block, 11)) * pieces(sizeOf(block, PLACES + 2), integer(block, 12));
}

/** The plan of this instance, before its first stretch, for elements of 4 or 8 bytes. */
export function beginPlan(size: usize): Plan {
  const plan = changetype<Plan>(scratch() + KERNEL_SCRATCH);
  plan.images = 0;
  plan.size = size;
  plan.lanes = <i32>16 / <i32>size;
  return plan;
}

/**
 * Makes stretch `at` of group `group` the one at hand: `x` is the image's operand. Where vectors reach beyond the last
 * window (`beyond`), images are not read in place, as nothing may lie behind them.
 */
export function enter(block: usize, plan: Plan, at: u32, group: u32, x: u32, beyond: bool): void {
  const nw = pieces(sizeOf(block, PLACES + 2), integer(block, 12));
  const nh = pieces(sizeOf(block, PLACES + 1), integer(block, 11));
  const nd = pieces(sizeOf(block, PLACES), integer(block, 10));
  plan.w = <i32>(at % nw) * integer(block, 12);
  at /= nw;
  plan.h = <i32>(at % nh) * integer(block, 11);
  at /= nh;
  plan.d = <i32>(at % nd) * integer(block, 10);
  plan.image = at / nd * integer(block, 9);
  const images = min(sizeOf(block, IMAGES) - plan.image, <u32>integer(block, 9));
  const depth = min(<i32>sizeOf(block, PLACES) - plan.d, integer(block, 10));
  const height = min(<i32>sizeOf(block, PLACES + 1) - plan.h, integer(block, 11));
  const width = min(<i32>sizeOf(block, PLACES + 2) - plan.w, integer(block, 12));
  plan.isNew = images != plan.images || depth != plan.depth || height != plan.height || width != plan.width;
  plan.images = images;
  plan.depth = depth;
  plan.height = height;
  plan.width = width;
  const from = pointerOf(block, x) + strideOf(block, x, IMAGES) * plan.image + strideOf(block, x, GROUPS) * group;
  const step = strideOf(block, x, IMAGE + 2);
  const isDense = step == plan.size && integer(block, 2) == 1 && !(beyond && width % plan.lanes != 0);
  if (isDense && isInside(block, 0) && isInside(block, 1) && isInside(block, 2)) {
    plan.perImage = strideOf(block, x, IMAGES);
    plan.channel = strideOf(block, x, CHANNELS);
    plan.deep = strideOf(block, x, IMAGE);
    plan.high = strideOf(block, x, IMAGE + 1);
    plan.phase = 0;
    plan.start = from + plan.deep * (lowest(block, 0) + plan.d * integer(block, 0)) +
      plan.high * (lowest(block, 1) + plan.h * integer(block, 1)) + step * (lowest(block, 2) + plan.w);
    return;
  }
  copyImage(block, plan, from, x);
}

@inline function zeros(to: usize, bytes: usize): void {
  for (; bytes != 0; bytes -= 4, to += 4) store<u32>(to, 0);
}

/** Copies `n` elements of 4 or 8 bytes between strided places. */
export function copyElements(to: usize, from: usize, n: u32, toStep: usize, fromStep: usize, size: usize): void {
  if (size == 8) copyRun<u64>(to, from, n, toStep, fromStep);
  else copyRun<u32>(to, from, n, toStep, fromStep);
}

/** Copies what the stretch reads. */
function copyImage(block: usize, plan: Plan, from: usize, x: u32): void {
  const size = plan.size;
  const step = integer(block, 2);
  const phases = min(step, reach(block, 2) + 1);
  const count = plan.width + reach(block, 2) / step;
  const rows = (plan.height - 1) * integer(block, 1) + reach(block, 1) + 1;
  const planes = (plan.depth - 1) * integer(block, 0) + reach(block, 0) + 1;
  const channels = sizeOf(block, CHANNELS);
  plan.phase = <usize>count * size;
  plan.high = plan.phase * phases;
  plan.deep = plan.high * rows;
  plan.channel = plan.deep * planes;
  plan.perImage = plan.channel * channels;
  plan.start = area(IMAGE_AT);
  const d0 = lowest(block, 0) + plan.d * integer(block, 0);
  const h0 = lowest(block, 1) + plan.h * integer(block, 1);
  const w0 = lowest(block, 2) + plan.w * step;
  const depth = <i32>sizeOf(block, IMAGE), height = <i32>sizeOf(block, IMAGE + 1), width = <i32>sizeOf(block, IMAGE + 2);
  const perImage = strideOf(block, x, IMAGES), channel = strideOf(block, x, CHANNELS);
  const deep = strideOf(block, x, IMAGE), high = strideOf(block, x, IMAGE + 1), along = strideOf(block, x, IMAGE + 2);
  const pace = along * step;
  for (let f = 0; f < phases; f++) {
    // Columns of this phase that lie in the image: from `first` to before `last`.
    const low = w0 + f;
    const first = min(low >= 0 ? 0 : (step - 1 - low) / step, count);
    const last = max(first, low >= width ? 0 : min((width - 1 - low) / step + 1, count));
    for (let i: u32 = 0; i < plan.images; i++) {
      for (let c: u32 = 0; c < channels; c++) {
        const image = from + perImage * i + channel * c + along * low + pace * first;
        let to = plan.start + plan.perImage * i + plan.channel * c + plan.phase * f;
        for (let d = d0; d < d0 + planes; d++) {
          for (let h = h0; h < h0 + rows; h++, to += plan.high) {
            if (d < 0 || d >= depth || h < 0 || h >= height) {
              zeros(to, size * count);
              continue;
            }
            zeros(to, size * first);
            const at = to + size * first, source = image + deep * d + high * h;
            if (pace == size) copyBytes(at, source, size * (last - first));
            else copyElements(at, source, last - first, size, pace, size);
            zeros(to + size * last, size * (count - last));
          }
        }
      }
    }
  }
}

/** Writes the offsets of all taps, channel by channel, and those of taps in panels. */
export function tabulate(block: usize, plan: Plan): void {
  const size = plan.size;
  const step = integer(block, 2);
  let to = tableAt();
  for (let c: u32 = 0; c < sizeOf(block, CHANNELS); c++) {
    for (let d: u32 = 0; d < sizeOf(block, TAPS); d++) {
      for (let h: u32 = 0; h < sizeOf(block, TAPS + 1); h++) {
        const row = plan.channel * c + plan.deep * tapAlong(block, 0, d) + plan.high * tapAlong(block, 1, h);
        for (let w: u32 = 0; w < sizeOf(block, TAPS + 2); w++, to += 4) {
          const along = tapAlong(block, 2, w);
          const column = along / step;
          store<u32>(to, <u32>(row + size * column + plan.phase * (along - column * step)));
        }
      }
    }
  }
}
