// The example programs as a user runs them, and the README's example.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

function run(...parameters: string[]): string {
  return execFileSync(process.execPath, parameters, { cwd: root, encoding: "utf8" });
}

describe("examples", () => {
  it("autograd-basics prints what PyTorch prints", () => {
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

  it("chain-rule agrees with the tape to the last digits", () => {
    const text = run("examples/chain-rule/main.mjs");
    const difference = Number(/difference: (.*)/.exec(text)?.[1]);
    expect(difference).toBeLessThan(1e-15);
    expect(text.match(/path over/g)?.length).toBe(2);
  });

  it("digits are learnt", () => {
    const text = run("examples/digits/main.mjs", "--epochs", "12");
    expect(text.match(/^epoch .*loss .*accuracy/gm)?.length).toBe(12);
    expect(Number(/test accuracy (.*)/.exec(text)?.[1])).toBeGreaterThanOrEqual(0.97);
    expect(text).toMatch(/samples\/s, peak .* MiB/);
    expect(text).toContain("MulBackward0");
    expect(text).toMatch(/reads \d, is \d/);
  }, 60_000);

  it("digits refuse wrong options", () => {
    for (const wrong of [["--epochs", "x"], ["--lr", "-1"], ["--hidden", "0"], ["--bogus"], ["extra"]]) {
      const { status, stderr } = spawnSync(process.execPath, ["examples/digits/main.mjs", ...wrong], {
        cwd: root,
        encoding: "utf8",
      });
      expect(status).toBe(1);
      expect(stderr).toMatch(/^digits: .*\nusage:/);
    }
  });

  it("the README's example prints what stands below it", () => {
    const readme = readFileSync(`${root}/README.md`, "utf8");
    const [, code, output] = /```js\n(.*?)```\n+```text\n(.*?)```/s.exec(readme) ?? [];
    const file = `${root}/build/readme-example.mjs`;
    writeFileSync(file, code ?? "");
    try {
      expect(run(file)).toBe(output);
    } finally {
      rmSync(file);
    }
  });
});
