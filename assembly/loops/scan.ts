// The scan loop: runs along the last dim of a nest for every position of the others, each element from those before.
//
// Elements of a scan depend on each other, so vectors run across scans: neighbouring columns where they lie side by
// side, else two scans at a time. Every element is computed by the same instructions either way.

import { strideOf } from "../block";
import { read, widen } from "./fold";
import { accumulators, reductionOf, TILE } from "./reduce";

/** How a scan goes on: `Acc` lanes are carried along. */
export abstract class Running<Acc> {
  /** What is carried before the first element. */
  abstract start(): v128;
  /** What is carried from `x` on. */
  abstract step(carried: v128, x: v128): v128;
}

/** Scans two lines of `n` elements, from `a` and `b` to `to` and `to2`, and perhaps a second result to `also`. */
export type Lines = (
  n: u32, a: usize, b: usize, stride: isize, to: usize, to2: usize, toStride: isize, also: usize, also2: usize,
  alsoStride: isize,
) => void;
/** Scans `cols` neighbouring columns, whole vectors of them, down `n` rows. */
export type Columns = (
  n: u32, cols: u32, from: usize, stride: isize, to: usize, toStride: isize, also: usize, alsoStride: isize,
) => void;

/** Element 0 of two lines in the first two lanes. */
@inline export function readPair<In, Acc>(a: usize, b: usize): v128 {
  if (sizeof<In>() == 8) return v128.load_lane<u64>(b, v128.load64_zero(a), 1);
  return widen<In, Acc>(v128.load_lane<u32>(b, v128.load32_zero(a), 1));
}

/** Lanes as results in the low bytes. */
@inline function narrow<Acc, Out>(v: v128): v128 {
  return sizeof<Out>() == 4 && sizeof<Acc>() == 8 ? f32x4.demote_f64x2_zero(v) : v;
}

/** Writes the first two lanes to two lines. */
@inline export function writePair<Acc, Out>(a: usize, b: usize, v: v128): void {
  v = narrow<Acc, Out>(v);
  if (sizeof<Out>() == 8) {
    v128.store_lane<u64>(a, v, 0);
    v128.store_lane<u64>(b, v, 1);
  } else {
    v128.store_lane<u32>(a, v, 0);
    v128.store_lane<u32>(b, v, 1);
  }
}

/** Writes a vector of results. */
@inline export function writeLanes<Acc, Out>(to: usize, v: v128): void {
  if (sizeof<Out>() == sizeof<Acc>()) v128.store(to, v);
  else v128.store_lane<u64>(to, narrow<Acc, Out>(v), 0);
}

/** The lines of a rule. */
export function linesBy<In, Acc, Out, R extends Running<Acc>>(): Lines {
  return (
    n: u32, a: usize, b: usize, stride: isize, to: usize, to2: usize, toStride: isize, also: usize, also2: usize,
    alsoStride: isize,
  ): void => {
    const rule = changetype<R>(0);
    let carried = rule.start();
    for (; n; n--, a += stride, b += stride, to += toStride, to2 += toStride) {
      carried = rule.step(carried, readPair<In, Acc>(a, b));
      writePair<Acc, Out>(to, to2, carried);
    }
  };
}

/** The columns of a rule. */
export function columnsBy<In, Acc, Out, R extends Running<Acc>>(): Columns {
  return (
    n: u32, cols: u32, from: usize, stride: isize, to: usize, toStride: isize, also: usize, alsoStride: isize,
  ): void => {
    const rule = changetype<R>(0);
    const lanes: u32 = 16 / <u32>sizeof<Acc>();
    const state = accumulators();
    const end = state + <usize>cols * sizeof<Acc>();
    for (let at = state; at != end; at += 16) v128.store(at, rule.start());
    for (; n; n--, from += stride, to += toStride) {
      let p = from, q = to;
      for (let at = state; at != end; at += 16, p += lanes * <u32>sizeof<In>(), q += lanes * <u32>sizeof<Out>()) {
        const carried = rule.step(v128.load(at), read<In, Acc>(p));
        v128.store(at, carried);
        writeLanes<Acc, Out>(q, carried);
      }
    }
  };
}

/**
 * Scans the last operand into `results` operands, for [begin, end) of the flat index over all dims but the last.
 * `size` and `out` are the bytes of elements of the input and of the first result, `width` those of what is carried;
 * a second result is int32. With `tiles` the columns take neighbouring scans.
 */
export function scan(
  block: usize, begin: u32, end: u32, results: u32, size: usize, out: usize, width: usize, lines: Lines,
  columns: Columns, tiles: bool,
): void {
  const over = reductionOf(0, block, results, size, 1);
  const n = over.count;
  const last = over.rank - 1;
  const second = results - 1;
  const toStride = strideOf(block, 0, last), alsoStride = strideOf(block, second, last);
  const lanes = 16 / <u32>width;
  const row = over.outer ? strideOf(block, 0, last - 1) : 0;
  const across = tiles && over.across == <isize>size && over.along != <isize>size && row == <isize>out
    && (results == 1 || strideOf(block, 1, last - 1) == 4);
  while (begin < end) {
    const from = over.at(results, begin), to = over.at(0, begin), also = over.at(second, begin);
    if (across) {
      const cols = min(over.left(begin, end), <u32>(TILE / width)) & ~(lanes - 1);
      if (cols) {
        columns(n, cols, from, over.along, to, toStride, also, alsoStride);
        begin += cols;
        continue;
      }
    }
    // An odd line out is done twice at once: each step reads both before it writes.
    const next = begin + 1 < end ? begin + 1 : begin;
    lines(
      n, from, over.at(results, next), over.along, to, over.at(0, next), toStride, also, over.at(second, next),
      alsoStride,
    );
    begin = next + 1;
  }
}
