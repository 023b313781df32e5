// The edge example in workerd: it fits, keeps learning, refuses what is no points, and its memory stays the same.

import { fileURLToPath, pathToFileURL } from "node:url";
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Answer {
  readonly coefficients: readonly number[];
  readonly error: number;
  readonly learntFrom: number;
  readonly liveBytes: number;
}

let worker: Miniflare;

beforeAll(async () => {
  const file = fileURLToPath(new URL("../../examples/edge/serve.mjs", import.meta.url));
  const { serve } = (await import(pathToFileURL(file).href)) as { serve: (port: number) => Promise<Miniflare> };
  worker = await serve(0);
}, 60_000);

afterAll(() => worker?.dispose());

const post = (body: string) => worker.dispatchFetch("http://localhost/", { method: "POST", body });

async function learn(points: readonly (readonly number[])[]): Promise<Answer> {
  const response = await post(JSON.stringify({ points }));
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

/** Points of a curve, 20 of them from `from` to `to`. */
const pointsOf = (curve: (x: number) => number, from: number, to: number) =>
  Array.from({ length: 20 }, (_, i) => from + ((to - from) * i) / 19).map((x) => [x, curve(x)]);

describe("the edge example", () => {
  it("fits a cubic by gradients", async () => {
    const { coefficients, error } = await learn(pointsOf((x) => 1 - 2 * x + 0.5 * x ** 3, -1, 1));
    expect(error).toBeLessThan(1e-6);
    [1, -2, 0, 0.5].forEach((wanted, k) => {
      expect(coefficients[k]).toBeCloseTo(wanted, 2);
    });
  });

  it("keeps learning, from the old points and the new ones", async () => {
    const curve = (x: number) => 1 - 2 * x + 0.5 * x ** 3;
    const first = await learn(pointsOf(curve, -1, 0));
    const second = await learn(pointsOf(curve, 0, 1));
    expect([first.learntFrom, second.learntFrom]).toEqual([40, 60]);
    let last = second;
    for (let i = 0; i < 5; i++) last = await learn(pointsOf(curve, -1, 1));
    expect(last.error).toBeLessThan(1e-20);
    // Another curve takes the place of the old one as soon as the old points are forgotten.
    for (let i = 0; i < 25; i++) last = await learn(pointsOf((x) => 3 * x - x ** 2, -1, 1));
    expect(last.learntFrom).toBe(500);
    [0, 3, -1, 0].forEach((wanted, k) => {
      expect(last.coefficients[k]).toBeCloseTo(wanted, 2);
    });
  });

  it("uses the same memory after every request", async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) seen.add((await learn(pointsOf(Math.cos, -1, 1))).liveBytes);
    expect([...seen]).toHaveLength(1);
  });

  it("refuses what is no points, and goes on", async () => {
    const before = await learn([[0, 1]]);
    const cases: readonly (readonly [body: string, status: number, text: RegExp])[] = [
      ["{", 400, /not JSON/],
      ["", 400, /not JSON/],
      ["null", 400, /expected \{ "points"/],
      ["[]", 400, /expected \{ "points"/],
      ['{"points":[]}', 400, /at least one point/],
      ['{"points":"many"}', 400, /expected \{ "points"/],
      ['{"points":[[0,1],[1]]}', 400, /point 1 must be \[x, y\].*got \[1\]/],
      ['{"points":[["a",2]]}', 400, /point 0 must be/],
      ['{"points":[[2,2]]}', 400, /x from -1 to 1/],
      ['{"points":[[0,1e300]]}', 400, /y from -1000000 to 1000000/],
      ['{"points":[[0,null]]}', 400, /point 0 must be/],
      [JSON.stringify({ points: Array(501).fill([0, 0]) }), 400, /at most 500 points a request, got 501/],
      [" ".repeat(100_001), 413, /at most 100000 bytes a request/],
    ];
    for (const [body, status, text] of cases) {
      const response = await post(body);
      expect(response.status).toBe(status);
      expect(((await response.json()) as { error: string }).error).toMatch(text);
    }
    const get = await worker.dispatchFetch("http://localhost/");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const after = await learn([[0, 1]]);
    expect(after.liveBytes).toBe(before.liveBytes);
    expect(after.learntFrom).toBe(500);
  });
});
