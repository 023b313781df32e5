// Stable sorting along a dim, and the k first elements of the order.
//
// A row becomes records of 8 bytes, key above position, whose keys are unsigned integers in the wanted order. Records
// are sorted by radix: one byte of the key at a time from the lowest, each pass stable, passes in which all bytes are
// equal left out. float64 and int64 take two rounds, first by the lower half of its key.

import { integer, pointerOf } from "../block";
import { along } from "../loops/runs";
import {
  addressHere,
  colStride,
  nextRectangle,
  rowsHere,
  rowStride,
  startWalk,
  widthOf,
} from "../loops/walk";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Rows up to this size are sorted in scratch memory, longer ones in a temporary operand. */
const LONGEST: u32 = 65536;

/** Rows up to this size are sorted by insertion. */
const SHORT: u32 = 40;

/** The first bits of a key by which a search for few elements sorts out most others, and from which size on. */
const SIEVE_BITS: u32 = 12;
const SIEVE_FROM: u32 = 1024;

/** Where counts are kept: four tables of 256, or one of the sieve; the records come after them. */
@inline function counts(): usize {
  return scratch() + KERNEL_SCRATCH;
}
const RECORDS: usize = KERNEL_SCRATCH + (4 << SIEVE_BITS);

@inline function keyOf(record: u64): u32 {
  return <u32>(record >> 32);
}

/** Unsigned key of an element: ascending order, -0 as 0, NaN last. */
@inline function key<T extends number>(x: T): u64 {
  if (isFloat<T>()) {
    if (x != x) return -1;
    // Adding 0 turns -0 into 0. The order of floats of one sign is that of their bits.
    if (sizeof<T>() == 8) {
      const bits = reinterpret<u64>(<f64>x + 0);
      return bits ^ (<u64>(<i64>bits >> 63) | 0x8000000000000000);
    }
    const bits = reinterpret<u32>(<f32>x + 0);
    return <u64>(bits ^ (<u32>(<i32>bits >> 31) | 0x80000000));
  }
  if (sizeof<T>() == 8) return <u64>x ^ 0x8000000000000000;
  if (isSigned<T>()) return <u64>(<u32>x ^ 0x80000000);
  return <u64>x;
}

/** The upper, or for 64 bits the lower, 32 bits of the key at an address; `flip` is -1 for descending order. */
@inline function keyAt<T extends number>(at: usize, flip: u32, lower: bool): u32 {
  const whole = key<T>(load<T>(at));
  return <u32>(sizeof<T>() == 8 && !lower ? whole >> 32 : whole) ^ flip;
}

/** Writes the records of a row. */
function records<T extends number>(to: usize, from: usize, stride: isize, n: u32, flip: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    store<u64>(to, (<u64>keyAt<T>(from, flip, true) << 32) | i);
    to += 8;
    from += stride;
  }
}

/** Gives records the upper half of their keys. */
function raise<T extends number>(at: usize, from: usize, stride: isize, n: u32, flip: u32): void {
  for (; n; n--) {
    const position = load<u32>(at);
    store<u32>(at, keyAt<T>(from + along(position, stride), flip, false), 4);
    at += 8;
  }
}

/** Writes the records of those elements that can be among the `k` first; returns their number. */
function sieve<T extends number>(to: usize, from: usize, stride: isize, n: u32, k: u32, flip: u32): u32 {
  const table = counts();
  memory.fill(table, 0, 4 << SIEVE_BITS);
  let at = from;
  for (let i: u32 = 0; i < n; i++) {
    const count = table + (<usize>(keyAt<T>(at, flip, false) >> (32 - SIEVE_BITS)) << 2);
    store<u32>(count, load<u32>(count) + 1);
    at += stride;
  }
  let last: u32 = 0;
  for (let sum: u32 = 0; ; last++) {
    sum += load<u32>(table + (<usize>last << 2));
    if (sum >= k) break;
  }
  const start = to;
  for (let i: u32 = 0; i < n; i++) {
    if (keyAt<T>(from, flip, false) >> (32 - SIEVE_BITS) <= last) {
      store<u64>(to, (<u64>keyAt<T>(from, flip, true) << 32) | i);
      to += 8;
    }
    from += stride;
  }
  return <u32>(to - start) >> 3;
}

/** Sorts few records by their keys. */
function insertionSort(records: usize, n: u32): void {
  const end = records + along(n, 8);
  for (let at = records + 8; at < end; at += 8) {
    const record = load<u64>(at);
    const key = keyOf(record);
    let to = at;
    while (to > records) {
      const before = load<u64>(to - 8);
      if (keyOf(before) <= key) break;
      store<u64>(to, before);
      to -= 8;
    }
    store<u64>(to, record);
  }
}

/** Sorts records by their keys; returns where they are then, at `from` or at `other`. */
function sortRecords(from: usize, other: usize, n: u32): usize {
  if (n <= SHORT) {
    insertionSort(from, n);
    return from;
  }
  const tables = counts();
  memory.fill(tables, 0, 4096);
  const end = from + along(n, 8);
  for (let at = from; at < end; at += 8) {
    const key = load<u32>(at, 4);
    const a = tables + <usize>((key & 255) << 2);
    const b = tables + <usize>(((key >> 8) & 255) << 2);
    const c = tables + <usize>(((key >> 16) & 255) << 2);
    const d = tables + <usize>((key >> 24) << 2);
    store<u32>(a, load<u32>(a) + 1);
    store<u32>(b, load<u32>(b, 1024) + 1, 1024);
    store<u32>(c, load<u32>(c, 2048) + 1, 2048);
    store<u32>(d, load<u32>(d, 3072) + 1, 3072);
  }
  for (let digit: u32 = 0; digit < 4; digit++) {
    const table = tables + <usize>(digit << 10);
    const shift = digit << 3;
    if (load<u32>(table + <usize>(((load<u32>(from, 4) >> shift) & 255) << 2)) == n) continue;
    pass(from, other, n, table, shift);
    const swap = from;
    from = other;
    other = swap;
  }
  return from;
}

/** One stable pass by a byte of the key, whose counts are in `table`. */
function pass(from: usize, to: usize, n: u32, table: usize, shift: u32): void {
  for (let at = table, end = table + 1024; at < end; at += 4) {
    const count = load<u32>(at);
    store<u32>(at, <u32>to);
    to += along(count, 8);
  }
  for (let end = from + along(n, 8); from < end; from += 8) {
    const record = load<u64>(from);
    const place = table + <usize>(((keyOf(record) >> shift) & 255) << 2);
    const at = load<u32>(place);
    store<u32>(place, at + 8);
    store<u64>(<usize>at, record);
  }
}

/** Sorts rows [begin, end). */
function sort<T extends number>(block: usize, begin: u32, end: u32): void {
  const n = widthOf(block);
  if (n == 0) return;
  const flip: u32 = integer(block, 0) ? -1 : 0;
  const k = min(<u32>integer(block, 1), n);
  const down0 = rowStride(block, 0), down1 = rowStride(block, 1), down2 = rowStride(block, 2);
  const right0 = colStride(block, 0), right1 = colStride(block, 1), stride = colStride(block, 2);
  const a = n > LONGEST ? pointerOf(block, 3) : scratch() + RECORDS;
  const b = a + along(n, 8);
  startWalk(block, 3, begin * n, end * n);
  while (nextRectangle(block)) {
    let values = addressHere(0), indices = addressHere(1), from = addressHere(2);
    for (let rows = rowsHere(); rows; rows--) {
      let m = n;
      if (n >= SIEVE_FROM && k < n / 4) m = sieve<T>(a, from, stride, n, k, flip);
      else records<T>(a, from, stride, n, flip);
      let sorted = sortRecords(a, b, m);
      if (sizeof<T>() == 8) {
        raise<T>(sorted, from, stride, m, flip);
        sorted = sortRecords(sorted, sorted == a ? b : a, m);
      }
      let value = values, index = indices;
      for (let i: u32 = 0; i < k; i++) {
        const position = load<u32>(sorted);
        store<T>(value, load<T>(from + along(position, stride)));
        store<u32>(index, position);
        sorted += 8;
        value += right0;
        index += right1;
      }
      values += down0;
      indices += down1;
      from += down2;
    }
  }
}

/**
 * The k first elements of each row in sorted order, and where they were, float32. Stable: equal elements stay in their
 * order, whichever the direction. NaN is greatest, -0 equals 0.
 *
 * Operands values, indices (int32), from; the last dim of the nest is sorted, and its size n is from's: values and
 * indices have a stride over it and are written at its first k positions. For n > 65536 a fourth operand points to 16·n
 * bytes (a multiple of 8) of temporary memory; its strides are not read. Range: rows, that is positions of the other
 * dims; in one piece if there is a fourth operand. Parameters: descending (0 or 1), k (n for a sort). The results must
 * not overlap from.
 *
 * sort, argsort, msort: k = n. topk: k. kthvalue, median: the last of k.
 */
export function sort_f32(block: usize, begin: u32, end: u32): void {
  sort<f32>(block, begin, end);
}
/** The k first elements of each row in sorted order, float64; as `sort_f32`. */
export function sort_f64(block: usize, begin: u32, end: u32): void {
  sort<f64>(block, begin, end);
}
/** The k first elements of each row in sorted order, int32; as `sort_f32`. */
export function sort_i32(block: usize, begin: u32, end: u32): void {
  sort<i32>(block, begin, end);
}
/** The k first elements of each row in sorted order, int64; as `sort_f32`. */
export function sort_i64(block: usize, begin: u32, end: u32): void {
  sort<i64>(block, begin, end);
}
/** The k first elements of each row in sorted order, bool; as `sort_f32`. */
export function sort_u8(block: usize, begin: u32, end: u32): void {
  sort<u8>(block, begin, end);
}
