// The kernels that move data, each against a plain loop that works on a copy of the memory: every byte must agree.

import { describe, expect, test } from "vitest";
import { loadKernels, type Operand, type Word } from "../helpers/kernels.js";

/** A dtype, or the width of one where kernels go by width. */
type Kind = Word | "w1" | "w4" | "w8";

/** A strided operand in the arena. */
interface Place extends Operand {
  readonly strides: number[];
}

const kernels = loadKernels();
const width: Record<Kind, number> = { f32: 4, f64: 8, i32: 4, u8: 1, w1: 1, w4: 4, w8: 8 };
const widths = ["w1", "w4", "w8"] as const;
const ARENA = 8 << 20;
const STATUS_INDEX = 1;

let state = 1;
/** Pseudo-random numbers in [0, 1), the same in each run (the generator known as mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const pick = <T>(list: readonly T[]): T => list[int(0, list.length - 1)]!;
const chance = (p: number): boolean => random() < p;
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function shuffle<T>(list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = int(0, i);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}

/** Sizes of up to `rank` dims, now and then with a 0. */
function someSizes(rank: number): number[] {
  const length = int(0, rank);
  return Array.from({ length }, () => {
    const size = chance(0.03) ? 0 : pick([1, 2, 3, 4, 5, 7, 8, 16, 17, 19]);
    return length > 3 ? Math.min(size, 8) : size;
  });
}

/** Some of the dims, each with probability `p`. */
const someDims = (sizes: readonly number[], p: number): number[] => sizes.map((_, d) => d).filter(() => chance(p));

/** All positions of a nest in row-major order. */
function* positions(sizes: readonly number[]): Generator<number[]> {
  const at = sizes.map(() => 0);
  for (let n = product(sizes); n > 0; n--) {
    yield [...at];
    for (let d = sizes.length - 1; d >= 0; d--) {
      at[d]!++;
      if (at[d]! < sizes[d]!) break;
      at[d] = 0;
    }
  }
}

const address = ({ pointer, strides }: Place, at: readonly number[]): number =>
  at.reduce((p, i, d) => p + i * strides[d]!, pointer);

// The arena: operands are placed in it one behind the other, with some bytes between them that nobody may touch.

let arena = 0;
let top = 0;
// Memory for the arena and for blocks, taken once: it must not grow, and move, later.
kernels.reserve(2 * ARENA);
const view = new DataView(kernels.memory.buffer);

function clear(): void {
  kernels.reset();
  arena = kernels.reserve(ARENA);
  top = arena;
}

function take(bytes: number): number {
  const at = (top + 31) & -16;
  top = at + bytes;
  if (top + 64 > arena + ARENA) throw new Error("the arena is too small");
  return at;
}

/** Places an operand: dense, permuted, with gaps, backwards, or off alignment; stride 0 over the dims in `zero`. */
function operand(kind: Kind, sizes: readonly number[], zero: readonly number[] = []): Place {
  const form = pick(["dense", "dense", "permuted", "gaps", "wild"]);
  const order = sizes.map((_, d) => d);
  if (form === "permuted" || form === "wild") shuffle(order);
  const strides = sizes.map(() => 0);
  let stride = width[kind] * (form === "wild" && chance(0.3) ? int(1, 3) : 1);
  let low = 0;
  let high = 0;
  for (const d of order.toReversed()) {
    if (zero.includes(d)) continue;
    const backwards = form === "wild" && chance(0.25);
    const reach = stride * Math.max(0, sizes[d]! - 1);
    strides[d] = backwards ? -stride : stride;
    if (backwards) low -= reach;
    else high += reach;
    stride *= Math.max(1, sizes[d]!);
    if (form === "gaps" || form === "wild") stride += width[kind] * int(0, 2);
  }
  const base = take(high - low + width[kind] * 2) + (form === "wild" ? width[kind] * int(0, 1) : 0);
  return { pointer: base - low, strides };
}

function fillWithNoise(): void {
  const words = new Uint32Array(kernels.memory.buffer, arena, (top + 64 - arena) >> 2);
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
}

/** Memory as a naive loop sees it: addresses are those of the arena. */
class Bytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #base: number;
  constructor(buffer: ArrayBuffer, base: number) {
    this.bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#base = base;
  }
  get(word: Word, at: number): number {
    const v = this.#view;
    const p = at - this.#base;
    if (word === "f32") return v.getFloat32(p, true);
    if (word === "f64") return v.getFloat64(p, true);
    return word === "i32" ? v.getInt32(p, true) : v.getUint8(p);
  }
  set(word: Word, at: number, value: number): void {
    const v = this.#view;
    const p = at - this.#base;
    if (word === "f32") v.setFloat32(p, value, true);
    else if (word === "f64") v.setFloat64(p, value, true);
    else if (word === "i32") v.setInt32(p, value, true);
    else v.setUint8(p, value);
  }
  move(bytes: number, to: number, from: number): void {
    this.bytes.copyWithin(to - this.#base, from - this.#base, from - this.#base + bytes);
  }
}

const live = (): Bytes => new Bytes(kernels.memory.buffer as ArrayBuffer, 0);
const snapshot = (): Bytes => new Bytes(kernels.memory.buffer.slice(arena, top + 64) as ArrayBuffer, arena);

/** A cut of [0, n) into pieces, in any order. */
function pieces(n: number): [number, number][] {
  const cuts = [0, n, ...Array.from({ length: int(1, 5) }, () => int(0, n))].sort((a, b) => a - b);
  return shuffle(cuts.slice(1).map((end, i): [number, number] => [cuts[i]!, end]));
}

interface Trial {
  readonly sizes: readonly number[];
  readonly operands: readonly Place[];
  readonly parameters?: readonly number[];
  /** Length of the range, when it is not the number of elements. */
  readonly extent?: number;
  readonly inOnePiece?: boolean;
  /** Elements that may be different NaNs. */
  readonly floats?: readonly (readonly [Word, number])[];
  /** Bytes that a kernel may leave as it likes. */
  readonly free?: readonly [number, number];
}

/** Runs a kernel on the arena and `naive` on a copy of it; returns status and detail. */
function compare(name: string, trial: Trial, naive: (memory: Bytes) => void): [number, number] {
  const wanted = snapshot();
  naive(wanted);
  const block = kernels.writeBlock({ ...trial, parameters: trial.parameters ?? [] });
  const n = trial.extent ?? product(trial.sizes);
  const runs: [number, number][] = trial.inOnePiece || chance(0.5) ? [[0, n]] : pieces(n);
  for (const [begin, end] of runs) kernels.run(name, block, begin, end);
  const memory = live();
  for (const [word, at] of trial.floats ?? []) {
    if (!Number.isNaN(memory.get(word, at)) || !Number.isNaN(wanted.get(word, at))) continue;
    memory.set(word, at, Number.NaN);
    wanted.set(word, at, Number.NaN);
  }
  const found = snapshot();
  if (trial.free)
    wanted.bytes.set(found.bytes.subarray(trial.free[0] - arena, trial.free[1] - arena), trial.free[0] - arena);
  if (Buffer.compare(found.bytes, wanted.bytes) !== 0) {
    const at = found.bytes.findIndex((byte, i) => byte !== wanted.bytes[i]);
    expect.fail(
      `${name} differs at byte ${at}, run in ${runs.length} pieces: ${JSON.stringify({ ...trial, floats: undefined })}`,
    );
  }
  return [view.getUint32(block, true), view.getInt32(block + 12, true)];
}

/** `n` trials of random sizes of up to `rank` dims, and one for each of `sizes`. */
function trials(n: number, rank: number, sizes: readonly number[][], run: (sizes: number[]) => void): void {
  for (let i = 0; i < n + sizes.length; i++) {
    clear();
    run(i < n ? someSizes(rank) : sizes[i - n]!);
  }
}

describe("copies", () => {
  test("between any strides, broadcast, in pieces", () => {
    const large = [[300], [4099], [40, 33], [3, 65, 40], [70, 3, 64], [64, 64], [33, 5, 34]];
    trials(1500, 5, [...large, ...large, ...large], (sizes) => {
      const w = pick(widths);
      const out = operand(w, sizes);
      const from = operand(w, sizes, chance(0.1) ? sizes.map((_, d) => d) : someDims(sizes, 0.15));
      fillWithNoise();
      compare(`copy_${w}`, { sizes, operands: [out, from] }, (memory) => {
        for (const at of positions(sizes)) memory.move(width[w], address(out, at), address(from, at));
      });
    });
  });

  test("transpose planes whose rows are 4 KiB apart", () => {
    for (const w of ["w4", "w8"] as const) {
      clear();
      const n = 4096 / width[w];
      const sizes = [37, n];
      const out = { pointer: take(37 * 4096), strides: [4096, width[w]] };
      const from = { pointer: take(37 * 4096), strides: [width[w], 37 * width[w]] };
      fillWithNoise();
      compare(`copy_${w}`, { sizes, operands: [out, from] }, (memory) => {
        for (const at of positions(sizes)) memory.move(width[w], address(out, at), address(from, at));
      });
    }
  });
});

describe("casts", () => {
  const words = ["f32", "f64", "i32", "u8"] as const;
  const special = [
    ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 3.7, -3.7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ...[2147483647, 2147483648, -2147483648, -2147483649, 1e10, -1e10, 16777217, 1e300, 1e-300, 1e-40, 1e39],
  ];
  const saturated = (x: number) => (Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))));
  const convert = { f32: Math.fround, f64: (x: number) => x, i32: saturated, u8: (x: number) => Number(x !== 0) };
  const value = (word: Word): number => {
    if (word === "u8") return int(0, 1);
    const x = chance(0.5) ? pick(special) : (random() - 0.5) * 10 ** int(0, 12);
    return word === "i32" ? saturated(x) : x;
  };

  for (const from of words) {
    for (const to of words) {
      if (from === to) continue;
      test(`${from} to ${to}`, () => {
        trials(150, 4, [[1000], [33, 34]], (sizes) => {
          const out = operand(to, sizes);
          const source = operand(from, sizes, someDims(sizes, 0.15));
          fillWithNoise();
          const memory = live();
          for (const at of positions(sizes)) memory.set(from, address(source, at), value(from));
          const floats = [...positions(sizes)].map((at) => [to, address(out, at)] as const);
          compare(`cast_${from}_${to}`, { sizes, operands: [out, source], floats }, (copy) => {
            for (const at of positions(sizes)) {
              copy.set(to, address(out, at), convert[to](copy.get(from, address(source, at))));
            }
          });
        });
      });
    }
  }
});

describe("fills", () => {
  test("arange adds multiples of the step in float64", () => {
    for (let i = 0; i < 300; i++) {
      clear();
      const word = pick(["f32", "f64", "i32"] as const);
      const sizes = [int(0, 70)];
      const start = word === "i32" ? int(-50, 50) : (random() - 0.5) * 20;
      const step = word === "i32" ? int(-5, 5) : random() - 0.5;
      const out = operand(word, sizes);
      fillWithNoise();
      compare(`arange_${word}`, { sizes, operands: [out], parameters: [start, step] }, (memory) => {
        for (const [i] of positions(sizes)) memory.set(word, address(out, [i!]), start + i! * step);
      });
    }
  });

  test("linspace is symmetric and reaches both ends", () => {
    for (let i = 0; i < 300; i++) {
      clear();
      const word = pick(["f32", "f64", "i32"] as const);
      const n = int(0, 70);
      const round = word === "f32" ? Math.fround : (x: number) => x;
      const bound = () => (word === "i32" ? int(-50, 50) : round((random() - 0.5) * 20));
      const [a, b] = [bound(), bound()];
      const step = round(round(b - a) / (n - 1));
      const out = operand(word, [n]);
      fillWithNoise();
      compare(`linspace_${word}`, { sizes: [n], operands: [out], parameters: [a, b, n] }, (memory) => {
        for (let i = 0; i < n; i++) {
          const below = round(a + round(step * i));
          const above = round(b - round(step * (n - 1 - i)));
          memory.set(word, address(out, [i]), n === 1 ? a : i < Math.floor(n / 2) ? below : above);
        }
      });
    }
  });
});

test("triangles and diagonals of any matrices, also in place", () => {
  for (let i = 0; i < 800; i++) {
    clear();
    const sizes = [...someSizes(2), int(0, 20), int(1, 20)];
    const w = pick(widths);
    const stem = pick(["tril", "triu", "eye"]);
    const diagonal = chance(0.1) ? pick([2 ** 31 - 1, -(2 ** 31)]) : int(-8, 8);
    const out = operand(w, sizes);
    const from = chance(0.2) ? out : operand(w, sizes, someDims(sizes, 0.15));
    fillWithNoise();
    compare(`${stem}_${w}`, { sizes, operands: [out, from], parameters: [diagonal] }, (memory) => {
      for (const at of positions(sizes)) {
        const beyond = at.at(-1)! - at.at(-2)! - diagonal;
        const to = address(out, at);
        if (stem === "tril" ? beyond <= 0 : stem === "triu" ? beyond >= 0 : beyond === 0) {
          memory.move(width[w], to, address(from, at));
        } else for (let i = 0; i < width[w]; i++) memory.set("u8", to + i, 0);
      }
    });
  }
});

describe("reading and writing by index", () => {
  type Fold = Partial<Record<Kind, (a: number, b: number) => number>>;
  const folds: Record<string, Fold> = {
    add: {
      f32: (a, b) => Math.fround(a + b),
      f64: (a, b) => a + b,
      i32: (a, b) => (a + b) | 0,
      u8: (a, b) => a | b,
    },
    prod: { f32: (a, b) => Math.fround(a * b), f64: (a, b) => a * b, i32: Math.imul },
    amax: { f32: Math.max, f64: Math.max, i32: Math.max },
    amin: { f32: Math.min, f64: Math.min, i32: Math.min },
  };

  /** One call: a tensor with some dims indexed, the other tensor, and index tensors that may repeat themselves. */
  function prepare(sizes: number[], writes: boolean, kind: Kind) {
    const count = pick([1, 1, 1, 2, 3, 8]);
    const indexed = Array.from({ length: count }, () => int(1, count > 3 ? 2 : 6));
    const whole = operand(kind, [...sizes, ...indexed], someDims(sizes, 0.5));
    const everywhere = sizes.map((_, d) => d);
    const repeated = chance(0.15) ? everywhere : someDims(sizes, 0.1);
    const other = operand(kind, sizes, writes ? repeated : []);
    const byRows = chance(0.5) && sizes.length > 0 ? [sizes.length - 1] : [];
    const indices = indexed.map(() => operand("i32", sizes, [...byRows, ...someDims(sizes, 0.4)]));
    fillWithNoise();
    const strict = chance(0.3);
    const memory = live();
    indices.forEach((index, j) => {
      const low = strict ? 0 : -indexed[j]!;
      for (const at of positions(sizes)) memory.set("i32", address(index, at), int(low, indexed[j]! - 1));
    });
    const steps = whole.strides.slice(sizes.length);
    const tensor: Place = { pointer: whole.pointer, strides: whole.strides.slice(0, sizes.length) };
    const parameters = indexed.flatMap((size, j) => [strict ? -1 - size : size, steps[j]!]);
    const place = (copy: Bytes, at: readonly number[]): number =>
      indices.reduce(
        (p, index, j) => {
          const i = copy.get("i32", address(index, at));
          return p + (i < 0 ? i + indexed[j]! : i) * steps[j]!;
        },
        address(tensor, at),
      );
    const operands = writes ? [tensor, other, ...indices] : [other, tensor, ...indices];
    return { sizes, operands, parameters, indexed, indices, strict, whole, other, place };
  }

  const long = [[3000], [40, 33], [2500, 2], [3, 2100]];

  test("gather", () => {
    trials(800, 4, long, (sizes) => {
      const w = pick(widths);
      const call = prepare(sizes, false, w);
      const [status] = compare(`gather_${w}`, call, (memory) => {
        for (const at of positions(sizes)) memory.move(width[w], address(call.other, at), call.place(memory, at));
      });
      expect(status).toBe(0);
    });
  });

  test("scatter: the last of several writes stays", () => {
    trials(800, 4, long, (sizes) => {
      const w = pick(widths);
      const call = prepare(sizes, true, w);
      compare(`scatter_${w}`, { ...call, inOnePiece: true }, (memory) => {
        for (const at of positions(sizes)) memory.move(width[w], call.place(memory, at), address(call.other, at));
      });
    });
  });

  for (const [name, fold] of Object.entries(folds)) {
    for (const word of Object.keys(fold) as Word[]) {
      test(`scatter_${name}_${word}`, () => {
        const value = (): number => {
          if (word === "u8") return int(0, 1);
          if (word === "i32") return int(-2e9, 2e9);
          return chance(0.1) ? pick([0, -0, Number.NaN, Number.POSITIVE_INFINITY, -1e38]) : random() - 0.5;
        };
        trials(200, 4, long, (sizes) => {
          const call = prepare(sizes, true, word);
          const memory = live();
          const all = [...positions([...sizes, ...call.indexed])].map((at) => address(call.whole, at));
          for (const at of all) memory.set(word, at, value());
          for (const at of positions(sizes)) memory.set(word, address(call.other, at), value());
          const floats = word === "f32" || word === "f64" ? all.map((at) => [word, at] as const) : [];
          compare(`scatter_${name}_${word}`, { ...call, floats, inOnePiece: true }, (copy) => {
            for (const at of positions(sizes)) {
              const to = call.place(copy, at);
              copy.set(word, to, fold[word]!(copy.get(word, to), copy.get(word, address(call.other, at))));
            }
          });
        });
      });
    }
  }

  test("scatters are the same in pieces cut between rows of the result", () => {
    for (let i = 0; i < 50; i++) {
      clear();
      const [rows, n, size] = [int(1, 20), int(1, 50), int(1, 10)];
      const sizes = [rows, n];
      const out = operand("f32", [rows, size]);
      const from = operand("f32", sizes);
      const index = operand("i32", sizes);
      const memory = live();
      const targets = [...positions([rows, size])].map((at) => address(out, at));
      for (const at of positions(sizes)) {
        memory.set("i32", address(index, at), int(-size, size - 1));
        memory.set("f32", address(from, at), random() - 0.5);
      }
      const operands = [{ pointer: out.pointer, strides: [out.strides[0]!, 0] }, from, index];
      const block = kernels.writeBlock({ sizes, operands, parameters: [size, out.strides[1]!] });
      const run = (ranges: readonly [number, number][]): number[] => {
        for (const at of targets) memory.set("f32", at, 1);
        for (const [begin, end] of ranges) kernels.run("scatter_add_f32", block, begin * n, end * n);
        return targets.map((at) => memory.get("f32", at));
      };
      expect(run(pieces(rows))).toEqual(run([[0, rows]]));
    }
  });

  test("an index out of range is told, and nothing is scattered then", () => {
    trials(600, 4, long, (sizes) => {
      if (product(sizes) === 0) return;
      const stem = pick(["gather_w4", "scatter_w4", "scatter_add_f32", "scatter_amax_i32"]);
      const writes = stem !== "gather_w4";
      const call = prepare(sizes, writes, "w4");
      const j = int(0, call.indexed.length - 1);
      const size = call.indexed[j]!;
      const bad = pick([size, 2 ** 31 - 1, -(2 ** 31), call.strict ? -1 : -size - 1]);
      const at = sizes.map((n) => int(0, n - 1));
      live().set("i32", address(call.indices[j]!, at), bad);
      const before = snapshot();
      const block = kernels.writeBlock(call);
      expect(kernels.run(stem, block, 0, product(sizes))).toBe(STATUS_INDEX);
      expect(view.getInt32(block + 12, true)).toBe(bad);
      if (writes) expect(Buffer.compare(snapshot().bytes, before.bytes)).toBe(0);
    });
  });
});

test("counting, listing, taking and replacing what a mask says", () => {
  trials(700, 5, [[9000], [40, 33], [2, 4500], [100, 17]], (sizes) => {
    const w = pick(widths);
    const mask = operand("u8", sizes, someDims(sizes, 0.15));
    const spread = operand(w, sizes);
    // Strides of dense operands are not read.
    const dense: Place = { pointer: take(product(sizes) * 8), strides: sizes.map(() => 12345) };
    const coordinates: Place = { pointer: take(product(sizes) * sizes.length * 4), strides: sizes.map(() => 777) };
    fillWithNoise();
    const density = pick([0, 0.05, 0.5, 0.95, 1]);
    const memory = live();
    for (const at of positions(sizes)) memory.set("u8", address(mask, at), chance(density) ? int(1, 255) : 0);
    const found: number[][] = [];
    for (const at of positions(sizes)) if (memory.get("u8", address(mask, at)) !== 0) found.push(at);
    const [, count] = compare("mask_count_u8", { sizes, operands: [mask], inOnePiece: true }, () => {});
    expect(count).toBe(found.length);
    compare("nonzero_u8", { sizes, operands: [coordinates, mask], inOnePiece: true }, (copy) => {
      found.flat().forEach((x, i) => {
        copy.set("i32", coordinates.pointer + 4 * i, x);
      });
    });
    compare(`masked_select_${w}`, { sizes, operands: [dense, spread, mask], inOnePiece: true }, (copy) => {
      found.forEach((at, i) => {
        copy.move(width[w], dense.pointer + width[w] * i, address(spread, at));
      });
    });
    fillDense(dense.pointer, product(sizes) * width[w]);
    compare(`masked_scatter_${w}`, { sizes, operands: [spread, dense, mask], inOnePiece: true }, (copy) => {
      found.forEach((at, i) => {
        copy.move(width[w], address(spread, at), dense.pointer + width[w] * i);
      });
    });
  });

  function fillDense(at: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) view.setUint8(at + i, random() * 256);
  }
});

describe("sorting", () => {
  /** Ascending, NaN last, -0 equal to 0. */
  const order = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : Number(a > b);
  };

  for (const word of ["f32", "f64", "i32", "u8"] as const) {
    test(`${word}: stable, both directions, all or the first k`, () => {
      const rows = [39, 40, 41, 100, 255, 1023, 1024, 1025, 5000, 65536, 65537].map((n) => [int(1, 2), n]);
      trials(300, 4, [...rows, ...rows], (sizes) => {
        const n = sizes.at(-1) ?? 1;
        const outer = sizes.slice(0, -1);
        const values = operand(word, sizes);
        const indices = operand("i32", sizes);
        const from = operand(word, sizes, someDims(outer, 0.1));
        const temporary: Place = { pointer: take(16 * n), strides: sizes.map(() => 0) };
        fillWithNoise();
        const range = pick([3, 1000, 1e9]);
        const value = (): number => {
          if (word === "u8") return int(0, 1);
          if (word === "i32") return chance(0.1) ? pick([2 ** 31 - 1, -(2 ** 31)]) : int(-range, range);
          if (chance(0.1)) return pick([0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40]);
          return range === 3 ? int(-3, 3) : (random() - 0.5) * range;
        };
        const memory = live();
        for (const at of positions(sizes)) {
          memory.set(word, address(from, at), value());
          // The sign of a NaN means nothing.
          const nan = Number.isNaN(memory.get(word, address(from, at)));
          if (nan && chance(0.5)) memory.set("u8", address(from, at) + width[word] - 1, 0xff);
        }
        const descending = int(0, 1);
        const k = chance(0.5) ? n : Math.min(n, pick([1, 2, 5, int(0, n)]));
        const needed = n > 65536;
        const trial: Trial = {
          sizes,
          operands: needed ? [values, indices, from, temporary] : [values, indices, from],
          parameters: [descending, k],
          extent: sizes.length > 0 ? product(outer) : 1,
          inOnePiece: needed,
          free: [temporary.pointer, needed ? temporary.pointer + 16 * n : temporary.pointer],
        };
        const at = (row: readonly number[], i: number) => (sizes.length > 0 ? [...row, i] : []);
        compare(`sort_${word}`, trial, (copy) => {
          for (const row of positions(outer)) {
            const x = Array.from({ length: n }, (_, i) => copy.get(word, address(from, at(row, i))));
            const sorted = x.map((_, i) => i);
            sorted.sort((a, b) => (descending ? order(x[b]!, x[a]!) : order(x[a]!, x[b]!)) || a - b);
            sorted.slice(0, k).forEach((i, to) => {
              copy.move(width[word], address(values, at(row, to)), address(from, at(row, i)));
              copy.set("i32", address(indices, at(row, to)), i);
            });
          }
        });
      });
    });
  }
});
