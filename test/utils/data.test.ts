// Datasets, samplers and the loader: orders against PyTorch's, batches, both ways to iterate, refusals, memory.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { Generator, manualSeed, randint, tensor, arange, scope, memory, ArgumentError, ShapeError } = wg;
const { data } = wg.utils;
const { DataLoader, TensorDataset, Subset } = data;

const recorded = JSON.parse(readFileSync(new URL("../fixtures/data/orders.json", import.meta.url), "utf8"));
const nextOf = (generator: wg.Generator | null = null) => randint(2 ** 31 - 1, [2], { generator }).tolist();
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

interface LoaderCase {
  n: number;
  batchSize: number;
  dropLast: boolean;
  seed: number;
  own: boolean;
  shuffle: boolean;
  epochs: number[][][];
  length: number;
  next: number[];
  nextOwn: number[] | null;
}

describe("orders are PyTorch's", () => {
  test.each(recorded.loaders as LoaderCase[])(
    "loader %#: $n by $batchSize, shuffled: $shuffle, own generator: $own",
    async (c) => {
      for (const later of [false, true]) {
        const generator = c.own ? new Generator().manualSeed(c.seed) : null;
        manualSeed(c.seed + 100);
        const { batchSize, shuffle, dropLast } = c;
        const loader = new DataLoader(range(c.n), { batchSize, shuffle, dropLast, generator });
        expect(loader.length).toBe(c.length);
        for (const epoch of c.epochs) {
          const batches: unknown[] = [];
          if (later) for await (const batch of loader) batches.push(batch.tolist());
          else for (const batch of loader) batches.push(batch.tolist());
          expect(batches).toEqual(epoch);
        }
        expect(nextOf()).toEqual(c.next);
        if (generator !== null) expect(nextOf(generator)).toEqual(c.nextOwn);
      }
    },
  );

  const samplers: Record<string, (generator: wg.Generator | null) => Iterable<number> & { length: number }> = {
    random: (generator) => new data.RandomSampler(range(9), { generator }),
    more: (generator) => new data.RandomSampler(range(9), { numSamples: 21, generator }),
    fewer: (generator) => new data.RandomSampler(range(9), { numSamples: 4, generator }),
    replacement: (generator) => new data.RandomSampler(range(9), { replacement: true, numSamples: 70, generator }),
    subset: (generator) => new data.SubsetRandomSampler([5, 1, 8, 2, 0], { generator }),
    weighted: (generator) => new data.WeightedRandomSampler([0.1, 3, 1, 0.5], 12, { generator }),
    weightedOnce: (generator) =>
      new data.WeightedRandomSampler(tensor([0.1, 3, 1, 0.5], { dtype: "float64" }), 3, false, { generator }),
  };
  test.each(
    recorded.samplers as {
      name: string;
      own: boolean;
      orders: number[][];
      length: number;
      next: number[];
      nextOwn: number[];
    }[],
  )("sampler $name, own generator: $own", ({ name, own, orders, length, next, nextOwn }) => {
    manualSeed(17);
    const generator = own ? new Generator().manualSeed(5) : null;
    const sampler = samplers[name](generator);
    expect(orders.map(() => [...sampler])).toEqual(orders);
    expect(sampler.length).toBe(length);
    expect(nextOf()).toEqual(next);
    if (own) expect(nextOf(generator)).toEqual(nextOwn);
  });

  test.each(recorded.splits as { n: number; lengths: number[]; indices: number[][] }[])(
    "randomSplit of $n by $lengths",
    ({ n, lengths, indices }) => {
      const parts = data.randomSplit(range(n), lengths, { generator: new Generator().manualSeed(42) });
      expect(parts.map((part) => part.indices)).toEqual(indices);
    },
  );
});

describe("datasets", () => {
  const x = arange(12).reshape([6, 2]);
  const y = tensor([0, 1, 2, 3, 4, 5], { dtype: "int32" });

  test("rows of tensors, by themselves and in batches", () => {
    const dataset = new TensorDataset(x, y);
    expect(dataset.length).toBe(6);
    expect(dataset.get(-1).map((each) => each.tolist())).toEqual([[10, 11], 5]);
    const batches = [...new DataLoader(dataset, { batchSize: 4 })].map((batch) => batch.map((each) => each.tolist()));
    expect(batches[1]).toEqual([
      [
        [8, 9],
        [10, 11],
      ],
      [4, 5],
    ]);
    // One by one and then stacked they are the same.
    const slow = new DataLoader(dataset, { batchSize: 4, collateFn: data.defaultCollate });
    expect([...slow].map((batch) => (batch as wg.Tensor[]).map((each) => each.tolist()))).toEqual(batches);
    expect(() => dataset.get(6)).toThrow(/index 6 is out of range for 6 samples/);
    expect(() => new TensorDataset(x, y.narrow(0, 0, 2))).toThrow(ShapeError);
  });

  test("rows of one tensor", () => {
    const batches = [...new DataLoader<wg.Tensor>(x, { batchSize: 4 })].map((batch) => batch.tolist());
    expect(batches[1]).toEqual([
      [8, 9],
      [10, 11],
    ]);
    expect(data.randomSplit(x, [4, 2]).map((part) => part.length)).toEqual([4, 2]);
  });

  test("subsets, concatenation, stacking", () => {
    const dataset = new TensorDataset(x, y);
    const subset = new Subset(dataset, [5, 0, 2]);
    const [[, labels]] = new DataLoader(subset, { batchSize: 3 });
    expect(labels.tolist()).toEqual([5, 0, 2]);
    const both = new data.ConcatDataset<number>([[1, 2], [3], [], [4, 5]]);
    expect([...both]).toEqual([1, 2, 3, 4, 5]);
    expect([both.get(-1), both.cumulativeSizes]).toEqual([5, [2, 3, 3, 5]]);
    expect(new Subset([1, 2], [1]).concat([7]).length).toBe(2);
    const named = new data.StackDataset<{ a: number; b: string }>({ a: [1, 2], b: ["x", "y"] });
    expect(named.get(1)).toEqual({ a: 2, b: "y" });
    expect(new data.StackDataset([1, 2], ["x", "y"]).get(0)).toEqual([1, "x"]);
    expect(() => new data.StackDataset([1, 2], ["x"])).toThrow(/Size mismatch/);
    expect(() => data.randomSplit([1, 2, 3], [1, 1])).toThrow(/Sum of input lengths does not equal/);
  });

  test("one's own, at once or with promises", async () => {
    class Squares extends data.Dataset<[number, string]> {
      readonly length = 5;
      get(i: number): [number, string] {
        return [i * i, `n${i}`];
      }
    }
    const loader = new DataLoader(new Squares(), 2);
    expect([...loader].map(([n, s]) => [n.tolist(), s])).toEqual([
      [
        [0, 1],
        ["n0", "n1"],
      ],
      [
        [4, 9],
        ["n2", "n3"],
      ],
      [[16], ["n4"]],
    ]);
    const later = { length: 3, get: async (i: number) => i + 0.5 };
    const seen: unknown[] = [];
    for await (const batch of new DataLoader<number>(later, { batchSize: 2 })) seen.push(batch.tolist());
    expect(seen).toEqual([[0.5, 1.5], [2.5]]);
    expect(() => [...new DataLoader(later)]).toThrow(/use for await/);
    const many = { length: 3, get: (i: number) => i, getItems: (all: readonly number[]) => all.map((i) => -i) };
    expect([...new DataLoader<number>(many, 3)][0].tolist()).toEqual([0, -1, -2]);
  });

  test("iterables, at once or asynchronous, with and without batches", async () => {
    function* count() {
      for (let i = 0; i < 5; i++) yield i;
    }
    class Counter extends data.IterableDataset<number> {
      [Symbol.iterator] = count;
    }
    const loader = new DataLoader<number>(new Counter(), { batchSize: 2, dropLast: true });
    expect([...loader].map((batch) => batch.tolist())).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect([...loader].length).toBe(2);
    expect([...new DataLoader(new Counter(), { batchSize: null })]).toEqual([0, 1, 2, 3, 4]);
    async function* later() {
      yield* count();
    }
    const seen: unknown[] = [];
    for await (const batch of new DataLoader<number>(later(), { batchSize: 3, prefetchFactor: 2 }))
      seen.push(batch.tolist());
    expect(seen).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
    expect([...new Counter().concat([9])]).toEqual([0, 1, 2, 3, 4, 9]);
    expect(() => new DataLoader(new Counter(), { shuffle: true })).toThrow(/expected unspecified shuffle option/);
    expect(() => [...new DataLoader(later())]).toThrow(/use for await/);
    expect(() => loader.length).toThrow(ArgumentError);
  });

  test("prefetching has several batches under way, and lets go when the loop ends early", async () => {
    let open = 0;
    let most = 0;
    const dataset = {
      length: 100,
      async get(i: number) {
        most = Math.max(most, ++open);
        await new Promise((done) => setTimeout(done, 1));
        open--;
        return i;
      },
    };
    let batches = 0;
    for await (const batch of new DataLoader<number>(dataset, { batchSize: 4, prefetchFactor: 3 })) {
      expect(batch.numel()).toBe(4);
      if (++batches === 3) break;
    }
    expect(most).toBe(4);
    const failing = {
      length: 3,
      get: (i: number) => (i === 2 ? Promise.reject(new Error("no sample 2")) : Promise.resolve(i)),
    };
    const seen: unknown[] = [];
    await expect(async () => {
      for await (const batch of new DataLoader<number>(failing, { prefetchFactor: 3 })) seen.push(batch.tolist());
    }).rejects.toThrow("no sample 2");
    expect(seen).toEqual([[0], [1]]);
  });
});

describe("collating", () => {
  const { defaultCollate } = data;
  test("by PyTorch's rules", () => {
    expect(String(defaultCollate([1, 2]))).toBe("tensor([1, 2], dtype=torch.int32)");
    expect(String(defaultCollate([1, 2.5]))).toBe("tensor([1.0000, 2.5000], dtype=torch.float64)");
    expect(String(defaultCollate([true, false]))).toBe("tensor([ True, False])");
    expect(defaultCollate(["a", "b"])).toEqual(["a", "b"]);
    expect(defaultCollate([new Float32Array([1, 2]), new Float32Array([3, 4])]).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const nested = defaultCollate([
      { x: tensor([1, 2]), meta: [1, "a"] as [number, string] },
      { x: tensor([3, 4]), meta: [2, "b"] as [number, string] },
    ]);
    expect(nested.x.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([nested.meta[0].tolist(), nested.meta[1]]).toEqual([
      [1, 2],
      ["a", "b"],
    ]);
    expect(
      defaultCollate([new Map([["k", 1]]), new Map([["k", 2]])])
        .get("k")
        ?.tolist(),
    ).toEqual([1, 2]);
  });

  test("refusals", () => {
    expect(() => defaultCollate([[1, 2], [1]])).toThrow(/each element in list of batch should be of equal size/);
    expect(() => defaultCollate([null])).toThrow(/batch must contain tensors, numpy arrays, numbers, dicts or lists/);
    expect(() => defaultCollate([1, "a"] as never)).toThrow(ArgumentError);
    expect(() => defaultCollate([tensor([1]), tensor([1, 2])])).toThrow(ShapeError);
  });
});

test("options that exclude each other", () => {
  const { DataLoader: Loader, SequentialSampler, BatchSampler } = data;
  const sampler = new SequentialSampler([1, 2]);
  expect(() => new Loader([1], { sampler, shuffle: true })).toThrow(/mutually exclusive with shuffle/);
  const batchSampler = new BatchSampler(sampler, 2, false);
  expect(() => new Loader([1], { batchSampler, batchSize: 2 })).toThrow(/batch_sampler option is mutually exclusive/);
  expect(() => new Loader([1], { batchSize: null, dropLast: true })).toThrow(/batch_size=None option disables/);
  expect(() => new Loader([1], { batchSize: 0 })).toThrow(/batch_size should be a positive integer value/);
  expect(() => new Loader([], { shuffle: true })).toThrow(/num_samples should be a positive integer value/);
  expect(() => new Loader([1], { bachSize: 1 } as never)).toThrow(/unknown option "bachSize"/);
  expect([...new Loader([4, 5], { batchSampler })].map((b) => b.tolist())).toEqual([[4, 5]]);
  expect([...new Loader([4, 5], { batchSize: null, sampler: [1, 0] })]).toEqual([5, 4]);
});

test("an epoch in a scope, or with dispose, leaves nothing behind", () => {
  const dataset = new TensorDataset(arange(40).reshape([20, 2]), arange(20));
  const options = { batchSize: 3, shuffle: true };
  const loaders = [new DataLoader(dataset, { ...options, dispose: true }), new DataLoader(dataset, options)];
  const epoch = (loader: (typeof loaders)[0]) => {
    for (const [x, y] of loader) scope(() => void x.sum().add(y.sum()));
  };
  for (const loader of loaders) scope(() => epoch(loader));
  const before = memory().live;
  epoch(loaders[0]);
  expect(memory().live).toBe(before);
  scope(() => epoch(loaders[1]));
  expect(memory().live).toBe(before);
});
