// Special functions against values to full precision, in both dtypes, and what is said of their arguments.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as wg from "../../src/entries/node.js";

interface Table {
  readonly arguments: readonly (readonly number[])[];
  readonly values: readonly number[];
}
const tables: Record<string, Table> = JSON.parse(
  readFileSync(new URL("../fixtures/pointwise/special.json", import.meta.url), "utf8"),
);

const library: Readonly<Record<string, unknown>> = { ...wg };
const special: Readonly<Record<string, unknown>> = { ...wg.special };

/** The function of a table: polygamma takes its order from the name. */
function functionOf(name: string): (...tensors: wg.Tensor[]) => wg.Tensor {
  const order = /^polygamma(\d+)$/.exec(name)?.[1];
  if (order !== undefined) return (x) => wg.polygamma(Number(order), x as wg.Tensor);
  const f = name.startsWith("special.") ? special[name.slice(8)] : library[name];
  return f as (...tensors: wg.Tensor[]) => wg.Tensor;
}

describe("values", () => {
  test.each(Object.keys(tables))("%s in float64", (name) => {
    const { arguments: given, values } = tables[name] as Table;
    const got = functionOf(name)(...given.map((column) => wg.tensor(column, { dtype: "float64" }))).toTypedArray();
    const wrong = values.flatMap((want, i) => {
      const error = Math.abs((got[i] as number) - want);
      const near = error <= 1e-13 * Math.abs(want) + (Math.abs(want) < 0.01 && Math.abs(want) > 1e-6 ? 1e-16 : 0);
      return near ? [] : [`at ${given.map((column) => column[i])}: ${got[i]}, not ${want}`];
    });
    expect(wrong).toEqual([]);
  });

  test.each(Object.keys(tables))("%s in float32 is the value in float64, rounded", (name) => {
    const { arguments: given } = tables[name] as Table;
    const narrow = given.map((column) => wg.tensor(column, { dtype: "float32" }));
    const wide = narrow.map((column) => column.to("float64"));
    const got = functionOf(name)(...narrow);
    const want = functionOf(name)(...wide).to("float32");
    // These few are worked out in float32; what rounding the argument costs grows in the tail.
    const places = name === "special.ndtr" ? 100 : name === "special.entr" ? 4 : 0;
    const [a, b] = [got.toTypedArray(), want.toTypedArray()];
    const wrong = Array.from(a, (v, i) => [v, b[i] as number]).filter(
      ([v = 0, w = 0]) =>
        !Object.is(v, w) && !(Math.abs(v - w) <= places * 2 ** -23 * Math.abs(w)) && !(Math.abs(w) < 1e-37),
    );
    expect(wrong).toEqual([]);
  });

  test("at the ends of their domains", () => {
    const { special: s } = wg;
    const at = (f: (x: wg.Tensor) => wg.Tensor, ...xs: number[]) => f(wg.tensor(xs, { dtype: "float64" })).tolist();
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    // Beside the pole at 0 it is −log |x|, also where 1 / x has no number.
    for (const [near, value] of [
      [-1e-310, 713.8013788281542],
      [1e-310, 713.8013788281542],
      [-1e-200, 460.51701859880916],
    ]) {
      expect(wg.lgamma(wg.tensor(near as number, { dtype: "float64" })).item()).toBeCloseTo(value as number, 9);
    }
    expect(at(wg.lgamma, 0, -1, inf, -inf, 1, 2, nan)).toEqual([inf, inf, inf, inf, 0, 0, nan]);
    expect(at(wg.digamma, 0, -0, -1, inf, nan)).toEqual([-inf, inf, nan, inf, nan]);
    expect(at((x) => wg.polygamma(1, x), 0, -1)).toEqual([inf, inf]);
    expect(at(wg.erfinv, -1, 1, 0, 1.5, nan)).toEqual([-inf, inf, 0, nan, nan]);
    expect(at(s.ndtri, 0, 1, 0.5, -0.1, nan)).toEqual([-inf, inf, 0, nan, nan]);
    expect(at(s.logNdtr, -inf, inf)).toEqual([-inf, -0]);
    expect(at(s.erfcx, -inf, inf, 0, nan)).toEqual([inf, 0, 1, nan]);
    expect(at(s.entr, 0, -1, inf, nan)).toEqual([0, -inf, -inf, nan]);
    expect(at(wg.i0, 0, inf, -inf)).toEqual([1, inf, inf]);
    expect(at(s.besselY0, 0, -1)).toEqual([-inf, nan]);
    expect(at(s.modifiedBesselK1, 0, -1)).toEqual([inf, nan]);
    expect(at(s.sphericalBesselJ0, 0, inf)).toEqual([1, 0]);
    const a = wg.tensor([0, 0, 2, 2, 2, -1], { dtype: "float64" });
    const x = wg.tensor([0, 1, 0, inf, -1, 1], { dtype: "float64" });
    expect(wg.igamma(a, x).tolist()).toEqual([nan, 1, 0, 1, nan, nan]);
    expect(wg.igammac(a, x).tolist()).toEqual([nan, 0, 1, 0, nan, nan]);
    const s1 = wg.tensor([1, 0.5, 2, 2.5], { dtype: "float64" });
    const q = wg.tensor([2, 2, -1, -0.5], { dtype: "float64" });
    expect(s.zeta(s1, q).tolist()).toEqual([inf, nan, inf, nan]);
  });

  test("polynomials at ±1, of degree 0 and below, and of a high degree", () => {
    const { special: s } = wg;
    const x = wg.tensor([1, -1, -1, 0.3, 0.3, 2], { dtype: "float64" });
    const n = wg.tensor([7, 7, 6, 0, -1, 2.9], { dtype: "float64" });
    expect(s.chebyshevPolynomialT(x, n).tolist()).toEqual([1, -1, 1, 1, 0, 7]);
    expect(s.chebyshevPolynomialU(x, n).tolist()).toEqual([8, -8, 7, 1, 0, 15]);
    expect(s.chebyshevPolynomialV(x, n).tolist()).toEqual([1, -15, 13, 1, 0, 11]);
    expect(s.chebyshevPolynomialW(x, n).tolist()).toEqual([15, -1, 1, 1, 0, 19]);
    expect(s.legendrePolynomialP(x, n).tolist()).toEqual([1, -1, 1, 1, 0, 5.5]);
    expect(s.laguerrePolynomialL(wg.tensor([0]), 5).tolist()).toEqual([1]);
    expect(s.hermitePolynomialH(wg.tensor([0.5]), 600).tolist()).toEqual([Number.NaN]);
  });
});

describe("derivatives", () => {
  const points = wg.tensor([0.3, 0.75, 1.4, 2.6], { dtype: "float64" });
  const small = wg.tensor([0.1, 0.35, 0.6, 0.95], { dtype: "float64" });
  const ops: [string, (x: wg.Tensor) => wg.Tensor, wg.Tensor][] = [
    ["lgamma", wg.lgamma, points],
    ["digamma", wg.digamma, points],
    ["polygamma", (x) => wg.polygamma(2, x), points],
    ["mvlgamma", (x) => wg.mvlgamma(x.add(2), 3), points],
    ["erfinv", wg.erfinv, small],
    ["i0", wg.i0, points],
    ["i1", wg.special.i1, points],
    ["i0e", wg.special.i0e, points],
    ["i1e", wg.special.i1e, points],
    ["erfcx", wg.special.erfcx, points],
    ["ndtr", wg.special.ndtr, points],
    ["ndtri", wg.special.ndtri, small],
    ["logNdtr", wg.special.logNdtr, points],
    ["entr", wg.special.entr, points],
    ["zeta", (x) => wg.special.zeta(2.5, x), points],
    ["igamma", (x) => wg.igamma(wg.tensor([0.5, 1, 2, 3.5], { dtype: "float64" }), x), points],
    ["igammac", (x) => wg.igammac(wg.tensor([0.5, 1, 2, 3.5], { dtype: "float64" }), x), points],
  ];

  test.each(ops)("%s, first and second, by finite differences", (_name, f, at) => {
    const h = 1e-5;
    const differences = (g: (x: wg.Tensor) => wg.Tensor) =>
      g(at.add(h))
        .sub(g(at.sub(h)))
        .div(2 * h)
        .toTypedArray();
    const slope = (x: wg.Tensor, createGraph = false): wg.Tensor => {
      const leaf = createGraph ? x : x.detach().requiresGrad_();
      return wg.autograd.grad(f(leaf).sum(), [leaf], { createGraph })[0] as wg.Tensor;
    };
    const leaf = at.detach().requiresGrad_();
    const first = slope(leaf, true);
    const second = wg.autograd.grad(first.sum(), [leaf])[0] as wg.Tensor;
    for (const [got, want] of [
      [first.toTypedArray(), differences(f)],
      [second.toTypedArray(), differences((x) => slope(x))],
    ] as const) {
      for (const [i, w] of want.entries())
        expect(Math.abs((got[i] as number) - w)).toBeLessThan(1e-6 * Math.max(1, Math.abs(w)));
    }
  });

  test("by the first argument of the incomplete gamma and zeta functions there is none", () => {
    const a = wg.tensor([1.5], { requiresGrad: true });
    const x = wg.tensor([2.5]);
    for (const out of [wg.igamma(a, x), wg.igammac(a, x), wg.special.zeta(a, x)]) {
      expect(() => out.sum().backward()).toThrow(/derivative .*not implemented/);
    }
    expect(wg.special.besselJ0(a).requiresGrad).toBe(false);
  });
});

test("wrong arguments are refused", () => {
  const x = wg.tensor([1.5]);
  expect(() => wg.polygamma(-1, x)).toThrow(wg.ArgumentError);
  expect(() => wg.polygamma(0.5, x)).toThrow(wg.ArgumentError);
  expect(() => wg.mvlgamma(x, 0)).toThrow(wg.ArgumentError);
  expect(() => wg.igamma(wg.tensor([1], { dtype: "int32" }), wg.tensor([1], { dtype: "int32" }))).toThrow(
    wg.DTypeError,
  );
  expect(() => wg.special.zeta(2, 3)).toThrow(wg.ArgumentError);
  const whole = wg.tensor([2, 3], { dtype: "int32" });
  expect(() => whole.mvlgamma_(1)).toThrow(wg.DTypeError);
  expect(whole.tolist()).toEqual([2, 3]);
});
