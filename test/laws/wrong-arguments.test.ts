// What every operator says about wrong arguments: it throws one of the library's errors, and names the function that was called.

import { describe, expect, it, vi } from "vitest";
import * as wg from "../../src/entries/node.js";
import { memory, noGrad, scope, Tensor, tensor, WengertError, zeros } from "../../src/entries/node.js";
import { type Sample, samples } from "../samples/samples.js";

/** Wrong, or at least odd, in the place of an argument: of another kind, shape, dtype or size, or disposed. */
function wrong(value: unknown): unknown[] {
  if (value instanceof Tensor) {
    const { shape, dtype } = value;
    const gone = zeros([1]);
    gone.dispose();
    const shapes = [[...shape, 2], [7, ...shape], shape.map((n) => n + 1), shape.map(() => 0), []];
    const dtypes = ["bool", "int32", "float32"] as const;
    const indices = dtype === "int32" ? [zeros(shape, { dtype }).add(99), zeros(shape, { dtype }).sub(99)] : [];
    return [
      gone,
      null,
      "word",
      { odd: 1 },
      [],
      ...shapes.map((other) => zeros(other, { dtype })),
      ...dtypes.map((other) => zeros(shape, { dtype: other })),
      ...indices,
    ];
  }
  if (typeof value === "number") return [99, -99, 1.5, Number.NaN, "word", null, true, { odd: 1 }];
  if (typeof value === "boolean") return [1, "word", null];
  if (typeof value === "string") return ["odd", 5, null];
  if (Array.isArray(value)) {
    const each = value.flatMap((item, i) => wrong(item).map((other) => value.with(i, other)));
    return [[], [...value, ...value], null, "word", 3, ...each];
  }
  if (value !== null && typeof value === "object") {
    const each = Object.entries(value).flatMap(([name, item]) =>
      wrong(item).map((other) => ({ ...value, [name]: other })),
    );
    return [{ ...value, odd: 1 }, ...each];
  }
  return ["word", { odd: 1 }];
}

function calls({ args }: Sample): unknown[][] {
  const changed = args.flatMap((arg, i) => wrong(arg).map((other) => args.with(i, other)));
  return [[], args.slice(0, -1), [...args, "extra", "extra"], [...args, { odd: 1 }], ...changed];
}

/** The function of a path; those of `nn.functional` go without it. */
function at(path: string): unknown {
  for (const space of [wg, wg.F, wg.special, wg.linalg]) {
    let from: unknown = space;
    for (const part of path.split(".")) from = (from as Record<string, unknown> | undefined)?.[part];
    if (from !== undefined) return from;
  }
  return undefined;
}

const lastOf = (path: string): string => path.split(".").at(-1) as string;

/** Whether an error that begins with `prefix` names the function `name`: by itself, or by another name it has. */
function names(prefix: string, name: string): boolean {
  return lastOf(prefix) === lastOf(name) || (at(prefix) !== undefined && at(prefix) === at(name));
}

function told(value: unknown): string {
  if (value instanceof Tensor) return value.isDisposed ? "a disposed tensor" : `${value.dtype}[${value.shape}]`;
  if (Array.isArray(value)) return `[${value.map(told).join(", ")}]`;
  if (value === null || typeof value !== "object") return String(value);
  return `{ ${Object.entries(value).map(([name, each]) => `${name}: ${told(each)}`)} }`;
}

const operators = samples()
  .map((sample) => ({ ...sample, name: sample.name.replace(/ \(.*\)$/, "").replace(/^nn\.functional\./, "") }))
  // Samples that do something to their arguments first answer for themselves.
  .filter(({ name, call }) => at(name) === call);

describe("wrong arguments", () => {
  it.each(operators.map((sample) => [sample.name, sample] as const))("of %s", (name, sample) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const before = memory().live;
    scope(() => {
      for (const given of calls(sample)) {
        try {
          scope(() => {
            noGrad(() => sample.call(...given));
          });
        } catch (error) {
          const text = `${(error as Error).message}\n  given ${given.map(told).join(" | ")}`;
          if (!(error instanceof WengertError)) expect.fail(`${(error as Error).constructor.name}: ${text}`);
          const prefix = /^([\w.]+): /.exec(error.message)?.[1];
          if (prefix === undefined || !names(prefix, name)) expect.fail(`not named ${name}: ${text}`);
          if (!String(error.stack).includes(error.message)) expect.fail(`the stack says something else: ${text}`);
        }
      }
    });
    expect(memory().live).toBe(before);
    warn.mockRestore();
  });
});

describe("the name in an error", () => {
  const leaf = (): Tensor => zeros([2], { requiresGrad: true });

  it("is that of the method in place", () => {
    expect(() => leaf().add_(1)).toThrow(/^add_: a leaf Variable/);
    expect(() => leaf().copy_(zeros([2]))).toThrow(/^copy_: a leaf Variable/);
    expect(() => leaf().mul(1).unbind()[0]?.exp_()).toThrow(/^exp_: /);
    expect(() => wg.F.relu(leaf(), { inplace: true })).toThrow(/^relu_: a leaf Variable/);
  });

  it("is that of the function called, not of its parts", () => {
    expect(() => zeros([2, 3]).index(5)).toThrow(/^index: index 5 is out of bounds/);
    const target = tensor([5], { dtype: "int32" });
    expect(() => wg.F.crossEntropy(zeros([1, 3]), target)).toThrow(/^crossEntropy: Target 5 is out of bounds/);
    expect(() => wg.hstack([zeros([2, 2]), zeros([3, 3])])).toThrow(/^hstack: /);
  });
});
