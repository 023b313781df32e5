// Arithmetic of two operands: add, sub, mul, div, pow and kin.

import { STATUS_DIVISION, fail } from "../block";
import { map2, map2heavy } from "../loops/map";
import { pow } from "../math/pow";
import { Binary, LanewiseBinary } from "../rules";

@final class Add<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.add<T>(a, b); }
}
export function add_f32(block: usize, begin: u32, end: u32): void { map2<f32, Add<f32>>(block, begin, end); }
export function add_f64(block: usize, begin: u32, end: u32): void { map2<f64, Add<f64>>(block, begin, end); }
export function add_i32(block: usize, begin: u32, end: u32): void { map2<i32, Add<i32>>(block, begin, end); }

@final class Sub<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.sub<T>(a, b); }
}
export function sub_f32(block: usize, begin: u32, end: u32): void { map2<f32, Sub<f32>>(block, begin, end); }
export function sub_f64(block: usize, begin: u32, end: u32): void { map2<f64, Sub<f64>>(block, begin, end); }
export function sub_i32(block: usize, begin: u32, end: u32): void { map2<i32, Sub<i32>>(block, begin, end); }

@final class Mul<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.mul<T>(a, b); }
}
export function mul_f32(block: usize, begin: u32, end: u32): void { map2<f32, Mul<f32>>(block, begin, end); }
export function mul_f64(block: usize, begin: u32, end: u32): void { map2<f64, Mul<f64>>(block, begin, end); }
export function mul_i32(block: usize, begin: u32, end: u32): void { map2<i32, Mul<i32>>(block, begin, end); }

@final class Div<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return v128.div<T>(a, b); }
}
export function div_f32(block: usize, begin: u32, end: u32): void { map2<f32, Div<f32>>(block, begin, end); }
export function div_f64(block: usize, begin: u32, end: u32): void { map2<f64, Div<f64>>(block, begin, end); }
