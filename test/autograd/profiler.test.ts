// Rows 174 to 179 of the autograd contract: what a profile records, its table and its trace file.

import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  autograd,
  GraphError,
  memory,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../../src/entries/node.js";

const { profiler } = autograd;
const { profile, recordFunction } = profiler;

/** A forward and backward pass with a product, and what is made of it. */
function step(x: Tensor, w: Tensor): void {
  recordFunction("forward", () => x.mm(w).relu().mul(2).sum()).backward();
}

const both = () => [randn([8, 4], { requiresGrad: true }), randn([4, 2], { requiresGrad: true })] as const;

describe("profile", () => {
  it("#174 records operations and their backward, nested, timed, under one sequence number", () => {
    const [x, w] = both();
    const p = profile(() => step(x, w));
    const { events } = p.functionEvents;
    const names = events.map(({ name }) => name);
    for (const name of ["forward", "mm", "relu", "mul", "sum", "MmBackward0", "torch::autograd::AccumulateGrad"])
      expect(names).toContain(name);
    for (const event of events) {
      expect(event.end).toBeGreaterThanOrEqual(event.start);
      for (const child of event.cpuChildren) {
        expect(child.cpuParent).toBe(event);
        expect(child.start).toBeGreaterThanOrEqual(event.start);
        expect(child.end).toBeLessThanOrEqual(event.end);
      }
      const inside = event.cpuChildren.reduce((sum, child) => sum + child.cpuTimeTotal, 0);
      expect(event.selfCpuTimeTotal).toBeCloseTo(event.cpuTimeTotal - inside, 6);
      expect(event.timeRange).toEqual({ start: event.start, end: event.end });
    }
    const byName = (name: string) => events.find((event) => event.name === name);
    expect(byName("forward")?.cpuChildren.map(({ name }) => name)).toEqual(["mm", "relu", "mul", "sum"]);
    for (const [op, node] of [
      ["mm", "MmBackward0"],
      ["relu", "ReluBackward0"],
      ["mul", "MulBackward0"],
      ["sum", "SumBackward0"],
    ] as const) {
      expect(byName(op)?.sequenceNr).toBeGreaterThan(0);
      expect(byName(node)?.sequenceNr).toBe(byName(op)?.sequenceNr);
      expect(byName(node)?.kind).toBe("backward");
    }
    expect(byName("MmBackward0")?.cpuChildren.map(({ name }) => name)).toContain("mm");
  });

  it("#174 shapes, bytes, floating-point operations and stacks are there when asked for", () => {
    scope(() => {
      const [x, w] = both();
      const plain = profile(() => x.mm(w)).functionEvents.events[0];
      expect([plain?.inputShapes, plain?.cpuMemoryUsage, plain?.flops, plain?.stack]).toEqual([[], 0, 0, []]);
      const p = profile(() => x.mm(w), { recordShapes: true, profileMemory: true, withFlops: true, withStack: true });
      const [mm] = p.functionEvents.events;
      expect(mm?.inputShapes).toEqual([
        [8, 4],
        [4, 2],
      ]);
      expect([mm?.cpuMemoryUsage, mm?.selfCpuMemoryUsage, mm?.flops]).toEqual([64, 64, 128]);
      expect(mm?.stack[0]).toContain("profiler.test.ts");
      const conv = profile(() => autograd.profiler && x.mul(2).add_(1), { withFlops: true });
      expect(conv.functionEvents.events.map(({ name, flops }) => [name, flops])).toEqual([
        ["mul", 32],
        ["add_", 32],
      ]);
    });
  });

  it("#174 gives back what the function returns, also when it throws no profile is left", () => {
    expect(profile(() => 5).result).toBe(5);
    expect(() =>
      profile(() => {
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);
    expect(() => profile(async () => 1)).toThrow(ArgumentError);
    expect(() => profile(() => profile(() => 1))).toThrow(GraphError);
    expect(() => profile(() => 1, { shapes: true } as never)).toThrow(ArgumentError);
    expect(profile(() => zeros([1]).add(1)).functionEvents.length).toBe(1);
    expect(profile(() => zeros([1]).add(1), { enabled: false }).functionEvents.length).toBe(0);
  });

  it("#174 an error inside an operation does not upset the nesting", () => {
    const p = profile(() => {
      try {
        recordFunction("bad", () => zeros([2]).add(zeros([3])));
      } catch {}
      recordFunction("good", () => zeros([2]).add(1));
    });
    const { events } = p.functionEvents;
    expect(events.filter(({ cpuParent }) => cpuParent === null).map(({ name }) => name)).toEqual(["bad", "good"]);
    for (const { start, end } of events) expect(end).toBeGreaterThanOrEqual(start);
  });

  it("#174 by hand, and with what awaits between", async () => {
    const p = profile();
    zeros([1]).add(1);
    await null;
    zeros([1]).mul(1);
    expect(() => p.functionEvents).toThrow(GraphError);
    p.stop();
    p.stop();
    zeros([1]).sub(1);
    expect(p.functionEvents.events.map(({ name }) => name)).toEqual(["add", "mul"]);
  });

  it("leaves no bytes, and what runs outside is as it was", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const { live } = memory();
    scope(() => {
      profile(() => x.exp().sum().backward(), { profileMemory: true });
      x.grad = null;
    });
    expect(memory().live).toBe(live);
  });
});

describe("recordFunction", () => {
  it("#175 names ranges, nested, as a block, as a wrapper and outside a profile", () => {
    expect(recordFunction("nobody listens", () => 3)).toBe(3);
    const wrapped = recordFunction.wrap("wrapped", (a: number, b: number) => a + b);
    const p = profile(() => {
      recordFunction("outer", () => recordFunction("inner", () => ones([1]).add(1)));
      const range = recordFunction("range");
      range.dispose();
      range.dispose();
      return wrapped(1, 2);
    });
    expect(p.result).toBe(3);
    expect(p.functionEvents.events.map(({ name, cpuParent }) => [name, cpuParent?.name ?? null])).toEqual([
      ["outer", null],
      ["inner", "outer"],
      ["add", "inner"],
      ["range", null],
      ["wrapped", null],
    ]);
    expect(() => recordFunction(3 as never)).toThrow(ArgumentError);
  });
});

describe("sums and tables", () => {
  it("#176 keyAverages, totalAverage, selfCpuTimeTotal", () => {
    const [x, w] = both();
    const p = profile(
      () => {
        step(x, w);
        step(x, w);
        x.mul(zeros([1]));
      },
      { recordShapes: true },
    );
    const sums = p.keyAverages();
    expect(sums.find("relu")?.count).toBe(2);
    expect(sums.find("relu")?.cpuTime).toBeCloseTo((sums.find("relu")?.cpuTimeTotal ?? 0) / 2, 9);
    const selves = [...sums].reduce((sum, { selfCpuTimeTotal }) => sum + selfCpuTimeTotal, 0);
    expect(selves).toBeCloseTo(p.selfCpuTimeTotal, 6);
    const top = p.functionEvents.events.filter(({ cpuParent }) => cpuParent === null);
    expect(p.selfCpuTimeTotal).toBeCloseTo(
      top.reduce((sum, { cpuTimeTotal }) => sum + cpuTimeTotal, 0),
      6,
    );
    expect(p.totalAverage().count).toBe(p.functionEvents.length);
    const byShape = [...p.keyAverages({ groupByInputShape: true })].filter(({ key }) => key === "mul");
    expect(byShape.map(({ inputShapes }) => inputShapes)).toEqual([
      [[8, 2], []],
      [[8, 4], [1]],
    ]);
    expect(() => p.keyAverages({ by: 1 } as never)).toThrow(ArgumentError);
  });

  it("#176 a range inside one of the same name counts once in the total", () => {
    const f = (depth: number): unknown => recordFunction("f", () => (depth === 0 ? null : f(depth - 1)));
    const sum = profile(() => f(3))
      .keyAverages()
      .find("f");
    expect(sum?.count).toBe(4);
    expect(sum?.cpuTimeTotal).toBeCloseTo(sum?.selfCpuTimeTotal ?? -1, 6);
  });

  it("#176 the table has PyTorch's columns", () => {
    const [x, w] = both();
    const p = profile(() => step(x, w), { profileMemory: true, withFlops: true, recordShapes: true, withStack: true });
    const table = p.keyAverages().table({ sortBy: "cpuTimeTotal", rowLimit: 3, header: "mine" });
    const lines = table.split("\n");
    expect(lines[1]).toBe("mine");
    expect(lines[3]?.trim().split(/ {2,}/)).toEqual([
      "Name",
      "Self CPU %",
      "Self CPU",
      "CPU total %",
      "CPU total",
      "CPU time avg",
      "CPU Mem",
      "Self CPU Mem",
      "# of Calls",
      "Total FLOPs",
    ]);
    expect(lines[4]).toMatch(/^-+( {2}-+)*$/);
    expect(lines.slice(5, 8).every((line) => line.length === lines[4]?.length)).toBe(true);
    expect(lines[8]).toBe(lines[4]);
    expect(lines[9]).toMatch(/^Self CPU time total: [\d.]+(us|ms|s)$/);
    const times = [...p.keyAverages()].map(({ cpuTimeTotal }) => cpuTimeTotal).sort((a, b) => b - a);
    expect(lines[5]).toContain(profiler.formatTime(times[0] as number));
    expect(p.keyAverages({ groupByInputShape: true }).table()).toContain("[[8, 4], [4, 2]]");
    expect(p.keyAverages({ groupByStackN: 2 }).table()).toContain("Source Location");
    expect(p.table({ topLevelEventsOnly: true })).not.toContain(" relu ");
    expect(() => p.table({ sortBy: "name" as never })).toThrow(ArgumentError);
    expect(profile(() => 1).table()).toBe("");
    const long = profile(() => recordFunction("n".repeat(80), () => 1)).keyAverages();
    expect(long.table({ maxNameColumnWidth: 20 })).toContain(`\n${"n".repeat(17)}...  `);
    expect([0.5, 1500, 2.5e6].map(profiler.formatTime)).toEqual(["0.500us", "1.500ms", "2.500s"]);
  });
});

/** What the Trace Event Format asks of each phase that is used. */
function checkTrace(text: string): { readonly ph: string; readonly name: string; readonly [key: string]: unknown }[] {
  const file = JSON.parse(text);
  expect(Object.keys(file).sort()).toEqual(["displayTimeUnit", "traceEvents"]);
  expect(["ms", "ns"]).toContain(file.displayTimeUnit);
  const starts = new Set<number>();
  const slices: { readonly ts: number; readonly dur: number }[] = [];
  for (const event of file.traceEvents) {
    expect(typeof event.name).toBe("string");
    expect([Number.isInteger(event.pid), Number.isInteger(event.tid)]).toEqual([true, true]);
    if (event.ph !== "M") expect(event.ts).toBeGreaterThanOrEqual(0);
    if (event.ph === "X") {
      expect(event.dur).toBeGreaterThanOrEqual(0);
      expect(typeof event.cat).toBe("string");
      slices.push(event);
    } else if (event.ph === "M") expect(typeof event.args.name).toBe("string");
    else if (event.ph === "s") starts.add(event.id);
    else if (event.ph === "f") {
      expect(starts).toContain(event.id);
      expect(event.bp).toBe("e");
    } else if (event.ph === "C") {
      for (const value of Object.values(event.args)) expect(typeof value).toBe("number");
    } else expect.unreachable(event.ph);
  }
  // Slices of one thread nest or follow each other.
  for (const a of slices) {
    for (const b of slices) {
      const [first, second] = a.ts <= b.ts ? [a, b] : [b, a];
      const end = first.ts + first.dur;
      expect(end <= second.ts + 1e-3 || second.ts + second.dur <= end + 1e-3).toBe(true);
    }
  }
  // An arrow begins and ends inside a slice.
  for (const { ph, ts } of file.traceEvents) {
    if (ph === "s" || ph === "f") expect(slices.some((s) => s.ts <= ts && ts <= s.ts + s.dur)).toBe(true);
  }
  return file.traceEvents;
}

describe("traces", () => {
  it("#177 are JSON in the Trace Event Format, with arrows from forward to backward", () => {
    const [x, w] = both();
    const p = profile(() => step(x, w), { profileMemory: true, recordShapes: true, withFlops: true, withStack: true });
    const events = checkTrace(p.exportChromeTrace());
    expect(events.filter(({ ph }) => ph === "X").map(({ name }) => name)).toEqual(
      p.functionEvents.events.map(({ name }) => name),
    );
    expect(events.filter(({ ph }) => ph === "s").length).toBe(4);
    expect(events.filter(({ ph }) => ph === "C").length).toBeGreaterThan(0);
    const mm = events.find(({ name }) => name === "mm");
    expect(mm?.args).toMatchObject({
      "Input Dims": [
        [8, 4],
        [4, 2],
      ],
      FLOPs: 128,
    });
    checkTrace(profile(() => step(x, w)).exportChromeTrace());
  });

  it("#178 the classes are there for types", () => {
    const [event] = profile(() => zeros([1]).add(1)).functionEvents;
    expect(event).toBeInstanceOf(profiler.FunctionEvent);
    expect([event?.count, event?.cpuTime]).toEqual([1, event?.cpuTimeTotal]);
    expect(profile(() => 1).keyAverages()).toBeInstanceOf(profiler.EventList);
    expect(profile(() => 1).totalAverage()).toBeInstanceOf(profiler.FunctionEventAvg);
  });

  it("#179 emitUserTiming puts the events on the runtime's timeline", () => {
    performance.clearMeasures();
    profiler.emitUserTiming(() => recordFunction("mine", () => zeros([2]).add(1)));
    const names = performance.getEntriesByType("measure").map(({ name }) => name);
    expect(names).toEqual(["mine", "add"]);
    performance.clearMeasures();
  });
});
