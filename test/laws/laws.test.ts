// What is true of every operator, checked on its samples.

import { beforeAll, describe, expect, it, vi } from "vitest";
import * as wengert from "../../src/entries/node.js";
import { autograd, DisposedError, memory, noGrad, rand, scope, Tensor, zeros } from "../../src/entries/node.js";
import { covered, exceptions, type Sample, samples } from "../samples/samples.js";

function listOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(listOf);
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(listOf);
  return [];
}

/** The arguments with their tensors replaced by `change`, in lists too. */
function mapped(args: readonly unknown[], change: (x: Tensor) => Tensor): unknown[] {
  return args.map((arg) => (arg instanceof Tensor ? change(arg) : Array.isArray(arg) ? mapped(arg, change) : arg));
}

const isFloat = (x: Tensor): boolean => x.dtype === "float64" || x.dtype === "float32";
const bits = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray(), Number);

/** The same values in memory of the opposite order, with an offset and gaps. */
function strided(x: Tensor): Tensor {
  if (x.ndim === 0 || x.numel() === 0) return x;
  const order = x.shape.map((_, d) => x.ndim - 1 - d);
  const wide = zeros([...order.map((d) => x.shape[d] as number), 2], { dtype: x.dtype });
  const inner = wide.select(x.ndim, 1);
  inner.copy_(x.permute(order));
  return inner.permute(order);
}

/** The function of the sample's floating-point tensors alone, for gradcheck. */
function ofTensors({ call, args }: Sample): {
  readonly f: (...inputs: Tensor[]) => Tensor[];
  readonly inputs: Tensor[];
} {
  const inputs: Tensor[] = [];
  mapped(args, (x) => {
    if (isFloat(x)) inputs.push(x.detach().clone().requiresGrad_());
    return x;
  });
  return {
    inputs,
    f: (...given) => {
      let next = 0;
      return listOf(call(...mapped(args, (x) => (isFloat(x) ? (given[next++] as Tensor) : x)))).filter(isFloat);
    },
  };
}

beforeAll(() => {
  rand([1]).dispose();
});

describe("every exported operator", () => {
  it("has samples", () => {
    const functions: string[] = [];
    const walk = (path: string, from: object) => {
      for (const [name, value] of Object.entries(from)) {
        if (typeof value === "function" && !/^[A-Z]/.test(name)) functions.push(`${path}${name}`);
      }
    };
    const spaces = wengert as unknown as Record<string, object | undefined>;
    walk("", wengert);
    for (const space of ["special", "linalg", "fft", "signal"]) if (spaces[space]) walk(`${space}.`, spaces[space]);
    walk("nn.functional.", wengert.F);
    const known = covered();
    expect(functions.filter((name) => !known.has(name) && !exceptions.has(name))).toEqual([]);
  });
});

describe.each(samples().map((sample) => [sample.name, sample] as const))("%s", (_, sample) => {
  const { call, args } = sample;

  // asStrided reads the memory itself, so that another layout means something else.
  it.skipIf(sample.name.startsWith("asStrided"))("gives the same for strided operands as for dense ones", () => {
    scope(() => {
      const dense = listOf(call(...mapped(args, (x) => x)));
      const other = listOf(call(...mapped(args, strided)));
      dense.forEach((x, i) => {
        const a = bits(x);
        bits(other[i] as Tensor).forEach((value, j) => {
          // A reduction may add up in another order; everything else agrees to the last bit.
          const unit = x.dtype === "float32" ? 1e-6 : 1e-12;
          const near =
            Object.is(value, a[j]) ||
            value === a[j] ||
            Math.abs(value - (a[j] as number)) <= unit * (1 + Math.abs(a[j] as number));
          if (!near) expect.fail(`element ${j}: ${value}, dense ${a[j]}`);
        });
      });
    });
  });

  it("leaves no bytes, forward and backward", () => {
    const run = () =>
      scope(() => {
        const given = mapped(args, (x) => (isFloat(x) ? x.detach().clone().requiresGrad_() : x));
        const outputs = listOf(call(...given)).filter((x) => x.requiresGrad);
        if (outputs.length > 0 && sample.differentiable !== false) {
          autograd.backward(
            outputs,
            outputs.map((x) => noGrad(() => zeros(x.shape, { dtype: x.dtype }))),
          );
        }
      });
    run();
    const { live } = memory();
    run();
    expect(memory().live).toBe(live);
  });

  it("refuses disposed tensors and leaves everything as it was", () => {
    const first = listOf(args)[0];
    if (first === undefined) return;
    const { live } = memory();
    scope(() => {
      const gone = first.clone();
      gone.dispose();
      let replaced = false;
      const given = mapped(args, (x) => {
        if (replaced) return x;
        replaced = true;
        return gone;
      });
      expect(() => call(...given)).toThrow(DisposedError);
    });
    expect(memory().live).toBe(live);
  });

  if (sample.inplace !== undefined) {
    it("gives in place what it gives out of place", () => {
      scope(() => {
        const out = call(...args) as Tensor;
        const self = (args[0] as Tensor).clone();
        const result = (sample.inplace as (...args: unknown[]) => unknown)(self, ...args.slice(1));
        expect(result).toBe(self);
        expect(self.version).toBe(1);
        expect(bits(self)).toEqual(bits(out));
      });
    });
  }

  if (sample.differentiable !== false) {
    it("agrees with differences, in reverse, in forward mode, and in second order", () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      scope(() => {
        const { f, inputs } = ofTensors(sample);
        if (inputs.length === 0 || listOf(f(...inputs)).every((x) => !x.requiresGrad)) return;
        expect(autograd.gradcheck(f, inputs, { checkForwardAd: true })).toBe(true);
        if (sample.twice !== false) expect(autograd.gradgradcheck(f, inputs)).toBe(true);
      });
      warn.mockRestore();
    });
  }
});
