// What all optimisers share: groups, gradients, closures, hooks, state dictionaries, memory, refusals.
import { describe, expect, test, vi } from "vitest";
import * as wg from "../../src/entries/node.js";

const { optim, tensor, zeros, scope, memory, ArgumentError, GraphError, ShapeError, DTypeError } = wg;
const leaf = (values: number[], dtype: wg.DType = "float64") => tensor(values, { dtype, requiresGrad: true });
const pull = (...params: wg.Tensor[]) => {
  for (const p of params) p.grad = wg.noGrad(() => p.mul(2));
};

describe("groups", () => {
  test("parameters by any iterable, by groups, by names", () => {
    const [a, b] = [leaf([1, 2]), leaf([3])];
    expect(new optim.SGD(new Set([a, b])).paramGroups[0].params).toEqual([a, b]);
    const grouped = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
    expect(grouped.paramGroups.map((g) => [g.lr, g.momentum])).toEqual([
      [0.1, 0.9],
      [0.5, 0.9],
    ]);
    const named = new optim.Adam(new Map([["w", a]]), 0.01);
    expect(named.paramGroups[0].paramNames).toEqual(["w"]);
    expect(named.stateDict().param_groups[0].param_names).toEqual(["w"]);
    named.addParamGroup({ params: [["b", b]], lr: 1 });
    expect(named.paramGroups[1].lr).toBe(1);
  });

  test("a rate that is changed between steps counts", () => {
    const p = leaf([1]);
    const o = new optim.SGD([p], { lr: 0.5 });
    pull(p);
    o.step();
    expect(p.tolist()).toEqual([0]);
    p.grad = tensor([1], { dtype: "float64" });
    o.paramGroups[0].lr = 0.25;
    o.step();
    expect(p.tolist()).toEqual([-0.25]);
  });

  test("refusals", () => {
    const p = leaf([1]);
    expect(() => new optim.SGD([])).toThrow(/optimizer got an empty parameter list/);
    expect(() => new optim.SGD(p as never)).toThrow(ArgumentError);
    expect(() => new optim.SGD([1] as never)).toThrow(/can only optimize Tensors/);
    expect(() => new optim.SGD([p.mul(2)])).toThrow(GraphError);
    expect(() => new optim.SGD([p], { lr: -1 })).toThrow(/Invalid learning rate: -1/);
    expect(() => new optim.SGD([p], { lr: 1, momentun: 1 } as never)).toThrow(/unknown option "momentun"/);
    expect(() => new optim.SGD([p], { nesterov: true })).toThrow(/Nesterov momentum requires/);
    expect(() => new optim.Adam([p], { betas: [1, 0.9] })).toThrow(/Invalid beta parameter at index 0: 1/);
    expect(() => new optim.Adam([p], { differentiable: true })).toThrow(ArgumentError);
    expect(() => new optim.Muon([p])).toThrow(ShapeError);
    const o = new optim.SGD([p]);
    expect(() => o.addParamGroup({ params: [p] })).toThrow(/more than one parameter group/);
    const i = tensor([1, 2], { dtype: "int32" });
    i.grad = tensor([1, 2], { dtype: "int32" });
    expect(() => new optim.SGD([i]).step()).toThrow(DTypeError);
  });
});

describe("steps", () => {
  test("zeroGrad sets to null, or to zeros", () => {
    const p = leaf([1]);
    const o = new optim.SGD([p]);
    pull(p);
    o.zeroGrad({ setToNone: false });
    expect(p.grad?.tolist()).toEqual([0]);
    o.zeroGrad();
    expect(p.grad).toBeNull();
    o.step();
    expect(p.tolist()).toEqual([1]);
  });

  test("a closure is run with recording on, and its loss returned", () => {
    const p = leaf([3]);
    const o = new optim.SGD([p], { lr: 0.1 });
    const loss = wg.noGrad(() =>
      o.step(() => {
        o.zeroGrad();
        const value = p.mul(p).sum();
        value.backward();
        return value;
      }),
    );
    expect(loss.item()).toBe(9);
    expect(p.item()).toBeCloseTo(2.4, 15);
    expect(() => o.step(async () => 1)).toThrow(ArgumentError);
    expect(o.step()).toBeNull();
  });

  test("parameters without gradient stay; a step is a write", () => {
    const [a, b] = [leaf([1]), leaf([1])];
    const o = new optim.Adam([a, b]);
    pull(a);
    const y = b.mul(a);
    o.step();
    expect(b.tolist()).toEqual([1]);
    expect(o.state.has(b)).toBe(false);
    expect(() => y.sum().backward()).toThrow(GraphError);
  });

  test("hooks before and after", () => {
    const p = leaf([1]);
    const o = new optim.SGD([p], { lr: 1 });
    const seen: string[] = [];
    const before = o.registerStepPreHook((own) => seen.push(`before ${own === (o as unknown)}`));
    o.registerStepPostHook(() => seen.push(`after ${p.item()}`));
    pull(p);
    o.step();
    before.remove();
    o.step();
    expect(seen).toEqual(["before true", "after -1", "after -3"]);
  });

  test("layouts: a transposed gradient, a parameter with gaps, one turned round, both dtypes in a group", () => {
    const base = tensor([1, 9, 2, 9, 3, 9], { dtype: "float32" });
    const gaps = base.reshape([3, 2]).select(1, 0).requiresGrad_();
    const turned = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { dtype: "float64" },
    )
      .t()
      .requiresGrad_();
    const plain = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "float32", requiresGrad: true },
    );
    const params = [gaps, turned, plain];
    gaps.grad = tensor([1, 2, 3], { dtype: "float32" });
    turned.grad = tensor(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { dtype: "float64" },
    );
    plain.grad = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "float32" },
    ).t();
    const o = new optim.SGD(params, { lr: 1, momentum: 0.5 });
    o.step();
    expect(base.tolist()).toEqual([0, 9, 0, 9, 0, 9]);
    expect(turned.tolist()).toEqual([
      [0, 2],
      [-1, 1],
      [-2, 0],
    ]);
    expect(plain.tolist()).toEqual([
      [0, -1],
      [1, 0],
    ]);
    o.step();
    expect(base.tolist()).toEqual([-1.5, 9, -3, 9, -4.5, 9]);
    expect(turned.tolist()).toEqual([
      [-1.5, -1],
      [-5.5, -5],
      [-9.5, -9],
    ]);
    expect(plain.tolist()).toEqual([
      [-1.5, -5.5],
      [-2, -6],
    ]);
  });

  test("elements have the same bits wherever they lie", () => {
    const values = Array.from({ length: 11 }, (_, i) => (i * 0.37) % 1);
    for (const make of [
      (p: wg.Tensor[]) => new optim.Adam(p),
      (p: wg.Tensor[]) => new optim.RMSprop(p, { centered: true }),
    ]) {
      const whole = leaf(values, "float32");
      const single = values.map((x) => leaf([x], "float32"));
      const o = make([whole, ...single]);
      for (let t = 0; t < 3; t++) {
        pull(whole, ...single);
        o.step();
      }
      expect(whole.tolist()).toEqual(single.map((p) => p.item()));
    }
  });
});

test("one's own: groups, state and its dictionary", () => {
  class Heavy extends optim.Optimizer<{ lr: number; mass: number }> {
    constructor(params: wg.optim.Params, { lr = 0.5, mass = 0.5 } = {}) {
      super(params, { lr, mass });
    }
    protected update({ params, lr, mass }: wg.optim.ParamGroup<{ lr: number; mass: number }>): void {
      for (const p of params) {
        if (p.grad === null) continue;
        const v = this.tensorIn(
          this.stateOf(p, () => ({})),
          "speed",
          p,
        );
        v.mul_(mass).add_(p.grad);
        p.sub_(v, { alpha: lr });
      }
    }
  }
  const p = leaf([4]);
  const o = new Heavy([p]);
  const live: number[] = [];
  for (let t = 0; t < 3; t++) {
    scope(() => {
      o.zeroGrad();
      p.mul(p).sum().backward();
      o.step();
    });
    live.push(memory().live);
  }
  expect(p.item()).toBe(-1);
  expect(live[2]).toBe(live[1]);
  expect((o.stateDict().state[0].speed as wg.Tensor).tolist()).toEqual([-2]);
  expect(String(o)).toBe("Heavy (\nParameter Group 0\n    lr: 0.5\n    mass: 0.5\n)");
});

describe("state dictionaries", () => {
  test("a run goes on bit for bit from a copy", () => {
    const make = (p: wg.Tensor) => new optim.AdamW([p], { lr: 0.1, amsgrad: true });
    const a = leaf([1, 2, 3], "float32");
    const first = make(a);
    const steps = (p: wg.Tensor, o: wg.optim.AdamW) => {
      pull(p);
      o.step();
    };
    for (let t = 0; t < 3; t++) steps(a, first);
    const b = a.detach().clone().requiresGrad_();
    const second = make(b);
    second.loadStateDict(first.stateDict());
    for (let t = 0; t < 3; t++) {
      steps(a, first);
      steps(b, second);
    }
    expect(b.tolist()).toEqual(a.tolist());
  });

  test("what a reader of PyTorch's files gives: maps, tuples, tensors for numbers, another dtype", () => {
    const p = leaf([1, 2]);
    const o = new optim.Adam([p]);
    o.loadStateDict(
      new Map<string, unknown>([
        [
          "state",
          new Map([
            [
              0,
              new Map<string, unknown>([
                ["step", tensor(4)],
                ["exp_avg", tensor([1, 2])],
                ["exp_avg_sq", tensor([3, 4])],
              ]),
            ],
          ]),
        ],
        [
          "param_groups",
          [{ lr: 0.5, betas: [0.8, 0.9], eps: 1e-8, weight_decay: 0.25, amsgrad: false, maximize: false, params: [0] }],
        ],
      ]),
    );
    expect(o.paramGroups[0]).toMatchObject({ lr: 0.5, betas: [0.8, 0.9], weightDecay: 0.25 });
    expect(o.state.get(p)?.step).toBe(4);
    expect((o.stateDict().state[0].exp_avg as wg.Tensor).dtype).toBe("float64");
    expect(o.paramGroups[0].params).toEqual([p]);
  });

  test("refusals leave the optimiser as it was", () => {
    const p = leaf([1, 2]);
    const o = new optim.Adam([p]);
    pull(p);
    o.step();
    const before = o.stateDict();
    const wrong = { state: { 0: { step: 1, exp_avg: zeros([3]) } }, param_groups: [{ lr: 9, params: [0] }] };
    expect(() => o.loadStateDict(wrong)).toThrow(ShapeError);
    expect(() => o.loadStateDict({ state: {}, param_groups: [] })).toThrow(/different number of parameter groups/);
    expect(() => o.loadStateDict({ state: {}, param_groups: [{ params: [] }] })).toThrow(/doesn't match the size/);
    expect(() => o.loadStateDict(3 as never)).toThrow(ArgumentError);
    expect(o.paramGroups[0].lr).toBe(1e-3);
    expect(o.stateDict().state[0].exp_avg).toBe(before.state[0].exp_avg);
  });
});

test("a training step in a scope leaves the same bytes from the second on", () => {
  const step = (o: wg.optim.Optimizer, p: wg.Tensor) =>
    scope(() => {
      o.zeroGrad();
      p.mul(p).sum().backward();
      o.step();
    });
  const kinds = [
    optim.SGD,
    optim.Adam,
    optim.NAdam,
    optim.RAdam,
    optim.Adamax,
    optim.Adagrad,
    optim.Adadelta,
    optim.RMSprop,
    optim.Rprop,
    optim.ASGD,
    optim.Muon,
  ];
  for (const Kind of kinds) {
    const p = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    const o = new (Kind as typeof optim.Adam)([p]) as wg.optim.Optimizer;
    const live: number[] = [];
    for (let t = 0; t < 5; t++) {
      step(o, p);
      live.push(memory().live);
    }
    expect(new Set(live.slice(1)).size, Kind.name).toBe(1);
    o.dispose();
    expect(memory().live, Kind.name).toBeLessThanOrEqual(live[4]);
  }
});

test("duplicate parameters are warned of", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const p = leaf([1]);
  new optim.SGD([p, p]);
  expect(warn.mock.calls[0][0]).toMatch(/duplicate parameters/);
  warn.mockRestore();
});
