// The negative log-likelihood and its gradient against plain loops: layouts, weights, ignored and wrong targets.

import { describe, expect, test } from "vitest";
import { loadKernels } from "../helpers/kernels.js";
import {
  agree,
  arrayOf,
  dense,
  epsilon,
  offsets,
  random,
  randomValues,
  recorded,
  runInPieces,
  sizesOf,
} from "../helpers/nests.js";

const kernels = loadKernels();
const words = ["f32", "f64"] as const;
const IGNORED = -100;
const STATUS_INDEX = 1;

/** Nests [batch…, classes] and the strides of an input that lies densely in one of PyTorch's shapes. */
const shapes = [
  { name: "[C]", sizes: [5], strides: [1] },
  { name: "[N, C]", sizes: [7, 10], strides: [10, 1] },
  { name: "[N, C] transposed", sizes: [7, 10], strides: [1, 7] },
  { name: "[N, C, H, W]", sizes: [3, 4, 6, 5], strides: [4 * 6 * 5, 6, 1, 4 * 6] },
  { name: "[N, C, L], classes far apart", sizes: [2, 33, 3], strides: [99, 1, 33] },
  { name: "no row", sizes: [0, 4], strides: [4, 1] },
];

describe.each(words)("in %s", (word) => {
  test.each(shapes)("the loss and its gradient of $name equal a plain loop", ({ sizes, strides }) => {
    for (const weighted of [false, true]) {
      const outer = sizes.slice(0, -1);
      const classes = sizes.at(-1)!;
      const rows = sizesOf(outer);
      const values = randomValues(word, rows * classes, "ties");
      const weights = randomValues(word, classes, "nearOne");
      const targets = Array.from({ length: rows }, (_, i) => (i % 4 === 2 ? IGNORED : Math.floor(random() * classes)));
      const perRow = { strides: [...dense(outer), 0], length: rows };
      const target = { word: "i32" as const, strides: perRow.strides, values: arrayOf("i32", targets) };
      const weight = { word, strides: [...outer.map(() => 0), 1], values: weights };
      const starts = offsets(outer, strides.slice(0, -1));
      const parameters = [IGNORED, weighted ? 1 : 0];
      const weightOf = (t: number) => (weighted ? weights[t]! : 1);

      const [loss, used] = runInPieces(
        kernels,
        `nll_${word}`,
        sizes,
        rows,
        [
          { word, ...perRow },
          { word, ...perRow },
        ],
        [{ word, strides, values }, target, ...(weighted ? [weight] : [])],
        parameters,
      );
      targets.forEach((t, i) => {
        const ignored = t === IGNORED;
        const x = ignored ? 0 : values[starts[i]! + t * strides.at(-1)!]!;
        agree(used![i]!, ignored ? 0 : weightOf(t), 0, `weight ${i}`);
        agree(loss![i]!, ignored ? 0 : -x * weightOf(t), 2 * epsilon[word] * Math.abs(x), `loss ${i}`);
      });

      for (const one of [false, true]) {
        const grad = randomValues(word, Math.max(1, one ? 1 : rows), "nearOne");
        const gradStrides = one ? sizes.map(() => 0) : perRow.strides;
        const [result] = runInPieces(
          kernels,
          `nll_backward_${word}`,
          sizes,
          rows,
          [{ word, strides, length: rows * classes }],
          [{ word, strides: gradStrides, values: grad }, target, ...(weighted ? [weight] : [])],
          parameters,
        );
        targets.forEach((t, i) => {
          for (let c = 0; c < classes; c++) {
            const w = c === t ? -weightOf(t) * grad[one ? 0 : i]! : 0;
            agree(result![starts[i]! + c * strides.at(-1)!]!, w, 2 * epsilon[word], `gradient ${i}, ${c}`);
          }
        });
      }
    }
  });

  test("gives what PyTorch gives", () => {
    const clean = recorded.rows.flat().map((x) => {
      if (Number.isNaN(x)) return 0.5;
      if (!Number.isFinite(x)) return Math.sign(x) * 2;
      return Math.max(-9, Math.min(9, x));
    });
    const sizes = [recorded.rows.length, recorded.rows[0]!.length];
    const perRow = { word, strides: [1, 0], length: sizes[0]! };
    const values = arrayOf(word, clean);
    const target = { word: "i32" as const, strides: [1, 0], values: arrayOf("i32", recorded.targets) };
    const weight = { word, strides: [0, 1], values: arrayOf(word, recorded.weights) };
    const input = { word, strides: dense(sizes), values };
    const [loss] = runInPieces(
      kernels,
      `nll_${word}`,
      sizes,
      sizes[0]!,
      [perRow, perRow],
      [input, target, weight],
      [IGNORED, 1],
    );
    expect([...loss!].map((x) => x + 0)).toEqual(recorded[word].nll![0]!.map((x) => x + 0));
    const [gradient] = runInPieces(
      kernels,
      `nll_backward_${word}`,
      sizes,
      sizes[0]!,
      [{ word, strides: dense(sizes), length: clean.length }],
      [{ word, strides: [sizes[1]!, 0], values }, target, weight],
      [IGNORED, 1],
    );
    expect([...gradient!].map((x) => x + 0)).toEqual(recorded[word].nll_backward![0]!.map((x) => x + 0));
  });

  test.each([4, -1, 1000000, -2147483648])("the target %i of 4 classes is told", (wrong) => {
    for (const kernel of [`nll_${word}`, `nll_backward_${word}`]) {
      kernels.reset();
      const numbers = { pointer: kernels.reserve(256), strides: [0, 0] };
      const target = { pointer: kernels.place(Int32Array.of(1, wrong, 2)), strides: [4, 0] };
      const operands = kernel.includes("backward") ? [numbers, numbers, target] : [numbers, numbers, numbers, target];
      const block = kernels.writeBlock({ sizes: [3, 4], operands, parameters: [IGNORED, 0] });
      expect(kernels.run(kernel, block, 0, 3)).toBe(STATUS_INDEX);
      expect(kernels.view("i32", block + 12, 1)[0]).toBe(wrong);
    }
  });
});
