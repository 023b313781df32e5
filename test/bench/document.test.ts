// The figures of the pages are those of the file of results.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const { filled, pages } = (await import(new URL("bench/document.mjs", root).href)) as {
  filled(page: string, results: object): string;
  readonly pages: readonly string[];
};
const results = new URL("bench/results/latest.json", root);

it.runIf(existsSync(results)).each(pages)("%s has the figures of the last run", (page) => {
  const text = readFileSync(new URL(page, root), "utf8");
  expect(filled(text, JSON.parse(readFileSync(results, "utf8")) as object)).toBe(text);
});
