// Triangular factors: LU with row exchanges, Cholesky, and solving with triangular matrices.
//
// All kernels: the range is over matrices of a batch, which are contiguous (row by row) unless stated. The nest is [matrices,
// rows, columns]; only sizes are read from it, and pointers.

import { integer, pointerOf, sizeOf, strideOf } from "../../block";
import { axpy, dot, exchange } from "./rows";

/**
 * A = P L U in place: L strictly below the diagonal, its own diagonal being ones, U on and above. Operands a [b, m, n], pivots
 * (int32 [b, min(m, n)]: row i was exchanged with row pivots[i], counted from 1), info (int32 [b]: the first zero on the diagonal
 * of U, counted from 1, or 0). Parameter 0: whether rows are exchanged.
 */
function lu<T extends number>(block: usize, begin: u32, end: u32): void {
  const m = sizeOf(block, 1), n = sizeOf(block, 2);
  const k = min(m, n);
  const row = <usize>n * sizeof<T>();
  for (let b = begin; b < end; b++) {
    const a = pointerOf(block, 0) + <usize>b * <usize>m * row;
    const pivots = pointerOf(block, 1) + (<usize>b * k << 2);
    let info: u32 = 0;
    for (let i: u32 = 0; i < k; i++) {
      const own = a + <usize>i * row, column = <usize>i * sizeof<T>();
      let best = i;
      if (integer(block, 0) != 0) {
        let most = abs<T>(load<T>(own + column));
        for (let r = i + 1; r < m; r++) {
          const value = abs<T>(load<T>(a + <usize>r * row + column));
          if (value > most) {
            most = value;
            best = r;
          }
        }
      }
      store<i32>(pivots + (<usize>i << 2), best + 1);
      if (best != i) exchange<T>(own, a + <usize>best * row, n);
      const pivot = load<T>(own + column);
      if (pivot == 0) {
        if (info == 0) info = i + 1;
        continue;
      }
      for (let r = i + 1; r < m; r++) {
        const at = a + <usize>r * row + column;
        const factor = (load<T>(at) / pivot) as T;
        store<T>(at, factor);
        axpy<T>(at + sizeof<T>(), own + column + sizeof<T>(), -factor as T, n - i - 1);
      }
    }
    store<i32>(pointerOf(block, 2) + (<usize>b << 2), info);
  }
}
export function lu_f32(block: usize, begin: u32, end: u32): void { lu<f32>(block, begin, end); }
export function lu_f64(block: usize, begin: u32, end: u32): void { lu<f64>(block, begin, end); }

/**
 * Exchanges as a permutation: row i of the factored matrix is row order[i] of the original one. Operands order (int32 [b, m]),
 * pivots (int32 [b, k]); the nest is [b, m, k].
 */
export function pivots_order_i32(block: usize, begin: u32, end: u32): void {
  const m = sizeOf(block, 1), k = sizeOf(block, 2);
  for (let b = begin; b < end; b++) {
    const order = pointerOf(block, 0) + (<usize>b * m << 2), pivots = pointerOf(block, 1) + (<usize>b * k << 2);
    for (let i: u32 = 0; i < m; i++) store<i32>(order + (<usize>i << 2), i);
    for (let i: u32 = 0; i < k; i++) {
      const other = load<i32>(pivots + (<usize>i << 2)) - 1;
      if (<u32>other < m) exchange<i32>(order + (<usize>i << 2), order + (<usize>other << 2), 1);
    }
  }
}

/**
 * A = L Lᵀ in place, from the lower triangle alone; zeros above. Operands a [b, n, n], info (int32 [b]: the order of the first
 * leading minor that is not positive definite, or 0).
 */
function cholesky<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1);
  const row = <usize>n * sizeof<T>();
  for (let b = begin; b < end; b++) {
    const a = pointerOf(block, 0) + <usize>b * <usize>n * row;
    let info: u32 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const own = a + <usize>i * row;
      for (let j: u32 = 0; j < i; j++) {
        const at = own + <usize>j * sizeof<T>(), other = a + <usize>j * row;
        store<T>(at, ((load<T>(at) - dot<T>(own, other, j)) / load<T>(other + <usize>j * sizeof<T>())) as T);
      }
      const diagonal = own + <usize>i * sizeof<T>();
      const rest = (load<T>(diagonal) - dot<T>(own, own, i)) as T;
      if (!(rest > 0) && info == 0) info = i + 1;
      store<T>(diagonal, sqrt<T>(rest));
      memory.fill(diagonal + sizeof<T>(), 0, <usize>(n - i - 1) * sizeof<T>());
    }
    store<i32>(pointerOf(block, 1) + (<usize>b << 2), info);
  }
}
export function cholesky_f32(block: usize, begin: u32, end: u32): void { cholesky<f32>(block, begin, end); }
export function cholesky_f64(block: usize, begin: u32, end: u32): void { cholesky<f64>(block, begin, end); }

/**
 * Solves A X = B in place. Operands x [b, n, k] (contiguous, holds B), a [b, n, n] (any strides, which are read from the nest
 * [b, n, n]). Parameters: 0 upper, 1 whether the diagonal counts as ones, 2 k.
 */
function solve<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1), k = <u32>integer(block, 2);
  const isUpper = integer(block, 0) != 0, isUnit = integer(block, 1) != 0;
  const row = <usize>k * sizeof<T>();
  const down = strideOf(block, 1, 1), across = strideOf(block, 1, 2);
  for (let b = begin; b < end; b++) {
    const x = pointerOf(block, 0) + <usize>b * <usize>n * row, a = pointerOf(block, 1) + <usize>b * strideOf(block, 1, 0);
    for (let step: u32 = 0; step < n; step++) {
      const i = isUpper ? n - 1 - step : step;
      const own = x + <usize>i * row, line = a + <usize>i * down;
      const first = isUpper ? i + 1 : 0, last = isUpper ? n : i;
      for (let j = first; j < last; j++) axpy<T>(own, x + <usize>j * row, -load<T>(line + <usize>j * across) as T, k);
      if (isUnit) continue;
      const diagonal = load<T>(line + <usize>i * across);
      for (let at: usize = 0; at < row; at += sizeof<T>()) store<T>(own + at, (load<T>(own + at) / diagonal) as T);
    }
  }
}
export function solve_triangular_f32(block: usize, begin: u32, end: u32): void { solve<f32>(block, begin, end); }
export function solve_triangular_f64(block: usize, begin: u32, end: u32): void { solve<f64>(block, begin, end); }
