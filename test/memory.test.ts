// What lives how long: training loops keep their bytes, scopes free what they should, and a full memory is survived.

import { beforeAll, describe, expect, it } from "vitest";
import {
  ArgumentError,
  arange,
  cat,
  DisposedError,
  empty,
  F,
  float64,
  full,
  int32,
  keep,
  manualSeed,
  matmul,
  memory,
  noGrad,
  OutOfMemoryError,
  ones,
  randint,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../src/entries/node.js";

const GIB = 2 ** 30;

/** A network of two layers with its data, and one step of training it. */
function network() {
  manualSeed(0);
  const parameters = [[16, 8], [16], [4, 16], [4]].map((shape) => randn(shape).mul(0.3).detach().requiresGrad_());
  const [w1, b1, w2, b2] = parameters as [Tensor, Tensor, Tensor, Tensor];
  const inputs = randn([10, 8]);
  const labels = randint(0, 4, [10]);
  const step = (): number => {
    const hidden = F.relu(F.linear(inputs, w1, b1));
    const loss = F.crossEntropy(F.linear(hidden, w2, b2), labels);
    for (const p of parameters) p.grad = null;
    loss.backward();
    noGrad(() => {
      for (const p of parameters) p.sub_((p.grad as Tensor).mul(0.1));
    });
    return loss.item() as number;
  };
  return { step, parameters };
}

// The call block and the state of the generator are made at their first use and stay.
beforeAll(() => randn([1]).dispose());

describe("training", () => {
  it("in a scope leaves the same bytes after step 10 and after the last, and learns", () => {
    const { step } = network();
    let first = 0;
    let last = 0;
    let after10 = 0;
    for (let i = 1; i <= 3000; i++) {
      last = scope(step);
      if (i === 1) first = last;
      if (i === 10) after10 = memory().live;
    }
    expect(memory().live).toBe(after10);
    expect(last).toBeLessThan(first / 2);
  });

  it("in a scope does not raise the peak after the first steps", () => {
    const { step } = network();
    for (let i = 0; i < 10; i++) scope(step);
    const { peak } = memory();
    for (let i = 0; i < 500; i++) scope(step);
    expect(memory().peak).toBe(peak);
  });

  it("in one scope a step, with gradients kept from step to step", () => {
    const p = ones([100], { requiresGrad: true });
    let after2 = 0;
    for (let i = 1; i <= 50; i++) {
      scope(() => p.mul(p).sum().backward());
      if (i === 2) after2 = memory().live;
    }
    expect(memory().live).toBe(after2);
    expect(p.grad?.select(0, 0).item()).toBe(100);
  });
});

describe("scope", () => {
  it("frees everything but what is returned, in nested structures too", () => {
    const { live } = memory();
    const result = scope(() => {
      const gone = ones([100]);
      const map = new Map([["m", gone.mul(5)]]);
      return {
        list: [gone.mul(2), { deep: gone.mul(3) }],
        map,
        set: new Set([gone.mul(6)]),
        text: "t",
        none: null,
        gone: () => gone,
      };
    });
    const [first, { deep }] = result.list as [Tensor, { deep: Tensor }];
    const [inSet] = [...result.set] as [Tensor];
    const all: [Tensor, number][] = [
      [first, 2],
      [deep, 3],
      [result.map.get("m") as Tensor, 5],
      [inSet, 6],
    ];
    for (const [x, value] of all) expect(scope(() => x.select(0, 99).item())).toBe(value);
    expect(result.gone().isDisposed).toBe(true);
    expect(() => result.gone().add(1)).toThrow(DisposedError);
    for (const [x] of all) x.dispose();
    expect(memory().live).toBe(live);
  });

  it("hands what an inner scope returns to the outer one", () => {
    const { live } = memory();
    scope(() => {
      const inner = scope(() => ones([50]).add(1));
      expect(inner.sum().item()).toBe(100);
    });
    expect(memory().live).toBe(live);
  });

  it("frees all when its body throws, and the error goes on as it is", () => {
    const { live } = memory();
    const boom = new RangeError("boom");
    let x: Tensor | null = null;
    expect(() =>
      scope(() => {
        x = ones([100]).requiresGrad_();
        x.mul(2).sum().backward();
        scope(() => {
          ones([10]);
          throw boom;
        });
      }),
    ).toThrow(boom);
    expect((x as unknown as Tensor).isDisposed).toBe(true);
    expect(memory().live).toBe(live);
    // and scopes go on working
    expect(scope(() => ones([3]).sum().item())).toBe(3);
    expect(memory().live).toBe(live);
  });

  it("refuses an asynchronous function and frees what that had made", () => {
    const { live } = memory();
    expect(() => scope(async () => ones([100]))).toThrow(ArgumentError);
    expect(() => scope(() => Promise.resolve(1))).toThrow(/asynchronous|synchronous/);
    expect(memory().live).toBe(live);
  });

  it("leaves the gradients of leaves outside, and writes into tensors outside", () => {
    const p = ones([4], { requiresGrad: true });
    const sums = zeros([4]);
    scope(() => {
      const y = p.mul(3);
      sums.add_(y.detach());
      y.sum().backward();
    });
    expect(p.grad?.tolist()).toEqual([3, 3, 3, 3]);
    expect(sums.tolist()).toEqual([3, 3, 3, 3]);
  });

  it("frees a view's storage only with the last that holds it", () => {
    const { live } = memory();
    const view = scope(() => ones([1000]).narrow(0, 10, 5));
    expect(view.tolist()).toEqual([1, 1, 1, 1, 1]);
    expect(memory().live).toBeGreaterThanOrEqual(live + 4000);
    view.dispose();
    expect(memory().live).toBe(live);
  });

  it("without a function ends by dispose(), once", () => {
    const { live } = memory();
    const open = scope();
    const x = ones([100]);
    open.dispose();
    open.dispose();
    expect(x.isDisposed).toBe(true);
    expect(memory().live).toBe(live);
  });
});

describe("keep and dispose", () => {
  it("keep lets tensors outlive every scope, alone and in arrays, and gives back what it was given", () => {
    const { live } = memory();
    let kept: Tensor[] = [];
    scope(() =>
      scope(() => {
        const one = ones([10]);
        const list = [one.mul(2), one.mul(3)];
        expect(keep(one)).toBe(one);
        expect(keep(list)).toBe(list);
        kept = [one, ...list];
      }),
    );
    expect(scope(() => kept.map((x) => x.sum().item()))).toEqual([10, 20, 30]);
    for (const x of kept) x.dispose();
    expect(memory().live).toBe(live);
  });

  it("keep refuses what is no tensor, and a disposed one", () => {
    expect(() => keep(3 as unknown as Tensor)).toThrow(ArgumentError);
    const x = ones([1]);
    x.dispose();
    expect(() => keep(x)).toThrow(DisposedError);
  });

  it("dispose twice is one", () => {
    const { live } = memory();
    const x = ones([100]);
    const y = x.reshape([10, 10]);
    x.dispose();
    x.dispose();
    expect(scope(() => y.sum().item())).toBe(100);
    y.dispose();
    expect(memory().live).toBe(live);
  });

  it("a gradient set to null is freed at once unless somebody holds it", () => {
    const p = ones([1000], { requiresGrad: true });
    const { live } = memory();
    scope(() => p.sum().backward());
    expect(memory().live).toBeGreaterThanOrEqual(live + 4000);
    p.grad = null;
    expect(memory().live).toBe(live);
  });
});

describe("a full memory", () => {
  it("refuses more than there can be, names the bytes, and the program goes on", () => {
    const { live } = memory();
    for (const gib of [4, 5, 64]) {
      const ask = () => empty([gib * 2 ** 28]);
      expect(ask).toThrow(OutOfMemoryError);
      expect(ask).toThrow(new RegExp(String(gib * GIB)));
    }
    expect(memory().live).toBe(live);
    expect(scope(() => ones([10]).sum().item())).toBe(10);
  });

  it("refuses more than is left, leaves everything as it was, then works again", () => {
    const { live } = memory();
    scope(() => {
      const blocks = [1, 1, 1].map(() => empty([2 ** 28]));
      const x = tensor([1, 2, 3]);
      const full = memory().live;
      expect(() => empty([2 ** 28])).toThrow(/empty: .*1073741824 bytes asked, \d{10} live/);
      // an operation whose result does not fit: neither bytes nor the version move
      const wide = x.select(0, 0).expand([2 ** 28]);
      expect(() => wide.add(1)).toThrow(OutOfMemoryError);
      expect(x.version).toBe(0);
      expect(memory().live).toBe(full);
      expect(x.mul(2).tolist()).toEqual([2, 4, 6]);
      blocks[0]?.dispose();
      empty([2 ** 28]).dispose();
    });
    expect(memory().live).toBe(live);
  });

  it("computes above 2 and 3 GiB what it computes below", () => {
    const run = (): unknown => {
      manualSeed(3);
      return scope(() => {
        const x = randn([37, 41], { dtype: float64 }).requiresGrad_();
        const y = matmul(x, x.t())
          .softmax(1)
          .add(full([1, 37], 0.5, { dtype: float64 }));
        const z = cat([y, y.t().contiguous()], 1)
          .index(arange(36, -1, -1, { dtype: int32 }))
          .cumsum(0);
        z.mul(z).sum().backward();
        const chosen = z.gt(1).logicalAnd(z.lt(3));
        return [
          x.address,
          (x.grad as Tensor).tolist(),
          z.sort(1).values.tolist(),
          chosen.tolist(),
          F.relu(y.sub(0.6)).sum().item(),
        ];
      });
    };
    const [low, ...wanted] = run() as [number, ...unknown[]];
    expect(low).toBeLessThan(2 * GIB);
    for (const [blocks, least] of [
      [2, 2 * GIB],
      [3, 3 * GIB],
    ] as const) {
      scope(() => {
        for (let i = 0; i < blocks; i++) empty([2 ** 28]);
        // What is free below the blocks would be used first: fill it.
        for (const size of [2 ** 20, 2 ** 16, 2 ** 12, 2 ** 8, 2 ** 4]) while (empty([size]).address < least);
        const [address, ...got] = run() as [number, ...unknown[]];
        expect(address).toBeGreaterThan(least);
        expect(got).toEqual(wanted);
      });
    }
  });
});
