// Arithmetic on shapes alone: counting, dims, broadcasting, inferring and cutting sizes.
import { ArgumentError, ShapeError } from "../errors.js";

/** Sizes as users know them: `[2, 3]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** Number of elements of a tensor of this shape; 1 for a 0-dim one. */
export function numel(shape: readonly number[]): number {
  let count = 1;
  for (let i = 0; i < shape.length; i++) count *= shape[i];
  return count;
}

/** Strides, in elements, of a row-major tensor; a size of 0 counts as 1, as in PyTorch. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    const size = shape[i];
    if (size > 1) step *= size;
  }
  return strides;
}

/** Whether two lists of numbers (shapes or strides) are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The most dims that kernels take, as in PyTorch. */
export const MOST_RANK = 64;

/** Throws for more dims than kernels take. */
export function checkRank(op: string, rank: number): void {
  if (rank > MOST_RANK)
    throw new ShapeError(`${op}: only tensors with up to ${MOST_RANK} dims are supported, got ${rank}`);
}

/** Throws unless every size is a non-negative integer. For shapes that come from users: `zeros`, `full`, … */
export function checkShape(op: string, shape: readonly number[]): void {
  checkRank(op, shape.length);
  for (let i = 0; i < shape.length; i++) {
    const size = shape[i];
    if (!Number.isInteger(size)) throw new ShapeError(`${op}: sizes must be integers, but got ${formatShape(shape)}`);
    if (size < 0) {
      throw new ShapeError(`${op}: Trying to create tensor with negative dimension ${size}: ${formatShape(shape)}`);
    }
  }
}

/** `dim` counted from the front, in 0 … rank − 1. A 0-dim tensor accepts −1 and 0. */
export function normalizeDim(op: string, dim: number, rank: number): number {
  const range = rank === 0 ? 1 : rank;
  if (dim >= -range && dim < range && Number.isInteger(dim)) return dim < 0 ? dim + range : dim;
  throw dimError(op, dim, range);
}

function dimError(op: string, dim: number, range: number): ArgumentError {
  if (!Number.isInteger(dim)) return new ArgumentError(`${op}: dim must be an integer, but got ${String(dim)}`);
  return new ArgumentError(
    `${op}: Dimension out of range (expected to be in range of [${-range}, ${range - 1}], but got ${dim})`,
  );
}

/**
 * Dims counted from the front, in the order given; `null` means all of them, an empty list none. A dim named twice is
 * an error.
 */
export function normalizeDims(op: string, dims: readonly number[] | number | null, rank: number): number[] {
  const result: number[] = [];
  if (dims === null) {
    for (let i = 0; i < rank; i++) result.push(i);
    return result;
  }
  if (typeof dims === "number") {
    result.push(normalizeDim(op, dims, rank));
    return result;
  }
  for (let i = 0; i < dims.length; i++) {
    const dim = normalizeDim(op, dims[i], rank);
    if (result.includes(dim)) throw new ArgumentError(`${op}: dim ${dim} appears multiple times in the list of dims`);
    result.push(dim);
  }
  return result;
}

/** The shape both operands broadcast to. Returns one of the two arrays where it is the answer. */
export function broadcastShapes(op: string, a: readonly number[], b: readonly number[]): readonly number[] {
  if (a === b) return a;
  const rank = Math.max(a.length, b.length);
  const skipA = rank - a.length;
  const skipB = rank - b.length;
  let likeA = skipA === 0;
  let likeB = skipB === 0;
  for (let i = rank - 1; i >= 0; i--) {
    const sizeA = i < skipA ? 1 : a[i - skipA];
    const sizeB = i < skipB ? 1 : b[i - skipB];
    if (sizeA === sizeB) continue;
    if (sizeA === 1) likeA = false;
    else if (sizeB === 1) likeB = false;
    else {
      throw new ShapeError(
        `${op}: The size of tensor a (${sizeA}) must match the size of tensor b (${sizeB}) ` +
          `at non-singleton dimension ${i}: a is ${formatShape(a)}, b is ${formatShape(b)}`,
      );
    }
  }
  if (likeA) return a;
  if (likeB) return b;
  const shape = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const sizeA = i < skipA ? 1 : a[i - skipA];
    shape[i] = sizeA === 1 && i >= skipB ? b[i - skipB] : sizeA;
  }
  return shape;
}

/** The shape with its −1, if any, replaced by what makes it hold `count` elements. */
export function inferShape(op: string, shape: readonly number[], count: number): readonly number[] {
  let known = 1;
  let unknown = -1;
  for (let i = 0; i < shape.length; i++) {
    const size = shape[i];
    if (size >= 0 && Number.isInteger(size)) known *= size;
    else if (size !== -1) throw new ShapeError(`${op}: invalid shape dimension ${size} in ${formatShape(shape)}`);
    else if (unknown >= 0) {
      throw new ShapeError(`${op}: only one dimension can be inferred, but got ${formatShape(shape)}`);
    } else unknown = i;
  }
  if (unknown < 0) {
    if (known !== count) throw sizeError(op, shape, count);
    return shape;
  }
  if (known === 0 ? count !== 0 : count % known !== 0) throw sizeError(op, shape, count);
  if (known === 0) {
    throw new ShapeError(
      `${op}: cannot reshape tensor of 0 elements into shape ${formatShape(shape)} ` +
        "because the unspecified dimension size -1 can be any value and is ambiguous",
    );
  }
  const result = shape.slice();
  result[unknown] = count / known;
  return result;
}

function sizeError(op: string, shape: readonly number[], count: number): ShapeError {
  return new ShapeError(`${op}: shape '${formatShape(shape)}' is invalid for input of size ${count}`);
}

/** The shape with dims `start` … `end` (both included) merged into one; a 0-dim shape becomes `[1]`. */
export function flattenShape(op: string, shape: readonly number[], start: number, end: number): readonly number[] {
  const rank = shape.length;
  const first = normalizeDim(op, start, rank);
  const last = normalizeDim(op, end, rank);
  if (first > last) {
    throw new ArgumentError(
      `${op}: flatten() has invalid args: start_dim cannot come after end_dim (${start}, ${end})`,
    );
  }
  if (rank === 0) return [1];
  if (first === last) return shape;
  const result: number[] = [];
  for (let i = 0; i < first; i++) result.push(shape[i]);
  let merged = 1;
  for (let i = first; i <= last; i++) merged *= shape[i];
  result.push(merged);
  for (let i = last + 1; i < rank; i++) result.push(shape[i]);
  return result;
}

/** The shape with `dim` opened into `sizes`, one of which may be −1. */
export function unflattenShape(op: string, shape: readonly number[], dim: number, sizes: readonly number[]): number[] {
  const at = normalizeDim(op, dim, shape.length);
  if (sizes.length === 0) throw new ArgumentError(`${op}: sizes must be non-empty`);
  // A 0-dim tensor has no size to open; PyTorch refuses it by the same range error as an index.
  if (shape.length === 0) throw new ArgumentError(`${op}: Dimension specified as ${dim} but tensor has no dimensions`);
  const size = shape[at];
  let known = 1;
  let unknown = 0;
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i] === -1) unknown++;
    else known *= sizes[i];
  }
  const fits = unknown === 0 ? known === size : unknown > 1 || known === 0 || size % known === 0;
  if (!fits) {
    throw new ShapeError(
      `${op}: Provided sizes ${formatShape(sizes)} don't multiply up to the size of dim ${at} (${size}) ` +
        `in the input tensor of shape ${formatShape(shape)}`,
    );
  }
  const opened = inferShape(op, sizes, size);
  const result: number[] = [];
  for (let i = 0; i < at; i++) result.push(shape[i]);
  for (let i = 0; i < opened.length; i++) result.push(opened[i]);
  for (let i = at + 1; i < shape.length; i++) result.push(shape[i]);
  return result;
}

/**
 * Sizes of the parts that `split` cuts `dim` into: pieces of one size, the last one maybe smaller, or the sizes given,
 * which must add up.
 */
export function splitSizes(
  op: string,
  shape: readonly number[],
  parts: number | readonly number[],
  dim: number,
): number[] {
  if (shape.length === 0) throw new ArgumentError(`${op}: split expects at least a 1-dimensional tensor`);
  const at = normalizeDim(op, dim, shape.length);
  const size = shape[at];
  const result: number[] = [];
  if (typeof parts === "number") {
    if (parts < 0 || !Number.isInteger(parts)) {
      throw new ArgumentError(`${op}: split expects split_size be non-negative, but got split_size=${parts}`);
    }
    if (parts === 0 && size !== 0) {
      throw new ArgumentError(
        `${op}: split_size can only be 0 if dimension size is 0, but got dimension size of ${size}`,
      );
    }
    // An empty dim still has one part, itself.
    let rest = size;
    do {
      result.push(rest < parts ? rest : parts);
      rest -= parts;
    } while (rest > 0);
    return result;
  }
  if (!Array.isArray(parts)) {
    throw new ArgumentError(
      `${op}: expected a size or an array of sizes, got ${parts === null ? "null" : typeof parts}`,
    );
  }
  let sum = 0;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part < 0 || !Number.isInteger(part)) {
      throw new ArgumentError(
        `${op}: split_with_sizes expects split_sizes have only non-negative entries, ` +
          `but got split_sizes=${formatShape(parts)}`,
      );
    }
    sum += part;
    result.push(part);
  }
  if (sum !== size) {
    throw new ShapeError(
      `${op}: split_with_sizes expects split_sizes to sum exactly to ${size} ` +
        `(input tensor's size at dimension ${at}), but got split_sizes=${formatShape(parts)}`,
    );
  }
  return result;
}

/** Sizes of the at most `chunks` parts of ⌈size / chunks⌉ that `chunk` cuts `dim` into; an empty dim gives `chunks` empty ones. */
export function chunkSizes(op: string, shape: readonly number[], chunks: number, dim: number): number[] {
  if (shape.length === 0) throw new ArgumentError(`${op}: chunk expects at least a 1-dimensional tensor`);
  if (!(chunks > 0) || !Number.isInteger(chunks)) {
    throw new ArgumentError(`${op}: chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  }
  const size = shape[normalizeDim(op, dim, shape.length)];
  if (size === 0) return new Array<number>(chunks).fill(0);
  return splitSizes(op, shape, Math.ceil(size / chunks), dim);
}
