// Symmetric indefinite matrices: A = P L D Lᵀ Pᵀ with blocks of one or two rows in D (Bunch and Kaufman, "Some stable methods for
// calculating inertia and solving symmetric linear systems", 1977), packed and with pivots as in LAPACK's sytrf, lower. Ranges
// and layouts as in lu.ts.

import { pointerOf, sizeOf } from "../../block";
import { axpy, exchange } from "./rows";

/** Of the largest element off the diagonal, what the diagonal must have to be a pivot by itself: (1 + √17) / 8. */
const SHARE: f64 = 0.6403882032022076;

@inline function at<T>(a: usize, n: u32, i: u32, j: u32): usize {
  return a + (<usize>i * n + j) * sizeof<T>();
}

@inline function value<T>(a: usize, n: u32, i: u32, j: u32): T {
  return load<T>(at<T>(a, n, i, j));
}

/** Exchanges rows and columns p < q of the part of a symmetric matrix, lower triangle, from row and column k on. */
function swap<T extends number>(a: usize, n: u32, p: u32, q: u32): void {
  for (let i = q + 1; i < n; i++) exchange<T>(at<T>(a, n, i, p), at<T>(a, n, i, q), 1);
  for (let i = p + 1; i < q; i++) exchange<T>(at<T>(a, n, i, p), at<T>(a, n, q, i), 1);
  exchange<T>(at<T>(a, n, p, p), at<T>(a, n, q, q), 1);
}

/** The pivot block at k: its size in the lowest bit plus one, the row to exchange above it; or -1 for a column of zeros. */
function choose<T extends number>(a: usize, n: u32, k: u32): i32 {
  const own = abs<f64>(<f64>value<T>(a, n, k, k));
  let most: f64 = 0;
  let row = k;
  for (let i = k + 1; i < n; i++) {
    const size = abs<f64>(<f64>value<T>(a, n, i, k));
    if (size > most) {
      most = size;
      row = i;
    }
  }
  if (max(own, most) == 0) return -1;
  if (own >= SHARE * most) return k << 1;
  let rowMost: f64 = 0;
  for (let j = k; j < row; j++) rowMost = max(rowMost, abs<f64>(<f64>value<T>(a, n, row, j)));
  for (let i = row + 1; i < n; i++) rowMost = max(rowMost, abs<f64>(<f64>value<T>(a, n, i, row)));
  if (own >= SHARE * most * (most / rowMost)) return k << 1;
  return abs<f64>(<f64>value<T>(a, n, row, row)) >= SHARE * rowMost ? row << 1 : (row << 1) | 1;
}

/** Operands a [b, n, n] (in place), pivots (int32 [b, n]), info (int32 [b]). */
function factor<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1);
  for (let b = begin; b < end; b++) {
    const a = pointerOf(block, 0) + <usize>b * n * n * sizeof<T>(), pivots = pointerOf(block, 1) + (<usize>b * n << 2);
    let info: u32 = 0;
    for (let k: u32 = 0; k < n; ) {
      const choice = choose<T>(a, n, k);
      if (choice < 0) {
        if (info == 0) info = k + 1;
        store<i32>(pivots + (<usize>k << 2), k + 1);
        k++;
        continue;
      }
      const isPair = (choice & 1) != 0;
      const row = <u32>(choice >> 1), last = isPair ? k + 1 : k;
      if (row != last) {
        swap<T>(a, n, last, row);
        if (isPair) exchange<T>(at<T>(a, n, k + 1, k), at<T>(a, n, row, k), 1);
      }
      if (!isPair) {
        const by = (<T>1 / value<T>(a, n, k, k)) as T;
        for (let i = k + 1; i < n; i++) {
          const own = value<T>(a, n, i, k);
          for (let j = k + 1; j <= i; j++) {
            // Columns before j are scaled already.
            const other = (j < i ? value<T>(a, n, j, k) : (own * by) as T) as T;
            store<T>(at<T>(a, n, i, j), (value<T>(a, n, i, j) - own * other) as T);
          }
          store<T>(at<T>(a, n, i, k), (own * by) as T);
        }
        store<i32>(pivots + (<usize>k << 2), row + 1);
        k++;
        continue;
      }
      const off = value<T>(a, n, k + 1, k);
      const d11 = (value<T>(a, n, k + 1, k + 1) / off) as T, d22 = (value<T>(a, n, k, k) / off) as T;
      const scale = ((<T>1 / ((d11 * d22 - <T>1) as T)) / off) as T;
      for (let j = k + 2; j < n; j++) {
        const x = value<T>(a, n, j, k), y = value<T>(a, n, j, k + 1);
        const first = (scale * ((d11 * x - y) as T)) as T, second = (scale * ((d22 * y - x) as T)) as T;
        for (let i = j; i < n; i++) {
          const to = at<T>(a, n, i, j);
          store<T>(to, (load<T>(to) - value<T>(a, n, i, k) * first - value<T>(a, n, i, k + 1) * second) as T);
        }
        store<T>(at<T>(a, n, j, k), first);
        store<T>(at<T>(a, n, j, k + 1), second);
      }
      store<i32>(pivots + (<usize>k << 2), -<i32>(row + 1));
      store<i32>(pivots + (<usize>(k + 1) << 2), -<i32>(row + 1));
      k += 2;
    }
    store<i32>(pointerOf(block, 2) + (<usize>b << 2), info);
  }
}
export function ldl_f32(block: usize, begin: u32, end: u32): void { factor<f32>(block, begin, end); }
export function ldl_f64(block: usize, begin: u32, end: u32): void { factor<f64>(block, begin, end); }

/** Solves A X = B in place. Operands x [b, n, c] (holds B), a [b, n, n], pivots (int32 [b, n]); the nest is [b, n, c]. */
function solve<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1), c = sizeOf(block, 2);
  const row = <usize>c * sizeof<T>();
  for (let b = begin; b < end; b++) {
    const x = pointerOf(block, 0) + <usize>b * n * row, a = pointerOf(block, 1) + <usize>b * n * n * sizeof<T>();
    const pivots = pointerOf(block, 2) + (<usize>b * n << 2);
    for (let k: u32 = 0; k < n; ) {
      const pivot = load<i32>(pivots + (<usize>k << 2));
      const own = x + <usize>k * row;
      // A block of two has no place in the last row; the caller has checked that pivots are rows.
      if (pivot > 0 || k + 1 == n) {
        if (<u32>abs(pivot) - 1 != k) exchange<T>(own, x + <usize>(abs(pivot) - 1) * row, c);
        for (let i = k + 1; i < n; i++) axpy<T>(x + <usize>i * row, own, -value<T>(a, n, i, k) as T, c);
        const by = value<T>(a, n, k, k);
        for (let j: usize = 0; j < row; j += sizeof<T>()) store<T>(own + j, (load<T>(own + j) / by) as T);
        k++;
        continue;
      }
      const next = own + row;
      if (<u32>(-pivot - 1) != k + 1) exchange<T>(next, x + <usize>(-pivot - 1) * row, c);
      for (let i = k + 2; i < n; i++) {
        axpy<T>(x + <usize>i * row, own, -value<T>(a, n, i, k) as T, c);
        axpy<T>(x + <usize>i * row, next, -value<T>(a, n, i, k + 1) as T, c);
      }
      const off = value<T>(a, n, k + 1, k);
      const d1 = (value<T>(a, n, k, k) / off) as T, d2 = (value<T>(a, n, k + 1, k + 1) / off) as T;
      const denominator = (d1 * d2 - <T>1) as T;
      for (let j: usize = 0; j < row; j += sizeof<T>()) {
        const p = (load<T>(own + j) / off) as T, q = (load<T>(next + j) / off) as T;
        store<T>(own + j, ((d2 * p - q) / denominator) as T);
        store<T>(next + j, ((d1 * q - p) / denominator) as T);
      }
      k += 2;
    }
    for (let k = <i32>n - 1; k >= 0; ) {
      const pivot = load<i32>(pivots + (<usize>k << 2));
      const own = x + <usize>k * row;
      const isPair = pivot < 0 && k > 0;
      for (let i = <u32>k + 1; i < n; i++) {
        axpy<T>(own, x + <usize>i * row, -value<T>(a, n, i, k) as T, c);
        if (isPair) axpy<T>(own - row, x + <usize>i * row, -value<T>(a, n, i, k - 1) as T, c);
      }
      const other = abs(pivot) - 1;
      if (other != k) exchange<T>(own, x + <usize>other * row, c);
      k -= isPair ? 2 : 1;
    }
  }
}
export function ldl_solve_f32(block: usize, begin: u32, end: u32): void { solve<f32>(block, begin, end); }
export function ldl_solve_f64(block: usize, begin: u32, end: u32): void { solve<f64>(block, begin, end); }
