// From operands to a loop nest: broadcast, reordered and merged dims, written into the call block.

import { ShapeError } from "../errors.js";
import { bytesOf, computesAs, type DType } from "../tensor/dtype.js";
import { checkRank, type Layout, MOST_RANK, spanOf } from "../tensor/layout.js";
import { batching } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import {
  forgetNarrow,
  MOST_DIMS,
  MOST_OPERANDS,
  moveNarrow,
  noteNarrow,
  scalarOperand,
  setResults,
  writeBlock,
} from "../wasm/block.js";
import type { Kernel } from "../wasm/kernels.js";
import { launch, repeatLaunch } from "../wasm/launch.js";
import { recording } from "../wasm/recording.js";

/** What an operation takes: a tensor, or a scalar that has no dtype of its own. */
export type Operand = Tensor | number | boolean | bigint;

// The nest that is being put together: one at a time, so that a call makes no garbage.
let rank = 0;
let operands = 0;
const sizes = new Int32Array(MOST_RANK);
const pointers = new Float64Array(MOST_OPERANDS);
const strides = Array.from({ length: MOST_OPERANDS }, () => new Int32Array(MOST_RANK));

// Under `vmap`: the tensors of the nest, and whether one of them hides dims.
const tensors: (Tensor | null)[] = [];
let hides = false;

function noteHidden(tensor: Tensor): void {
  while (tensors.length < operands) tensors.push(null);
  tensors[operands] = tensor;
  hides ||= tensor.storage.batch !== null;
}

/** Starts a nest over `shape`. */
export function beginNest(shape: readonly number[]): void {
  rank = shape.length;
  operands = 0;
  forgetNarrow();
  if (batching.used) {
    tensors.length = 0;
    hides = false;
    repeatLaunch(null);
  }
  checkRank("operand", rank);
  for (let d = 0; d < rank; d++) sizes[d] = shape[d] as number;
}

/** Adds an operand of a layout that broadcasts to the nest's shape. */
function addLayout(address: number, layout: Layout, bytes: number): void {
  const own = strides[operands] as Int32Array;
  const skip = rank - layout.shape.length;
  for (let d = 0; d < skip; d++) own[d] = 0;
  for (let d = skip; d < rank; d++) {
    own[d] = layout.shape[d - skip] === 1 ? 0 : (layout.strides[d - skip] as number) * bytes;
  }
  pointers[operands++] = address;
}

/** Notes the operand that comes next where it hides dims, and where its dtype computes as another. */
function note(tensor: Tensor): void {
  const { dtype, layout } = tensor;
  if (batching.used) noteHidden(tensor);
  if (computesAs(dtype) === null) return;
  const { first, count } = spanOf(layout);
  const bytes = bytesOf(dtype);
  // Kernels may be pointed one step beside a tensor, where they do not read; what lies there is not its own.
  const from = Math.max(0, first);
  const to = Math.min(first + count, Math.floor(tensor.storage.bytes / bytes));
  if (to > from) noteNarrow(operands, dtype, tensor.storage.address + from * bytes, to - from);
}

/** Adds a tensor that broadcasts to the nest's shape. */
export function addTensor(tensor: Tensor): void {
  note(tensor);
  addLayout(tensor.address, tensor.layout, bytesOf(tensor.dtype));
}

/** Adds a tensor whose strides (in elements) over the nest's dims are given. */
export function addStrided(tensor: Tensor, elementStrides: readonly number[]): void {
  note(tensor);
  const own = strides[operands] as Int32Array;
  const bytes = bytesOf(tensor.dtype);
  for (let d = 0; d < rank; d++) own[d] = (elementStrides[d] as number) * bytes;
  pointers[operands++] = tensor.address;
}

/** Adds a place in linear memory that is no tensor: a generator's state. */
export function addAddress(address: number): void {
  (strides[operands] as Int32Array).fill(0, 0, rank);
  pointers[operands++] = address;
}

/** Adds a tensor or, in `dtype`, a scalar. */
export function addOperand(operand: Operand, dtype: DType): void {
  if (operand instanceof Tensor) addTensor(operand);
  else {
    (strides[operands] as Int32Array).fill(0, 0, rank);
    const address = scalarOperand(operands, operand, dtype);
    if (computesAs(dtype) !== null) noteNarrow(operands, dtype, address, 1);
    pointers[operands] = address;
    operands++;
  }
}

function swapDims(a: number, b: number): void {
  const size = sizes[a] as number;
  sizes[a] = sizes[b] as number;
  sizes[b] = size;
  for (let k = 0; k < operands; k++) {
    const own = strides[k] as Int32Array;
    const stride = own[a] as number;
    own[a] = own[b] as number;
    own[b] = stride;
  }
}

/** Whether dim `a` should lie outside dim `b`: by the strides of the first operand, from `first` on, that tells them apart. */
function outside(a: number, b: number, first: number): boolean {
  for (let k = first; k < operands; k++) {
    const own = strides[k] as Int32Array;
    const difference = (own[a] as number) - (own[b] as number);
    if (own[a] !== 0 && own[b] !== 0 && difference !== 0) return difference > 0;
  }
  return true;
}

/** Drops dims of size 1 in [from, to) and returns the new end. */
function dropOnes(from: number, to: number): number {
  let kept = from;
  for (let d = from; d < to; d++) {
    if (sizes[d] === 1) continue;
    if (kept !== d) moveDim(kept, d);
    kept++;
  }
  return kept;
}

function moveDim(to: number, from: number): void {
  sizes[to] = sizes[from] as number;
  for (let k = 0; k < operands; k++) {
    const own = strides[k] as Int32Array;
    own[to] = own[from] as number;
  }
}

/** Orders the dims in [from, to) by stride, largest outside; insertion sort, as dims are few and mostly in order. */
function order(from: number, to: number, first: number): void {
  for (let d = from + 1; d < to; d++) {
    for (let e = d; e > from && !outside(e - 1, e, first); e--) swapDims(e - 1, e);
  }
}

/** Merges neighbouring dims in [from, to) that are one run for every operand, and returns the new end. */
function merge(from: number, to: number): number {
  let last = from;
  for (let d = from + 1; d < to; d++) {
    let one = true;
    for (let k = 0; k < operands && one; k++) {
      const own = strides[k] as Int32Array;
      one = own[last] === (own[d] as number) * (sizes[d] as number);
    }
    if (one) {
      sizes[last] = (sizes[last] as number) * (sizes[d] as number);
      for (let k = 0; k < operands; k++) (strides[k] as Int32Array)[last] = (strides[k] as Int32Array)[d] as number;
    } else if (++last !== d) moveDim(last, d);
  }
  return Math.min(last + 1, to);
}

/** Moves the dims from `from` on to `to` and sets the new rank. */
function closeGap(to: number, from: number): void {
  const moved = rank - from;
  if (to !== from) for (let d = 0; d < moved; d++) moveDim(to + d, from + d);
  rank = to + moved;
}

/** Simplifies the dims in [from, to); the ones behind move up. Returns the new end. */
function simplify(from: number, to: number, reorder: boolean, first = 0): number {
  let end = dropOnes(from, to);
  if (reorder) order(from, end, first);
  end = merge(from, end);
  closeGap(end, to);
  return end;
}

function count(from: number, to: number): number {
  let n = 1;
  for (let d = from; d < to; d++) n *= sizes[d] as number;
  return n;
}

function write(): void {
  if (rank > MOST_DIMS) {
    throw new ShapeError(
      `strides that need ${rank} nested loops are not supported, at most ${MOST_DIMS}; make the operands contiguous`,
    );
  }
  writeBlock(rank, sizes, operands, pointers, strides);
}

/** Levels of the dims that the operands hide, with their sizes, outermost first. */
function hiddenLevels(): { level: number; size: number }[] {
  const found: { level: number; size: number }[] = [];
  for (const tensor of tensors) {
    for (const { level, size } of tensor?.storage.batch ?? []) {
      if (found.every((each) => each.level !== level)) found.push({ level, size });
    }
  }
  return found.sort((a, b) => a.level - b.level);
}

/**
 * Looks for dims that operands hide, gives those to the results, and returns for each operand its byte strides over
 * them: what is written is operand 0 and whatever was not written before.
 */
function uncover(): {
  readonly levels: readonly { readonly size: number }[];
  readonly own: readonly number[][];
} | null {
  if (!hides) {
    for (const tensor of tensors) if (tensor !== null) tensor.storage.fresh = false;
    return null;
  }
  const levels = hiddenLevels();
  const own: number[][] = [];
  for (let k = 0; k < operands; k++) {
    const tensor = tensors[k] ?? null;
    if (tensor === null) {
      own.push(levels.map(() => 0));
      continue;
    }
    const { storage } = tensor;
    const lacks = storage.batch === null || storage.batch.length < levels.length;
    if (lacks && (k === 0 || storage.fresh)) storage.spread(levels);
    storage.fresh = false;
    own.push(levels.map(({ level }) => storage.batch?.find((dim) => dim.level === level)?.stride ?? 0));
  }
  for (let k = 0; k < operands; k++) {
    const tensor = tensors[k] ?? null;
    if (tensor === null) continue;
    const shift = tensor.address - (pointers[k] as number);
    pointers[k] = tensor.address;
    if (computesAs(tensor.dtype) === null) continue;
    const reach = levels.reduce((sum, { size }, d) => sum + (size - 1) * ((own[k] as number[])[d] as number), 0);
    moveNarrow(k, shift, reach / bytesOf(tensor.dtype));
  }
  return { levels, own };
}

/** Gives what a call adds to the hidden dims of what it adds, before the call. */
export function spreadLike(out: Tensor, ...others: readonly Operand[]): void {
  if (!batching.used) return;
  tensors.length = 0;
  tensors.push(out);
  for (const other of others) if (other instanceof Tensor) tensors.push(other);
  const levels = hiddenLevels();
  if (levels.length > (out.storage.batch?.length ?? 0)) out.storage.spread(levels);
}

/** Makes dims that operands hide the outermost dims of the nest. */
function lead(): void {
  const found = uncover();
  if (found === null) return;
  const { levels, own } = found;
  const count = levels.length;
  rank += count;
  if (rank > MOST_RANK) throw new ShapeError(`only tensors with up to ${MOST_RANK} dims are supported, got ${rank}`);
  for (let d = rank - 1; d >= count; d--) moveDim(d, d - count);
  levels.forEach(({ size }, d) => {
    sizes[d] = size;
    for (let k = 0; k < operands; k++) (strides[k] as Int32Array)[d] = (own[k] as number[])[d] as number;
  });
}

/** Runs an elementwise kernel over the nest: all dims may be reordered and merged. */
export function launchMap(kernel: Kernel): void {
  if (batching.used) lead();
  if (count(0, rank) === 0) return;
  setResults(1);
  if (rank > 0) simplify(0, rank, true);
  write();
  if (recording.by !== null) recording.by.elementwise();
  launch(kernel, count(0, rank));
}

/**
 * Writes the nest as it is and returns its number of elements; for kernels whose dims have a meaning. Where operands
 * hide dims, the launch that follows is repeated for each example.
 */
export function writeNest(): number {
  const found = batching.used ? uncover() : null;
  write();
  if (found !== null) {
    repeatLaunch({
      sizes: found.levels.map(({ size }) => size),
      strides: found.own,
      pointers: Array.from(pointers.subarray(0, operands)),
      rank,
    });
  }
  return count(0, rank);
}

/** The same for kernels to which further dims outside the others are only more elements. */
export function writeOpenNest(): number {
  if (batching.used) lead();
  write();
  return count(0, rank);
}

/**
 * Writes the nest with the last `tail` dims set apart: the outer ones are reordered and merged, and the tail too
 * where `reorderTail`; kernels learn from the returned numbers how many there are. The operands from `first` on say
 * which dims go outside.
 */
export function writeSplit(
  tail: number,
  reorderTail: boolean,
  first = 0,
): { readonly extent: number; readonly inner: number } {
  if (batching.used) lead();
  const outer = simplify(0, rank - tail, true, first);
  if (reorderTail) simplify(outer, rank, true, first);
  write();
  return { extent: count(0, outer), inner: rank - outer };
}
