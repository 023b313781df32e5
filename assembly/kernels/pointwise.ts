// Functions of one operand, and the fused derivatives of those that are used most.

import { map1, map1heavy, map1pair, map2, map2heavy } from "../loops/map";
import { erf } from "../math/erf";
import { exp } from "../math/exp";
import { log } from "../math/log";
import { sigmoid } from "../math/sigmoid";
import { tanh } from "../math/tanh";
import { cos, sin } from "../math/trig";
import { Binary, Unary } from "../rules";

@final class Neg<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.neg<T>(a); }
}
export function neg_f32(block: usize, begin: u32, end: u32): void { map1<f32, Neg<f32>>(block, begin, end); }
export function neg_f64(block: usize, begin: u32, end: u32): void { map1<f64, Neg<f64>>(block, begin, end); }
export function neg_i32(block: usize, begin: u32, end: u32): void { map1<i32, Neg<i32>>(block, begin, end); }

/** The operand itself: what rounds floats leaves integers alone, and the sign of a bool is the bool. */
@final class Same<T> extends Unary<T> {
  @inline many(a: v128): v128 { return a; }
}
export function floor_i32(block: usize, begin: u32, end: u32): void { map1<i32, Same<i32>>(block, begin, end); }
export function ceil_i32(block: usize, begin: u32, end: u32): void { map1<i32, Same<i32>>(block, begin, end); }
export function trunc_i32(block: usize, begin: u32, end: u32): void { map1<i32, Same<i32>>(block, begin, end); }
export function round_i32(block: usize, begin: u32, end: u32): void { map1<i32, Same<i32>>(block, begin, end); }
export function sign_u8(block: usize, begin: u32, end: u32): void { map1<u8, Same<u8>>(block, begin, end); }

@final class Abs<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.abs<T>(a); }
}
export function abs_f32(block: usize, begin: u32, end: u32): void { map1<f32, Abs<f32>>(block, begin, end); }
export function abs_f64(block: usize, begin: u32, end: u32): void { map1<f64, Abs<f64>>(block, begin, end); }
export function abs_i32(block: usize, begin: u32, end: u32): void { map1<i32, Abs<i32>>(block, begin, end); }

@final class Floor<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.floor<T>(a); }
}
export function floor_f32(block: usize, begin: u32, end: u32): void { map1<f32, Floor<f32>>(block, begin, end); }
export function floor_f64(block: usize, begin: u32, end: u32): void { map1<f64, Floor<f64>>(block, begin, end); }

@final class Ceil<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.ceil<T>(a); }
}
export function ceil_f32(block: usize, begin: u32, end: u32): void { map1<f32, Ceil<f32>>(block, begin, end); }
export function ceil_f64(block: usize, begin: u32, end: u32): void { map1<f64, Ceil<f64>>(block, begin, end); }

@final class Trunc<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.trunc<T>(a); }
}
export function trunc_f32(block: usize, begin: u32, end: u32): void { map1<f32, Trunc<f32>>(block, begin, end); }
export function trunc_f64(block: usize, begin: u32, end: u32): void { map1<f64, Trunc<f64>>(block, begin, end); }

/** To the nearest integer, halves to the even one. */
@final class Round<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.nearest<T>(a); }
}
export function round_f32(block: usize, begin: u32, end: u32): void { map1<f32, Round<f32>>(block, begin, end); }
export function round_f64(block: usize, begin: u32, end: u32): void { map1<f64, Round<f64>>(block, begin, end); }

@final class Sqrt<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.sqrt<T>(a); }
}
export function sqrt_f32(block: usize, begin: u32, end: u32): void { map1<f32, Sqrt<f32>>(block, begin, end); }
export function sqrt_f64(block: usize, begin: u32, end: u32): void { map1<f64, Sqrt<f64>>(block, begin, end); }

@final class Rsqrt<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), v128.sqrt<T>(a)); }
}
export function rsqrt_f32(block: usize, begin: u32, end: u32): void { map1<f32, Rsqrt<f32>>(block, begin, end); }
export function rsqrt_f64(block: usize, begin: u32, end: u32): void { map1<f64, Rsqrt<f64>>(block, begin, end); }

@final class Reciprocal<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), a); }
}
export function reciprocal_f32(block: usize, begin: u32, end: u32): void { map1<f32, Reciprocal<f32>>(block, begin, end); }
export function reciprocal_f64(block: usize, begin: u32, end: u32): void { map1<f64, Reciprocal<f64>>(block, begin, end); }

/** 1, 0 or -1; 0 for NaN. */
@final class Sign<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.sub<T>(v128.and(v128.gt<T>(a, v128.splat<T>(<T>0)), v128.splat<T>(<T>1)), v128.and(v128.lt<T>(a, v128.splat<T>(<T>0)), v128.splat<T>(<T>1))); }
}
export function sign_f32(block: usize, begin: u32, end: u32): void { map1<f32, Sign<f32>>(block, begin, end); }
export function sign_f64(block: usize, begin: u32, end: u32): void { map1<f64, Sign<f64>>(block, begin, end); }
export function sign_i32(block: usize, begin: u32, end: u32): void { map1<i32, Sign<i32>>(block, begin, end); }

/** Keeps NaN: the comparison is false for it. */
@final class Relu<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.andnot(a, v128.le<T>(a, v128.splat<T>(<T>0))); }
}
export function relu_f32(block: usize, begin: u32, end: u32): void { map1<f32, Relu<f32>>(block, begin, end); }
export function relu_f64(block: usize, begin: u32, end: u32): void { map1<f64, Relu<f64>>(block, begin, end); }
export function relu_i32(block: usize, begin: u32, end: u32): void { map1<i32, Relu<i32>>(block, begin, end); }

@final class Exp<T> extends Unary<T> {
  @inline many(a: v128): v128 { return exp<T>(a); }
}
export function exp_f32(block: usize, begin: u32, end: u32): void { map1pair<f32, Exp<f32>>(block, begin, end); }
export function exp_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Exp<f64>>(block, begin, end); }

@final class Log<T> extends Unary<T> {
  @inline many(a: v128): v128 { return log<T>(a); }
}
export function log_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Log<f32>>(block, begin, end); }
export function log_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Log<f64>>(block, begin, end); }

@final class Tanh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return tanh<T>(a); }
}
export function tanh_f32(block: usize, begin: u32, end: u32): void { map1pair<f32, Tanh<f32>>(block, begin, end); }
export function tanh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Tanh<f64>>(block, begin, end); }

@final class Sigmoid<T> extends Unary<T> {
  @inline many(a: v128): v128 { return sigmoid<T>(a); }
}
export function sigmoid_f32(block: usize, begin: u32, end: u32): void { map1pair<f32, Sigmoid<f32>>(block, begin, end); }
export function sigmoid_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Sigmoid<f64>>(block, begin, end); }

@final class Sin<T> extends Unary<T> {
  @inline many(a: v128): v128 { return sin<T>(a); }
}
export function sin_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Sin<f32>>(block, begin, end); }
export function sin_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Sin<f64>>(block, begin, end); }

@final class Cos<T> extends Unary<T> {
  @inline many(a: v128): v128 { return cos<T>(a); }
}
export function cos_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Cos<f32>>(block, begin, end); }
export function cos_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Cos<f64>>(block, begin, end); }

@final class Erf<T> extends Unary<T> {
  @inline many(a: v128): v128 { return erf<T>(a); }
}
export function erf_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Erf<f32>>(block, begin, end); }
export function erf_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Erf<f64>>(block, begin, end); }

/** g · (1 − out²): operands g, out. */
@final class TanhBackward<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, v128.sub<T>(v128.splat<T>(<T>1), v128.mul<T>(b, b))); }
}
export function tanh_backward_f32(block: usize, begin: u32, end: u32): void { map2<f32, TanhBackward<f32>>(block, begin, end); }
export function tanh_backward_f64(block: usize, begin: u32, end: u32): void { map2<f64, TanhBackward<f64>>(block, begin, end); }

/** g · (1 − out) · out: operands g, out. */
@final class SigmoidBackward<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, v128.mul<T>(v128.sub<T>(v128.splat<T>(<T>1), b), b)); }
}
export function sigmoid_backward_f32(block: usize, begin: u32, end: u32): void { map2<f32, SigmoidBackward<f32>>(block, begin, end); }
export function sigmoid_backward_f64(block: usize, begin: u32, end: u32): void { map2<f64, SigmoidBackward<f64>>(block, begin, end); }

/** g where out is above 0 or NaN, else 0: operands g, out. */
@final class ReluBackward<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.andnot(a, v128.le<T>(b, v128.splat<T>(<T>0))); }
}
export function relu_backward_f32(block: usize, begin: u32, end: u32): void { map2<f32, ReluBackward<f32>>(block, begin, end); }
export function relu_backward_f64(block: usize, begin: u32, end: u32): void { map2<f64, ReluBackward<f64>>(block, begin, end); }

