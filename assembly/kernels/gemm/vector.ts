// Matrix times vector, for products with one row, one column or very few rows: the matrix is read in its own order.

import { columnsAt, rowsAt, settle } from "./job";

/** Rows whose sums are kept in scratch at a time. */
const CHUNK: u32 = 2048;
/** Elements of a row summed in one run by the dot form; the sums of the runs are added to each other. */
const RUN: u32 = 1024;
/** Elements of the vector that fit the scratch when they have to be gathered. */
const GATHERED: u32 = 32768;
/** Columns taken by the axpy form before its sums go to the result. */
const COLUMNS: u32 = 256;

@inline function multiplyAdd<T extends number>(sum: v128, x: usize, y: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(v128.load(x), y));
}

/** Sum of the lanes, in a fixed order. */
@inline function across<T extends number>(sum: v128): T {
  if (sizeof<T>() == 8) return (v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1)) as T;
  const left = (v128.extract_lane<T>(sum, 0) + v128.extract_lane<T>(sum, 1)) as T;
  return (left + ((v128.extract_lane<T>(sum, 2) + v128.extract_lane<T>(sum, 3)) as T)) as T;
}

/** sums[i] = Σₚ matrix[i, p] · vector[p] over contiguous rows and a contiguous vector, one row at a time. */
function dotRows<T extends number>(sums: usize, matrix: usize, row: usize, count: u32, vector: usize, k: u32): void {
  const lanes = <u32>(16 / sizeof<T>());
  const zero = v128.splat<T>(<T>0);
  for (; count != 0; count--) {
    let total: T = 0;
    let x = matrix;
    let y = vector;
    let left = k;
    while (left != 0) {
      const end = left > RUN ? left - RUN : 0;
      let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
      for (; left >= end + 4 * lanes; left -= 4 * lanes) {
        s0 = multiplyAdd<T>(s0, x, v128.load(y));
        s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), v128.load(y, 16)));
        s2 = v128.add<T>(s2, v128.mul<T>(v128.load(x, 32), v128.load(y, 32)));
        s3 = v128.add<T>(s3, v128.mul<T>(v128.load(x, 48), v128.load(y, 48)));
        x += 64;
        y += 64;
      }
      let sum = across<T>(v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3)));
      for (; left > end; left--) {
        sum = (sum + load<T>(x) * load<T>(y)) as T;
        x += sizeof<T>();
        y += sizeof<T>();
      }
      total = (total + sum) as T;
    }
    store<T>(sums, total);
    sums += sizeof<T>();
    matrix += row;
  }
}

/** The same for `count` rows in groups of four, which share the loads of the vector. Returns how many are left over. */
function dotFours<T extends number>(sums: usize, matrix: usize, row: usize, count: u32, vector: usize, k: u32): u32 {
  const lanes = <u32>(16 / sizeof<T>());
  const zero = v128.splat<T>(<T>0);
  for (; count >= 4; count -= 4) {
    let t0: T = 0, t1: T = 0, t2: T = 0, t3: T = 0;
    let x0 = matrix, x1 = matrix + row, x2 = x1 + row, x3 = x2 + row;
    matrix = x3 + row;
    let y = vector;
    let left = k;
    while (left != 0) {
      const end = left > RUN ? left - RUN : 0;
      let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
      for (; left >= end + lanes; left -= lanes) {
        const v = v128.load(y);
        s0 = multiplyAdd<T>(s0, x0, v);
        s1 = multiplyAdd<T>(s1, x1, v);
        s2 = multiplyAdd<T>(s2, x2, v);
        s3 = multiplyAdd<T>(s3, x3, v);
        x0 += 16;
        x1 += 16;
        x2 += 16;
        x3 += 16;
        y += 16;
      }
      let r0 = across<T>(s0), r1 = across<T>(s1), r2 = across<T>(s2), r3 = across<T>(s3);
      for (; left > end; left--) {
        const v = load<T>(y);
        r0 = (r0 + load<T>(x0) * v) as T;
        r1 = (r1 + load<T>(x1) * v) as T;
        r2 = (r2 + load<T>(x2) * v) as T;
        r3 = (r3 + load<T>(x3) * v) as T;
        x0 += sizeof<T>();
        x1 += sizeof<T>();
        x2 += sizeof<T>();
        x3 += sizeof<T>();
        y += sizeof<T>();
      }
      t0 = (t0 + r0) as T;
      t1 = (t1 + r1) as T;
      t2 = (t2 + r2) as T;
      t3 = (t3 + r3) as T;
    }
    store<T>(sums, t0);
    store<T>(sums, t1, sizeof<T>());
    store<T>(sums, t2, 2 * sizeof<T>());
    store<T>(sums, t3, 3 * sizeof<T>());
    sums += 4 * sizeof<T>();
  }
  return count;
}

/** sums[i] += Σ matrix[i, p] · vector[p] over four contiguous columns p; lanes and single elements round alike. */
function axpyFour<T extends number>(sums: usize, x: usize, step: usize, count: u32, v: usize, vStep: usize): void {
  const lanes = <u32>(16 / sizeof<T>());
  const v0 = load<T>(v), v1 = load<T>(v + vStep), v2 = load<T>(v + vStep * 2), v3 = load<T>(v + vStep * 3);
  const w0 = v128.splat<T>(v0), w1 = v128.splat<T>(v1), w2 = v128.splat<T>(v2), w3 = v128.splat<T>(v3);
  const step2 = step * 2;
  const step3 = step * 3;
  for (; count >= lanes; count -= lanes) {
    const s01 = multiplyAdd<T>(v128.mul<T>(v128.load(x), w0), x + step, w1);
    const s23 = multiplyAdd<T>(v128.mul<T>(v128.load(x + step2), w2), x + step3, w3);
    v128.store(sums, v128.add<T>(v128.load(sums), v128.add<T>(s01, s23)));
    x += 16;
    sums += 16;
  }
  for (; count != 0; count--) {
    const s01: T = (load<T>(x) * v0 + load<T>(x + step) * v1) as T;
    const s23: T = (load<T>(x + step2) * v2 + load<T>(x + step3) * v3) as T;
    store<T>(sums, (load<T>(sums) + ((s01 + s23) as T)) as T);
    x += sizeof<T>();
    sums += sizeof<T>();
  }
}

/** sums[i] += matrix[i] · vector[0] for one contiguous column. */
function axpyOne<T extends number>(sums: usize, x: usize, count: u32, v: usize): void {
  const v0 = load<T>(v);
  for (; count != 0; count--) {
    store<T>(sums, (load<T>(sums) + load<T>(x) * v0) as T);
    x += sizeof<T>();
    sums += sizeof<T>();
  }
}

/**
 * out[i] = beta · c[i] + alpha · Σₚ matrix[i, p] · vector[p]; c = 0 leaves its term out. `row` and `step` are the
 * matrix's bytes along i and p; one of them must be one element. Needs k ≥ 1.
 */
export function matrixVector<T extends number>(
  matrix: usize, row: usize, step: usize, vector: usize, vectorStep: usize, count: u32, k: u32,
  out: usize, outStep: usize, c: usize, cStep: usize, alpha: T, beta: T,
): void {
  const isDot = step == sizeof<T>();
  const isGathered = isDot && vectorStep != sizeof<T>();
  const depth = isDot ? (isGathered ? GATHERED : k) : COLUMNS;
  const sums = rowsAt();
  while (count != 0) {
    const rows = min(count, CHUNK);
    for (let p: u32 = 0; p < k; p += depth) {
      const columns = min(depth, k - p);
      const x = matrix + step * p;
      let v = vector + vectorStep * p;
      if (isGathered) {
        const to = columnsAt();
        for (let q: u32 = 0; q < columns; q++) store<T>(to + sizeof<T>() * q, load<T>(v + vectorStep * q));
        v = to;
      }
      if (isDot) {
        const left = dotFours<T>(sums, x, row, rows, v, columns);
        const done = rows - left;
        dotRows<T>(sums + done * sizeof<T>(), x + row * done, row, left, v, columns);
      } else {
        memory.fill(sums, 0, rows * sizeof<T>());
        let q: u32 = 0;
        for (; q + 4 <= columns; q += 4) axpyFour<T>(sums, x + step * q, step, rows, v + vectorStep * q, vectorStep);
        for (; q < columns; q++) axpyOne<T>(sums, x + step * q, rows, v + vectorStep * q);
      }
      if (p == 0) settle<T>(sums, rows, out, outStep, c, cStep, alpha, beta);
      else settle<T>(sums, rows, out, outStep, out, outStep, alpha, <T>1);
    }
    matrix += row * rows;
    out += outStep * rows;
    if (c != 0) c += cStep * rows;
    count -= rows;
  }
}
