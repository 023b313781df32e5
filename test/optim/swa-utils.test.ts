// Averages of weights: against the formulas, with buffers, with normalisation, in state dictionaries.
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { nn, optim, tensor, noGrad, memory, scope, ArgumentError } = wg;
const { AveragedModel, getEmaAvgFn, getEmaMultiAvgFn, getSwaAvgFn, getSwaMultiAvgFn, updateBn } = optim.swaUtils;

const make = () =>
  new nn.Sequential(new nn.Linear(2, 3, { dtype: "float64" }), new nn.BatchNorm1d(3, { dtype: "float64" }));
const fill = (model: wg.nn.Module, value: number) =>
  noGrad(() => {
    for (const p of model.parameters()) p.fill_(value);
  });
const first = (model: wg.nn.Module) => model.parameters()[0].toTypedArray()[0];

describe("averages", () => {
  const means: [string, object, number][] = [
    ["by default the mean", {}, 4],
    ["the mean of one", { avgFn: getSwaAvgFn() }, 4],
    ["the mean of all", { multiAvgFn: getSwaMultiAvgFn() }, 4],
    ["exponential, of one", { avgFn: getEmaAvgFn(0.75) }, (1 * 0.75 + 4 * 0.25) * 0.75 + 7 * 0.25],
    ["exponential, of all", { multiAvgFn: getEmaMultiAvgFn(0.75) }, (1 * 0.75 + 4 * 0.25) * 0.75 + 7 * 0.25],
  ];
  test.each(means)("%s", (_, options, expected) => {
    const model = make();
    const averaged = new AveragedModel(model, options);
    const live: number[] = [];
    for (const value of [1, 4, 7]) {
      scope(() => {
        fill(model, value);
        averaged.updateParameters(model);
      });
      live.push(memory().live);
    }
    expect(first(averaged)).toBeCloseTo(expected, 14);
    expect(averaged.nAveraged.item()).toBe(3);
    expect(live[2]).toBe(live[1]);
    expect(first(model)).toBe(7);
  });

  test("buffers follow the model, or are averaged too", () => {
    const model = make();
    const [follows, averages] = [new AveragedModel(model), new AveragedModel(model, { useBuffers: true })];
    for (const value of [1, 3]) {
      noGrad(() => model.buffers()[0].fill_(value));
      follows.updateParameters(model);
      averages.updateParameters(model);
    }
    expect(follows.module.buffers()[0].tolist()).toEqual([3, 3, 3]);
    expect(averages.module.buffers()[0].tolist()).toEqual([2, 2, 2]);
  });

  test("it is a module of its own: names, state, call", () => {
    const model = make();
    const averaged = new AveragedModel(model);
    expect(Object.keys(averaged.stateDict()).slice(0, 2)).toEqual(["n_averaged", "module.0.weight"]);
    averaged.eval();
    model.eval();
    const x = tensor([[1, 2]], { dtype: "float64" });
    expect(averaged.call(x).tolist()).toEqual(model.call(x).tolist());
    expect(averaged.parameters()[0]).not.toBe(model.parameters()[0]);
    expect(() => getEmaMultiAvgFn(1.5)).toThrow(/Invalid decay value 1.5/);
    expect(() => new AveragedModel(model, { avgFn: getSwaAvgFn(), multiAvgFn: getSwaMultiAvgFn() })).toThrow(
      ArgumentError,
    );
  });
});

test("updateBn averages over all batches, synchronous or not", async () => {
  const norm = new nn.BatchNorm1d(2, { dtype: "float64" });
  const batches = [
    [
      [1, 2],
      [3, 6],
    ],
    [
      [5, 0],
      [7, 8],
    ],
  ].map((rows) => tensor(rows, { dtype: "float64" }));
  norm.eval();
  norm.call(batches[0]);
  updateBn([[batches[0], 1], batches[1]], norm);
  expect(norm.runningMean?.tolist()).toEqual([4, 4]);
  expect(norm.runningVar?.tolist()).toEqual([2, 20]);
  expect(norm.momentum).toBe(0.1);
  expect(norm.training).toBe(false);
  async function* later() {
    for (const batch of batches) yield batch;
  }
  await updateBn(later(), norm);
  expect(norm.runningMean?.tolist()).toEqual([4, 4]);
  expect(norm.numBatchesTracked?.item()).toBe(2);
});
