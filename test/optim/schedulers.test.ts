// Schedulers against PyTorch: the rates of two groups over 30 epochs, momenta, state dictionaries, going on from them.
import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import * as wg from "../../src/entries/node.js";

const { optim, tensor, ArgumentError } = wg;

type Inner = [name: string, args: unknown[], options: Record<string, unknown>];

interface Case {
  readonly scheduler: string;
  readonly args: unknown[];
  readonly options: Record<string, unknown>;
  readonly inner: Inner[];
  readonly rates: number[][];
  readonly momenta: number[][];
  readonly last: number[];
  readonly state: Record<string, unknown>;
}

const { metrics, cases }: { metrics: number[]; cases: Case[] } = JSON.parse(
  readFileSync(new URL("../fixtures/optim/schedulers.json", import.meta.url), "utf8"),
);

const power = (x: number, n: number) => Array.from({ length: n }).reduce<number>((p) => p * x, 1);
const functions: Record<string, (epoch: number) => number> = {
  halves: (epoch) => power(0.5, epoch),
  tenths: (epoch) => 0.9 - 0.1 * (epoch % 3),
};

const camel = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const resolved = (arg: unknown): unknown =>
  Array.isArray(arg) ? arg.map(resolved) : typeof arg === "string" && arg[0] === "@" ? functions[arg.slice(1)] : arg;

type Scheduler = wg.optim.lrScheduler.LRScheduler;
const known = { ...optim.lrScheduler, SWALR: optim.swaUtils.SWALR } as unknown as Record<
  string,
  new (
    ...args: unknown[]
  ) => Scheduler
>;

function makeScheduler(o: wg.optim.Optimizer, [name, args, options]: Inner, inner: Inner[] = []): Scheduler {
  const made = inner.map((each) => makeScheduler(o, each));
  if (name === "ChainedScheduler") return new known[name](made);
  if (name === "SequentialLR") return new known[name](o, made, ...args);
  const renamed = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
  return new known[name](o, ...args.map(resolved), renamed);
}

function makeOptimizer(): wg.optim.SGD {
  const leaf = () => tensor([0], { requiresGrad: true });
  return new optim.SGD([{ params: leaf() }, { params: leaf(), lr: 0.5 }], { lr: 0.1, momentum: 0.9 });
}

function make(c: Case): { o: wg.optim.SGD; s: Scheduler } {
  const o = makeOptimizer();
  return { o, s: makeScheduler(o, [c.scheduler, c.args, c.options], c.inner) };
}

function advance(c: Case, o: wg.optim.SGD, s: Scheduler, t: number): void {
  o.step();
  if (c.scheduler === "ReduceLROnPlateau") s.step(metrics[t]);
  else s.step();
}

const close = (own: number[], recorded: number[], what: string) => {
  expect(own.length, what).toBe(recorded.length);
  own.forEach((x, i) => {
    expect(Math.abs(x - recorded[i]), `${what}: ${x} for ${recorded[i]}`).toBeLessThanOrEqual(1e-15);
  });
};

describe.each(cases.map((c) => [`${c.scheduler} ${JSON.stringify([c.args, c.options])}`, c] as const))("%s", (_, c) => {
  test("rates and momenta", () => {
    const { o, s } = make(c);
    for (let t = 0; t <= 30; t++) {
      close(
        o.paramGroups.map((g) => g.lr),
        c.rates[t],
        `epoch ${t}`,
      );
      close(
        o.paramGroups.map((g) => g.momentum),
        c.momenta[t],
        `momentum at ${t}`,
      );
      if (t < 30) advance(c, o, s, t);
    }
    close(s.getLastLr(), c.last, "last");
  });

  test("goes on from its state", () => {
    const first = make(c);
    for (let t = 0; t < 13; t++) advance(c, first.o, first.s, t);
    const second = make(c);
    second.o.loadStateDict(first.o.stateDict());
    second.s.loadStateDict(structuredClone(first.s.stateDict()));
    for (let t = 13; t < 30; t++) {
      advance(c, first.o, first.s, t);
      advance(c, second.o, second.s, t);
      expect(second.o.paramGroups.map((g) => [g.lr, g.momentum])).toEqual(
        first.o.paramGroups.map((g) => [g.lr, g.momentum]),
      );
    }
  });

  test("the state has PyTorch's names and values", () => {
    const { o, s } = make(c);
    for (let t = 0; t < 30; t++) advance(c, o, s, t);
    const plain = (value: unknown): unknown => {
      if (typeof value === "number") return Number.isFinite(value) ? Number(value.toPrecision(12)) : word(value);
      if (Array.isArray(value)) return value.map(plain);
      if (value === null || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
    };
    const word = (x: number) => (x > 0 ? "inf" : "-inf");
    expect(plain(s.stateDict())).toMatchObject(plain(c.state) as object);
  });
});

test("refusals", () => {
  const o = makeOptimizer();
  const { StepLR, LambdaLR, ConstantLR, OneCycleLR, SequentialLR, ReduceLROnPlateau, CyclicLR } = optim.lrScheduler;
  expect(() => new StepLR({} as never, 1)).toThrow(/is not an Optimizer/);
  expect(() => new StepLR(o, 1, { gama: 1 } as never)).toThrow(/unknown option "gama"/);
  expect(() => new StepLR(o, 1, { lastEpoch: 3 })).toThrow(/param 'initial_lr' is not specified in param_groups\[0\]/);
  expect(() => new LambdaLR(o, [() => 1])).toThrow(/expected 2 values for lr_lambda, got 1/);
  expect(() => new ConstantLR(o, { factor: 2 })).toThrow(/expected to be between 0 and 1/);
  expect(() => new OneCycleLR(o, 1)).toThrow(/You must define either total_steps/);
  expect(() => new SequentialLR(o, [new StepLR(o, 1)], [1])).toThrow(/one more than the number of milestone points/);
  expect(() => new ReduceLROnPlateau(o, { factor: 1 })).toThrow(/Factor should be < 1.0/);
  expect(() => new CyclicLR(new optim.Adam([tensor([0], { requiresGrad: true })]), 0.1, 1)).toThrow(ArgumentError);
  const s = new OneCycleLR(o, 1, { totalSteps: 2 });
  for (let t = 0; t < 2; t++) {
    o.step();
    s.step();
  }
  expect(() => s.step()).toThrow(/Tried to step 4 times. The specified number of total steps is 2/);
});

test("an epoch may be named, and one's own schedulers written", () => {
  const o = makeOptimizer();
  const s = new optim.lrScheduler.ExponentialLR(o, 0.5);
  s.step(3);
  expect(s.getLastLr()).toEqual([0.0125, 0.0625]);
  class Root extends optim.lrScheduler.LRScheduler {
    constructor(optimizer: wg.optim.Optimizer) {
      super(optimizer);
      this.initialStep();
    }
    getLr(): number[] {
      return this.baseLrs.map((base) => base / Math.sqrt(this.lastEpoch + 1));
    }
  }
  const own = new Root(makeOptimizer());
  own.optimizer.step();
  for (let t = 0; t < 3; t++) own.step();
  expect(own.getLastLr()).toEqual([0.05, 0.25]);
});

test("the wrong order is warned of, once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const s = new optim.lrScheduler.StepLR(makeOptimizer(), 2);
  s.step();
  new optim.lrScheduler.StepLR(makeOptimizer(), 2).step();
  expect(warn.mock.calls.length).toBeLessThanOrEqual(1);
  warn.mockRestore();
});
