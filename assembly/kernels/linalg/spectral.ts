// Eigenvalues of symmetric matrices and singular values, by Jacobi's rotations (Golub and Van Loan, "Matrix computations", 8.5 and
// 8.6): slower than other ways for large matrices, and as accurate as can be. Ranges and layouts as in lu.ts.

import { pointerOf, sizeOf } from "../../block";
import { dot, exchange, rotate } from "./rows";

/** Sweeps after which rotations end whatever is left; ten are many. */
const SWEEPS: i32 = 60;

@inline function epsilon<T>(): f64 {
  return sizeof<T>() == 4 ? 5.9604644775390625e-8 : 1.1102230246251565e-16;
}

/** Tangent of the smaller angle whose rotation makes the off-diagonal element of [[a, c], [c, b]] vanish, zeta = (b − a) / 2c. */
@inline function tangent(zeta: f64): f64 {
  // Where the square would overflow it is all there is.
  if (abs(zeta) > 1e100) return 0.5 / zeta;
  return copysign(1, zeta) / (abs(zeta) + sqrt(1 + zeta * zeta));
}

/** Sorts rows of v along with their keys: ascending, or descending. */
function sort<T extends number>(keys: usize, v: usize, other: usize, n: u32, width: u32, otherWidth: u32, descending: bool): void {
  for (let i: u32 = 0; i + 1 < n; i++) {
    let best = i;
    for (let j = i + 1; j < n; j++) {
      const a = load<T>(keys + <usize>j * sizeof<T>()), b = load<T>(keys + <usize>best * sizeof<T>());
      if (descending ? a > b : a < b) best = j;
    }
    if (best == i) continue;
    exchange<T>(keys + <usize>i * sizeof<T>(), keys + <usize>best * sizeof<T>(), 1);
    exchange<T>(v + <usize>i * width * sizeof<T>(), v + <usize>best * width * sizeof<T>(), width);
    if (otherWidth) exchange<T>(other + <usize>i * otherWidth * sizeof<T>(), other + <usize>best * otherWidth * sizeof<T>(), otherWidth);
  }
}

/**
 * A symmetric matrix = Σ wᵢ vᵢ vᵢᵀ, w ascending. Operands w [b, n], v [b, n, n] (eigenvectors are its rows), a [b, n, n] (both
 * triangles; destroyed).
 */
function eigh<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1);
  const size = sizeof<T>();
  const row = <usize>n * size;
  for (let b = begin; b < end; b++) {
    const w = pointerOf(block, 0) + <usize>b * row, v = pointerOf(block, 1) + <usize>b * <usize>n * row, a = pointerOf(block, 2) + <usize>b * <usize>n * row;
    memory.fill(v, 0, <usize>n * row);
    for (let i: u32 = 0; i < n; i++) store<T>(v + <usize>i * row + <usize>i * size, <T>1);
    let squares: f64 = 0;
    for (let at = a; at < a + <usize>n * row; at += size) squares += <f64>load<T>(at) * <f64>load<T>(at);
    const least = epsilon<T>() * sqrt(squares);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let rotations = 0;
      for (let p: u32 = 0; p < n; p++) {
        for (let q = p + 1; q < n; q++) {
          const c = <f64>load<T>(a + <usize>p * row + <usize>q * size);
          const x = <f64>load<T>(a + <usize>p * row + <usize>p * size), y = <f64>load<T>(a + <usize>q * row + <usize>q * size);
          if (!(abs(c) > least)) continue;
          rotations++;
          const t = tangent((y - x) / (2 * c));
          const cosine = 1 / sqrt(1 + t * t);
          const sine = t * cosine;
          rotate<T>(a + <usize>p * row, a + <usize>q * row, <T>cosine, <T>sine, n);
          // The same for columns.
          let at = a;
          for (let i: u32 = 0; i < n; i++, at += row) {
            const left = <f64>load<T>(at + <usize>p * size), right = <f64>load<T>(at + <usize>q * size);
            store<T>(at + <usize>p * size, <T>(cosine * left - sine * right));
            store<T>(at + <usize>q * size, <T>(sine * left + cosine * right));
          }
          store<T>(a + <usize>p * row + <usize>p * size, <T>(x - t * c));
          store<T>(a + <usize>q * row + <usize>q * size, <T>(y + t * c));
          store<T>(a + <usize>p * row + <usize>q * size, <T>0);
          store<T>(a + <usize>q * row + <usize>p * size, <T>0);
          rotate<T>(v + <usize>p * row, v + <usize>q * row, <T>cosine, <T>sine, n);
        }
      }
      if (rotations == 0) break;
    }
    for (let i: u32 = 0; i < n; i++) store<T>(w + <usize>i * size, load<T>(a + <usize>i * row + <usize>i * size));
    sort<T>(w, v, 0, n, n, 0, false);
  }
}
export function eigh_f32(block: usize, begin: u32, end: u32): void { eigh<f32>(block, begin, end); }
export function eigh_f64(block: usize, begin: u32, end: u32): void { eigh<f64>(block, begin, end); }

/**
 * Singular values by one-sided rotations (Hestenes). Operands s [b, n], v [b, n, n], a [b, n, m] with n ≤ m: the rows of a are
 * rotated until they are orthogonal, and become the singular vectors that belong to its columns, of length 1; the rows of v are
 * those of the other side. So for a = Mᵀ, M = Σ sᵢ aᵢ vᵢᵀ; s descending. Where s is 0, the row of a is 0.
 */
function svd<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = sizeOf(block, 1), m = sizeOf(block, 2);
  const size = sizeof<T>();
  const row = <usize>m * size, width = <usize>n * size;
  const least = 2 * epsilon<T>() * sqrt(<f64>m);
  for (let b = begin; b < end; b++) {
    const s = pointerOf(block, 0) + <usize>b * width, v = pointerOf(block, 1) + <usize>b * <usize>n * width, a = pointerOf(block, 2) + <usize>b * <usize>n * row;
    memory.fill(v, 0, <usize>n * width);
    for (let i: u32 = 0; i < n; i++) store<T>(v + <usize>i * width + <usize>i * size, <T>1);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let rotations = 0;
      for (let p: u32 = 0; p < n; p++) {
        for (let q = p + 1; q < n; q++) {
          const x = a + <usize>p * row, y = a + <usize>q * row;
          const alpha = <f64>dot<T>(x, x, m), beta = <f64>dot<T>(y, y, m), gamma = <f64>dot<T>(x, y, m);
          if (!(abs(gamma) > least * sqrt(alpha) * sqrt(beta))) continue;
          rotations++;
          const t = tangent((beta - alpha) / (2 * gamma));
          const cosine = 1 / sqrt(1 + t * t);
          rotate<T>(x, y, <T>cosine, <T>(t * cosine), m);
          rotate<T>(v + <usize>p * width, v + <usize>q * width, <T>cosine, <T>(t * cosine), n);
        }
      }
      if (rotations == 0) break;
    }
    for (let i: u32 = 0; i < n; i++) {
      const own = a + <usize>i * row;
      const length = sqrt(<f64>dot<T>(own, own, m));
      store<T>(s + <usize>i * size, <T>length);
      if (length == 0) continue;
      for (let at: usize = 0; at < row; at += size) store<T>(own + at, <T>(<f64>load<T>(own + at) / length));
    }
    sort<T>(s, v, a, n, n, m, true);
  }
}
export function svd_f32(block: usize, begin: u32, end: u32): void { svd<f32>(block, begin, end); }
export function svd_f64(block: usize, begin: u32, end: u32): void { svd<f64>(block, begin, end); }
