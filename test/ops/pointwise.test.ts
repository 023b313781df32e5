// Elementwise operations against what PyTorch gives: values at kinks and special numbers, dtypes, names, gradients.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import {
  type Case,
  cases,
  functionOf,
  isRecorded,
  made,
  numberOf,
  optionsOf,
  type Recorded,
  textOf,
} from "../helpers/recorded.js";

const names = [...new Set(cases.map((c) => c.op))];

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

/** What is wrong with a case: its value, dtype and shape, name of the node, gradients. */
function faults(c: Case): (string | null)[] {
  const leaves: wg.Tensor[] = [];
  const operands = c.operands.map((x) => {
    if (!isRecorded(x)) return numberOf(x);
    const leaf = made(x);
    if (c.label !== undefined && leaf.dtype.startsWith("float")) leaves.push(leaf.requiresGrad_());
    return leaf;
  });
  const call = () => functionOf(c.op)(...operands, ...optionsOf(c));
  if (c.refused) {
    expect(call, `${c.op} ${textOf(c)} must be refused`).toThrow(wg.WengertError);
    return [];
  }
  const out = call();
  const found = [difference(out, c.out)];
  if (c.label === undefined) return found;
  const name = out.gradFn?.name().split("::").at(-1);
  if (name !== c.label) found.push(`${name}, not ${c.label}`);
  if (!c.gradients) return found;
  const gradients = wg.autograd.grad([out], leaves, { gradOutputs: [wg.onesLike(out)], allowUnused: true });
  for (const [i, want] of c.gradients.entries()) {
    const got = gradients[i] ?? null;
    if (want !== null && got !== null) found.push(difference(got, want, 0.5));
    else if ((want === null) !== (got === null)) found.push(`gradient ${i}: ${got}, not ${want}`);
  }
  return found;
}

describe("as in PyTorch", () => {
  test.each(names)("%s", (name) => {
    const found = cases
      .filter(({ op }) => op === name)
      .flatMap((c) =>
        faults(c)
          .filter((fault) => fault !== null)
          .map((fault) => `${textOf(c)}: ${fault}`),
      );
    expect(found).toEqual([]);
  });
});

describe("whatever the strides", () => {
  /** Layouts with the same elements: spread out, backwards in memory terms, and with a dim of stride 0 in front. */
  const layouts: ((x: wg.Tensor) => wg.Tensor)[] = [
    (x) => wg.select(wg.reshape(wg.stack([x, x], 1), [x.numel(), 2]), 1, 0),
    (x) => wg.select(wg.transpose(wg.stack([x, x, x], 0).clone(), 0, 1), 1, 2),
  ];

  test.each(names)("%s gives the same bits", (name) => {
    for (const c of cases) {
      if (c.op !== name || c.refused || !c.operands.every((x) => !isRecorded(x) || x.shape.length === 1)) continue;
      const operands = c.operands.map((x) => (isRecorded(x) ? made(x) : numberOf(x)));
      const call = (xs: readonly unknown[]) => functionOf(name)(...xs, ...optionsOf(c)).toTypedArray();
      const want = call(operands);
      for (const layout of layouts) {
        const moved = operands.map((x) => (x instanceof wg.Tensor ? layout(x) : x));
        expect(call(moved), textOf(c)).toEqual(want);
      }
    }
  });
});

describe("in place", () => {
  const prototype = wg.Tensor.prototype as unknown as Record<string, unknown>;
  const methods = names.filter((name) => typeof prototype[`${name}_`] === "function");

  test.each(methods)("%s_ writes what the form without underscore gives", (name) => {
    for (const c of cases) {
      const [first, ...others] = c.operands;
      if (c.op !== name || c.refused || !isRecorded(first)) continue;
      const self = made(first);
      const rest = [...others.map((x) => (isRecorded(x) ? made(x) : numberOf(x))), ...optionsOf(c)];
      const write = (self as unknown as Record<string, (...args: unknown[]) => wg.Tensor>)[`${name}_`];
      const order = ["bool", "int32", "float32", "float64"];
      const fits = c.out.shape.join() === first.shape.join() && category(first.dtype) >= category(c.out.dtype);
      if (!fits) {
        expect(() => write?.call(self, ...rest), textOf(c)).toThrow(wg.WengertError);
        expect(self.toTypedArray(), textOf(c)).toEqual(made(first).toTypedArray());
        continue;
      }
      if (order.indexOf(first.dtype) < order.indexOf(c.out.dtype) && name === "floatPower") continue;
      const { version } = self;
      expect(write?.call(self, ...rest), textOf(c)).toBe(self);
      const want = functionOf(name)(made(first), ...rest).to(first.dtype);
      expect(self.toTypedArray(), textOf(c)).toEqual(want.toTypedArray());
      expect(self.version).toBeGreaterThanOrEqual(version + 1);
    }
  });

  function category(dtype: wg.DType): number {
    return dtype === "bool" ? 0 : dtype === "int32" ? 1 : 2;
  }
});
