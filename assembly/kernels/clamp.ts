// Bounds and extrema: clamping to an interval, and the fused derivatives of clamp, maximum and minimum.

import { map2, map3 } from "../loops/map";
import { Binary, Ternary } from "../rules";

/** min(max(x, low), high): NaN in any operand gives NaN, and crossed bounds give `high`. Operands x, low, high. */
@final class Clamp<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.min<T>(v128.max<T>(a, b), c); }
}
export function clamp_f32(block: usize, begin: u32, end: u32): void { map3<f32, Clamp<f32>>(block, begin, end); }
export function clamp_f64(block: usize, begin: u32, end: u32): void { map3<f64, Clamp<f64>>(block, begin, end); }
export function clamp_i32(block: usize, begin: u32, end: u32): void { map3<i32, Clamp<i32>>(block, begin, end); }

/** g where x ≥ bound, else 0: operands g, x, bound. */
@final class KeepGe<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.and(a, v128.ge<T>(b, c)); }
}
export function keep_ge_f32(block: usize, begin: u32, end: u32): void { map3<f32, KeepGe<f32>>(block, begin, end); }
export function keep_ge_f64(block: usize, begin: u32, end: u32): void { map3<f64, KeepGe<f64>>(block, begin, end); }

/** g where x ≤ bound, else 0: operands g, x, bound. */
@final class KeepLe<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.and(a, v128.le<T>(b, c)); }
}
export function keep_le_f32(block: usize, begin: u32, end: u32): void { map3<f32, KeepLe<f32>>(block, begin, end); }
export function keep_le_f64(block: usize, begin: u32, end: u32): void { map3<f64, KeepLe<f64>>(block, begin, end); }

/** g where a > b or one is NaN, ½ g where they are equal, else 0: operands g, a, b. */
@final class MaximumBackward<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 {
    const half = v128.mul<T>(a, v128.splat<T>(<T>0.5));
    return v128.andnot(v128.bitselect(half, a, v128.eq<T>(b, c)), v128.lt<T>(b, c));
  }
}
export function maximum_backward_f32(block: usize, begin: u32, end: u32): void { map3<f32, MaximumBackward<f32>>(block, begin, end); }
export function maximum_backward_f64(block: usize, begin: u32, end: u32): void { map3<f64, MaximumBackward<f64>>(block, begin, end); }

/** The larger one; the other one where one is NaN. */
@final class Fmax<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    return v128.bitselect(b, v128.bitselect(a, v128.max<T>(a, b), v128.ne<T>(b, b)), v128.ne<T>(a, a));
  }
}
export function fmax_f32(block: usize, begin: u32, end: u32): void { map2<f32, Fmax<f32>>(block, begin, end); }
export function fmax_f64(block: usize, begin: u32, end: u32): void { map2<f64, Fmax<f64>>(block, begin, end); }

@final class FmaxWhole<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.max<T>(a, b); }
}
export function fmax_i32(block: usize, begin: u32, end: u32): void { map2<i32, FmaxWhole<i32>>(block, begin, end); }
export function fmax_u8(block: usize, begin: u32, end: u32): void { map2<u8, FmaxWhole<u8>>(block, begin, end); }

/** The smaller one; the other one where one is NaN. */
@final class Fmin<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    return v128.bitselect(b, v128.bitselect(a, v128.min<T>(a, b), v128.ne<T>(b, b)), v128.ne<T>(a, a));
  }
}
export function fmin_f32(block: usize, begin: u32, end: u32): void { map2<f32, Fmin<f32>>(block, begin, end); }
export function fmin_f64(block: usize, begin: u32, end: u32): void { map2<f64, Fmin<f64>>(block, begin, end); }

@final class FminWhole<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.min<T>(a, b); }
}
export function fmin_i32(block: usize, begin: u32, end: u32): void { map2<i32, FminWhole<i32>>(block, begin, end); }
export function fmin_u8(block: usize, begin: u32, end: u32): void { map2<u8, FminWhole<u8>>(block, begin, end); }
