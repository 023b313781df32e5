// Writes by index: scatter, indexCopy, indexAdd, indexPut and the folding scatters.
//
// All kernels here are called alike. Operands out, from, index₀ … indexₖ₋₁ with 1 ≤ k ≤ 8, the indices int32; out
// holds a copy of the tensor written into. The nest is that of the index tensors and of what is not indexed; index
// tensors have stride 0 over dims they are broadcast in, out has stride 0 over dims that only index tensors vary in,
// from any strides (all 0 for a scalar). Parameters 2j, 2j + 1: size and byte stride in out of the dim that index j
// goes along; the size is given as -1 - size where negative indices are refused. out must not overlap the others.
//
// Fails with STATUS_INDEX and the index as detail before anything is written: each call first looks at all indices.
//
// Range: elements of the nest, in row-major order. Where two elements of the nest go to the same element of out, the
// later one wins, or is folded in later; so a range is cut only where no such two lie in different pieces: between
// positions of the leading dims over which out has a stride. Without such dims it is run in one piece.

import { allInRange, Chunk, chunk, nextIndexed, offsetsHere, startIndexed } from "../loops/indices";
import { copyRun } from "../loops/runs";

function scatter<T>(block: usize, begin: u32, end: u32): void {
  if (!allInRange(block)) return;
  startIndexed(block, begin, end);
  while (nextIndexed(block)) {
    const c = chunk();
    if (c.run == 1) scatterElements<T>(c);
    else scatterRuns<T>(c);
  }
}

function scatterElements<T>(c: Chunk): void {
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  for (let n = c.count; n; n--) {
    store<T>(out + load<u32>(at), load<T>(from));
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

function scatterRuns<T>(c: Chunk): void {
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  const run = c.run, outCol = c.outCol, fromCol = c.fromCol;
  for (let n = c.count; n; n--) {
    copyRun<T>(out + load<u32>(at), from, run, outCol, fromCol);
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

/** out[p, index₀[p], …] = from[p], dtypes of 1 byte; the conventions are at the top of the file. */
export function scatter_w1(block: usize, begin: u32, end: u32): void {
  scatter<u8>(block, begin, end);
}
/** out[p, index₀[p], …] = from[p], dtypes of 2 bytes. */
export function scatter_w2(block: usize, begin: u32, end: u32): void {
  scatter<u16>(block, begin, end);
}
/** out[p, index₀[p], …] = from[p], dtypes of 4 bytes. */
export function scatter_w4(block: usize, begin: u32, end: u32): void {
  scatter<u32>(block, begin, end);
}
/** out[p, index₀[p], …] = from[p], dtypes of 8 bytes. */
export function scatter_w8(block: usize, begin: u32, end: u32): void {
  scatter<u64>(block, begin, end);
}

/** How an element is folded into one that is there: one, and a vector with the same bits. */
abstract class Merge<T> {
  abstract one(a: T, b: T): T;
  abstract many(a: v128, b: v128): v128;
}

/** Folds `n` elements into as many. */
function mergeRun<T, R extends Merge<T>>(out: usize, from: usize, n: u32, outCol: isize, fromCol: isize): void {
  const rule = changetype<R>(0);
  const lanes: u32 = 16 / <u32>sizeof<T>();
  if (outCol == <isize>sizeof<T>() && fromCol == <isize>sizeof<T>()) {
    for (; n >= 2 * lanes; n -= 2 * lanes) {
      const a = rule.many(v128.load(out), v128.load(from));
      const b = rule.many(v128.load(out, 16), v128.load(from, 16));
      v128.store(out, a);
      v128.store(out, b, 16);
      out += 32;
      from += 32;
    }
  }
  for (; n; n--) {
    store<T>(out, rule.one(load<T>(out), load<T>(from)));
    out += outCol;
    from += fromCol;
  }
}

function mergeElements<T, R extends Merge<T>>(c: Chunk): void {
  const rule = changetype<R>(0);
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  for (let n = c.count; n; n--) {
    const to = out + load<u32>(at);
    store<T>(to, rule.one(load<T>(to), load<T>(from)));
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

function mergeRuns<T, R extends Merge<T>>(c: Chunk): void {
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  const run = c.run, outCol = c.outCol, fromCol = c.fromCol;
  for (let n = c.count; n; n--) {
    mergeRun<T, R>(out + load<u32>(at), from, run, outCol, fromCol);
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

function merge<T, R extends Merge<T>>(block: usize, begin: u32, end: u32): void {
  if (!allInRange(block)) return;
  startIndexed(block, begin, end);
  while (nextIndexed(block)) {
    const c = chunk();
    if (c.run == 1) mergeElements<T, R>(c);
    else mergeRuns<T, R>(c);
  }
}

@final class Add<T extends number> extends Merge<T> {
  @inline one(a: T, b: T): T { return (a + b) as T; }
  @inline many(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
@final class Or extends Merge<u8> {
  @inline one(a: u8, b: u8): u8 { return a | b; }
  @inline many(a: v128, b: v128): v128 { return v128.or(a, b); }
}
@final class Multiply<T extends number> extends Merge<T> {
  @inline one(a: T, b: T): T { return (a * b) as T; }
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}
// wasm's float maximum and minimum hand NaN on.
@final class Maximum<T extends number> extends Merge<T> {
  @inline one(a: T, b: T): T { return max<T>(a, b); }
  @inline many(a: v128, b: v128): v128 {
    return isInteger<T>() && sizeof<T>() == 8 ? v128.bitselect(a, b, v128.gt<T>(a, b)) : v128.max<T>(a, b);
  }
}
@final class Minimum<T extends number> extends Merge<T> {
  @inline one(a: T, b: T): T { return min<T>(a, b); }
  @inline many(a: v128, b: v128): v128 {
    return isInteger<T>() && sizeof<T>() == 8 ? v128.bitselect(a, b, v128.lt<T>(a, b)) : v128.min<T>(a, b);
  }
}

/** out[p, index₀[p], …] += from[p], float32; scatterAdd, indexAdd, indexPut with accumulate. */
export function scatter_add_f32(block: usize, begin: u32, end: u32): void {
  merge<f32, Add<f32>>(block, begin, end);
}
/** out[p, index₀[p], …] += from[p], float64. */
export function scatter_add_f64(block: usize, begin: u32, end: u32): void {
  merge<f64, Add<f64>>(block, begin, end);
}
/** out[p, index₀[p], …] += from[p], int32, wrapping. */
export function scatter_add_i32(block: usize, begin: u32, end: u32): void {
  merge<i32, Add<i32>>(block, begin, end);
}
export function scatter_add_i64(block: usize, begin: u32, end: u32): void {
  merge<i64, Add<i64>>(block, begin, end);
}
/** out[p, index₀[p], …] |= from[p], bool. */
export function scatter_add_u8(block: usize, begin: u32, end: u32): void {
  merge<u8, Or>(block, begin, end);
}

/** out[p, index₀[p], …] *= from[p], float32. */
export function scatter_prod_f32(block: usize, begin: u32, end: u32): void {
  merge<f32, Multiply<f32>>(block, begin, end);
}
/** out[p, index₀[p], …] *= from[p], float64. */
export function scatter_prod_f64(block: usize, begin: u32, end: u32): void {
  merge<f64, Multiply<f64>>(block, begin, end);
}
/** out[p, index₀[p], …] *= from[p], int32, wrapping. */
export function scatter_prod_i32(block: usize, begin: u32, end: u32): void {
  merge<i32, Multiply<i32>>(block, begin, end);
}
export function scatter_prod_i64(block: usize, begin: u32, end: u32): void {
  merge<i64, Multiply<i64>>(block, begin, end);
}

/** out[p, index₀[p], …] becomes the greater of itself and from[p], float32; NaN stays. */
export function scatter_amax_f32(block: usize, begin: u32, end: u32): void {
  merge<f32, Maximum<f32>>(block, begin, end);
}
/** out[p, index₀[p], …] becomes the greater of itself and from[p], float64; NaN stays. */
export function scatter_amax_f64(block: usize, begin: u32, end: u32): void {
  merge<f64, Maximum<f64>>(block, begin, end);
}
/** out[p, index₀[p], …] becomes the greater of itself and from[p], int32. */
export function scatter_amax_i32(block: usize, begin: u32, end: u32): void {
  merge<i32, Maximum<i32>>(block, begin, end);
}
export function scatter_amax_i64(block: usize, begin: u32, end: u32): void {
  merge<i64, Maximum<i64>>(block, begin, end);
}

/** out[p, index₀[p], …] becomes the lesser of itself and from[p], float32; NaN stays. */
export function scatter_amin_f32(block: usize, begin: u32, end: u32): void {
  merge<f32, Minimum<f32>>(block, begin, end);
}
/** out[p, index₀[p], …] becomes the lesser of itself and from[p], float64; NaN stays. */
export function scatter_amin_f64(block: usize, begin: u32, end: u32): void {
  merge<f64, Minimum<f64>>(block, begin, end);
}
/** out[p, index₀[p], …] becomes the lesser of itself and from[p], int32. */
export function scatter_amin_i32(block: usize, begin: u32, end: u32): void {
  merge<i32, Minimum<i32>>(block, begin, end);
}
export function scatter_amin_i64(block: usize, begin: u32, end: u32): void {
  merge<i64, Minimum<i64>>(block, begin, end);
}
