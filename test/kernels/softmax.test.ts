// Softmax, its logarithm and their gradients against plain float64 loops, over many shapes and strides, in pieces.

import { describe, expect, test } from "vitest";
import { loadKernels, type Values } from "../helpers/kernels.js";
import {
  agree,
  arrayOf,
  bytesOf,
  dense,
  epsilon,
  type Layout,
  largest,
  layouts,
  offsets,
  random,
  recorded,
  runInPieces,
  sizesOf,
  sum,
} from "../helpers/nests.js";

const kernels = loadKernels();
const words = ["f32", "f64"] as const;
type Line = readonly number[];

const softmax = (x: Line): Line => {
  const m = largest(x);
  const e = x.map((v) => Math.exp(v - m));
  const total = sum(e);
  return e.map((v) => v / total);
};
const logSoftmax = (x: Line): Line => {
  const m = largest(x);
  const total = Math.log(sum(x.map((v) => Math.exp(v - m))));
  return x.map((v) => v - m - total);
};
const softmaxBackward = (grad: Line, out: Line): Line => {
  const inner = sum(grad.map((g, i) => g * out[i]!));
  return grad.map((g, i) => out[i]! * (g - inner));
};
const logSoftmaxBackward = (grad: Line, out: Line): Line => {
  const total = sum(grad);
  return grad.map((g, i) => g - Math.exp(out[i]!) * total);
};

/** Kernels with the reference for a line, and the error allowed in units of the last place of the largest term. */
const laws: [stem: string, reference: (...lines: Line[]) => Line, scale: (...lines: Line[]) => number][] = [
  ["softmax", softmax, () => 1],
  ["logsoftmax", logSoftmax, (x) => 1 + 2 * Math.max(...x.map(Math.abs))],
  ["softmax_backward", softmaxBackward, (g) => Math.max(...g.map(Math.abs))],
  ["logsoftmax_backward", logSoftmaxBackward, (g, o) => 1 + sum(g.map(Math.abs)) * Math.exp(largest(o))],
];
const UNITS = 16;

/** The elements of a line of an operand whose first element is at `start`. */
function lineOf(values: Values, layout: Layout, start: number): number[] {
  return Array.from({ length: layout.sizes.at(-1)! }, (_, i) => {
    return values[layout.offset + start + i * layout.strides.at(-1)!]!;
  });
}

function startsOf(layout: Layout): number[] {
  return offsets(layout.sizes.slice(0, -1), layout.strides.slice(0, -1));
}

/** The same nest with dense strides. */
function densely({ name, sizes }: Layout): Layout {
  return { name, sizes, strides: dense(sizes), offset: 0, length: sizesOf(sizes) };
}

describe.each(words.flatMap((word) => laws.map((law) => [`${law[0]}_${word}`, word, ...law] as const)))(
  "%s",
  (kernel, word, stem, reference, scale) => {
    const backward = stem.endsWith("backward");
    const forward = stem.startsWith("log") ? logSoftmax : softmax;

    test("equals a plain loop over all shapes and strides, whole and in pieces", () => {
      for (const layout of layouts) {
        const repeated = layout.strides.includes(0);
        // The result lies like the input or densely, the second input of a gradient densely.
        for (const to of repeated ? [densely(layout)] : [layout, densely(layout)]) {
          const numbers = Array.from({ length: layout.length }, () => (random() - 0.5) * 10);
          const first = arrayOf(word, numbers);
          const other = densely(layout);
          const second = arrayOf(
            word,
            Array.from({ length: other.length }, () => 0),
          );
          const outs = startsOf(other).map((start) => {
            const out = forward(lineOf(first, other, 0).map(() => (random() - 0.5) * 10));
            out.forEach((x, i) => {
              second[start + i] = x;
            });
            return lineOf(second, other, start);
          });
          const inputs = [{ word, ...layout, values: first }];
          if (backward) inputs.push({ word, ...other, values: second });
          const count = sizesOf(layout.sizes.slice(0, -1));
          const [result] = runInPieces(kernels, kernel, layout.sizes, count, [{ word, ...to }], inputs);
          const resultStarts = startsOf(to);
          startsOf(layout).forEach((start, i) => {
            const lines = [lineOf(first, layout, start), ...(backward ? [outs[i]!] : [])];
            const tolerance = UNITS * epsilon[word] * scale(...lines);
            const line = lineOf(result!, to, resultStarts[i]!);
            reference(...lines).forEach((w, k) => {
              agree(line[k]!, w, tolerance, `${kernel} on ${layout.name} at ${i}, ${k}`);
            });
          });
        }
      }
    });

    test("gives what PyTorch gives", () => {
      const all = backward ? recorded.rows.slice(6) : recorded.rows;
      const layout = densely({
        name: "recorded",
        sizes: [all.length, all[0]!.length],
        strides: [],
        offset: 0,
        length: 0,
      });
      const inputs = [{ word, ...layout, values: arrayOf(word, all.flat()) }];
      if (backward) {
        inputs[0]!.values = arrayOf(
          word,
          all.flatMap((row) => [...row].reverse()),
        );
        inputs.push({
          word,
          ...layout,
          values: arrayOf(
            word,
            all.flatMap((row) => forward(row)),
          ),
        });
      }
      const [result] = runInPieces(kernels, kernel, layout.sizes, all.length, [{ word, ...layout }], inputs);
      recorded[word][stem]![0]!.forEach((w, i) => {
        agree(result![i]!, w, UNITS * epsilon[word] * Math.max(4, Math.abs(w)), `${kernel} at ${i}`);
      });
    });
  },
);

test.each(words)("softmax of extreme numbers, in place, in %s", (word) => {
  const rows = [
    [-Infinity, 0, 1, -Infinity, 2],
    [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
    [Infinity, 0, 1, 2, 3],
    [1000, -1000, 999, 0, 1],
    [-1e30, 1e30, 0, 0, 0],
    [Number.NaN, 0, 1, 2, 3],
  ];
  for (const strides of [
    [5, 1],
    [1, 6],
  ]) {
    kernels.reset();
    const at = (i: number, j: number) => i * strides[0]! + j * strides[1]!;
    const values = arrayOf(
      word,
      Array.from({ length: 30 }, () => 0),
    );
    rows.forEach((row, i) => {
      row.forEach((x, j) => {
        values[at(i, j)] = x;
      });
    });
    const operand = { pointer: kernels.place(values), strides: strides.map((s) => s * bytesOf(word)) };
    const block = kernels.writeBlock({ sizes: [6, 5], operands: [operand, operand] });
    expect(kernels.run(`softmax_${word}`, block, 0, 6)).toBe(0);
    const result = kernels.view(word, operand.pointer, 30);
    rows.forEach((row, i) => {
      softmax(row).forEach((w, j) => {
        agree(result[at(i, j)]!, w, 4 * epsilon[word], `row ${i}`);
      });
    });
  }
});
