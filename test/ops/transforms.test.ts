// Windows, transforms of real tensors, the CTC loss and LDL factors against what PyTorch gives.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
  DTypeError,
  F,
  fft,
  linalg,
  memory,
  NumericalError,
  ones,
  scope,
  signal,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";
import { made, type Recorded } from "../helpers/recorded.js";

type Call = (...args: unknown[]) => Tensor;
type Options = Readonly<Record<string, unknown>>;

interface Differentiated {
  readonly options: Options;
  readonly out: Recorded;
  readonly cotangent: Recorded;
  readonly grad: Recorded;
}

const recorded: {
  readonly windows: readonly { name: string; M: number; options: Options; values: readonly number[] }[];
  readonly transforms: readonly (Differentiated & { name: string; x: Recorded })[];
  readonly frequencies: readonly { name: string; n: number; d: number; values: readonly number[] }[];
  readonly losses: readonly (Differentiated & { args: readonly unknown[] })[];
  readonly factors: readonly Readonly<Record<"A" | "LD" | "pivots" | "B" | "X", Recorded>>[];
} = JSON.parse(readFileSync(new URL("../fixtures/transforms/values.json", import.meta.url), "utf8"));

const isRecorded = (value: unknown): value is Recorded =>
  value !== null && typeof value === "object" && !Array.isArray(value) && "values" in value;

function near(got: Tensor, wanted: Recorded, tolerance = 1e-10): void {
  expect(got.shape).toEqual(wanted.shape);
  const found = Array.from(got.detach().contiguous().toTypedArray(), Number);
  wanted.values.forEach((value, i) => {
    const want = Number(value);
    const mine = found[i] as number;
    if (mine !== want && !(Math.abs(mine - want) <= tolerance * (1 + Math.abs(want))))
      expect.fail(`element ${i}: ${mine}, recorded ${want}`);
  });
}

function flat(values: readonly number[]): Recorded {
  return { dtype: "float64", shape: [values.length], values };
}

/** Checks a result and the gradient of its first argument, and that nothing is left behind. */
function holds(call: Call, args: readonly unknown[], { options, out, cotangent, grad }: Differentiated): void {
  const run = (): void =>
    scope(() => {
      const given = args.map((arg) => (isRecorded(arg) ? made(arg) : arg));
      const x = (given[0] as Tensor).requiresGrad_();
      const result = call(...given, ...(Object.keys(options).length > 0 ? [options] : []));
      near(result, out);
      near(autograd.grad([result], [x], { gradOutputs: [made(cotangent)] })[0] as Tensor, grad);
    });
  run();
  const { live } = memory();
  run();
  expect(memory().live).toBe(live);
}

const windows = signal.windows as unknown as Record<string, Call>;
const transforms = fft as unknown as Record<string, Call>;

describe("signal.windows", () => {
  it.each(recorded.windows)("$name of $M with $options", ({ name, M, options, values }) => {
    near((windows[name] as Call)(M, { ...options, dtype: "float64" }), flat(values));
    near((windows[name] as Call)(M, { ...options, dtype: "float32" }), flat(values), 1e-7);
  });

  it("take a dtype and whether gradients are collected", () => {
    const window = signal.windows.hann(4, { requiresGrad: true });
    expect([window.dtype, window.requiresGrad, window.isLeaf]).toEqual(["float32", true, true]);
    expect(signal.windows.nuttall(1, { dtype: "float64" }).tolist()).toEqual([1]);
  });

  it.each(Object.keys(windows).filter((name) => name !== "default"))("%s refuses what it cannot make", (name) => {
    const call = windows[name] as Call;
    const more = name === "generalCosine" ? { a: [0.5, 0.5] } : {};
    expect(() => call(-1, more)).toThrow(/windows\.\w+: requires non-negative window length, got M=-1/);
    expect(() => call(2.5, more)).toThrow(ArgumentError);
    expect(() => call(3, { ...more, dtype: "int32" })).toThrow(DTypeError);
    expect(() => call(3, { ...more, dtype: "int32" })).toThrow("expects float32 or float64 dtypes, got: int32");
    expect(() => call(3, { ...more, layout: "sparseCoo" })).toThrow("is implemented for strided tensors only");
    expect(() => call(3, { ...more, periodic: true })).toThrow('unknown option "periodic"');
  });

  it("refuse their own arguments out of range", () => {
    expect(() => signal.windows.exponential(3, { tau: -1 })).toThrow("Tau must be positive, got: -1");
    expect(() => signal.windows.exponential(3, { center: 1 })).toThrow("Center must be None for symmetric windows");
    expect(() => signal.windows.gaussian(3, { std: 0 })).toThrow("Standard deviation must be positive, got: 0");
    expect(() => signal.windows.kaiser(3, { beta: -1 })).toThrow("beta must be non-negative, got: -1");
    expect(() => signal.windows.generalCosine(3, { a: [] })).toThrow("Coefficients cannot be empty");
    expect(() => windows.generalCosine?.(3)).toThrow("Coefficients must be a list/tuple");
  });
});

describe("fft", () => {
  it.each(recorded.transforms)("$name with $options", (each) => holds(transforms[each.name] as Call, [each.x], each));

  it.each(recorded.frequencies)("$name of $n, $d", ({ name, n, d, values }) => {
    near((transforms[name] as Call)(n, { d, dtype: "float64" }), flat(values), 0);
    near((transforms[name] as Call)(n, d), flat(values), 1e-7);
  });

  it("takes integers as floats", () => {
    const x = tensor([1, 2, 3], { dtype: "int32" });
    expect(fft.irfft(x).dtype).toBe("float32");
    expect(fft.fftshift(x).tolist()).toEqual([3, 1, 2]);
  });

  it("refuses what has no dims, no length or no such norm", () => {
    expect(() => fft.hfft(tensor(1))).toThrow("fft.hfft: Dimension specified as -1 but tensor has no dimensions");
    expect(() => fft.irfft(ones([1]))).toThrow("fft.irfft: Invalid number of data points (0) specified");
    expect(() => fft.irfft(ones([3]), { norm: "some" as "ortho" })).toThrow('Invalid normalization mode: "some"');
    expect(() => fft.irfft2(ones([3, 3]), { dim: [0, 0] })).toThrow(ArgumentError);
    expect(() => fft.irfftn(ones([3, 3]), { s: [2], dim: [0, 1] })).toThrow("must have the same length");
    expect(() => fft.fftfreq(3, { dtype: "int32" })).toThrow(DTypeError);
    expect(() => fft.fftshift(ones([3]), 1)).toThrow("Dimension out of range");
  });
});

describe("ctcLoss", () => {
  const call = F.ctcLoss as unknown as Call;

  it.each(recorded.losses.map((each, i) => [i, each] as const))("case %i", (_, each) => holds(call, each.args, each));

  it("differentiates twice", () => {
    scope(() => {
      const x = tensor(
        [
          [0.3, 0.2, -0.4],
          [0.1, 0.7, 0.2],
          [-0.3, 0.5, 0.1],
        ],
        { dtype: "float64", requiresGrad: true },
      );
      const f = (z: Tensor): Tensor =>
        F.ctcLoss(z.logSoftmax(1), tensor([1, 2], { dtype: "int32" }), [3], [2], { reduction: "sum" });
      expect(autograd.gradcheck(f, [x])).toBe(true);
      expect(autograd.gradgradcheck(f, [x])).toBe(true);
    });
  });

  it("refuses lengths and blanks out of range", () => {
    const targets = tensor([[1]], { dtype: "int32" });
    const x = zeros([2, 1, 3]);
    expect(() => F.ctcLoss(x, targets, [3], [1])).toThrow("ctcLoss: expected input lengths to be integers from 0 to 2");
    expect(() => F.ctcLoss(x, targets, [2], [2])).toThrow(ArgumentError);
    expect(() => F.ctcLoss(x, targets, [2, 2], [1])).toThrow("input lengths of 1 sequences");
    expect(() => F.ctcLoss(x, targets, [2], [1], { blank: 3 })).toThrow("blank must be in label range");
    expect(() => F.ctcLoss(x.int(), targets, [2], [1])).toThrow(DTypeError);
    expect(() => F.ctcLoss(x, ones([1, 1]), [2], [1])).toThrow(DTypeError);
  });
});

describe("LDL", () => {
  it.each(recorded.factors.map((each, i) => [i, each] as const))("case %i", (_, { A, LD, pivots, B, X }) => {
    const factors = linalg.ldlFactor(made(A));
    near(factors.LD, LD);
    near(factors.pivots, pivots, 0);
    near(linalg.ldlSolve(factors.LD, factors.pivots, made(B)), X, 1e-8);
    expect(linalg.ldlFactorEx(made(A)).info.sum().item()).toBe(0);
  });

  it("broadcasts batches in solving", () => {
    const { LD, pivots } = linalg.ldlFactor(
      tensor(
        [
          [0, 2],
          [2, 0],
        ],
        { dtype: "float64" },
      ),
    );
    expect(
      linalg
        .ldlSolve(LD, pivots, ones([3, 2, 1], { dtype: "float64" }))
        .flatten()
        .tolist(),
    ).toEqual(Array(6).fill(0.5));
  });

  it("tells which block of D is zero", () => {
    const A = tensor([
      [1, 0],
      [0, 0],
    ]);
    expect(linalg.ldlFactorEx(A).info.item()).toBe(2);
    expect(() => linalg.ldlFactor(A)).toThrow(NumericalError);
    expect(() => linalg.ldlFactorEx(A, { checkErrors: true })).toThrow(NumericalError);
    expect(() => linalg.ldlFactor(ones([2, 3]))).toThrow("must be batches of square matrices");
    expect(() => linalg.ldlSolve(A, tensor([1], { dtype: "int32" }), A)).toThrow("Incompatible shapes");
  });
});
