// Running ONNX files in onnxruntime-web, and comparing with the modules they come from.

import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { expect } from "vitest";
import * as wengert from "../../src/entries/node.js";

const { nn, io, noGrad } = wengert;
export type Tensor = wengert.Tensor;

env.wasm.numThreads = 1;
env.logLevel = "error";

const ORT_TYPES = { bool: "bool", float32: "float32", float64: "float64", int32: "int32", int64: "int64" } as const;

function flatten(value: unknown): Tensor[] {
  if (value instanceof wengert.Tensor) return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(flatten) : [];
}

/** Runs a file on inputs by name. */
export async function runFile(bytes: Uint8Array, inputs: Record<string, Tensor>) {
  const session = await InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => {
      const type = ORT_TYPES[x.dtype as keyof typeof ORT_TYPES];
      const data = x.contiguous().toTypedArray();
      return [name, new OrtTensor(type as "float32", data as Float32Array, [...x.shape])];
    }),
  );
  const results = await session.run(feeds);
  const found = session.outputNames.map((name) => results[name] as OrtTensor);
  await session.release();
  return found;
}

/** Compares a module's results with those of its file on the same inputs. */
export async function compare(
  module: InstanceType<typeof nn.Module>,
  bytes: Uint8Array,
  names: readonly string[],
  examples: readonly unknown[],
): Promise<void> {
  const training = module.training;
  module.eval();
  const expected = flatten(noGrad(() => (module.call as (...all: unknown[]) => unknown)(...examples)));
  module.train(training);
  const inputs = Object.fromEntries(flatten(examples).map((x, i) => [names[i] as string, x]));
  const found = await runFile(bytes, inputs);
  expect(found.length).toBe(expected.length);
  expected.forEach((out, i) => {
    const got = found[i] as OrtTensor;
    expect(got.dims).toEqual([...out.shape]);
    expect(got.type).toBe(out.dtype);
    const [ours, theirs] = [out.contiguous().toTypedArray(), got.data as Float32Array];
    for (let k = 0; k < ours.length; k++) {
      const [a, b] = [Number(ours[k]), Number(theirs[k])];
      if (!Object.is(a, b) && !(Math.abs(a - b) <= 1e-5 * Math.abs(a) + 2e-6)) {
        throw new Error(`output ${i}, element ${k}: expected ${a}, the file gives ${b}`);
      }
    }
  });
}

/** Exports, runs and compares; gives the bytes. */
export async function check(
  module: InstanceType<typeof nn.Module>,
  examples: readonly unknown[],
  options: Parameters<typeof io.exportOnnx>[2] = {},
): Promise<Uint8Array> {
  const count = flatten(examples).length;
  const inputNames = Array.from({ length: count }, (_, i) => `x${i}`);
  const bytes = io.exportOnnx(module, examples as never, { inputNames, ...options });
  await compare(module, bytes, options.inputNames ?? inputNames, examples);
  return bytes;
}

/** A module from a function. */
export class Call extends nn.Module {
  constructor(private readonly f: (...inputs: Tensor[]) => unknown) {
    super();
  }
  override forward(...inputs: Tensor[]): unknown {
    return this.f(...inputs);
  }
}
