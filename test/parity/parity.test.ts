// Every recorded operator case: values, gradients of both orders, forward mode, in place, and what must be refused.

import { beforeAll, describe, expect, it } from "vitest";
import { autograd, memory, rand, scope, Tensor, WengertError } from "../../src/entries/node.js";
import {
  build,
  type Case,
  camel,
  type Document,
  decode,
  documents,
  find,
  flattened,
  invoke,
  numberOf,
  type RecordedTensor,
} from "./cases.js";

// Whose result is not unique, in signs, order or phases: only that it can be computed is checked.
const NOT_UNIQUE =
  /^(svd|linalg\.(svd|eigh|eig|qr|householder_product|ldl|lu_factor|lu)|lu|lu_unpack|geqrf|ormqr|qr|empty|unique|mode|median|nanmedian)/;

const { forwardAd } = autograd;
const asLeaf = (x: Tensor): Tensor => x.requiresGrad_();

function numbersOf(value: unknown): number[] {
  return value instanceof Tensor ? Array.from(value.detach().contiguous().toTypedArray(), Number) : [Number(value)];
}

/** Compares with a recorded result to 1e-9 + 1e-7·|value|; a thousand times that where float32 was asked for. */
function same(got: unknown, wanted: unknown, what: string): void {
  const recorded = (wanted ?? { tensor: [0] }) as RecordedTensor;
  const values = (typeof wanted === "object" ? recorded.tensor : [wanted as number]).map(numberOf);
  if (got === null || got === undefined || wanted === null || wanted === undefined) {
    const all = got === null || got === undefined ? values : numbersOf(got);
    expect(
      all.every((value) => value === 0),
      `${what}: a missing gradient must be zero`,
    ).toBe(true);
    return;
  }
  if (got instanceof Tensor && recorded.shape !== undefined)
    expect(got.shape, `${what}: shape`).toEqual(recorded.shape);
  const found = numbersOf(got);
  expect(found.length, `${what}: number of elements`).toBe(values.length);
  const scale = recorded.dtype === "float32" ? 1000 : 1;
  values.forEach((value, i) => {
    const mine = found[i] as number;
    const near = Number.isNaN(value)
      ? Number.isNaN(mine)
      : mine === value || Math.abs(mine - value) <= scale * (1e-9 + 1e-7 * Math.abs(value));
    if (!near) expect.fail(`${what}, element ${i}: ${mine}, recorded ${value}`);
  });
}

function call(
  document: Document,
  each: Case,
  wrap: (x: Tensor) => Tensor,
): { readonly outputs: unknown[]; readonly leaves: Tensor[] } {
  const leaves: Tensor[] = [];
  const args = decode(each.args, "float64", leaves, wrap) as unknown[];
  const opts = decodeOptions(each.opts, leaves, wrap);
  return { outputs: flattened(invoke(document.op, args, opts)), leaves };
}

function decodeOptions(opts: Case["opts"], leaves: Tensor[], wrap: (x: Tensor) => Tensor): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(opts).map(([name, value]) => [name, decode(value, "float64", leaves, wrap)]),
  );
}

function checkGradients(document: Document, each: Case): void {
  const what = `sample ${each.sample}`;
  if (each.grads) {
    const { outputs, leaves } = call(document, each, asLeaf);
    const roots = each.diffOutputs.map((i) => outputs[i] as Tensor);
    const seeds = (each.cotangents ?? []).map((t) => build(t, "float64"));
    const gradients = autograd.grad(roots, leaves, { gradOutputs: seeds, allowUnused: true });
    gradients.forEach((g, i) => {
      same(g, each.grads?.[i], `${what}, gradient ${i}`);
    });
  }
  if (each.gradgrads) {
    const { outputs, leaves } = call(document, each, asLeaf);
    const roots = each.diffOutputs.map((i) => outputs[i] as Tensor);
    const seeds = (each.cotangents ?? []).map((t) => asLeaf(build(t, "float64")));
    const first = autograd.grad(roots, leaves, { gradOutputs: seeds, createGraph: true, allowUnused: true });
    const used = (each.gradUsed ?? []).map((i) => first[i] as Tensor);
    const seeds2 = (each.cotangents2 ?? []).map((t) => build(t, "float64"));
    const second = autograd.grad(used, [...leaves, ...seeds], { gradOutputs: seeds2, allowUnused: true });
    second.forEach((g, i) => {
      same(g, each.gradgrads?.[i], `${what}, second derivative ${i}`);
    });
  }
  if (each.jvp) {
    forwardAd.dualLevel(() => {
      let next = 0;
      const { outputs } = call(document, each, (x) =>
        forwardAd.makeDual(x, build(each.tangents?.[next++] as RecordedTensor, "float64")),
      );
      outputs.forEach((output, i) => {
        const { tangent } = output instanceof Tensor ? forwardAd.unpackDual(output) : { tangent: null };
        same(tangent, each.jvp?.[i], `${what}, tangent ${i}`);
      });
    });
  }
}

function checkInPlace(document: Document, each: Case): void {
  const out = each.out as RecordedTensor;
  const args = decode(each.args, "float64", [], (x) => x) as unknown[];
  const opts = decodeOptions(each.opts, [], (x) => x);
  const self = args.findIndex((arg) => arg instanceof Tensor);
  if (self < 0) return;
  const x = (args.splice(self, 1)[0] as Tensor).clone();
  if (x.shape.join() !== out.shape.join() || x.dtype !== out.dtype) return;
  const name = `${camel(document.op.split(".").at(-1) as string)}_`;
  const rest = Object.keys(opts).length === 0 ? args : [...args, opts];
  const own = document.op.startsWith("nn.functional.") ? find(`${document.op}_`).call : null;
  const method = (x as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
  const before = x.version;
  const result = own
    ? own(x, ...rest)
    : method
      ? method.apply(x, rest)
      : find(document.op).call?.(x, ...args, { ...opts, inplace: true });
  expect(result, `sample ${each.sample}: in place gives the tensor itself`).toBe(x);
  expect(x.version, `sample ${each.sample}: the version counts the write`).toBeGreaterThan(before);
  same(x, out, `sample ${each.sample}, in place`);
}

describe("parity with recorded PyTorch results", () => {
  // The call block and the generator's state are made at their first use and stay.
  beforeAll(() => rand([1]).dispose());

  it("covers what it should", () => {
    expect(documents.length).toBeGreaterThanOrEqual(458);
  });

  for (const document of documents) {
    const name = document.variant ? `${document.op}.${document.variant}` : document.op;
    it(name, () => {
      const { live } = memory();
      scope(() => {
        for (const each of document.cases) {
          if (NOT_UNIQUE.test(document.op)) {
            call(document, each, (x) => x);
            continue;
          }
          const { outputs } = call(document, each, (x) => x);
          const wanted = (Array.isArray(each.out) ? each.out.flat(9) : [each.out]) as unknown[];
          expect(outputs.length, `sample ${each.sample}: number of results`).toBe(wanted.length);
          outputs.forEach((output, i) => {
            same(output, wanted[i], `sample ${each.sample}, result ${i}`);
          });
          checkGradients(document, each);
          const writes =
            document.inplace && !/[^_]_$/.test(document.op) && document.op !== "fill" && !Array.isArray(each.out);
          if (writes) checkInPlace(document, each);
        }
        for (const { args, opts, about } of document.errors ?? []) {
          const given = decode(args, "float64", [], asLeaf) as unknown[];
          const options = decodeOptions(opts, [], asLeaf);
          expect(() => invoke(document.op, given, options), `must be refused: ${about}`).toThrow(WengertError);
        }
      });
      expect(memory().live, "bytes left").toBe(live);
    });
  }
});
