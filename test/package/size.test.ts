// What is shipped stays small.

import { expect, it } from "vitest";

it("keeps within the budgets of bytes", async () => {
  const script = new URL("../../scripts/sizes.mjs", import.meta.url).href;
  const { BUDGETS, overBudget, sizes } = await import(script);
  expect(overBudget(await sizes(), BUDGETS)).toEqual([]);
}, 120_000);
