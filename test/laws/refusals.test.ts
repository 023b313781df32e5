// A call that cannot be done is refused by one of our errors and leaves everything as it was.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  DisposedError,
  isGradEnabled,
  memory,
  rand,
  scope,
  type Tensor,
  tensor,
  WengertError,
} from "../../src/entries/node.js";
import { type Sample, samples } from "../samples/samples.js";
import { pathsOf } from "./inplace.js";
import { difference, exact, isFloat, replaced, tensorsIn } from "./tools.js";

beforeAll(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  rand([1]).dispose();
});
afterAll(() => {
  vi.restoreAllMocks();
});

/** The arguments with the `which`-th tensor replaced. */
function with1(args: readonly unknown[], which: number, change: (x: Tensor) => unknown): unknown[] {
  let next = 0;
  return replaced([...args], (x) => (next++ === which ? change(x) : x));
}

const isOptions = (x: unknown): x is object =>
  x !== null && typeof x === "object" && Object.getPrototypeOf(x) === Object.prototype;

/** Calls with tensors that collect gradients; null where it goes, else the error, after looking at what it left. */
function refusal({ call }: Sample, given: readonly unknown[], what: string): unknown {
  return scope(() => {
    const args = replaced(given, (x) => {
      const own = x.detach().clone();
      return isFloat(own) ? own.requiresGrad_() : own;
    });
    const tensors = tensorsIn(args);
    const before = exact(tensors.map((x) => x.detach()));
    const { live } = memory();
    try {
      call(...args);
      return null;
    } catch (error) {
      expect(memory().live, `${what}: live bytes after ${error}`).toBe(live);
      expect(error, what).toBeInstanceOf(WengertError);
      for (const x of tensors) expect([x.version, x.gradFn, x.grad, x.isLeaf], what).toEqual([0, null, null, true]);
      expect(difference(exact(tensors.map((x) => x.detach())), before), what).toBe(null);
      expect(isGradEnabled(), what).toBe(true);
      return error;
    }
  });
}

/** What may come in a tensor's place, and is either good or refused. */
const OTHERS: Readonly<Record<string, (x: Tensor) => unknown>> = {
  null: () => null,
  "a bool tensor": (x) => tensor(true).expand(x.shape).clone(),
  "an int32 tensor of large numbers": (x) => tensor(12345, { dtype: "int32" }).expand(x.shape).clone(),
  "another precision": (x) => x.to(x.dtype === "float64" ? "float32" : "float64"),
  "one dim more": (x) => rand([...x.shape, 3]).to(x.dtype),
  "larger sizes": (x) => rand(x.shape.map((size) => size + 4)).to(x.dtype),
  "no elements": (x) => rand([0]).to(x.dtype),
  "no dims": (x) => rand([]).to(x.dtype),
};

const firsts = new Map<unknown, Sample>();
for (const sample of samples()) {
  if (pathsOf(sample.call).length > 0 && !firsts.has(sample.call)) firsts.set(sample.call, sample);
}

describe.each([...firsts.values()].map((sample) => [pathsOf(sample.call)[0] as string, sample] as const))(
  "%s",
  (_, sample) => {
    const { args } = sample;

    it("refuses what it has no parameter for", () => {
      const last = args.at(-1);
      const wrong: Readonly<Record<string, readonly unknown[]>> = {
        "one argument more": [...args, "surplus"],
        "twelve arguments more": [...args, ...Array<string>(12).fill("surplus")],
        "an unknown option": isOptions(last)
          ? [...args.slice(0, -1), { ...last, surplus: 1 }]
          : [...args, { surplus: 1 }],
      };
      const taken = Object.entries(wrong).filter(([what, given]) => refusal(sample, given, what) === null);
      expect(taken.map(([what]) => what)).toEqual([]);
    });

    it("refuses what is no tensor in the place of one", () => {
      tensorsIn(args).forEach((_, which) => {
        for (const wrong of ["surplus", new Map()]) {
          const given = with1(args, which, () => wrong);
          expect(refusal(sample, given, `${wrong} for tensor ${which}`), `tensor ${which}`).not.toBe(null);
        }
      });
    });

    it("takes or refuses other tensors, and other values of its parameters", () => {
      tensorsIn(args).forEach((_, which) => {
        for (const [what, change] of Object.entries(OTHERS))
          scope(() => refusal(sample, with1(args, which, change), `${what} for tensor ${which}`));
      });
      args.forEach((arg, at) => {
        if (typeof arg !== "number") return;
        for (const value of [17, -99, 0.5, Number.NaN, "surplus", null, {}])
          refusal(sample, args.with(at, value), `${value} for argument ${at}`);
      });
    });

    it("refuses unknown words and words for flags", () => {
      args.forEach((arg, at) => {
        if (typeof arg !== "string" && typeof arg !== "boolean") return;
        expect(refusal(sample, args.with(at, "surplus"), `argument ${at}`), `argument ${at}`).not.toBe(null);
      });
    });
  },
);

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
