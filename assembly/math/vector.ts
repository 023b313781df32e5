// Small helpers that all the vector mathematics is written with: constants from tables, selection, halves.

/** Constant `index` of a table of T in every lane: one load, where V8 builds a literal anew in three instructions. */
@inline export function constant<T>(table: usize, index: usize): v128 {
  if (sizeof<T>() == 4) return v128.load32_splat(table + (index << 2));
  return v128.load64_splat(table + (index << 3));
}

/** a · b + c in two roundings. */
@inline export function mulAdd<T>(a: v128, b: v128, c: v128): v128 {
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** c₀ + c₁x + … by Horner's rule, coefficients `first` to `first + count - 1` of a table. */
@inline export function polynomial<T>(x: v128, table: usize, first: usize, count: usize): v128 {
  // Every branch folds at compile time: what is left is a straight line.
  let p = constant<T>(table, first + count - 1);
  if (count > 24) unreachable();
  if (count > 23) p = mulAdd<T>(p, x, constant<T>(table, first + 22));
  if (count > 22) p = mulAdd<T>(p, x, constant<T>(table, first + 21));
  if (count > 21) p = mulAdd<T>(p, x, constant<T>(table, first + 20));
  if (count > 20) p = mulAdd<T>(p, x, constant<T>(table, first + 19));
  if (count > 19) p = mulAdd<T>(p, x, constant<T>(table, first + 18));
  if (count > 18) p = mulAdd<T>(p, x, constant<T>(table, first + 17));
  if (count > 17) p = mulAdd<T>(p, x, constant<T>(table, first + 16));
  if (count > 16) p = mulAdd<T>(p, x, constant<T>(table, first + 15));
  if (count > 15) p = mulAdd<T>(p, x, constant<T>(table, first + 14));
  if (count > 14) p = mulAdd<T>(p, x, constant<T>(table, first + 13));
  if (count > 13) p = mulAdd<T>(p, x, constant<T>(table, first + 12));
  if (count > 12) p = mulAdd<T>(p, x, constant<T>(table, first + 11));
  if (count > 11) p = mulAdd<T>(p, x, constant<T>(table, first + 10));
  if (count > 10) p = mulAdd<T>(p, x, constant<T>(table, first + 9));
  if (count > 9) p = mulAdd<T>(p, x, constant<T>(table, first + 8));
  if (count > 8) p = mulAdd<T>(p, x, constant<T>(table, first + 7));
  if (count > 7) p = mulAdd<T>(p, x, constant<T>(table, first + 6));
  if (count > 6) p = mulAdd<T>(p, x, constant<T>(table, first + 5));
  if (count > 5) p = mulAdd<T>(p, x, constant<T>(table, first + 4));
  if (count > 4) p = mulAdd<T>(p, x, constant<T>(table, first + 3));
  if (count > 3) p = mulAdd<T>(p, x, constant<T>(table, first + 2));
  if (count > 2) p = mulAdd<T>(p, x, constant<T>(table, first + 1));
  if (count > 1) p = mulAdd<T>(p, x, constant<T>(table, first));
  return p;
}

/** `a` where the mask is set, else `b`. */
@inline export function select(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/** Float64 with the lower 27 bits of the fraction taken off: products of two such numbers are exact. */
@inline export function shortened(x: v128): v128 {
  return v128.and(x, i64x2.splat(-0x8000000));
}

/** The sign bit of every lane. */
@inline export function signMask<T>(): v128 {
  if (sizeof<T>() == 4) return i32x4.splat(i32.MIN_VALUE);
  return i64x2.splat(i64.MIN_VALUE);
}

/** The sign bits of x, all other bits 0. */
@inline export function signOf<T>(x: v128): v128 {
  return v128.and(x, signMask<T>());
}

/** Lanes whose integer is odd. */
@inline export function odd<T>(n: v128): v128 {
  if (sizeof<T>() == 4) return i32x4.shr_s(i32x4.shl(n, 31), 31);
  return i64x2.neg(v128.and(n, i64x2.splat(1)));
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
