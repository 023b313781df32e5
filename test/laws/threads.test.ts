// Every operator gives the same bits on several threads as on one, however finely its range is handed out.

import { afterAll, beforeAll, expect, it } from "vitest";
import { rand, scope, setNumThreads } from "../../src/entries/node.js";
import { WengertError } from "../../src/errors.js";
import { grains } from "../../src/wasm/grain.js";
import { runtime } from "../../src/wasm/load.js";
import { views } from "../../src/wasm/memory.js";
import { type Sample, samples } from "../samples/samples.js";
import { difference, type Exact, outcome } from "./tools.js";

const WORKERS = 2;
const usual = { ...grains };
const all = samples();
let one: Exact[] = [];
const shared = { ranges: 0, joined: 0 };

/** What a sample gives with its gradients, or the error that refuses it. */
function attempt(sample: Sample): Exact {
  try {
    return scope(() => outcome(sample));
  } catch (error) {
    if (!(error instanceof WengertError)) throw error;
    return [[`${error.name}: ${error.message}`, []]];
  }
}

beforeAll(async () => {
  rand([1]).dispose();
  // Before there are threads, on the instance that the library starts with: what it leaves in caches must not be used after.
  one = all.map(attempt);
  await setNumThreads(2);
  await setNumThreads(1);
  const exports = runtime.exports as NonNullable<typeof runtime.exports>;
  let control = 0;
  const joined = (): number => {
    let sum = 0;
    for (let i = 0; i < WORKERS; i++) sum += views.u32[(control + 256 + 16 * i + 12) >>> 2] as number;
    return sum;
  };
  runtime.exports = {
    ...exports,
    openControl: (count: number) => {
      control = exports.openControl(count) >>> 0;
      return control;
    },
    // Awake workers take part in the smallest range; one that sleeps comes too late.
    parallel: (...range: Parameters<typeof exports.parallel>) => {
      const sleepers = (control + 4) >>> 2;
      const until = performance.now() + 2;
      while (Atomics.load(views.i32, sleepers) > 0 && performance.now() < until)
        Atomics.notify(views.i32, control >>> 2);
      const before = joined();
      exports.parallel(...range);
      shared.ranges++;
      if (joined() > before) shared.joined++;
    },
  } as typeof exports;
  await setNumThreads(1 + WORKERS);
});

afterAll(async () => {
  Object.assign(grains, usual);
  await setNumThreads(1);
  expect(shared.ranges).toBeGreaterThan(2 * all.length);
  expect(shared.joined).toBeGreaterThan(shared.ranges / 50);
});

it.each(all.map((sample, i) => [sample.name, sample, i] as const))("%s", (_, sample, i) => {
  for (const piece of [1, 3]) {
    Object.assign(grains, { least: 2, waking: 0, piece, pieces: 2 ** 31 });
    expect(difference(attempt(sample), one[i] as Exact), `pieces of ${piece}`).toBe(null);
  }
  Object.assign(grains, usual);
});
