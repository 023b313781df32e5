// nn.init and nn.utils against PyTorch's recorded results; packing, parametrisations, errors.

import { readFileSync } from "node:fs";
import { crc32, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";
import { messageOf } from "../helpers/tape.js";

const { nn, tensor, full, zeros, ones, arange, randn, manualSeed, memory, scope } = wg;
const { init, utils } = nn;
const { rnn } = utils;

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Run {
  readonly output: readonly [number, number];
  readonly grads: readonly [string, Values][];
  readonly buffers: readonly [string, Values][];
}

interface Recorded {
  readonly init: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly args: readonly unknown[];
    readonly options: object;
    readonly dtype: "float32" | "float64";
    readonly crc: number;
    readonly result: Values;
  }[];
  readonly gain: readonly [string, number | null, number][];
  readonly clip: readonly {
    readonly dtype: "float32" | "float64";
    readonly normType: string;
    readonly limit: number;
    readonly total: number;
    readonly grads: readonly Values[];
  }[];
  readonly weights: readonly {
    readonly kind: string;
    readonly layer: readonly [string, number[]];
    readonly options: object;
    readonly text: string;
    readonly state: readonly [string, Values][];
    readonly parameters: readonly string[];
    readonly runs: readonly Run[];
  }[];
}

const recorded: Recorded = JSON.parse(
  gunzipSync(readFileSync(new URL("../fixtures/nn/utils.json.gz", import.meta.url))).toString(),
);

function expectValues(got: wg.Tensor, want: Values, tolerance: number, what = ""): void {
  expect(got.shape, what).toEqual(want.shape);
  const values = Array.from(got.detach().toTypedArray(), Number);
  want.values.forEach((value, i) => {
    const error = Math.abs((values[i] as number) - value);
    expect(error <= tolerance * Math.max(1, Math.abs(value)), `${what} at ${i}: off by ${error} from ${value}`).toBe(
      true,
    );
  });
}

type Fill = (x: wg.Tensor, ...args: unknown[]) => wg.Tensor;

describe("init", () => {
  /** What goes through the logarithms and cosines of a C library, a series for erfinv, or LAPACK. */
  const rounded = /ormal_|orthogonal_|sparse_/;

  test.each(
    recorded.init.map((c) => [`${c.name} ${c.dtype} [${c.shape}] ${JSON.stringify([c.args, c.options])}`, c] as const),
  )("%s", (_title, c) => {
    manualSeed(5);
    const x = full(c.shape as number[], 7, { dtype: c.dtype });
    const f = (init as unknown as Record<string, Fill>)[c.name] as Fill;
    const options = Object.keys(c.options).length === 0 ? [] : [c.options];
    expect(f(x, ...c.args, ...options)).toBe(x);
    const values = x.toTypedArray();
    if (!rounded.test(c.name))
      expect(crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))).toBe(c.crc);
    expectValues(x, c.result, c.dtype === "float64" ? 1e-12 : 1e-6);
  });

  test("gains, and what is refused", () => {
    for (const [name, param, gain] of recorded.gain) expect(init.calculateGain(name, param)).toBe(gain);
    expect(messageOf(() => init.calculateGain("foo"))).toContain("Unsupported nonlinearity foo");
    expect(messageOf(() => init.xavierUniform_(zeros([3])))).toContain("Fan in and fan out can not be computed");
    expect(messageOf(() => init.eye_(zeros([3])))).toContain("Only tensors with 2 dimensions are supported");
    expect(messageOf(() => init.dirac_(zeros([3, 3])))).toContain("Only tensors with 3, 4, or 5 dimensions");
    expect(messageOf(() => init.dirac_(zeros([3, 3, 3]), 2))).toContain("dim 0 must be divisible by groups");
    expect(messageOf(() => init.kaimingNormal_(zeros([3, 3]), { mode: "fan" as "fan_in" }))).toContain("Mode");
    const p = new nn.Parameter(zeros([2, 2]));
    init.ones_(p);
    expect([p.requiresGrad, p.gradFn, p.tolist()]).toEqual([
      true,
      null,
      [
        [1, 1],
        [1, 1],
      ],
    ]);
  });
});

describe("gradients", () => {
  const parametersOf = (dtype: wg.DType) => {
    manualSeed(1);
    const parameters = [[3, 4], [5], [2, 2, 2]].map((shape) => new nn.Parameter(zeros(shape, { dtype })));
    for (const p of parameters.slice(0, 2)) p.grad = randn(p.shape as number[], { dtype });
    return parameters;
  };

  test.each(recorded.clip)(
    "are clipped by norm: $dtype, $normType, $limit",
    ({ dtype, normType, limit, total, grads }) => {
      const parameters = parametersOf(dtype);
      const p = normType === "inf" ? Number.POSITIVE_INFINITY : Number(normType);
      const got = utils.clipGradNorm_(parameters, limit, p);
      const tolerance = dtype === "float64" ? 1e-12 : 1e-5;
      expect(Math.abs(Number(got.item()) - total)).toBeLessThan(tolerance * 10);
      grads.forEach((grad, i) => expectValues(parameters[i]?.grad as wg.Tensor, grad, tolerance));
      expect(parameters[2]?.grad).toBe(null);
    },
  );

  test("are clipped by value, and not at all when the norm is no number", () => {
    const p = new nn.Parameter(zeros([3]));
    p.grad = tensor([-3, 0.5, 2]);
    utils.clipGradValue_(p, 1);
    expect(p.grad.tolist()).toEqual([-1, 0.5, 1]);
    p.grad = tensor([Number.NaN, 1, 1]);
    expect(messageOf(() => utils.clipGradNorm_([p], 1, { errorIfNonfinite: true }))).toContain("is non-finite");
    expect(p.grad.tolist()).toEqual([Number.NaN, 1, 1]);
    expect(utils.clipGradNorm_([], 1).item()).toBe(0);
    expect(messageOf(() => utils.clipGradNorm_(3 as never, 1))).toContain("iterable of tensors");
  });
});

test("parameters become a vector and come back", () => {
  const layer = new nn.Linear(3, 2);
  const vector = utils.parametersToVector(layer.parameters());
  expect([vector.shape, vector.requiresGrad]).toEqual([[8], true]);
  utils.vectorToParameters(arange(8), layer.parameters());
  expect([layer.weight.tolist(), layer.bias?.tolist()]).toEqual([
    [
      [0, 1, 2],
      [3, 4, 5],
    ],
    [6, 7],
  ]);
  expect([layer.weight.isLeaf, layer.weight.requiresGrad]).toEqual([true, true]);
  expect(messageOf(() => utils.vectorToParameters(arange(7), layer.parameters()))).toContain("8 elements");
});

describe("weights", () => {
  const { parametrizations } = utils;
  const kinds: Readonly<Record<string, (module: wg.nn.Module, options: object) => wg.nn.Module>> = {
    weightNorm: utils.weightNorm,
    spectralNorm: utils.spectralNorm,
    "parametrizations.spectralNorm": parametrizations.spectralNorm,
    "parametrizations.orthogonal": parametrizations.orthogonal,
  };

  test.each(
    recorded.weights.map((c, i) => [`${c.kind} of ${c.layer[0]} ${JSON.stringify(c.options)} #${i}`, c] as const),
  )("%s", (_title, c) => {
    manualSeed(3);
    const [name, args] = c.layer;
    const Layer = (nn as unknown as Record<string, new (...args: number[]) => wg.nn.Module>)[name] as new (
      ...args: number[]
    ) => wg.nn.Module;
    const module = new Layer(...args).double();
    expect(kinds[c.kind]?.(module, c.options)).toBe(module);
    expect(String(module)).toBe(c.text);
    expect(module.namedParameters().map(([key]) => key)).toEqual(c.parameters);
    const state = Object.entries(module.stateDict());
    expect(state.map(([key]) => key)).toEqual(c.state.map(([key]) => key));
    c.state.forEach(([key, want], i) => expectValues(state[i]?.[1] as wg.Tensor, want, 1e-10, key));
    c.runs.forEach((run, i) => {
      module.train(i < 2).zeroGrad();
      manualSeed(9);
      const shape = name === "Linear" ? [5, args[0] as number] : [2, args[0] as number, 6, 6];
      const y = module.call(randn(shape, { dtype: "float64" })) as wg.Tensor;
      y.mul(y).sum().backward();
      expectValues(
        tensor([Number(y.sum().item()), Number(y.mul(y).sum().item())], { dtype: "float64" }),
        { shape: [2], values: run.output },
        1e-9,
        "output",
      );
      const grads = module.namedParameters().filter(([, p]) => p.grad !== null);
      run.grads.forEach(([key, want], k) => {
        expect(grads[k]?.[0]).toBe(key);
        expectValues(grads[k]?.[1].grad as wg.Tensor, want, 1e-9, key);
      });
      const buffers = module.namedBuffers();
      run.buffers.forEach(([key, want], k) => expectValues(buffers[k]?.[1] as wg.Tensor, want, 1e-10, key));
    });
  });

  test("are whole again without the norm", () => {
    const layer = new nn.Linear(3, 2);
    const before = layer.weight.clone();
    utils.weightNorm(layer);
    expect(layer.namedParameters().map(([key]) => key)).toEqual(["bias", "weight_g", "weight_v"]);
    expect(messageOf(() => utils.weightNorm(layer))).toContain("no parameter or buffer with name 'weight'");
    utils.removeWeightNorm(layer);
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    expect(layer.weight.sub(before).abs().max().item()).toBeLessThan(1e-6);
    expect(messageOf(() => utils.removeWeightNorm(layer))).toContain("weight_norm of 'weight' not found in Linear");
    utils.spectralNorm(layer).call(ones([1, 3]));
    utils.removeSpectralNorm(layer);
    expect([Object.keys(layer.stateDict()), layer.buffers()]).toEqual([["bias", "weight"], []]);
  });

  test("have lengths and directions as a parametrisation", () => {
    const layer = parametrizations.weightNorm(new nn.Linear(3, 2));
    expect(Object.keys(layer.stateDict())).toEqual([
      "bias",
      "parametrizations.weight.original0",
      "parametrizations.weight.original1",
    ]);
    expect(layer.getParameter("parametrizations.weight.original0").shape).toEqual([2, 1]);
    layer
      .call(ones([1, 3]))
      .sum()
      .backward();
    expect(layer.parameters().every((p) => p.grad !== null)).toBe(true);
  });
});

describe("parametrize", () => {
  const { parametrize } = utils;

  class Symmetric extends nn.Module {
    override forward(x: wg.Tensor): wg.Tensor {
      return x.triu().add(x.triu(1).transpose(0, 1));
    }

    rightInverse(x: wg.Tensor): wg.Tensor {
      return x.triu();
    }
  }

  test("computes a parameter from another", () => {
    const layer = new nn.Linear(3, 3);
    const learnt = layer.weight;
    parametrize.registerParametrization(layer, "weight", new Symmetric());
    expect(parametrize.isParametrized(layer, "weight")).toBe(true);
    expect(layer.weight.tolist()).toEqual(layer.weight.transpose(0, 1).tolist());
    expect(layer.getParameter("parametrizations.weight.original")).toBe(learnt);
    expect(String(layer)).toBe(
      "ParametrizedLinear(\n  in_features=3, out_features=3, bias=True\n  (parametrizations): ModuleDict(\n" +
        "    (weight): ParametrizationList(\n      (0): Symmetric()\n    )\n  )\n)",
    );
    layer
      .call(ones([1, 3]))
      .sum()
      .backward();
    expect(learnt.grad?.tolist()).toEqual([
      [1, 2, 2],
      [0, 1, 2],
      [0, 0, 1],
    ]);
    layer.weight = ones([3, 3]) as wg.nn.Parameter;
    expect(learnt.tolist()).toEqual(ones([3, 3]).triu().tolist());
    const [first, second] = parametrize.cached(() => [layer.weight, layer.weight]);
    expect(first).toBe(second);
    expect(layer.weight).not.toBe(layer.weight);
    const copy = wg.utils.deepcopy(layer);
    expect(copy.weight.tolist()).toEqual(layer.weight.tolist());
    parametrize.removeParametrizations(layer, "weight");
    expect([String(layer), layer.weight === learnt, layer.weight.tolist()]).toEqual([
      "Linear(in_features=3, out_features=3, bias=True)",
      true,
      ones([3, 3]).tolist(),
    ]);
  });

  test("refuses what changes shape or dtype, or is not there", () => {
    class Half extends nn.Module {
      override forward(x: wg.Tensor): wg.Tensor {
        return x.narrow(0, 0, 1);
      }
    }
    const layer = new nn.Linear(3, 3);
    expect(messageOf(() => parametrize.registerParametrization(layer, "weight", new Half()))).toContain(
      "may not change the shape",
    );
    expect(layer.weight).toBeInstanceOf(nn.Parameter);
    expect(messageOf(() => parametrize.registerParametrization(layer, "w", new Half()))).toContain("name 'w'");
    expect(messageOf(() => parametrize.removeParametrizations(layer, "weight"))).toContain(
      "does not have a parametrization",
    );
  });
});

describe("sequences", () => {
  const sequences = () => [arange(1, 4), arange(4, 5), arange(5, 7)];

  test("are packed and padded", () => {
    expect(rnn.padSequence(sequences(), { batchFirst: true, paddingValue: -1 }).tolist()).toEqual([
      [1, 2, 3],
      [4, -1, -1],
      [5, 6, -1],
    ]);
    expect(rnn.padSequence(sequences()).shape).toEqual([3, 3]);
    expect(messageOf(() => rnn.packSequence(sequences()))).toContain("must be sorted in decreasing order");
    const packed = rnn.packSequence(sequences(), { enforceSorted: false });
    expect([packed.data.tolist(), packed.batchSizes.tolist()]).toEqual([
      [1, 5, 4, 2, 6, 3],
      [3, 2, 1],
    ]);
    expect([packed.sortedIndices?.tolist(), packed.unsortedIndices?.tolist()]).toEqual([
      [0, 2, 1],
      [0, 2, 1],
    ]);
    const [padded, lengths] = rnn.padPackedSequence(packed, { batchFirst: true, totalLength: 4, paddingValue: 9 });
    expect([padded.tolist(), lengths.tolist()]).toEqual([
      [
        [1, 2, 3, 9],
        [4, 9, 9, 9],
        [5, 6, 9, 9],
      ],
      [3, 1, 2],
    ]);
    expect(rnn.unpackSequence(packed).map((x) => x.tolist())).toEqual([[1, 2, 3], [4], [5, 6]]);
    expect(messageOf(() => rnn.padPackedSequence(packed, { totalLength: 2 }))).toContain("Expected total_length");
    expect(messageOf(() => rnn.packPaddedSequence(zeros([3, 2]), [3]))).toContain("equal to batch_size");
    expect(messageOf(() => rnn.packPaddedSequence(zeros([3, 1]), [0]))).toContain("has to be greater than 0");
  });
});

test("batch normalisation folds into the layer before it", () => {
  const conv = new nn.Conv2d(2, 3, 2);
  const norm = new nn.BatchNorm2d(3);
  norm.call(conv.call(randn([4, 2, 5, 5])));
  conv.eval();
  norm.eval();
  const x = randn([2, 2, 5, 5]);
  const difference = utils
    .fuseConvBnEval(conv, norm)
    .call(x)
    .sub(norm.call(conv.call(x)));
  expect(difference.abs().max().item()).toBeLessThan(1e-5);
});

test("nothing is left of a scope", () => {
  randn([1]);
  const before = memory().live;
  scope(() => {
    const layer = utils.parametrizations.spectralNorm(new nn.Linear(3, 3));
    layer
      .call(randn([2, 3]))
      .sum()
      .backward();
    utils.clipGradNorm_(layer.parameters(), 1);
    const lstm = new nn.LSTM<wg.nn.utils.rnn.PackedSequence>(3, 4, { numLayers: 2, bidirectional: true });
    const [out] = lstm.call(rnn.packPaddedSequence(randn([5, 2, 3]), [5, 2]));
    out.data.sum().backward();
  });
  expect(memory().live).toBe(before);
});
