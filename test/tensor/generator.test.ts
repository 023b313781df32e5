// Seeds and states of the random generators.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { Generator, getRngState, initialSeed, manualSeed, rand, seed, setRngState } from "../../src/entries/node.js";

beforeEach(() => {
  manualSeed(0);
});

describe("the default generator", () => {
  it("gives PyTorch's numbers for a seed", () => {
    manualSeed(42);
    expect(String(rand([5]))).toBe("tensor([0.8823, 0.9150, 0.3829, 0.9593, 0.3904])");
    expect(initialSeed()).toBe(42);
  });

  it("starts differently in each program", async () => {
    const first = async () => {
      vi.resetModules();
      const { initialSeed, rand } = await import("../../src/entries/node.js");
      return [initialSeed(), String(rand([4]))];
    };
    const [a, b] = [await first(), await first()];
    expect(a[0]).not.toBe(b[0]);
    expect(a[1]).not.toBe(b[1]);
  });

  it("takes a new seed from seed() and tells it, so that a run can be repeated", () => {
    const seeds = [seed(), seed(), seed()];
    expect(new Set(seeds).size).toBe(3);
    for (const each of seeds) expect(Number.isSafeInteger(each) && each >= 0).toBe(true);
    const drawn = rand([3]).tolist();
    manualSeed(initialSeed());
    expect(rand([3]).tolist()).toEqual(drawn);
  });

  it("starts from the fixed seed where the runtime gives no randomness", () => {
    const spy = vi.spyOn(crypto, "getRandomValues").mockImplementation(() => {
      throw new Error("Disallowed operation called within global scope");
    });
    expect(seed()).toBe(67280421310721);
    spy.mockRestore();
  });

  it("goes on from a state", () => {
    const state = getRngState();
    const drawn = rand([3]).tolist();
    setRngState(state);
    expect(rand([3]).tolist()).toEqual(drawn);
  });
});

it("a generator of one's own starts from PyTorch's default seed", () => {
  expect(new Generator().initialSeed()).toBe(67280421310721);
  expect(rand([2], { generator: new Generator() }).tolist()).toEqual(
    rand([2], { generator: new Generator() }).tolist(),
  );
});

it("takes negative seeds, as PyTorch does", () => {
  expect(rand([1], { generator: new Generator().manualSeed(-1) }).item()).toBeCloseTo(0.9937993884086609, 15);
});
