// Layout arithmetic against what PyTorch answered (test/fixtures/views, recorded by scripts/record-views.py).
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ArgumentError, ShapeError, WengertError } from "../../src/errors.js";
import {
  asStrided,
  broadcastShapes,
  checkShape,
  chunkSizes,
  contiguous,
  contiguousStrides,
  diagonal,
  expand,
  flattenShape,
  hasInternalOverlap,
  inferShape,
  isContiguous,
  isDenseNonOverlapping,
  type Layout,
  likeStrides,
  memoryOverlap,
  movedim,
  narrow,
  normalizeDim,
  normalizeDims,
  numel,
  permute,
  sameShape,
  select,
  slice,
  splitSizes,
  squeeze,
  transpose,
  unflattenShape,
  unfold,
  unsqueeze,
  view,
} from "../../src/tensor/layout.js";
import { messageOf } from "../helpers/tape.js";

type Recorded = Layout & { readonly contiguous: boolean };
interface Step {
  readonly op: string;
  readonly args: readonly never[];
  readonly out?: Recorded;
  readonly parts?: readonly Recorded[];
  readonly copies?: true;
  readonly error?: string;
}

function fixture<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../fixtures/views/${name}.json`, import.meta.url), "utf8"));
}

/** The parts of `layout` along `dim` of the given sizes. */
function parts(op: string, layout: Layout, sizes: readonly number[], dim: number): Layout[] {
  let start = 0;
  return sizes.map((size) => {
    const part = narrow(op, layout, dim, start, size);
    start += size;
    return part;
  });
}

type Call = (layout: Layout, storage: number, args: readonly never[]) => Layout | Layout[] | null;
const calls: Record<string, Call> = {
  view: (x, _, [shape]) => view("view", x, shape),
  expand: (x, _, [shape]) => expand("expand", x, shape),
  permute: (x, _, [dims]) => permute("permute", x, dims),
  transpose: (x, _, [a, b]) => transpose("transpose", x, a, b),
  movedim: (x, _, [a, b]) => movedim("movedim", x, a, b),
  squeeze: (x, _, [dim]) => squeeze("squeeze", x, dim),
  unsqueeze: (x, _, [dim]) => unsqueeze("unsqueeze", x, dim),
  select: (x, _, [dim, index]) => select("select", x, dim, index),
  slice: (x, _, [dim, start, end, step]) => slice("slice", x, dim, start, end, step),
  narrow: (x, _, [dim, start, length]) => narrow("narrow", x, dim, start, length),
  unfold: (x, _, [dim, size, step]) => unfold("unfold", x, dim, size, step),
  diagonal: (x, _, [offset, a, b]) => diagonal("diagonal", x, offset, a, b),
  asStrided: (_x, storage, [shape, strides, offset]) => asStrided("asStrided", shape, strides, offset, storage),
  flatten: (x, _, [start, end]) => {
    const shape = flattenShape("flatten", x.shape, start, end);
    return shape === x.shape ? x : view("flatten", x, shape);
  },
  unflatten: (x, _, [dim, sizes]) => view("unflatten", x, unflattenShape("unflatten", x.shape, dim, sizes)),
  split: (x, _, [sizes, dim]) => parts("split", x, splitSizes("split", x.shape, sizes, dim), dim),
  chunk: (x, _, [count, dim]) => parts("chunk", x, chunkSizes("chunk", x.shape, count, dim), dim),
};

/** What a message of ours must contain: PyTorch's own words, where its version 2 does not say it otherwise. */
function phrases(error: string): string[] {
  const index = /^select\(\): index (-?\d+) out of range for tensor of size \[(.*)\] at dimension (\d+)$/.exec(error);
  if (index) {
    const size = index[2].split(", ")[Number(index[3])];
    return [`index ${index[1]} is out of bounds for dimension ${index[3]} with size ${size}`];
  }
  const storage = /(storage offset \d+), and itemsize .* (are out of bounds for storage of size )/.exec(error);
  if (storage) return [storage[1], storage[2]];
  return [
    error
      .replace(/^\w+(\(\w*\))?: (?=[a-zA-Z])/, "")
      .replace(/^expand\(.*?\): /, "")
      .replace(/^unflatten got an unexpected error:\n/, "")
      .replace("permute(sparse_coo): ", "")
      .replace(/\.? {2}Target/, ". Target")
      .replace(". Tensor", " Tensor")
      .replace(/\.? {2}Tensor/, ". Tensor")
      .replace(/\.$/, ""),
  ];
}

function same(layout: Layout, recorded: Recorded, about: string): void {
  expect({ shape: layout.shape, strides: layout.strides, offset: layout.offset }, about).toEqual({
    shape: recorded.shape,
    strides: recorded.strides,
    offset: recorded.offset,
  });
  expect(isContiguous(layout)).toBe(recorded.contiguous);
}

describe("views", () => {
  test("chains of views have PyTorch's shapes, strides and offsets", () => {
    for (const { shape, storage, steps } of fixture<{ shape: number[]; storage: number; steps: Step[] }>("chains")) {
      let at: Recorded = { ...contiguous(shape), contiguous: true };
      for (const step of steps) {
        const before = JSON.stringify(at);
        const run = () => calls[step.op](at, storage, step.args);
        if (step.error !== undefined) expect(run, JSON.stringify([before, step])).toThrow(WengertError);
        else if (step.copies) expect(run(), JSON.stringify([before, step])).toBeNull();
        else if (step.parts) {
          const result = run() as Layout[];
          expect(result.length).toBe(step.parts.length);
          result.forEach((part, i) => {
            same(part, (step.parts as Recorded[])[i], JSON.stringify([at, step]));
          });
        } else if (step.out) {
          const result = run() as Layout;
          expect(result, JSON.stringify([before, step])).not.toBeNull();
          same(result, step.out, JSON.stringify([at, step]));
        }
        expect(JSON.stringify(at), "an argument was changed").toBe(before);
        if (step.out) at = step.out;
        else if (step.parts) break;
      }
    }
  });

  test("refused calls say what PyTorch says", () => {
    for (const { shape, op, args, error } of fixture<Step & { shape: number[]; error: string }>("errors")) {
      const message = messageOf(() => calls[op](contiguous(shape), numel(shape), args));
      for (const phrase of phrases(error)) expect(message).toContain(phrase);
      expect(message.startsWith(`${op}: `)).toBe(true);
    }
  });

  test("arguments that are not integers are refused", () => {
    const x = contiguous([4, 4]);
    const wrong = [
      () => select("select", x, 0.5, 0),
      () => select("select", x, 0, 0.5),
      () => select("select", x, 0, Number.NaN),
      () => transpose("transpose", x, Number.NaN, 0),
      () => slice("slice", x, 0, 0.5, null, 1),
      () => slice("slice", x, 0, 0, 2.5, 1),
      () => slice("slice", x, 0, 0, 2, 1.5),
      () => narrow("narrow", x, 0, 0.5, 1),
      () => narrow("narrow", x, 0, 0, 1.5),
      () => unfold("unfold", x, 0, 1.5, 1),
      () => unfold("unfold", x, 0, 1, 1.5),
      () => unfold("unfold", x, 0, -1, 1),
      () => diagonal("diagonal", x, 0.5, 0, 1),
      () => splitSizes("split", [4], 1.5, 0),
      () => splitSizes("split", [4], [1.5, 2.5], 0),
      () => chunkSizes("chunk", [4], 1.5, 0),
      () => chunkSizes("chunk", [4], Number.NaN, 0),
      () => asStrided("asStrided", [2], [1.5], 0, 9),
      () => asStrided("asStrided", [2], [1], 0.5, 9),
      () => normalizeDim("sum", undefined as unknown as number, 2),
      () => normalizeDims("sum", [0, 0.5], 2),
    ];
    for (const call of wrong) expect(call, String(call)).toThrow(ArgumentError);
    for (const call of [
      () => view("view", x, [0.5, 32]),
      () => expand("expand", contiguous([1]), [1.5]),
      () => expand("expand", contiguous([1]), [-2]),
      () => asStrided("asStrided", [-1], [1], 0, 9),
      () => checkShape("zeros", [1.5]),
      () => checkShape("zeros", [-1]),
    ]) {
      expect(call, String(call)).toThrow(ShapeError);
    }
  });

  test("several dims are squeezed at once, longer ones stay", () => {
    const x = contiguous([1, 2, 1, 3, 1]);
    expect(squeeze("squeeze", x, [0, 1, -1])).toEqual({ shape: [2, 1, 3], strides: [3, 3, 1], offset: 0 });
    expect(squeeze("squeeze", x, [])).toEqual(x);
    expect(() => squeeze("squeeze", x, [0, -5])).toThrow("dim 0 appears multiple times in the list of dims");
  });

  test("a view reads the elements its indices name", () => {
    // Each layout lists the places of its elements in row-major order; views must commute with the same change to a list.
    const places = (x: Layout): number[] => {
      let list = [x.offset];
      for (let d = 0; d < x.shape.length; d++) {
        list = list.flatMap((at) => Array.from({ length: x.shape[d] }, (_, i) => at + i * x.strides[d]));
      }
      return list;
    };
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        shapes,
        fc.nat(),
        fc.integer(),
        fc.integer(),
        fc.integer({ min: 1, max: 3 }),
        (shape, d, a, b, step) => {
          const x = contiguous(shape);
          const dim = d % shape.length;
          const size = shape[dim];
          const kept = Array.from({ length: size }, (_, i) => i).slice(a % 7, b % 7);
          const wanted = kept.filter((_, i) => i % step === 0);
          const inner = x.strides[dim];
          const expected = places(x).filter((at) => wanted.includes(Math.floor(at / inner) % Math.max(size, 1)));
          expect(places(slice("slice", x, dim, a % 7, b % 7, step))).toEqual(expected);
          if (wanted.length > 0) {
            const one = places(select("select", x, dim, wanted[0] - size));
            expect(one).toEqual(places(x).filter((at) => Math.floor(at / inner) % size === wanted[0]));
          }
          const swapped = transpose("transpose", x, 0, dim);
          const flat = view("reshape", swapped, [-1]);
          if (flat !== null) expect(places(flat)).toEqual(places(swapped));
        },
      ),
    );
  });
});

describe("shapes", () => {
  test("shapes broadcast as PyTorch's do", () => {
    for (const { a, b, out, error } of fixture<{ a: number[]; b: number[]; out?: number[]; error?: string }>(
      "broadcast",
    )) {
      if (error !== undefined) expect(messageOf(() => broadcastShapes("add", a, b))).toContain(error);
      else expect(broadcastShapes("add", a, b)).toEqual(out);
    }
  });

  test("an operand's own array is returned where it is the answer", () => {
    const a = [2, 3];
    expect(broadcastShapes("add", a, [1])).toBe(a);
    expect(broadcastShapes("add", [3], a)).toBe(a);
    expect(broadcastShapes("add", a, [2, 3])).toBe(a);
    expect(inferShape("view", a, 6)).toBe(a);
  });

  test("counts, strides and dims", () => {
    expect(numel([])).toBe(1);
    expect(numel([3, 0])).toBe(0);
    expect(contiguousStrides([2, 0, 3])).toEqual([3, 3, 1]);
    expect(sameShape([1, 2], [1, 2])).toBe(true);
    expect(sameShape([1, 2], [1])).toBe(false);
    expect(normalizeDim("sum", -1, 0)).toBe(0);
    expect(normalizeDim("sum", -2, 3)).toBe(1);
    expect(() => normalizeDim("sum", 1, 0)).toThrow(
      "sum: Dimension out of range (expected to be in range of [-1, 0], but got 1)",
    );
    expect(normalizeDims("sum", null, 3)).toEqual([0, 1, 2]);
    expect(normalizeDims("sum", -1, 3)).toEqual([2]);
    expect(normalizeDims("sum", [-1, 0], 3)).toEqual([2, 0]);
    expect(() => normalizeDims("sum", [1, -2], 3)).toThrow("sum: dim 1 appears multiple times in the list of dims");
  });
});

describe("density and overlap", () => {
  test("density, overlap within and strides of a tensor like it", () => {
    for (const x of fixture<Recorded & { dense: boolean; overlaps: boolean; like: number[] }>("density")) {
      const text = JSON.stringify(x);
      expect(isContiguous(x), text).toBe(x.contiguous);
      expect(isDenseNonOverlapping(x), text).toBe(x.dense);
      expect(hasInternalOverlap(x), text).toBe(x.overlaps);
      expect(likeStrides(x), text).toEqual(x.like);
    }
  });

  test("overlap of two operands is full or partial where PyTorch refuses them", () => {
    for (const pair of fixture<{ a: Recorded; b: Recorded; any: boolean; partial?: boolean }>("overlap")) {
      const overlap = memoryOverlap(pair.a, pair.b);
      expect(overlap !== "none", JSON.stringify(pair)).toBe(pair.any);
      if (pair.partial !== undefined) expect(overlap === "partial", JSON.stringify(pair)).toBe(pair.partial);
    }
    const strided = slice("slice", contiguous([4]), 0, null, null, 2);
    expect(memoryOverlap(strided, strided)).toBe("full");
  });
});
