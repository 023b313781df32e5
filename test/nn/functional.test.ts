// nn.functional and linear algebra against recorded results of PyTorch, in both floating-point dtypes.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

interface Recorded {
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: string;
}

interface Case {
  readonly fn: string;
  readonly space: "F" | "linalg";
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly out: Recorded;
  readonly cotangent: Recorded;
  readonly grads: readonly (Recorded | null)[];
}

const cases: readonly Case[] = JSON.parse(readFileSync(new URL("../fixtures/nn/values.json", import.meta.url), "utf8"));
type Float = "float32" | "float64";
const isRecorded = (value: unknown): value is Recorded =>
  typeof value === "object" && value !== null && !Array.isArray(value) && "values" in value;

function build(value: unknown, dtype: Float): unknown {
  if (!isRecorded(value)) return value;
  const own = value.dtype === "float64" ? dtype : (value.dtype as "int32");
  return wg.tensor(value.values as number[], { dtype: own }).reshape(value.shape);
}

/** How far the numbers are from the recorded ones, relative to their size. */
function distance(x: wg.Tensor, recorded: Recorded): number {
  expect(x.shape).toEqual(recorded.shape);
  const values = x.detach().contiguous().toTypedArray();
  let most = 0;
  for (let i = 0; i < values.length; i++) {
    const [got, want] = [values[i] as number, recorded.values[i] as number];
    if (Number.isNaN(got) !== Number.isNaN(want)) return Number.NaN;
    most = Math.max(most, Math.abs(got - want) / (1 + Math.abs(want)));
  }
  return most;
}

/** The namespaces that recorded functions live in. */
const spaces = wg as unknown as Record<string, Record<string, (...args: unknown[]) => wg.Tensor>>;

function run({ fn, space, args, options, out, cotangent, grads }: Case, dtype: Float, tolerance: number): void {
  wg.scope(() => {
    const functions = spaces[space];
    const leaves: wg.Tensor[] = [];
    const inputs = args.map((arg) => {
      const made = build(arg, dtype);
      if (made instanceof wg.Tensor && made.dtype === dtype) leaves.push(made.requiresGrad_(true));
      return made;
    });
    const given = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, build(value, dtype)]));
    const call = functions[fn] as (...args: unknown[]) => wg.Tensor;
    const result = Object.keys(given).length > 0 ? call(...inputs, given) : call(...inputs);
    expect(result.dtype).toBe(dtype);
    expect(distance(result, out)).toBeLessThan(tolerance);
    if (grads.length === 0) return;
    const gradOutputs = build(cotangent, dtype) as wg.Tensor;
    const found = wg.autograd.grad(result, leaves, { gradOutputs, allowUnused: true }) as (wg.Tensor | null)[];
    found.forEach((gradient, i) => {
      const want = grads[i];
      if (want === null || want === undefined || gradient === null) return;
      expect(distance(gradient, want)).toBeLessThan(10 * tolerance);
    });
  });
}

const names = [...new Set(cases.map(({ fn }) => fn))];

describe.each(names)("%s", (name) => {
  const own = cases.filter(({ fn }) => fn === name);

  test("in float64", () => {
    for (const each of own) run(each, "float64", 1e-9);
  });

  test("in float32", () => {
    for (const each of own) run(each, "float32", 2e-4);
  });
});

test("nothing is left in memory", () => {
  const first = cases.find(({ fn }) => fn === "conv2d") as Case;
  run(first, "float32", 1e-3);
  const { live } = wg.memory();
  for (const each of cases.slice(0, 60)) run(each, "float32", 1e-3);
  expect(wg.memory().live).toBe(live);
});

test("what has no derivative must not require one", () => {
  const weight = wg.ones([3], { requiresGrad: true });
  const x = wg.rand([2, 3]);
  const target = wg.tensor([0, 2], { dtype: "int32" });
  const phrase = /is not differentiable with respect to argument '(weight|runningMean)'/;
  for (const call of [
    () => wg.F.nllLoss(x, target, { weight }),
    () => wg.F.crossEntropy(x, target, { weight, labelSmoothing: 0.1 }),
    () => wg.F.batchNorm(x, weight, wg.ones([3])),
    () => wg.F.instanceNorm(x.reshape([1, 3, 2]), { runningMean: weight, runningVar: wg.ones([3]) }),
  ]) {
    expect(call).toThrow(wg.GraphError);
    expect(call).toThrow(phrase);
    wg.noGrad(() => void call());
  }
  wg.autograd.forwardAd.dualLevel(() => {
    const dual = wg.autograd.forwardAd.makeDual(wg.ones([3]), wg.ones([3]));
    for (const reduction of ["mean", "sum", "none"] as const) {
      const loss = wg.F.nllLoss(x, target, { weight: dual, reduction });
      expect(wg.autograd.forwardAd.unpackDual(loss).tangent).toBe(null);
    }
  });
});
