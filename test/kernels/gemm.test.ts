// Matrix multiplication against a plain triple loop: sizes, strides, batches, addends, splits, special values.

import { describe, expect, it } from "vitest";
import { loadKernels } from "../helpers/kernels.js";

type Word = "f32" | "f64" | "i32";

/** How a matrix lies in memory: row by row, column by column, with gaps, backwards, or repeating a row or column. */
type Form = "rows" | "columns" | "spread" | "backwards" | "sameRow" | "sameColumn" | "one";

interface Product {
  readonly word: Word;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a?: Form;
  readonly b?: Form;
  readonly c?: Form | "out" | undefined;
  readonly alpha?: number;
  readonly beta?: number;
  /** Sizes of the batch dims, and which operands have strides over them (the others are repeated). */
  readonly batch?: readonly number[];
  readonly repeated?: "a" | "b" | undefined;
  /** Elements between the end of a row of the result and the next row. */
  readonly gap?: number;
}

const SIZES = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 130, 300];
const WORDS: readonly Word[] = ["f32", "f64", "i32"];
const MATRICES: readonly Form[] = ["rows", "columns", "spread", "backwards", "sameRow", "sameColumn", "one"];
const UNTOUCHED = -77;

const kernels = loadKernels();
const unit = kernels.exports.gemm_rows!();
const bytes = { f32: 4, f64: 8, i32: 4 };

/** Numbers below `bound`, the same in every run (a linear congruential generator, Numerical Recipes' constants). */
function numbers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A matrix's element strides, its first element's place, how many elements it takes, and all batch indices take. */
function layout(form: Form, batches: number, rows: number, columns: number) {
  const [row, column, first, length] = {
    rows: [columns, 1, 0, rows * columns],
    columns: [1, rows, 0, rows * columns],
    spread: [2 * columns + 3, 2, 1, rows * (2 * columns + 3) + 1],
    backwards: [-columns, -1, rows * columns - 1, rows * columns],
    sameRow: [0, 1, 0, columns],
    sameColumn: [1, 0, 0, rows],
    one: [0, 0, 0, 1],
  }[form] as [number, number, number, number];
  return { row, column, first, length, total: Math.max(0, length) * batches };
}

function dotFloat(x: Float64Array, i: number, xStep: number, y: Float64Array, j: number, yStep: number, k: number) {
  let sum = 0;
  for (let p = 0; p < k; p++) sum += x[i + p * xStep]! * y[j + p * yStep]!;
  return sum;
}

function dotInteger(x: Float64Array, i: number, xStep: number, y: Float64Array, j: number, yStep: number, k: number) {
  let sum = 0;
  for (let p = 0; p < k; p++) sum = (sum + Math.imul(x[i + p * xStep]!, y[j + p * yStep]!)) | 0;
  return sum;
}

/** Writes a product's operands and block; the operands' values come from `draw`. */
function prepare(product: Product, draw: () => number) {
  const { word, m, n, k, a = "rows", b = "rows", c, alpha = 1, beta = 1, batch = [], repeated, gap = 0 } = product;
  const size = bytes[word];
  const batches = batch.reduce((x, y) => x * y, 1);
  kernels.reset();
  const matrix = (form: Form, rows: number, columns: number, isRepeated: boolean) => {
    const at = layout(form, isRepeated ? 1 : batches, rows, columns);
    const pointer = kernels.reserve(at.total * size);
    return { ...at, pointer, step: isRepeated ? 0 : at.length };
  };
  const left = matrix(a, m, k, repeated === "a");
  const right = matrix(b, k, n, repeated === "b");
  const row = n + gap;
  const out = { row, column: 1, first: 0, step: m * row, total: batches * m * row, pointer: 0 };
  out.pointer = kernels.reserve(out.total * size);
  const addend = c === undefined ? undefined : c === "out" ? out : matrix(c, m, n, false);
  const batchStrides = (step: number) =>
    batch.map((_, i) => step * size * batch.slice(i + 1).reduce((x, y) => x * y, 1));
  const operand = (x: typeof out, strides: readonly number[]) => ({
    pointer: x.pointer + x.first * size,
    strides: [...batchStrides(x.step), ...strides.map((stride) => stride * size)],
  });
  const operands = [
    operand(out, [out.row, 1, 0]),
    operand(left, [left.row, 0, left.column]),
    operand(right, [0, right.column, right.row]),
  ];
  if (addend !== undefined) operands.push(operand(addend, [addend.row, addend.column, 0]));
  const block = kernels.writeBlock({ sizes: [...batch, m, n, k], operands, parameters: [alpha, beta] });
  const fill = (x: { pointer: number; total: number }) => {
    const view = kernels.view(word, x.pointer, x.total);
    for (let i = 0; i < view.length; i++) view[i] = draw();
    return Float64Array.from(view);
  };
  const values = { a: fill(left), b: fill(right), c: addend === undefined ? undefined : fill(addend) };
  if (addend !== out) kernels.view(word, out.pointer, out.total).fill(UNTOUCHED);
  const before = kernels.view(word, out.pointer, out.total).slice();
  /** The product by definition, in float64 (or wrapping int32); with `absolute`, of the operands' absolute values. */
  const expected = (absolute = false) => {
    const result = Float64Array.from(before);
    const value = absolute ? Math.abs : (x: number) => x;
    const [x, y] = absolute ? [values.a.map(Math.abs), values.b.map(Math.abs)] : [values.a, values.b];
    const dot = word === "i32" ? dotInteger : dotFloat;
    for (let t = 0; t < batches; t++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const xAt = left.first + t * left.step + i * left.row;
          const yAt = right.first + t * right.step + j * right.column;
          const sum = dot(x, xAt, left.column, y, yAt, right.row, k);
          const old = addend === undefined || beta === 0 ? undefined : addend.first + t * addend.step;
          const z = old === undefined ? 0 : values.c![old + i * addend!.row + j * addend!.column]!;
          result[t * out.step + i * out.row + j] =
            word === "i32"
              ? (Math.imul(beta, z) + Math.imul(alpha, sum)) | 0
              : value(beta) * value(z) + value(alpha) * sum;
        }
      }
    }
    return result;
  };
  const units = batches * Math.ceil(m / unit);
  const run = (begin = 0, end = units) => {
    expect(kernels.run(`gemm_${word}`, block, begin, end)).toBe(0);
    return kernels.view(word, out.pointer, out.total).slice();
  };
  const restore = () => kernels.view(word, out.pointer, out.total).set(before);
  return { run, restore, expected, units };
}

/** Checks a product of small integers, whose sums are exact in every dtype and order. */
function checkExact(product: Product, seed: number): void {
  const below = numbers(seed);
  const { run, expected } = prepare(product, () => below(9) - 4);
  const got = run();
  const want = expected();
  const wrong = want.findIndex((value, i) => value !== got[i]);
  if (wrong >= 0) expect.fail(`${JSON.stringify(product)} at ${wrong}: ${got[wrong]} instead of ${want[wrong]}`);
}

function expectSameBits(got: ArrayBufferView, want: ArrayBufferView): void {
  const bits = (values: ArrayBufferView) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  expect(bits(got).equals(bits(want))).toBe(true);
}

describe.each(WORDS)("gemm_%s", (word) => {
  it.each([
    ["rows", "rows"],
    ["columns", "rows"],
    ["rows", "columns"],
    ["columns", "columns"],
  ] as const)("is exact on small integers at all sizes: a by %s, b by %s", (a, b) => {
    let turn = 0;
    for (const m of SIZES) {
      for (const n of SIZES) {
        // Every k meets every kind of m and n over the four forms; the full cube would take minutes.
        turn += 5;
        const k = SIZES[(turn + a.length * 3 + b.length) % SIZES.length]!;
        checkExact({ word, m, n, k, a, b }, m * 1000 + n);
      }
    }
  });

  it("takes any strides, batches, addends and factors", () => {
    const below = numbers(2024);
    const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;
    const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 33, 63, 64, 65, 70];
    for (let turn = 0; turn < 1500; turn++) {
      checkExact(
        {
          word,
          m: pick(sizes),
          n: pick(sizes),
          k: pick([...sizes, 255, 256, 257]),
          a: pick(MATRICES),
          b: pick(MATRICES),
          c: pick([undefined, "out", ...MATRICES]),
          alpha: pick([1, 1, -2, 3]),
          beta: pick([1, 1, 0, -1, 2]),
          batch: pick([[], [], [1], [3], [2, 3], [2, 0]]),
          repeated: pick([undefined, undefined, "a", "b"]),
          gap: pick([0, 0, 1, 5]),
        },
        turn,
      );
    }
  });

  it("takes long k, many rows and many columns", () => {
    for (const [a, b] of [
      ["rows", "rows"],
      ["columns", "columns"],
      ["rows", "columns"],
      ["spread", "spread"],
    ] as const) {
      const rest = { word, a, b, c: "sameRow", alpha: 2 } as const;
      checkExact({ ...rest, m: 5, n: 6, k: 3001 }, 1);
      checkExact({ ...rest, m: 40, n: 30, k: 1000, c: "out", beta: -1 }, 2);
      checkExact({ ...rest, m: 9, n: 2100, k: 70 }, 3);
      checkExact({ ...rest, m: 70, n: 600, k: 260 }, 4);
      checkExact({ ...rest, m: 2100, n: 3, k: 11 }, 5);
      checkExact({ ...rest, m: 2100, n: 1, k: 260 }, 6);
      checkExact({ ...rest, m: 1, n: 2100, k: 260 }, 7);
      checkExact({ ...rest, m: 1, n: 1, k: 70000 }, 8);
      checkExact({ ...rest, m: 3, n: 2, k: 40000 }, 9);
    }
    checkExact({ word, m: 3, n: 140000, k: 0 }, 10);
  });

  it("gives the same bits however the range is split", () => {
    const below = numbers(7);
    const draw = () => (word === "i32" ? below(2 ** 32) | 0 : below(2 ** 24) / 2 ** 23 - 1);
    for (const [m, n, k] of [
      [300, 1, 700],
      [300, 2, 33],
      [200, 17, 300],
      [129, 70, 513],
      [66, 40, 5],
      [1, 33, 300],
      [5, 33, 300],
    ] as const) {
      for (const form of ["rows", "columns", "spread"] as const) {
        const product: Product = { word, m, n, k, a: form, b: form, batch: [3], c: "out", alpha: 3, beta: 2 };
        const { run, restore, units } = prepare(product, draw);
        const whole = run();
        restore();
        let pieces = whole;
        for (let u = units - 1; u >= 0; u--) pieces = run(u, u + 1);
        expectSameBits(pieces, whole);
        restore();
        const middle = Math.floor(units / 2);
        run(middle, units);
        expectSameBits(run(0, middle), whole);
      }
    }
  });

  it("reads nothing behind the end of memory", () => {
    const own = loadKernels();
    const size = bytes[word];
    for (const [m, n, k] of [
      [3, 3, 3],
      [5, 7, 6],
      [1, 5, 3],
      [5, 1, 7],
      [2, 9, 5],
      [65, 66, 67],
    ] as const) {
      for (const last of ["a", "b"]) {
        for (const columns of [false, true]) {
          own.reset();
          const out = own.reserve(m * n * size);
          const other = own.reserve(70 * 70 * size);
          const strides = [
            columns ? [size, 0, m * size] : [k * size, 0, size],
            columns ? [0, k * size, size] : [0, size, n * size],
          ] as const;
          const pointers = [other, other];
          pointers[last === "a" ? 0 : 1] = own.memory.buffer.byteLength - (last === "a" ? m : n) * k * size;
          const block = own.writeBlock({
            sizes: [m, n, k],
            operands: [
              { pointer: out, strides: [n * size, size, 0] },
              { pointer: pointers[0]!, strides: strides[0] },
              { pointer: pointers[1]!, strides: strides[1] },
            ],
            parameters: [1, 0],
          });
          expect(own.run(`gemm_${word}`, block, 0, Math.ceil(m / unit))).toBe(0);
        }
      }
    }
  });
});

/** Sizes and forms that together take every way through the kernels. */
const WAYS: readonly Pick<Product, "m" | "n" | "k" | "a" | "b">[] = [
  { m: 1, n: 1, k: 37 },
  { m: 9, n: 1, k: 37 },
  { m: 9, n: 1, k: 37, a: "columns" },
  { m: 1, n: 9, k: 37 },
  { m: 1, n: 9, k: 37, b: "columns" },
  { m: 3, n: 9, k: 37, b: "columns" },
  { m: 9, n: 10, k: 37 },
  { m: 9, n: 13, k: 37, a: "columns", b: "columns" },
  { m: 9, n: 13, k: 37, a: "spread", b: "spread" },
  { m: 70, n: 75, k: 80 },
  { m: 70, n: 75, k: 300, a: "columns", b: "columns" },
];

describe.each(["f32", "f64"] as const)("gemm_%s", (word) => {
  it.each(WAYS)("lets NaN and infinities through: %j", (way) => {
    for (const special of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const alpha of [1, 2]) {
        // All zero but for the special value: infinity times zero is NaN, too.
        let drawn = 0;
        const at = 11;
        const product: Product = { word, ...way, alpha };
        const { run, expected } = prepare(product, () => (drawn++ === at ? special : 0));
        const got = run();
        const want = expected();
        expect(want.some(Number.isNaN)).toBe(true);
        expect(Float64Array.from(got)).toEqual(want);
      }
    }
  });

  it.each(WAYS)("does not look at c when beta is 0: %j", (way) => {
    for (const c of ["rows", "out", "sameRow"] as const) {
      const product: Product = { word, ...way, c, beta: 0 };
      const total = way.m * way.k + way.k * way.n + (way.a === "spread" ? 5000 : 0);
      let drawn = 0;
      const { run } = prepare(product, () => (drawn++ < total ? 1 : Number.NaN));
      const got = run();
      if (way.a !== "spread") expect(got.every((value) => value === way.k)).toBe(true);
    }
  });

  it.each(WAYS)("is as accurate as sums of short runs: %j", (way) => {
    const below = numbers(99);
    const product: Product = { word, ...way, c: "rows", alpha: 0.7, beta: 0.3 };
    const { run, expected } = prepare(product, () => below(2 ** 24) / 2 ** 23 - 1);
    const got = run();
    const want = expected();
    const sizes = expected(true);
    const epsilon = word === "f32" ? 2 ** -24 : 2 ** -53;
    // Twice the square root of k: what rounding errors of random sign reach; in float64 the reference has its own.
    const bound = epsilon * (2 * Math.sqrt(way.k) + 4) * (word === "f64" ? 2 : 1);
    const errors = want.map((value, i) => Math.abs(got[i]! - value) / sizes[i]!);
    expect(Math.max(...errors)).toBeLessThanOrEqual(bound);
  });
});

describe("gemm_f32", () => {
  it("keeps the error of a long sum of positive numbers near that of pairwise sums", () => {
    const below = numbers(5);
    for (const [m, n] of [
      [1, 1],
      [4, 1],
      [1, 5],
      [8, 8],
      [6, 9],
    ] as const) {
      for (const form of ["rows", "columns"] as const) {
        const product: Product = { word: "f32", m, n, k: 30000, a: form, b: form };
        const { run, expected } = prepare(product, () => below(2 ** 24) / 2 ** 24);
        const got = run();
        expected().forEach((value, i) => {
          expect(Math.abs(got[i]! / value - 1)).toBeLessThan(4e-6);
        });
      }
    }
  });

  it("works on both sides of 2 GiB", () => {
    const own = loadKernels();
    const at = 2 ** 31 - 4096 * 3;
    own.memory.grow(Math.ceil((at + 65536 * 4 - own.memory.buffer.byteLength) / 65536));
    const n = 64;
    const [a, b, out] = [at, at + n * n * 4, at + 2 * n * n * 4] as const;
    own.view("f32", a, n * n).forEach((_, i, view) => {
      view[i] = i % 5;
    });
    own.view("f32", b, n * n).forEach((_, i, view) => {
      view[i] = i % 7;
    });
    const block = own.writeBlock({
      sizes: [n, n, n],
      operands: [
        { pointer: out, strides: [n * 4, 4, 0] },
        { pointer: a + (n - 1) * n * 4, strides: [-n * 4, 0, 4] },
        { pointer: b, strides: [0, 4, n * 4] },
      ],
      parameters: [1, 0],
    });
    own.run("gemm_f32", block, 0, 1);
    const got = own.view("f32", out, n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < n; p++) sum += (((n - 1 - i) * n + p) % 5) * ((p * n + j) % 7);
        expect(got[i * n + j]).toBe(sum);
      }
    }
  });
});
