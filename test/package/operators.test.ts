// The table of operators in the guide is what the library is.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as library from "../../src/entries/node.js";
import { samples } from "../samples/samples.js";

it("docs/operators.md is what `node scripts/operators.mjs` writes", async () => {
  const script = new URL("../../scripts/operators.mjs", import.meta.url).href;
  const { page } = (await import(script)) as { page: (library: object, list: readonly object[]) => string };
  const written = readFileSync(new URL("../../docs/operators.md", import.meta.url), "utf8");
  const stale = written === page(library, samples()) ? "" : "stale: run node scripts/operators.mjs";
  expect(stale).toBe("");
}, 60_000);
