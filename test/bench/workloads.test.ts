// The bench's workloads run on wengert at tiny sizes and agree with PyTorch, eagerly and captured; nothing is timed.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import * as wengert from "../../src/entries/node.js";
import { memory } from "../../src/entries/node.js";

interface Workload {
  readonly name: string;
  readonly params: object;
  readonly tolerance: number;
}
interface Entry {
  readonly name: string;
  readonly group: string;
  readonly sizes: object;
  readonly tiny: object;
  build(sizes: object): Workload;
}
type Results = readonly (readonly [name: string, values: ArrayLike<number>])[];
interface Task {
  check(): Promise<Results>;
  run(): void;
  dispose(): void;
}
interface Summary {
  readonly size: number;
}

/** The bench is plain JavaScript, without declarations. */
async function module<T>(path: string): Promise<T> {
  return (await import(new URL(`../../bench/${path}`, import.meta.url).href)) as T;
}
const { workloads, series } = await module<{
  workloads: readonly Entry[];
  series: readonly { readonly points: readonly Entry[] }[];
}>("workloads/index.mjs");
const { difference, summary } = await module<{
  difference(a: Summary, b: Summary): number;
  summary(values: ArrayLike<number>): Summary;
}>("workloads/data.mjs");
const adapter = await module<{
  load(options: object): Promise<{ prepare(workload: Workload): Task }>;
}>("adapters/wengert.mjs");

const recorded = JSON.parse(
  readFileSync(new URL("../fixtures/bench/workloads.json", import.meta.url), "utf8"),
) as Record<string, readonly (readonly [string, Summary])[]>;

const tested = [...workloads, ...series.map(({ points }) => points[0] as Entry)];
const eager = await adapter.load({ library: wengert });

describe("workloads of the bench", () => {
  it("have names of their own", () => {
    expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
  });

  it.each(tested.map((entry) => [entry.name, entry] as const))("%s gives what PyTorch gives", async (name, entry) => {
    const workload = entry.build(entry.tiny);
    const before = memory().live;
    const task = eager.prepare(workload);
    const results = await task.check();
    const expected = recorded[name] ?? [];
    expect(results.map(([title]) => title)).toEqual(expected.map(([title]) => title));
    results.forEach(([title, values], i) => {
      expect(difference(summary(values), expected[i]?.[1] as Summary), title).toBeLessThan(workload.tolerance / 10);
    });
    task.run();
    const after = memory().live;
    task.run();
    expect(memory().live, "bytes after one run more").toBe(after);
    task.dispose();
    expect(memory().live - before).toBeLessThan(8 * 1024);
  });
});

describe.runIf("capture" in wengert)("captured workloads of the bench", () => {
  it.each(tested.map((entry) => [entry.name, entry] as const))("%s gives the eager bits", async (_name, entry) => {
    const captured = await adapter.load({ library: wengert, mode: "captured" });
    const [plain, replayed] = [eager, captured].map((library) => library.prepare(entry.build(entry.tiny)));
    const [expected, results] = [await plain?.check(), await replayed?.check()];
    expect(results).toEqual(expected);
    replayed?.run();
    plain?.dispose();
    replayed?.dispose();
  });
});

afterAll(() => {
  expect(memory().live).toBeLessThan(2 ** 20);
});
