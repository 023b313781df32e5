// Comparisons and logic: results are bool.

import { test1, test2 } from "../loops/map";
import { Comparison, Test } from "../rules";

@final class Eq<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.eq<T>(a, b); }
}
export function eq_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Eq<f32>>(block, begin, end); }
export function eq_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Eq<f64>>(block, begin, end); }
export function eq_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Eq<i32>>(block, begin, end); }
export function eq_u8(block: usize, begin: u32, end: u32): void { test2<u8, Eq<u8>>(block, begin, end); }

@final class Ne<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.ne<T>(a, b); }
}
export function ne_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Ne<f32>>(block, begin, end); }
export function ne_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Ne<f64>>(block, begin, end); }
export function ne_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Ne<i32>>(block, begin, end); }
export function ne_u8(block: usize, begin: u32, end: u32): void { test2<u8, Ne<u8>>(block, begin, end); }

@final class Lt<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.lt<T>(a, b); }
}
export function lt_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Lt<f32>>(block, begin, end); }
export function lt_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Lt<f64>>(block, begin, end); }
export function lt_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Lt<i32>>(block, begin, end); }
export function lt_u8(block: usize, begin: u32, end: u32): void { test2<u8, Lt<u8>>(block, begin, end); }

@final class Le<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.le<T>(a, b); }
}
export function le_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Le<f32>>(block, begin, end); }
export function le_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Le<f64>>(block, begin, end); }
export function le_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Le<i32>>(block, begin, end); }
export function le_u8(block: usize, begin: u32, end: u32): void { test2<u8, Le<u8>>(block, begin, end); }

@final class Gt<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.gt<T>(a, b); }
}
export function gt_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Gt<f32>>(block, begin, end); }
export function gt_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Gt<f64>>(block, begin, end); }
export function gt_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Gt<i32>>(block, begin, end); }
export function gt_u8(block: usize, begin: u32, end: u32): void { test2<u8, Gt<u8>>(block, begin, end); }

@final class Ge<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.ge<T>(a, b); }
}
export function ge_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, Ge<f32>>(block, begin, end); }
export function ge_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, Ge<f64>>(block, begin, end); }
export function ge_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, Ge<i32>>(block, begin, end); }
export function ge_u8(block: usize, begin: u32, end: u32): void { test2<u8, Ge<u8>>(block, begin, end); }

/** Lanes of ones where an element counts as true: it is not zero, or NaN. */
@inline function truth<T>(a: v128): v128 {
  return v128.ne<T>(a, v128.splat<T>(<T>0));
}

@final class LogicalAnd<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.and(truth<T>(a), truth<T>(b)); }
}
export function logical_and_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, LogicalAnd<f32>>(block, begin, end); }
export function logical_and_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, LogicalAnd<f64>>(block, begin, end); }
export function logical_and_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, LogicalAnd<i32>>(block, begin, end); }
export function logical_and_u8(block: usize, begin: u32, end: u32): void { test2<u8, LogicalAnd<u8>>(block, begin, end); }

@final class LogicalOr<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.or(truth<T>(a), truth<T>(b)); }
}
export function logical_or_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, LogicalOr<f32>>(block, begin, end); }
export function logical_or_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, LogicalOr<f64>>(block, begin, end); }
export function logical_or_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, LogicalOr<i32>>(block, begin, end); }
export function logical_or_u8(block: usize, begin: u32, end: u32): void { test2<u8, LogicalOr<u8>>(block, begin, end); }

@final class LogicalXor<T> extends Comparison<T> {
  @inline many(a: v128, b: v128): v128 { return v128.xor(truth<T>(a), truth<T>(b)); }
}
export function logical_xor_f32_u8(block: usize, begin: u32, end: u32): void { test2<f32, LogicalXor<f32>>(block, begin, end); }
export function logical_xor_f64_u8(block: usize, begin: u32, end: u32): void { test2<f64, LogicalXor<f64>>(block, begin, end); }
export function logical_xor_i32_u8(block: usize, begin: u32, end: u32): void { test2<i32, LogicalXor<i32>>(block, begin, end); }
export function logical_xor_u8(block: usize, begin: u32, end: u32): void { test2<u8, LogicalXor<u8>>(block, begin, end); }

@final class LogicalNot<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.not(truth<T>(a)); }
}
export function logical_not_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, LogicalNot<f32>>(block, begin, end); }
export function logical_not_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, LogicalNot<f64>>(block, begin, end); }
export function logical_not_i32_u8(block: usize, begin: u32, end: u32): void { test1<i32, LogicalNot<i32>>(block, begin, end); }
export function logical_not_u8(block: usize, begin: u32, end: u32): void { test1<u8, LogicalNot<u8>>(block, begin, end); }

@final class IsNan<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.ne<T>(a, a); }
}
export function isnan_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, IsNan<f32>>(block, begin, end); }
export function isnan_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, IsNan<f64>>(block, begin, end); }

@final class IsInf<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.eq<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}
export function isinf_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, IsInf<f32>>(block, begin, end); }
export function isinf_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, IsInf<f64>>(block, begin, end); }

@final class IsFinite<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.lt<T>(v128.abs<T>(a), v128.splat<T>(<T>Infinity)); }
}
export function isfinite_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, IsFinite<f32>>(block, begin, end); }
export function isfinite_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, IsFinite<f64>>(block, begin, end); }

@final class IsPosInf<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.eq<T>(a, v128.splat<T>(<T>Infinity)); }
}
export function isposinf_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, IsPosInf<f32>>(block, begin, end); }
export function isposinf_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, IsPosInf<f64>>(block, begin, end); }

@final class IsNegInf<T> extends Test<T> {
  @inline many(a: v128): v128 { return v128.eq<T>(a, v128.splat<T>(<T>-Infinity)); }
}
export function isneginf_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, IsNegInf<f32>>(block, begin, end); }
export function isneginf_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, IsNegInf<f64>>(block, begin, end); }

/** The sign bit, of zeros and NaN too. */
@final class SignBit<T> extends Test<T> {
  @inline many(a: v128): v128 { return sizeof<T>() == 4 ? i32x4.shr_s(a, 31) : i64x2.shr_s(a, 63); }
}
export function signbit_f32_u8(block: usize, begin: u32, end: u32): void { test1<f32, SignBit<f32>>(block, begin, end); }
export function signbit_f64_u8(block: usize, begin: u32, end: u32): void { test1<f64, SignBit<f64>>(block, begin, end); }
export function signbit_i32_u8(block: usize, begin: u32, end: u32): void { test1<i32, SignBit<i32>>(block, begin, end); }
