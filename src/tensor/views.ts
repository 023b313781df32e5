// What every view does to a layout: pure arithmetic, no data.
import { ArgumentError, ShapeError } from "../errors.js";
import type { Layout } from "./layout.js";
import {
  checkShape,
  contiguousStrides,
  formatShape,
  inferShape,
  normalizeDim,
  normalizeDims,
  numel,
  sameShape,
} from "./shape.js";

/** The layout repeated without copying to `shape`: size-1 and new leading dims get stride 0. −1 keeps a size. */
export function expand(op: string, layout: Layout, shape: readonly number[]): Layout {
  const old = layout.shape;
  if (old === shape) return layout;
  const rank = shape.length;
  const skip = rank - old.length;
  if (skip < 0) {
    throw new ShapeError(
      `${op}: the number of sizes provided (${rank}) must be greater or equal to the number of dimensions ` +
        `in the tensor (${old.length}): target sizes are ${formatShape(shape)}, tensor sizes ${formatShape(old)}`,
    );
  }
  const sizes = shape.slice();
  const strides = new Array<number>(rank);
  // What a new leading dim would step over: PyTorch gives one of size 1 that stride, but 0 when all dims are new.
  let span = old.length === 0 ? 0 : 1;
  for (let i = rank - 1; i >= 0; i--) {
    let size = 1;
    let stride = span;
    if (i >= skip) {
      size = old[i - skip];
      stride = layout.strides[i - skip];
    }
    let target = shape[i];
    if (target === -1 && i >= skip) sizes[i] = target = size;
    if (target !== size) {
      if (size !== 1 || !(target >= 0) || !Number.isInteger(target)) throw expandError(op, layout, shape, i);
      stride = 0;
    }
    strides[i] = stride;
    span = target * stride;
  }
  return { shape: sizes, strides, offset: layout.offset };
}

function expandError(op: string, layout: Layout, shape: readonly number[], dim: number): ShapeError {
  const skip = shape.length - layout.shape.length;
  const head = `${op}: The expanded size of the tensor (${shape[dim]}) `;
  const tail = ` Target sizes: ${formatShape(shape)}. Tensor sizes: ${formatShape(layout.shape)}`;
  if (dim < skip) return new ShapeError(`${head}isn't allowed in a leading, non-existing dimension ${dim}.${tail}`);
  return new ShapeError(
    `${head}must match the existing size (${layout.shape[dim - skip]}) at non-singleton dimension ${dim}.${tail}`,
  );
}

/**
 * The same elements in another shape, which may hold one −1; `null` where strides do not allow it without a copy. Dims
 * are matched from the back: each run of old dims that lies evenly spaced must be filled by whole new dims.
 */
export function view(op: string, layout: Layout, shape: readonly number[]): Layout | null {
  const old = layout.shape;
  const oldStrides = layout.strides;
  const count = numel(old);
  const sizes = inferShape(op, shape, count);
  if (count === 0) {
    const strides = sameShape(old, sizes) ? oldStrides : contiguousStrides(sizes);
    return { shape: sizes, strides, offset: layout.offset };
  }
  const strides = new Array<number>(sizes.length);
  if (old.length === 0) for (let i = 0; i < sizes.length; i++) strides[i] = 1;
  let to = sizes.length - 1;
  let base = old.length === 0 ? 1 : oldStrides[old.length - 1];
  let oldRun = 1;
  let newRun = 1;
  for (let from = old.length - 1; from >= 0; from--) {
    oldRun *= old[from];
    if (from > 0 && (old[from - 1] === 1 || oldStrides[from - 1] === oldRun * base)) continue;
    while (to >= 0 && (newRun < oldRun || sizes[to] === 1)) {
      strides[to] = newRun * base;
      newRun *= sizes[to];
      to--;
    }
    if (newRun !== oldRun) return null;
    if (from > 0) base = oldStrides[from - 1];
    oldRun = 1;
    newRun = 1;
  }
  return { shape: sizes, strides, offset: layout.offset };
}

/** Dims in another order; `dims` names each once. */
export function permute(op: string, layout: Layout, dims: readonly number[]): Layout {
  const rank = layout.shape.length;
  if (dims.length !== rank) {
    throw new ArgumentError(
      `${op}: number of dimensions in the tensor input does not match the length of the desired ordering of ` +
        `dimensions i.e. input.dim() = ${rank} is not equal to len(dims) = ${dims.length}`,
    );
  }
  const shape = new Array<number>(rank);
  const strides = new Array<number>(rank);
  // A bit per dim: the first 32, and those behind.
  let seen = 0;
  let behind = 0;
  for (let i = 0; i < rank; i++) {
    const dim = normalizeDim(op, dims[i], rank);
    const bit = 1 << dim;
    if (((dim < 32 ? seen : behind) & bit) !== 0)
      throw new ArgumentError(`${op}: duplicate dims are not allowed: ${formatShape(dims)}`);
    if (dim < 32) seen |= bit;
    else behind |= bit;
    shape[i] = layout.shape[dim];
    strides[i] = layout.strides[dim];
  }
  return { shape, strides, offset: layout.offset };
}

/** Two dims swapped. */
export function transpose(op: string, layout: Layout, dim0: number, dim1: number): Layout {
  const rank = layout.shape.length;
  const i = normalizeDim(op, dim0, rank);
  const j = normalizeDim(op, dim1, rank);
  if (i === j) return layout;
  const shape = layout.shape.slice();
  const strides = layout.strides.slice();
  shape[i] = layout.shape[j];
  shape[j] = layout.shape[i];
  strides[i] = layout.strides[j];
  strides[j] = layout.strides[i];
  return { shape, strides, offset: layout.offset };
}

/** Dims `source` moved to the places `destination`; the others keep their order. */
export function movedim(
  op: string,
  layout: Layout,
  source: number | readonly number[],
  destination: number | readonly number[],
): Layout {
  const rank = layout.shape.length;
  const from = typeof source === "number" ? [source] : source;
  const to = typeof destination === "number" ? [destination] : destination;
  if (!Array.isArray(from) || !Array.isArray(to))
    throw new ArgumentError(`${op}: expected source and destination to be dims or arrays of dims`);
  if (from.length !== to.length) {
    throw new ArgumentError(
      `${op}: Invalid source or destination dims: source (${formatShape(from)} dims) should contain the same number ` +
        `of dims as destination (${formatShape(to)} dims)`,
    );
  }
  const sources = movedDims(op, from, "source", rank);
  const destinations = movedDims(op, to, "destination", rank);
  if (rank === 0) return layout;
  const order = new Array<number>(rank).fill(-1);
  for (let i = 0; i < sources.length; i++) order[destinations[i]] = sources[i];
  let next = 0;
  for (let i = 0; i < rank; i++) {
    if (order[i] !== -1) continue;
    while (sources.includes(next)) next++;
    order[i] = next++;
  }
  return permute(op, layout, order);
}

function movedDims(op: string, dims: readonly number[], role: string, rank: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < dims.length; i++) {
    const dim = normalizeDim(op, dims[i], rank);
    if (result.includes(dim)) throw new ArgumentError(`${op}: repeated dim in \`${role}\` (${formatShape(dims)})`);
    result.push(dim);
  }
  return result;
}

/** Dims of size 1 taken out: all (`null`), or those named, of which longer ones stay. */
export function squeeze(op: string, layout: Layout, dims: number | readonly number[] | null): Layout {
  const named = normalizeDims(op, dims, layout.shape.length);
  const shape: number[] = [];
  const strides: number[] = [];
  for (let i = 0; i < layout.shape.length; i++) {
    if (layout.shape[i] === 1 && named.includes(i)) continue;
    shape.push(layout.shape[i]);
    strides.push(layout.strides[i]);
  }
  return { shape, strides, offset: layout.offset };
}

/** A dim of size 1 put in at `dim`, in −(rank + 1) … rank. */
export function unsqueeze(op: string, layout: Layout, dim: number): Layout {
  const rank = layout.shape.length;
  const at = normalizeDim(op, dim, rank + 1);
  const shape = new Array<number>(rank + 1);
  const strides = new Array<number>(rank + 1);
  for (let i = 0; i <= rank; i++) {
    if (i === at) {
      shape[i] = 1;
      strides[i] = i < rank ? layout.shape[i] * layout.strides[i] : 1;
    } else {
      shape[i] = layout.shape[i < at ? i : i - 1];
      strides[i] = layout.strides[i < at ? i : i - 1];
    }
  }
  return { shape, strides, offset: layout.offset };
}

/** The part at one index along `dim`, which disappears; a negative index counts from the end. */
export function select(op: string, layout: Layout, dim: number, index: number): Layout {
  const rank = layout.shape.length;
  if (rank === 0) throw new ArgumentError(`${op}: select() cannot be applied to a 0-dim tensor.`);
  const at = normalizeDim(op, dim, rank);
  const size = layout.shape[at];
  if (!(index >= -size && index < size && Number.isInteger(index))) throw indexError(op, index, at, size);
  const shape = new Array<number>(rank - 1);
  const strides = new Array<number>(rank - 1);
  for (let i = 0, from = 0; i < rank - 1; i++, from++) {
    if (i === at) from++;
    shape[i] = layout.shape[from];
    strides[i] = layout.strides[from];
  }
  return { shape, strides, offset: layout.offset + (index < 0 ? index + size : index) * layout.strides[at] };
}

function indexError(op: string, index: number, dim: number, size: number): ArgumentError {
  if (!Number.isInteger(index)) return new ArgumentError(`${op}: index must be an integer, but got ${String(index)}`);
  return new ArgumentError(`${op}: index ${index} is out of bounds for dimension ${dim} with size ${size}`);
}

/**
 * Every `step`-th element of `start` … `end` (excluded) along `dim`; `null` is an open end. Negative ends count from
 * the end and both are clamped to the size, as Python's slices are.
 */
export function slice(
  op: string,
  layout: Layout,
  dim: number,
  start: number | null,
  end: number | null,
  step: number,
): Layout {
  const rank = layout.shape.length;
  if (rank === 0) throw new ArgumentError(`${op}: slice() cannot be applied to a 0-dim tensor.`);
  const at = normalizeDim(op, dim, rank);
  if (!(step > 0) || !Number.isInteger(step)) {
    throw new ArgumentError(`${op}: slice step must be positive, but got ${step}; use flip to reverse a dimension`);
  }
  const size = layout.shape[at];
  const first = clampEnd(op, start ?? 0, size);
  let last = clampEnd(op, end ?? size, size);
  if (last < first) last = first;
  const shape = layout.shape.slice();
  shape[at] = Math.ceil((last - first) / step);
  const stride = layout.strides[at];
  let strides = layout.strides;
  if (step !== 1) {
    const stepped = strides.slice();
    stepped[at] = stride * step;
    strides = stepped;
  }
  return { shape, strides, offset: layout.offset + first * stride };
}

function clampEnd(op: string, at: number, size: number): number {
  if (!Number.isInteger(at))
    throw new ArgumentError(`${op}: slice ends must be integers or null, but got ${String(at)}`);
  const positive = at < 0 ? at + size : at;
  return Math.min(Math.max(positive, 0), size);
}

/** `length` elements along `dim` from `start` on, which may count from the end. Nothing is clamped. */
export function narrow(op: string, layout: Layout, dim: number, start: number, length: number): Layout {
  if (layout.shape.length === 0) throw new ArgumentError(`${op}: narrow() cannot be applied to a 0-dim tensor.`);
  const at = normalizeDim(op, dim, layout.shape.length);
  const size = layout.shape[at];
  if (!(length >= 0) || !Number.isInteger(length)) {
    throw new ArgumentError(`${op}: narrow(): length must be non-negative, but got ${length}`);
  }
  if (!(start >= -size && start <= size && Number.isInteger(start))) {
    throw new ArgumentError(
      `${op}: start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`,
    );
  }
  const first = start < 0 ? start + size : start;
  if (first + length > size) {
    throw new ArgumentError(`${op}: start (${first}) + length (${length}) exceeds dimension size (${size}).`);
  }
  return slice(op, layout, at, first, first + length, 1);
}

/** All windows of `size` elements along `dim`, `step` apart; the places within a window become a new last dim. */
export function unfold(op: string, layout: Layout, dim: number, size: number, step: number): Layout {
  const rank = layout.shape.length;
  const at = normalizeDim(op, dim, rank);
  const longest = rank === 0 ? 1 : layout.shape[at];
  if (!(size >= 0) || !Number.isInteger(size)) throw new ArgumentError(`${op}: size is ${size} but must be >= 0`);
  if (size > longest) {
    throw new ArgumentError(`${op}: maximum size for tensor at dimension ${at} is ${longest} but size is ${size}`);
  }
  if (!(step > 0) || !Number.isInteger(step)) throw new ArgumentError(`${op}: step is ${step} but must be > 0`);
  const shape = layout.shape.slice();
  const strides = layout.strides.slice();
  if (rank > 0) {
    shape[at] = Math.floor((longest - size) / step) + 1;
    strides[at] = step * layout.strides[at];
  }
  shape.push(size);
  strides.push(rank === 0 ? 1 : layout.strides[at]);
  return { shape, strides, offset: layout.offset };
}

/** The elements whose index along `dim2` is `offset` more than along `dim1`; they become a new last dim. */
export function diagonal(op: string, layout: Layout, offset: number, dim1: number, dim2: number): Layout {
  const rank = layout.shape.length;
  const row = normalizeDim(op, dim1, rank);
  const column = normalizeDim(op, dim2, rank);
  if (row === column) throw new ArgumentError(`${op}: diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  if (!Number.isInteger(offset)) throw new ArgumentError(`${op}: offset must be an integer, but got ${String(offset)}`);
  const rows = layout.shape[row];
  const columns = layout.shape[column];
  const size = Math.max(offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns), 0);
  const shape: number[] = [];
  const strides: number[] = [];
  for (let i = 0; i < rank; i++) {
    if (i === row || i === column) continue;
    shape.push(layout.shape[i]);
    strides.push(layout.strides[i]);
  }
  shape.push(size);
  strides.push(layout.strides[row] + layout.strides[column]);
  // An empty diagonal starts nowhere; its offset stays inside the storage.
  const skipped = size === 0 ? 0 : offset >= 0 ? offset * layout.strides[column] : -offset * layout.strides[row];
  return { shape, strides, offset: layout.offset + skipped };
}

/** Any layout over a storage of `storageSize` elements, checked to stay inside it. */
export function asStrided(
  op: string,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  storageSize: number,
): Layout {
  if (shape.length !== strides.length) {
    throw new ArgumentError(
      `${op}: mismatch in length of strides and shape: ${formatShape(strides)} and ${formatShape(shape)}`,
    );
  }
  checkShape(op, shape);
  let needed = offset + 1;
  for (let i = 0; i < shape.length; i++) {
    const stride = strides[i];
    if (!(stride >= 0) || !Number.isInteger(stride)) {
      throw new ArgumentError(
        `${op}: Negative strides are not supported at the moment, got strides: ${formatShape(strides)}`,
      );
    }
    needed += (shape[i] - 1) * stride;
  }
  if (!(offset >= 0) || !Number.isInteger(offset)) {
    throw new ArgumentError(`${op}: Tensor: invalid storage offset ${String(offset)}`);
  }
  if (numel(shape) > 0 && needed > storageSize) {
    throw new ArgumentError(
      `${op}: sizes ${formatShape(shape)}, strides ${formatShape(strides)}, storage offset ${offset} requiring a ` +
        `storage size of ${needed} are out of bounds for storage of size ${storageSize}`,
    );
  }
  return { shape, strides, offset };
}
