// Copies: elements moved between two strided places, one kernel for all dtypes of a width.

import { pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { along, copyRun } from "../loops/runs";
import {
  addressHere,
  colsHere,
  colStride,
  nextRectangle,
  ownBlock,
  rowsHere,
  rowStride,
  setPointer,
  setSize,
  setStride,
  startWalk,
} from "../loops/walk";

/** Elements in a vector. */
@inline function lanes<T>(): u32 {
  return 16 / <u32>sizeof<T>();
}

/** Rows of a transposed plane that are worked on together: whole cache lines are read before they are left. */
const BAND: u32 = 16;

/** Transposes one vector of rows by one vector of columns. */
@inline function transposeBlock<T>(out: usize, from: usize, outRow: isize, fromCol: isize): void {
  if (sizeof<T>() == 4) {
    const from2 = from + fromCol * 2, out2 = out + outRow * 2;
    const a = v128.load(from), b = v128.load(from + fromCol);
    const c = v128.load(from2), d = v128.load(from2 + fromCol);
    const ab = v128.shuffle<u32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
    const ef = v128.shuffle<u32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<u64>(ab, cd, 0, 2));
    v128.store(out + outRow, v128.shuffle<u64>(ab, cd, 1, 3));
    v128.store(out2, v128.shuffle<u64>(ef, gh, 0, 2));
    v128.store(out2 + outRow, v128.shuffle<u64>(ef, gh, 1, 3));
  } else {
    const a = v128.load(from), b = v128.load(from + fromCol);
    v128.store(out, v128.shuffle<u64>(a, b, 0, 2));
    v128.store(out + outRow, v128.shuffle<u64>(a, b, 1, 3));
  }
}

/** out[r][c] = from[c][r], out dense along c and from dense along r. */
function transposePlane<T>(out: usize, from: usize, rows: u32, cols: u32, outRow: isize, fromCol: isize): void {
  const step = lanes<T>();
  const wholeRows = rows & ~(step - 1), wholeCols = cols & ~(step - 1);
  const down = outRow * <isize>step;
  // Rows 4 KiB apart share one set of the first cache, which has eight ways in most machines.
  const band = outRow & 4095 ? BAND : BAND / 2;
  for (let first: u32 = 0; first < wholeRows; first += band) {
    const n = min(band, wholeRows - first);
    let to = out + along(first, outRow), at = from + along(first, sizeof<T>());
    for (let c: u32 = 0; c < wholeCols; c += step) {
      let q = to, p = at;
      for (let r: u32 = 0; r < n; r += step) {
        transposeBlock<T>(q, p, outRow, fromCol);
        q += down;
        p += 16;
      }
      to += 16;
      at += along(step, fromCol);
    }
  }
  for (let r: u32 = 0; r < rows; r++) {
    // The columns left over and, below the last whole band, all of them.
    const c = r < wholeRows ? wholeCols : 0;
    const to = out + along(r, outRow) + along(c, sizeof<T>());
    copyRun<T>(to, from + along(r, sizeof<T>()) + along(c, fromCol), cols - c, sizeof<T>(), fromCol);
  }
}

/** Copies a plane of rows and columns. */
function copyPlane<T>(
  out: usize,
  from: usize,
  rows: u32,
  cols: u32,
  outRow: isize,
  fromRow: isize,
  outCol: isize,
  fromCol: isize,
): void {
  const size = <isize>sizeof<T>();
  if (sizeof<T>() >= 4 && outCol != fromCol && rows >= lanes<T>() && cols >= lanes<T>()) {
    if (outCol == size && fromRow == size) {
      transposePlane<T>(out, from, rows, cols, outRow, fromCol);
      return;
    }
    if (fromCol == size && outRow == size) {
      transposePlane<T>(out, from, cols, rows, outCol, fromRow);
      return;
    }
  }
  if (cols < 8 && !(outCol == size && fromCol == size && cols >= lanes<T>())) {
    for (let r: u32 = 0; r < rows; r++) {
      let q = out, p = from;
      for (let c: u32 = 0; c < cols; c++) {
        store<T>(q, load<T>(p));
        q += outCol;
        p += fromCol;
      }
      out += outRow;
      from += fromRow;
    }
    return;
  }
  for (let r: u32 = 0; r < rows; r++) {
    copyRun<T>(out, from, cols, outCol, fromCol);
    out += outRow;
    from += fromRow;
  }
}

/** Copies a range of the nest, plane by plane. */
function copyPlanes<T>(block: usize, begin: u32, end: u32): void {
  const outRow = rowStride(block, 0), fromRow = rowStride(block, 1);
  const outCol = colStride(block, 0), fromCol = colStride(block, 1);
  startWalk(block, 2, begin, end);
  while (nextRectangle(block)) {
    copyPlane<T>(addressHere(0), addressHere(1), rowsHere(), colsHere(), outRow, fromRow, outCol, fromCol);
  }
}

/** The dim whose plane with the last one is a transpose; the last dim itself when there is none. */
function transposedDim<T>(block: usize): u32 {
  const last = rankOf(block) - 1;
  const size = <isize>sizeof<T>();
  const outCol = strideOf(block, 0, last), fromCol = strideOf(block, 1, last);
  if (sizeof<T>() < 4 || outCol == fromCol || (outCol != size && fromCol != size)) return last;
  const other: u32 = outCol == size ? 1 : 0;
  for (let d = <i32>last - 1; d >= 0; d--) if (strideOf(block, other, d) == size) return d;
  return last;
}

/**
 * Copies positions [first, last) along dim `dim` at one position of the dims before it, all of the dims after it, as
 * a nest in which `dim` comes last but one.
 */
function copySlab<T>(block: usize, dim: u32, outer: u32, first: u32, last: u32): void {
  const rank = rankOf(block);
  const own = ownBlock(rank - dim, 2);
  const to = rank - dim - 2;
  let total = last - first;
  for (let d = dim + 1; d < rank; d++) {
    const size = sizeOf(block, d);
    setSize(own, d + 1 < rank ? d - dim - 1 : to + 1, size);
    total *= size;
  }
  setSize(own, to, last - first);
  for (let k: u32 = 0; k < 2; k++) {
    let address = pointerOf(block, k) + along(first, strideOf(block, k, dim));
    let rest = outer;
    for (let d = <i32>dim - 1; d >= 0; d--) {
      const size = sizeOf(block, d);
      address += along(rest % size, strideOf(block, k, d));
      rest /= size;
    }
    setPointer(own, k, address);
    for (let d = dim + 1; d < rank; d++) setStride(own, k, d + 1 < rank ? d - dim - 1 : to + 1, strideOf(block, k, d));
    setStride(own, k, to, strideOf(block, k, dim));
  }
  copyPlanes<T>(own, 0, total);
}

function copy<T>(block: usize, begin: u32, end: u32): void {
  if (begin >= end) return;
  const rank = rankOf(block);
  if (rank < 3) {
    if (rank == 1) {
      const out = colStride(block, 0), from = colStride(block, 1);
      const to = pointerOf(block, 0) + along(begin, out), at = pointerOf(block, 1) + along(begin, from);
      copyRun<T>(to, at, end - begin, out, from);
    } else copyPlanes<T>(block, begin, end);
    return;
  }
  const dim = transposedDim<T>(block);
  if (dim >= rank - 2) {
    copyPlanes<T>(block, begin, end);
    return;
  }
  // Transposed over dims that are not neighbours: whole positions of the first of them are one nest of its own.
  let below: u32 = 1;
  for (let d = dim + 1; d < rank; d++) below *= sizeOf(block, d);
  const size = sizeOf(block, dim);
  let first = begin / below + (begin % below ? 1 : 0);
  const last = end / below;
  if (first >= last) {
    copyPlanes<T>(block, begin, end);
    return;
  }
  copyPlanes<T>(block, begin, first * below);
  copyPlanes<T>(block, last * below, end);
  while (first < last) {
    const outer = first / size, at = first % size;
    const n = min(size - at, last - first);
    copySlab<T>(block, dim, outer, at, at + n);
    first += n;
  }
}

/**
 * out = from, for the dtypes of 1 byte: operands out, from over any nest, range of its elements, no parameters.
 * A scalar source (all strides 0) makes it a fill. The operands are the same place or do not overlap.
 */
export function copy_w1(block: usize, begin: u32, end: u32): void {
  copy<u8>(block, begin, end);
}
/** out = from, for the dtypes of 2 bytes; as `copy_w1`. */
export function copy_w2(block: usize, begin: u32, end: u32): void {
  copy<u16>(block, begin, end);
}
/** out = from, for the dtypes of 4 bytes; as `copy_w1`. */
export function copy_w4(block: usize, begin: u32, end: u32): void {
  copy<u32>(block, begin, end);
}
/** out = from, for the dtypes of 8 bytes; as `copy_w1`. */
export function copy_w8(block: usize, begin: u32, end: u32): void {
  copy<u64>(block, begin, end);
}
