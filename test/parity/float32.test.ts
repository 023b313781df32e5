// Every recorded case in float32: as near to the float64 recording as the precision of its inputs allows.

import { describe, expect, it } from "vitest";
import { autograd, manualSeed, rand, scope, Tensor, tensor } from "../../src/entries/node.js";
import { build, type Case, type Document, decode, documents, flattened, invoke, type RecordedTensor } from "./cases.js";

const EPS = 2 ** -23;

/** A result and how far rounding its inputs moves it. */
type Numbers = readonly (readonly number[])[];

const numbersOf = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray(), Number);

/** Runs a case with its floating-point leaves changed: results, then gradients, as numbers. */
function run(document: Document, each: Case, float: "float32" | "float64", change: (x: Tensor) => Tensor): Numbers {
  return scope(() => {
    manualSeed(1);
    const leaves: Tensor[] = [];
    const leaf = (x: Tensor): Tensor => change(x).detach().requiresGrad_();
    const args = decode(each.args, float, leaves, leaf) as unknown[];
    const names = Object.keys(each.opts);
    const values = decode(Object.values(each.opts), float, leaves, leaf) as unknown[];
    const opts = Object.fromEntries(names.map((name, i) => [name, values[i]]));
    const outputs = flattened(invoke(document.op, args, opts));
    const found = outputs.map((x) => (x instanceof Tensor ? numbersOf(x) : [Number(x)]));
    if (!each.grads) return found;
    const roots = each.diffOutputs.map((i) => outputs[i] as Tensor);
    for (const x of roots) expect(x.dtype, "dtype of a result").toBe(float);
    const seeds = roots.map((_, i) => change(build((each.cotangents as RecordedTensor[])[i] as RecordedTensor, float)));
    const gradients = autograd.grad(roots, leaves, { gradOutputs: seeds, allowUnused: true });
    return [...found, ...gradients.map((g) => (g === null ? [] : numbersOf(g)))];
  });
}

/** Patterns of signs: all up, in turn, and some that look like chance. */
const SIGNS: readonly ((i: number) => number)[] = [
  () => 1,
  (i) => (i % 2 === 0 ? 1 : -1),
  ...[12345, 67891, 24680, 13579].map(
    (salt) => (i: number) => ((((i + 1) * 2654435761 + salt * 40503) >>> 13) & 1 ? 1 : -1),
  ),
];

/** Moves each element by one unit of float32, up or down. */
function moved(x: Tensor, sign: (i: number) => number): Tensor {
  const flat = numbersOf(x).map((value, i) => value * (1 + sign(i) * EPS));
  return tensor(flat, { dtype: "float64" }).reshape(x.shape);
}

// Whose result is not unique, in signs, order or phases.
const NOT_UNIQUE =
  /^(svd|linalg\.(svd|eigh|eig|qr|householder_product|ldl|lu_factor|lu)|lu|lu_unpack|geqrf|ormqr|qr|empty|unique|mode|median|nanmedian)/;

/** Operators, or samples of them, that are left out, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  double: "has a dtype of its own",
  float: "has a dtype of its own",
  float_power: "gives float64 whatever comes",
  "nn.functional.cosine_similarity 3": "the gradient is a difference of equal terms, larger than every result",
  "nn.functional.layer_norm 3": "the gradient is a difference of nearly equal terms, larger than every result",
};

describe("in float32 as near to the recording as inputs of that precision tell", () => {
  it.each(
    documents
      .filter(({ op }) => !NOT_UNIQUE.test(op) && !(op in EXCEPTIONS))
      .map((d) => [d.variant ? `${d.op}.${d.variant}` : d.op, d] as const),
  )("%s", (_, document) => {
    rand([1]).dispose();
    for (const each of document.cases) {
      if (`${document.op} ${each.sample}` in EXCEPTIONS) continue;
      const exact = run(document, each, "float64", (x) => x);
      const spread = SIGNS.map((sign) => run(document, each, "float64", (x) => moved(x, sign)));
      const found = run(document, each, "float32", (x) => x);
      found.forEach((values, k) => {
        // Terms of a sum that cancels are about as large as the largest result beside it.
        const size = (exact[k] ?? []).reduce(
          (most, x) => Math.max(most, Number.isFinite(x) ? Math.abs(x) : 0),
          2 ** -126,
        );
        values.forEach((value, j) => {
          const wanted = exact[k]?.[j] as number;
          const sway = Math.max(...spread.map((other) => Math.abs((other[k]?.[j] as number) - wanted)));
          const near =
            Object.is(value, wanted) || value === wanted || Math.abs(value - wanted) <= 8 * (sway + EPS * size);
          if (!near)
            expect.fail(`sample ${each.sample}, result ${k}, element ${j}: ${value}, in float64 ${wanted} ± ${sway}`);
        });
      });
    }
  });
});
