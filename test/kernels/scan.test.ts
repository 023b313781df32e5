// The scan kernels against plain float64 loops, over many shapes and strides, in pieces and in place.

import { describe, expect, test } from "vitest";
import { loadKernels, type Values, type Word } from "../helpers/kernels.js";
import {
  agree,
  arrayOf,
  bytesOf,
  dense,
  epsilon,
  layouts,
  offsets,
  randomValues,
  recorded,
  runInPieces,
  sizesOf,
} from "../helpers/nests.js";

const kernels = loadKernels();
const floats = ["f32", "f64"] as const;
const words = ["f32", "f64", "i32"] as const;
type Float = (typeof floats)[number];

interface Law {
  readonly stem: string;
  readonly words: readonly Word[];
  /** The results of a line, the second one indices. */
  readonly reference: (line: readonly number[], word: Word) => readonly (readonly number[])[];
  /** Error allowed in units of the last place; 0 asks for equality. */
  readonly units?: number;
}

function running(step: (a: number, x: number) => number, start: number): Law["reference"] {
  return (line, word) => {
    let a = start;
    return [
      line.map((x) => {
        a = step(a, x);
        if (word === "i32") a |= 0;
        return a;
      }),
    ];
  };
}

function extremum(reaches: (x: number, a: number) => boolean): Law["reference"] {
  return (line) => {
    let at = 0;
    const indices = line.map((x, i) => {
      if (i === 0 || Number.isNaN(x) || reaches(x, line[at]!)) at = i;
      return at;
    });
    return [indices.map((i) => line[i]!), indices];
  };
}

function logSumExp(line: readonly number[]): readonly (readonly number[])[] {
  let m = -Infinity;
  let s = 0;
  return [
    line.map((x) => {
      if (Number.isNaN(x) || Number.isNaN(s)) s = Number.NaN;
      else if (x > m) {
        s = (m === -Infinity ? 0 : s * Math.exp(m - x)) + 1;
        m = x;
      } else if (Number.isFinite(m)) s += Math.exp(x - m);
      return m + Math.log(s === 0 ? 1 : s);
    }),
  ];
}

// float32 is carried in float64, so sums and products are those of the plain loop, rounded once.
const laws: Law[] = [
  { stem: "cumsum", words, reference: running((a, x) => a + x, 0) },
  { stem: "cumprod", words, reference: running((a, x) => a * x, 1) },
  { stem: "cummax", words, reference: extremum((x, a) => x >= a) },
  { stem: "cummin", words, reference: extremum((x, a) => x <= a) },
  { stem: "logcumsumexp", words: floats, reference: logSumExp, units: 4 },
];
const cases = laws.flatMap((law) => law.words.map((word) => ({ ...law, kernel: `${law.stem}_${word}`, word })));

/** Values a scan may meet; products of int32 wrap, which a plain loop in float64 does only while they are small. */
function valuesFor(stem: string, word: Word, length: number): Values {
  if (stem !== "cumprod") return randomValues(word, length, "ties");
  return word === "i32"
    ? randomValues(word, length, "ties").map((x) => Math.sign(x) | 1)
    : randomValues(word, length, "nearOne");
}

describe.each(cases)("$kernel", ({ kernel, stem, word, reference, units = 0 }) => {
  const check = (line: readonly number[], results: readonly (readonly number[])[], text: string) => {
    reference(line, word).forEach((wanted, k) => {
      wanted.forEach((w, i) => {
        const rounded = word === "f32" && k === 0 ? Math.fround(w) : w;
        agree(
          results[k]![i]!,
          rounded,
          units * epsilon[word] * Math.max(1, Math.abs(w)),
          `${kernel} on ${text} at ${i}`,
        );
      });
    });
  };
  const two = stem === "cummax" || stem === "cummin";

  test("equals a plain loop over all shapes and strides, whole and in pieces", () => {
    for (const { name, sizes, strides, offset, length } of layouts) {
      const values = valuesFor(stem, word, length);
      const outer = sizes.slice(0, -1);
      const n = sizes.at(-1)!;
      const repeated = strides.includes(0);
      const total = repeated ? sizesOf(sizes) : length;
      const like = { strides: repeated ? dense(sizes) : strides, offset: repeated ? 0 : offset, length: total };
      const flat = { strides: dense(sizes), offset: 0, length: sizesOf(sizes) };
      for (const place of [like, flat]) {
        const placed = [{ word, ...place }, ...(two ? [{ word: "i32" as const, ...place }] : [])];
        const results = runInPieces(kernels, kernel, sizes, sizesOf(outer), placed, [
          { word, strides, offset, values },
        ]);
        const starts = offsets(outer, strides.slice(0, -1));
        const resultStarts = offsets(outer, place.strides.slice(0, -1));
        starts.forEach((start, row) => {
          const at = (i: number) => place.offset + resultStarts[row]! + i * place.strides.at(-1)!;
          const line = Array.from({ length: n }, (_, i) => values[offset + start + i * strides.at(-1)!]!);
          check(
            line,
            results.map((r) => line.map((_, i) => r[at(i)]!)),
            name,
          );
        });
      }
    }
  });

  test("goes on after NaN and infinities as a plain loop does", () => {
    if (word === "i32") return;
    const { NaN: nan } = Number;
    const lines = [
      [1, nan, 2, nan, 3],
      [-Infinity, -Infinity, 1, Infinity, 2],
      [Infinity, Infinity, -1, Infinity, nan],
      [-Infinity, Infinity, -Infinity, 0, 1],
      [nan, 1, Infinity, -Infinity, 2],
      [0, -0, 0, -0, 0],
    ];
    const values = arrayOf(word, lines.flat());
    for (const strides of [
      [5, 1],
      [1, 6],
    ]) {
      const input =
        strides[0] === 1
          ? arrayOf(
              word,
              [0, 1, 2, 3, 4].flatMap((j) => lines.map((l) => l[j]!)),
            )
          : values;
      const placed = [{ word, strides, length: 30 }, ...(two ? [{ word: "i32" as const, strides, length: 30 }] : [])];
      const results = runInPieces(kernels, kernel, [6, 5], 6, placed, [{ word, strides, values: input }]);
      lines.forEach((line, i) => {
        check(
          line,
          results.map((r) => line.map((_, j) => r[i * strides[0]! + j * strides[1]!]!)),
          `line ${i}`,
        );
      });
    }
  });

  test("works in place", () => {
    for (const [sizes, strides] of [
      [
        [3, 50],
        [50, 1],
      ],
      [
        [37, 20],
        [1, 37],
      ],
    ] as const) {
      kernels.reset();
      const values = valuesFor(stem, word, sizes[0] * sizes[1]);
      const address = kernels.place(values);
      const indices = kernels.reserve(values.length * 4);
      const operand = { pointer: address, strides: strides.map((s) => s * bytesOf(word)) };
      const second = { pointer: indices, strides: strides.map((s) => s * 4) };
      const block = kernels.writeBlock({ sizes, operands: two ? [operand, second, operand] : [operand, operand] });
      expect(kernels.run(kernel, block, 0, sizes[0])).toBe(0);
      const result = kernels.view(word, address, values.length);
      for (let i = 0; i < sizes[0]; i++) {
        const at = (j: number) => i * strides[0] + j * strides[1];
        const line = Array.from({ length: sizes[1] }, (_, j) => values[at(j)]!);
        const found = kernels.view("i32", indices, values.length);
        check(line, [line.map((_, j) => result[at(j)]!), line.map((_, j) => found[at(j)]!)], "itself");
      }
    }
  });
});

test.each(floats)("gives what PyTorch gives in %s", (word: Float) => {
  const { rows } = recorded;
  const sizes = [rows.length, rows[0]!.length];
  const placed = { word, strides: dense(sizes), length: sizesOf(sizes) };
  const values = arrayOf(word, rows.flat());
  for (const { stem } of laws) {
    const wanted = recorded[word][stem]!;
    const results = wanted.length === 2 ? [placed, { ...placed, word: "i32" as const }] : [placed];
    const found = runInPieces(kernels, `${stem}_${word}`, sizes, sizes[0]!, results, [{ ...placed, values }]);
    const units = stem === "logcumsumexp" ? 4 : 0;
    for (const [k, result] of found.entries()) {
      for (const [i, x] of result.entries()) {
        const w = wanted[k]![i]!;
        agree(x, w, units * epsilon[word] * Math.max(1, Math.abs(w)), `${stem}_${word} at ${i}`);
      }
    }
  }
});
