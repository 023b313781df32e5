// Arithmetic of two operands: add, sub, mul, div, pow and kin.

import { pointerOf, rankOf, strideOf } from "../block";
import { map2, map2heavy, map2splat } from "../loops/map";
import { pow } from "../math/pow";
import { Binary, lanewise2 } from "../rules";

@final class Add<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
export function add_f32(block: usize, begin: u32, end: u32): void { map2splat<f32, Add<f32>>(block, begin, end); }
export function add_f64(block: usize, begin: u32, end: u32): void { map2<f64, Add<f64>>(block, begin, end); }
export function add_i32(block: usize, begin: u32, end: u32): void { map2<i32, Add<i32>>(block, begin, end); }

@final class Sub<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.sub<T>(a, b); }
}
export function sub_f32(block: usize, begin: u32, end: u32): void { map2splat<f32, Sub<f32>>(block, begin, end); }
export function sub_f64(block: usize, begin: u32, end: u32): void { map2<f64, Sub<f64>>(block, begin, end); }
export function sub_i32(block: usize, begin: u32, end: u32): void { map2<i32, Sub<i32>>(block, begin, end); }

@final class Mul<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}
export function mul_f32(block: usize, begin: u32, end: u32): void { map2splat<f32, Mul<f32>>(block, begin, end); }
export function mul_f64(block: usize, begin: u32, end: u32): void { map2<f64, Mul<f64>>(block, begin, end); }
export function mul_i32(block: usize, begin: u32, end: u32): void { map2<i32, Mul<i32>>(block, begin, end); }

@final class Div<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.div<T>(a, b); }
}
export function div_f32(block: usize, begin: u32, end: u32): void { map2splat<f32, Div<f32>>(block, begin, end); }
export function div_f64(block: usize, begin: u32, end: u32): void { map2<f64, Div<f64>>(block, begin, end); }

@final class Or extends Binary<u8> {
  @inline many(a: v128, b: v128): v128 { return v128.or(a, b); }
}
export function add_u8(block: usize, begin: u32, end: u32): void { map2<u8, Or>(block, begin, end); }

@final class And extends Binary<u8> {
  @inline many(a: v128, b: v128): v128 { return v128.and(a, b); }
}
export function mul_u8(block: usize, begin: u32, end: u32): void { map2<u8, And>(block, begin, end); }

@final class Rsub<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.sub<T>(b, a); }
}
export function rsub_f32(block: usize, begin: u32, end: u32): void { map2<f32, Rsub<f32>>(block, begin, end); }
export function rsub_f64(block: usize, begin: u32, end: u32): void { map2<f64, Rsub<f64>>(block, begin, end); }
export function rsub_i32(block: usize, begin: u32, end: u32): void { map2<i32, Rsub<i32>>(block, begin, end); }

@final class DivTrunc<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.trunc<T>(v128.div<T>(a, b)); }
}
export function div_trunc_f32(block: usize, begin: u32, end: u32): void { map2<f32, DivTrunc<f32>>(block, begin, end); }
export function div_trunc_f64(block: usize, begin: u32, end: u32): void { map2<f64, DivTrunc<f64>>(block, begin, end); }

/** Quotient of integers toward zero; the caller has refused zeros. The least integer by -1 wraps. */
@final class DivTruncInteger extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, DivTruncInteger>(a, b); }
  @inline one(a: i32, b: i32): i32 { return b == -1 ? -a : a / b; }
}
export function div_trunc_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, DivTruncInteger>(block, begin, end); }

/**
 * a / b rounded down as Python does it: from the exact remainder, so that a large quotient is not rounded up by the
 * division; by zero it is the plain quotient.
 */
@inline function floorQuotient<T extends number>(a: T, b: T): T {
  if (b == 0) return a / b as T;
  if (sizeof<T>() == 4) {
    // In float64 the quotient of two float32 is not rounded across a whole number; from 2²⁰ on PyTorch rounds otherwise.
    const quotient = <f64>a / <f64>b;
    if (abs(quotient) < 1048576 && abs(<f64>b) < Infinity) return <T>floor<f64>(quotient);
  }
  const r = remainderOf<T>(a, b);
  let q = (a - r) / b as T;
  if (r != 0 && (b < 0) != (r < 0)) q = q - 1 as T;
  if (q == 0) return copysign<T>(0, a / b as T);
  const down = floor<T>(q);
  return q - down > 0.5 ? down + 1 as T : down;
}
@final class DivFloor<T extends number> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<T, DivFloor<T>>(a, b); }
  @inline one(a: T, b: T): T { return floorQuotient<T>(a, b); }
}
export function div_floor_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, DivFloor<f32>>(block, begin, end); }
export function div_floor_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, DivFloor<f64>>(block, begin, end); }

@final class DivFloorInteger extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, DivFloorInteger>(a, b); }
  @inline one(a: i32, b: i32): i32 {
    if (b == -1) return -a;
    const q = a / b;
    return q * b != a && (a ^ b) < 0 ? q - 1 : q;
  }
}
export function div_floor_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, DivFloorInteger>(block, begin, end); }

/** Exact remainder with the sign of a (C's fmod). */
@inline function remainderOf<T extends number>(a: T, b: T): T {
  return sizeof<T>() == 4 ? <T>fmod32(<f32>a, <f32>b) : <T>fmod64(<f64>a, <f64>b);
}

/** In float64 the product of a quotient below 2²⁹ and a float32 is exact; what rounding the quotient did is put right. */
function fmod32(a: f32, b: f32): f32 {
  const x = abs(<f64>a), y = abs(<f64>b);
  const quotient = x / y;
  if (!(quotient < 536870912) || y == Infinity) return <f32>fmod64(<f64>a, <f64>b);
  let r = x - trunc(quotient) * y;
  r = select<f64>(r + y, r, r < 0);
  r = select<f64>(r - y, r, r >= y);
  return <f32>copysign(r, <f64>a);
}

/** Long division, one bit of the quotient after the other; exact. */
function fmod64(a: f64, b: f64): f64 {
  let x = abs(a);
  const y = abs(b);
  if (!(x < Infinity) || !(y > 0)) return NaN;
  if (y == Infinity || x < y) return a;
  while (x >= y) {
    // y times the largest power of two that keeps it at or below x
    let t = y;
    const exponents = <i64>(reinterpret<u64>(x) >> 52) - <i64>(reinterpret<u64>(y) >> 52);
    if (exponents > 1 && (reinterpret<u64>(y) >> 52) != 0) {
      t = reinterpret<f64>(reinterpret<u64>(y) + (<u64>(exponents - 1) << 52));
      if (t + t <= x) t += t;
    } else while (t + t <= x) t += t;
    x -= t;
  }
  return copysign(x, a);
}

@final class Fmod<T extends number> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<T, Fmod<T>>(a, b); }
  @inline one(a: T, b: T): T { return remainderOf<T>(a, b); }
}
export function fmod_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Fmod<f32>>(block, begin, end); }
export function fmod_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Fmod<f64>>(block, begin, end); }

@final class FmodInteger extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, FmodInteger>(a, b); }
  @inline one(a: i32, b: i32): i32 { return b == -1 ? 0 : a % b; }
}
export function fmod_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, FmodInteger>(block, begin, end); }

/** Remainder with the sign of b (Python's %). */
@final class Remainder<T extends number> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<T, Remainder<T>>(a, b); }
  @inline one(a: T, b: T): T {
    const r = remainderOf<T>(a, b);
    return r != 0 && (b < 0) != (r < 0) ? r + b as T : r;
  }
}
export function remainder_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Remainder<f32>>(block, begin, end); }
export function remainder_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Remainder<f64>>(block, begin, end); }

@final class RemainderInteger extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, RemainderInteger>(a, b); }
  @inline one(a: i32, b: i32): i32 {
    if (b == -1) return 0;
    const r = a % b;
    return r != 0 && (r ^ b) < 0 ? r + b : r;
  }
}
export function remainder_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, RemainderInteger>(block, begin, end); }

@final class Pow<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return pow<T>(a, b); }
}

// Exponents that are one number for all elements and need no logarithm.

@final class PowSquare<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, a); }
}
@final class PowCube<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(v128.mul<T>(a, a), a); }
}
@final class PowRoot<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.sqrt<T>(a); }
}
@final class PowInverse<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), a); }
}
@final class PowInverseSquare<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), v128.mul<T>(a, a)); }
}
@final class PowInverseRoot<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.div<T>(v128.splat<T>(<T>1), v128.sqrt<T>(a)); }
}

/** The exponent if all elements have the same one, else 0, which has no path of its own. */
@inline function commonExponent<T extends number>(block: usize): f64 {
  for (let d: u32 = 0; d < rankOf(block); d++) if (strideOf(block, 2, d)) return 0;
  return <f64>load<T>(pointerOf(block, 2));
}

/** Powers of floats; 2, 3, ½, −1, −2 and −½ as common exponent are products, roots and quotients, as in PyTorch. */
@inline function powers<T extends number>(block: usize, begin: u32, end: u32): void {
  const exponent = commonExponent<T>(block);
  if (exponent == 2) map2<T, PowSquare<T>>(block, begin, end);
  else if (exponent == 3) map2<T, PowCube<T>>(block, begin, end);
  else if (exponent == 0.5) map2<T, PowRoot<T>>(block, begin, end);
  else if (exponent == -1) map2<T, PowInverse<T>>(block, begin, end);
  else if (exponent == -2) map2<T, PowInverseSquare<T>>(block, begin, end);
  else if (exponent == -0.5) map2<T, PowInverseRoot<T>>(block, begin, end);
  else map2heavy<T, Pow<T>>(block, begin, end);
}
export function pow_f32(block: usize, begin: u32, end: u32): void { powers<f32>(block, begin, end); }
export function pow_f64(block: usize, begin: u32, end: u32): void { powers<f64>(block, begin, end); }

/** Powers of integers by squaring, wrapping; a negative exponent (of base 1 or -1) counts the sign. */
@final class PowInteger extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, PowInteger>(a, b); }
  @inline one(a: i32, b: i32): i32 {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    let r = 1;
    for (let n = b, p = a; n; n >>= 1, p *= p) if (n & 1) r *= p;
    return r;
  }
}
export function pow_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, PowInteger>(block, begin, end); }

@final class Maximum<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.max<T>(a, b); }
}
export function maximum_f32(block: usize, begin: u32, end: u32): void { map2<f32, Maximum<f32>>(block, begin, end); }
export function maximum_f64(block: usize, begin: u32, end: u32): void { map2<f64, Maximum<f64>>(block, begin, end); }
export function maximum_i32(block: usize, begin: u32, end: u32): void { map2<i32, Maximum<i32>>(block, begin, end); }
export function maximum_u8(block: usize, begin: u32, end: u32): void { map2<u8, Maximum<u8>>(block, begin, end); }

@final class Minimum<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.min<T>(a, b); }
}
export function minimum_f32(block: usize, begin: u32, end: u32): void { map2<f32, Minimum<f32>>(block, begin, end); }
export function minimum_f64(block: usize, begin: u32, end: u32): void { map2<f64, Minimum<f64>>(block, begin, end); }
export function minimum_i32(block: usize, begin: u32, end: u32): void { map2<i32, Minimum<i32>>(block, begin, end); }
export function minimum_u8(block: usize, begin: u32, end: u32): void { map2<u8, Minimum<u8>>(block, begin, end); }
