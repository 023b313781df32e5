// examples/from-pytorch.md: its program in JavaScript runs, prints what PyTorch printed, and writes what PyTorch would load.

import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { load } from "../../src/entries/node.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Inside the project, so that the program imports "wengert" as its users do.
const folder = join(root, `build/from-pytorch-${process.pid}`);

const page = readFileSync(join(root, "examples/from-pytorch.md"), "utf8");

/** The first block of a language on the page. */
function blockOf(language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page) as RegExpExecArray;
  return text as string;
}

/** The numbers in a text behind a word. */
function numbers(text: string, words: string): number[] {
  return [...text.matchAll(new RegExp(`${words} ([\\d.]+)`, "g"))].map(([, number]) => Number(number));
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("trains as PyTorch does", { timeout: 60_000 }, async () => {
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, "examples/digits/digits.csv.gz"), join(folder, "digits.csv.gz"));
  writeFileSync(join(folder, "train.mjs"), blockOf("js"));
  const { stdout } = await promisify(execFile)(process.execPath, ["train.mjs"], { cwd: folder, encoding: "utf8" });
  const printed = blockOf("text");
  expect(stdout.split("\n").length).toBe(printed.split("\n").length);
  const [ours, theirs] = [stdout, printed].map((text) => numbers(text, "step \\d loss")) as [number[], number[]];
  expect(theirs.length).toBe(5);
  theirs.forEach((loss, i) => {
    expect(Math.abs((ours[i] as number) - loss)).toBeLessThan(5e-6);
  });
  numbers(printed, "epoch \\d loss").forEach((loss, i) => {
    expect(Math.abs((numbers(stdout, "epoch \\d loss")[i] as number) - loss)).toBeLessThan(2e-4);
  });
  numbers(printed, "accuracy").forEach((accuracy, i) => {
    expect(Math.abs((numbers(stdout, "accuracy")[i] as number) - accuracy)).toBeLessThan(1e-3);
  });
  const state = load(readFileSync(join(folder, "digits.pt"))) as Record<string, { readonly shape: readonly number[] }>;
  expect(state["hidden.weight"]?.shape).toEqual([64, 256]);
});
