// Correlation of images with weights, and the weights' gradient: windows are multiplied where they lie.
//
// The nest, its parameters and what a stretch is: `correlate/plan.ts`. Images are never unrolled into columns: the tiles read
// them through a table of the taps' offsets, after Dukhan, "The indirect convolution algorithm" (2019). Windows at the end of
// a row that do not fill a vector are gathered into panels, those of all rows of a stretch together.
// Every element of a result is summed by itself, taps in their order, in runs of `DEPTH`: how the range is cut does not show.

import { integer, parameterAt, pointerOf, sizeOf, strideOf } from "../block";
import {
  beginPlan, biasAt, CHANNELS, copyElements, enter, GROUPS, IMAGES, panelPlacesAt, panelsAt, panelTableAt, placesAt, PLACES, Plan,
  resultsAt, ROWS, rowsAt, stretchesOf, tableAt, TAPS, tapsOf, tabulate, tileAt,
} from "./correlate/plan";
import { fourByTwo, oneByFour, windowsOfFour, windowsOfOne } from "./correlate/tiles";
import { DEPTH } from "./gemm/job";

/** Lists where the windows lie and where their results go, those that fill vectors first. Returns how many those are. */
function listWindows(block: usize, plan: Plan): u32 {
  const size = plan.size;
  const lanes = plan.lanes;
  const whole = plan.width / lanes * lanes;
  const stepD = plan.deep * integer(block, 0), stepH = plan.high * integer(block, 1);
  const outImage = strideOf(block, 0, IMAGES), outD = strideOf(block, 0, PLACES);
  const outH = strideOf(block, 0, PLACES + 1), outW = strideOf(block, 0, PLACES + 2);
  let from = placesAt(), to = resultsAt();
  let count: u32 = 0;
  for (let ragged = 0; ragged < 2; ragged++) {
    if (ragged) count = <u32>(from - placesAt()) >> 2;
    const first = ragged ? whole : 0, last = ragged ? plan.width : whole;
    for (let i: u32 = 0; i < plan.images; i++) {
      for (let d = 0; d < plan.depth; d++) {
        for (let h = 0; h < plan.height; h++) {
          const place = plan.perImage * i + stepD * d + stepH * h;
          const result = outImage * i + outD * d + outH * h;
          for (let w = first; w < last; w++, from += 4, to += 4) {
            store<u32>(from, <u32>(place + size * w));
            store<u32>(to, <u32>(result + outW * w));
          }
        }
      }
    }
  }
  return count;
}

/** Packs rows of weights, four side by side, and their bias. */
function packRows(block: usize, size: usize, group: u32, first: u32, rows: u32): void {
  const row = strideOf(block, 2, ROWS);
  const weights = pointerOf(block, 2) + strideOf(block, 2, GROUPS) * group + row * first;
  const hasBias = load<u32>(block, 8) > 3;
  const taps = tapsOf(block);
  const alongC = strideOf(block, 2, CHANNELS), alongD = strideOf(block, 2, TAPS);
  const alongH = strideOf(block, 2, TAPS + 1), alongW = strideOf(block, 2, TAPS + 2);
  const kd = sizeOf(block, TAPS), kh = sizeOf(block, TAPS + 1), kw = sizeOf(block, TAPS + 2);
  const isDense = alongH == alongW * kw && alongD == alongH * kh;
  const inRun = isDense ? kd * kh * kw : kw;
  const runsD: u32 = isDense ? 1 : kd, runsH: u32 = isDense ? 1 : kh;
  for (let r: u32 = 0; r < rows; r++) {
    let to = rowsAt() + size * ((r & ~3) * taps + (r & 3));
    for (let c: u32 = 0; c < sizeOf(block, CHANNELS); c++) {
      for (let d: u32 = 0; d < runsD; d++) {
        for (let h: u32 = 0; h < runsH; h++, to += 4 * size * inRun) {
          copyElements(to, weights + row * r + alongC * c + alongD * d + alongH * h, inRun, 4 * size, alongW, size);
        }
      }
    }
    const bias = hasBias
      ? pointerOf(block, 3) + strideOf(block, 3, GROUPS) * group + strideOf(block, 3, ROWS) * (first + r)
      : parameterAt(block, 15);
    copyElements(biasAt() + size * r, bias, 1, size, size, size);
  }
}

/** Gathers windows, up to four groups of them, into a panel: four vectors for each tap. Two at a time. */
@inline function fillPanel<B, Pair>(places: usize, count: u32, x: usize, taps: u32): void {
  const end = tableAt() + (taps << 2);
  let to = panelsAt();
  for (let i: u32 = 0; i < count; i += 2, to += 2 * sizeof<B>()) {
    const base0 = x + load<u32>(places + (i << 2)), base1 = x + load<u32>(places + (min(i + 1, count - 1) << 2));
    let line = to;
    let table = tableAt();
    if (base1 - base0 == sizeof<B>()) {
      for (; table != end; line += 64, table += 4) store<Pair>(line, load<Pair>(base0 + load<u32>(table)));
      continue;
    }
    for (; table != end; line += 64, table += 4) {
      const at = <usize>load<u32>(table);
      store<B>(line, load<B>(base0 + at));
      store<B>(line, load<B>(base1 + at), sizeof<B>());
    }
  }
}

/** All packed rows from `r` on, at most four, times groups of windows; lists as in the tiles. */
function multiply(
  plan: Plan, taps: u32, r: u32, rows: u32, table: usize, x: usize, places: usize, groups: u32,
  to: usize, results: usize, toRow: usize,
): void {
  const size = plan.size;
  for (let p: u32 = 0; p < taps; p += DEPTH) {
    const run = min(taps - p, DEPTH);
    const at = table + (p << 2);
    let a = rowsAt() + size * (r * taps + 4 * p);
    let bias = p == 0 ? biasAt() + size * r : 0;
    if (rows - r >= 4) {
      if (size == 8) fourByTwo<f64>(run, a, at, x, places, groups, to, results, toRow, bias);
      else fourByTwo<f32>(run, a, at, x, places, groups, to, results, toRow, bias);
      continue;
    }
    let row = to;
    for (let i = rows - r; i != 0; i--, a += size, row += toRow) {
      if (size == 8) oneByFour<f64>(run, a, at, x, places, groups, row, results, bias);
      else oneByFour<f32>(run, a, at, x, places, groups, row, results, bias);
      if (bias != 0) bias += size;
    }
  }
}

/** All rows of weights that are packed, over the stretch at hand; its first `whole` windows fill vectors. */
function overStretch(block: usize, plan: Plan, out: usize, rows: u32, whole: u32): void {
  const size = plan.size;
  const lanes = <u32>plan.lanes;
  const taps = tapsOf(block);
  const outRow = strideOf(block, 0, ROWS);
  const all = plan.images * plan.depth * plan.height * plan.width;
  let at: u32 = 0;
  if (strideOf(block, 0, PLACES + 2) == size && whole != 0) {
    for (let r: u32 = 0; r < rows; r += 4) {
      multiply(
        plan, taps, r, rows, tableAt(), plan.start, placesAt(), whole / lanes, out + outRow * r, resultsAt(), outRow,
      );
    }
    at = whole;
  }
  // The rest by way of a tile, four groups at a time.
  const tile = tileAt();
  while (at < all) {
    const count = min((at < whole ? whole : all) - at, 4 * lanes);
    const groups = (count + lanes - 1) / lanes;
    if (at >= whole) {
      if (size == 8) fillPanel<u64, v128>(placesAt() + (at << 2), count, plan.start, taps);
      else fillPanel<u32, u64>(placesAt() + (at << 2), count, plan.start, taps);
    }
    for (let r: u32 = 0; r < rows; r += 4) {
      if (at < whole) {
        multiply(
          plan, taps, r, rows, tableAt(), plan.start, placesAt() + (at << 2), groups, tile, panelPlacesAt(), 64,
        );
      } else {
        multiply(plan, taps, r, rows, panelTableAt(), panelsAt(), panelPlacesAt(), groups, tile, panelPlacesAt(), 64);
      }
      const four = min(rows - r, 4);
      for (let j: u32 = 0; j < count; j++) {
        const to = out + outRow * r + load<u32>(resultsAt() + ((at + j) << 2));
        copyElements(to, tile + size * j, four, outRow, 64, size);
      }
    }
    at += count;
  }
}

/**
 * out[n, g, r, o] = bias[g, r] + Σ over channels and taps of w[g, r, c, m] · x[n, g, c, o · step + first + m · pace].
 * Operands out, x, w and, if there is one, bias. Range: stretches, for each block of rows, for each group.
 */
function correlate(block: usize, begin: u32, end: u32, size: usize): void {
  const plan = beginPlan(size);
  const stretches = stretchesOf(block);
  const most = <u32>integer(block, 13);
  const rows = sizeOf(block, ROWS);
  const blocks = (rows + most - 1) / most;
  for (let p: u32 = 0; p < tapsOf(block); p++) store<u32>(panelTableAt() + (p << 2), p << 6);
  for (let i: u32 = 0; i < 64 / <u32>size; i++) store<u32>(panelPlacesAt() + (i << 2), <u32>size * i & ~15);
  let packed: u32 = -1;
  let whole: u32 = 0;
  for (; begin < end; begin++) {
    const which = begin / stretches;
    const group = which / blocks;
    const first = (which - group * blocks) * most;
    const count = min(rows - first, most);
    if (which != packed) packRows(block, size, group, first, count);
    packed = which;
    enter(block, plan, begin - which * stretches, group, 1, false);
    if (plan.isNew) {
      tabulate(block, plan);
      whole = listWindows(block, plan);
    }
    const out = pointerOf(block, 0) + strideOf(block, 0, GROUPS) * group + strideOf(block, 0, ROWS) * first +
      strideOf(block, 0, IMAGES) * plan.image + strideOf(block, 0, PLACES) * plan.d +
      strideOf(block, 0, PLACES + 1) * plan.h + strideOf(block, 0, PLACES + 2) * plan.w;
    overStretch(block, plan, out, count, whole);
  }
}
export function correlate_f32(block: usize, begin: u32, end: u32): void { correlate(block, begin, end, 4); }
export function correlate_f64(block: usize, begin: u32, end: u32): void { correlate(block, begin, end, 8); }

/** Lists where vectors of windows lie: those that windows fill first, then the ends of rows. Returns how many of the first. */
function listVectors(block: usize, plan: Plan): u32 {
  const lanes = plan.lanes;
  const whole = plan.width / lanes;
  const stepD = plan.deep * integer(block, 0), stepH = plan.high * integer(block, 1);
  let to = placesAt();
  let count: u32 = 0;
  for (let ragged = 0; ragged < 2; ragged++) {
    if (ragged) count = <u32>(to - placesAt()) >> 2;
    const first = ragged ? whole : 0, last = ragged ? whole + i32(whole * lanes < plan.width) : whole;
    for (let i: u32 = 0; i < plan.images; i++) {
      for (let d = 0; d < plan.depth; d++) {
        for (let h = 0; h < plan.height; h++) {
          const place = plan.perImage * i + stepD * d + stepH * h;
          for (let v = first; v < last; v++, to += 4) store<u32>(to, <u32>(place + 16 * v));
        }
      }
    }
  }
  return count;
}

/** Whether all elements of an image's copy are finite, and zeros behind it, which vectors may reach. */
function allFinite<T extends number>(plan: Plan): bool {
  const end = plan.start + plan.perImage * plan.images;
  const zero = v128.splat<T>(<T>0);
  v128.store(end, zero);
  let sum = zero;
  for (let at = plan.start; at < end; at += 16) sum = v128.add<T>(sum, v128.mul<T>(v128.load(at), zero));
  return v128.all_true<i32>(v128.eq<T>(sum, zero));
}

/** Copies whole vectors of elements to vectors `step` bytes apart. */
@inline function deal<B>(to: usize, step: usize, from: usize, along: usize, count: i32): void {
  for (; count > 0; count -= 16 / sizeof<B>(), to += step) {
    for (let lane: usize = 0; lane < 16; lane += sizeof<B>(), from += along) store<B>(to + lane, load<B>(from));
  }
}

/**
 * Copies up to four rows of the gradient, vectors in the order of the list, those of all rows side by side; lanes without a
 * window are 0.
 */
function copyGradient(
  block: usize, plan: Plan, from: usize, to: usize, rows: u32, whole: u32,
): void {
  const size = plan.size;
  const lanes = plan.lanes;
  const filled = plan.width / lanes * lanes;
  const perRow = strideOf(block, 1, ROWS), perImage = strideOf(block, 1, IMAGES), deep = strideOf(block, 1, PLACES);
  const high = strideOf(block, 1, PLACES + 1), along = strideOf(block, 1, PLACES + 2);
  const step = <usize>rows << 4;
  for (let r: u32 = 0; r < rows; r++, to += 16, from += perRow) {
    let vector = to;
    let end = to + step * whole;
    for (let i: u32 = 0; i < plan.images; i++) {
      for (let d = 0; d < plan.depth; d++) {
        for (let h = 0; h < plan.height; h++) {
          let at = from + perImage * i + deep * d + high * h;
          if (along == size) {
            for (let w = 0; w < filled; w += lanes, at += 16, vector += step) v128.store(vector, v128.load(at));
          } else {
            // A gradient that is one number everywhere is that of a sum.
            if (along == 0) {
              const all = size == 8 ? v128.load_splat<u64>(at) : v128.load_splat<u32>(at);
              for (let w = 0, to = vector; w < filled; w += lanes, to += step) v128.store(to, all);
            } else if (size == 8) deal<u64>(vector, step, at, along, filled);
            else deal<u32>(vector, step, at, along, filled);
            vector += step * (filled / lanes);
            at += along * filled;
          }
          if (filled == plan.width) continue;
          v128.store(end, i64x2(0, 0));
          copyElements(end, at, plan.width - filled, size, along, size);
          end += step;
        }
      }
    }
  }
}

/** Up to four rows of the gradient times the stretch at hand: rows of `out`, an element for each tap. */
function tapsOverStretch(
  plan: Plan, taps: u32, rows: u32, whole: u32, ragged: u32, out: usize, outRow: usize, adds: bool,
): void {
  const size = plan.size;
  const lanes = plan.lanes;
  // The lanes that windows at the ends of rows fill.
  const mask = tileAt();
  v128.store(mask, i64x2(0, 0));
  memory.fill(mask, 255, size * (plan.width % lanes));
  const x = plan.start, g = panelsAt(), list = placesAt();
  // Lanes without a window are 0 in the gradient: what they meet does not count where it is finite.
  const unmasked = rows == 4 && (ragged == 0 || plan.isFinite);
  for (let p: u32 = 0; p < taps; ) {
    const table = tableAt() + (p << 2);
    const last = min(taps - p, unmasked ? 2 : 5) - 1;
    const base0 = x + load<u32>(table), base1 = x + load<u32>(table + (min<u32>(last, 1) << 2));
    const to = out + size * p;
    p += last + 1;
    if (unmasked) {
      if (size == 8) windowsOfFour<f64>(whole + ragged, g, list, base0, base1, to, outRow, last + 1, adds);
      else windowsOfFour<f32>(whole + ragged, g, list, base0, base1, to, outRow, last + 1, adds);
      continue;
    }
    const base2 = x + load<u32>(table + (min<u32>(last, 2) << 2)), base3 = x + load<u32>(table + (min<u32>(last, 3) << 2));
    const base4 = x + load<u32>(table + (last << 2));
    for (let r: u32 = 0; r < rows; r++) {
      const row = g + (r << 4), step = rows << 4, toRow = to + outRow * r;
      if (size == 8) {
        windowsOfOne<f64>(whole, ragged, mask, row, step, list, base0, base1, base2, base3, base4, toRow, last + 1, adds);
      } else {
        windowsOfOne<f32>(whole, ragged, mask, row, step, list, base0, base1, base2, base3, base4, toRow, last + 1, adds);
      }
    }
  }
}

/**
 * out[s, g, r, c, m] = Σ over images and windows of y[n, g, r, o] · x[n, g, c, o · step + first + m · pace], for each of
 * parameter 14 shares s of the stretches by themselves. Operands out (contiguous), y, x. Range: shares, for each block of
 * rows, for each group.
 */
function correlateWeight(block: usize, begin: u32, end: u32, size: usize): void {
  const plan = beginPlan(size);
  const lanes = plan.lanes;
  const stretches = stretchesOf(block);
  const most = <u32>integer(block, 13), shares = <u32>integer(block, 14);
  const rows = sizeOf(block, ROWS), groups = sizeOf(block, GROUPS);
  const blocks = (rows + most - 1) / most;
  const taps = tapsOf(block);
  const outRow = size * taps;
  let whole: u32 = 0;
  for (; begin < end; begin++) {
    const which = begin / shares;
    const share = begin - which * shares;
    const group = which / blocks;
    const first = (which - group * blocks) * most;
    const count = min(rows - first, most);
    const out = pointerOf(block, 0) + outRow * ((share * groups + group) * rows + first);
    const from = share * stretches / shares, to = (share + 1) * stretches / shares;
    for (let at = from; at < to; at++) {
      enter(block, plan, at, group, 2, true);
      if (plan.width % lanes != 0) plan.isFinite = size == 8 ? allFinite<f64>(plan) : allFinite<f32>(plan);
      if (plan.isNew) {
        tabulate(block, plan);
        whole = listVectors(block, plan);
      }
      const ends = plan.width % lanes != 0 ? plan.images * plan.depth * plan.height : 0;
      const y = pointerOf(block, 1) + strideOf(block, 1, GROUPS) * group + strideOf(block, 1, ROWS) * first +
        strideOf(block, 1, IMAGES) * plan.image + strideOf(block, 1, PLACES) * plan.d +
        strideOf(block, 1, PLACES + 1) * plan.h + strideOf(block, 1, PLACES + 2) * plan.w;
      for (let r: u32 = 0; r < count; r += 4) {
        const four = min(count - r, 4);
        copyGradient(block, plan, y + strideOf(block, 1, ROWS) * r, panelsAt(), four, whole);
        tapsOverStretch(plan, taps, four, whole, ends, out + outRow * r, outRow, at != from);
      }
    }
  }
}
export function correlate_weight_f32(block: usize, begin: u32, end: u32): void {
  correlateWeight(block, begin, end, 4);
}
export function correlate_weight_f64(block: usize, begin: u32, end: u32): void {
  correlateWeight(block, begin, end, 8);
}
