// The reduction kernels against plain float64 loops, over many shapes and strides, and in pieces.

import { describe, expect, test } from "vitest";
import { loadKernels, type Values, type Word } from "../helpers/kernels.js";
import {
  agree,
  arrayOf,
  dense,
  epsilon,
  type Layout,
  largest,
  layouts,
  offsets,
  randomValues,
  recorded,
  runInPieces,
  sizesOf,
  sum,
} from "../helpers/nests.js";

const kernels = loadKernels();

interface Case {
  readonly kernel: string;
  readonly input: Word;
  readonly results: readonly Word[];
  readonly parameters?: readonly number[];
}

/** Runs a kernel; returns its results and the elements that each of them is reduced from. */
function reduce({ kernel, input, results, parameters = [] }: Case, layout: Layout, reduced: number, values: Values) {
  const { sizes, strides, offset } = layout;
  const outer = sizes.slice(0, sizes.length - reduced);
  const length = sizesOf(outer);
  const resultStrides = [...dense(outer), ...sizes.slice(outer.length).fill(0)];
  const whole = runInPieces(
    kernels,
    kernel,
    sizes,
    length,
    results.map((word) => ({ word, strides: resultStrides, length })),
    [{ word: input, strides, offset, values }],
    [reduced, ...parameters],
  );
  const starts = offsets(outer, strides.slice(0, outer.length));
  const inner = offsets(sizes.slice(outer.length), strides.slice(outer.length));
  return { whole, rows: starts.map((s) => inner.map((o) => values[offset + s + o] as number)) };
}

const absolute = (row: readonly number[]) => sum(row.map(Math.abs));
const smallest = (row: readonly number[]) => -largest(row.map((x) => -x));
const first = (row: readonly number[], x: number) => row.findIndex((y) => Object.is(x, y) || x === y);
const power = (p: number) => (row: readonly number[]) => sum(row.map((x) => Math.abs(x) ** p)) ** (1 / p);

interface Law extends Case {
  readonly reference: (row: readonly number[]) => readonly number[];
  /** Error allowed in units of the last place of what `scale` gives; 0 asks for equality. */
  readonly units?: number;
  readonly scale?: (row: readonly number[]) => number;
  readonly nonempty?: boolean;
}

const floats = ["f32", "f64"] as const;
const words = ["f32", "f64", "i32", "u8"] as const;
const answer = (word: Word, result: Word) => (word === result ? word : `${word}_${result}`);
const laws: Law[] = [
  ...floats.flatMap((word): Law[] => [
    { kernel: `sum_${word}`, input: word, results: [word], reference: (r) => [sum(r)], units: 24, scale: absolute },
    {
      kernel: `mean_${word}`,
      input: word,
      results: [word],
      reference: (r) => [sum(r) / r.length],
      units: 24,
      scale: (r) => absolute(r) / r.length,
    },
    {
      kernel: `prod_${word}`,
      input: word,
      results: [word],
      reference: (r) => [r.reduce((a, x) => a * x, 1)],
      units: 5000,
    },
    {
      kernel: `nansum_${word}`,
      input: word,
      results: [word],
      reference: (r) => [sum(r.filter((x) => !Number.isNaN(x)))],
      units: 60,
      scale: (r) => absolute(r.filter((x) => !Number.isNaN(x))),
    },
    { kernel: `norm1_${word}`, input: word, results: [word], reference: (r) => [absolute(r)], units: 200 },
    { kernel: `norm2_${word}`, input: word, results: [word], reference: (r) => [power(2)(r)], units: 12 },
    {
      kernel: `norminf_${word}`,
      input: word,
      results: [word],
      reference: (r) => [Math.max(0, largest(r.map(Math.abs)))],
    },
    ...[0.5, 3, -1].map(
      (p): Law => ({
        kernel: `normp_${word}`,
        input: word,
        results: [word],
        parameters: [p],
        reference: (r) => [power(p)(r)],
        units: 1000,
      }),
    ),
    ...[0, 1, 3].flatMap((correction): Law[] => {
      const mean = (r: readonly number[]) => sum(r) / r.length;
      const variance = (r: readonly number[]) => {
        const m = mean(r);
        return sum(r.map((x) => (x - m) ** 2)) / Math.max(0, r.length - correction);
      };
      const scale = (r: readonly number[]) => absolute(r) / r.length + 2 * (variance(r) || 0);
      const rest = { input: word, parameters: [correction], units: 20, scale };
      return [
        { kernel: `var_${word}`, results: [word], reference: (r) => [variance(r)], ...rest },
        { kernel: `varmean_${word}`, results: [word, word], reference: (r) => [variance(r), mean(r)], ...rest },
      ];
    }),
    {
      kernel: `logsumexp_${word}`,
      input: word,
      results: [word],
      reference: (r) => {
        const m = r.length === 0 ? -Infinity : largest(r);
        const shift = Number.isFinite(m) ? m : 0;
        return [shift + Math.log(sum(r.map((x) => Math.exp(x - shift))))];
      },
      units: 20,
      scale: (r) => 1 + Math.abs(largest(r)),
    },
  ]),
  { kernel: "sum_i32", input: "i32", results: ["i32"], reference: (r) => [r.reduce((a, x) => (a + x) | 0, 0)] },
  { kernel: "sum_u8_i32", input: "u8", results: ["i32"], reference: (r) => [sum(r)] },
  { kernel: "prod_i32", input: "i32", results: ["i32"], reference: (r) => [r.reduce((a, x) => Math.imul(a, x), 1)] },
  { kernel: "prod_u8_i32", input: "u8", results: ["i32"], reference: (r) => [r.reduce((a, x) => a * x, 1)] },
  ...words.flatMap((word): Law[] => [
    { kernel: `amax_${word}`, input: word, results: [word], reference: (r) => [largest(r)], nonempty: true },
    { kernel: `amin_${word}`, input: word, results: [word], reference: (r) => [smallest(r)], nonempty: true },
    {
      kernel: `any_${answer(word, "u8")}`,
      input: word,
      results: ["u8"],
      reference: (r) => [Number(r.some((x) => x !== 0))],
    },
    {
      kernel: `all_${answer(word, "u8")}`,
      input: word,
      results: ["u8"],
      reference: (r) => [Number(r.every((x) => x !== 0))],
    },
    {
      kernel: `count_nonzero_${answer(word, "i32")}`,
      input: word,
      results: ["i32"],
      reference: (r) => [r.filter((x) => x !== 0).length],
    },
    ...(
      [
        ["max", largest],
        ["min", smallest],
      ] as const
    ).flatMap(([name, extremum]): Law[] => [
      {
        kernel: `arg${name}_${answer(word, "i32")}`,
        input: word,
        results: ["i32"],
        reference: (r) => [first(r, extremum(r))],
        nonempty: true,
      },
      {
        kernel: `${name}dim_${word}`,
        input: word,
        results: [word, "i32"],
        reference: (r) => [extremum(r), first(r, extremum(r))],
        nonempty: true,
      },
    ]),
  ]),
];

function check(law: Law, layout: Layout, reduced: number, values: Values): void {
  if (law.nonempty && layout.sizes.slice(layout.sizes.length - reduced).includes(0)) return;
  const { whole, rows } = reduce(law, layout, reduced, values);
  for (const [i, row] of rows.entries()) {
    const wanted = law.reference(row);
    for (const [k, result] of whole.entries()) {
      const value = wanted[k]!;
      const scale = law.scale?.(row) ?? Math.abs(value);
      agree(
        result[i]!,
        value,
        (law.units ?? 0) * epsilon[law.input] * scale,
        `${law.kernel} on ${layout.name} at ${i}`,
      );
    }
  }
}

describe.each(laws)("$kernel $parameters", (law) => {
  test("equals a plain loop over all shapes and strides, whole and in pieces", () => {
    for (const layout of layouts) {
      for (let reduced = layout.length < 200 ? 0 : 1; reduced <= layout.sizes.length; reduced++) {
        const values = randomValues(law.input, layout.length, law.kernel.startsWith("prod") ? "nearOne" : "ties");
        check(law, layout, reduced, values);
      }
    }
  });

  test("treats NaN and infinities as a plain loop does", () => {
    if (!law.input.startsWith("f")) return;
    const specials = [Number.NaN, Infinity, -Infinity, 0];
    for (const length of [1, 2, 3, 7, 40, 300, 2500]) {
      for (const transposed of [false, true]) {
        const rows = 9;
        const layout: Layout = {
          name: `${rows} × ${length}${transposed ? " transposed" : ""}`,
          sizes: [rows, length],
          strides: transposed ? [1, rows] : [length, 1],
          offset: 0,
          length: rows * length,
        };
        const values = randomValues(law.input, layout.length, "ties");
        // Row 0 all −∞, row 1 all ∞, row 2 all NaN, the others with one or two special values somewhere.
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < length; j++) {
            const at = i * layout.strides[0]! + j * layout.strides[1]!;
            if (i < 3) values[at] = [-Infinity, Infinity, Number.NaN][i]!;
            else if (j === (i * 577) % length || j === (i * 131) % length) values[at] = specials[(i + j) % 4]!;
          }
        }
        check(law, layout, 1, values);
      }
    }
  });
});

test("sums are pairwise: the error of a million equal terms stays small", () => {
  const n = 1 << 20;
  for (const [rows, strides] of [
    [1, [0, 1]],
    [5, [1, 5]],
  ] as const) {
    const values = new Float32Array(n * rows).fill(0.1);
    const layout: Layout = { name: "a million", sizes: [rows, n], strides, offset: 0, length: n * rows };
    const { whole } = reduce({ kernel: "sum_f32", input: "f32", results: ["f32"] }, layout, 1, values);
    const exact = n * Math.fround(0.1);
    for (const x of whole[0]!) expect(Math.abs(x - exact) / exact).toBeLessThan(2 ** -20);
  }
});

test("the sign of zero follows the first of equal extrema", () => {
  const values = Float32Array.of(-0, 0, 0, -0);
  const layout: Layout = { name: "zeros", sizes: [2, 2], strides: [2, 1], offset: 0, length: 4 };
  for (const kernel of ["maxdim_f32", "mindim_f32"]) {
    const { whole } = reduce({ kernel, input: "f32", results: ["f32", "i32"] }, layout, 1, values);
    expect([...whole[0]!]).toEqual([-0, 0]);
    expect([...whole[1]!]).toEqual([0, 0]);
  }
});

const names: [stem: string, parameters: number[], units: number][] = [
  ...["amax", "amin", "any", "all", "argmax", "argmin", "maxdim", "mindim", "count_nonzero", "norminf"].map(
    (stem): [string, number[], number] => [stem, [], 0],
  ),
  ...["sum", "mean", "prod", "nansum", "logsumexp", "norm1", "norm2"].map((stem): [string, number[], number] => [
    stem,
    [],
    8,
  ]),
  ["normp", [3], 16],
  ["var", [1], 8],
  ["varmean", [1], 8],
];

test.each(floats)("gives what PyTorch gives in %s", (word) => {
  const { rows } = recorded;
  const [n, m] = [rows.length, rows[0]!.length];
  const values = arrayOf(word, rows.flat());
  for (const [stem, parameters, units] of names) {
    const results = recorded[word][stem]!;
    const words = results.map((_, i): Word => {
      if (stem === "any" || stem === "all") return "u8";
      return i === 1 && stem !== "varmean" ? "i32" : word;
    });
    if (["argmax", "argmin", "count_nonzero"].includes(stem)) words[0] = "i32";
    const kernel = words.length === 1 && words[0] !== word ? `${stem}_${word}_${words[0]}` : `${stem}_${word}`;
    const layout: Layout = { name: "rows", sizes: [n, m], strides: [m, 1], offset: 0, length: n * m };
    const { whole } = reduce({ kernel, input: word, results: words, parameters }, layout, 1, values);
    for (const [k, result] of whole.entries()) {
      for (const [i, x] of result.entries()) {
        const wanted = results[k]![i]!;
        // PyTorch's running mean loses infinities that its own mean keeps.
        if (stem === "varmean" && !rows[i]!.every(Number.isFinite)) continue;
        const scale = Math.max(Math.abs(wanted), stem === "sum" || stem === "mean" ? absolute(rows[i]!) : 0);
        agree(x, wanted, units * epsilon[word] * scale, `${kernel} of row ${i}`);
      }
    }
  }
});
