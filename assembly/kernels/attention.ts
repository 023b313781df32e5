// Attention in float32: softmax(scale · q kᵀ + mask) v by tiles of the scores, and its gradients, without ever holding all scores.
//
// Block: loop dims are the batch dims, then L queries, S keys, E their width, V the width of a value. Parameters: 0 scale,
// 1 flags. A tile is worked on as in Dao et al., "FlashAttention" (2022): the largest score and the sum of a row go along
// from one run of keys to the next; the logarithm of the sum is kept, from which the backward pass computes weights anew.
// Runs of keys have a fixed length and the products depend on sizes alone, so bits do not depend on how the range is cut.

import { integer, parameter, pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { offsetOf } from "../loops/reduce";
import { exponentials, largest, rescale } from "../loops/weights";
import { expOfNegative } from "../math/exp";
import { log } from "../math/log";
import { scratch, SCRATCH_BYTES } from "../memory/scratch";
import { multiply } from "./gemm";

/** Flags: query i sees keys up to i only; the mask is bool; gradients of q, k, v are wanted. */
const CAUSAL: i32 = 1;
const BOOLS: i32 = 2;
const WANTS_Q: i32 = 4;
const WANTS_K: i32 = 8;
const WANTS_V: i32 = 16;

/** Bytes of an element. */
const SIZE: usize = 4;
/** Queries in a unit of the range. */
const UNIT: u32 = 64;
/** Keys in a run, most queries in a tile, bytes of a row of a tile and of a tile. */
const KEYS: u32 = 256;
const QUERIES: u32 = 256;
const WIDE: usize = (<usize>KEYS + 16) * SIZE;
const TILE: usize = <usize>QUERIES * WIDE;

/** Queries in a unit of the range, for JavaScript. */
export function attention_rows(): u32 {
  return UNIT;
}

/** Most queries of a tile. Causal tiles are low, so that little beyond the diagonal is computed. */
@inline function most(flags: i32): u32 {
  return flags & CAUSAL ? UNIT : QUERIES;
}

// Behind what products work in: two tiles, and for each query two numbers.
@inline function tile(index: usize): usize {
  return scratch() + SCRATCH_BYTES - (index + 1) * TILE;
}
@inline function numbers(query: u32): usize {
  return scratch() + SCRATCH_BYTES - 2 * TILE - 4096 + (<usize>query << 4);
}

@inline function splat(x: f64): v128 {
  return f32x4.splat(<f32>x);
}

@inline function expOne(x: f64): f64 {
  return <f64>f32x4.extract_lane(expOfNegative<f32>(splat(x)), 0);
}

/** d = p · (d − c) · scale for n elements: the gradient of scores from that of weights. */
function slopes(d: usize, p: usize, n: u32, c: f64, scale: f64): void {
  const vc = splat(c), vs = splat(scale);
  for (const end = d + <usize>n * SIZE; d < end; d += 16, p += 16) {
    v128.store(d, f32x4.mul(v128.load(p), f32x4.mul(f32x4.sub(v128.load(d), vc), vs)));
  }
}

/** Multiplies a row of n scores by the scale, and adds the mask or takes out what it hides. */
function masked(row: usize, n: u32, scale: f64, mask: usize, step: isize, bools: bool): void {
  for (let j: u32 = 0; j < n; j++, row += SIZE, mask += step) {
    const x = <f32>(load<f32>(row) * <f32>scale);
    if (bools) store<f32>(row, load<u8>(mask) ? x : <f32>-Infinity);
    else store<f32>(row, <f32>(x + load<f32>(mask)));
  }
}

/** How many of `n` keys from `key` on a query sees. */
@inline function sees(flags: i32, query: u32, key: u32, n: u32): u32 {
  if (!(flags & CAUSAL)) return n;
  return query < key ? 0 : min(n, query - key + 1);
}

/** Operands out [L, V], its columns next to each other, log-sum-exp [L], q, k, v, mask. Range: units of 64 queries. */
export function attention_f32(block: usize, begin: u32, end: u32): void {
  const L = sizeOf(block, rankOf(block) - 4);
  const flags = integer(block, 1);
  const units = (L + UNIT - 1) / UNIT;
  while (begin < end) {
    const batch = begin / units;
    const first = begin - batch * units;
    const count = min(min(units - first, end - begin), most(flags) / UNIT);
    const from = first * UNIT;
    forward(block, batch, from, min(L - from, count * UNIT));
    begin += count;
  }
}

/** Address of row `row` of an operand at a batch index; its rows are loop dim `dim`. */
function rowAt(block: usize, operand: u32, batch: u32, dim: u32, row: u32): usize {
  return pointerOf(block, operand) + offsetOf(block, operand, 0, rankOf(block) - 4, batch) +
    <usize>row * strideOf(block, operand, dim);
}

/** The scores of some queries and keys, into tile 0; `q` is the operand of the queries, `k` the next. */
function scores(block: usize, q: u32, batch: u32, from: u32, rows: u32, key: u32, n: u32): void {
  const l = rankOf(block) - 4;
  multiply<f32>(
    sizeOf(block, l), rows, n, sizeOf(block, l + 2), tile(0), WIDE,
    rowAt(block, q, batch, l, from), strideOf(block, q, l), strideOf(block, q, l + 2),
    rowAt(block, q + 1, batch, l + 1, key), strideOf(block, q + 1, l + 2), strideOf(block, q + 1, l + 1), false,
  );
}

/** Turns a row of scores into what its exponentials are made of; gives the factor that is left to do. */
function prepared(
  block: usize, mask: u32, batch: u32, query: u32, row: usize, key: u32, n: u32, scale: f64, flags: i32,
): f64 {
  if (load<u32>(block, 8) <= mask) return scale;
  const l = rankOf(block) - 4;
  const step = strideOf(block, mask, l + 1);
  masked(row, n, scale, rowAt(block, mask, batch, l, query) + <usize>key * step, step, (flags & BOOLS) != 0);
  return 1;
}

function forward(block: usize, batch: u32, from: u32, rows: u32): void {
  const l = rankOf(block) - 4;
  const S = sizeOf(block, l + 1), V = sizeOf(block, l + 3);
  const scale = <f64><f32>parameter(block, 0);
  const flags = integer(block, 1);
  const out = rowAt(block, 0, batch, l, from), outRow = strideOf(block, 0, l);
  const last = flags & CAUSAL ? min(S, from + rows) : S;
  for (let i: u32 = 0; i < rows; i++) {
    store<f64>(numbers(i), -Infinity);
    store<f64>(numbers(i), 0, 8);
  }
  for (let key: u32 = 0; key < last; key += KEYS) {
    const n = min(KEYS, last - key);
    scores(block, 2, batch, from, rows, key, n);
    for (let i: u32 = 0; i < rows; i++) {
      const row = tile(0) + <usize>i * WIDE;
      const seen = sees(flags, from + i, key, n);
      const factor = prepared(block, 5, batch, from + i, row, key, seen, scale, flags);
      const before = load<f64>(numbers(i));
      const now = max(before, largest(row, seen, factor));
      if (now == -Infinity) {
        memory.fill(row, 0, WIDE);
        continue;
      }
      const sum = exponentials(row, row, seen, n, factor, now);
      let kept: f64 = 0;
      if (key) {
        kept = expOne(before - now);
        const row = out + <usize>i * outRow;
        if (kept != 1) rescale(row, row, V, kept);
      }
      store<f64>(numbers(i), now);
      store<f64>(numbers(i), load<f64>(numbers(i), 8) * kept + sum, 8);
    }
    multiply<f32>(
      sizeOf(block, l), rows, V, n, out, outRow, tile(0), WIDE, SIZE,
      rowAt(block, 4, batch, l + 1, key), strideOf(block, 4, l + 1), strideOf(block, 4, l + 3), key != 0,
    );
  }
  // Where a mask of yes and no hides all keys, weights are 0; e^(x − ∞) makes them so in the backward pass.
  const hides = (flags & (CAUSAL | BOOLS)) != 0;
  for (let i: u32 = 0; i < rows; i++) {
    const greatest = load<f64>(numbers(i)), sum = load<f64>(numbers(i), 8);
    const empty = greatest == -Infinity;
    const rest = empty ? (hides ? Infinity : NaN) : <f64>f32x4.extract_lane(log<f32>(splat(sum)), 0);
    store<f32>(rowAt(block, 1, batch, l, from + i), <f32>(empty ? rest : greatest + rest));
    const row = out + <usize>i * outRow;
    rescale(row, row, V, empty ? (hides ? 0 : NaN) : 1 / sum);
  }
}

/** Σ a · b over n elements. */
function dot(a: usize, stepA: isize, b: usize, stepB: isize, n: u32): f64 {
  let sum: f64 = 0;
  for (; n; n--, a += stepA, b += stepB) sum += <f64>load<f32>(a) * <f64>load<f32>(b);
  return sum;
}

/**
 * Operands dq, dk, dv, contiguous but for their batch dims; g, q, k, v, out, log-sum-exp, mask. With weights p, their
 * gradient d = g vᵀ and s = p (d − g · out) scale: dv = pᵀ g, dq = s k, dk = sᵀ q. Range: batch indices.
 */
export function attention_backward_f32(block: usize, begin: u32, end: u32): void {
  const rank = rankOf(block), l = rank - 4;
  const L = sizeOf(block, l), S = sizeOf(block, l + 1), E = sizeOf(block, l + 2), V = sizeOf(block, l + 3);
  const scale = <f64><f32>parameter(block, 0);
  const flags = integer(block, 1);
  const gRow = strideOf(block, 3, l), gStep = strideOf(block, 3, l + 3);
  const outRow = strideOf(block, 7, l), outStep = strideOf(block, 7, l + 3);
  const qRow = strideOf(block, 4, l), qStep = strideOf(block, 4, l + 2);
  const kRow = strideOf(block, 5, l + 1), kStep = strideOf(block, 5, l + 2);
  const vRow = strideOf(block, 6, l + 1), vStep = strideOf(block, 6, l + 3);
  for (let batch = begin; batch < end; batch++) {
    const dk = rowAt(block, 1, batch, l + 1, 0), dv = rowAt(block, 2, batch, l + 1, 0);
    memory.fill(dk, 0, <usize>S * E * SIZE);
    memory.fill(dv, 0, <usize>S * V * SIZE);
    for (let from: u32 = 0; from < L; from += most(flags)) {
      const rows = min(most(flags), L - from);
      const g = rowAt(block, 3, batch, l, from), q = rowAt(block, 4, batch, l, from);
      const out = rowAt(block, 7, batch, l, from);
      for (let i: u32 = 0; i < rows; i++) {
        store<f64>(numbers(i), <f64>load<f32>(rowAt(block, 8, batch, l, from + i)));
        store<f64>(numbers(i), dot(g + <usize>i * gRow, gStep, out + <usize>i * outRow, outStep, V), 8);
      }
      const last = flags & CAUSAL ? min(S, from + rows) : S;
      for (let key: u32 = 0; key < last; key += KEYS) {
        const n = min(KEYS, last - key);
        const k = rowAt(block, 5, batch, l + 1, key), v = rowAt(block, 6, batch, l + 1, key);
        scores(block, 4, batch, from, rows, key, n);
        multiply<f32>(L, rows, n, V, tile(1), WIDE, g, gRow, gStep, v, vStep, vRow, false);
        for (let i: u32 = 0; i < rows; i++) {
          const p = tile(0) + <usize>i * WIDE;
          const seen = sees(flags, from + i, key, n);
          const factor = prepared(block, 9, batch, from + i, p, key, seen, scale, flags);
          exponentials(p, p, seen, n, factor, load<f64>(numbers(i)));
          slopes(tile(1) + <usize>i * WIDE, p, n, load<f64>(numbers(i), 8), scale);
        }
        if (flags & WANTS_V) {
          multiply<f32>(S, n, V, rows, dv + <usize>key * V * SIZE, <usize>V * SIZE, tile(0), SIZE, WIDE, g, gRow, gStep, true);
        }
        if (flags & WANTS_K) {
          multiply<f32>(S, n, E, rows, dk + <usize>key * E * SIZE, <usize>E * SIZE, tile(1), SIZE, WIDE, q, qRow, qStep, true);
        }
        if (flags & WANTS_Q) {
          const dq = rowAt(block, 0, batch, l, from);
          multiply<f32>(L, rows, E, n, dq, strideOf(block, 0, l), tile(1), WIDE, SIZE, k, kRow, kStep, key != 0);
        }
      }
    }
  }
}
