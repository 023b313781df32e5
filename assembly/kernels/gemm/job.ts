// One matrix product on its way: where its operands lie, and how finished sums become results.

import { KERNEL_SCRATCH, scratch } from "../../memory/scratch";

/** Longest run of k that is summed before the sum goes to memory; fixed, because it decides the bits of a result. */
export const DEPTH: u32 = 256;

/** Most rows packed at once. */
export const PACKED_ROWS: u32 = 64;

const TILE: usize = 256;
const ROWS_AT: usize = 1024;
const COLUMNS_AT: usize = ROWS_AT + <usize>(PACKED_ROWS * DEPTH * 8);

/** Bytes of the area for packed columns: half of a usual second-level cache. */
export const COLUMN_BYTES: u32 = 512 << 10;

/**
 * out[i, j] = beta · c[i, j] + alpha · Σₚ a[i, p] · b[p, j] for one batch index. Lies at the start of the kernel's
 * scratch. `c` is 0 when there is nothing to add.
 */
@unmanaged
export class Job {
  m: u32;
  n: u32;
  k: u32;
  packRows: bool;
  packColumns: bool;
  out: usize;
  outRow: usize;
  a: usize;
  aRow: usize;
  aStep: usize;
  b: usize;
  bStep: usize;
  bColumn: usize;
  c: usize;
  cRow: usize;
  cColumn: usize;
  alpha: f64;
  beta: f64;
}

/** The job of this instance. */
@inline export function currentJob(): Job {
  return changetype<Job>(scratch() + KERNEL_SCRATCH);
}

/** A tile of sums that cannot go to the result as they are: 4 rows of 32 bytes. */
@inline export function tileAt(): usize {
  return scratch() + KERNEL_SCRATCH + TILE;
}

/** Where rows of a are packed: `PACKED_ROWS · DEPTH` elements. */
@inline export function rowsAt(): usize {
  return scratch() + KERNEL_SCRATCH + ROWS_AT;
}

/** Where columns of b are packed: `COLUMN_BYTES`. */
@inline export function columnsAt(): usize {
  return scratch() + KERNEL_SCRATCH + COLUMNS_AT;
}

/**
 * out[i] = beta · c[i] + alpha · sums[i] for i < count; `outStep` and `cStep` are bytes from one element to the next.
 * Without c (c = 0) its term is left out. Each element is rounded the same way whichever path it takes.
 */
export function settle<T extends number>(
  sums: usize, count: u32, out: usize, outStep: usize, c: usize, cStep: usize, alpha: T, beta: T,
): void {
  if (outStep == sizeof<T>() && (c == 0 || cStep == sizeof<T>())) {
    const scale = v128.splat<T>(alpha);
    const keep = v128.splat<T>(beta);
    const lanes = <u32>(16 / sizeof<T>());
    for (; count >= lanes; count -= lanes) {
      let sum = v128.mul<T>(scale, v128.load(sums));
      if (c != 0) {
        sum = v128.add<T>(v128.mul<T>(keep, v128.load(c)), sum);
        c += 16;
      }
      v128.store(out, sum);
      sums += 16;
      out += 16;
    }
  }
  for (; count != 0; count--) {
    let sum: T = (alpha * load<T>(sums)) as T;
    if (c != 0) {
      sum = (beta * load<T>(c) + sum) as T;
      c += cStep;
    }
    store<T>(out, sum);
    sums += sizeof<T>();
    out += outStep;
  }
}
