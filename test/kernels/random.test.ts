// The random kernels, alone and through the library, against PyTorch's CPU generator (scripts/record-random.py).

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wg from "../../src/entries/node.js";
import { exportsOf } from "../helpers/kernels.js";

type Word = "f32" | "f64" | "i32" | "u8";

interface Call {
  readonly call: string;
  readonly n: number;
  readonly dtype: Word;
  readonly parameters: readonly number[];
  readonly values: string;
}

interface Sequence {
  readonly seed: number;
  readonly calls: readonly Call[];
}

const { sequences }: { sequences: readonly Sequence[] } = JSON.parse(
  readFileSync(new URL("../fixtures/random/sequences.json", import.meta.url), "utf8"),
);

const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
const bytes = readFileSync(new URL("../../dist/wengert.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);
const artifact = new WebAssembly.Instance(module, { env: { memory, abort: () => {} } });
const kernels = exportsOf(module, artifact) as Record<string, (...operands: number[]) => number>;
kernels.initialise?.();

const allocate = (size: number) => (kernels.allocate?.(size) ?? 0) >>> 0;
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;

const stateBytes = kernels.mt_state_bytes?.() ?? 0;
const state = allocate(stateBytes);
const out = allocate(1 << 14);
const third = allocate(1 << 14);
const work = allocate(1 << 14);
const block = allocate(1024);

function view(dtype: Word, address: number, length: number) {
  return new arrays[dtype](memory.buffer, address, length);
}

function seed(value: number) {
  kernels.mt_seed?.(state, value >>> 0, Math.floor(value / 2 ** 32));
}

/** Runs a kernel on a block of rank 1: result, state, and whatever a kernel has besides. */
function run(name: string, n: number, parameters: readonly number[]) {
  const words = new Int32Array(memory.buffer, block, 256);
  words.fill(0);
  new Float64Array(memory.buffer, block + 16, 16).set(parameters);
  words.set([0, 1, 4], 0);
  words.set([n, out, 0, state, 0, third, 0, work, 0], 36);
  kernels[name]?.(block, 0, n);
  return words[0];
}

/** Makes a call as it was recorded. */
function repeat({ call, n, dtype, parameters }: Call) {
  if (call === "multinomial") {
    const [rows = 0] = parameters;
    const weights = Array.from({ length: rows * 20 }, (_, i) => (((i % 20) * 7 + Math.floor(i / 20)) % 5) / 2);
    view(dtype, third, rows * 20).set(weights);
    expect(run(`multinomial_${dtype}`, rows, [n, 20])).toBe(0);
    return view("i32", out, rows * n).slice();
  }
  const filled = call === "poisson" ? parameters[0] : undefined;
  view(dtype, third, n).set(Array.from({ length: n }, (_, i) => filled ?? (i % 11) / 10));
  const stem = call === "normalOneByOne" ? "normal" : call;
  const status = run(`${stem}_${dtype}`, n, call === "normalOneByOne" ? [...parameters, 1] : parameters);
  expect(status).toBe(0);
  return view(dtype, out, n).slice();
}

const rounded = new Set(["normal", "normalOneByOne", "lognormal", "exponential", "cauchy"]);

/** Where a call's values come from logarithms and sines they may differ in the last digits; else they are the same. */
function compare(call: Call, found: ArrayLike<number>) {
  const recorded = Uint8Array.from(Buffer.from(call.values, "base64"));
  const expected = Array.from(new arrays[call.call === "multinomial" ? "i32" : call.dtype](recorded.buffer));
  const about = `${call.call}_${call.dtype} of ${call.n} with ${call.parameters}`;
  if (!rounded.has(call.call)) {
    expect(Array.from(found), about).toEqual(expected);
    return;
  }
  const tolerance = call.dtype === "f32" ? 1e-6 : 1e-14;
  // A sine or cosine near 0 has an absolute error, which the spread of the distribution carries to the result.
  const scale = call.call.startsWith("normal") ? 4 * Math.abs(call.parameters[1] ?? 1) : 0;
  expect(found.length, about).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((found[i] as number) - value), about).toBeLessThanOrEqual(
      tolerance * Math.max(Math.abs(value), scale),
    );
  });
}

describe("against PyTorch", () => {
  it("has known first numbers", () => {
    seed(42);
    run("uniform_f32", 5, [0, 1]);
    const known = [0.8823, 0.915, 0.3829, 0.9593, 0.3904];
    expect(Array.from(view("f32", out, 5), (x) => Math.round(x * 1e4) / 1e4)).toEqual(known);
  });

  for (const { seed: value, calls } of sequences) {
    const kinds = new Set(calls.map((call) => `${call.call}_${call.dtype}`));
    it(`seed ${value}: ${kinds.size > 3 ? `${kinds.size} kernels` : [...kinds].join(", ")}, ${calls.length} calls`, () => {
      seed(value);
      for (const call of calls) compare(call, repeat(call));
    });
  }
});

/** The same calls as a user makes them. */
const asUser: Readonly<Record<string, (call: Call, dtype: wg.DType) => wg.Tensor>> = {
  uniform: ({ n, parameters: [low = 0, high = 1] }, dtype) =>
    low === 0 && high === 1 ? wg.rand([n], { dtype }) : wg.uniform_(wg.empty([n], { dtype }), low, high),
  normal: ({ n, parameters: [mean = 0, std = 1] }, dtype) =>
    mean === 0 && std === 1 ? wg.randn([n], { dtype }) : wg.normal_(wg.empty([n], { dtype }), mean, std),
  normalOneByOne: ({ n, parameters: [mean = 0, std = 1] }, dtype) => {
    const filled = wg.normal_(wg.transpose(wg.empty([Math.floor(n / 2), 2], { dtype }), 0, 1), mean, std);
    return wg.transpose(filled, 0, 1);
  },
  lognormal: ({ n, parameters: [mean = 0, std = 1] }, dtype) => wg.logNormal_(wg.empty([n], { dtype }), mean, std),
  randint: ({ n, parameters: [low = 0, high = 1] }, dtype) => wg.randint(low, high, [n], { dtype }),
  randperm: ({ n }) => wg.randperm(n),
  bernoulli: ({ n, parameters: [p = 0.5] }, dtype) => wg.bernoulli_(wg.empty([n], { dtype }), p),
  bernoulliOf: ({ n }, dtype) =>
    wg.bernoulli(
      wg.tensor(
        Array.from({ length: n }, (_, i) => (i % 11) / 10),
        { dtype },
      ),
    ),
  exponential: ({ n, parameters: [rate = 1] }, dtype) => wg.exponential_(wg.empty([n], { dtype }), rate),
  geometric: ({ n, parameters: [p = 0.5] }, dtype) => wg.geometric_(wg.empty([n], { dtype }), p),
  cauchy: ({ n, parameters: [median = 0, sigma = 1] }, dtype) => wg.cauchy_(wg.empty([n], { dtype }), median, sigma),
  poisson: ({ n, parameters: [rate = 1] }, dtype) => wg.poisson(wg.full([n], rate, { dtype })),
};
const dtypes = { f32: "float32", f64: "float64", i32: "int32", u8: "bool" } as const;

describe("through the library, against PyTorch", () => {
  const known = sequences.filter(({ calls }) => calls.every(({ call }) => call in asUser));
  it.each(known)("seed $seed", ({ seed: value, calls }) => {
    wg.manualSeed(value);
    for (const call of calls) {
      const made = (asUser[call.call] as (call: Call, dtype: wg.DType) => wg.Tensor)(call, dtypes[call.dtype]);
      compare(call, Array.from(made.toTypedArray(), Number));
      made.dispose();
    }
  });

  it("a saved state goes on as it did", () => {
    wg.manualSeed(3);
    wg.randn([3], { dtype: "float64" });
    const saved = wg.getRngState();
    const draw = () => [...wg.randn([4]).toTypedArray(), ...wg.rand([700]).toTypedArray()];
    const first = draw();
    expect(draw()).not.toEqual(first);
    wg.setRngState(saved);
    expect(draw()).toEqual(first);
  });
});

describe("the state", () => {
  it("is a plain copy: what is put back goes on as it did, with the normal number left over", () => {
    seed(5);
    run("uniform_f32", 700, [0, 1]);
    run("normal_f64", 3, [0, 1]);
    const saved = view("u8", state, stateBytes).slice();
    const draw = () => {
      run("normal_f64", 5, [0, 1]);
      const few = Array.from(view("f64", out, 5));
      run("uniform_f32", 1000, [0, 1]);
      return [...few, ...view("f32", out, 1000)];
    };
    const first = draw();
    expect(draw()).not.toEqual(first);
    view("u8", state, stateBytes).set(saved);
    expect(draw()).toEqual(first);
  });

  it("remembers the seed and forgets the normal number left over when seeded", () => {
    seed(2 ** 40 + 5);
    expect(view("u8", state, 8)).toEqual(Uint8Array.of(5, 0, 0, 0, 0, 1, 0, 0));
    run("normal_f64", 1, [0, 1]);
    const [first] = view("f64", out, 1);
    seed(5);
    run("normal_f64", 1, [0, 1]);
    expect(view("f64", out, 1)[0]).toBe(first);
  });
});

describe("ranges", () => {
  it("of uniform numbers are half open, at both ends of the bits", () => {
    seed(1);
    for (const dtype of ["f32", "f64"] as const) {
      for (let turn = 0; turn < 200; turn++) {
        run(`uniform_${dtype}`, 1000, [0, 1]);
        for (const x of view(dtype, out, 1000)) if (!(x >= 0 && x < 1)) expect.fail(`${x} from uniform_${dtype}`);
      }
    }
  });

  it("of integers reach both ends", () => {
    seed(1);
    run("randint_i32", 1000, [-2, 3]);
    expect([...new Set(view("i32", out, 1000))].sort()).toEqual([-1, -2, 0, 1, 2]);
    run("randint_i32", 1000, [-(2 ** 31), 2 ** 31]);
    expect(Math.min(...view("i32", out, 1000))).toBeLessThan(-(2 ** 30.9));
    run("randint_i32", 3, [7, 8]);
    expect(Array.from(view("i32", out, 3))).toEqual([7, 7, 7]);
  });
});

describe("moments", () => {
  const n = 2000;
  const turns = 40;
  const moments = (name: string, parameters: readonly number[]) => {
    let [sum, squares] = [0, 0];
    for (let turn = 0; turn < turns; turn++) {
      run(name, n, parameters);
      for (const x of view("f64", out, n)) {
        sum += x;
        squares += x * x;
      }
    }
    const mean = sum / (n * turns);
    return [mean, squares / (n * turns) - mean ** 2] as const;
  };

  it.each([
    ["uniform_f64", [-1, 3], 1, 16 / 12],
    ["normal_f64", [2, 3], 2, 9],
    ["bernoulli_f64", [0.2], 0.2, 0.16],
    ["exponential_f64", [2], 0.5, 0.25],
    ["geometric_f64", [0.25], 4, 12],
    ["lognormal_f64", [0, 0.5], Math.exp(0.125), (Math.exp(0.25) - 1) * Math.exp(0.25)],
  ] as const)("of %s with %j", (name, parameters, mean, variance) => {
    seed(123);
    const [m, v] = moments(name, parameters);
    expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / (n * turns)));
    expect(Math.abs(v / variance - 1)).toBeLessThan(0.06);
  });
});

describe("data that are no probabilities", () => {
  it.each([
    ["bernoulliOf_f64", [0.5, 1.5, 2], 1],
    ["bernoulliOf_f32", [0, 1, Number.NaN], 2],
    ["poisson_f64", [0, -1, 3], 1],
    ["poisson_f32", [Number.POSITIVE_INFINITY, 1, 3], 0],
  ] as const)("%s of %j fails at position %i", (name, values, position) => {
    view(name.endsWith("f32") ? "f32" : "f64", third, 3).set(values);
    expect(run(name, 3, [])).toBe(4);
    expect(view("i32", block, 4)[3]).toBe(position);
  });

  it.each([[[1, 2, 0, 0]], [[1, 2, -1, 3]], [[1, 2, 3, Number.NaN]], [[1, 2, 3, Number.POSITIVE_INFINITY]]])(
    "multinomial_f32 of two rows of %j fails at row 1",
    (values) => {
      view("f32", third, 4).set(values);
      expect(run("multinomial_f32", 2, [5, 2])).toBe(4);
      expect(view("i32", block, 4)[3]).toBe(1);
    },
  );
});
