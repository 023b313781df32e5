// Evenly spaced values. A constant fill is a copy from a scalar operand (see `copy_w4`).

import { integer, parameter, pointerOf } from "../block";
import { along } from "../loops/runs";
import { colStride } from "../loops/walk";

/**
 * out[i] = start + i·step, computed in float64 and rounded once.
 * Operand out over a nest of one dim, range of its elements, parameters start, step.
 */
@inline function arange<T extends number>(block: usize, begin: u32, end: u32): void {
  let start = parameter(block, 0), step = parameter(block, 1);
  if (isInteger<T>()) {
    start = trunc(start);
    step = trunc(step);
  }
  const stride = colStride(block, 0);
  let out = pointerOf(block, 0) + along(begin, stride);
  for (let i = begin; i < end; i++) {
    store<T>(out, <T>(start + <f64>i * step));
    out += stride;
  }
}

/**
 * n values from a to b, both reached exactly: out[i] = a + i·step in the first half, b − (n − 1 − i)·step in the
 * second, step = (b − a) / (n − 1), all in `S`. One value is a. The formula is PyTorch's, whose 1.13 starts it anew for
 * each vector and so differs in the last bit, for integers by one.
 * Operand out over a nest of one dim, range of its elements, parameters a, b, n.
 */
@inline function linspace<T extends number, S extends number>(block: usize, begin: u32, end: u32): void {
  // Bounds are of the result's dtype first: an integer result has integer bounds.
  const a = <S>(<T>parameter(block, 0)), b = <S>(<T>parameter(block, 1));
  const n = <u32>integer(block, 2);
  const step: S = n > 1 ? ((b - a) as S) / <S>(n - 1) : <S>0;
  const half = n > 1 ? n / 2 : 1;
  const stride = colStride(block, 0);
  let out = pointerOf(block, 0) + along(begin, stride);
  for (let i = begin; i < end; i++) {
    const value: S = i < half ? a + step * <S>i : b - step * <S>(n - 1 - i);
    store<T>(out, <T>value);
    out += stride;
  }
}

/** Evenly spaced by a step, float32; see `arange`. */
export function arange_f32(block: usize, begin: u32, end: u32): void {
  arange<f32>(block, begin, end);
}
/** Evenly spaced by a step, float64. */
export function arange_f64(block: usize, begin: u32, end: u32): void {
  arange<f64>(block, begin, end);
}
/** Evenly spaced by a step, int32; start and step are truncated first. */
export function arange_i32(block: usize, begin: u32, end: u32): void {
  arange<i32>(block, begin, end);
}
export function arange_i64(block: usize, begin: u32, end: u32): void {
  arange<i64>(block, begin, end);
}

/** Evenly spaced between bounds, float32; see `linspace`. */
export function linspace_f32(block: usize, begin: u32, end: u32): void {
  linspace<f32, f32>(block, begin, end);
}
/** Evenly spaced between bounds, float64. */
export function linspace_f64(block: usize, begin: u32, end: u32): void {
  linspace<f64, f64>(block, begin, end);
}
/** Evenly spaced between bounds truncated to int32, in float64, each value truncated. */
export function linspace_i32(block: usize, begin: u32, end: u32): void {
  linspace<i32, f64>(block, begin, end);
}
export function linspace_i64(block: usize, begin: u32, end: u32): void {
  linspace<i64, f64>(block, begin, end);
}
