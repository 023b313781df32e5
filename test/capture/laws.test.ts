// A captured call of every operator, with its backward pass, gives the bits of the eager one, also for new inputs.

import { afterAll, describe, expect, it } from "vitest";
import { autograd, capture, GraphError, manualSeed, memory, scope, type Tensor } from "../../src/entries/node.js";
import { difference, type Exact, exact, isFloat, isLeaf, outcome, replaced, seedOf, tensorsIn } from "../laws/tools.js";
import { type Sample, samples } from "../samples/samples.js";

/** What reads values, or makes shapes that depend on them. */
const REFUSED = new Set(
  (
    "allclose argwhere bincount cholesky combinations cov det div eigvalsh equal floorDivide fmod histc " +
    "histogram index indexPut indexReduce inverse item linalg.cholesky linalg.cond linalg.det linalg.eigh " +
    "linalg.eigvalsh linalg.inv linalg.ldlFactor linalg.ldlSolve linalg.lstsq linalg.luFactor linalg.matrixExp " +
    "linalg.matrixNorm linalg.matrixPower linalg.matrixRank linalg.norm linalg.pinv linalg.solve linalg.svdvals " +
    "linalg.tensorinv linalg.tensorsolve maskedScatter maskedSelect matrixExp matrixPower nanquantile narrow " +
    "nn.functional.binaryCrossEntropy nn.functional.ctcLoss nn.functional.gaussianNllLoss " +
    "nn.functional.maxUnpool1d nn.functional.maxUnpool2d nn.functional.maxUnpool3d nn.functional.oneHot " +
    "nn.functional.pdist nonzero norm pinv pinverse pow quantile remainder repeatInterleave scatterReduce " +
    "searchsorted setIndex tensorSplit unique uniqueConsecutive where"
  ).split(" "),
);
const refused: string[] = [];

/** Other values, in the domain of the operator as the samples are. */
const other = (x: Tensor): Tensor => (isFloat(x) ? x.detach().mul(0.984375).to(x.dtype) : x);

/** The outcomes of a captured call on the sample's values, on others, and on the sample's again. */
function captured(sample: Sample): Exact[] {
  return scope(() => {
    const inputs: Tensor[] = [];
    const leaves: Tensor[] = [];
    const args = replaced(sample.args, (x) => {
      const own = x.detach().clone();
      inputs.push(own);
      if (isLeaf(sample, x)) leaves.push(own.requiresGrad_());
      return own;
    });
    const step = capture((..._inputs: Tensor[]) => {
      const result = sample.call(...args);
      const roots = tensorsIn(result).filter((x) => x.requiresGrad);
      if (roots.length === 0) return [result];
      const seeds = roots.map(seedOf);
      return [result, ...autograd.grad(roots, leaves, { gradOutputs: seeds, allowUnused: true })];
    }, inputs);
    const given = tensorsIn(sample.args);
    const outcomes = [given, given.map(other), given].map((values) => {
      manualSeed(3);
      return exact(step(...values));
    });
    step.dispose();
    return outcomes;
  });
}

describe.each(samples().map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
  it("gives captured what it gives eagerly", () => {
    let found: Exact[];
    const { live } = memory();
    try {
      found = captured(sample);
    } catch (error) {
      if (!(error instanceof GraphError) || !/cannot be captured/.test(error.message)) throw error;
      refused.push(name);
      expect(memory().live).toBe(live);
      return;
    }
    expect(memory().live).toBe(live);
    const wanted = outcome(sample, (x) => x.clone());
    expect(difference(found[0] as Exact, wanted)).toBe(null);
    expect(
      difference(
        found[1] as Exact,
        outcome(sample, (x) => other(x).clone()),
      ),
    ).toBe(null);
    expect(difference(found[2] as Exact, wanted)).toBe(null);
  });
});

afterAll(() => {
  expect(new Set(refused.map((name) => name.split(" ")[0]))).toEqual(REFUSED);
});
