// Reads by index: gather, indexSelect, embedding, take, and indexing by several index tensors are one kernel.

import { Chunk, chunk, nextIndexed, offsetsHere, startIndexed } from "../loops/indices";
import { copyRun } from "../loops/runs";

function gatherElements<T>(c: Chunk): void {
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  for (let n = c.count; n; n--) {
    store<T>(out, load<T>(from + load<u32>(at)));
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

function gatherRuns<T>(c: Chunk): void {
  let at = offsetsHere(), out = c.out, from = c.from;
  const outStep = c.outStep, fromStep = c.fromStep;
  const run = c.run, outCol = c.outCol, fromCol = c.fromCol;
  for (let n = c.count; n; n--) {
    copyRun<T>(out, from + load<u32>(at), run, outCol, fromCol);
    out += outStep;
    from += fromStep;
    at += 4;
  }
}

function gather<T>(block: usize, begin: u32, end: u32): void {
  startIndexed(block, begin, end);
  while (nextIndexed(block)) {
    const c = chunk();
    if (c.run == 1) gatherElements<T>(c);
    else gatherRuns<T>(c);
  }
}

/**
 * out[p] = from[p, index₀[p], index₁[p], …] for the dtypes of 1 byte.
 *
 * Operands out, from, index₀ … indexₖ₋₁ with 1 ≤ k ≤ 8, the indices int32. The nest is out's dims; index tensors have
 * stride 0 over dims they are broadcast in, from has stride 0 over dims that only index tensors vary in. Range:
 * elements of the nest. Parameters 2j, 2j + 1: size and byte stride in from of the dim that index j goes along; the
 * size is given as -1 - size where negative indices are refused. out must not overlap the others.
 * Fails with STATUS_INDEX and the index as detail; out may then be written in part.
 *
 * - gather along dim d: the nest is index's dims, from has its strides except 0 over d.
 * - indexSelect, embedding: index has a stride over d only; runs behind d are copied whole.
 * - take, takeAlongDim: the same; take has nest = index's dims and from has all strides 0, if it is dense.
 * - from[:, i, j]: the nest is [n, …broadcast dims of i and j], from has its stride over dim 0 and 0 over the rest.
 */
export function gather_w1(block: usize, begin: u32, end: u32): void {
  gather<u8>(block, begin, end);
}
/** Reads by index, dtypes of 2 bytes; as `gather_w1`. */
export function gather_w2(block: usize, begin: u32, end: u32): void {
  gather<u16>(block, begin, end);
}
/** Reads by index, dtypes of 4 bytes; as `gather_w1`. */
export function gather_w4(block: usize, begin: u32, end: u32): void {
  gather<u32>(block, begin, end);
}
/** Reads by index, dtypes of 8 bytes; as `gather_w1`. */
export function gather_w8(block: usize, begin: u32, end: u32): void {
  gather<u64>(block, begin, end);
}
