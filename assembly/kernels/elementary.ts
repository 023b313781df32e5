// The elementary functions besides those of pointwise.ts, from the vector mathematics.

import { map1, map1heavy, map2heavy } from "../loops/map";
import { acos, asin, atan, atan2 } from "../math/arc";
import { erfc } from "../math/erf";
import { exp2, expm1 } from "../math/exp";
import { acosh, asinh, atanh, cosh, sinh } from "../math/hyperbolic";
import { log10, log1p, log2 } from "../math/log";
import { tan } from "../math/trig";
import { Binary, Unary } from "../rules";

@final class Exp2<T> extends Unary<T> {
  @inline many(a: v128): v128 { return exp2<T>(a); }
}
export function exp2_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Exp2<f32>>(block, begin, end); }
export function exp2_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Exp2<f64>>(block, begin, end); }

@final class Expm1<T> extends Unary<T> {
  @inline many(a: v128): v128 { return expm1<T>(a); }
}
export function expm1_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Expm1<f32>>(block, begin, end); }
export function expm1_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Expm1<f64>>(block, begin, end); }

@final class Log2<T> extends Unary<T> {
  @inline many(a: v128): v128 { return log2<T>(a); }
}
export function log2_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Log2<f32>>(block, begin, end); }
export function log2_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Log2<f64>>(block, begin, end); }

@final class Log10<T> extends Unary<T> {
  @inline many(a: v128): v128 { return log10<T>(a); }
}
export function log10_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Log10<f32>>(block, begin, end); }
export function log10_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Log10<f64>>(block, begin, end); }

@final class Log1p<T> extends Unary<T> {
  @inline many(a: v128): v128 { return log1p<T>(a); }
}
export function log1p_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Log1p<f32>>(block, begin, end); }
export function log1p_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Log1p<f64>>(block, begin, end); }

@final class Erfc<T> extends Unary<T> {
  @inline many(a: v128): v128 { return erfc<T>(a); }
}
export function erfc_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Erfc<f32>>(block, begin, end); }
export function erfc_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Erfc<f64>>(block, begin, end); }

@final class Tan<T> extends Unary<T> {
  @inline many(a: v128): v128 { return tan<T>(a); }
}
export function tan_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Tan<f32>>(block, begin, end); }
export function tan_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Tan<f64>>(block, begin, end); }

@final class Asin<T> extends Unary<T> {
  @inline many(a: v128): v128 { return asin<T>(a); }
}
export function asin_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Asin<f32>>(block, begin, end); }
export function asin_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Asin<f64>>(block, begin, end); }

@final class Acos<T> extends Unary<T> {
  @inline many(a: v128): v128 { return acos<T>(a); }
}
export function acos_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Acos<f32>>(block, begin, end); }
export function acos_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Acos<f64>>(block, begin, end); }

@final class Atan<T> extends Unary<T> {
  @inline many(a: v128): v128 { return atan<T>(a); }
}
export function atan_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Atan<f32>>(block, begin, end); }
export function atan_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Atan<f64>>(block, begin, end); }

@final class Sinh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return sinh<T>(a); }
}
export function sinh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Sinh<f32>>(block, begin, end); }
export function sinh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Sinh<f64>>(block, begin, end); }

@final class Cosh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return cosh<T>(a); }
}
export function cosh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Cosh<f32>>(block, begin, end); }
export function cosh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Cosh<f64>>(block, begin, end); }

@final class Asinh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return asinh<T>(a); }
}
export function asinh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Asinh<f32>>(block, begin, end); }
export function asinh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Asinh<f64>>(block, begin, end); }

@final class Acosh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return acosh<T>(a); }
}
export function acosh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Acosh<f32>>(block, begin, end); }
export function acosh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Acosh<f64>>(block, begin, end); }

@final class Atanh<T> extends Unary<T> {
  @inline many(a: v128): v128 { return atanh<T>(a); }
}
export function atanh_f32(block: usize, begin: u32, end: u32): void { map1heavy<f32, Atanh<f32>>(block, begin, end); }
export function atanh_f64(block: usize, begin: u32, end: u32): void { map1heavy<f64, Atanh<f64>>(block, begin, end); }

@final class Atan2<T> extends Binary<T> {
  @inline many(a: v128, b: v128): v128 { return atan2<T>(a, b); }
}
export function atan2_f32(block: usize, begin: u32, end: u32): void { map2heavy<f32, Atan2<f32>>(block, begin, end); }
export function atan2_f64(block: usize, begin: u32, end: u32): void { map2heavy<f64, Atan2<f64>>(block, begin, end); }

/** The fraction, with the sign of the whole; NaN for infinities. */
@final class Frac<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.sub<T>(a, v128.trunc<T>(a)); }
}
export function frac_f32(block: usize, begin: u32, end: u32): void { map1<f32, Frac<f32>>(block, begin, end); }
export function frac_f64(block: usize, begin: u32, end: u32): void { map1<f64, Frac<f64>>(block, begin, end); }

@final class Deg2rad<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.mul<T>(a, v128.splat<T>(<T>0.017453292519943295)); }
}
export function deg2rad_f32(block: usize, begin: u32, end: u32): void { map1<f32, Deg2rad<f32>>(block, begin, end); }
export function deg2rad_f64(block: usize, begin: u32, end: u32): void { map1<f64, Deg2rad<f64>>(block, begin, end); }

@final class Rad2deg<T> extends Unary<T> {
  @inline many(a: v128): v128 { return v128.mul<T>(a, v128.splat<T>(<T>57.29577951308232)); }
}
export function rad2deg_f32(block: usize, begin: u32, end: u32): void { map1<f32, Rad2deg<f32>>(block, begin, end); }
export function rad2deg_f64(block: usize, begin: u32, end: u32): void { map1<f64, Rad2deg<f64>>(block, begin, end); }
