// Squared differences and their derivative, for the mean squared error.

import { map2, map3 } from "../loops/map";
import { Binary, Ternary } from "../rules";

/** (a − b)². */
@final class SquaredDifference<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 {
    const d = v128.sub<T>(a, b);
    return v128.mul<T>(d, d);
  }
}
export function squared_difference_f32(block: usize, begin: u32, end: u32): void {
  map2<f32, SquaredDifference<f32>>(block, begin, end);
}
export function squared_difference_f64(block: usize, begin: u32, end: u32): void {
  map2<f64, SquaredDifference<f64>>(block, begin, end);
}

/** (a − b) · c. */
@final class ScaledDifference<T> extends Ternary<T> {
  @inline many(a: v128, b: v128, c: v128): v128 { return v128.mul<T>(v128.sub<T>(a, b), c); }
}
export function scaled_difference_f32(block: usize, begin: u32, end: u32): void {
  map3<f32, ScaledDifference<f32>>(block, begin, end);
}
export function scaled_difference_f64(block: usize, begin: u32, end: u32): void {
  map3<f64, ScaledDifference<f64>>(block, begin, end);
}
