// The example programs, run as a user runs them.

import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function run(...parameters: string[]): string {
  return execFileSync(process.execPath, parameters, { cwd: root, encoding: "utf8" });
}

describe("autograd-basics", () => {
  it("prints what PyTorch prints", () => {
    expect(run("examples/autograd-basics/main.mjs")).toBe(
      [
        "tensor([0., 1., 2., 3., 4., 5., 6., 7., 8., 9.], requires_grad=True)",
        "tensor([ 1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10.],",
        "       grad_fn=<AddBackward0>)",
        "tensor([  1.,   4.,   9.,  16.,  25.,  36.,  49.,  64.,  81., 100.],",
        "       grad_fn=<PowBackward0>)",
        "",
      ].join("\n"),
    );
  });
});

describe("chain-rule", () => {
  it("agrees with the tape to the last digits", () => {
    const text = run("examples/chain-rule/main.mjs");
    const valueAfter = (words: string) => Number(text.split(words)[1]?.split("\n")[0]?.split(/[=:]/).at(-1));
    const byHand = valueAfter("∂L/∂w₁₁ by the chain rule");
    const byTape = valueAfter("∂L/∂w₁₁ by the tape");
    // As PyTorch says, up to the order of its sums.
    expect(byTape).toBeCloseTo(0.09333456499322293, 15);
    expect(Math.abs(byHand - byTape)).toBeLessThan(1e-16);
    expect(valueAfter("path over k₁") + valueAfter("path over k₂")).toBeCloseTo(byTape, 15);
    for (const factor of ["∂L/∂ŷ ", "∂ŷ/∂k₁", "∂ŷ/∂k₂", "∂k₁/∂h₁", "∂k₂/∂h₁", "∂h₁/∂w₁₁"])
      expect(text).toContain(factor);
  });
});

describe("digits", () => {
  it("learns to read, at the same use of memory", () => {
    const lines = run("examples/digits/main.mjs").split("\n");
    const text = lines.join("\n");
    const epochs = lines.filter((line) => /^epoch +\d+ {2}loss \d\.\d{4} {2}training accuracy [\d.]+ %$/.test(line));
    expect(epochs).toHaveLength(20);
    expect(Number(/^test accuracy (0\.\d{4}) \(\d+ of 360\)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(0.97);
    expect(text).toMatch(/^[\d.]+ s, \d+ samples\/s$/m);
    expect(text).toMatch(/^peak memory [\d.]+ MiB of tensors, [\d.]+ MiB in all$/m);
    const [, first, last] = /^live after the first epoch (\d+) bytes, after the last (\d+) bytes$/m.exec(text) ?? [];
    expect(first).toBe(last);
    expect(text).toMatch(/^reads \d, is \d +reads \d, is \d/m);
    const drawn = lines.indexOf("AddBackward0");
    expect(lines.slice(drawn, drawn + 6)).toEqual([
      "AddBackward0",
      "├─ MulBackward0",
      "│  ├─ leaf a",
      "│  └─ leaf b",
      "└─ SinBackward0",
      "   └─ leaf a",
    ]);
    // No terminal, no bar.
    expect(text).not.toContain("\u001b");
  }, 60_000);

  it("learns from every seed", () => {
    for (const seed of [0, 2, 3]) {
      const text = run("examples/digits/main.mjs", "--seed", String(seed));
      expect(Number(/test accuracy ([\d.]+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(0.97);
    }
  }, 60_000);

  it("takes options", () => {
    const text = run("examples/digits/main.mjs", "--epochs", "2", "--lr=0.05", "--seed", "7", "--hidden", "16");
    expect(text).toContain("64 → 16 → 10, seed 7");
    expect(text.match(/^epoch/gm)).toHaveLength(2);
    expect(run("examples/digits/main.mjs", "--epochs", "1", "--seed", "7")).not.toBe(text);
  });

  it("refuses wrong options", () => {
    const cases: readonly (readonly [parameters: readonly string[], text: RegExp])[] = [
      [["--epochs", "x"], /--epochs must be a whole number from 1 to 10000, got "x"/],
      [["--epochs", "0"], /--epochs must be/],
      [["--seed", "1.5"], /--seed must be a whole number/],
      [["--lr", "-1"], /--lr must be a number above 0 and at most 10, got "-1"/],
      [["--lr"], /--lr must be .*, got nothing/],
      [["--lr="], /--lr must be .*, got ""/],
      [["--hidden", "5000"], /--hidden must be a whole number from 1 to 4096/],
      [["--bogus"], /unknown option --bogus; known are --epochs, --lr, --seed, --hidden/],
      [["extra"], /unexpected "extra"/],
    ];
    for (const [parameters, text] of cases) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ["examples/digits/main.mjs", ...parameters], {
        cwd: root,
        encoding: "utf8",
      });
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(text);
      expect(stderr).toContain("usage: npm start -- [--epochs N]");
    }
  }, 60_000);
});
