// Convolutions read where windows lie give what convolution by columns gives, in any pieces, to the last bit of themselves.

import { beforeAll, describe, expect, it } from "vitest";
import { F, manualSeed, randn, scope, type Tensor, zeros } from "../../src/entries/node.js";
import * as columns from "../../src/nn/functional/columns.js";
import * as correlation from "../../src/nn/functional/correlation.js";
import type { Triple, Windows } from "../../src/op/window.js";
import type { Kernel } from "../../src/wasm/kernels.js";
import { runs } from "../../src/wasm/run.js";

beforeAll(() => {
  manualSeed(1);
});

interface Case {
  readonly n: number;
  readonly c: number;
  readonly o: number;
  readonly groups?: number;
  readonly image: Triple;
  readonly kernel: Triple;
  readonly stride?: Triple;
  readonly padding?: Triple;
  readonly dilation?: Triple;
  readonly dtype?: "float32" | "float64";
}

const CASES: Record<string, Case> = {
  "5 × 5 with padding": { n: 3, c: 3, o: 6, image: [1, 14, 14], kernel: [1, 5, 5], padding: [0, 2, 2] },
  "rows that are no multiple of four": { n: 2, c: 2, o: 7, image: [1, 9, 13], kernel: [1, 3, 2], padding: [0, 1, 0] },
  "more taps than one run sums": { n: 2, c: 70, o: 5, image: [1, 6, 7], kernel: [1, 3, 3], padding: [0, 1, 1] },
  "more rows than one block": { n: 2, c: 4, o: 70, image: [1, 5, 6], kernel: [1, 3, 3] },
  "an image in bands": { n: 1, c: 2, o: 4, image: [1, 70, 90], kernel: [1, 3, 3], padding: [0, 1, 1] },
  "one long row": { n: 1, c: 2, o: 3, image: [1, 1, 9000], kernel: [1, 1, 7], padding: [0, 0, 3] },
  "windows narrower than a vector": { n: 9, c: 5, o: 6, image: [1, 4, 3], kernel: [1, 3, 3], padding: [0, 1, 0] },
  depthwise: { n: 2, c: 5, o: 5, groups: 5, image: [1, 18, 17], kernel: [1, 3, 3], padding: [0, 1, 1] },
  "depthwise with two rows each": { n: 2, c: 3, o: 6, groups: 3, image: [1, 18, 20], kernel: [1, 3, 3] },
  "strides and dilations": {
    n: 2,
    c: 4,
    o: 6,
    groups: 2,
    image: [1, 17, 23],
    kernel: [1, 3, 4],
    stride: [1, 2, 3],
    dilation: [1, 2, 2],
    padding: [0, 2, 4],
  },
  "strides that leave elements out": { n: 2, c: 3, o: 4, image: [1, 12, 13], kernel: [1, 1, 2], stride: [1, 2, 4] },
  volumes: { n: 2, c: 3, o: 5, image: [5, 7, 9], kernel: [2, 3, 3], stride: [1, 2, 1], padding: [1, 1, 1] },
  "a volume in bands": { n: 1, c: 1, o: 2, image: [20, 20, 24], kernel: [3, 3, 3], padding: [1, 1, 1] },
  float64: { n: 2, c: 3, o: 7, image: [1, 11, 15], kernel: [1, 3, 3], padding: [0, 1, 1], dtype: "float64" },
};

function prepare({ n, c, o, groups = 1, dtype = "float32", image, kernel, ...rest }: Case) {
  const { stride = [1, 1, 1], padding = [0, 0, 0], dilation = [1, 1, 1] } = rest;
  const places = image.map((size, d) => {
    const reach = (dilation[d] as number) * ((kernel[d] as number) - 1) + 1;
    return Math.floor((size + 2 * (padding[d] as number) - reach) / (stride[d] as number)) + 1;
  }) as unknown as Triple;
  const windows: Windows = { image, kernel, stride, padding, dilation, places };
  return {
    groups,
    windows,
    x: randn([n, c, ...image], { dtype }),
    y: randn([n, o, ...places], { dtype }),
    weight: randn([o, c / groups, ...kernel], { dtype }),
    bias: randn([o], { dtype }),
  };
}

/** The three products by correlations: forward, by the image, by the weight. */
function correlations({ x, y, weight, bias, groups, windows }: ReturnType<typeof prepare>): Tensor[] {
  const out = zeros(y.shape, { dtype: y.dtype });
  const image = zeros(x.shape, { dtype: x.dtype });
  correlation.correlate(out, x, weight, bias, groups, windows);
  correlation.spreadOut(image, y, weight, null, groups, windows);
  return [out, image, correlation.correlateBoth(weight.shape, y, x, groups, windows)];
}

/** The same by columns, in float64. */
function byColumns({ x, y, weight, bias, groups, windows }: ReturnType<typeof prepare>): Tensor[] {
  const [x64, y64, w64] = [x.to("float64"), y.to("float64"), weight.to("float64")];
  const results = [zeros(y.shape, { dtype: "float64" }), zeros(x.shape, { dtype: "float64" })] as const;
  const byWeight = zeros(weight.shape, { dtype: "float64" });
  columns.correlate(results[0], x64, w64, bias.to("float64"), groups, windows);
  columns.spreadOut(results[1], y64, w64, groups, windows);
  columns.correlateBoth(byWeight, y64, x64, groups, windows);
  return [...results, byWeight];
}

/** Runs every kernel in pieces, the last ones first. */
function inPieces<T>(body: () => T): T {
  runs.taken = (kernel: Kernel, block: number, extent: number) => {
    const piece = Math.max(1, Math.ceil(extent / 7));
    for (let begin = Math.floor((extent - 1) / piece) * piece; begin >= 0; begin -= piece)
      kernel(block, begin, Math.min(begin + piece, extent));
  };
  try {
    return body();
  } finally {
    runs.taken = null;
  }
}

describe.each(Object.entries(CASES))("%s", (_name, given) => {
  it("as by columns", () => {
    scope(() => {
      const prepared = prepare(given);
      const expected = byColumns(prepared);
      correlations(prepared).forEach((found, i) => {
        const error = found
          .to("float64")
          .sub(expected[i] as Tensor)
          .abs()
          .max()
          .item() as number;
        const size = (expected[i] as Tensor).abs().max().item() as number;
        expect(error).toBeLessThan(size * (found.dtype === "float64" ? 1e-14 : 3e-6));
      });
    });
  });

  it("the same bits in pieces", () => {
    scope(() => {
      const prepared = prepare(given);
      const whole = correlations(prepared);
      inPieces(() => correlations(prepared)).forEach((found, i) => {
        expect(found.equal(whole[i] as Tensor)).toBe(true);
      });
    });
  });
});

it("elements that are not finite reach only the windows that read them", () => {
  scope(() => {
    const x = zeros([1, 1, 3, 6]);
    x.select(3, 5).fill_(Number.POSITIVE_INFINITY);
    const weight = randn([4, 1, 1, 2]).requiresGrad_();
    // The last window reads element 5 with its second tap alone, in a vector that windows do not fill.
    F.conv2d(x, weight).sum().backward();
    expect(weight.grad?.select(3, 0).abs().sum().item()).toBe(0);
    expect(weight.grad?.select(3, 1).isinf().all().item()).toBe(true);
  });
});

it("the largest of windows of any stride and padding, with NaN, as one by one", () => {
  scope(() => {
    for (const [kernelSize, stride, padding, dilation] of [
      [2, 2, 0, 1],
      [3, 2, 1, 1],
      [3, 1, 1, 1],
      [3, 3, 0, 2],
      [2, 5, 1, 1],
    ] as const) {
      const x = randn([2, 3, 19, 23]).mul(2).round();
      x.select(3, 7).narrow(2, 3, 2).fill_(Number.NaN);
      const all = { kernelSize, stride, padding, dilation, returnIndices: true as const };
      const [fast, at] = F.maxPool2d(x, all) as unknown as [Tensor, Tensor];
      const [slow, there] = F.maxPool2d(x.to("float64"), all) as unknown as [Tensor, Tensor];
      expect(fast.nanToNum(99).equal(slow.to("float32").nanToNum(99))).toBe(true);
      expect(at.equal(there)).toBe(true);
    }
  });
});
