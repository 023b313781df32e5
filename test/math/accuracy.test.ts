// The elementary functions against correctly rounded values: within 2 units in the last place, special values exactly.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wengert from "../../src/entries/node.js";

type Floats = Float32Array | Float64Array;
type Elementary = (...operands: wengert.Tensor[]) => wengert.Tensor;

const ALLOWED = 2;
const FOLDER = new URL("../fixtures/math/", import.meta.url);
const { tensor } = wengert;
const library = wengert as unknown as Record<string, Elementary>;

/** The columns of a fixture: the operands, then the correctly rounded results. */
function columns(file: string): Floats[] {
  const bytes = readFileSync(new URL(file, FOLDER));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const table = file.includes("f32") ? new Float32Array(buffer) : new Float64Array(buffer);
  const width = /^(pow|atan2)_/.test(file) ? 3 : 2;
  return Array.from({ length: width }, (_, k) => table.filter((_, i) => i % width === k));
}

/** The place of every float among all floats: neighbours differ by 1. */
function places(values: Floats): bigint[] {
  const wide = values instanceof Float64Array;
  const bits = wide ? new BigInt64Array(values.buffer) : Array.from(new Int32Array(values.buffer), BigInt);
  const negative = wide ? -(2n ** 63n) : -(2n ** 31n);
  return Array.from(bits, (b) => (b < 0n ? negative - b : b));
}

/** Lines about the results that are wrong. */
function mistakes(operands: Floats[], results: Floats, expected: Floats): string[] {
  const got = places(results);
  const wanted = places(expected);
  const lines: string[] = [];
  for (let i = 0; i < expected.length; i++) {
    const result = results[i] as number;
    const want = expected[i] as number;
    const distance = Number((got[i] as bigint) - (wanted[i] as bigint));
    const comparable = Number.isFinite(want) && Number.isFinite(result) && (want !== 0 || result !== 0);
    if (comparable ? Math.abs(distance) <= ALLOWED : Object.is(result, want)) continue;
    lines.push(`${operands.map((o) => o[i]).join(", ")}: ${result} instead of ${want}, ${distance} off`);
  }
  return lines;
}

function values(x: wengert.Tensor): Floats {
  return x.toTypedArray() as Floats;
}

/** Results for the operands in reverse order and without the first, put back in order. */
function elsewhere(f: Elementary, operands: Floats[]): Floats {
  return values(f(...operands.map((o) => tensor(o.slice(1).reverse())))).reverse();
}

describe(`within ${ALLOWED} units in the last place`, () => {
  for (const file of readdirSync(FOLDER)) {
    const [name, dtype] = file.split(/[_.]/) as [string, string];
    it.skipIf(!(name in wengert))(`${name} of ${dtype}`, () => {
      const f = library[name]!;
      const table = columns(file);
      const operands = table.slice(0, -1);
      const results = values(f(...operands.map((o) => tensor(o))));
      expect(mistakes(operands, results, table.at(-1)!)).toEqual([]);
      // What shares a vector with an element does not change it.
      expect(places(elsewhere(f, operands))).toEqual(places(results.slice(1)));
    });
  }
});

describe("exactly", () => {
  for (const array of [Float32Array, Float64Array]) {
    const of = (name: string, numbers: number[], exponents?: number[]) => {
      const operands = exponents ? [numbers, exponents] : [numbers];
      return [...values(library[name]!(...operands.map((o) => tensor(array.from(o)))))];
    };
    const isNarrow = array === Float32Array;

    const cases: [string, number[], number[]][] = [
      ...["exp", "exp2", "cos", "cosh", "erfc"].map((f): [string, number[], number[]] => [f, [0, -0], [1, 1]]),
      ...["log", "log2", "log10", "acos", "acosh"].map((f): [string, number[], number[]] => [f, [1], [0]]),
      ["sigmoid", [0, -0, 200, -Infinity], [0.5, 0.5, 1, 0]],
      ["tanh", [30, -30], [1, -1]],
      ["erf", [7, -7], [1, -1]],
    ];
    for (const [name, numbers, results] of cases) {
      it.skipIf(!(name in wengert))(`${name} in a ${array.name}`, () => {
        expect(of(name, numbers)).toEqual(results);
      });
    }

    it.skipIf(!("exp2" in wengert && "log2" in wengert && "log10" in wengert))(
      `powers of 2 and 10 in a ${array.name}`,
      () => {
        const exponents = Array.from({ length: 253 }, (_, i) => i - 126);
        const powers = exponents.map((n) => 2 ** n);
        expect(of("exp2", exponents)).toEqual(powers);
        expect(of("log2", powers)).toEqual(exponents);
        const digits = Array.from({ length: isNarrow ? 11 : 23 }, (_, i) => i);
        expect(
          of(
            "log10",
            digits.map((n) => 10 ** n),
          ),
        ).toEqual(digits);
      },
    );

    it(`whole powers of whole numbers in a ${array.name}`, () => {
      const bases: number[] = [];
      const exponents: number[] = [];
      for (let base = -30; base <= 30; base++) {
        for (let n = 0; Math.abs(base ** n) <= 2 ** (isNarrow ? 24 : 53) && n <= 60; n++) {
          bases.push(base);
          exponents.push(n);
        }
      }
      expect(of("pow", bases, exponents)).toEqual(bases.map((base, i) => base ** exponents[i]!));
    });
  }
});
