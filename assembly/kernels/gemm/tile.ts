// The innermost kernels of matrix multiplication: a few rows times one or two vectors of columns, sums in registers.
//
// All compute out[i, :] = (c[i, :] +) Σₚ a[i, p] · b[p, :], p ascending from 0, without the c term when c = 0; k ≥ 1.
// a[i, p] lies at a + i · aRow + p · aStep, the vectors b[p, :] at b + p · bStep.

@inline function multiplyAdd<T extends number>(sum: v128, x: v128, y: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(x, y));
}

/** a[i, p] in all lanes; in a packed panel the row is a constant offset, which costs no instruction. */
@inline function splatRow<T extends number>(packed: bool, i: i32, a: usize, row: usize): v128 {
  if (!packed) return v128.load_splat<T>(a + row);
  if (i == 1) return v128.load_splat<T>(a, sizeof<T>());
  if (i == 2) return v128.load_splat<T>(a, 2 * sizeof<T>());
  if (i == 3) return v128.load_splat<T>(a, 3 * sizeof<T>());
  return v128.load_splat<T>(a);
}

/** Writes one row of one or two vectors. */
@inline function put<T extends number>(vectors: i32, out: usize, c: usize, left: v128, right: v128): void {
  if (c != 0) {
    left = v128.add<T>(v128.load(c), left);
    if (vectors > 1) right = v128.add<T>(v128.load(c, 16), right);
  }
  v128.store(out, left);
  if (vectors > 1) v128.store(out, right, 16);
}

/**
 * 4 rows × 2 vectors, `groups` times from 4 rows to the next 4: eight sums, two vectors of b and the products fill the
 * registers that are usable. An exit stands between the steps of the unrolled loop, so no remainder loop is needed, and
 * neither compiler moves the loads of one step before the sums of another, which would spill sums to the stack.
 */
@inline function full<T extends number>(
  packed: bool, groups: u32, k: u32, a: usize, aRow: usize, aStep: usize, aGroup: usize, b: usize, bStep: usize,
  out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  const aRow2 = aRow * 2;
  const aRow3 = aRow * 3;
  do {
    const zero = v128.splat<T>(<T>0);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
    let b0: v128, b1: v128, ax: v128;
    let p = k;
    let x = a;
    let y = b;
    while (true) {
      b0 = v128.load(y);
      b1 = v128.load(y, 16);
      ax = splatRow<T>(packed, 0, x, 0);
      s00 = multiplyAdd<T>(s00, ax, b0);
      s01 = multiplyAdd<T>(s01, ax, b1);
      ax = splatRow<T>(packed, 1, x, aRow);
      s10 = multiplyAdd<T>(s10, ax, b0);
      s11 = multiplyAdd<T>(s11, ax, b1);
      ax = splatRow<T>(packed, 2, x, aRow2);
      s20 = multiplyAdd<T>(s20, ax, b0);
      s21 = multiplyAdd<T>(s21, ax, b1);
      ax = splatRow<T>(packed, 3, x, aRow3);
      s30 = multiplyAdd<T>(s30, ax, b0);
      s31 = multiplyAdd<T>(s31, ax, b1);
      if (--p == 0) break;
      x += aStep;
      y += bStep;
      b0 = v128.load(y);
      b1 = v128.load(y, 16);
      ax = splatRow<T>(packed, 0, x, 0);
      s00 = multiplyAdd<T>(s00, ax, b0);
      s01 = multiplyAdd<T>(s01, ax, b1);
      ax = splatRow<T>(packed, 1, x, aRow);
      s10 = multiplyAdd<T>(s10, ax, b0);
      s11 = multiplyAdd<T>(s11, ax, b1);
      ax = splatRow<T>(packed, 2, x, aRow2);
      s20 = multiplyAdd<T>(s20, ax, b0);
      s21 = multiplyAdd<T>(s21, ax, b1);
      ax = splatRow<T>(packed, 3, x, aRow3);
      s30 = multiplyAdd<T>(s30, ax, b0);
      s31 = multiplyAdd<T>(s31, ax, b1);
      if (--p == 0) break;
      x += aStep;
      y += bStep;
      b0 = v128.load(y);
      b1 = v128.load(y, 16);
      ax = splatRow<T>(packed, 0, x, 0);
      s00 = multiplyAdd<T>(s00, ax, b0);
      s01 = multiplyAdd<T>(s01, ax, b1);
      ax = splatRow<T>(packed, 1, x, aRow);
      s10 = multiplyAdd<T>(s10, ax, b0);
      s11 = multiplyAdd<T>(s11, ax, b1);
      ax = splatRow<T>(packed, 2, x, aRow2);
      s20 = multiplyAdd<T>(s20, ax, b0);
      s21 = multiplyAdd<T>(s21, ax, b1);
      ax = splatRow<T>(packed, 3, x, aRow3);
      s30 = multiplyAdd<T>(s30, ax, b0);
      s31 = multiplyAdd<T>(s31, ax, b1);
      if (--p == 0) break;
      x += aStep;
      y += bStep;
      b0 = v128.load(y);
      b1 = v128.load(y, 16);
      ax = splatRow<T>(packed, 0, x, 0);
      s00 = multiplyAdd<T>(s00, ax, b0);
      s01 = multiplyAdd<T>(s01, ax, b1);
      ax = splatRow<T>(packed, 1, x, aRow);
      s10 = multiplyAdd<T>(s10, ax, b0);
      s11 = multiplyAdd<T>(s11, ax, b1);
      ax = splatRow<T>(packed, 2, x, aRow2);
      s20 = multiplyAdd<T>(s20, ax, b0);
      s21 = multiplyAdd<T>(s21, ax, b1);
      ax = splatRow<T>(packed, 3, x, aRow3);
      s30 = multiplyAdd<T>(s30, ax, b0);
      s31 = multiplyAdd<T>(s31, ax, b1);
      if (--p == 0) break;
      x += aStep;
      y += bStep;
    }
    put<T>(2, out, c, s00, s01);
    if (c != 0) c += cRow;
    out += outRow;
    put<T>(2, out, c, s10, s11);
    if (c != 0) c += cRow;
    out += outRow;
    put<T>(2, out, c, s20, s21);
    if (c != 0) c += cRow;
    out += outRow;
    put<T>(2, out, c, s30, s31);
    if (c != 0) c += cRow;
    out += outRow;
    a += aGroup;
  } while (--groups != 0);
}

/** 1 to 4 rows × 1 or 2 vectors, for the ragged edges. */
@inline function ragged<T extends number>(
  rows: i32, vectors: i32, k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero;
  const aRow2 = aRow * 2;
  const aRow3 = aRow * 3;
  do {
    const b0 = v128.load(b);
    const b1 = vectors > 1 ? v128.load(b, 16) : zero;
    let x = v128.load_splat<T>(a);
    s00 = multiplyAdd<T>(s00, x, b0);
    if (vectors > 1) s01 = multiplyAdd<T>(s01, x, b1);
    if (rows > 1) {
      x = v128.load_splat<T>(a + aRow);
      s10 = multiplyAdd<T>(s10, x, b0);
      if (vectors > 1) s11 = multiplyAdd<T>(s11, x, b1);
    }
    if (rows > 2) {
      x = v128.load_splat<T>(a + aRow2);
      s20 = multiplyAdd<T>(s20, x, b0);
      if (vectors > 1) s21 = multiplyAdd<T>(s21, x, b1);
    }
    if (rows > 3) {
      x = v128.load_splat<T>(a + aRow3);
      s30 = multiplyAdd<T>(s30, x, b0);
    }
    a += aStep;
    b += bStep;
  } while (--k != 0);
  put<T>(vectors, out, c, s00, s01);
  if (rows > 1) put<T>(vectors, out + outRow, c != 0 ? c + cRow : 0, s10, s11);
  if (rows > 2) put<T>(vectors, out + outRow * 2, c != 0 ? c + cRow * 2 : 0, s20, s21);
  if (rows > 3) put<T>(vectors, out + outRow * 3, c != 0 ? c + cRow * 3 : 0, s30, zero);
}

/** 4 rows × 2 vectors, `groups` times, from packed panels: 4 elements of a and 32 bytes of b for each p. */
export function packedTiles<T extends number>(
  groups: u32, k: u32, a: usize, b: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  full<T>(true, groups, k, a, 0, 4 * sizeof<T>(), 4 * sizeof<T>() * k, b, 32, out, outRow, c, cRow);
}

/** 4 rows × 2 vectors, `groups` times, from operands with any strides but that of a vector of b. */
export function stridedTiles<T extends number>(
  groups: u32, k: u32, a: usize, aRow: usize, aStep: usize, aGroup: usize, b: usize, bStep: usize,
  out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  full<T>(false, groups, k, a, aRow, aStep, aGroup, b, bStep, out, outRow, c, cRow);
}

function tile1x1<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(1, 1, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile2x1<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(2, 1, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile3x1<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(3, 1, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile4x1<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(4, 1, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile1x2<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(1, 2, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile2x2<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(2, 2, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

function tile3x2<T extends number>(
  k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  ragged<T>(3, 2, k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}

/** The kernel for `rows` times `vectors`; 4 × 2 is not among them. */
export function raggedTile<T extends number>(
  rows: u32, vectors: u32, k: u32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize,
  out: usize, outRow: usize, c: usize, cRow: usize,
): void {
  if (vectors == 2) {
    if (rows == 3) tile3x2<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
    else if (rows == 2) tile2x2<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
    else tile1x2<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
  } else if (rows == 4) tile4x1<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
  else if (rows == 3) tile3x1<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
  else if (rows == 2) tile2x1<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
  else tile1x1<T>(k, a, aRow, aStep, b, bStep, out, outRow, c, cRow);
}
