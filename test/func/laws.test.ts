// What vmap must keep for every operator: the results of a loop over the examples, and their gradients.

import { describe, expect, it } from "vitest";
import { func, scope, stack, Tensor } from "../../src/entries/node.js";
import { type Sample, samples } from "../samples/samples.js";

type Lists = (...tensors: Tensor[]) => Tensor[];
type OfLists = (f: Lists, options?: func.VmapOptions) => Lists;
// Here all functions take and give lists of tensors.
const vmap = func.vmap as OfLists;

const SIZE = 3;

/**
 * Operators that may refuse, as in PyTorch: their result's shape, or their answer itself, depends on the data, or they
 * write running statistics.
 */
const MAY_REFUSE = new Set(
  (
    "allclose argwhere bincount equal index indexPut item maskedSelect narrow nonzero repeatInterleave setIndex tensorSplit unique " +
    "uniqueConsecutive where nn.functional.oneHot nn.functional.batchNorm nn.functional.instanceNorm"
  ).split(" "),
);

/** Writing what differs between examples into what does not is refused. */
const IN_PLACE = /(?<!maskedScatter)_$/;

function listOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(listOf);
  if (value !== null && typeof value === "object") return Object.values(value).flatMap(listOf);
  return [];
}

const isFloat = (x: Tensor): boolean => x.dtype === "float64" || x.dtype === "float32";
const bits = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray(), Number);

/** The tensors of the arguments, in lists and options too. */
function tensorsOf(value: unknown): Tensor[] {
  return value instanceof Tensor || Array.isArray(value) || isPlain(value) ? listOf(value) : [];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The arguments with other tensors, in order. */
function withTensors(args: unknown, tensors: readonly Tensor[], at = { next: 0 }): unknown {
  if (args instanceof Tensor) return tensors[at.next++];
  if (Array.isArray(args)) return args.map((each) => withTensors(each, tensors, at));
  if (isPlain(args)) {
    return Object.fromEntries(Object.entries(args).map(([name, each]) => [name, withTensors(each, tensors, at)]));
  }
  return args;
}

const run = ({ call, args }: Sample, tensors: readonly Tensor[]): Tensor[] =>
  listOf(call(...(withTensors(args, tensors) as unknown[])));

/** Example k of an argument: other values in the same domain. */
function example(x: Tensor, k: number): Tensor {
  return isFloat(x) && k > 0 ? x.detach().mul(1 - 0.03 * k) : x.detach();
}

/** Runs a law, or sees the operator refuse where it may. */
function orRefused(sample: Sample, law: () => void): void {
  try {
    law();
  } catch (error) {
    if (!MAY_REFUSE.has(base(sample))) throw error;
    expect(String(error)).toMatch(/vmap/);
  }
}

/** Throws unless the values are the same, in the last bits but for sums that add up in another order. */
function same(what: string, got: Tensor, wanted: Tensor): void {
  expect(got.shape, what).toEqual(wanted.shape);
  expect(got.dtype, what).toBe(wanted.dtype);
  const other = bits(wanted);
  const small = wanted.dtype === "float32" ? 2e-5 : 1e-10;
  bits(got).forEach((value, i) => {
    const b = other[i] as number;
    if (Object.is(value, b) || value === b || Math.abs(value - b) <= small * (1 + Math.abs(b))) return;
    expect.fail(`${what}: element ${i}: ${value}, in a loop ${b}`);
  });
}

function stacked(results: readonly (readonly Tensor[])[]): Tensor[] {
  return (results[0] as Tensor[]).map((_, k) => stack(results.map((result) => result[k] as Tensor)));
}

const all = samples().filter(({ args }) => tensorsOf(args).length > 0);

const base = ({ name }: Sample): string => name.replace(/ [#(].*/, "");
const seen = new Map<string, number>();

describe.each(all.map((sample) => [sample.name, sample] as const))("vmap of %s", (_, sample) => {
  // What is more than the first law is checked on the first samples of each operator.
  const count = (seen.get(base(sample)) ?? 0) + 1;
  seen.set(base(sample), count);
  const few = count <= 3;
  const tensors = tensorsOf(sample.args);
  const lawOf = (law: () => void) => orRefused(sample, () => scope(law));
  const mapped = (inDims: readonly (number | null)[]) => vmap((...given: Tensor[]) => run(sample, given), { inDims });

  /** Compares a mapping over the arguments that `over` names with a loop. */
  const check = (over: readonly boolean[], dim: number): void => {
    orRefused(sample, () => compare(over, dim));
  };
  const compare = (over: readonly boolean[], dim: number): void => {
    scope(() => {
      const examples = tensors.map((x, i) => Array.from({ length: SIZE }, (_, k) => example(x, over[i] ? k : 0)));
      const loop = Array.from({ length: SIZE }, (_, k) =>
        run(
          sample,
          examples.map((list) => list[k] as Tensor),
        ),
      );
      const dims = tensors.map((x, i) => (over[i] ? (dim < 0 ? x.ndim : Math.min(dim, x.ndim)) : null));
      const inputs = examples.map((list, i) => (over[i] ? stack(list, dims[i] as number) : (list[0] as Tensor)));
      const got = mapped(dims)(...inputs);
      stacked(loop).forEach((wanted, i) => {
        same(`${sample.name} result ${i}`, got[i] as Tensor, wanted);
      });
    });
  };

  it("equals a loop over the examples", () => {
    check(
      tensors.map(() => true),
      0,
    );
  });

  if (!few) return;

  // What asStrided sees of other memory is something else.
  it.skipIf(sample.name.startsWith("asStrided"))("equals a loop where the last dim is mapped over", () => {
    check(
      tensors.map(() => true),
      -1,
    );
  });

  if (tensors.length > 1) {
    it("equals a loop where one argument alone is mapped over", () => {
      tensors.forEach((_, i) => {
        const only = () =>
          check(
            tensors.map((_, j) => i === j),
            0,
          );
        if (i > 0 && IN_PLACE.test(base(sample))) expect(only).toThrow(/vmap: in-place/);
        else only();
      });
    });
  }

  it("equals a loop in a vmap inside a vmap", () => {
    lawOf(() => {
      const grid = (x: Tensor) => stack([0, 1].map((a) => stack([0, 1, 2].map((b) => example(x, a + b)))));
      const f = vmap((...given: Tensor[]) => vmap((...inner: Tensor[]) => run(sample, inner))(...given));
      const got = f(...tensors.map(grid));
      const loop = [0, 1].map((a) =>
        stacked(
          [0, 1, 2].map((b) =>
            run(
              sample,
              tensors.map((x) => example(x, a + b)),
            ),
          ),
        ),
      );
      stacked(loop).forEach((wanted, i) => {
        same(`${sample.name} result ${i}`, got[i] as Tensor, wanted);
      });
    });
  });

  const floats = tensors.map((x, i) => (isFloat(x) ? i : -1)).filter((i) => i >= 0);
  const gives = scope(() => run(sample, tensors).some(isFloat));
  if (sample.differentiable === false || floats.length === 0 || !gives) return;

  it("gives the gradients of a loop, inside and outside", () => {
    lawOf(() => {
      const total = (...given: Tensor[]): Tensor => {
        const outputs = run(sample, given).filter(isFloat);
        return outputs.map((y) => y.mul(y).sum().to("float64")).reduce((a, b) => a.add(b));
      };
      const examples = tensors.map((x) => Array.from({ length: SIZE }, (_, k) => example(x, k)));
      const slope = func.grad(total, { argnums: floats }) as unknown as Lists;
      const loop = Array.from({ length: SIZE }, (_, k) => slope(...examples.map((list) => list[k] as Tensor)));
      const inputs = examples.map((list) => stack(list));
      const inside = vmap(slope)(...inputs);
      const outside = func.grad(
        (...given: Tensor[]) =>
          func
            .vmap(total)(...given)
            .sum(),
        { argnums: floats },
      )(...inputs);
      const once = func.grad(
        (...given: Tensor[]) =>
          func
            .vmap(total, {
              inDims: given.map((_, i) => (i === 0 ? 0 : null)),
            })(...given)
            .sum(),
        { argnums: floats },
      )(...inputs.map((x, i) => (i === 0 ? x : ((examples[i] as Tensor[])[0] as Tensor))));
      const onceLoop = Array.from({ length: SIZE }, (_, k) =>
        slope(...examples.map((list, i) => list[i === 0 ? k : 0] as Tensor)),
      );
      stacked(loop).forEach((wanted, i) => {
        same(`${sample.name} gradient ${i} inside`, inside[i] as Tensor, wanted);
        same(`${sample.name} gradient ${i} outside`, outside[i] as Tensor, wanted);
      });
      stacked(onceLoop).forEach((wanted, i) => {
        const sum = floats[i] === 0 ? wanted : wanted.sum(0);
        same(`${sample.name} gradient ${i} of what is shared`, once[i] as Tensor, sum);
      });
    });
  });

  it("pushes the tangents of a loop", () => {
    lawOf(() => {
      const outputs = (...given: Tensor[]): Tensor[] => run(sample, given).filter(isFloat);
      const only =
        (given: readonly Tensor[]) =>
        (...own: Tensor[]) => {
          const copy = [...given];
          floats.forEach((at, i) => {
            copy[at] = own[i] as Tensor;
          });
          return outputs(...copy);
        };
      const push = (...given: Tensor[]): Tensor[] => {
        const own = floats.map((at) => given[at] as Tensor);
        return func.jvp(
          only(given),
          own,
          own.map((x) => x.detach().mul(0.5).add(0.1)),
        )[1];
      };
      const examples = tensors.map((x) => Array.from({ length: SIZE }, (_, k) => example(x, k)));
      const loop = Array.from({ length: SIZE }, (_, k) => push(...examples.map((list) => list[k] as Tensor)));
      const got = vmap(push)(...examples.map((list) => stack(list)));
      stacked(loop).forEach((wanted, i) => {
        same(`${sample.name} tangent ${i}`, got[i] as Tensor, wanted);
      });
    });
  });
});
