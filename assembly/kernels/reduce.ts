// Reductions of the last dims of a nest to one element each: sums, products, extrema, logic, counts, norms.
//
// All kernels here: parameter 0 is the number of reduced dims, the last ones of the nest; the range is the flat index
// over the other dims; operands are the result, then the input. Reducing nothing gives the neutral element.

import { reduce } from "../loops/reduce";
import {
  All, Any, CountNonzero, Max, Mean, Min, Norm1, Norm2, NormInf, Product, Sum, SumOfNumbers,
} from "./reduce/folds";

export * from "./reduce/extremum";
export * from "./reduce/moments";

/** Sum, pairwise in the dtype of the input; int32 wraps. A bool input gives int32. */
export function sum_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Sum<f32>, Sum<f32>>(block, begin, end);
}
export function sum_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Sum<f64>, Sum<f64>>(block, begin, end);
}
export function sum_i32(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, i32, Sum<i32>, Sum<i32>>(block, begin, end);
}
export function sum_i64(block: usize, begin: u32, end: u32): void {
  reduce<i64, i64, i64, Sum<i64>, Sum<i64>>(block, begin, end);
}
export function sum_u8_i32(block: usize, begin: u32, end: u32): void {
  reduce<u8, i32, i32, Sum<i32>, Sum<i32>>(block, begin, end);
}

/** Mean: the sum divided by the number of elements; NaN of none. */
export function mean_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Sum<f32>, Mean<f32>>(block, begin, end);
}
export function mean_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Sum<f64>, Mean<f64>>(block, begin, end);
}

/** Product; int32 wraps. A bool input gives int32. */
export function prod_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Product<f32>, Product<f32>>(block, begin, end);
}
export function prod_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Product<f64>, Product<f64>>(block, begin, end);
}
export function prod_i32(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, i32, Product<i32>, Product<i32>>(block, begin, end);
}
export function prod_i64(block: usize, begin: u32, end: u32): void {
  reduce<i64, i64, i64, Product<i64>, Product<i64>>(block, begin, end);
}
export function prod_u8_i32(block: usize, begin: u32, end: u32): void {
  reduce<u8, i32, i32, Product<i32>, Product<i32>>(block, begin, end);
}

/** Largest element; NaN if there is one. The caller refuses empty reductions. */
export function amax_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Max<f32>, Max<f32>>(block, begin, end);
}
export function amax_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Max<f64>, Max<f64>>(block, begin, end);
}
export function amax_i32(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, i32, Max<i32>, Max<i32>>(block, begin, end);
}
export function amax_i64(block: usize, begin: u32, end: u32): void {
  reduce<i64, i64, i64, Max<i64>, Max<i64>>(block, begin, end);
}
export function amax_u8(block: usize, begin: u32, end: u32): void {
  reduce<u8, u8, u8, Max<u8>, Max<u8>>(block, begin, end);
}

/** Smallest element; NaN if there is one. The caller refuses empty reductions. */
export function amin_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Min<f32>, Min<f32>>(block, begin, end);
}
export function amin_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Min<f64>, Min<f64>>(block, begin, end);
}
export function amin_i32(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, i32, Min<i32>, Min<i32>>(block, begin, end);
}
export function amin_i64(block: usize, begin: u32, end: u32): void {
  reduce<i64, i64, i64, Min<i64>, Min<i64>>(block, begin, end);
}
export function amin_u8(block: usize, begin: u32, end: u32): void {
  reduce<u8, u8, u8, Min<u8>, Min<u8>>(block, begin, end);
}

/** Whether any element differs from 0; NaN does. The result is bool. */
export function any_f32_u8(block: usize, begin: u32, end: u32): void {
  reduce<f32, i32, u8, Any<f32, i32>, Any<f32, i32>>(block, begin, end);
}
export function any_f64_u8(block: usize, begin: u32, end: u32): void {
  reduce<f64, i64, u8, Any<f64, i64>, Any<f64, i64>>(block, begin, end);
}
export function any_i32_u8(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, u8, Any<i32, i32>, Any<i32, i32>>(block, begin, end);
}
export function any_u8(block: usize, begin: u32, end: u32): void {
  reduce<u8, u8, u8, Any<u8, u8>, Any<u8, u8>>(block, begin, end);
}

/** Whether all elements differ from 0; NaN does. The result is bool. */
export function all_f32_u8(block: usize, begin: u32, end: u32): void {
  reduce<f32, i32, u8, All<f32, i32>, All<f32, i32>>(block, begin, end);
}
export function all_f64_u8(block: usize, begin: u32, end: u32): void {
  reduce<f64, i64, u8, All<f64, i64>, All<f64, i64>>(block, begin, end);
}
export function all_i32_u8(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, u8, All<i32, i32>, All<i32, i32>>(block, begin, end);
}
export function all_u8(block: usize, begin: u32, end: u32): void {
  reduce<u8, u8, u8, All<u8, u8>, All<u8, u8>>(block, begin, end);
}

/** How many elements differ from 0, as int32; NaN does. */
export function count_nonzero_f32_i32(block: usize, begin: u32, end: u32): void {
  reduce<f32, i32, i32, CountNonzero<f32, i32>, CountNonzero<f32, i32>>(block, begin, end);
}
export function count_nonzero_f64_i32(block: usize, begin: u32, end: u32): void {
  reduce<f64, i64, i32, CountNonzero<f64, i64>, CountNonzero<f64, i64>>(block, begin, end);
}
export function count_nonzero_i32(block: usize, begin: u32, end: u32): void {
  reduce<i32, i32, i32, CountNonzero<i32, i32>, CountNonzero<i32, i32>>(block, begin, end);
}
export function count_nonzero_u8_i32(block: usize, begin: u32, end: u32): void {
  reduce<u8, i32, i32, Sum<i32>, Sum<i32>>(block, begin, end);
}

/** Sum of the elements that are not NaN. */
export function nansum_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, SumOfNumbers<f32>, SumOfNumbers<f32>>(block, begin, end);
}
export function nansum_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, SumOfNumbers<f64>, SumOfNumbers<f64>>(block, begin, end);
}

/** Euclidean norm √(Σ x²). */
export function norm2_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Norm2<f32>, Norm2<f32>>(block, begin, end);
}
export function norm2_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Norm2<f64>, Norm2<f64>>(block, begin, end);
}

/** Σ |x|. */
export function norm1_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, Norm1<f32>, Norm1<f32>>(block, begin, end);
}
export function norm1_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, Norm1<f64>, Norm1<f64>>(block, begin, end);
}

/** Largest |x|; NaN if there is one, 0 of none. */
export function norminf_f32(block: usize, begin: u32, end: u32): void {
  reduce<f32, f32, f32, NormInf<f32>, NormInf<f32>>(block, begin, end);
}
export function norminf_f64(block: usize, begin: u32, end: u32): void {
  reduce<f64, f64, f64, NormInf<f64>, NormInf<f64>>(block, begin, end);
}
