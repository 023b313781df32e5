// Random numbers: uniform, normal, integers, permutations, coin tosses, in the sequence of PyTorch's CPU generator.
//
// Each kernel takes its numbers from a generator one after the other, so its range is always the whole result.
// Common to all: operand 0 is the result, contiguous; operand 1 points to the generator's state (`math/mersenne.ts`)
// with strides 0, and is advanced. Sizes and strides of the nest are not read, only pointers, parameters and the range.
// Parameters are checked before launch.

import { fail, integer, parameter, pointerOf, STATUS_DOMAIN } from "../block";
import { fused_f32, fused_f64 } from "../math/fused";
import { exp } from "../math/exp";
import { log } from "../math/log";
import {
  draw32,
  drawUnit,
  drawUnits,
  drawWords,
  hasNormal,
  leaveNormal,
  seedState,
  STATE_BYTES,
  takeNormal,
} from "../math/mersenne";
import { cos, sin } from "../math/trig";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Numbers made at a time, so that they stay in the first cache between the steps of their making. */
const CHUNK: u32 = 1024;
const TWO_PI: f64 = 6.283185307179586;

/** Room for CHUNK numbers of 8 bytes. */
@inline function work(): usize {
  return scratch() + KERNEL_SCRATCH;
}

// One copy of each of these for all kernels: they are long, and the draws are many.

function logs(x: v128): v128 {
  return log<f64>(x);
}
function sines(x: v128): v128 {
  return sin<f64>(x);
}
function cosines(x: v128): v128 {
  return cos<f64>(x);
}

/** Bytes of a generator's state. It holds no addresses: saving and restoring it is copying its bytes. */
export function mt_state_bytes(): u32 {
  return STATE_BYTES;
}

/** Seeds the generator whose state is at `state` as `torch.manual_seed` does; the high word is only remembered. */
export function mt_seed(state: usize, low: u32, high: u32): void {
  seedState(state, low, high);
}

// Uniform

/** u · range + from in place, rounded once, as the fused instruction does that PyTorch's loop is compiled to. */
function stretch<T extends number>(at: usize, n: u32, from: T, range: T): void {
  if (from == 0 && range == 1) return;
  const stop = at + <usize>n * sizeof<T>();
  const bounded = abs<T>(range) < <T>1e37;
  for (; at < stop; at += sizeof<T>()) {
    const u = load<T>(at);
    if (from == 0 || !bounded) store<T>(at, (u * range + from) as T);
    else if (sizeof<T>() == 4) store<T>(at, <T>fused_f32(<f32>u, <f32>range, <f32>from));
    else store<T>(at, <T>fused_f64(<f64>u, <f64>range, <f64>from));
  }
}

function uniform<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const from = <T>parameter(block, 0);
  const range = (<T>parameter(block, 1) - from) as T;
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    const at = pointerOf(block, 0) + <usize>i * sizeof<T>();
    drawUnits<T>(state, at, n);
    stretch<T>(at, n, from, range);
  }
}

/** Uniform in [from, to): `Tensor.uniform_`, `rand` with 0 and 1. Parameters: 0 from, 1 to. */
export function uniform_f32(block: usize, begin: u32, end: u32): void { uniform<f32>(block, begin, end); }
/** Like `uniform_f32`. */
export function uniform_f64(block: usize, begin: u32, end: u32): void { uniform<f64>(block, begin, end); }

// Normal

/** Replaces 16 uniform numbers by normal ones (Box, Muller, 1958): numbers 0 to 7 make radii, 8 to 15 angles. */
function pairs<T extends number>(at: usize, mean: T, std: T): void {
  const half = sizeof<T>() << 3;
  const stop = at + half;
  for (; at < stop; at += 16) {
    const u = v128.sub<T>(v128.splat<T>(<T>1), v128.load(at));
    const radius = v128.sqrt<T>(v128.mul<T>(v128.splat<T>(<T>-2), sizeof<T>() == 4 ? log<f32>(u) : logs(u)));
    const angle = v128.mul<T>(v128.splat<T>(<T>TWO_PI), v128.load(at + half));
    const c = sizeof<T>() == 4 ? cos<f32>(angle) : cosines(angle);
    const s = sizeof<T>() == 4 ? sin<f32>(angle) : sines(angle);
    const m = v128.splat<T>(mean);
    const d = v128.splat<T>(std);
    v128.store(at, v128.add<T>(v128.mul<T>(v128.mul<T>(radius, c), d), m));
    v128.store(at + half, v128.add<T>(v128.mul<T>(v128.mul<T>(radius, s), d), m));
  }
}

/** The next standard normal number: the one left over, or the first of a new pair. */
function drawNormal(state: usize): f64 {
  if (hasNormal(state)) return takeNormal(state);
  const angle = f64x2.splat(drawUnit(state) * TWO_PI);
  const radius = f64x2.sqrt(f64x2.mul(f64x2.splat(-2), logs(f64x2.splat(1 - drawUnit(state)))));
  leaveNormal(state, f64x2.extract_lane(f64x2.mul(radius, sines(angle)), 0));
  return f64x2.extract_lane(f64x2.mul(radius, cosines(angle)), 0);
}

function normal<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const out = pointerOf(block, 0);
  const mean = parameter(block, 0);
  const std = parameter(block, 1);
  if (end - begin < 16 || integer(block, 2) != 0) {
    for (let i = begin; i < end; i++) store<T>(out + <usize>i * sizeof<T>(), <T>(drawNormal(state) * std + mean));
    return;
  }
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    const at = out + <usize>i * sizeof<T>();
    drawUnits<T>(state, at, n);
    for (let k: u32 = 0; k + 16 <= n; k += 16) pairs<T>(at + <usize>k * sizeof<T>(), <T>mean, <T>std);
  }
  if (((end - begin) & 15) == 0) return;
  // What is left over does not fill sixteen: the last sixteen are drawn anew.
  const last = out + <usize>(end - 16) * sizeof<T>();
  drawUnits<T>(state, last, 16);
  pairs<T>(last, <T>mean, <T>std);
}

/**
 * Normal with the given mean and standard deviation: `Tensor.normal_`, `randn` with 0 and 1. Parameters: 0 mean, 1 std,
 * 2 is 0, or 1 when the tensor is not contiguous in its own dims (say, transposed) and its memory is filled in order:
 * PyTorch then draws one by one, as it does for fewer than 16 elements, instead of sixteen at a time.
 */
export function normal_f32(block: usize, begin: u32, end: u32): void { normal<f32>(block, begin, end); }
/** Like `normal_f32`. */
export function normal_f64(block: usize, begin: u32, end: u32): void { normal<f64>(block, begin, end); }

function lognormal<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const mean = parameter(block, 0);
  const std = parameter(block, 1);
  for (let i = begin; i < end; i++) {
    const power = f64x2.splat(drawNormal(state) * std + mean);
    store<T>(pointerOf(block, 0) + <usize>i * sizeof<T>(), <T>f64x2.extract_lane(exp<f64>(power), 0));
  }
}

/** e to the power of a normal number: `Tensor.log_normal_`. Parameters: 0 mean, 1 std, both of the logarithm. */
export function lognormal_f32(block: usize, begin: u32, end: u32): void { lognormal<f32>(block, begin, end); }
/** Like `lognormal_f32`. */
export function lognormal_f64(block: usize, begin: u32, end: u32): void { lognormal<f64>(block, begin, end); }

// Other distributions, made from uniform numbers of 53 bits

/** How a uniform number u becomes one of a distribution with parameters a and b; a comes prepared. */
abstract class Distribution {
  abstract prepared(a: f64): f64;
  abstract many(u: v128, a: v128, b: v128): v128;
}

@final class Exponential extends Distribution {
  @inline prepared(a: f64): f64 { return -1 / a; }
  // The absolute value turns -0 into 0, which matters to those who divide by it.
  @inline many(u: v128, a: v128, b: v128): v128 {
    return f64x2.abs(f64x2.mul(a, logs(f64x2.sub(f64x2.splat(1), u))));
  }
}
@final class Geometric extends Distribution {
  // log(1 − p); the factor makes good for the rounding of 1 − p (Kahan).
  @inline prepared(p: f64): f64 {
    const rest = 1 - p;
    if (rest == 1) return -p;
    return (f64x2.extract_lane(logs(f64x2.splat(rest)), 0) * p) / (1 - rest);
  }
  @inline many(u: v128, a: v128, b: v128): v128 {
    return f64x2.ceil(f64x2.div(logs(u), a));
  }
}
@final class Cauchy extends Distribution {
  @inline prepared(a: f64): f64 { return a; }
  @inline many(u: v128, a: v128, b: v128): v128 {
    const angle = f64x2.mul(f64x2.splat(3.141592653589793), f64x2.sub(u, f64x2.splat(0.5)));
    return f64x2.add(a, f64x2.mul(b, f64x2.div(sines(angle), cosines(angle))));
  }
}

function distribution<T extends number, D>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const a = f64x2.splat(changetype<D>(0).prepared(parameter(block, 0)));
  const b = f64x2.splat(parameter(block, 1));
  const units = work();
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    let at = pointerOf(block, 0) + <usize>i * sizeof<T>();
    drawUnits<f64>(state, units, n);
    for (let k: usize = 0; k < n; k += 2, at += 2 * sizeof<T>()) {
      const pair = changetype<D>(0).many(v128.load(units + (k << 3)), a, b);
      store<T>(at, <T>f64x2.extract_lane(pair, 0));
      if (k + 1 < n) store<T>(at, <T>f64x2.extract_lane(pair, 1), sizeof<T>());
    }
  }
}

/** Exponential: `Tensor.exponential_`. Parameters: 0 the rate lambd, positive. */
export function exponential_f32(block: usize, begin: u32, end: u32): void {
  distribution<f32, Exponential>(block, begin, end);
}
/** Like `exponential_f32`. */
export function exponential_f64(block: usize, begin: u32, end: u32): void {
  distribution<f64, Exponential>(block, begin, end);
}
/** Number of tosses until the first success: `Tensor.geometric_`. Parameters: 0 p, in (0, 1). */
export function geometric_f32(block: usize, begin: u32, end: u32): void {
  distribution<f32, Geometric>(block, begin, end);
}
/** Like `geometric_f32`. */
export function geometric_f64(block: usize, begin: u32, end: u32): void {
  distribution<f64, Geometric>(block, begin, end);
}
/** Cauchy: `Tensor.cauchy_`. Parameters: 0 median, 1 sigma. */
export function cauchy_f32(block: usize, begin: u32, end: u32): void { distribution<f32, Cauchy>(block, begin, end); }
/** Like `cauchy_f32`. */
export function cauchy_f64(block: usize, begin: u32, end: u32): void { distribution<f64, Cauchy>(block, begin, end); }

// Integers

function randint<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const low = <i64>parameter(block, 0);
  const range = <u64>(<i64>parameter(block, 1) - low);
  const wide = isFloat<T>() && range > <u64>u32.MAX_VALUE;
  const words = work();
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    let at = pointerOf(block, 0) + <usize>i * sizeof<T>();
    drawWords(state, words, wide ? n << 1 : n);
    for (let k: usize = 0; k < n; k++, at += sizeof<T>()) {
      if (wide) {
        store<T>(at, <T>(<i64>(rotl<u64>(load<u64>(words + (k << 3)), 32) % range) + low));
        continue;
      }
      const word = load<u32>(words + (k << 2));
      // An int32 result may have a range of 2³², which takes the word as it is.
      const value = range > <u64>u32.MAX_VALUE ? word : word % <u32>range;
      store<T>(at, isFloat<T>() ? <T>(<i64>value + low) : <T>(value + <u32>low));
    }
  }
}

/**
 * Integers from low to high − 1: `randint`, `Tensor.random_`. Parameters: 0 low, 1 high, integers with low < high; for
 * floats the difference may exceed 2³² and then takes 64 bits an element.
 */
export function randint_i32(block: usize, begin: u32, end: u32): void { randint<i32>(block, begin, end); }
/** Like `randint_i32`, result f32. */
export function randint_f32(block: usize, begin: u32, end: u32): void { randint<f32>(block, begin, end); }
/** Like `randint_i32`, result f64. */
export function randint_f64(block: usize, begin: u32, end: u32): void { randint<f64>(block, begin, end); }

/** The integers 0 to n − 1 in random order, n the length of the range: `randperm`. No parameters. */
export function randperm_i32(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const out = pointerOf(block, 0) + (<usize>begin << 2);
  const n = end - begin;
  for (let i: u32 = 0; i < n; i++) store<i32>(out + (<usize>i << 2), i);
  for (let i: u32 = 0; i + 1 < n; i++) {
    const here = out + (<usize>i << 2);
    const there = here + (<usize>(draw32(state) % (n - i)) << 2);
    const value = load<i32>(here);
    store<i32>(here, load<i32>(there));
    store<i32>(there, value);
  }
}

// Coin tosses

function bernoulli<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const p = parameter(block, 0);
  const units = work();
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    let at = pointerOf(block, 0) + <usize>i * sizeof<T>();
    drawUnits<f64>(state, units, n);
    for (let k: usize = 0; k < n; k++, at += sizeof<T>()) store<T>(at, <T>i32(load<f64>(units + (k << 3)) < p));
  }
}

/**
 * 1 with probability p, else 0: `Tensor.bernoulli_`, and dropout's mask with 1 − p. Parameters: 0 p, in [0, 1]. Draws
 * 53 bits for each element, whatever its dtype.
 */
export function bernoulli_u8(block: usize, begin: u32, end: u32): void { bernoulli<u8>(block, begin, end); }
/** Like `bernoulli_u8`. */
export function bernoulli_f32(block: usize, begin: u32, end: u32): void { bernoulli<f32>(block, begin, end); }
/** Like `bernoulli_u8`. */
export function bernoulli_f64(block: usize, begin: u32, end: u32): void { bernoulli<f64>(block, begin, end); }

function bernoulliOf<T extends number>(block: usize, begin: u32, end: u32): void {
  const state = pointerOf(block, 1);
  const units = work();
  for (let i = begin; i < end; i += CHUNK) {
    const n = min<u32>(CHUNK, end - i);
    drawUnits<T>(state, units, n);
    for (let k: u32 = 0; k < n; k++) {
      const at = <usize>(i + k) * sizeof<T>();
      const p = load<T>(pointerOf(block, 2) + at);
      if (!(p >= 0 && p <= 1)) fail(block, STATUS_DOMAIN, i + k);
      store<T>(pointerOf(block, 0) + at, <T>i32(load<T>(units + <usize>k * sizeof<T>()) < p));
    }
  }
}

/**
 * 1 with the probability in operand 2, which is contiguous and of the result's size and dtype, else 0: `bernoulli` of a
 * tensor. Draws as many bits as the dtype of p holds, so a tensor of another dtype filled by `Tensor.bernoulli_(p)` is
 * made in p's dtype and cast. Fails with STATUS_DOMAIN and the position of a p outside [0, 1].
 */
export function bernoulliOf_f32(block: usize, begin: u32, end: u32): void { bernoulliOf<f32>(block, begin, end); }
/** Like `bernoulliOf_f32`. */
export function bernoulliOf_f64(block: usize, begin: u32, end: u32): void { bernoulliOf<f64>(block, begin, end); }
