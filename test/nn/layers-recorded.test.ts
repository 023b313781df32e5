// Every layer against PyTorch's recorded text, state, initial values, outputs and gradients, in both modes and both dtypes.

import { readFileSync } from "node:fs";
import { crc32, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { nn, Tensor, tensor, randn, rand, randint, manualSeed } = wg;
const { PackedSequence, packPaddedSequence } = nn.utils.rnn;

interface Told {
  readonly shape: readonly number[];
  readonly first: readonly number[];
  readonly sums: readonly [number, number];
}

interface Run {
  readonly outputs: readonly Told[];
  readonly inputGrads?: readonly (Told | null)[];
  readonly grads?: readonly [string, Told][];
  readonly buffers: readonly [string, Told][];
}

interface Recorded {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly Spec[];
  readonly call: Readonly<Record<string, unknown>>;
  readonly grads: boolean;
  readonly text: string;
  readonly state: readonly [string, readonly number[], number][];
  readonly initial: readonly Told[];
  readonly runs: readonly Run[];
}

type Spec = Readonly<Record<string, unknown>> | readonly Spec[];

const recorded: readonly Recorded[] = JSON.parse(
  gunzipSync(readFileSync(new URL("../fixtures/nn/modules.json.gz", import.meta.url))).toString(),
);

/** Layers that start from normal numbers: their last bit depends on the C library that PyTorch was linked with. */
const NORMAL = new Set(["Embedding", "EmbeddingBag"]);

/** Where float64 cannot be the same: rows that differ in the last bit, and a float32 constant in PyTorch's derivative. */
const LOOSER: Readonly<Record<string, number>> = { Embedding: 1e-6, EmbeddingBag: 1e-6, Hardsigmoid: 1e-7 };

const library = nn as unknown as Readonly<Record<string, new (...args: unknown[]) => wg.nn.Module>>;

function isObject(x: unknown): x is Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function built(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(built);
  if (!isObject(x)) return x;
  if ("module" in x) {
    const [name, args, options] = x.module as [string, unknown[], Record<string, unknown>];
    return make(name, args, options);
  }
  if ("value" in x) return tensor(x.value as number[], { dtype: "float32" });
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, built(value)]));
}

function make(name: string, args: readonly unknown[], options: Readonly<Record<string, unknown>>): wg.nn.Module {
  const Layer = library[name] as new (...args: unknown[]) => wg.nn.Module;
  const given = args.map(built);
  return Object.keys(options).length === 0 ? new Layer(...given) : new Layer(...given, built(options));
}

type Input = wg.Tensor | wg.nn.utils.rnn.PackedSequence | Input[];

function input(spec: Spec, dtype: wg.DType, leaves: wg.Tensor[]): Input {
  if (Array.isArray(spec)) return spec.map((each: Spec) => input(each, dtype, leaves));
  const { randn: normal, rand: uniform, integers, packed, value } = spec as Record<string, never>;
  if (normal !== undefined || uniform !== undefined) {
    const drawn = normal !== undefined ? randn(normal, { dtype: "float64" }) : rand(uniform, { dtype: "float64" });
    const x = drawn.to(dtype);
    leaves.push(x);
    return x;
  }
  if (integers !== undefined) {
    const [low, high, shape] = integers as [number, number, number[]];
    return randint(low, high, shape);
  }
  if (packed !== undefined) {
    const [x, lengths, enforceSorted] = packed as [Spec, number[], boolean];
    return packPaddedSequence(input(x, dtype, []) as wg.Tensor, lengths, { enforceSorted });
  }
  const kind = (spec as { dtype: wg.DType }).dtype;
  return tensor(value as number[], { dtype: kind === "float64" ? dtype : kind });
}

function flat(out: unknown): wg.Tensor[] {
  if (out === null) return [];
  if (out instanceof Tensor) return [out];
  if (out instanceof PackedSequence) return [out.data];
  if (isObject(out)) return Object.values(out).flatMap(flat);
  return (out as unknown[]).flatMap(flat);
}

const weightAt = (i: number): number => (((i * 7919) % 1009) / 1009 - 0.5) * 2;
const otherAt = (i: number): number => (((i * 104729) % 997) / 997 - 0.4) * 3;

function told(x: wg.Tensor): Told {
  const values = Array.from(x.detach().to("float64").toTypedArray(), Number);
  const sum = (at: (i: number) => number): number => values.reduce((total, value, i) => total + value * at(i), 0);
  return { shape: x.shape, first: values.slice(0, 4), sums: [sum(weightAt), sum(otherAt)] };
}

function expectTold(got: wg.Tensor | null | undefined, want: Told | null, tolerance: number, what: string): void {
  if (want === null) {
    expect(got ?? null, what).toBe(null);
    return;
  }
  const have = told(got as wg.Tensor);
  expect(have.shape, what).toEqual(want.shape);
  const scale = Math.max(1, ...want.first.map(Math.abs), ...want.sums.map(Math.abs));
  [...want.first, ...want.sums].forEach((value, i) => {
    const error = Math.abs(([...have.first, ...have.sums][i] as number) - value);
    expect(error <= tolerance * scale || Number.isNaN(value), `${what}, ${i}: off by ${error} from ${value}`).toBe(
      true,
    );
  });
}

function run(number: number, c: Recorded, module: wg.nn.Module, dtype: wg.DType, training: boolean, want: Run): void {
  const tolerance = dtype === "float32" ? 3e-4 : (LOOSER[c.name] ?? 1e-10);
  module.train(training).zeroGrad();
  manualSeed(1000 + number);
  const leaves: wg.Tensor[] = [];
  const inputs = c.inputs.map((spec) => input(spec, dtype, leaves));
  if (c.grads) for (const leaf of leaves) leaf.requiresGrad_();
  const call = Object.fromEntries(
    Object.entries(c.call).map(([key, value]) => [key, isObject(value) ? input(value, dtype, []) : value]),
  );
  const options = Object.keys(call).length === 0 ? [] : [call];
  const outputs = flat(module.call(...(inputs as never[]), ...options));
  expect(outputs.length).toBe(want.outputs.length);
  outputs.forEach((out, i) => expectTold(out, want.outputs[i] as Told, tolerance, `output ${i}`));
  if (want.grads !== undefined) {
    let total: wg.Tensor | null = null;
    for (const out of outputs) {
      if (!out.requiresGrad) continue;
      const at = tensor(
        Array.from({ length: out.numel() }, (_, i) => weightAt(i)),
        { dtype },
      ).reshape(out.shape);
      const part = out.mul(at).sum();
      total = total === null ? part : total.add(part);
    }
    (total as wg.Tensor).backward();
    leaves.forEach((leaf, i) =>
      expectTold(leaf.grad, (want.inputGrads?.[i] ?? null) as Told | null, tolerance, `gradient of input ${i}`),
    );
    const parameters = module.namedParameters().filter(([, p]) => p.grad !== null);
    expect(parameters.map(([name]) => name)).toEqual(want.grads.map(([name]) => name));
    want.grads.forEach(([name, grad], i) =>
      expectTold(parameters[i]?.[1].grad, grad, tolerance, `gradient of ${name}`),
    );
  }
  const buffers = module.namedBuffers();
  expect(buffers.map(([name]) => name)).toEqual(want.buffers.map(([name]) => name));
  want.buffers.forEach(([name, buffer], i) => expectTold(buffers[i]?.[1], buffer, tolerance, name));
}

const bytesOf = (x: wg.Tensor): Uint8Array => {
  const values = x.detach().to("float32").toTypedArray();
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
};

describe("layers equal PyTorch's", () => {
  test.each(recorded.map((c, i) => [`${c.text.split("\n")[0]} #${i}`, c, i] as const))("%s", (_title, c, number) => {
    wg.scope(() => {
      manualSeed(number);
      const module = make(c.name, c.args, c.options);
      expect(String(module)).toBe(c.text);
      const state = Object.entries(module.stateDict());
      expect(state.map(([key, x]) => [key, x.shape])).toEqual(c.state.map(([key, shape]) => [key, shape]));
      state.forEach(([key, x], i) => {
        if (NORMAL.has(c.name)) expectTold(x, c.initial[i] as Told, 1e-6, key);
        else expect(crc32(bytesOf(x)), `${key} is equal to the bit`).toBe(c.state[i]?.[2]);
      });
      const single = wg.utils.deepcopy(module);
      module.double();
      c.runs.forEach((want, i) => run(number, c, module, "float64", i === 0, want));
      const [inTraining, evaluated] = c.runs;
      if (inTraining === undefined || evaluated === undefined) return;
      // Masks of dropout are drawn from other bits in float32, and the running statistics come from the first run.
      const draws = /Dropout|RReLU|dropout=0\.[1-9]|p=0\.[1-9]/.test(c.text);
      if (!draws) run(number, c, single, "float32", true, inTraining);
      if (!draws || inTraining.buffers.length === 0) run(number, c, single, "float32", false, evaluated);
    });
  });
});
