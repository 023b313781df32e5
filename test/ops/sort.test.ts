// Sorting and what is picked from the order: values, indices and gradients as in PyTorch; long rows; refusals.

import { describe, expect, test } from "vitest";
import {
  argsort,
  autograd,
  bucketize,
  float32,
  float64,
  GraphError,
  int32,
  kthvalue,
  median,
  memory,
  mode,
  nanmedian,
  quantile,
  randn,
  randperm,
  scope,
  searchsorted,
  sort,
  type Tensor,
  tensor,
  topk,
  unique,
  uniqueConsecutive,
} from "../../src/entries/node.js";
import { checkRecorded } from "../helpers/called.js";

checkRecorded(
  "sort argsort msort topk kthvalue median nanmedian mode quantile nanquantile unique uniqueConsecutive searchsorted bucketize",
);

describe("sort", () => {
  test("takes dim and direction by position or by name, and is stable", () => {
    const x = tensor([
      [2, 1, 2],
      [0, 3, 0],
    ]);
    expect(sort(x, -1, true).indices.tolist()).toEqual([
      [0, 2, 1],
      [1, 0, 2],
    ]);
    expect(x.sort(0).values.tolist()).toEqual([
      [0, 1, 0],
      [2, 3, 2],
    ]);
    expect(argsort(x, { descending: true, stable: true, dim: 1 }).dtype).toBe(int32);
    expect(() => sort(x, 2)).toThrow(/Dimension out of range/);
    expect(() => sort(x, 0, 1 as never)).toThrow(/descending must be true or false/);
  });

  test("sorts rows that do not fit the scratch memory", () => {
    scope(() => {
      for (const dtype of [float32, float64, int32] as const) {
        const x = randperm(70_001).to(dtype);
        const { values, indices } = sort(x);
        expect(values.diff().eq(1).all().item()).toBe(true);
        expect(x.gather(0, indices).eq(values).all().item()).toBe(true);
        expect(topk(x, 3).values.tolist()).toEqual([70_000, 69_999, 69_998]);
      }
    });
  });

  test("NaN is greatest", () => {
    const x = tensor([NaN, 1, -Infinity, NaN, 0]);
    expect(sort(x).values.tolist()).toEqual([-Infinity, 0, 1, NaN, NaN]);
    expect(topk(x, 2).indices.tolist()).toEqual([0, 3]);
    expect(median(x, 0).indices.item()).toBe(0);
    expect(nanmedian(x).item()).toBe(0);
  });

  test("k must be one of the elements", () => {
    const x = tensor([3, 1, 2]);
    expect(() => topk(x, 4)).toThrow(/selected index k out of range/);
    expect(() => kthvalue(x, 0)).toThrow(/selected number k out of range for dimension 0/);
    expect(kthvalue(x, 2).values.item()).toBe(2);
    expect(topk(x, 0).values.shape).toEqual([0]);
  });
});

describe("derivatives", () => {
  test("go back to where the elements were, in both modes and to second order", () => {
    const x = randn([4, 5], { dtype: float64, requiresGrad: true });
    scope(() => {
      for (const f of [
        (y: Tensor) => y.sort(0, true).values,
        (y: Tensor) => y.topk(2, 1).values,
        (y: Tensor) => y.kthvalue(2, 0, true).values,
        (y: Tensor) => y.median(1).values,
        (y: Tensor) => y.nanmedian(),
        (y: Tensor) => y.mode(0).values,
        (y: Tensor) => y.quantile(0.3, 1),
        (y: Tensor) => y.nanquantile(tensor([0.1, 0.9], { dtype: float64 }), 0, true),
      ]) {
        expect(autograd.gradcheck(f, [x], { checkForwardAd: true })).toBe(true);
        expect(autograd.gradgradcheck((y) => f(y).mul(f(y)), [x])).toBe(true);
      }
    });
  });

  test("there are none of unique elements", () => {
    const x = tensor([1, 2, 1], { requiresGrad: true });
    const y = unique(x);
    expect(y.gradFn?.name()).toMatch(/Unique2Backward0$/);
    expect(() => y.sum().backward()).toThrow(GraphError);
  });
});

describe("order", () => {
  test("the most frequent element, the smallest of several", () => {
    expect(mode(tensor([3, 1, 3, 1, 2])).values.item()).toBe(1);
    expect(mode(tensor([[true, false, false]]), 1, true).values.tolist()).toEqual([[false]]);
  });

  test("unique rows in lexicographic order, with where they were and how many", () => {
    const x = tensor([
      [2, 1],
      [1, 9],
      [2, 1],
    ]);
    const [values, inverse, counts] = unique(x, { dim: 0, returnInverse: true, returnCounts: true }) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    expect([values.tolist(), inverse.tolist(), counts.tolist()]).toEqual([
      [
        [1, 9],
        [2, 1],
      ],
      [1, 0, 1],
      [1, 2],
    ]);
    expect(uniqueConsecutive(tensor([1, 1, 2, 1])).tolist()).toEqual([1, 2, 1]);
    expect(tensor([]).unique().shape).toEqual([0]);
  });

  test("binary search, by one row and by a row for each", () => {
    const row = tensor([1, 3, 5, 7]);
    expect(searchsorted(row, tensor([0, 3, 8])).tolist()).toEqual([0, 1, 4]);
    expect(searchsorted(row, tensor([3]), { side: "right" }).tolist()).toEqual([2]);
    expect(bucketize(4, row).item()).toBe(2);
    expect(() => bucketize(row, tensor([[1]]))).toThrow(/boundaries tensor must be 1 dimension/);
    expect(() => searchsorted(row, tensor([3]), { right: true, side: "left" })).toThrow(/opposites/);
    const shuffled = tensor([5, 1, 7, 3]);
    expect(searchsorted(shuffled, tensor([4]), { sorter: shuffled.argsort() }).tolist()).toEqual([2]);
    expect(() => searchsorted(row, row, { sorter: tensor([0, 1, 2, 9], { dtype: int32 }) })).toThrow(/out of range/);
  });

  test("quantiles want q in [0, 1], of the same dtype", () => {
    const x = tensor([1, 2, 3, 4]);
    expect(quantile(x, 0.5).item()).toBe(2.5);
    expect(quantile(x, tensor([0, 1])).tolist()).toEqual([1, 4]);
    expect(() => quantile(x, 1.5)).toThrow(/range \[0, 1\]/);
    expect(() => quantile(x, tensor([0.5], { dtype: float64 }))).toThrow(/same dtype/);
  });
});

test("intermediate memory is freed at once", () => {
  const x = randn([50, 7]);
  const run = (): void => {
    for (const y of [median(x), quantile(x, 0.2), unique(x, { dim: 0 }), kthvalue(x, 3).values.sum()]) y.dispose();
  };
  scope(run);
  const { live } = memory();
  scope(run);
  expect(memory().live).toBe(live);
});
