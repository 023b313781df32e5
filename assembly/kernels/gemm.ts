// Matrix multiplication: out = beta · c + alpha · (a @ b), batched, for operands of any strides.
//
// Block: loop dims are the batch dims, then m, n, k. Operands: out (columns next to each other, any row stride), a
// (stride 0 over n), b (stride 0 over m), and optionally c (any strides, 0 where it is broadcast; may be out itself).
// Parameters: 0 alpha, 1 beta. Without c, out = alpha · (a @ b); with beta = 0, c is not read. With k = 0, a @ b is 0.
// Range: units of `GEMM_ROWS` rows; unit u is the row tile u % tiles of batch u / tiles, tiles = ceil(m / GEMM_ROWS).
// A call packs b once for all its units of one batch: hand out several units at a time.
//
// Blocking after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): k in runs of
// `DEPTH`, columns of b packed for the second-level cache, tiles of rows of a packed and multiplied with them. Which
// way a product takes depends on its sizes and strides alone, and each way sums every element of the result by itself,
// so the bits of a result do not depend on how the range is split.

import { parameter, pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { COLUMN_BYTES, columnsAt, currentJob, DEPTH, Job, PACKED_ROWS, rowsAt, settle, tileAt } from "./gemm/job";
import { pack } from "./gemm/pack";
import { packedTiles, raggedTile, stridedTiles } from "./gemm/tile";
import { matrixVector } from "./gemm/vector";

/** Rows of the result in one unit of the range. */
export const GEMM_ROWS: u32 = PACKED_ROWS;

/** Rows of the result in one unit of the range, for JavaScript. */
export function gemm_rows(): u32 {
  return GEMM_ROWS;
}

/** float32; shapes, strides and formula at the top of this file. */
export function gemm_f32(block: usize, begin: u32, end: u32): void {
  gemm<f32>(block, begin, end);
}

/** float64; shapes, strides and formula at the top of this file. */
export function gemm_f64(block: usize, begin: u32, end: u32): void {
  gemm<f64>(block, begin, end);
}

/** int32, wrapping; shapes, strides and formula at the top of this file. */
export function gemm_i32(block: usize, begin: u32, end: u32): void {
  gemm<i32>(block, begin, end);
}

/** Operands are packed above this m · n · k times bytes of an element: the first-level cache no longer holds them. */
const PACK_ABOVE: u64 = 64 * 64 * 64 * 4;
/** With fewer rows, columns of b that can be read in place still are: packing them would cost more. */
const PACK_COLUMNS_FROM: u32 = 64;
/** Up to this volume, products are computed element by element. */
const SCALAR_UP_TO: u64 = 32;
/** Up to so many rows, columns of b that lie along k are multiplied one row of a at a time, without packing them. */
const VECTOR_ROWS: u32 = 7;
/** But not when k is so short that the sums across lanes cost more than packing does. */
const VECTOR_COLUMNS: u32 = 32;

/** Bytes from the first element of an operand to its first at batch index `batch`. */
function batchOffset(block: usize, operand: u32, batch: u32): usize {
  let offset: usize = 0;
  for (let dim = rankOf(block) - 3; dim != 0 && batch != 0; ) {
    dim--;
    const size = sizeOf(block, dim);
    const rest = batch / size;
    offset += strideOf(block, operand, dim) * (batch - rest * size);
    batch = rest;
  }
  return offset;
}

function gemm<T extends number>(block: usize, begin: u32, end: u32): void {
  const rank = rankOf(block);
  const m = sizeOf(block, rank - 3);
  const n = sizeOf(block, rank - 2);
  const k = sizeOf(block, rank - 1);
  if (n == 0) return;
  const out = pointerOf(block, 0);
  const a = pointerOf(block, 1);
  const b = pointerOf(block, 2);
  const outRow = strideOf(block, 0, rank - 3);
  const aRow = strideOf(block, 1, rank - 3);
  const aStep = strideOf(block, 1, rank - 1);
  const bColumn = strideOf(block, 2, rank - 2);
  const bStep = strideOf(block, 2, rank - 1);
  const alpha = parameter(block, 0);
  const beta = parameter(block, 1);
  const hasAddend = load<u32>(block, 8) > 3 && beta != 0;
  const isLarge = <u64>m * <u64>n * <u64>k * sizeof<T>() > PACK_ABOVE;
  const job = currentJob();
  job.n = n;
  job.k = k;
  job.outRow = outRow;
  job.aRow = aRow;
  job.aStep = aStep;
  job.bColumn = bColumn;
  job.bStep = bStep;
  job.alpha = alpha;
  job.beta = beta;
  job.packRows = isLarge;
  job.packColumns = bColumn != sizeof<T>() || (isLarge && m >= PACK_COLUMNS_FROM);
  job.c = 0;
  if (hasAddend) {
    job.cRow = strideOf(block, 3, rank - 3);
    job.cColumn = strideOf(block, 3, rank - 2);
  }
  const tiles = (m + GEMM_ROWS - 1) / GEMM_ROWS;
  while (begin < end) {
    const batch = begin / tiles;
    const first = begin - batch * tiles;
    const count = min(tiles - first, end - begin);
    const row = first * GEMM_ROWS;
    job.m = min(m - row, count * GEMM_ROWS);
    job.out = out + batchOffset(block, 0, batch) + outRow * row;
    job.a = a + batchOffset(block, 1, batch) + aRow * row;
    job.b = b + batchOffset(block, 2, batch);
    if (hasAddend) job.c = pointerOf(block, 3) + batchOffset(block, 3, batch) + job.cRow * row;
    product<T>(job, m);
    begin += count;
  }
}

/**
 * out = a @ b, or with `adds` out + a @ b, for other kernels: `rows` rows of a product of `m` rows, whose sizes decide which
 * way is taken. It works in the job, the tile and the packed rows and columns of the kernel's scratch.
 */
export function multiply<T extends number>(
  m: u32, rows: u32, n: u32, k: u32, out: usize, outRow: usize, a: usize, aRow: usize, aStep: usize,
  b: usize, bStep: usize, bColumn: usize, adds: bool,
): void {
  const job = currentJob();
  const isLarge = <u64>m * <u64>n * <u64>k * sizeof<T>() > PACK_ABOVE;
  job.m = rows;
  job.n = n;
  job.k = k;
  job.out = out;
  job.outRow = outRow;
  job.a = a;
  job.aRow = aRow;
  job.aStep = aStep;
  job.b = b;
  job.bStep = bStep;
  job.bColumn = bColumn;
  job.alpha = 1;
  job.beta = 1;
  job.packRows = isLarge && n > 64;
  job.packColumns = bColumn != sizeof<T>() || (isLarge && m >= PACK_COLUMNS_FROM);
  job.c = adds ? out : 0;
  job.cRow = outRow;
  job.cColumn = sizeof<T>();
  product<T>(job, m);
}

/** The rows of one batch index that are in the range; `m` is the number of rows the whole product has. */
function product<T extends number>(job: Job, m: u32): void {
  if (<u64>m * job.n * job.k <= SCALAR_UP_TO) {
    scalar<T>(job);
    return;
  }
  // Integers take the general form, which is slower for vectors, to keep the artifact small.
  if (isInteger<T>() || !asVectors<T>(job, m)) blocked<T>(job);
}

/** The product by definition, for the smallest ones and for an empty k. */
function scalar<T extends number>(job: Job): void {
  const alpha = <T>job.alpha;
  const beta = <T>job.beta;
  for (let i: u32 = 0; i < job.m; i++) {
    for (let j: u32 = 0; j < job.n; j++) {
      let sum: T = 0;
      let a = job.a + job.aRow * i;
      let b = job.b + job.bColumn * j;
      for (let p = job.k; p != 0; p--) {
        sum = (sum + load<T>(a) * load<T>(b)) as T;
        a += job.aStep;
        b += job.bStep;
      }
      sum = (alpha * sum) as T;
      if (job.c != 0) sum = (beta * load<T>(job.c + job.cRow * i + job.cColumn * j) + sum) as T;
      store<T>(job.out + job.outRow * i + sizeof<T>() * j, sum);
    }
  }
}

/** Takes products that are a matrix times a vector, or a few of them; returns whether this one is. */
function asVectors<T extends number>(job: Job, m: u32): bool {
  const size = sizeof<T>();
  const isColumnVector = job.n == 1 && (job.aStep == size || job.aRow == size);
  const isRowVector = m == 1 && (job.bStep == size || job.bColumn == size);
  if (isColumnVector && !(isRowVector && job.aStep != size)) {
    matrixVector<T>(
      job.a, job.aRow, job.aStep, job.b, job.bStep, job.m, job.k,
      job.out, job.outRow, job.c, job.cRow, <T>job.alpha, <T>job.beta,
    );
    return true;
  }
  const isFewRows =
    m <= VECTOR_ROWS && job.k >= VECTOR_COLUMNS && job.aStep == size && job.bStep == size && job.bColumn != size;
  if (!isRowVector && !isFewRows) return false;
  for (let i: u32 = 0; i < m; i++) {
    matrixVector<T>(
      job.b, job.bColumn, job.bStep, job.a + job.aRow * i, job.aStep, job.n, job.k,
      job.out + job.outRow * i, size, job.c == 0 ? 0 : job.c + job.cRow * i, job.cColumn,
      <T>job.alpha, <T>job.beta,
    );
  }
  return true;
}

/** The general form: panels of columns, runs of k, tiles of rows. */
function blocked<T extends number>(job: Job): void {
  const run = min(job.k, DEPTH);
  const most = (COLUMN_BYTES / (run * <u32>sizeof<T>())) & ~7;
  for (let j: u32 = 0; j < job.n; j += most) {
    const n = min(job.n - j, most);
    for (let p: u32 = 0; p < job.k; p += DEPTH) {
      const k = min(job.k - p, DEPTH);
      const whole = packColumns<T>(job, j, n, p, k);
      for (let i: u32 = 0; i < job.m; i += PACKED_ROWS) {
        rowTile<T>(job, i, min(job.m - i, PACKED_ROWS), j, n, whole, p, k);
      }
    }
  }
}

/** Packs columns that are not read in place. Returns how many columns in front are. */
function packColumns<T extends number>(job: Job, j: u32, n: u32, p: u32, k: u32): u32 {
  const lanes = <u32>(16 / sizeof<T>());
  let whole: u32 = 0;
  if (!job.packColumns) {
    whole = n & ~(2 * lanes - 1);
    if (n - whole == lanes) whole = n;
    if (whole == n) return n;
  }
  const from = job.b + job.bColumn * (j + whole) + job.bStep * p;
  packBits<T>(columnsAt(), from, job.bColumn, job.bStep, n - whole, k, 2, true);
  return whole;
}

@inline function packBits<T extends number>(
  to: usize, from: usize, line: usize, step: usize, count: u32, k: u32, vectors: u32, tight: bool,
): void {
  if (sizeof<T>() == 8) pack<u64>(to, from, line, step, count, k, vectors, tight);
  else pack<u32>(to, from, line, step, count, k, vectors, tight);
}

/**
 * Multiplies a tile of up to `PACKED_ROWS` rows from `i` with `n` columns from `j` over the run of `k` from `p`.
 * The first `whole` columns are read in place, the others from the packed panels.
 */
function rowTile<T extends number>(job: Job, i: u32, m: u32, j: u32, n: u32, whole: u32, p: u32, k: u32): void {
  const size = sizeof<T>();
  const lanes = <u32>(16 / sizeof<T>());
  const alpha = <T>job.alpha;
  const outRow = job.outRow;
  let out = job.out + outRow * i + size * j;
  let c = out;
  let cRow = outRow;
  let cColumn = size;
  let beta: T = 1;
  if (p == 0) {
    cRow = job.cRow;
    cColumn = job.cColumn;
    c = job.c != 0 ? job.c + cRow * i + cColumn * j : 0;
    beta = <T>job.beta;
  }
  // Sums are written straight from the registers when nothing but a plain addition is left to do.
  const isPlain = alpha == 1 && (c == 0 || (beta == 1 && cColumn == size));

  let a = job.a + job.aRow * i + job.aStep * p;
  let aRow = job.aRow;
  let aStep = job.aStep;
  let aPanel = aRow * 4;
  if (job.packRows) {
    packBits<T>(rowsAt(), a, aRow, aStep, m, k, 4 / lanes, false);
    a = rowsAt();
    aRow = size;
    aStep = size * 4;
    aPanel = aStep * k;
  }

  let packed = columnsAt();
  let inPlace = job.b + size * j + job.bStep * p;
  for (let q: u32 = 0; q < n; q += 2 * lanes) {
    const width = min(n - q, 2 * lanes);
    const vectors: u32 = width > lanes ? 2 : 1;
    let b = inPlace;
    let bStep = job.bStep;
    if (q < whole) {
      inPlace += 32;
    } else {
      b = packed;
      bStep = vectors << 4;
      packed += bStep * k;
    }
    const isPacked = job.packRows && q >= whole;
    const isWhole = isPlain && width == lanes * vectors;
    let r: u32 = 0;
    if (isWhole && vectors == 2 && m >= 4) {
      if (isFloat<T>() && isPacked) packedTiles<T>(m >> 2, k, a, b, out, outRow, c, cRow);
      else stridedTiles<T>(m >> 2, k, a, aRow, aStep, aPanel, b, bStep, out, outRow, c, cRow);
      r = m & ~3;
    }
    for (; r < m; r += 4) {
      const rows = min(m - r, 4);
      const x = a + aPanel * (r >> 2);
      const to = isWhole ? out + outRow * r : tileAt();
      const toRow = isWhole ? outRow : 32;
      const addend = isWhole && c != 0 ? c + cRow * r : 0;
      if (rows < 4 || vectors < 2) raggedTile<T>(rows, vectors, k, x, aRow, aStep, b, bStep, to, toRow, addend, cRow);
      else if (isFloat<T>() && isPacked) packedTiles<T>(1, k, x, b, to, toRow, addend, cRow);
      else stridedTiles<T>(1, k, x, aRow, aStep, aPanel, b, bStep, to, toRow, addend, cRow);
      if (isWhole) continue;
      for (let s: u32 = 0; s < rows; s++) {
        settle<T>(
          tileAt() + 32 * s, width, out + outRow * (r + s), size,
          c != 0 ? c + cRow * (r + s) : 0, cColumn, alpha, beta,
        );
      }
    }
    out += 32;
    if (c != 0) c += cColumn * (2 * lanes);
  }
}
