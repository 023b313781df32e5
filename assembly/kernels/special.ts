// Special functions: scalar code in float64, run over the elements of either dtype by two shared loops.

import { map1heavy, map2heavy } from "../loops/map";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { Binary, Unary, lanewise1, lanewise2 } from "../rules";
import {
  airy, i0, i0e, i1, i1e, j0, j1, k0, k0e, k1, k1e, sphericalJ0, y0, y1,
} from "../special/bessel";
import { digamma, igamma, igammac, lgamma, polygamma, zeta } from "../special/gamma";
import { erfcx, erfinv, logNdtr, ndtri } from "../special/normal";
import {
  CHEBYSHEV_T, CHEBYSHEV_U, CHEBYSHEV_V, CHEBYSHEV_W, HERMITE_H, HERMITE_HE, LAGUERRE_L, LEGENDRE_P, orthogonal,
} from "../special/orthogonal";

type Function1 = (x: f64) => f64;
type Function2 = (x: f64, y: f64) => f64;

// The loops find the function they call in the kernel's scratch memory: a loop for each would cost more than all of them.

@final class Called1<T extends number> extends Unary<T> {
  @inline many(a: v128): v128 { return lanewise1<T, Called1<T>>(a); }
  @inline one(a: T): T { return <T>changetype<Function1>(load<usize>(scratch() + KERNEL_SCRATCH))(<f64>a); }
}

@final class Called2<T extends number> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return lanewise2<T, Called2<T>>(a, b); }
  @inline one(a: T, b: T): T { return <T>changetype<Function2>(load<usize>(scratch() + KERNEL_SCRATCH))(<f64>a, <f64>b); }
}

function run1_f32(block: usize, begin: u32, end: u32, f: Function1): void {
  store<usize>(scratch() + KERNEL_SCRATCH, changetype<usize>(f));
  map1heavy<f32, Called1<f32>>(block, begin, end);
}
function run1_f64(block: usize, begin: u32, end: u32, f: Function1): void {
  store<usize>(scratch() + KERNEL_SCRATCH, changetype<usize>(f));
  map1heavy<f64, Called1<f64>>(block, begin, end);
}
function run2_f32(block: usize, begin: u32, end: u32, f: Function2): void {
  store<usize>(scratch() + KERNEL_SCRATCH, changetype<usize>(f));
  map2heavy<f32, Called2<f32>>(block, begin, end);
}
function run2_f64(block: usize, begin: u32, end: u32, f: Function2): void {
  store<usize>(scratch() + KERNEL_SCRATCH, changetype<usize>(f));
  map2heavy<f64, Called2<f64>>(block, begin, end);
}

// Of one operand.

export function digamma_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, digamma); }
export function digamma_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, digamma); }
export function lgamma_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, lgamma); }
export function lgamma_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, lgamma); }
export function erfinv_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, erfinv); }
export function erfinv_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, erfinv); }
export function erfcx_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, erfcx); }
export function erfcx_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, erfcx); }
export function ndtri_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, ndtri); }
export function ndtri_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, ndtri); }
export function log_ndtr_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, logNdtr); }
export function log_ndtr_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, logNdtr); }
export function i0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, i0); }
export function i0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, i0); }
export function i0e_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, i0e); }
export function i0e_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, i0e); }
export function i1_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, i1); }
export function i1_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, i1); }
export function i1e_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, i1e); }
export function i1e_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, i1e); }
export function bessel_j0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, j0); }
export function bessel_j0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, j0); }
export function bessel_j1_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, j1); }
export function bessel_j1_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, j1); }
export function bessel_y0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, y0); }
export function bessel_y0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, y0); }
export function bessel_y1_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, y1); }
export function bessel_y1_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, y1); }
export function modified_bessel_k0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, k0); }
export function modified_bessel_k0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, k0); }
export function modified_bessel_k1_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, k1); }
export function modified_bessel_k1_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, k1); }
export function scaled_modified_bessel_k0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, k0e); }
export function scaled_modified_bessel_k0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, k0e); }
export function scaled_modified_bessel_k1_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, k1e); }
export function scaled_modified_bessel_k1_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, k1e); }
export function spherical_bessel_j0_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, sphericalJ0); }
export function spherical_bessel_j0_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, sphericalJ0); }
export function airy_ai_f32(block: usize, begin: u32, end: u32): void { run1_f32(block, begin, end, airy); }
export function airy_ai_f64(block: usize, begin: u32, end: u32): void { run1_f64(block, begin, end, airy); }

// Of two: x and the order of polygamma, s and q of zeta, a and x of the incomplete gamma functions.

export function polygamma_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => polygamma(n, x)); }
export function polygamma_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => polygamma(n, x)); }
export function zeta_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, zeta); }
export function zeta_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, zeta); }
export function igamma_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, igamma); }
export function igamma_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, igamma); }
export function igammac_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, igammac); }
export function igammac_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, igammac); }

// Orthogonal polynomials: operands x and the degree. The shifted ones are those of 2x − 1.

export function chebyshev_polynomial_t_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_T, x, n)); }
export function chebyshev_polynomial_t_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_T, x, n)); }
export function shifted_chebyshev_polynomial_t_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_T, x + x - 1, n)); }
export function shifted_chebyshev_polynomial_t_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_T, x + x - 1, n)); }
export function chebyshev_polynomial_u_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_U, x, n)); }
export function chebyshev_polynomial_u_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_U, x, n)); }
export function shifted_chebyshev_polynomial_u_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_U, x + x - 1, n)); }
export function shifted_chebyshev_polynomial_u_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_U, x + x - 1, n)); }
export function chebyshev_polynomial_v_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_V, x, n)); }
export function chebyshev_polynomial_v_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_V, x, n)); }
export function shifted_chebyshev_polynomial_v_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_V, x + x - 1, n)); }
export function shifted_chebyshev_polynomial_v_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_V, x + x - 1, n)); }
export function chebyshev_polynomial_w_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_W, x, n)); }
export function chebyshev_polynomial_w_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_W, x, n)); }
export function shifted_chebyshev_polynomial_w_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_W, x + x - 1, n)); }
export function shifted_chebyshev_polynomial_w_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(CHEBYSHEV_W, x + x - 1, n)); }
export function hermite_polynomial_h_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(HERMITE_H, x, n)); }
export function hermite_polynomial_h_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(HERMITE_H, x, n)); }
export function hermite_polynomial_he_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(HERMITE_HE, x, n)); }
export function hermite_polynomial_he_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(HERMITE_HE, x, n)); }
export function laguerre_polynomial_l_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(LAGUERRE_L, x, n)); }
export function laguerre_polynomial_l_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(LAGUERRE_L, x, n)); }
export function legendre_polynomial_p_f32(block: usize, begin: u32, end: u32): void { run2_f32(block, begin, end, (x: f64, n: f64): f64 => orthogonal(LEGENDRE_P, x, n)); }
export function legendre_polynomial_p_f64(block: usize, begin: u32, end: u32): void { run2_f64(block, begin, end, (x: f64, n: f64): f64 => orthogonal(LEGENDRE_P, x, n)); }
