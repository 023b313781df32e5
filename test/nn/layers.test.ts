// nn.functional beyond recorded values: names on the tape, forms in place, random masks, running statistics, errors.

import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { F, tensor, randn, zeros, ones, arange } = wg;
const ints = (...values: number[]) => tensor(values, { dtype: "int32" });
const leaf = (...shape: number[]) => randn(shape, { requiresGrad: true });
const nameOf = (x: wg.Tensor) => x.gradFn?.name();

describe("names", () => {
  test("of losses, layers and activations", () => {
    const x = leaf(4, 6);
    expect(nameOf(F.linear(x, leaf(3, 6), leaf(3)))).toBe("AddmmBackward0");
    expect(F.linear(x, leaf(3, 6), leaf(3)).gradFn?.nextFunctions.map(([node]) => node?.name())).toEqual([
      "torch::autograd::AccumulateGrad",
      "torch::autograd::AccumulateGrad",
      "TBackward0",
    ]);
    const loss = F.crossEntropy(x, ints(0, 1, 2, 3));
    expect([nameOf(loss), loss.gradFn?.nextFunctions[0]?.[0]?.name()]).toEqual([
      "NllLossBackward0",
      "LogSoftmaxBackward0",
    ]);
    expect(nameOf(F.mseLoss(x, zeros([4, 6])))).toBe("MseLossBackward0");
    expect(nameOf(F.binaryCrossEntropyWithLogits(x, zeros([4, 6])))).toBe("BinaryCrossEntropyWithLogitsBackward0");
    expect(nameOf(F.smoothL1Loss(x, zeros([4, 6])))).toBe("SmoothL1LossBackward0");
    expect(nameOf(F.layerNorm(x, [6]))).toBe("NativeLayerNormBackward0");
    expect(nameOf(F.batchNorm(x, { training: true }))).toBe("NativeBatchNormBackward0");
    expect(nameOf(F.groupNorm(x, 2))).toBe("NativeGroupNormBackward0");
    expect(nameOf(F.embedding(ints(1, 0), x))).toBe("EmbeddingBackward0");
    expect(nameOf(F.conv1d(leaf(1, 2, 5), leaf(3, 2, 2)))).toBe("ConvolutionBackward0");
    expect(nameOf(F.maxPool2d(leaf(1, 2, 4, 4), 2))).toBe("MaxPool2DWithIndicesBackward0");
    expect(nameOf(F.avgPool1d(leaf(1, 2, 4), 2))).toBe("SqueezeBackward1");
    expect(nameOf(F.adaptiveAvgPool2d(leaf(1, 2, 4, 4), 1))).toBe("MeanBackward1");
    expect(nameOf(F.pad(x, [1, 1]))).toBe("ConstantPadNdBackward0");
    expect(nameOf(F.dropout(x))).toBe("MulBackward0");
    const activations = {
      leakyRelu: "LeakyReluBackward0",
      elu: "EluBackward0",
      selu: "EluBackward0",
      silu: "SiluBackward0",
    };
    for (const [name, label] of Object.entries(activations)) {
      expect(nameOf((F as unknown as Record<string, (x: wg.Tensor) => wg.Tensor>)[name]?.(x) as wg.Tensor)).toBe(label);
    }
  });
});

describe("in place", () => {
  test("by underscore and by option, the same values", () => {
    for (const name of "relu leakyRelu elu selu celu silu mish hardtanh relu6 hardsigmoid hardswish".split(" ")) {
      const f = F as unknown as Record<string, (x: wg.Tensor, options?: object) => wg.Tensor>;
      const x = tensor([-2, -0.5, 0, 0.5, 2]);
      const want = f[name]?.(x).tolist();
      const [a, b] = [x.clone(), x.clone()];
      expect(f[`${name}_`]?.(a)).toBe(a);
      expect(f[name]?.(b, { inplace: true })).toBe(b);
      expect([a.tolist(), b.tolist()]).toEqual([want, want]);
    }
  });

  test("gradients are those of the copy", () => {
    const x = tensor([-1, 2], { requiresGrad: true });
    F.elu_(x.mul(1)).sum().backward();
    const y = tensor([-1, 2], { requiresGrad: true });
    F.elu(y).sum().backward();
    expect((x.grad as wg.Tensor).tolist()).toEqual((y.grad as wg.Tensor).tolist());
  });
});

describe("dropout", () => {
  test("draws PyTorch's masks", () => {
    wg.manualSeed(0);
    expect(F.dropout(arange(1, 9).reshape([2, 4])).tolist()).toEqual([
      [0, 0, 6, 0],
      [0, 0, 14, 16],
    ]);
    wg.manualSeed(0);
    const channels = F.dropout2d(ones([1, 4, 2, 1])).tolist() as number[][][][];
    expect(channels[0]?.map((channel) => channel.flat())).toEqual([
      [0, 0],
      [0, 0],
      [2, 2],
      [0, 0],
    ]);
  });

  test("is the input itself where nothing is dropped, zeros where all is", () => {
    const x = ones([3]);
    expect(F.dropout(x, { training: false })).toBe(x);
    expect(F.dropout(x, 0)).toBe(x);
    expect(F.dropout(x, 1).tolist()).toEqual([0, 0, 0]);
    expect(() => F.dropout(x, 1.5)).toThrow("dropout probability has to be between 0 and 1, but got 1.5");
  });
});

describe("cross entropy", () => {
  const scores = arange(1, 9).reshape([2, 4]);

  test("of targets that are all ignored is NaN, and its gradient 0", () => {
    const x = scores.clone().requiresGrad_(true);
    const loss = F.crossEntropy(x, ints(-100, -100));
    expect(loss.item()).toBeNaN();
    const total = F.crossEntropy(x, ints(-100, -100), { reduction: "sum" });
    total.backward();
    expect([total.item(), (x.grad as wg.Tensor).abs().sum().item()]).toEqual([0, 0]);
  });

  test.each([
    [() => F.nllLoss(scores, ints(0, 5)), wg.ArgumentError, "Target 5 is out of bounds"],
    [
      () => F.nllLoss(scores, ints(0, 1, 2)),
      wg.ShapeError,
      "Expected input batch_size (2) to match target batch_size (3)",
    ],
    [
      () => F.nllLoss(scores, ints(0, 1), { weight: ones([3]) }),
      wg.ShapeError,
      "weight tensor should be defined either for all 4 classes",
    ],
    [() => F.crossEntropy(scores, tensor([0, 1])), wg.DTypeError, "expected class indices of dtype int32"],
    [
      () => F.crossEntropy(scores, ints(0, 1), { reduction: "foo" as never }),
      wg.ArgumentError,
      "is not a valid value for reduction",
    ],
    [
      () => F.crossEntropy(scores, ints(0, 1), { labelSmoothing: 2 }),
      wg.ArgumentError,
      "label_smoothing must be between 0.0 and 1.0",
    ],
    [() => F.oneHot(ints(-1)), wg.ArgumentError, "Class values must be non-negative"],
    [() => F.oneHot(ints(5), 3), wg.ArgumentError, "Class values must be smaller than num_classes"],
    [() => F.mseLoss(ints(1), ints(1)), wg.DTypeError, "floating-point"],
    [() => F.linear(zeros([2, 3]), zeros([4, 2])), wg.ShapeError, "inner sizes differ"],
    [() => F.conv2d(zeros([1, 3, 4, 4]), zeros([2, 4, 3, 3])), wg.ShapeError, "to have 4 channels, but got 3 channels"],
    [
      () => F.conv2d(zeros([1, 1, 2, 2]), zeros([1, 1, 3, 3])),
      wg.ShapeError,
      "Kernel size can't be greater than actual input size",
    ],
    [() => F.batchNorm(zeros([1, 3]), { training: true }), wg.ShapeError, "Expected more than 1 value per channel"],
    [() => F.layerNorm(zeros([2, 3]), [4]), wg.ShapeError, "Given normalized_shape=[4]"],
    [() => F.embedding(ints(7), zeros([3, 2])), wg.ArgumentError, "index 7 is out of bounds"],
    [() => F.elu(zeros([2]), { beta: 1 } as never), wg.ArgumentError, 'unknown option "beta"'],
    [
      () => F.pad(zeros([1, 3]), [3, 0], { mode: "reflect" }),
      wg.ShapeError,
      "Padding size should be less than the corresponding input dimension",
    ],
  ] as const)("mistake %#", (f, kind, text) => {
    expect(f).toThrow(kind);
    expect(f).toThrow(text);
  });
});

test("batch norm updates its running statistics, the variance unbiased", () => {
  const x = tensor([1, 2, 3, 6]).reshape([4, 1]);
  const [average, variance] = [zeros([1]), ones([1])];
  F.batchNorm(x, average, variance, { training: true, momentum: 0.5 });
  expect(average.item()).toBeCloseTo(1.5, 6);
  expect(variance.item()).toBeCloseTo(0.5 + 0.5 * (14 / 3), 5);
});

test("attention weighs values, hides the future, and shares heads", () => {
  const q = randn([2, 4, 3, 5]);
  const [k, v] = [randn([2, 2, 3, 5]), randn([2, 2, 3, 5])];
  const out = F.scaledDotProductAttention(q, k, v, { isCausal: true, enableGqa: true });
  const wide = (x: wg.Tensor) => x.unsqueeze(2).expand([2, 2, 2, 3, 5]).reshape([2, 4, 3, 5]);
  const plain = F.scaledDotProductAttention(q, wide(k), wide(v), { attnMask: ones([3, 3], { dtype: "bool" }).tril() });
  expect(wg.allclose(out, plain, { atol: 1e-6 })).toBe(true);
  expect(wg.allclose(out.select(2, 0), wide(v).select(2, 0), { atol: 1e-6 })).toBe(true);
  const hidden = F.scaledDotProductAttention(q, wide(k), wide(v), { attnMask: zeros([3, 3], { dtype: "bool" }) });
  expect(hidden.abs().sum().item()).toBe(0);
  expect(() => F.scaledDotProductAttention(q, q, q, { isCausal: true, attnMask: ones([3, 3]) })).toThrow(
    "should not be set when is_causal",
  );
});

describe("second derivatives by differences", () => {
  const f64 = { dtype: "float64", requiresGrad: true } as const;
  const checks: Record<string, readonly [(...args: wg.Tensor[]) => wg.Tensor, readonly wg.Tensor[]]> = {
    layerNorm: [(x, w, b) => F.layerNorm(x, [3], w, b), [randn([2, 3], f64), randn([3], f64), randn([3], f64)]],
    groupNorm: [(x, w, b) => F.groupNorm(x, 2, w, b), [randn([2, 4, 2], f64), randn([4], f64), randn([4], f64)]],
    batchNorm: [
      (x, w, b) => F.batchNorm(x, { weight: w, bias: b, training: true }),
      [randn([3, 2, 2], f64), randn([2], f64), randn([2], f64)],
    ],
    conv2d: [
      (x, w, b) => F.conv2d(x, w, b, { stride: 2, padding: 1 }),
      [randn([1, 2, 3, 4], f64), randn([2, 2, 2, 2], f64), randn([2], f64)],
    ],
    convTranspose1d: [(x, w) => F.convTranspose1d(x, w, { stride: 2 }), [randn([1, 2, 3], f64), randn([2, 1, 2], f64)]],
    crossEntropy: [(x) => F.crossEntropy(x, ints(0, 2), { labelSmoothing: 0.1 }), [randn([2, 3], f64)]],
    binaryCrossEntropyWithLogits: [
      (x, t) => F.binaryCrossEntropyWithLogits(x, t),
      [randn([3], f64), wg.rand([3], f64)],
    ],
    attention: [
      (q, k, v) => F.scaledDotProductAttention(q, k, v),
      [randn([2, 2], f64), randn([3, 2], f64), randn([3, 2], f64)],
    ],
    mish: [(x) => F.mish(x), [randn([4], f64)]],
    solve: [(a, b) => wg.linalg.solve(a, b), [randn([3, 3], f64), randn([3, 2], f64)]],
    slogdet: [(a) => wg.linalg.slogdet(a).logabsdet, [randn([3, 3], f64)]],
  };
  test.each(Object.keys(checks))("%s", (name) => {
    const [f, inputs] = checks[name] as (typeof checks)[string];
    expect(wg.autograd.gradcheck(f as never, inputs as never)).toBe(true);
    expect(wg.autograd.gradgradcheck(f as never, inputs as never)).toBe(true);
  });
});

test("the determinant of a singular matrix has its cofactors as gradient", () => {
  const x = tensor([1, 2, 3, 2, 4, 6, 1, 0, 1], { dtype: "float64" }).reshape([3, 3]).requiresGrad_(true);
  const out = wg.linalg.det(x);
  expect(Math.abs(out.item() as number)).toBeLessThan(1e-12);
  const [g] = wg.autograd.grad(out, x);
  const want = [4, 4, -4, -2, -2, 2, 0, 0, 0];
  const got = (g as wg.Tensor).reshape([9]).tolist() as number[];
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(want[i] as number, 9);
});
