// Chains: neighbouring elementwise runs that may go piece by piece through all their kernels.

import { type Entry, pointerWord, SIZES } from "./record.js";

/** Elements of a piece: their operands stay in the cache from one kernel to the next. */
export const PIECE = 4096;

/** What an operand of an elementwise run reads or writes. */
interface Access {
  readonly from: number;
  readonly to: number;
  /** Bytes from one element to the next; 0 for a scalar. */
  readonly stride: number;
  readonly writes: boolean;
}

/** What an entry accesses, if it is one flat run over dense operands and scalars that is worth cutting; else null. */
function accessesOf(entry: Entry, words: Int32Array): Access[] | null {
  if (!entry.elementwise || entry.whole || entry.check !== null || words[1] !== 1) return null;
  if (entry.extent < 2 * PIECE || words[SIZES] !== entry.extent) return null;
  const accesses: Access[] = [];
  for (let k = 0; k < (words[2] as number); k++) {
    const word = pointerWord(words, k);
    const from = (words[word] as number) >>> 0;
    const stride = words[word + 1] as number;
    if (stride < 0 || stride > 8 || (stride === 0 && k === 0)) return null;
    accesses.push({ from, to: from + Math.max(8, stride * entry.extent), stride, writes: k === 0 });
  }
  return accesses;
}

/** Whether one access may come before the other has gone all the way. */
function goTogether(a: Access, b: Access): boolean {
  if ((!a.writes && !b.writes) || a.to <= b.from || b.to <= a.from) return true;
  return a.from === b.from && a.stride === b.stride && a.stride > 0;
}

/**
 * Finds chains among entries with their final blocks: pairs of the first entry and the one behind the last. None goes
 * across a cut.
 */
export function chainsOf(
  entries: readonly Entry[],
  words: readonly Int32Array[],
  cuts: ReadonlySet<number>,
): (readonly [from: number, to: number])[] {
  const chains: (readonly [number, number])[] = [];
  let from = 0;
  let held: Access[] = [];
  const close = (at: number): void => {
    if (at - from > 1) chains.push([from, at]);
    from = at;
    held = [];
  };
  entries.forEach((entry, at) => {
    const accesses = accessesOf(entry, words[at] as Int32Array);
    const fits =
      accesses !== null &&
      at > from &&
      !cuts.has(at) &&
      (entries[from] as Entry).extent === entry.extent &&
      accesses.every((own) => held.every((other) => goTogether(own, other)));
    if (!fits) close(at);
    if (accesses === null) from = at + 1;
    else held.push(...accesses);
  });
  close(entries.length);
  return chains;
}
