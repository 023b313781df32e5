// Walks a range of a loop nest as rectangles: runs over the last two dims, with an odometer over the others.
//
// A range of flat row-major positions is cut into at most a partial row, whole rows, and a partial row for each
// position of the outer dims. A kernel asks for one rectangle after the other and works on it with two plain loops.

import { pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";

/** Bytes of the walk's state, at the end of what belongs to `loops/`; `loops/map.ts` keeps to the start of it. */
const STATE: usize = 512;

/** The state of the one walk that can be under way. */
@unmanaged
class Walk {
  operands: u32;
  height: u32;
  width: u32;
  plane: u32;
  left: u32;
  nextRow: u32;
  nextCol: u32;
  rows: u32;
  cols: u32;
  row: u32;
  col: u32;
}

/** Where the counters of the outer dims start, then the operands' addresses there, then those in the rectangle. */
const COUNTERS: usize = 64;
const BASES: usize = 128;
const ADDRESSES: usize = 256;

@inline function walk(): Walk {
  return changetype<Walk>(scratch() + KERNEL_SCRATCH - STATE);
}

@inline function field(table: usize, index: u32): usize {
  return changetype<usize>(walk()) + table + (<usize>index << 2);
}

/** Number of operands of a block. */
@inline export function operandsOf(block: usize): u32 {
  return load<u32>(block, 8);
}

/** Size of the last dim; 1 for a nest without dims. */
@inline export function widthOf(block: usize): u32 {
  const rank = rankOf(block);
  return rank > 0 ? sizeOf(block, rank - 1) : 1;
}

/** Size of the last dim but one; 1 where there is none. */
@inline export function heightOf(block: usize): u32 {
  const rank = rankOf(block);
  return rank > 1 ? sizeOf(block, rank - 2) : 1;
}

/** Byte stride of an operand along the last dim. */
@inline export function colStride(block: usize, operand: u32): isize {
  const rank = rankOf(block);
  return rank > 0 ? strideOf(block, operand, rank - 1) : 0;
}

/** Byte stride of an operand along the last dim but one. */
@inline export function rowStride(block: usize, operand: u32): isize {
  const rank = rankOf(block);
  return rank > 1 ? strideOf(block, operand, rank - 2) : 0;
}

/** Starts a walk over the flat positions [begin, end) for the first `operands` operands (at most 32). */
export function startWalk(block: usize, operands: u32, begin: u32, end: u32): void {
  const w = walk();
  w.left = end > begin ? end - begin : 0;
  if (end <= begin) return;
  const height = heightOf(block), width = widthOf(block);
  w.operands = operands;
  w.height = height;
  w.width = width;
  w.plane = height * width;
  let rest = begin;
  w.nextCol = rest % width;
  rest /= width;
  w.nextRow = rest % height;
  rest /= height;
  for (let k: u32 = 0; k < operands; k++) store<u32>(field(BASES, k), <u32>pointerOf(block, k));
  for (let d = <i32>rankOf(block) - 3; d >= 0; d--) {
    const size = sizeOf(block, d);
    const at = rest % size;
    rest /= size;
    store<u32>(field(COUNTERS, d), at);
    if (at) {
      for (let k: u32 = 0; k < operands; k++) {
        const base = field(BASES, k);
        store<u32>(base, load<u32>(base) + at * <u32>strideOf(block, k, d));
      }
    }
  }
}

/** Moves the odometer over the outer dims one position on. */
function nextOuter(block: usize, operands: u32): void {
  for (let d = <i32>rankOf(block) - 3; d >= 0; d--) {
    const counter = field(COUNTERS, d);
    const size = sizeOf(block, d);
    const i = load<u32>(counter) + 1;
    const wraps = i == size;
    // The change of an address in strides; 1 - size where the counter goes back to 0.
    const by: u32 = wraps ? 1 - size : 1;
    store<u32>(counter, wraps ? 0 : i);
    for (let k: u32 = 0; k < operands; k++) {
      const base = field(BASES, k);
      store<u32>(base, load<u32>(base) + by * <u32>strideOf(block, k, d));
    }
    if (!wraps) return;
  }
}

/** Moves to the next rectangle; false when the range is done. */
export function nextRectangle(block: usize): bool {
  const w = walk();
  const left = w.left;
  if (left == 0) return false;
  const width = w.width, operands = w.operands;
  if (w.nextRow == w.height) {
    nextOuter(block, operands);
    w.nextRow = 0;
  }
  const row = w.nextRow, col = w.nextCol;
  if (row == 0 && col == 0 && left >= w.plane) {
    // All of a plane, the common case.
    w.nextRow = w.height;
    w.left = left - w.plane;
    w.rows = w.height;
    w.cols = width;
    w.row = 0;
    w.col = 0;
    for (let k: u32 = 0; k < operands; k++) store<u32>(field(ADDRESSES, k), load<u32>(field(BASES, k)));
    return true;
  }
  let rows: u32 = 1, cols = width;
  if (col != 0 || left < width) {
    cols = min(width - col, left);
    w.nextCol = col + cols;
    if (col + cols == width) {
      w.nextCol = 0;
      w.nextRow = row + 1;
    }
  } else {
    rows = min(w.height - row, left / width);
    w.nextRow = row + rows;
  }
  w.left = left - rows * cols;
  w.rows = rows;
  w.cols = cols;
  w.row = row;
  w.col = col;
  for (let k: u32 = 0; k < operands; k++) {
    const address = load<u32>(field(BASES, k)) + row * <u32>rowStride(block, k) + col * <u32>colStride(block, k);
    store<u32>(field(ADDRESSES, k), address);
  }
  return true;
}

/** Rows of the rectangle: positions along the last dim but one. */
@inline export function rowsHere(): u32 {
  return walk().rows;
}

/** Columns of the rectangle: positions along the last dim. */
@inline export function colsHere(): u32 {
  return walk().cols;
}

/** Index of the rectangle's first row. */
@inline export function rowHere(): u32 {
  return walk().row;
}

/** Index of the rectangle's first column. */
@inline export function colHere(): u32 {
  return walk().col;
}

/** Index along one of the outer dims. */
@inline export function outerHere(dim: u32): u32 {
  return load<u32>(field(COUNTERS, dim));
}

/** Address of an operand's element at the first row and column of the rectangle. */
@inline export function addressHere(operand: u32): usize {
  return <usize>load<u32>(field(ADDRESSES, operand));
}

// A block of the kernel's own, for a walk over some of the dims of the nest it was given.

/** Where such a block is kept, and what stands in a block before its sizes (see `block.ts`). */
const OWN: usize = 2048;
const HEAD: usize = 144;

/** Starts a block of rank `rank` for one or two operands; there is one such block at a time. */
export function ownBlock(rank: u32, operands: u32): usize {
  const block = scratch() + KERNEL_SCRATCH - OWN;
  store<u32>(block, rank, 4);
  store<u32>(block, operands, 8);
  return block;
}

/** Sets the size of a dim of a kernel's own block. */
@inline export function setSize(block: usize, dim: u32, size: u32): void {
  store<u32>(block + HEAD + (<usize>dim << 2), size);
}

/** Sets the address of an operand of a kernel's own block. */
@inline export function setPointer(block: usize, operand: u32, address: usize): void {
  const rank = rankOf(block);
  store<u32>(block + HEAD + (<usize>(rank + operand * (rank + 1)) << 2), <u32>address);
}

/** Sets a byte stride of an operand of a kernel's own block. */
@inline export function setStride(block: usize, operand: u32, dim: u32, stride: isize): void {
  const rank = rankOf(block);
  store<i32>(block + HEAD + (<usize>(rank + operand * (rank + 1) + 1 + dim) << 2), <i32>stride);
}
