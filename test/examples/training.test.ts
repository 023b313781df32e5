// The example programs that train: each learns, run as a user runs it, some for fewer steps.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What an example prints, and the numbers behind some words in it, in order. */
async function run(name: string, ...parameters: string[]) {
  const command = [`examples/${name}/main.mjs`, ...parameters];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, encoding: "utf8" });
  const numbers = (words: string) =>
    [...stdout.matchAll(new RegExp(`${words} +([\\d.]+)`, "g"))].map(([, number]) => Number(number));
  return { stdout, numbers };
}

describe("examples that train", { timeout: 120_000 }, () => {
  it("convolution reads digits", async () => {
    const { stdout, numbers } = await run("convolution", "6");
    expect(stdout).toContain("(0): Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))");
    expect(numbers("test accuracy")[0]).toBeGreaterThan(0.97);
  });

  it("characters learns to write", async () => {
    const { stdout, numbers } = await run("characters", "1");
    const [blind, learnt] = numbers("loss");
    expect(learnt).toBeLessThan((blind as number) - 1);
    expect(stdout.split("\n").slice(3).join("\n").length).toBeGreaterThan(200);
  });

  it("autoencoder learns to draw, also what it has not seen", async () => {
    const { numbers } = await run("autoencoder");
    const bounds = numbers("bound");
    const unseen = numbers("unseen").slice(0, bounds.length);
    expect(bounds.length).toBe(4);
    expect(bounds.at(-1)).toBeLessThan((bounds[0] as number) - 10);
    expect(Math.abs((unseen.at(-1) as number) - (bounds.at(-1) as number))).toBeLessThan(1.5);
  });

  it("fine-tuning does better on the same examples than training from nothing", async () => {
    const { stdout, numbers } = await run("fine-tuning");
    expect(stdout).toContain("from PyTorch: 0.weight, 0.bias, 3.weight, 3.bias, 6.weight, 6.bias");
    const [clear, faint, fresh, tuned] = numbers("accuracy") as [number, number, number, number];
    expect(clear).toBeGreaterThan(0.9);
    expect(faint).toBeLessThan(0.5);
    expect(tuned).toBeGreaterThan(0.9);
    expect(tuned).toBeGreaterThan(fresh + 0.1);
  });

  it("pendulum finds the length and the friction", async () => {
    const { numbers } = await run("pendulum");
    const [length, friction] = [numbers("length"), numbers("friction")];
    // Six lines of training, then the truth.
    expect(length.length).toBeGreaterThan(4);
    expect(length.at(-2)).toBeCloseTo(length.at(-1) as number, 2);
    expect(friction.at(-2)).toBeCloseTo(friction.at(-1) as number, 2);
  });

  it("regression reaches the optimum", async () => {
    const { stdout, numbers } = await run("regression");
    const losses = numbers("loss");
    expect(losses).toHaveLength(6);
    expect((losses[0] as number) - (losses[5] as number)).toBeGreaterThan(1e-3);
    expect(Math.abs((losses[4] as number) - (losses[5] as number))).toBeLessThan(1e-7);
    expect(Number(/round 6 .* gradient (\S+)/.exec(stdout)?.[1])).toBeLessThan(1e-5);
    expect(numbers("test accuracy")[0]).toBeGreaterThan(0.95);
  });
});
