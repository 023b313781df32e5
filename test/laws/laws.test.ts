// What is true of every operator, checked on its samples: layouts, forms in place, and memory.

import { beforeAll, describe, expect, it } from "vitest";
import { autograd, memory, noGrad, rand, scope, Tensor, zeros } from "../../src/entries/node.js";
import { samples } from "../samples/samples.js";
import { excepted, IN_MEMORY_ORDER, OF_MEMORY, REORDERED } from "./exceptions.js";
import { formsOf, pathsOf } from "./inplace.js";
import { type Callable, difference, exact, isLeaf, outcome, replaced, strided, tensorsIn } from "./tools.js";

/** A method by its name; properties are none, and \`where\` takes its operands in another order. */
function methodNamed(name: string): Callable | undefined {
  return name === "where" ? undefined : Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value;
}

beforeAll(() => {
  rand([1]).dispose();
});

describe.each(samples().map((sample) => [sample.name, sample] as const))("%s", (name, sample) => {
  const { call, args } = sample;

  it.skipIf(excepted(OF_MEMORY, name))("gives the same for strided operands as for dense ones", () => {
    scope(() => {
      const slack = excepted(IN_MEMORY_ORDER, name) ? REORDERED : 0;
      expect(difference(outcome(sample, strided), outcome(sample), slack)).toBe(null);
    });
  });

  it("leaves no bytes, forward and backward", () => {
    const run = () =>
      scope(() => {
        const given = replaced(args, (x) => (isLeaf(sample, x) ? x.detach().clone().requiresGrad_() : x));
        const outputs = tensorsIn(call(...given)).filter((x) => x.requiresGrad);
        if (outputs.length === 0 || sample.differentiable === false) return;
        autograd.backward(
          outputs,
          outputs.map((x) => noGrad(() => zeros(x.shape, { dtype: x.dtype }))),
        );
      });
    run();
    const { live } = memory();
    run();
    expect(memory().live).toBe(live);
  });

  it("is a method that gives the same", () => {
    for (const path of pathsOf(call)) {
      const method = methodNamed(path);
      if (method === undefined || !(args[0] instanceof Tensor)) continue;
      scope(() => {
        expect(difference(outcome({ ...sample, call: (x, ...rest) => method.apply(x, rest) }), outcome(sample))).toBe(
          null,
        );
      });
    }
  });

  for (const form of formsOf(sample)) {
    it(`gives in place, by ${form.name}, what it gives out of place`, () => {
      scope(() => {
        const self = (args[0] as Tensor).clone();
        const given = replaced(args.slice(1), (x) => x.clone());
        const wanted = exact((call(...args) as Tensor).to(self.dtype));
        expect(form.call(self, ...given)).toBe(self);
        // Leaving the tape is no write.
        expect(self.version).toBe(/detach_$/.test(form.name) ? 0 : 1);
        expect(difference(exact(self), wanted)).toBe(null);
        expect(difference(exact(given), exact(args.slice(1)))).toBe(null);
      });
    });
  }
});
