// The reduction loop: folds the last dims of a nest for every position of the others, over any strides.
//
// The outputs are worked on in groups. Where the reduced elements of an output lie side by side, a group is one
// output and vectors run along it; where neighbouring outputs do, a group is a tile of columns and vectors run down
// the rows. What lies in neither way is first brought into scratch memory, so each rule needs two loops only.
// Long reductions are cut into blocks whose results are merged like the carries of a binary counter: the error of a
// sum grows with the logarithm of its length. The cuts depend on sizes and strides, never on the range asked for.

import { integer, pointerOf, rankOf, sizeOf, strideOf } from "../block";
import { scratch } from "../memory/scratch";
import { Finish, finishBy, Fold, Merge, mergeBy, Put, putBy, Rows, rowsBy, Run, runBy } from "./fold";
import { gather } from "./gather";

/** Elements of a block along an output, a multiple of what a run folds in one iteration; rows of a block of a tile. */
const RUN: u32 = 1440;
const ROWS: u32 = 64;
/** Rows that are brought into scratch memory at once. */
const BROUGHT: u32 = 16;
/** Bytes of the accumulators of a tile. */
export const TILE: usize = 1024;

// Scratch memory: accumulators, those waiting to be merged (at most 27 tiles), elements brought together, and two
// records of what is reduced.
const LEVELS: usize = TILE;
const BUFFER: usize = LEVELS + 28 * TILE;
const RECORD: usize = BUFFER + 16 * TILE;

// How a group is worked on: one output; columns; columns whose rows are first brought together, which are short
// reductions and outputs that lie closer than the elements of each.
const WHOLE: u32 = 0;
const COLUMNS: u32 = 1;
const BROUGHT_COLUMNS: u32 = 2;

/** What is reduced: an operand of a block and how its elements lie. */
@unmanaged export class Reduction {
  block: usize;
  operand: u32;
  /** Bytes of an element. */
  size: usize;
  rank: u32;
  /** Number of dims that are not reduced. */
  outer: u32;
  /** Number of elements reduced to one. */
  count: u32;
  mode: u32;
  /** Byte stride from one output to the next. */
  across: isize;
  /** Size and byte stride of the last reduced dim. */
  inner: u32;
  along: isize;
  /** Whether the last reduced dim is worked on in place. */
  inPlace: bool;
  /** Whether all elements of an output stand side by side. */
  together: bool;

  /** Whether a group is one output. */
  @inline get whole(): bool { return this.mode == WHOLE; }

  /** Address that belongs to output `index` in any operand of the block. */
  at(operand: u32, index: u32): usize {
    return pointerOf(this.block, operand) + offsetOf(this.block, operand, 0, this.outer, index);
  }

  /** How many outputs from `begin` on, before `end`, differ in their last dim only. */
  @inline left(begin: u32, end: u32): u32 {
    const row = this.outer ? sizeOf(this.block, this.outer - 1) : 1;
    return min(row - begin % row, end - begin);
  }

  /** Byte stride of any operand from an output to the next. */
  @inline step(operand: u32): isize {
    return this.outer ? strideOf(this.block, operand, this.outer - 1) : 0;
  }
}

/** Where a group leaves its accumulators. */
@inline export function accumulators(): usize {
  return scratch();
}

/**
 * Looks at the last `dims` dims of an operand with elements of `size` bytes; there is room for two such records.
 */
export function reductionOf(record: u32, block: usize, operand: u32, size: usize, dims: u32): Reduction {
  const over = changetype<Reduction>(scratch() + RECORD + (<usize>record << 6));
  const rank = rankOf(block);
  const outer = rank - dims;
  let count: u32 = 1;
  for (let d = outer; d < rank; d++) count *= sizeOf(block, d);
  const inner = dims ? sizeOf(block, rank - 1) : 1;
  const along = dims ? strideOf(block, operand, rank - 1) : 0;
  const across = outer ? strideOf(block, operand, outer - 1) : 0;
  const dense = along == <isize>size;
  over.block = block;
  over.operand = operand;
  over.size = size;
  over.rank = rank;
  over.outer = outer;
  over.count = count;
  over.across = across;
  over.inner = inner;
  over.along = along;
  over.inPlace = dense && (inner == count || inner >= 512);
  over.together = dense && inner == count;
  let mode = WHOLE;
  if (outer) {
    if (across == <isize>size && !dense) mode = COLUMNS;
    else if (sizeOf(block, outer - 1) < 4) mode = WHOLE;
    else if (count <= BROUGHT || (!dense && abs(across) < abs(along))) mode = BROUGHT_COLUMNS;
  }
  over.mode = mode;
  return over;
}

/** Makes the groups over another operand of the same block those of `first`. */
export function groupLike(over: Reduction, first: Reduction): void {
  if (first.whole) over.mode = WHOLE;
  else over.mode = over.across == <isize>over.size ? COLUMNS : BROUGHT_COLUMNS;
}

/** Bytes from the first element to the one with flat index `index` over the dims [from, to). */
export function offsetOf(block: usize, operand: u32, from: u32, to: u32, index: u32): isize {
  let offset: isize = 0;
  for (let d = to; index && d > from; ) {
    d--;
    let at = index;
    if (d > from) {
      const size = sizeOf(block, d);
      index /= size;
      at -= index * size;
    }
    offset += <isize>at * strideOf(block, operand, d);
  }
  return offset;
}

/** How many outputs from flat index `begin` on, before `end`, form a group; `width` is the size of an accumulator. */
@inline export function groupSize(over: Reduction, begin: u32, end: u32, width: usize): u32 {
  if (over.whole) return 1;
  return min(<u32>(TILE / width), over.left(begin, end));
}

/** Bytes of the accumulators of a group, in whole vectors. */
@inline export function groupBytes(cols: u32, width: usize): usize {
  return (<usize>cols * width + 15) & ~15;
}

/** Merges block number `index` into those before it. */
function carry(index: u32, acc: usize, bytes: usize, merge: Merge): void {
  let level = scratch() + LEVELS;
  for (; index & 1; index >>= 1, level += bytes) merge(level, acc, bytes);
  for (const end = level + bytes; level != end; level += 16, acc += 16) v128.store(level, v128.load(acc));
}

/** Merges what waits with the last block, number `index`, at `acc`. */
function settle(index: u32, acc: usize, bytes: usize, merge: Merge): void {
  let level = scratch() + LEVELS;
  for (; index; index >>= 1, level += bytes) if (index & 1) merge(level, acc, bytes);
}

/** How many elements from position `position` on are worked on as one block. */
export function chunkLength(over: Reduction, position: u32): u32 {
  let n = over.count - position;
  if (over.inPlace) n = min(n, over.inner - (over.together ? position : position % over.inner));
  return min(RUN, n);
}

/** Where these `n` elements of the output whose first element is at `first` stand side by side. */
export function chunkAt(over: Reduction, first: usize, position: u32, n: u32): usize {
  const inner = over.inner;
  if (over.together) return first + <usize>position * over.size;
  if (!n) return first;
  let prefix = position / inner;
  let within = position - prefix * inner;
  const last = max(over.rank, 1) - 1;
  let from = first + offsetOf(over.block, over.operand, over.outer, last, prefix) + <isize>within * over.along;
  if (over.along == <isize>over.size && within + n <= inner) return from;
  const buffer = scratch() + BUFFER;
  let to = buffer;
  while (true) {
    const m = min(n, inner - within);
    gather(over.size, to, from, over.along, m);
    n -= m;
    if (!n) return buffer;
    to += <usize>m * over.size;
    within = 0;
    from = first + offsetOf(over.block, over.operand, over.outer, last, ++prefix);
  }
}

function foldWhole(over: Reduction, first: usize, context: usize, run: Run, merge: Merge): void {
  const acc = accumulators();
  for (let position: u32 = 0, index: u32 = 0; ; index++) {
    const n = over.together ? min(RUN, over.count - position) : chunkLength(over, position);
    const from = over.together ? first + <usize>position * over.size : chunkAt(over, first, position, n);
    run(from, n, acc, context);
    position += n;
    if (position >= over.count) {
      if (index) settle(index, acc, 16, merge);
      return;
    }
    carry(index, acc, 16, merge);
  }
}

/** Folds rows of columns; see `foldGroup`. */
export function foldColumns(
  over: Reduction, width: usize, first: usize, cols: u32, context: usize, rows: Rows, merge: Merge,
): void {
  const bytes = groupBytes(cols, width);
  const acc = accumulators(), buffer = scratch() + BUFFER;
  // Columns that do not fill a vector are brought together too, in rows of whole vectors.
  const lanes = 16 / <u32>width;
  const direct = over.mode == COLUMNS ? cols & ~(lanes - 1) : 0;
  const rest = cols - direct;
  const row = <usize>((rest + lanes - 1) & ~(lanes - 1)) * over.size;
  const most = rest ? BROUGHT : ROWS;
  let position: u32 = 0, index: u32 = 0, filled: u32 = 0, within: u32 = 0, prefix: u32 = 0;
  let from = first;
  do {
    if (filled == ROWS) {
      carry(index++, acc, bytes, merge);
      filled = 0;
    }
    const n = min(over.count - position, min(min(most, ROWS - filled), over.inner - within));
    if (direct) rows(from, over.along, n, direct, acc, context, filled == 0, position);
    if (rest) {
      const skip = <usize>direct * width;
      let to = buffer, p = from + <usize>direct * over.size;
      for (let i: u32 = 0; i < n; i++, to += row, p += over.along) gather(over.size, to, p, over.across, rest);
      rows(buffer, row, n, rest, acc + skip, context + skip, filled == 0, position);
    }
    position += n;
    filled += n;
    within += n;
    from += <isize>n * over.along;
    if (within == over.inner && position < over.count) {
      within = 0;
      from = first + offsetOf(over.block, over.operand, over.outer, over.rank - 1, ++prefix);
    }
  } while (position < over.count);
  settle(index, acc, bytes, merge);
}

/**
 * Folds the elements of the `cols` outputs from flat index `index` on and leaves the accumulators, each of `width`
 * bytes, at `accumulators()`: one a column, or one in each lane of a vector where a group is one output. `context`
 * is where the rule finds vectors laid out in the same way.
 */
export function foldGroup(
  over: Reduction, width: usize, index: u32, cols: u32, context: usize, run: Run, rows: Rows, merge: Merge,
): void {
  const first = over.at(over.operand, index);
  if (over.whole) foldWhole(over, first, context, run, merge);
  else foldColumns(over, width, first, cols, context, rows, merge);
}

/** `foldGroup` by a rule. */
export function foldBy<In, Acc, R extends Fold<Acc>>(over: Reduction, index: u32, cols: u32, context: usize): void {
  foldGroup(over, sizeof<Acc>(), index, cols, context, runBy<In, Acc, R>(), rowsBy<In, Acc, R>(), mergeBy<Acc, R>());
}

function reduceBy(
  block: usize, begin: u32, end: u32, size: usize, width: usize, run: Run, rows: Rows, merge: Merge, finish: Finish,
  put: Put,
): void {
  const over = reductionOf(0, block, 1, size, integer(block, 0));
  const acc = accumulators();
  const n = <f64>over.count;
  const step = over.step(0);
  while (begin < end) {
    let first = over.at(1, begin), out = over.at(0, begin);
    let cols = over.left(begin, end);
    if (over.whole) {
      begin += cols;
      for (; cols; cols--, first += over.across, out += step) {
        foldWhole(over, first, acc, run, merge);
        finish(acc, 16, n, acc);
        put(acc, out, 0, 1);
      }
    } else {
      cols = min(cols, <u32>(TILE / width));
      foldColumns(over, width, first, cols, acc, rows, merge);
      finish(acc, groupBytes(cols, width), n, acc);
      put(acc, out, step, cols);
      begin += cols;
    }
  }
}

/**
 * The reduction of operand 1 into operand 0 for the outputs [begin, end): `In` elements folded by the rule `R` into
 * `Acc`, turned into `Out` by `finish` of the rule `F`, whose divisor is the number of elements.
 */
@inline export function reduce<In, Acc, Out, R extends Fold<Acc>, F extends Fold<Acc>>(
  block: usize, begin: u32, end: u32,
): void {
  reduceBy(
    block, begin, end, sizeof<In>(), sizeof<Acc>(), runBy<In, Acc, R>(), rowsBy<In, Acc, R>(), mergeBy<Acc, R>(),
    finishBy<Acc, F>(), putBy<Acc, Out>(),
  );
}
