// Kernels by rows against results of PyTorch, in values, gradients and second derivatives, with sizes beyond their tiles.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

interface Seen {
  readonly shape: readonly number[];
  readonly step: number;
  readonly values: readonly number[];
  readonly sum: number;
}

interface Case {
  readonly fn: string;
  readonly shapes: readonly (readonly number[])[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly out: readonly Seen[];
  readonly grads: readonly Seen[];
  readonly second: readonly (Seen | null)[];
}

const F = wg.nn.functional;

type Float = "float32" | "float64";

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../fixtures/rows/values.json", import.meta.url), "utf8"),
);

/** The operand that the recording script makes of the same shape and number. */
function made(shape: readonly number[], seed: number, dtype: Float): wg.Tensor {
  const count = shape.reduce((all, size) => all * size, 1);
  const values = Array.from({ length: count }, (_, i) => ((i * 7919 + seed * 104729) % 4093) / 2048 - 1);
  return wg.tensor(values, { dtype: "float32" }).to(dtype).reshape(shape);
}

function attention(x: readonly wg.Tensor[], given: Readonly<Record<string, unknown>>, dtype: Float): wg.Tensor {
  const [q, k, v] = x as [wg.Tensor, wg.Tensor, wg.Tensor];
  const { mask, ...options } = given;
  const scores = [q.shape.at(-2) as number, k.shape.at(-2) as number] as const;
  let attnMask: wg.Tensor | null = null;
  if (mask === "row") attnMask = made([1, scores[1]], 9, dtype);
  if (mask === "bool") {
    attnMask = made(scores, 9, dtype).gt(0.4);
    attnMask.select(0, 0).fill_(false);
  }
  return F.scaledDotProductAttention(q, k, v, { ...options, attnMask });
}

const functions: Record<
  string,
  (x: readonly wg.Tensor[], options: Readonly<Record<string, unknown>>, dtype: Float) => wg.Tensor | wg.Tensor[]
> = {
  attention,
  crossEntropy([x], { weight, ...options }, dtype) {
    const scores = x as wg.Tensor;
    const classes = scores.shape.at(-1) as number;
    const indices = Array.from(
      { length: scores.ndim === 1 ? 1 : (scores.shape[0] as number) },
      (_, i) => (i * 7) % classes,
    );
    if (indices.length > 2) indices[1] = -100;
    const target = wg.tensor(indices, { dtype: "int32" });
    const weights = weight === true ? made([classes], 9, dtype).add(1.5) : null;
    return F.crossEntropy(scores, scores.ndim === 1 ? target.reshape([]) : target, { ...options, weight: weights });
  },
  layerNorm: ([x, weight, bias]) =>
    F.layerNorm(x as wg.Tensor, (weight as wg.Tensor).shape, weight as wg.Tensor, bias as wg.Tensor),
  gelu: ([x]) => F.gelu((x as wg.Tensor).mul(4)),
};

/** How far a result is from the recorded one, relative to the largest number in it. */
function distance(x: wg.Tensor, want: Seen): number {
  expect(x.shape).toEqual(want.shape);
  const values = x.detach().contiguous().toTypedArray();
  const scale = want.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  let most = 0;
  want.values.forEach((value, i) => {
    const error = Math.abs((values[i * want.step] as number) - value);
    if (!(error <= most * scale)) most = error / scale;
  });
  const sum = Array.from(values).reduce((all, value) => all + Number(value), 0);
  return Math.max(most, Math.abs(sum - want.sum) / (scale * values.length));
}

describe.each<[Float, number]>([
  ["float32", 2e-5],
  ["float64", 1e-12],
])("kernels by rows in %s", (dtype, bound) => {
  test.each(
    cases.map((each, i) => [`${each.fn} ${JSON.stringify(each.shapes)} ${JSON.stringify(each.options)} #${i}`, each]),
  )("%s", (_name, { fn, shapes, options, out, grads, second }) => {
    wg.scope(() => {
      const run = functions[fn] as (typeof functions)[string];
      const inputs = shapes.map((shape, i) => made(shape, i + 1, dtype).requiresGrad_());
      const outs = (createGraph: boolean): wg.Tensor[] => {
        const results = [run(inputs, options, dtype)].flat();
        if (!createGraph) results.forEach((x, i) => expect(distance(x, out[i] as Seen)).toBeLessThan(bound));
        const parts = results.map((x, i) => x.mul(made(x.shape, 50 + i, dtype)).sum());
        return wg.autograd.grad(parts, inputs, { createGraph }) as wg.Tensor[];
      };
      outs(false).forEach((x, i) => expect(distance(x, grads[i] as Seen)).toBeLessThan(bound));
      if (second === undefined) return;
      const again = outs(true);
      again.forEach((x, i) => expect(distance(x, grads[i] as Seen)).toBeLessThan(bound));
      const parts = again.flatMap((x, i) => (x.requiresGrad ? [x.mul(made(x.shape, 60 + i, dtype)).sum()] : []));
      const twice = wg.autograd.grad(parts, inputs, { allowUnused: true });
      second.forEach((want, i) => {
        const got = twice[i] ?? null;
        if (want === null) expect(got).toBeNull();
        else expect(distance(got as wg.Tensor, want)).toBeLessThan(10 * bound);
      });
    });
  });
});

test("layer norm of turned operands and gradients as of contiguous ones", () => {
  const turned = (x: wg.Tensor) => x.transpose(0, 1).contiguous().transpose(0, 1);
  wg.scope(() => {
    const [x, g] = [made([3, 4, 8], 1, "float32"), made([3, 4, 8], 2, "float32")];
    const gradients = (input: wg.Tensor, by: wg.Tensor) => {
      const layer = new wg.nn.LayerNorm(8);
      layer.forward(input.detach().requiresGrad_()).backward(by);
      return [layer.weight?.grad, layer.bias?.grad] as wg.Tensor[];
    };
    const expected = gradients(x, g);
    for (const [input, by] of [[turned(x), g] as const, [x, turned(g)] as const])
      gradients(input, by).forEach((found, i) => {
        expect(wg.allclose(found, expected[i] as wg.Tensor)).toBe(true);
      });
  });
});
