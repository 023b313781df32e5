// Casts: elements moved between two strided places, to another dtype.
//
// The words f16 and bf16 stand for the halves, kept as 16 bits; b8 is
// what becomes uint8 or int8, b16 what becomes int16; a uint8 is read as a bool is, u8.
//
// All kernels have operands out, from over any nest, a range of its elements, no parameters. To bool, 0 gives 0 and all
// else, NaN too, 1. From float to integer: towards zero, saturating, NaN gives 0. Between integers the low bits stay.
// To a narrower float: to the nearest, ties to even. The operands do not overlap.

import { fillRun } from "../loops/runs";
import { addressHere, colsHere, colStride, nextRectangle, rowsHere, rowStride, startWalk } from "../loops/walk";

/** How `F` becomes `T`: one element, and four dense ones with the same bits. */
abstract class Cast<F, T> {
  abstract one(a: F): T;
  abstract four(out: usize, from: usize): void;
}

/** `four` of a rule that is given an element at a time. */
@inline function fourOf<F, T, R extends Cast<F, T>>(out: usize, from: usize): void {
  const rule = changetype<R>(0);
  for (let i: usize = 0; i < 4; i++) store<T>(out + i * sizeof<T>(), rule.one(load<F>(from + i * sizeof<F>())));
}

function castRun<F, T, R extends Cast<F, T>>(out: usize, from: usize, n: u32, outCol: isize, fromCol: isize): void {
  const rule = changetype<R>(0);
  if (fromCol == 0) {
    if (n) fillRun<T>(out, rule.one(load<F>(from)), n, outCol);
    return;
  }
  if (outCol == <isize>sizeof<T>() && fromCol == <isize>sizeof<F>()) {
    for (; n >= 8; n -= 8) {
      rule.four(out, from);
      rule.four(out + 4 * sizeof<T>(), from + 4 * sizeof<F>());
      out += 8 * sizeof<T>();
      from += 8 * sizeof<F>();
    }
  }
  for (; n; n--) {
    store<T>(out, rule.one(load<F>(from)));
    out += outCol;
    from += fromCol;
  }
}

@inline function cast<F, T, R extends Cast<F, T>>(block: usize, begin: u32, end: u32): void {
  const outRow = rowStride(block, 0), fromRow = rowStride(block, 1);
  const outCol = colStride(block, 0), fromCol = colStride(block, 1);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    let out = addressHere(0), from = addressHere(1);
    const cols = colsHere();
    for (let rows = rowsHere(); rows; rows--) {
      castRun<F, T, R>(out, from, cols, outCol, fromCol);
      out += outRow;
      from += fromRow;
    }
  }
}

/** Stores four masks of 32 bits as bytes 0 or 1. */
@inline function storeMasks(out: usize, masks: v128): void {
  const ones = i16x8.narrow_i32x4_u(i32x4.shr_u(masks, 31), i32x4.splat(0));
  store<u32>(out, i32x4.extract_lane(i8x16.narrow_i16x8_u(ones, ones), 0));
}

/** Four bytes as four integers of 32 bits. */
@inline function loadBytes(from: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load_zero<u32>(from)));
}

@final class F32F64 extends Cast<f32, f64> {
  @inline one(a: f32): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = v128.load(from);
    v128.store(out, f64x2.promote_low_f32x4(a));
    v128.store(out, f64x2.promote_low_f32x4(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class F32I32 extends Cast<f32, i32> {
  @inline one(a: f32): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, i32x4.trunc_sat_f32x4_s(v128.load(from))); }
}
@final class F32U8 extends Cast<f32, u8> {
  @inline one(a: f32): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void { storeMasks(out, f32x4.ne(v128.load(from), f32x4.splat(0))); }
}
@final class F64F32 extends Cast<f64, f32> {
  @inline one(a: f64): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void {
    const a = f32x4.demote_f64x2_zero(v128.load(from)), b = f32x4.demote_f64x2_zero(v128.load(from, 16));
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
  }
}
@final class F64I32 extends Cast<f64, i32> {
  @inline one(a: f64): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void {
    const a = i32x4.trunc_sat_f64x2_s_zero(v128.load(from)), b = i32x4.trunc_sat_f64x2_s_zero(v128.load(from, 16));
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
  }
}
@final class F64U8 extends Cast<f64, u8> {
  @inline one(a: f64): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void {
    const zero = f64x2.splat(0);
    const a = f64x2.ne(v128.load(from), zero), b = f64x2.ne(v128.load(from, 16), zero);
    storeMasks(out, v128.shuffle<u32>(a, b, 0, 2, 4, 6));
  }
}
@final class I32F32 extends Cast<i32, f32> {
  @inline one(a: i32): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, f32x4.convert_i32x4_s(v128.load(from))); }
}
@final class I32F64 extends Cast<i32, f64> {
  @inline one(a: i32): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = v128.load(from);
    v128.store(out, f64x2.convert_low_i32x4_s(a));
    v128.store(out, f64x2.convert_low_i32x4_s(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class I32U8 extends Cast<i32, u8> {
  @inline one(a: i32): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void { storeMasks(out, i32x4.ne(v128.load(from), i32x4.splat(0))); }
}
@final class U8F32 extends Cast<u8, f32> {
  @inline one(a: u8): f32 { return <f32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, f32x4.convert_i32x4_s(loadBytes(from))); }
}
@final class U8F64 extends Cast<u8, f64> {
  @inline one(a: u8): f64 { return <f64>a; }
  @inline four(out: usize, from: usize): void {
    const a = loadBytes(from);
    v128.store(out, f64x2.convert_low_i32x4_s(a));
    v128.store(out, f64x2.convert_low_i32x4_s(v128.shuffle<u64>(a, a, 1, 1)), 16);
  }
}
@final class U8I32 extends Cast<u8, i32> {
  @inline one(a: u8): i32 { return <i32>a; }
  @inline four(out: usize, from: usize): void { v128.store(out, loadBytes(from)); }
}

/** float32 to float64. */
export function cast_f32_f64(block: usize, begin: u32, end: u32): void { cast<f32, f64, F32F64>(block, begin, end); }
/** float32 to int32. */
export function cast_f32_i32(block: usize, begin: u32, end: u32): void { cast<f32, i32, F32I32>(block, begin, end); }
/** float32 to bool. */
export function cast_f32_u8(block: usize, begin: u32, end: u32): void { cast<f32, u8, F32U8>(block, begin, end); }
/** float64 to float32, to nearest. */
export function cast_f64_f32(block: usize, begin: u32, end: u32): void { cast<f64, f32, F64F32>(block, begin, end); }
/** float64 to int32. */
export function cast_f64_i32(block: usize, begin: u32, end: u32): void { cast<f64, i32, F64I32>(block, begin, end); }
/** float64 to bool. */
export function cast_f64_u8(block: usize, begin: u32, end: u32): void { cast<f64, u8, F64U8>(block, begin, end); }
/** int32 to float32, to nearest. */
export function cast_i32_f32(block: usize, begin: u32, end: u32): void { cast<i32, f32, I32F32>(block, begin, end); }
/** int32 to float64. */
export function cast_i32_f64(block: usize, begin: u32, end: u32): void { cast<i32, f64, I32F64>(block, begin, end); }
/** int32 to bool. */
export function cast_i32_u8(block: usize, begin: u32, end: u32): void { cast<i32, u8, I32U8>(block, begin, end); }
/** bool to float32. */
export function cast_u8_f32(block: usize, begin: u32, end: u32): void { cast<u8, f32, U8F32>(block, begin, end); }
/** bool to float64. */
export function cast_u8_f64(block: usize, begin: u32, end: u32): void { cast<u8, f64, U8F64>(block, begin, end); }
/** bool to int32. */
export function cast_u8_i32(block: usize, begin: u32, end: u32): void { cast<u8, i32, U8I32>(block, begin, end); }

// int64: an element at a time, as vectors of 64-bit integers convert to nothing.

@final class ToI64<F> extends Cast<F, i64> {
  @inline one(a: F): i64 { return <i64>a; }
  @inline four(out: usize, from: usize): void { fourOf<F, i64, ToI64<F>>(out, from); }
}
@final class FromI64<T> extends Cast<i64, T> {
  @inline one(a: i64): T { return <T>a; }
  @inline four(out: usize, from: usize): void { fourOf<i64, T, FromI64<T>>(out, from); }
}
@final class I64U8 extends Cast<i64, u8> {
  @inline one(a: i64): u8 { return <u8>(a != 0); }
  @inline four(out: usize, from: usize): void { fourOf<i64, u8, I64U8>(out, from); }
}

/** float32 to int64. */
export function cast_f32_i64(block: usize, begin: u32, end: u32): void { cast<f32, i64, ToI64<f32>>(block, begin, end); }
/** float64 to int64. */
export function cast_f64_i64(block: usize, begin: u32, end: u32): void { cast<f64, i64, ToI64<f64>>(block, begin, end); }
/** int32 to int64. */
export function cast_i32_i64(block: usize, begin: u32, end: u32): void { cast<i32, i64, ToI64<i32>>(block, begin, end); }
/** bool to int64. */
export function cast_u8_i64(block: usize, begin: u32, end: u32): void { cast<u8, i64, ToI64<u8>>(block, begin, end); }
/** int64 to float32, to nearest. */
export function cast_i64_f32(block: usize, begin: u32, end: u32): void { cast<i64, f32, FromI64<f32>>(block, begin, end); }
/** int64 to float64, to nearest. */
export function cast_i64_f64(block: usize, begin: u32, end: u32): void { cast<i64, f64, FromI64<f64>>(block, begin, end); }
/** int64 to int32, the low bits. */
export function cast_i64_i32(block: usize, begin: u32, end: u32): void { cast<i64, i32, FromI64<i32>>(block, begin, end); }
/** int64 to bool. */
export function cast_i64_u8(block: usize, begin: u32, end: u32): void { cast<i64, u8, I64U8>(block, begin, end); }

// Small integers: to and from int32. Of int8 and uint8 the same becomes.

@final class I8I32 extends Cast<i8, i32> {
  @inline one(a: i8): i32 { return a; }
  @inline four(out: usize, from: usize): void {
    v128.store(out, i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load_zero<u32>(from))));
  }
}
@final class I16I32 extends Cast<i16, i32> {
  @inline one(a: i16): i32 { return a; }
  @inline four(out: usize, from: usize): void { v128.store(out, i32x4.extend_low_i16x8_s(v128.load_zero<u64>(from))); }
}
@final class I32B16 extends Cast<i32, i16> {
  @inline one(a: i32): i16 { return <i16>a; }
  @inline four(out: usize, from: usize): void { storeHalves(out, v128.load(from)); }
}
/** int8 to int32. */
export function cast_i8_i32(block: usize, begin: u32, end: u32): void { cast<i8, i32, I8I32>(block, begin, end); }
/** int16 to int32. */
export function cast_i16_i32(block: usize, begin: u32, end: u32): void { cast<i16, i32, I16I32>(block, begin, end); }
/** int32 to int16, the low bits. */
export function cast_i32_b16(block: usize, begin: u32, end: u32): void { cast<i32, i16, I32B16>(block, begin, end); }

@final class I32B8 extends Cast<i32, u8> {
  @inline one(a: i32): u8 { return <u8>a; }
  @inline four(out: usize, from: usize): void {
    const bytes = v128.shuffle<u8>(v128.load(from), v128.load(from), 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    v128.store_lane<u32>(out, bytes, 0);
  }
}
/** int32 to uint8 or int8, the low bits. */
export function cast_i32_b8(block: usize, begin: u32, end: u32): void { cast<i32, u8, I32B8>(block, begin, end); }

// The halves: 16 bits in, four lanes of float32 out, and back.

/** Four times 16 bits as lanes of 32. */
@inline function loadHalves(from: usize): v128 {
  return i32x4.extend_low_i16x8_u(v128.load_zero<u64>(from));
}

/** The low 16 bits of four lanes. */
@inline function storeHalves(out: usize, a: v128): void {
  v128.store_lane<u64>(out, v128.shuffle<u16>(a, a, 0, 2, 4, 6, 0, 2, 4, 6), 0);
}

/**
 * float16 to float32. The exponent's bias differs by 112, which a product with 2¹¹² makes up for, also where the
 * 16 bits are subnormal; what was infinite or NaN gets the full exponent.
 */
@inline function widenHalf(h: v128): v128 {
  const magnitude = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  const value = f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x77800000)));
  const special = v128.and(i32x4.ge_s(magnitude, i32x4.splat(0x7c00 << 13)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(value, special), i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16));
}

/**
 * float32 to float16. Normal: half of the last place kept is added, less one where that place is even, so that ties go
 * to even. Subnormal: 0.5 is added, whose last place is that of the subnormals, so that the sum is rounded there.
 */
@inline function narrowToHalf(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff));
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, odd), i32x4.splat(0xfff - (112 << 23))), 13);
  const half = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(magnitude, half), half);
  let r = v128.bitselect(subnormal, normal, i32x4.lt_s(magnitude, i32x4.splat(113 << 23)));
  r = v128.bitselect(i32x4.splat(0x7c00), r, i32x4.ge_s(magnitude, i32x4.splat(143 << 23)));
  r = v128.bitselect(i32x4.splat(0x7e00), r, i32x4.gt_s(magnitude, i32x4.splat(255 << 23)));
  return v128.or(r, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)));
}

/** float32 to bfloat16, its upper half: rounded as above; NaN stays one. */
@inline function narrowToBrain(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const r = i32x4.shr_u(i32x4.add(i32x4.add(x, odd), i32x4.splat(0x7fff)), 16);
  const isNan = i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(255 << 23));
  return v128.bitselect(i32x4.splat(0x7fc0), r, isNan);
}

@final class F16F32 extends Cast<u16, f32> {
  @inline one(a: u16): f32 { return f32x4.extract_lane(widenHalf(i32x4.splat(a)), 0); }
  @inline four(out: usize, from: usize): void { v128.store(out, widenHalf(loadHalves(from))); }
}
@final class F32F16 extends Cast<f32, u16> {
  @inline one(a: f32): u16 { return <u16>i32x4.extract_lane(narrowToHalf(f32x4.splat(a)), 0); }
  @inline four(out: usize, from: usize): void { storeHalves(out, narrowToHalf(v128.load(from))); }
}
@final class BF16F32 extends Cast<u16, f32> {
  @inline one(a: u16): f32 { return reinterpret<f32>(<u32>a << 16); }
  @inline four(out: usize, from: usize): void { v128.store(out, i32x4.shl(loadHalves(from), 16)); }
}
@final class F32BF16 extends Cast<f32, u16> {
  @inline one(a: f32): u16 { return <u16>i32x4.extract_lane(narrowToBrain(f32x4.splat(a)), 0); }
  @inline four(out: usize, from: usize): void { storeHalves(out, narrowToBrain(v128.load(from))); }
}

/** float16 to float32. */
export function cast_f16_f32(block: usize, begin: u32, end: u32): void { cast<u16, f32, F16F32>(block, begin, end); }
/** float32 to float16, to nearest. */
export function cast_f32_f16(block: usize, begin: u32, end: u32): void { cast<f32, u16, F32F16>(block, begin, end); }
/** bfloat16 to float32. */
export function cast_bf16_f32(block: usize, begin: u32, end: u32): void { cast<u16, f32, BF16F32>(block, begin, end); }
/** float32 to bfloat16, to nearest. */
export function cast_f32_bf16(block: usize, begin: u32, end: u32): void { cast<f32, u16, F32BF16>(block, begin, end); }
