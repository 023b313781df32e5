// No exported function without laws: each is the very function of a sample, or a form in place that a sample has.

import { expect, it } from "vitest";
import { exceptions, samples } from "../samples/samples.js";
import { formsOf, writingMethods } from "./inplace.js";
import { functions } from "./tools.js";

const known = functions();
const called = new Set<unknown>();
const written = new Set<string>();
for (const sample of samples()) {
  called.add(sample.call);
  for (const path of sample.covers ?? []) called.add(known.get(path));
  for (const { name } of formsOf(sample)) written.add(name);
}

it("runs laws on every exported function", () => {
  const without = [...known].filter(
    ([path, value]) => !called.has(value) && !written.has(path) && !exceptions.has(path),
  );
  expect(without.map(([path]) => path)).toEqual([]);
});

it("runs laws on every method that writes in place", () => {
  const without = writingMethods.filter((name) => !written.has(`Tensor.${name}`) && !exceptions.has(name));
  expect(without).toEqual([]);
});

it("names in `covers` only what the call of the sample says", () => {
  for (const { name, call, covers = [] } of samples()) {
    for (const path of covers) {
      expect(known.has(path), `${name}: ${path} is exported`).toBe(true);
      const last = path.split(".").at(-1) as string;
      expect(String(call), `${name} calls ${path}`).toMatch(new RegExp(`\\b${last}\\b`));
    }
  }
});

it("makes exceptions only of what exists and has no laws", () => {
  const gone = [...exceptions].filter((path) => !known.has(path) && !writingMethods.includes(path));
  expect(gone).toEqual([]);
  expect([...exceptions].filter((path) => called.has(known.get(path)))).toEqual([]);
});
