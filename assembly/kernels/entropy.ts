// Elements of losses: binary cross entropy of probabilities and of scores, smooth absolute error, and their slopes.

import { map2, map2heavy, map3, map3heavy } from "../loops/map";
import { exp } from "../math/exp";
import { log, log1p } from "../math/log";
import { sigmoid } from "../math/sigmoid";
import { select } from "../math/vector";
import { Binary, Ternary } from "../rules";

@inline function c<T>(value: f64): v128 {
  return v128.splat<T>(<T>value);
}

/** −t · max(log p, −100) − (1 − t) · max(log(1 − p), −100): operands p, t. */
@final class BinaryCrossEntropy<T> extends Binary<T> {
  @inline many(p: v128, t: v128): v128 {
    const least = c<T>(-100);
    const yes = v128.max<T>(log<T>(p), least);
    const no = v128.max<T>(log1p<T>(v128.neg<T>(p)), least);
    return v128.sub<T>(v128.mul<T>(v128.sub<T>(t, c<T>(1)), no), v128.mul<T>(t, yes));
  }
}
export function bce_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, BinaryCrossEntropy<f32>>(block, begin, end); }
export function bce_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, BinaryCrossEntropy<f64>>(block, begin, end); }

/** g · (p − t) / max(p · (1 − p), 10⁻¹²): operands g, p, t. */
@final class BinaryCrossEntropyBackward<T> extends Ternary<T> {
  @inline many(g: v128, p: v128, t: v128): v128 {
    const spread = v128.max<T>(v128.mul<T>(v128.sub<T>(c<T>(1), p), p), c<T>(1e-12));
    return v128.div<T>(v128.mul<T>(g, v128.sub<T>(p, t)), spread);
  }
}
export function bce_backward_f32(block: usize, begin: u32, end: u32): void { map3<f32, BinaryCrossEntropyBackward<f32>>(block, begin, end); }
export function bce_backward_f64(block: usize, begin: u32, end: u32): void { map3<f64, BinaryCrossEntropyBackward<f64>>(block, begin, end); }

/** max(x, 0) − t · x + log(1 + e^−|x|): operands x, t. */
@final class LogitsCrossEntropy<T> extends Binary<T> {
  @inline many(x: v128, t: v128): v128 {
    const rest = log1p<T>(exp<T>(v128.neg<T>(v128.abs<T>(x))));
    return v128.add<T>(v128.sub<T>(v128.max<T>(x, c<T>(0)), v128.mul<T>(t, x)), rest);
  }
}
export function bce_logits_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, LogitsCrossEntropy<f32>>(block, begin, end); }
export function bce_logits_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, LogitsCrossEntropy<f64>>(block, begin, end); }

/** g · (σ(x) − t): operands g, x, t. */
@final class LogitsCrossEntropyBackward<T> extends Ternary<T> {
  @inline many(g: v128, x: v128, t: v128): v128 { return v128.mul<T>(g, v128.sub<T>(sigmoid<T>(x), t)); }
}
export function bce_logits_backward_f32(block: usize, begin: u32, end: u32): void { map3heavy<f32, LogitsCrossEntropyBackward<f32>>(block, begin, end); }
export function bce_logits_backward_f64(block: usize, begin: u32, end: u32): void { map3heavy<f64, LogitsCrossEntropyBackward<f64>>(block, begin, end); }

/** d² / 2b where d = |x − t| < b, else d − b / 2: operands x, t, b. */
@final class SmoothError<T> extends Ternary<T> {
  @inline many(x: v128, t: v128, b: v128): v128 {
    const half = c<T>(0.5);
    const d = v128.abs<T>(v128.sub<T>(x, t));
    const near = v128.div<T>(v128.mul<T>(half, v128.mul<T>(d, d)), b);
    return select(v128.lt<T>(d, b), near, v128.sub<T>(d, v128.mul<T>(half, b)));
  }
}
export function smooth_error_f32(block: usize, begin: u32, end: u32): void { map3<f32, SmoothError<f32>>(block, begin, end); }
export function smooth_error_f64(block: usize, begin: u32, end: u32): void { map3<f64, SmoothError<f64>>(block, begin, end); }

/** (x − t) / b, not beyond ±1; NaN stays: operands x, t, b. */
@final class SmoothSlope<T> extends Ternary<T> {
  @inline many(x: v128, t: v128, b: v128): v128 {
    return v128.pmin<T>(v128.pmax<T>(v128.div<T>(v128.sub<T>(x, t), b), c<T>(-1)), c<T>(1));
  }
}
export function smooth_slope_f32(block: usize, begin: u32, end: u32): void { map3<f32, SmoothSlope<f32>>(block, begin, end); }
export function smooth_slope_f64(block: usize, begin: u32, end: u32): void { map3<f64, SmoothSlope<f64>>(block, begin, end); }
