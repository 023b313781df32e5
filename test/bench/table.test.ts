// How the bench judges: what differs wins nothing, and ratios are to the best correct peer.
import { describe, expect, it } from "vitest";

async function module<T>(path: string): Promise<T> {
  return (await import(new URL(`../../bench/${path}`, import.meta.url).href)) as T;
}

interface Summary {
  readonly size: number;
  readonly norm: number;
  readonly signed: number;
  readonly sample: readonly number[];
}
interface Record {
  readonly library: string;
  readonly workload: string;
  status: string;
  readonly times?: { readonly median: number };
  readonly limit?: number;
  results?: readonly (readonly [string, Summary])[];
  worst?: number;
  readonly message?: string;
}
const { summary, difference, values } = await module<{
  summary(values: ArrayLike<number>): Summary;
  difference(a: Summary, b: Summary): number;
  values(spec: object, seed: number): Float32Array;
}>("workloads/data.mjs");
const { judge } = await module<{ judge(records: readonly Record[], workload: object): void }>("judge.mjs");
const { bestPeer, cell, goalLines, ratios } = await module<{
  bestPeer(records: readonly Record[]): Record | undefined;
  cell(record: Record | undefined): string;
  goalLines(taken: readonly object[], records: readonly Record[]): string;
  ratios(record: Record | undefined, records: readonly Record[]): { peer: number | null; roof: number | null };
}>("table.mjs");

const numbers = values({ shape: [1000], dtype: "float32", fill: "random", scale: 1, shift: 0 }, 5);
const record = (library: string, median: number, results = numbers): Record => ({
  library,
  workload: "matmul 64",
  status: "ok",
  times: { median },
  limit: 0.5,
  results: [["out", summary(results)]],
});
const workload = { name: "matmul 64", tiny: {}, goal: 0.9, build: () => ({ tolerance: 1e-4 }) };

describe("a summary", () => {
  it("tells numbers that are a little different, in another order, or not numbers", () => {
    const exact = summary(numbers);
    expect(difference(exact, summary(numbers.map((x) => x * (1 + 1e-7))))).toBeLessThan(1e-5);
    expect(difference(exact, summary(numbers.map((x) => x * 1.01)))).toBeGreaterThan(5e-3);
    expect(difference(exact, summary(numbers.toReversed()))).toBeGreaterThan(1e-2);
    expect(difference(exact, summary(numbers.map((x, i) => (i === 7 ? Number.NaN : x))))).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(difference(exact, summary(numbers.slice(1)))).toBe(Number.POSITIVE_INFINITY);
  });

  it("is of seeded numbers with mean 0 and deviation 1", () => {
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.1);
    expect(summary(numbers).norm / Math.sqrt(1000)).toBeCloseTo(1, 1);
  });
});

describe("records", () => {
  it("that differ are marked and are not the best peer", () => {
    const wrong = numbers.map((x) => x * 1.5);
    const records = [record("wengert", 1), record("tfjs", 0.1, wrong), record("jit", 3), record("torch", 0.2)];
    judge(records, workload);
    expect(records.map(({ status }) => status)).toEqual(["ok", "mismatch", "ok", "ok"]);
    expect(bestPeer(records)?.library).toBe("jit");
    expect(ratios(records[0], records)).toEqual({ peer: 3, roof: 0.5 });
    expect(records.map(cell)).toEqual(["1.00", "≠ 0.100", "3.00", "0.200"]);
    expect(records.every(({ results }) => results === undefined)).toBe(true);
  });

  it("are compared with wengert where PyTorch is missing, and unsupported ones count for nothing", () => {
    const lacking: Record = { library: "ort", workload: "matmul 64", status: "unsupported", message: "no gradients" };
    const records = [record("wengert", 1), record("deepbox", 2, numbers.toReversed()), lacking];
    judge(records, workload);
    expect(records.map(({ status }) => status)).toEqual(["ok", "mismatch", "unsupported"]);
    expect(bestPeer(records)).toBeUndefined();
    expect(ratios(records[0], records).peer).toBeNull();
    expect(cell(lacking)).toBe("–");
  });

  it("are held against the goals", () => {
    expect(goalLines([workload], [record("wengert", 1.8)])).toBe(
      "wengert: 0 of 1 goals reached\n    2.00 times the goal: matmul 64",
    );
    expect(goalLines([workload], [record("wengert", 0.8)])).toBe("wengert: 1 of 1 goals reached");
  });
});
