// Turns index tensors into byte offsets, chunk by chunk, for the kernels that gather and scatter.
//
// The nest of such a kernel is that of the index tensors, broadcast together and with what is not indexed. Its operands
// are the result, the other tensor, then the index tensors (int32). Whichever tensor is indexed has stride 0 over the
// dims that only an index tensor varies in. Parameters 2j and 2j + 1 belong to index tensor j: the size of the dim it
// goes along, and the byte stride of that dim in the indexed tensor. A size given as -1 - size refuses negative
// indices, else they count from the end. An index out of range fails with STATUS_INDEX and the index as detail.

import { fail, integer, pointerOf, rankOf, sizeOf, STATUS_INDEX, strideOf } from "../block";
import { KERNEL_SCRATCH, scratch } from "../memory/scratch";
import { along } from "./runs";
import {
  addressHere,
  colsHere,
  colStride,
  nextRectangle,
  operandsOf,
  ownBlock,
  rowsHere,
  rowStride,
  setPointer,
  setSize,
  setStride,
  startWalk,
} from "./walk";

/** Where index tensors start among the operands. */
const FIRST: u32 = 2;

/** Offsets in a chunk, 4 bytes each, at the start of the kernel's scratch memory. */
const CHUNK: u32 = 2048;

/** Address of the byte offsets of the chunk. */
@inline export function offsetsHere(): usize {
  return scratch() + KERNEL_SCRATCH;
}

/** A number of offsets and what each of them stands for: a run of elements with the same indices. */
@unmanaged
export class Chunk {
  /** Number of offsets. */
  count: u32;
  /** Elements in a run. */
  run: u32;
  /** Address of the result for offset 0, and of the other tensor. */
  out: usize;
  from: usize;
  /** Byte strides from one offset to the next, not counting the offsets. */
  outStep: isize;
  fromStep: isize;
  /** Byte strides along a run. */
  outCol: isize;
  fromCol: isize;
  /** Position in the rectangle. */
  row: u32;
  col: u32;
  byRows: bool;
}

/** The chunk under way. */
@inline export function chunk(): Chunk {
  return changetype<Chunk>(scratch() + KERNEL_SCRATCH - 1024);
}

/** Writes, or adds to what the index tensors before have written, the offsets of `n` indices; false when one fails. */
function resolveOne(block: usize, j: u32, from: usize, stride: isize, n: u32): bool {
  let size = integer(block, 2 * j);
  const step = integer(block, 2 * j + 1);
  const strict = size < 0;
  if (strict) size = -1 - size;
  const wrap = strict ? 0 : size;
  let to = offsetsHere();
  if (stride == 4) {
    const sizes = i32x4.splat(size), wraps = i32x4.splat(wrap), steps = i32x4.splat(step);
    for (; n >= 4; n -= 4) {
      const x = v128.load(from);
      const y = i32x4.add(x, v128.and(i32x4.shr_s(x, 31), wraps));
      if (v128.any_true(i32x4.ge_u(y, sizes))) break;
      let offset = i32x4.mul(y, steps);
      if (j) offset = i32x4.add(offset, v128.load(to));
      v128.store(to, offset);
      to += 16;
      from += 16;
    }
  }
  for (; n; n--) {
    const x = load<i32>(from);
    const y = x + ((x >> 31) & wrap);
    if (<u32>y >= <u32>size) {
      fail(block, STATUS_INDEX, x);
      return false;
    }
    let offset = y * step;
    if (j) offset += load<i32>(to);
    store<i32>(to, offset);
    to += 4;
    from += stride;
  }
  return true;
}

/** Starts on the flat positions [begin, end) of the nest. */
export function startIndexed(block: usize, begin: u32, end: u32): void {
  const operands = operandsOf(block);
  const c = chunk();
  let byRows = true;
  for (let k = FIRST; k < operands; k++) if (colStride(block, k)) byRows = false;
  c.byRows = byRows;
  c.outStep = byRows ? rowStride(block, 0) : colStride(block, 0);
  c.fromStep = byRows ? rowStride(block, 1) : colStride(block, 1);
  c.outCol = byRows ? colStride(block, 0) : 0;
  c.fromCol = byRows ? colStride(block, 1) : 0;
  c.run = 1;
  startWalk(block, operands, begin, end);
  c.row = -1;
}

/** Moves to the next chunk and writes its offsets; false at the end, and after an index out of range. */
export function nextIndexed(block: usize): bool {
  const c = chunk();
  const byRows = c.byRows;
  let row = c.row, col = c.col;
  if (row == <u32>-1 || row >= rowsHere()) {
    if (!nextRectangle(block)) return false;
    row = 0;
    col = 0;
    if (byRows) c.run = colsHere();
  }
  const n = min(CHUNK, byRows ? rowsHere() - row : colsHere() - col);
  c.count = n;
  c.out = addressHere(0) + along(row, rowStride(block, 0)) + along(col, colStride(block, 0));
  c.from = addressHere(1) + along(row, rowStride(block, 1)) + along(col, colStride(block, 1));
  const operands = operandsOf(block);
  for (let k = FIRST; k < operands; k++) {
    const down = rowStride(block, k), right = colStride(block, k);
    const index = addressHere(k) + along(row, down) + along(col, right);
    if (!resolveOne(block, k - FIRST, index, byRows ? down : right, n)) return false;
  }
  if (byRows) row += n;
  else {
    col += n;
    if (col == colsHere()) {
      col = 0;
      row++;
    }
  }
  c.row = row;
  c.col = col;
  return true;
}

/** Whether all of an operand's values over the nest are in [low, high); fails with STATUS_INDEX otherwise. */
export function checkIndices(block: usize, operand: u32, low: i32, high: i32): bool {
  // Only the dims in which the operand varies, so that a row of indices is not looked at once for each column.
  const rank = rankOf(block);
  let dims: u32 = 0, total: u32 = 1;
  for (let d: u32 = 0; d < rank; d++) {
    const size = sizeOf(block, d);
    if (size == 0) return true;
    if (strideOf(block, operand, d)) {
      dims++;
      total *= size;
    }
  }
  const own = ownBlock(dims, 1);
  setPointer(own, 0, pointerOf(block, operand));
  for (let d: u32 = 0, to: u32 = 0; d < rank; d++) {
    const stride = strideOf(block, operand, d);
    if (stride == 0) continue;
    setSize(own, to, sizeOf(block, d));
    setStride(own, 0, to, stride);
    to++;
  }
  const down = rowStride(own, 0), right = colStride(own, 0);
  const reach = <u32>(high - low);
  const lows = i32x4.splat(low), reaches = i32x4.splat(reach);
  startWalk(own, 1, 0, total);
  while (nextRectangle(own)) {
    let first = addressHere(0);
    const cols = colsHere();
    for (let rows = rowsHere(); rows; rows--) {
      let at = first, n = cols;
      if (right == 4) {
        for (; n >= 4; n -= 4) {
          if (v128.any_true(i32x4.ge_u(i32x4.sub(v128.load(at), lows), reaches))) break;
          at += 16;
        }
      }
      for (; n; n--) {
        const x = load<i32>(at);
        if (<u32>(x - low) >= reach) {
          fail(block, STATUS_INDEX, x);
          return false;
        }
        at += right;
      }
      first += down;
    }
  }
  return true;
}

/** Whether every index tensor of the block is in range, all over the nest; fails otherwise. */
export function allInRange(block: usize): bool {
  const operands = operandsOf(block);
  for (let k = FIRST; k < operands; k++) {
    const size = integer(block, 2 * (k - FIRST));
    const high = size < 0 ? -1 - size : size;
    if (!checkIndices(block, k, size < 0 ? 0 : -size, high)) return false;
  }
  return true;
}
