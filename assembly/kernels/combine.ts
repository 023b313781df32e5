// Functions of two and more operands that have a formula of their own: addcmul to nextafter.

import { pointerOf } from "../block";
import { map2, map2heavy, map3 } from "../loops/map";
import { one } from "../math/exp";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { Binary, Ternary, lanewise2 } from "../rules";
import { exp2Called, expCalled, log1pCalled, logCalled } from "../special/vector";

/** Puts a scalar operand, four copies of it or two, where the rule finds it by `kept`. */
@inline function keepScalar<T>(block: usize, operand: u32): void {
  v128.store(scratch() + KERNEL_SCRATCH, v128.splat<T>(load<T>(pointerOf(block, operand))));
}

@inline function kept(): v128 {
  return v128.load(scratch() + KERNEL_SCRATCH);
}

/** self + value · a · b: operands self, a, b, and the scalar value. */
@final class Addcmul<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.add<T>(a, v128.mul<T>(v128.mul<T>(kept(), b), c)); }
}
@inline function addcmul<T>(block: usize, begin: u32, end: u32): void {
  keepScalar<T>(block, 4);
  map3<T, Addcmul<T>>(block, begin, end);
}
export function addcmul_f32(block: usize, begin: u32, end: u32): void { addcmul<f32>(block, begin, end); }
export function addcmul_f64(block: usize, begin: u32, end: u32): void { addcmul<f64>(block, begin, end); }
export function addcmul_i32(block: usize, begin: u32, end: u32): void { addcmul<i32>(block, begin, end); }

/** self + value · a / b: operands self, a, b, and the scalar value. */
@final class Addcdiv<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.add<T>(a, v128.div<T>(v128.mul<T>(kept(), b), c)); }
}
@inline function addcdiv<T>(block: usize, begin: u32, end: u32): void {
  keepScalar<T>(block, 4);
  map3<T, Addcdiv<T>>(block, begin, end);
}
export function addcdiv_f32(block: usize, begin: u32, end: u32): void { addcdiv<f32>(block, begin, end); }
export function addcdiv_f64(block: usize, begin: u32, end: u32): void { addcdiv<f64>(block, begin, end); }

/** a + w (b − a), from the nearer end, so that weight 1 gives b exactly: operands a, b, w. */
@final class Lerp<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 {
    const way = v128.sub<T>(b, a);
    const near = v128.add<T>(a, v128.mul<T>(c, way));
    const far = v128.sub<T>(b, v128.mul<T>(way, v128.sub<T>(v128.splat<T>(<T>1), c)));
    return v128.bitselect(near, far, v128.lt<T>(v128.abs<T>(c), v128.splat<T>(<T>0.5)));
  }
}
export function lerp_f32(block: usize, begin: u32, end: u32): void { map3<f32, Lerp<f32>>(block, begin, end); }
export function lerp_f64(block: usize, begin: u32, end: u32): void { map3<f64, Lerp<f64>>(block, begin, end); }

/** √(a² + b²) without overflow on the way; ∞ if one is infinite, even if the other is NaN. */
@final class Hypot<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const x = v128.abs<T>(a), y = v128.abs<T>(b);
    const infinity = v128.splat<T>(<T>Infinity);
    const high = v128.max<T>(x, y);
    const ratio = v128.div<T>(v128.min<T>(x, y), high);
    const root = v128.mul<T>(high, v128.sqrt<T>(v128.add<T>(one<T>(), v128.mul<T>(ratio, ratio))));
    const endless = v128.or(v128.eq<T>(x, infinity), v128.eq<T>(y, infinity));
    return v128.bitselect(infinity, v128.andnot(root, v128.eq<T>(high, v128.splat<T>(<T>0))), endless);
  }
}
export function hypot_f32(block: usize, begin: u32, end: u32): void { map2<f32, Hypot<f32>>(block, begin, end); }
export function hypot_f64(block: usize, begin: u32, end: u32): void { map2<f64, Hypot<f64>>(block, begin, end); }

/** |a| with the sign of b. */
@final class Copysign<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.bitselect(b, a, v128.splat<T>(<T>-0.0)); }
}
export function copysign_f32(block: usize, begin: u32, end: u32): void { map2<f32, Copysign<f32>>(block, begin, end); }
export function copysign_f64(block: usize, begin: u32, end: u32): void { map2<f64, Copysign<f64>>(block, begin, end); }

/** a · y, and 0 where a is 0 unless b is NaN. */
@inline function timesLog<T>(a: v128, b: v128, y: v128): v128 {
  const nothing = v128.and(v128.eq<T>(a, v128.splat<T>(<T>0)), v128.eq<T>(b, b));
  return v128.andnot(v128.mul<T>(a, y), nothing);
}

@final class Xlogy<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return timesLog<T>(a, b, logCalled<T>(b)); }
}
export function xlogy_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Xlogy<f32>>(block, begin, end); }
export function xlogy_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Xlogy<f64>>(block, begin, end); }

@final class Xlog1py<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return timesLog<T>(a, b, log1pCalled<T>(b)); }
}
export function xlog1py_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Xlog1py<f32>>(block, begin, end); }
export function xlog1py_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Xlog1py<f64>>(block, begin, end); }

/** max(a, b) + correction, and max(a, b) itself where both are the same infinity. */
@inline function raised<T>(a: v128, b: v128, correction: v128): v128 {
  const high = v128.max<T>(a, b);
  const infinite = v128.eq<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity));
  return v128.bitselect(high, v128.add<T>(high, correction), v128.and(infinite, v128.eq<T>(a, b)));
}

/** log(eᵃ + eᵇ). */
@final class Logaddexp<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    return raised<T>(a, b, log1pCalled<T>(expCalled<T>(v128.neg<T>(v128.abs<T>(v128.sub<T>(a, b))))));
  }
}
export function logaddexp_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Logaddexp<f32>>(block, begin, end); }
export function logaddexp_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Logaddexp<f64>>(block, begin, end); }

/** log₂(2ᵃ + 2ᵇ). */
@final class Logaddexp2<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const term = log1pCalled<T>(exp2Called<T>(v128.neg<T>(v128.abs<T>(v128.sub<T>(a, b)))));
    return raised<T>(a, b, v128.mul<T>(term, v128.splat<T>(<T>1.4426950408889634)));
  }
}
export function logaddexp2_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Logaddexp2<f32>>(block, begin, end); }
export function logaddexp2_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Logaddexp2<f64>>(block, begin, end); }

/** 0 below 0 and for NaN, b at 0, 1 above: operands a, b. */
@final class Heaviside<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const zero = v128.splat<T>(<T>0);
    return v128.bitselect(b, v128.and(v128.gt<T>(a, zero), v128.splat<T>(<T>1)), v128.eq<T>(a, zero));
  }
}
export function heaviside_f32(block: usize, begin: u32, end: u32): void { map2<f32, Heaviside<f32>>(block, begin, end); }
export function heaviside_f64(block: usize, begin: u32, end: u32): void { map2<f64, Heaviside<f64>>(block, begin, end); }
export function heaviside_i32(block: usize, begin: u32, end: u32): void { map2<i32, Heaviside<i32>>(block, begin, end); }
export function heaviside_u8(block: usize, begin: u32, end: u32): void { map2<u8, Heaviside<u8>>(block, begin, end); }

/** The next number of the dtype from a in the direction of b. */
@final class Nextafter<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<T, Nextafter<T>>(a, b); }
  @inline one(a: T, b: T): T {
    if (a != a || b != b) return a + b as T;
    if (a == b) return b;
    if (sizeof<T>() == 4) {
      if (a == 0) return <T>copysign<f32>(reinterpret<f32>(1), <f32>b);
      return <T>reinterpret<f32>(reinterpret<i32>(<f32>a) + ((a < b) == (a > 0) ? 1 : -1));
    }
    if (a == 0) return <T>copysign<f64>(reinterpret<f64>(1 as u64), <f64>b);
    return <T>reinterpret<f64>(reinterpret<i64>(<f64>a) + ((a < b) == (a > 0) ? 1 : -1));
  }
}
export function nextafter_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Nextafter<f32>>(block, begin, end); }
export function nextafter_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Nextafter<f64>>(block, begin, end); }
