// A call that cannot be done is refused by one of our errors and leaves everything as it was.

import { beforeAll, describe, expect, it } from "vitest";
import { DisposedError, memory, rand, scope, type Tensor } from "../../src/entries/node.js";
import { samples } from "../samples/samples.js";
import { pathsOf } from "./inplace.js";
import { replaced, tensorsIn } from "./tools.js";

beforeAll(() => {
  rand([1]).dispose();
});

/** A value whose `which`-th tensor is replaced. */
function with1(args: readonly unknown[], which: number, change: (x: Tensor) => unknown): unknown[] {
  let next = 0;
  return replaced([...args], (x) => (next++ === which ? change(x) : x));
}

describe.each(samples().map((sample) => [sample.name, sample] as const))("%s", (_, { call, args }) => {
  const direct = pathsOf(call).length > 0;

  it("refuses disposed tensors", () => {
    tensorsIn(args).forEach((_, which) => {
      scope(() => {
        const given = with1(args, which, (x) => {
          const gone = x.clone();
          gone.dispose();
          return gone;
        });
        const { live } = memory();
        // What a sample computes around its operator is not the operator's to free.
        const run = (): unknown => (direct ? call(...given) : scope(() => call(...given)));
        expect(run, `tensor ${which}`).toThrow(DisposedError);
        expect(memory().live).toBe(live);
      });
    });
  });
});
