// The edge example in workerd: it fits, keeps learning, refuses what is no points, and its memory stays the same.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../examples/edge/", import.meta.url));
const artifact = fileURLToPath(new URL("../../dist/wengert.wasm", import.meta.url));
let worker: Miniflare;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${folder}worker.mjs`],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    conditions: ["workerd"],
    plugins: [
      {
        name: "artifact",
        setup: ({ onResolve }) => {
          onResolve({ filter: /\.wasm$/ }, () => ({ path: "./wengert.wasm", external: true }));
        },
      },
    ],
  });
  worker = new Miniflare({
    compatibilityDate: "2026-04-01",
    modulesRoot: folder,
    modules: [
      { type: "ESModule", path: `${folder}bundle.mjs`, contents: outputFiles[0]?.text ?? "" },
      { type: "CompiledWasm", path: `${folder}wengert.wasm`, contents: readFileSync(artifact) },
    ],
  });
}, 60_000);

afterAll(() => worker.dispose());

const post = (body: string) => worker.dispatchFetch("http://localhost/", { method: "POST", body });
const curve = (x: number) => 1 - 2 * x + 0.5 * x ** 3;
const points = (from: number) => Array.from({ length: 20 }, (_, i) => [from + i / 20, curve(from + i / 20)]);

describe("the edge example", () => {
  it("fits a cubic and keeps learning", async () => {
    const answers: { coefficients: number[]; error: number; learntFrom: number }[] = [];
    for (const from of [-1, 0, -1, 0, -1, 0, -1, 0]) {
      const response = await post(JSON.stringify({ points: points(from) }));
      expect(response.status).toBe(200);
      answers.push((await response.json()) as (typeof answers)[number]);
    }
    const last = answers.at(-1);
    expect(last?.learntFrom).toBe(160);
    expect(last?.error).toBeLessThan(1e-3);
    [1, -2, 0, 0.5].forEach((wanted, k) => {
      expect(last?.coefficients[k]).toBeCloseTo(wanted, 1);
    });
  }, 60_000);

  it("refuses what is no points", async () => {
    for (const body of [
      "{",
      "[]",
      '{"points":[]}',
      '{"points":[[1]]}',
      '{"points":[["a",2]]}',
      '{"points":[[1e300,2]]}',
    ]) {
      const response = await post(body);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: string }).error).not.toBe("");
    }
    expect((await worker.dispatchFetch("http://localhost/")).status).toBe(405);
  });
});
