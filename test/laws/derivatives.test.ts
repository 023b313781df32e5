// Derivatives of every operator against differences: in reverse, in forward mode, and of second order.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { autograd, GraphError, onesLike, scope, type Tensor } from "../../src/entries/node.js";
import { exported } from "../samples/recorded.js";
import { type Sample, samples } from "../samples/samples.js";
import { excepted, NOT_BY_DIFFERENCES, NOT_TWICE, REFUSING } from "./exceptions.js";
import { isFloat, isLeaf, replaced, tensorsIn } from "./tools.js";

/** Most elements of all arguments that are moved one by one. */
const MOST = 130;

/** A sample as a function of its leaves alone that gives those results that have a derivative. */
function ofLeaves(sample: Sample): { readonly f: (...inputs: Tensor[]) => Tensor[]; readonly inputs: Tensor[] } {
  const inputs = tensorsIn(sample.args)
    .filter((x) => isLeaf(sample, x))
    .map((x) => x.detach().clone().requiresGrad_());
  const run = (given: readonly Tensor[]): Tensor[] => {
    let next = 0;
    return tensorsIn(sample.call(...replaced(sample.args, (x) => (isLeaf(sample, x) ? given[next++] : x))));
  };
  const wanted = run(inputs).map((x) => x.requiresGrad);
  return { inputs, f: (...given) => run(given).filter((_, i) => wanted[i]) };
}

const all = samples().filter(({ args }) => tensorsIn(args).every((x) => x.dtype !== "float32"));
const smooth = all.filter(
  (sample) =>
    sample.differentiable !== false &&
    tensorsIn(sample.args).some((x) => isLeaf(sample, x)) &&
    tensorsIn(sample.args).reduce((sum, x) => sum + (isLeaf(sample, x) ? x.numel() : 0), 0) <= MOST,
);
// Samples at a kink say that they have no derivative, though their operator has.
const known = new Set(
  all
    .filter(({ differentiable }) => differentiable !== false)
    .flatMap(({ call, covers = [] }): unknown[] => [call, ...covers.map(exported)]),
);
const flat = all.filter(({ call, args }) => !known.has(call) && tensorsIn(args).some(isFloat));

// Some operators are slow in second order, and say so.
beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterAll(() => {
  vi.restoreAllMocks();
});

describe("derivatives agree with differences", () => {
  it.each(smooth.map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
    scope(() => {
      const { f, inputs } = ofLeaves(sample);
      expect(f(...inputs).length, "a result has a derivative").toBeGreaterThan(0);
      if (excepted(NOT_BY_DIFFERENCES, name)) return;
      expect(autograd.gradcheck(f, inputs, { checkForwardAd: true })).toBe(true);
      if (excepted(NOT_TWICE, name)) return;
      expect(autograd.gradgradcheck(f, inputs)).toBe(true);
    });
  });
});

describe("what has no derivative does not pretend to have one", () => {
  it.each(flat.map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
    scope(() => {
      const given = replaced(sample.args, (x) => (isFloat(x) ? x.detach().clone().requiresGrad_() : x));
      const roots = tensorsIn(sample.call(...given)).filter((x) => x.requiresGrad);
      if (!excepted(REFUSING, name)) return expect(roots.length).toBe(0);
      expect(roots.length).toBeGreaterThan(0);
      expect(() =>
        autograd.grad(roots, tensorsIn(given).filter(isFloat), {
          gradOutputs: roots.map((x) => onesLike(x)),
          allowUnused: true,
        }),
      ).toThrow(GraphError);
    });
  });
});
