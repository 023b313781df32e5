// The garbage collector as a net below tensors outside every scope; in a file of its own, so that memory starts small.

import { expect, it } from "vitest";
import { empty, memory, scope } from "../src/entries/node.js";

const GIB = 2 ** 30;

/** Peak of live bytes over `rounds` blocks of `mebibytes`, each dropped at once, with a turn of the event loop between. */
async function peakOf(rounds: number, mebibytes: number): Promise<number> {
  let peak = 0;
  for (let i = 0; i < rounds; i++) {
    empty([mebibytes * 2 ** 18]);
    peak = Math.max(peak, memory().live);
    await new Promise((done) => setTimeout(done));
  }
  return peak;
}

it("levels off when a program that opens no scope yields now and then", async () => {
  expect(await peakOf(1500, 64)).toBeLessThan(2 * GIB); // 94 GiB in all
  expect(await peakOf(2000, 1)).toBeLessThan(2 * GIB);
});

it("levels off after memory has once been grown", async () => {
  scope(() => {
    for (let i = 0; i < 3; i++) empty([2 ** 28]);
  });
  expect(await peakOf(1500, 64)).toBeLessThan(3 * GIB);
});
