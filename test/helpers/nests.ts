// Loop nests of many shapes and strides for tests of kernels, values to fill them with, and kernels run in pieces.

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Kernels, Values, Word } from "./kernels.js";

/** Where the elements of an operand lie: strides and offset in elements of an array of `length`. */
export interface Layout {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** Bytes of an element. */
export function bytesOf(word: Word): number {
  return { f32: 4, f64: 8, i32: 4, u8: 1 }[word];
}

/** Number of elements. */
export function sizesOf(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** Row-major strides, times `unit`. */
export function dense(sizes: readonly number[], unit = 1): number[] {
  const strides: number[] = [];
  let stride = unit;
  for (let d = sizes.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= sizes[d]!;
  }
  return strides;
}

/** Offsets of all elements in row-major order of `sizes`. */
export function offsets(sizes: readonly number[], strides: readonly number[]): number[] {
  let all = [0];
  sizes.forEach((size, d) => {
    all = all.flatMap((o) => Array.from({ length: size }, (_, i) => o + i * strides[d]!));
  });
  return all;
}

function row(sizes: readonly number[]): Layout {
  return { name: `[${sizes}]`, sizes, strides: dense(sizes), offset: 0, length: sizesOf(sizes) };
}

/** Dims of a dense array in another order; gaps and steps between the elements; backwards. */
function permuted(sizes: readonly number[], order: readonly number[], step = 1, sign = 1): Layout {
  const strides = dense(sizes, step);
  return {
    name: `[${sizes}] as ${order}, step ${step * sign}`,
    sizes: order.map((d) => sizes[d]!),
    strides: order.map((d) => strides[d]! * sign),
    offset: sign < 0 ? sizes.reduce((a, n, d) => a + Math.max(0, n - 1) * strides[d]!, 0) : 0,
    length: sizesOf(sizes) * step,
  };
}

/** Nests from no element to some ten thousand, dense and not. */
export const layouts: readonly Layout[] = [
  ...[0, 1, 2, 3, 5, 15, 16, 17, 65, 1000, 1023, 1024, 1025, 1920, 1921, 5000].flatMap((n) => [
    row([n]),
    row([3, n]),
    permuted([n, 3], [1, 0]),
    permuted([n, 7], [1, 0]),
  ]),
  row([0, 5]),
  row([300, 3]),
  row([70, 16]),
  row([40, 17]),
  permuted([130, 70], [1, 0]),
  permuted([20, 300], [1, 0]),
  permuted([5, 1100], [1, 0]),
  permuted([300, 4], [1, 0], 2),
  permuted([6, 90], [0, 1], 3),
  permuted([6, 90], [1, 0], 3),
  permuted([6, 2100], [0, 1], 1, -1),
  permuted([70, 19], [1, 0], 1, -1),
  { name: "rows repeated", sizes: [6, 70], strides: [0, 1], offset: 0, length: 70 },
  { name: "columns repeated", sizes: [6, 70], strides: [1, 0], offset: 0, length: 6 },
  { name: "rows with gaps", sizes: [9, 50], strides: [64, 1], offset: 3, length: 9 * 64 },
  row([4, 5, 6]),
  permuted([4, 5, 6], [1, 0, 2]),
  permuted([4, 5, 6], [2, 0, 1]),
  permuted([8, 9, 33], [2, 1, 0]),
  permuted([3, 40, 70], [1, 0, 2]),
  permuted([3, 5, 520], [1, 0, 2]),
  permuted([30, 6, 9], [1, 0, 2]),
  permuted([3, 4, 5, 6], [2, 0, 3, 1]),
  permuted([6, 5, 4, 30], [3, 1, 0, 2]),
  permuted([2, 3, 7, 90], [1, 0, 2, 3]),
];

/** An operand of a kernel: strides and offset in elements of an array. */
export interface Placed {
  readonly word: Word;
  readonly strides: readonly number[];
  readonly offset?: number;
}

const UNTOUCHED = 77;

/**
 * Runs a kernel over its range of `count` at once and in three pieces, last first, which must agree in every bit;
 * returns the arrays of the results. A kernel must leave alone what lies beside its results.
 */
export function runInPieces(
  kernels: Kernels,
  kernel: string,
  sizes: readonly number[],
  count: number,
  results: readonly (Placed & { readonly length: number })[],
  inputs: readonly (Placed & { readonly values: Values })[],
  parameters: readonly number[] = [],
): Values[] {
  kernels.reset();
  const pointed = ({ word, strides, offset = 0 }: Placed, address: number) => ({
    pointer: address + offset * bytesOf(word),
    strides: strides.map((s) => s * bytesOf(word)),
  });
  const inputOperands = inputs.map((input) => pointed(input, kernels.place(input.values)));
  const a = Math.floor(count / 3);
  const b = Math.min(count, a + 1);
  const atOnce = [[0, count]] as const;
  const inThree = [
    [b, count],
    [a, b],
    [0, a],
  ] as const;
  const [whole, pieces] = [atOnce, inThree].map((ranges) => {
    // A few more elements before and after, to see that they stay as they are.
    const addresses = results.map(({ word, length }) => {
      const address = kernels.reserve((length + 8) * bytesOf(word));
      kernels.view(word, address, length + 8).fill(UNTOUCHED);
      return address;
    });
    const resultOperands = results.map((result, i) => pointed(result, addresses[i]! + 4 * bytesOf(result.word)));
    const block = kernels.writeBlock({ sizes, operands: [...resultOperands, ...inputOperands], parameters });
    for (const [begin, end] of ranges) expect(kernels.run(kernel, block, begin, end)).toBe(0);
    return results.map(({ word, length }, i) => kernels.view(word, addresses[i]!, length + 8).slice());
  });
  return results.map((result, i) => {
    const all = whole![i]!;
    const same = Buffer.compare(Buffer.from(all.buffer), Buffer.from(pieces![i]!.buffer)) === 0;
    if (!same) expect.fail(`${kernel}: pieces differ from the whole for sizes ${sizes}, strides ${inputs[0]?.strides}`);
    const once = sizes.map((n, d) => (result.strides[d] === 0 ? 1 : n));
    const written = new Set(offsets(once, result.strides).map((o) => o + (result.offset ?? 0) + 4));
    all.forEach((x, at) => {
      if (!written.has(at) && x !== UNTOUCHED) expect.fail(`${kernel} wrote beside its result, sizes ${sizes}`);
    });
    return all.slice(4, -4);
  });
}

/** Fails unless two numbers are equal, both NaN, or no further apart than `tolerance`. */
export function agree(actual: number, wanted: number, tolerance: number, text: string): void {
  if (actual === wanted || (Number.isNaN(actual) && Number.isNaN(wanted))) return;
  if (!(Math.abs(actual - wanted) <= tolerance)) expect.fail(`${text}: ${actual} instead of ${wanted}`);
}

/** Half the distance of 1 to the next larger number: the relative error of rounding. */
export const epsilon: Record<Word, number> = { f32: 2 ** -24, f64: 2 ** -53, i32: 0, u8: 0 };

/** Sum in float64 with the rounding errors kept (Neumaier). */
export function sum(row: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const x of row) {
    const next = total + x;
    if (Number.isFinite(next)) lost += Math.abs(total) >= Math.abs(x) ? total - next + x : x - next + total;
    total = next;
  }
  return total + lost;
}

/** The largest number, NaN if there is one, −∞ of none. */
export function largest(row: readonly number[]): number {
  return row.reduce((a, x) => (Number.isNaN(a) || x <= a ? a : x), -Infinity);
}

/** What PyTorch gave for rows of numbers, see scripts/record-reductions.py. */
export const recorded = JSON.parse(
  readFileSync(new URL("../fixtures/reductions/values.json", import.meta.url), "utf8"),
  (_key, value) => (typeof value === "string" ? Number(value) : value),
) as {
  readonly rows: number[][];
  readonly targets: number[];
  readonly weights: number[];
} & Record<"f32" | "f64", Record<string, number[][]>>;

let state = 1;

/** Numbers as an array of a dtype. */
export function arrayOf(word: Word, numbers: readonly number[]): Values {
  const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
  return arrays[word].from(numbers);
}

/** Pseudo-random numbers in [0, 1), the same in each run. */
export function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/**
 * Values to compute on: numbers of both signs with some equal ones and zeros, or numbers near 1 whose products
 * stay finite.
 */
export function randomValues(word: Word, length: number, kind: "ties" | "nearOne"): Values {
  const value = () => {
    if (word === "u8") return random() < (kind === "ties" ? 0.5 : 0.999) ? 1 : 0;
    if (word === "i32") return Math.floor((random() - 0.5) * 2000);
    if (kind === "nearOne") return 1 + (random() - 0.5) / 50;
    const x = (random() - 0.5) * 8;
    return random() < 0.2 ? Math.round(x) : x;
  };
  return arrayOf(word, Array.from({ length }, value));
}
