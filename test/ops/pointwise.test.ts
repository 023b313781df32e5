// Elementwise operations against what PyTorch gives: values at kinks and special numbers, dtypes, names, gradients.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import { gelu } from "../../src/ops/gelu.js";

type Value = number | boolean | string;
interface Recorded {
  readonly dtype: wg.DType;
  readonly shape: readonly number[];
  readonly values: readonly Value[];
}
interface Case {
  readonly op: string;
  readonly operands: readonly (Recorded | Value)[];
  readonly options: Readonly<Record<string, Value>>;
  readonly refused?: boolean;
  readonly out: Recorded;
  readonly label?: string;
  readonly gradients?: readonly (Recorded | null)[] | null;
}

const library: Readonly<Record<string, unknown>> = { ...wg, gelu };
const cases: Case[] = JSON.parse(readFileSync(new URL("../fixtures/pointwise/values.json", import.meta.url), "utf8"));

const numberOf = (value: Value): number | boolean => (typeof value === "string" ? Number(value) : value);
const isRecorded = (x: unknown): x is Recorded => typeof x === "object" && x !== null && "values" in x;

function made(recorded: Recorded): wg.Tensor {
  const flat = wg.tensor(recorded.values.map(numberOf), { dtype: recorded.dtype });
  return wg.reshape(flat, recorded.shape).detach();
}

/** Where the numbers differ, or null: by more than 8 units in the last place, of `least` for smaller ones. */
function difference(got: wg.Tensor, want: Recorded, least = 1e-3): string | null {
  if (got.dtype !== want.dtype) return `dtype ${got.dtype}, not ${want.dtype}`;
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape}], not [${want.shape}]`;
  const values = Array.from(got.toTypedArray());
  const epsilon = want.dtype === "float64" ? 2 ** -52 : 2 ** -23;
  for (const [i, value] of want.values.entries()) {
    const w = Number(value);
    const g = values[i] as number;
    const near = Object.is(g, w) || g === w || Math.abs(g - w) <= 8 * epsilon * Math.max(Math.abs(w), least);
    if (!near) return `element ${i} is ${g}, not ${w}`;
  }
  return null;
}

describe("as in PyTorch", () => {
  const names = [...new Set(cases.map((c) => c.op))];
  test.each(names)("%s", (name) => {
    const failures: string[] = [];
    for (const c of cases.filter(({ op }) => op === name)) {
      const text = JSON.stringify([c.operands.map((x) => (isRecorded(x) ? x.dtype : x)), c.options]);
      const f = library[name] as (...args: unknown[]) => wg.Tensor;
      const leaves: wg.Tensor[] = [];
      const operands = c.operands.map((x) => {
        if (!isRecorded(x)) return numberOf(x);
        const leaf = made(x);
        if (c.label !== undefined && leaf.dtype.startsWith("float")) leaves.push(leaf.requiresGrad_());
        return leaf;
      });
      const given = Object.entries(c.options).filter(([, value]) => value !== null);
      const named = Object.fromEntries(
        given.map(([key, v]) => [key, ["none", "tanh", "trunc", "floor"].includes(v as string) ? v : numberOf(v)]),
      );
      const call = () => f(...operands, ...(given.length > 0 ? [named] : []));
      if (c.refused) {
        expect(call, `${name} ${text} must be refused`).toThrow(wg.WengertError);
        continue;
      }
      const out = call();
      const said = difference(out, c.out);
      if (said !== null) failures.push(`${text}: ${said}`);
      if (c.label === undefined) continue;
      if (out.gradFn?.name().split("::").at(-1) !== c.label)
        failures.push(`${text}: ${out.gradFn?.name()}, not ${c.label}`);
      if (!c.gradients) continue;
      const gradients = wg.autograd.grad([out], leaves, { gradOutputs: [wg.onesLike(out)], allowUnused: true });
      for (const [i, want] of c.gradients.entries()) {
        const got = gradients[i] ?? null;
        const wrong =
          want === null || got === null ? (want === got ? null : "gradient or none") : difference(got, want, 0.5);
        if (wrong !== null) failures.push(`${text}: gradient ${i}: ${wrong}`);
      }
    }
    expect(failures).toEqual([]);
  });
});
