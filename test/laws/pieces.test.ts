// Broadcast operands give what dense ones give, and kernels run in pieces what they give in one go, to the last bit.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rand, scope, type Tensor } from "../../src/entries/node.js";
import { WengertError } from "../../src/errors.js";
import { blockAddress } from "../../src/wasm/block.js";
import type { Kernel } from "../../src/wasm/kernels.js";
import { type Sample, samples } from "../samples/samples.js";
import { excepted, IN_MEMORY_ORDER, OF_MEMORY, REORDERED, WRITING } from "./exceptions.js";
import { difference, type Exact, outcome, tensorsIn } from "./tools.js";

/** How kernels run: in one go, or cut at these places and from the last piece to the first. */
const seam = vi.hoisted(() => ({ cut: null as ((extent: number) => readonly number[]) | null, launches: 0, cuts: 0 }));

vi.mock("../../src/wasm/launch.js", async (original) => {
  const real = await original<typeof import("../../src/wasm/launch.js")>();
  const inPieces = (kernel: Kernel): Kernel => {
    const { cut } = seam;
    if (cut === null) return kernel;
    return (block, begin, end) => {
      seam.launches++;
      const places = [begin, ...cut(end).filter((at) => at > begin && at < end), end];
      if (places.length > 2) seam.cuts++;
      for (let i = places.length - 2; i >= 0; i--) kernel(block, places[i] as number, places[i + 1] as number);
    };
  };
  return {
    ...real,
    launch: (kernel: Kernel, extent: number) => inPieces(kernel)(blockAddress(), 0, extent),
    launchChecked: (...[op, kernel, extent, about, run]: Parameters<typeof real.launchChecked>) =>
      real.launchChecked(op, run === real.launchWhole ? kernel : inPieces(kernel), extent, about),
  };
});

/** Elements one by one, in threes, and a first piece that leaves vectors at odd places. */
const CUTS: readonly ((extent: number) => number[])[] = [
  (extent) => Array.from({ length: Math.min(extent, 40) }, (_, i) => i + 1),
  (extent) => Array.from({ length: Math.ceil(extent / 3) }, (_, i) => 3 * i + 3),
  (extent) => [5, extent - 1],
];

beforeAll(() => {
  rand([1]).dispose();
});

/** What a sample gives, or the error that refuses it. */
function attempt(sample: Sample, change?: (x: Tensor) => Tensor): Exact {
  try {
    return outcome(sample, change);
  } catch (error) {
    if (!(error instanceof WengertError)) throw error;
    return [[error.name, []]];
  }
}

/** The first along a dim, repeated by stride 0: the rest of the tensor is not looked at. */
const repeated = (x: Tensor, dim: number): Tensor => x.narrow(dim, 0, 1).expand(x.shape);

describe.each(samples().map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
  it.skipIf(excepted(OF_MEMORY, name) || excepted(WRITING, name))(
    "gives the same for broadcast operands as for dense ones",
    () => {
      const slack = excepted(IN_MEMORY_ORDER, name) ? REORDERED : 0;
      scope(() => {
        tensorsIn(sample.args).forEach((operand, which) => {
          operand.shape.forEach((size, dim) => {
            if (size < 2) return;
            const at = (dense: boolean) => (x: Tensor) => {
              if (x !== operand) return x;
              return dense ? repeated(x, dim).contiguous() : repeated(x, dim);
            };
            const found = difference(attempt(sample, at(false)), attempt(sample, at(true)), slack);
            expect(found, `operand ${which}, dim ${dim}`).toBe(null);
          });
        });
      });
    },
  );

  it("gives the same in pieces as in one go", () => {
    scope(() => {
      const whole = outcome(sample);
      for (const [i, cut] of CUTS.entries()) {
        seam.cut = cut;
        try {
          expect(difference(outcome(sample), whole), `cut ${i}`).toBe(null);
        } finally {
          seam.cut = null;
        }
      }
    });
  });
});

afterAll(() => {
  // The law is about nothing where kernels are not reached through the seam.
  expect(seam.cuts).toBeGreaterThan(samples().length);
});
