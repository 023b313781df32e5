// Optimisers against PyTorch: 20 steps in both dtypes, state dictionaries, texts.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

const { optim, tensor, Tensor } = wg;

interface Case {
  readonly optimizer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly reference?: boolean;
  readonly float64: Readonly<Record<string, number[][]>>;
  readonly float32: Readonly<Record<string, number[][]>>;
  readonly noise: Readonly<Record<string, number>>;
  readonly state: { state: Record<string, Record<string, unknown>>; param_groups: Record<string, unknown>[] };
  readonly text: string;
}

const problem: {
  readonly shapes: number[][];
  readonly starts: number[][];
  readonly weights: number[][];
  readonly centres: number[][];
  readonly cases: Case[];
} = JSON.parse(readFileSync(new URL("../fixtures/optim/steps.json", import.meta.url), "utf8"));

type Float = "float32" | "float64";
type Made = wg.optim.Optimizer;

const camel = (name: string) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const known = optim as unknown as Record<string, new (params: unknown, options?: object) => Made>;

function start({ optimizer, options }: Case, dtype: Float): { made: Made; params: wg.Tensor[] } {
  const count = optimizer === "Muon" ? 1 : problem.shapes.length;
  const params = problem.shapes
    .slice(0, count)
    .map((shape, i) => wg.reshape(tensor(problem.starts[i], { dtype }), shape).detach().requiresGrad_());
  const renamed = Object.fromEntries(Object.entries(options).map(([key, value]) => [camel(key), value]));
  const made = new known[optimizer](params, optimizer === "SGD" ? { lr: 0.1, ...renamed } : renamed);
  return { made, params };
}

function setGradients(params: wg.Tensor[], t: number): void {
  params.forEach((p, i) => {
    p.grad = wg.scope(() =>
      wg.noGrad(() => {
        const centre = tensor(
          problem.centres[i].map((c) => c * (1 + 0.25 * (t % 4))),
          { dtype: p.dtype },
        );
        const weight = tensor(problem.weights[i], { dtype: p.dtype });
        return weight.mul(p.flatten().sub(centre)).reshape(p.shape);
      }),
    );
  });
}

const valuesOf = (params: wg.Tensor[]) => params.map((p) => Array.from(p.detach().toTypedArray(), Number));

function farthest(a: number[][], b: number[][]): number {
  return Math.max(...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - b[i][j]))));
}

function run(c: Case, dtype: Float, at: (t: string, params: number[][]) => void): Made {
  const { made, params } = start(c, dtype);
  for (let t = 1; t <= 20; t++) {
    setGradients(params, t);
    made.step();
    if (String(t) in c.float64) at(String(t), valuesOf(params));
  }
  return made;
}

/** A recorded value next to what stands in its place here. */
function same(recorded: unknown, own: unknown, path: string): void {
  if (recorded !== null && typeof recorded === "object" && Object.hasOwn(recorded, "values")) {
    const { dtype, shape, values } = recorded as { dtype: string; shape: number[]; values: number[] };
    expect(own, path).toBeInstanceOf(Tensor);
    const tensor = own as wg.Tensor;
    expect([tensor.dtype, tensor.shape], path).toEqual([dtype, shape]);
    expect(farthest([Array.from(tensor.toTypedArray(), Number)], [values]), path).toBeLessThan(1e-12);
  } else if (recorded !== null && typeof recorded === "object") {
    expect(Object.keys(own as object), path).toEqual(Object.keys(recorded));
    for (const [key, value] of Object.entries(recorded)) {
      same(value, (own as Record<string, unknown>)[key], `${path}.${key}`);
    }
  } else expect(own, path).toBe(recorded);
}

describe.each(problem.cases.map((c) => [`${c.optimizer} ${JSON.stringify(c.options)}`, c] as const))("%s", (_, c) => {
  test("20 steps in float64", () => {
    run(c, "float64", (t, params) => {
      expect(farthest(params, c.float64[t]), `step ${t}`).toBeLessThan(1e-12);
    });
  });

  test.skipIf(c.reference)("20 steps in float32, by what one unit of gradient noise does", () => {
    run(c, "float32", (t, params) => {
      expect(farthest(params, c.float32[t]), `step ${t}`).toBeLessThanOrEqual(4 * c.noise[t] + 1.2e-7);
    });
  });

  test.skipIf(c.reference)("the state dictionary and the text", () => {
    const { made } = { made: run(c, "float64", () => {}) };
    same(c.state, made.stateDict(), "state");
    expect(String(made)).toBe(c.text);
  });
});
