// Functions of one operand with a formula of their own: sinc, logit, entropy, parts of floats, replaced NaN.

import { pointerOf } from "../block";
import { map1, map1heavy, map2heavy } from "../loops/map";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { Binary, Unary, lanewise1 } from "../rules";
import { logCalled, sinCalled } from "../special/vector";

/** sin(πx) / (πx), and 1 at 0. */
@final class Sinc<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    const angle = v128.mul<T>(a, v128.splat<T>(<T>3.141592653589793));
    const value = v128.div<T>(sinCalled<T>(angle), angle);
    return v128.bitselect(v128.splat<T>(<T>1), value, v128.eq<T>(a, v128.splat<T>(<T>0)));
  }
}
export function sinc_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Sinc<f32>>(block, begin, end); }
export function sinc_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Sinc<f64>>(block, begin, end); }

/** log(x / (1 − x)) of x brought into [eps, 1 − eps], as it is where eps is negative: operands x, eps. */
@final class Logit<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const one = v128.splat<T>(<T>1);
    const inside = v128.min<T>(v128.max<T>(a, b), v128.sub<T>(one, b));
    const x = v128.bitselect(a, inside, v128.lt<T>(b, v128.splat<T>(<T>0)));
    return logCalled<T>(v128.div<T>(x, v128.sub<T>(one, x)));
  }
}
export function logit_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Logit<f32>>(block, begin, end); }
export function logit_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Logit<f64>>(block, begin, end); }

/** −x log x; 0 at 0, −∞ below. */
@final class Entr<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    const zero = v128.splat<T>(<T>0);
    const value = v128.andnot(v128.mul<T>(v128.neg<T>(a), logCalled<T>(a)), v128.eq<T>(a, zero));
    return v128.bitselect(v128.splat<T>(<T>-Infinity), value, v128.lt<T>(a, zero));
  }
}
export function entr_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Entr<f32>>(block, begin, end); }
export function entr_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Entr<f64>>(block, begin, end); }

/** The exponent e of x = m · 2ᵉ with ½ ≤ |m| < 1; 0 for 0, infinities and NaN. */
function binaryExponent(x: f64): i32 {
  const magnitude = abs(x);
  if (magnitude == 0 || !(magnitude < Infinity)) return 0;
  const bits = reinterpret<u64>(magnitude);
  if (bits >> 52) return <i32>(bits >> 52) - 1022;
  return -1010 - <i32>clz(bits);
}

/** The exponent, as a number of the dtype. */
@final class FrexpExponent<T extends number> extends Unary<T> {
  @inline many(a: v128): v128 { return lanewise1<T, FrexpExponent<T>>(a); }
  @inline one(a: T): T { return <T>binaryExponent(<f64>a); }
}
export function frexp_exponent_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, FrexpExponent<f32>>(block, begin, end); }
export function frexp_exponent_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, FrexpExponent<f64>>(block, begin, end); }

/** x · 2⁻ᵉ, exact: in two steps, as 2⁻ᵉ may be beyond the range. */
function mantissa(x: f64): f64 {
  const e = -binaryExponent(x);
  const half = e >> 1;
  return x * reinterpret<f64>(<u64>(half + 1023) << 52) * reinterpret<f64>(<u64>(e - half + 1023) << 52);
}

@final class FrexpMantissa<T extends number> extends Unary<T> {
  @inline many(a: v128): v128 { return lanewise1<T, FrexpMantissa<T>>(a); }
  @inline one(a: T): T { return <T>mantissa(<f64>a); }
}
export function frexp_mantissa_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, FrexpMantissa<f32>>(block, begin, end); }
export function frexp_mantissa_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, FrexpMantissa<f64>>(block, begin, end); }

@inline function kept(index: i32): v128 {
  return v128.load(scratch() + KERNEL_SCRATCH + (index << 4));
}

/** x with other numbers in the place of NaN, ∞ and −∞: operands x, and three scalars. */
@final class NanToNum<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    let r = v128.bitselect(kept(0), a, v128.ne<T>(a, a));
    r = v128.bitselect(kept(1), r, v128.eq<T>(a, v128.splat<T>(<T>Infinity)));
    return v128.bitselect(kept(2), r, v128.eq<T>(a, v128.splat<T>(<T>-Infinity)));
  }
}
@inline function nanToNum<T>(block: usize, begin: u32, end: u32): void {
  for (let k: u32 = 0; k < 3; k++) {
    v128.store(scratch() + KERNEL_SCRATCH + (k << 4), v128.splat<T>(load<T>(pointerOf(block, 2 + k))));
  }
  map1<T, NanToNum<T>>(block, begin, end);
}
export function nan_to_num_f32(block: usize, begin: u32, end: u32): void { nanToNum<f32>(block, begin, end); }
export function nan_to_num_f64(block: usize, begin: u32, end: u32): void { nanToNum<f64>(block, begin, end); }

/** π below 0, else 0; NaN for NaN. */
@final class Angle<T> extends Unary<T> {
  @inline many(a: v128): v128 {
    const below = v128.and(v128.lt<T>(a, v128.splat<T>(<T>0)), v128.splat<T>(<T>3.141592653589793));
    return v128.bitselect(a, below, v128.ne<T>(a, a));
  }
}
export function angle_f32(block: usize, begin: u32, end: u32): void { map1<f32, Angle<f32>>(block, begin, end); }
export function angle_f64(block: usize, begin: u32, end: u32): void { map1<f64, Angle<f64>>(block, begin, end); }
