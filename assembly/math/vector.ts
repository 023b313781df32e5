// Small helpers that all the vector mathematics is written with: constants from tables, selection, halves.

/** Constant `index` of a table of T in every lane: one load, where V8 builds a literal anew in three instructions. */
@inline export function constant<T>(table: usize, index: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(table + (index << 2));
  return v128.load64_splat(table + (index << 3));
}

// Bit patterns, in tables for the same reason: the sign; a fraction of 12 or 26 bits; 1.
const BITS_F32 = memory.data<u32>([0x80000000, 0xfffff000, 1]);
const BITS_F64 = memory.data<u64>([0x8000000000000000, 0xfffffffff8000000, 1]);

@inline function pattern<T>(index: usize): v128 {
  return constant<T>(sizeof<T>() == 4 ? BITS_F32 : BITS_F64, index);
}

/** a · b + c in two roundings. */
@inline export function mulAdd<T>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c₀ + c₁x + … by Horner's rule, from `count` coefficients of a table, every `step`-th from `first` on. */
@inline function horner<T>(x: v128, table: usize, first: usize, count: usize, step: usize): v128 {
  // Every branch folds at compile time: what is left is a straight line.
  if (count > 12) unreachable();
  let p = constant<T>(table, first + (count - 1) * step);
  if (count > 11) p = mulAdd<T>(p, x, constant<T>(table, first + 10 * step));
  if (count > 10) p = mulAdd<T>(p, x, constant<T>(table, first + 9 * step));
  if (count > 9) p = mulAdd<T>(p, x, constant<T>(table, first + 8 * step));
  if (count > 8) p = mulAdd<T>(p, x, constant<T>(table, first + 7 * step));
  if (count > 7) p = mulAdd<T>(p, x, constant<T>(table, first + 6 * step));
  if (count > 6) p = mulAdd<T>(p, x, constant<T>(table, first + 5 * step));
  if (count > 5) p = mulAdd<T>(p, x, constant<T>(table, first + 4 * step));
  if (count > 4) p = mulAdd<T>(p, x, constant<T>(table, first + 3 * step));
  if (count > 3) p = mulAdd<T>(p, x, constant<T>(table, first + 2 * step));
  if (count > 2) p = mulAdd<T>(p, x, constant<T>(table, first + step));
  if (count > 1) p = mulAdd<T>(p, x, constant<T>(table, first));
  return p;
}

/** c₀ + c₁x + …, coefficients `first` to `first + count - 1` of a table. */
@inline export function polynomial<T>(x: v128, table: usize, first: usize, count: usize): v128 {
  if (count < 7) return horner<T>(x, table, first, count, 1);
  // Long ones as even and odd part: the two chains run side by side.
  const square = v128.mul<T>(x, x);
  const odd = horner<T>(square, table, first + 1, count >> 1, 2);
  return mulAdd<T>(odd, x, horner<T>(square, table, first, (count + 1) >> 1, 2));
}

/** `a` where the mask is set, else `b`. */
@inline export function select(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** x cut to half of its bits, 12 or 26: products of two such numbers are exact. */
@inline export function shortened<T>(x: v128): v128 {
  return v128.and(x, pattern<T>(1));
}

/** The sign bit of every lane. */
@inline export function signMask<T>(): v128 {
  return pattern<T>(0);
}

/** The sign bits of x, all other bits 0. */
@inline export function signOf<T>(x: v128): v128 {
  return v128.and(x, signMask<T>());
}

/** n + 1 of an integer in each lane. */
@inline export function increment<T>(n: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.add(n, pattern<T>(2)) : i64x2.add(n, pattern<T>(2));
}

/** n − 1 of an integer in each lane. */
@inline export function decrement<T>(n: v128): v128 {
  return sizeof<T>() == 4 ? i32x4.sub(n, pattern<T>(2)) : i64x2.sub(n, pattern<T>(2));
}

/** Lanes whose integer is odd. */
@inline export function odd<T>(n: v128): v128 {
  if (sizeof<T>() == 4) return i32x4.shr_s(i32x4.shl(n, 31), 31);
  return i64x2.neg(v128.and(n, pattern<T>(2)));
}

/** Lanes 0 and 1 of four as float64. */
@inline export function lowHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** Lanes 2 and 3 of four as float64. */
@inline export function highHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

/** Two pairs of float64 rounded to four float32. */
@inline export function joinHalves(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}
