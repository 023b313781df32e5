// The Gaussian error linear unit in both its forms, and their derivatives.

import { map1heavy, map1pair, map2heavy, map2pair } from "../loops/map";
import { bell, normal as normalOf, slope as slopeOf } from "../math/normal";
import { Binary, Unary } from "../rules";
import { erfCalled, expCalled, tanhCalled } from "../special/vector";

/** Φ(x) = ½ (1 + erf(x / √2)), the normal distribution. */
@inline function normal<T>(x: v128): v128 {
  const half = v128.splat<T>(<T>0.5);
  return v128.add<T>(half, v128.mul<T>(half, erfCalled<T>(v128.mul<T>(x, v128.splat<T>(<T>0.7071067811865476)))));
}

/** x Φ(x). */
@final class Gelu<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    return v128.mul<T>(a, sizeof<T>() == 4 ? normalOf(a, bell(a)) : normal<T>(a));
  }
}
export function gelu_f32(block: usize, begin: u32, end: u32): void { map1pair<f32, Gelu<f32>>(block, begin, end); }
export function gelu_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Gelu<f64>>(block, begin, end); }

/** g (Φ(x) + x φ(x)), φ the normal density: operands g, x. */
@final class GeluBackward<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    if (sizeof<T>() == 4) return v128.mul<T>(a, slopeOf(b));
    const power = expCalled<T>(v128.mul<T>(v128.mul<T>(b, b), v128.splat<T>(<T>-0.5)));
    const density = v128.mul<T>(power, v128.splat<T>(<T>0.3989422804014327));
    return v128.mul<T>(a, v128.add<T>(normal<T>(b), v128.mul<T>(b, density)));
  }
}
export function gelu_backward_f32(block: usize, begin: u32, end: u32): void { map2pair<f32, GeluBackward<f32>>(block, begin, end); }
export function gelu_backward_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, GeluBackward<f64>>(block, begin, end); }

/** tanh(√(2/π) (x + 0.044715 x³)). */
@inline function bend<T>(x: v128, square: v128): v128 {
  const factor = v128.add<T>(v128.splat<T>(<T>0.7978845608028654), v128.mul<T>(square, v128.splat<T>(<T>0.035677408136300125)));
  return tanhCalled<T>(v128.mul<T>(x, factor));
}

/** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the usual approximation (Hendrycks and Gimpel, 2016). */
@final class GeluTanh<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    const half = v128.mul<T>(a, v128.splat<T>(<T>0.5));
    return v128.mul<T>(half, v128.add<T>(bend<T>(a, v128.mul<T>(a, a)), v128.splat<T>(<T>1)));
  }
}
export function gelu_tanh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, GeluTanh<f32>>(block, begin, end); }
export function gelu_tanh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, GeluTanh<f64>>(block, begin, end); }

/** g times the derivative of the approximation, ½ (1 + t) + ½ x (1 − t²) u′ with t = tanh u: operands g, x. */
@final class GeluTanhBackward<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const one = v128.splat<T>(<T>1), half = v128.splat<T>(<T>0.5);
    const square = v128.mul<T>(b, b);
    const t = bend<T>(b, square);
    const slope = v128.add<T>(v128.splat<T>(<T>0.7978845608028654), v128.mul<T>(square, v128.splat<T>(<T>0.10703222440890037)));
    const inner = v128.mul<T>(v128.mul<T>(b, slope), v128.sub<T>(one, v128.mul<T>(t, t)));
    return v128.mul<T>(a, v128.mul<T>(half, v128.add<T>(v128.add<T>(one, t), inner)));
  }
}
export function gelu_tanh_backward_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, GeluTanhBackward<f32>>(block, begin, end); }
export function gelu_tanh_backward_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, GeluTanhBackward<f64>>(block, begin, end); }
