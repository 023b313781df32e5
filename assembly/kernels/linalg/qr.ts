// QR by Householder reflections, and products of such reflections (Golub and Van Loan, "Matrix computations", 5.1 and 5.2).
//
// A reflection is I − τ v vᵀ with v = (0, …, 0, 1, v′); v′ stands below the diagonal of its column. Ranges and layouts as in lu.ts.

import { pointerOf, sizeOf } from "../../block";
import { KERNEL_SCRATCH, scratch } from "../../memory/scratch";
import { axpy } from "./rows";

/** Room for a row of sums, behind everything else a kernel may have: at most 240 000 columns of 8 bytes. */
@inline function work(): usize {
  return scratch() + KERNEL_SCRATCH;
}

/** Applies reflection i of `v` (columns of rows of `width` bytes) to the columns from `first` on of rows i to m − 1 of a. */
function reflect<T extends number>(
  a: usize, row: usize, v: usize, width: usize, i: u32, m: u32, first: u32, n: u32, tau: T,
): void {
  if (tau == 0 || first >= n) return;
  const columns = n - first;
  const sums = work(), skip = <usize>first * sizeof<T>(), place = <usize>i * sizeof<T>();
  memory.copy(sums, a + <usize>i * row + skip, <usize>columns * sizeof<T>());
  for (let r = i + 1; r < m; r++) axpy<T>(sums, a + <usize>r * row + skip, load<T>(v + <usize>r * width + place), columns);
  axpy<T>(a + <usize>i * row + skip, sums, -tau as T, columns);
  for (let r = i + 1; r < m; r++) axpy<T>(a + <usize>r * row + skip, sums, (-tau * load<T>(v + <usize>r * width + place)) as T, columns);
}

/** R on and above the diagonal, reflections below, in place. Operands a [b, m, n], tau [b, min(m, n)]. */
function factor<T extends number>(block: usize, begin: u32, end: u32): void {
  const m = sizeOf(block, 1), n = sizeOf(block, 2);
  const k = min(m, n);
  const row = <usize>n * sizeof<T>();
  for (let b = begin; b < end; b++) {
    const a = pointerOf(block, 0) + <usize>b * <usize>m * row;
    for (let i: u32 = 0; i < k; i++) {
      const place = <usize>i * sizeof<T>();
      const own = a + <usize>i * row + place;
      // Sums of squares in float64, scaled by the largest so that nothing overflows.
      let most: f64 = 0;
      for (let r = i + 1; r < m; r++) most = max(most, <f64>abs<T>(load<T>(a + <usize>r * row + place)));
      let tau: T = 0;
      if (most != 0) {
        const alpha = <f64>load<T>(own);
        most = max(most, abs(alpha));
        let sum: f64 = (alpha / most) * (alpha / most);
        for (let r = i + 1; r < m; r++) {
          const x = <f64>load<T>(a + <usize>r * row + place) / most;
          sum += x * x;
        }
        const beta = -copysign(most * sqrt(sum), alpha);
        tau = <T>((beta - alpha) / beta);
        const by = 1 / (alpha - beta);
        for (let r = i + 1; r < m; r++) {
          const at = a + <usize>r * row + place;
          store<T>(at, <T>(<f64>load<T>(at) * by));
        }
        store<T>(own, <T>beta);
      }
      store<T>(pointerOf(block, 1) + (<usize>b * k + i) * sizeof<T>(), tau);
      reflect<T>(a, row, a, row, i, m, i + 1, n, tau);
    }
  }
}
export function qr_factor_f32(block: usize, begin: u32, end: u32): void { factor<f32>(block, begin, end); }
export function qr_factor_f64(block: usize, begin: u32, end: u32): void { factor<f64>(block, begin, end); }

/**
 * The first columns of the product of reflections. Operands q [b, m, c] (written), a [b, m, n] with the reflections, tau [b, k];
 * the nest is [b, m, c, n, k].
 */
function form<T extends number>(block: usize, begin: u32, end: u32): void {
  const m = sizeOf(block, 1), c = sizeOf(block, 2), n = sizeOf(block, 3), k = sizeOf(block, 4);
  const row = <usize>c * sizeof<T>(), width = <usize>n * sizeof<T>();
  for (let b = begin; b < end; b++) {
    const q = pointerOf(block, 0) + <usize>b * <usize>m * row, a = pointerOf(block, 1) + <usize>b * <usize>m * width;
    memory.fill(q, 0, <usize>m * row);
    for (let i: u32 = 0; i < min(m, c); i++) store<T>(q + <usize>i * row + <usize>i * sizeof<T>(), <T>1);
    for (let i = k; i > 0; ) {
      i--;
      reflect<T>(q, row, a, width, i, m, 0, c, load<T>(pointerOf(block, 2) + (<usize>b * k + i) * sizeof<T>()));
    }
  }
}
export function qr_form_f32(block: usize, begin: u32, end: u32): void { form<f32>(block, begin, end); }
export function qr_form_f64(block: usize, begin: u32, end: u32): void { form<f64>(block, begin, end); }
