// Flat calls of captured steps: the kernels that take part are their loop and nothing else.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FLAT_STEMS } from "../../src/capture/flat.js";
import { capture, noGrad, tensor } from "../../src/entries/node.js";

const sources = ["arithmetic", "pointwise", "difference"]
  .map((name) => readFileSync(new URL(`../../assembly/kernels/${name}.ts`, import.meta.url), "utf8"))
  .join("\n");

it.each(FLAT_STEMS)("%s calls its loop at once", (stem) => {
  for (const word of ["f32", "f64"]) {
    const line = new RegExp(
      `function ${stem}_${word}\\(block: usize, begin: u32, end: u32\\): void \\{\\s*map[123]\\w*<${word}, (\\w+)<${word}>>\\(block, begin, end\\);\\s*\\}`,
    );
    const [, rule] = line.exec(sources) ?? [];
    expect(rule).toBeDefined();
    const body = new RegExp(`class ${rule}<[^{]*\\{[\\s\\S]*?\\n\\}`).exec(sources)?.[0];
    expect(body).toBeDefined();
    expect(body).not.toMatch(/scratch|parameter/);
  }
});

it("gives the bits of single calls, with numbers as operands", () => {
  const x = tensor([0.1, -0.2, 3, 4e-8, 5, -6, 7, 8], { dtype: "float64" });
  const f = () => x.mul(0.3).add(1.7).tanh().sub(x).neg().div(3).abs().sqrt().sigmoid().to("float32").mul(0.1).exp();
  const step = noGrad(() => capture(f));
  expect(step().tolist()).toEqual(f().tolist());
  x.neg_();
  expect(step().tolist()).toEqual(f().tolist());
  step.dispose();
});
