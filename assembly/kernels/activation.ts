// Activation functions of neural networks, and what their derivatives need.

import { map1, map1heavy, map2, map2heavy, map3, map3heavy } from "../loops/map";
import { exp, expm1 } from "../math/exp";
import { log1p } from "../math/log";
import { sigmoid } from "../math/sigmoid";
import { select } from "../math/vector";
import { Binary, Ternary, Unary } from "../rules";

// One copy of each of these for all kernels here: they are long, and a call costs little beside them.

function exponential<T>(x: v128): v128 {
  return exp<T>(x);
}
function shiftedExponential<T>(x: v128): v128 {
  return expm1<T>(x);
}
function logistic<T>(x: v128): v128 {
  return sigmoid<T>(x);
}
function logOfOneMore<T>(x: v128): v128 {
  return log1p<T>(x);
}

@inline function c<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

// Leaky and parametric

/** x where x > 0, else s · x: operands x, s. */
@final class LeakyRelu<T> extends Binary<T> {
  @inline many(x: v128, s: v128): v128 { return select(v128.gt<T>(x, c<T>(0)), x, v128.mul<T>(x, s)); }
}
export function leaky_relu_f32(block: usize, begin: u32, end: u32): void { map2<f32, LeakyRelu<f32>>(block, begin, end); }
export function leaky_relu_f64(block: usize, begin: u32, end: u32): void { map2<f64, LeakyRelu<f64>>(block, begin, end); }

/** g where x > 0, else s · g: operands g, x, s. */
@final class LeakyReluBackward<T> extends Ternary<T> {
  @inline many(g: v128, x: v128, s: v128): v128 { return select(v128.gt<T>(x, c<T>(0)), g, v128.mul<T>(g, s)); }
}
export function leaky_relu_backward_f32(block: usize, begin: u32, end: u32): void { map3<f32, LeakyReluBackward<f32>>(block, begin, end); }
export function leaky_relu_backward_f64(block: usize, begin: u32, end: u32): void { map3<f64, LeakyReluBackward<f64>>(block, begin, end); }

// Exponential

/** x where x > 0, else a · (eᵏˣ − 1): operands x, a, k. */
@final class Elu<T> extends Ternary<T> {
  @inline many(x: v128, a: v128, k: v128): v128 {
    return select(v128.gt<T>(x, c<T>(0)), x, v128.mul<T>(shiftedExponential<T>(v128.mul<T>(x, k)), a));
  }
}
export function elu_f32(block: usize, begin: u32, end: u32): void { map3heavy<f32, Elu<f32>>(block, begin, end); }
export function elu_f64(block: usize, begin: u32, end: u32): void { map3heavy<f64, Elu<f64>>(block, begin, end); }

/** λ · x where x > 0, else λ · α · (eˣ − 1), constants of Klambauer et al., "Self-normalizing neural networks" (2017). */
@final class Selu<T> extends Unary<T> {
  @inline many(x: v128): v128 {
    const upper = v128.mul<T>(x, c<T>(1.0507009873554805));
    return select(v128.gt<T>(x, c<T>(0)), upper, v128.mul<T>(shiftedExponential<T>(x), c<T>(1.7580993408473766)));
  }
}
export function selu_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Selu<f32>>(block, begin, end); }
export function selu_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Selu<f64>>(block, begin, end); }

/** 1 where x > 0, else b · eᵏˣ: operands x, b, k. */
@final class EluSlope<T> extends Ternary<T> {
  @inline many(x: v128, b: v128, k: v128): v128 {
    return select(v128.gt<T>(x, c<T>(0)), c<T>(1), v128.mul<T>(exponential<T>(v128.mul<T>(x, k)), b));
  }
}
export function elu_slope_f32(block: usize, begin: u32, end: u32): void { map3heavy<f32, EluSlope<f32>>(block, begin, end); }
export function elu_slope_f64(block: usize, begin: u32, end: u32): void { map3heavy<f64, EluSlope<f64>>(block, begin, end); }

// Weighted by a sigmoid, or like it

/** x · σ(x). */
@final class Silu<T> extends Unary<T> {
  @inline many(x: v128): v128 { return v128.mul<T>(x, logistic<T>(x)); }
}
export function silu_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Silu<f32>>(block, begin, end); }
export function silu_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Silu<f64>>(block, begin, end); }

/** g · σ(x) · (1 + x · (1 − σ(x))): operands g, x. */
@final class SiluBackward<T> extends Binary<T> {
  @inline many(g: v128, x: v128): v128 {
    const s = logistic<T>(x), one = c<T>(1);
    return v128.mul<T>(v128.mul<T>(g, s), v128.add<T>(one, v128.mul<T>(x, v128.sub<T>(one, s))));
  }
}
export function silu_backward_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, SiluBackward<f32>>(block, begin, end); }
export function silu_backward_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, SiluBackward<f64>>(block, begin, end); }

/** eˣ, at most e⁴⁰: what follows does not change any more from there on, and stays finite. */
@inline function bounded<T>(x: v128): v128 {
  return exponential<T>(v128.pmin<T>(x, c<T>(40)));
}

/** x · tanh(log(1 + eˣ)) = x · n / (n + 2) with n = eˣ · (eˣ + 2). */
@final class Mish<T> extends Unary<T> {
  @inline many(x: v128): v128 {
    const e = bounded<T>(x), two = c<T>(2);
    const n = v128.mul<T>(e, v128.add<T>(e, two));
    return v128.mul<T>(x, v128.div<T>(n, v128.add<T>(n, two)));
  }
}
export function mish_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Mish<f32>>(block, begin, end); }
export function mish_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Mish<f64>>(block, begin, end); }

/** g · (t + x · (1 − t²) · σ(x)), t = tanh(log(1 + eˣ)) = n / (n + 2), (1 − t²) · σ = 4 · eˣ · (1 + eˣ) / (n + 2)²: operands g, x. */
@final class MishBackward<T> extends Binary<T> {
  @inline many(g: v128, x: v128): v128 {
    const e = bounded<T>(x), two = c<T>(2);
    const n = v128.mul<T>(e, v128.add<T>(e, two));
    const m = v128.add<T>(n, two);
    const t = v128.div<T>(n, m);
    const bend = v128.div<T>(v128.div<T>(v128.mul<T>(c<T>(4), v128.mul<T>(e, v128.add<T>(e, c<T>(1)))), m), m);
    return v128.mul<T>(g, v128.add<T>(t, v128.mul<T>(x, bend)));
  }
}
export function mish_backward_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, MishBackward<f32>>(block, begin, end); }
export function mish_backward_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, MishBackward<f64>>(block, begin, end); }

/** log(1 + eᵇˣ) / b, or x where b · x > t: operands x, b, t. */
@final class Softplus<T> extends Ternary<T> {
  @inline many(x: v128, b: v128, t: v128): v128 {
    const z = v128.mul<T>(x, b);
    return select(v128.gt<T>(z, t), x, v128.div<T>(logOfOneMore<T>(exponential<T>(z)), b));
  }
}
export function softplus_f32(block: usize, begin: u32, end: u32): void { map3heavy<f32, Softplus<f32>>(block, begin, end); }
export function softplus_f64(block: usize, begin: u32, end: u32): void { map3heavy<f64, Softplus<f64>>(block, begin, end); }

/** σ(b · x), or 1 where b · x > t: operands x, b, t. */
@final class SoftplusSlope<T> extends Ternary<T> {
  @inline many(x: v128, b: v128, t: v128): v128 {
    const z = v128.mul<T>(x, b);
    return select(v128.gt<T>(z, t), c<T>(1), logistic<T>(z));
  }
}
export function softplus_slope_f32(block: usize, begin: u32, end: u32): void { map3heavy<f32, SoftplusSlope<f32>>(block, begin, end); }
export function softplus_slope_f64(block: usize, begin: u32, end: u32): void { map3heavy<f64, SoftplusSlope<f64>>(block, begin, end); }

/** log σ(x) = min(x, 0) − log(1 + e^−|x|). */
@final class LogSigmoid<T> extends Unary<T> {
  @inline many(x: v128): v128 {
    return v128.sub<T>(v128.min<T>(x, c<T>(0)), logOfOneMore<T>(exponential<T>(v128.neg<T>(v128.abs<T>(x)))));
  }
}
export function logsigmoid_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, LogSigmoid<f32>>(block, begin, end); }
export function logsigmoid_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, LogSigmoid<f64>>(block, begin, end); }

// Piecewise linear

/** x between the bounds, the bounds outside: operands x, low, high; NaN stays. */
@final class Hardtanh<T> extends Ternary<T> {
  @inline many(x: v128, low: v128, high: v128): v128 { return v128.pmin<T>(v128.pmax<T>(x, low), high); }
}
export function hardtanh_f32(block: usize, begin: u32, end: u32): void { map3<f32, Hardtanh<f32>>(block, begin, end); }
export function hardtanh_f64(block: usize, begin: u32, end: u32): void { map3<f64, Hardtanh<f64>>(block, begin, end); }

/** 0, x · (x + 3) / 6, x: below −3, between, from 3 on. */
@final class Hardswish<T> extends Unary<T> {
  @inline many(x: v128): v128 {
    const inner = v128.pmin<T>(v128.pmax<T>(v128.add<T>(x, c<T>(3)), c<T>(0)), c<T>(6));
    return v128.div<T>(v128.mul<T>(x, inner), c<T>(6));
  }
}
export function hardswish_f32(block: usize, begin: u32, end: u32): void { map1<f32, Hardswish<f32>>(block, begin, end); }
export function hardswish_f64(block: usize, begin: u32, end: u32): void { map1<f64, Hardswish<f64>>(block, begin, end); }

/** g times 0, x / 3 + ½, 1: operands g, x. */
@final class HardswishBackward<T> extends Binary<T> {
  @inline many(g: v128, x: v128): v128 {
    const bend = v128.mul<T>(g, v128.add<T>(v128.div<T>(x, c<T>(3)), c<T>(0.5)));
    const upper = select(v128.ge<T>(x, c<T>(3)), g, bend);
    return v128.andnot(upper, v128.le<T>(x, c<T>(-3)));
  }
}
export function hardswish_backward_f32(block: usize, begin: u32, end: u32): void { map2<f32, HardswishBackward<f32>>(block, begin, end); }
export function hardswish_backward_f64(block: usize, begin: u32, end: u32): void { map2<f64, HardswishBackward<f64>>(block, begin, end); }

/** 0, (x + 3) / 6, 1. */
@final class Hardsigmoid<T> extends Unary<T> {
  @inline many(x: v128): v128 {
    return v128.div<T>(v128.pmin<T>(v128.pmax<T>(v128.add<T>(x, c<T>(3)), c<T>(0)), c<T>(6)), c<T>(6));
  }
}
export function hardsigmoid_f32(block: usize, begin: u32, end: u32): void { map1<f32, Hardsigmoid<f32>>(block, begin, end); }
export function hardsigmoid_f64(block: usize, begin: u32, end: u32): void { map1<f64, Hardsigmoid<f64>>(block, begin, end); }

/** x where |x| > l, else 0: operands x, l; NaN stays. */
@final class Hardshrink<T> extends Binary<T> {
  @inline many(x: v128, l: v128): v128 { return v128.andnot(x, v128.le<T>(v128.abs<T>(x), l)); }
}
export function hardshrink_f32(block: usize, begin: u32, end: u32): void { map2<f32, Hardshrink<f32>>(block, begin, end); }
export function hardshrink_f64(block: usize, begin: u32, end: u32): void { map2<f64, Hardshrink<f64>>(block, begin, end); }

/** a where |x| > l or x is NaN, else 0: operands a, x, l. */
@final class Beyond<T> extends Ternary<T> {
  @inline many(a: v128, x: v128, l: v128): v128 { return v128.andnot(a, v128.le<T>(v128.abs<T>(x), l)); }
}
export function beyond_f32(block: usize, begin: u32, end: u32): void { map3<f32, Beyond<f32>>(block, begin, end); }
export function beyond_f64(block: usize, begin: u32, end: u32): void { map3<f64, Beyond<f64>>(block, begin, end); }

/** x − l above l, x + l below −l, 0 between: operands x, l; NaN stays. */
@final class Softshrink<T> extends Binary<T> {
  @inline many(x: v128, l: v128): v128 {
    const lower = v128.pmin<T>(v128.add<T>(x, l), c<T>(0));
    return select(v128.gt<T>(x, l), v128.sub<T>(x, l), lower);
  }
}
export function softshrink_f32(block: usize, begin: u32, end: u32): void { map2<f32, Softshrink<f32>>(block, begin, end); }
export function softshrink_f64(block: usize, begin: u32, end: u32): void { map2<f64, Softshrink<f64>>(block, begin, end); }

/** 0 where x ≤ t, else a: operands a, x, t. */
@final class ThresholdBackward<T> extends Ternary<T> {
  @inline many(a: v128, x: v128, t: v128): v128 { return v128.andnot(a, v128.le<T>(x, t)); }
}
export function threshold_backward_f32(block: usize, begin: u32, end: u32): void { map3<f32, ThresholdBackward<f32>>(block, begin, end); }
export function threshold_backward_f64(block: usize, begin: u32, end: u32): void { map3<f64, ThresholdBackward<f64>>(block, begin, end); }

/** v where x ≤ t, else x: operands x, t, v. */
@final class Threshold<T> extends Ternary<T> {
  @inline many(x: v128, t: v128, v: v128): v128 { return select(v128.le<T>(x, t), v, x); }
}
export function threshold_f32(block: usize, begin: u32, end: u32): void { map3<f32, Threshold<f32>>(block, begin, end); }
export function threshold_f64(block: usize, begin: u32, end: u32): void { map3<f64, Threshold<f64>>(block, begin, end); }
export function threshold_i32(block: usize, begin: u32, end: u32): void { map3<i32, Threshold<i32>>(block, begin, end); }
