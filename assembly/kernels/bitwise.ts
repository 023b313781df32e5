// Integers bit by bit, and their common divisors and multiples.

import { map1, map2, map2heavy } from "../loops/map";
import { divisor } from "../math/divisor";
import { Binary, Unary, lanewise2 } from "../rules";

@final class And<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.and(a, b); }
}
export function bitwise_and_i32(block: usize, begin: u32, end: u32): void { map2<i32, And<i32>>(block, begin, end); }
export function bitwise_and_u8(block: usize, begin: u32, end: u32): void { map2<u8, And<u8>>(block, begin, end); }

@final class Or<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.or(a, b); }
}
export function bitwise_or_i32(block: usize, begin: u32, end: u32): void { map2<i32, Or<i32>>(block, begin, end); }
export function bitwise_or_u8(block: usize, begin: u32, end: u32): void { map2<u8, Or<u8>>(block, begin, end); }

@final class Xor<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.xor(a, b); }
}
export function bitwise_xor_i32(block: usize, begin: u32, end: u32): void { map2<i32, Xor<i32>>(block, begin, end); }
export function bitwise_xor_u8(block: usize, begin: u32, end: u32): void { map2<u8, Xor<u8>>(block, begin, end); }

@final class Not extends Unary<i32> {
  @inline many(a: v128): v128 { return v128.not(a); }
}
export function bitwise_not_i32(block: usize, begin: u32, end: u32): void { map1<i32, Not>(block, begin, end); }

/** For a bool, not is exclusive or with 1. */
@final class NotBool extends Unary<u8> {
  @inline many(a: v128): v128 { return v128.xor(a, v128.splat<u8>(1)); }
}
export function bitwise_not_u8(block: usize, begin: u32, end: u32): void { map1<u8, NotBool>(block, begin, end); }

/** Bits moved out are lost; 0 for a shift that is negative or wider than the integer. */
@final class LeftShift extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, LeftShift>(a, b); }
  @inline one(a: i32, b: i32): i32 { return <u32>b < 32 ? a << b : 0; }
}
export function bitwise_left_shift_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, LeftShift>(block, begin, end); }

/** The sign moves in; it alone is left by a shift that is negative or wider than the integer. */
@final class RightShift extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, RightShift>(a, b); }
  @inline one(a: i32, b: i32): i32 { return a >> (<u32>b < 32 ? b : 31); }
}
export function bitwise_right_shift_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, RightShift>(block, begin, end); }

@final class Gcd extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, Gcd>(a, b); }
  @inline one(a: i32, b: i32): i32 { return <i32>divisor(a, b); }
}
export function gcd_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, Gcd>(block, begin, end); }

@final class Lcm extends Binary<i32> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<i32, Lcm>(a, b); }
  @inline one(a: i32, b: i32): i32 {
    const common = divisor(a, b);
    return common ? abs(a / <i32>common * b) : 0;
  }
}
export function lcm_i32(block: usize, begin: u32, end: u32): void { map2heavy<i32, Lcm>(block, begin, end); }
