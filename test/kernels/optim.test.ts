// Updates of optimisers called directly: rows in pieces and in any order, nothing written beside the rows.

import { describe, expect, test } from "vitest";
import { type Kernels, loadKernels } from "../helpers/kernels.js";

const kernels = loadKernels();
const KINDS = ["sgd", "adam", "nadam", "radam", "adamax", "adagrad", "adadelta", "rmsprop", "rprop", "asgd"];
/** Tensors of state that each kernel uses. */
const STATES: Record<string, number> = {
  sgd: 1,
  adam: 3,
  nadam: 2,
  radam: 2,
  adamax: 2,
  adagrad: 1,
  adadelta: 2,
  rmsprop: 3,
  rprop: 2,
  asgd: 1,
};
/** Elements of a piece of the range; the last row has two. */
const PIECE = 1 << 14;
const LENGTHS = [1, 2, 3, 4, 5, 8, 11, 0, 17, PIECE + 3];
const EXTENT = LENGTHS.reduce((sum, length) => sum + Math.ceil(length / PIECE), 0);
const GUARD = 8;
const ALL_FLAGS = 31;

type Word = "f32" | "f64";

/** Values that look random and are the same each time. */
const value = (i: number): number => ((i * 0.61803) % 1) + 0.1;

/** A table with a row for each length, every tensor between guards; returns the block and how to read all memory of it. */
function build(own: Kernels, word: Word): { block: number; read: () => number[] } {
  own.reset();
  const bytes = word === "f32" ? 4 : 8;
  const table = own.reserve(64 * LENGTHS.length);
  const places: [number, number][] = [];
  LENGTHS.forEach((length, row) => {
    const addresses = Array.from({ length: 5 }, (_, k) => {
      const at = own.reserve((length + 2 * GUARD) * bytes);
      const all = own.view(word, at, length + 2 * GUARD);
      all.forEach((_, i) => {
        all[i] = i < GUARD || i >= GUARD + length ? 77 : value(row * 100 + k * 20 + i);
      });
      places.push([at, length + 2 * GUARD]);
      return at + GUARD * bytes;
    });
    own.view("i32", table + 64 * row, 7).set([...addresses, length, row % 2 === 0 ? ALL_FLAGS : 0]);
    own.view("f64", table + 64 * row + 32, 4).set([0.9, -0.1, 0.3, 0]);
  });
  const parameters = [0.01, 0.9, 0.1, 0.8, 0.2, 0.05, 0.99, 0.1];
  const block = own.writeBlock({ sizes: [], operands: [{ pointer: table, strides: [] }], parameters });
  return { block, read: () => places.flatMap(([at, length]) => Array.from(own.view(word, at, length), Number)) };
}

describe.each(["f32", "f64"] as const)("in %s", (word) => {
  test.each(KINDS)("%s", (kind) => {
    const name = `${kind}_${word}`;
    const whole = build(kernels, word);
    const before = whole.read();
    kernels.run(name, whole.block, 0, EXTENT);
    const after = whole.read();

    const pieces = build(kernels, word);
    for (const [begin, end] of [
      [9, 10],
      [6, 9],
      [0, 1],
      [3, 6],
      [1, 3],
    ]) {
      kernels.run(name, pieces.block, begin, end);
    }
    expect(pieces.read()).toEqual(after);

    let at = 0;
    for (const length of LENGTHS) {
      for (let k = 0; k < 5; k++) {
        const part = after.slice(at, at + length + 2 * GUARD);
        const old = before.slice(at, at + length + 2 * GUARD);
        at += length + 2 * GUARD;
        expect([...part.slice(0, GUARD), ...part.slice(GUARD + length)]).toEqual(new Array(2 * GUARD).fill(77));
        const inside = part.slice(GUARD, GUARD + length);
        // The gradient and what the kernel does not use stay; the parameter moves, but where Rprop waits after a turn.
        if (k === 1 || k >= 2 + STATES[kind]) expect(inside).toEqual(old.slice(GUARD, GUARD + length));
        if (k === 0 && length > 0 && kind !== "rprop") expect(inside).not.toEqual(old.slice(GUARD, GUARD + length));
      }
    }
  });
});
