// Where the elements of a tensor lie in its storage: shape, strides and offset, and what can be told from them.
import { contiguousStrides, numel, sameShape } from "./shape.js";

export * from "./shape.js";
export * from "./views.js";

/**
 * Element (i, j, …) lies at `offset + i · strides[0] + j · strides[1] + …`, counted in elements of the storage.
 * Strides may be 0, never negative. Layouts are never changed, so arrays are shared between them.
 */
export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The row-major layout of a shape, from the start of a storage. */
export function contiguous(shape: readonly number[]): Layout {
  return { shape, strides: contiguousStrides(shape), offset: 0 };
}

/** Whether two layouts put the same elements into the same places. */
export function sameLayout(a: Layout, b: Layout): boolean {
  return a.offset === b.offset && sameShape(a.shape, b.shape) && sameShape(a.strides, b.strides);
}

/** Whether the elements lie in row-major order without gaps. Strides of dims of size 1 do not matter; empty is contiguous. */
export function isContiguous(layout: Layout): boolean {
  const { shape, strides } = layout;
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i];
    if (size === 1) continue;
    if (strides[i] !== expected) return numel(shape) === 0;
    expected *= size;
  }
  return true;
}

/** Whether the elements fill a stretch of the storage, each place once, in the order of any permutation of dims. */
export function isDenseNonOverlapping(layout: Layout): boolean {
  if (isContiguous(layout)) return true;
  const { shape, strides } = layout;
  let left = 0;
  for (let i = 0; i < shape.length; i++) if (shape[i] > 1) left++;
  // Each dim must step over exactly what the dims inside it cover; what is covered grows, so no dim counts twice.
  for (let covered = 1; left > 0; left--) {
    let i = 0;
    while (i < shape.length && (strides[i] !== covered || shape[i] < 2)) i++;
    if (i === shape.length) return false;
    covered *= shape[i];
  }
  return true;
}

/** The stretch from the lowest place of an element to the highest, gaps included; strides may be negative here. */
export function spanOf({ shape, strides, offset }: Layout): { readonly first: number; readonly count: number } {
  let first = offset;
  let last = offset;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 0) return { first: offset, count: 0 };
    const reach = (shape[i] - 1) * strides[i];
    if (reach < 0) first += reach;
    else last += reach;
  }
  return { first, count: last - first + 1 };
}

/** Whether two indices are known to share a place: a stride of 0 over more than one element, as after `expand`. */
export function hasInternalOverlap(layout: Layout): boolean {
  const { shape, strides } = layout;
  for (let i = 0; i < shape.length; i++) if (strides[i] === 0 && shape[i] > 1) return numel(shape) > 0;
  return false;
}

/**
 * How two operands on one storage overlap. Decided by the stretches they fill, so only for dense layouts; anything else
 * counts as "none", as in PyTorch.
 */
export function memoryOverlap(a: Layout, b: Layout): "none" | "full" | "partial" {
  if (a === b) return "full";
  const countA = numel(a.shape);
  const countB = numel(b.shape);
  if (countA === 0 || countB === 0) return "none";
  if (!isDenseNonOverlapping(a) || !isDenseNonOverlapping(b)) return "none";
  if (a.offset === b.offset && countA === countB) return sameShape(a.strides, b.strides) ? "full" : "partial";
  return a.offset < b.offset + countB && b.offset < a.offset + countA ? "partial" : "none";
}

/**
 * Dense strides for a result shaped like `layout` that keep its order of dims (`zerosLike`, `clone`, `contiguous` in
 * PyTorch's preserve format). A dense layout keeps its strides as they are.
 */
export function likeStrides(layout: Layout): readonly number[] {
  if (isDenseNonOverlapping(layout)) return layout.strides;
  const { shape, strides } = layout;
  const rank = shape.length;
  const order: number[] = [];
  for (let i = rank - 1; i >= 0; i--) order.push(i);
  // Insertion sort, innermost first; a stride of 0 compares as equal with anything, which no library sort allows.
  for (let i = 1; i < rank; i++) {
    let moved = i;
    for (let j = i - 1; j >= 0; j--) {
      const outer = order[moved];
      const inner = order[j];
      const strideInner = strides[inner];
      const strideOuter = strides[outer];
      if (strideInner === 0 || strideOuter === 0) continue;
      if (strideInner < strideOuter) break;
      if (strideInner === strideOuter && shape[inner] <= shape[outer]) continue;
      order[j] = outer;
      order[moved] = inner;
      moved = j;
    }
  }
  const result = new Array<number>(rank).fill(0);
  let step = 1;
  for (let i = 0; i < rank; i++) {
    const dim = order[i];
    result[dim] = step;
    if (shape[dim] > 1) step *= shape[dim];
  }
  return result;
}
