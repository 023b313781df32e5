// Hidden dims: the open calls of `vmap`, and handles on a storage with dims hidden or shown. No tape here.

import { GraphError } from "../errors.js";
import { bytesOf } from "./dtype.js";
import type { Layout } from "./layout.js";
import { type Batch, batching, type HiddenDim } from "./storage.js";
import { Tensor } from "./tensor.js";

/** What random functions do under a `vmap`: throw, draw for each example, or draw once for all. */
export type Randomness = "error" | "different" | "same";

/** An open call of `vmap`. */
export interface VmapLevel {
  readonly level: number;
  /** Number of examples. */
  readonly size: number;
  readonly randomness: Randomness;
}

const open: VmapLevel[] = [];
let last = 0;

/** Opens a level inside those that are open; levels count up and never come again. */
export function openVmap(size: number, randomness: Randomness): VmapLevel {
  batching.used = true;
  const level = { level: ++last, size, randomness };
  open.push(level);
  return level;
}

/** Closes the innermost level. */
export function closeVmap(): void {
  open.pop();
}

/** The open levels, outermost first. */
export function openVmaps(): readonly VmapLevel[] {
  return open;
}

/** Whether the call of `vmap` that hides a dim is still under way. */
export function isOpenVmap(level: number): boolean {
  return open.some((each) => each.level === level);
}

/** The hidden dims of a tensor, or none. */
export function hiddenDims(x: Tensor): Batch {
  return x.storage.batch ?? [];
}

/** Whether a tensor hides a dim at a level. */
export function hides(x: Tensor, level: number): boolean {
  return x.storage.batch?.some((dim) => dim.level === level) ?? false;
}

function handle(x: Tensor, batch: Batch, layout: Layout): Tensor {
  // The handle takes over the hold that a new storage starts with.
  const out = new Tensor(x.storage.hiding(batch), layout, x.dtype);
  if (x.inference) out.inference = true;
  return out;
}

/** The same memory with dim `dim` hidden at a level. */
export function hidden(x: Tensor, dim: number, level: number): Tensor {
  const { shape, strides, offset } = x.layout;
  const own: HiddenDim = { level, size: shape[dim] as number, stride: (strides[dim] as number) * bytesOf(x.dtype) };
  const batch = [...hiddenDims(x), own].sort((a, b) => a.level - b.level);
  const without = (list: readonly number[]) => list.filter((_, d) => d !== dim);
  return handle(x, batch, { shape: without(shape), strides: without(strides), offset });
}

/** The same memory with the dim of a level shown as dim `dim`; one that is not there is repeated `size` times. */
export function shown(
  x: Tensor,
  dim: number,
  { level, size }: { readonly level: number; readonly size: number },
): Tensor {
  const own = hiddenDims(x).find((each) => each.level === level);
  const insert = (list: readonly number[], value: number) => [...list.slice(0, dim), value, ...list.slice(dim)];
  const { shape, strides, offset } = x.layout;
  const batch = hiddenDims(x).filter((each) => each.level !== level);
  return handle(x, batch, {
    shape: insert(shape, own?.size ?? size),
    strides: insert(strides, (own?.stride ?? 0) / bytesOf(x.dtype)),
    offset,
  });
}

/** The same memory with all hidden dims shown in front, outermost level first. */
export function allShown(x: Tensor): Tensor {
  const dims = hiddenDims(x);
  const { shape, strides, offset } = x.layout;
  return handle(x, [], {
    shape: [...dims.map(({ size }) => size), ...shape],
    strides: [...dims.map(({ stride }) => stride / bytesOf(x.dtype)), ...strides],
    offset,
  });
}

/** The same memory with all examples' dims of another tensor, where they are missing, repeated. */
export function hiddenLike(x: Tensor, batch: Batch): Tensor {
  const own = hiddenDims(x);
  const missing = batch.filter(({ level }) => own.every((each) => each.level !== level));
  const all = [...own, ...missing.map((dim) => ({ ...dim, stride: 0 }))].sort((a, b) => a.level - b.level);
  return handle(x, all, x.layout);
}

/** Whether two tensors hide the same levels. */
export function sameLevels(a: Batch | null, b: Batch | null): boolean {
  if (a === b) return true;
  if (a === null || b === null || a.length !== b.length) return false;
  return a.every(({ level }, i) => level === (b[i] as HiddenDim).level);
}

/** Number of examples behind a tensor. */
export function examplesOf(x: Tensor): number {
  return hiddenDims(x).reduce((count, { size }) => count * size, 1);
}

/** Throws because a call needs the data of a tensor that stands for several examples. */
export function refuseHidden(op: string, x: Tensor): void {
  if (x.storage.batch === null) return;
  throw new GraphError(
    `${op}: vmap: It looks like you're calling .${op}() on a Tensor. We don't support vmap over calling .${op}() on a ` +
      "Tensor, please try to rewrite what you're doing with other operations.",
  );
}

/** Throws because the shape of a result would depend on the data of each example. */
export function refuseDynamic(op: string, ...tensors: readonly unknown[]): void {
  for (const x of tensors) {
    if (!(x instanceof Tensor) || x.storage.batch === null) continue;
    throw new GraphError(
      `${op}: vmap: It looks like you attempted to use ${op}, whose result's shape depends on the data. vmap does not support ` +
        "dynamic shapes: the examples' results may have different shapes. Please rewrite it, for example with where or multiplication by a mask.",
    );
  }
}
