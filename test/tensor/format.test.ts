// Printing against PyTorch's own text (test/fixtures/printing, recorded by scripts/record-printing.py).
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/errors.js";
import { fixed, scientific } from "../../src/tensor/decimal.js";
import { formatTensor, getPrintoptions, type Printable, setPrintoptions } from "../../src/tensor/format.js";
import { installInspect } from "../../src/tensor/inspect.js";
import { contiguous, contiguousStrides, type Layout, numel, permute, slice } from "../../src/tensor/layout.js";

interface Case {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string | boolean)[] | { readonly start: number; readonly step: number };
  readonly gradFn?: string;
  readonly requiresGrad?: boolean;
  readonly tangent?: string;
  readonly defaultDtype?: string;
  readonly options?: Record<string, number | string | boolean>;
  readonly text: string;
}

const special: Record<string, number> = { nan: Number.NaN, inf: Infinity, "-inf": -Infinity, "-0": -0 };

function printable({ shape, dtype, data }: Case): Printable {
  const read = (position: number): number | bigint | boolean => {
    if (!("length" in data)) {
      const value = data.start + position * data.step;
      return dtype === "float32" ? Math.fround(value) : value;
    }
    const value = data[position];
    if (typeof value !== "string") return dtype === "int64" ? BigInt(value) : value;
    return special[value] ?? BigInt(value);
  };
  return { ...contiguous(shape), dtype, read };
}

function applyOptions(options: Case["options"] = {}): void {
  setPrintoptions({ profile: "default" });
  const entries = Object.entries(options).map(([name, value]) => [name, value === "Infinity" ? Infinity : value]);
  if (entries.length > 0) setPrintoptions(Object.fromEntries(entries));
}

afterEach(() => setPrintoptions({ profile: "default" }));

describe("PyTorch's text", () => {
  for (const name of ["special", "summarised", "suffixes", "options", "random"]) {
    test(name, () => {
      const url = new URL(`../fixtures/printing/${name}.json`, import.meta.url);
      for (const one of JSON.parse(readFileSync(url, "utf8")) as Case[]) {
        applyOptions(one.options);
        expect(formatTensor(printable(one), one), JSON.stringify(one)).toBe(one.text);
      }
    });
  }

  test("views print as the dense tensor they show", () => {
    const read = (position: number): number => position / 8;
    const print = (x: Layout): string => formatTensor({ ...x, dtype: "float32", read });
    const x = slice("slice", permute("permute", contiguous([4, 3, 5]), [2, 0, 1]), 1, 1, null, 2);
    const places: number[] = [];
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 2; j++) for (let k = 0; k < 3; k++) places.push(i + (1 + 2 * j) * 15 + k * 5);
    }
    const dense = formatTensor({ ...contiguous([5, 2, 3]), dtype: "float32", read: (i) => places[i] / 8 });
    expect(print(x)).toBe(dense);
  });

  test("only the shown elements of a large tensor are read", () => {
    let reads = 0;
    const read = (): number => {
      reads++;
      return 1;
    };
    const text = formatTensor({ ...contiguous([1000, 100, 100]), dtype: "float32", read });
    expect(reads).toBe(6 * 6 * 6);
    expect(text.startsWith("tensor([[[1., 1., 1.,  ..., 1., 1., 1.],")).toBe(true);
  });

  test("bools may be read as bytes", () => {
    const bytes = [1, 0, 1];
    expect(formatTensor({ ...contiguous([3]), dtype: "bool", read: (i) => bytes[i] })).toBe(
      "tensor([ True, False,  True])",
    );
  });

  test("no edge items leave the marker alone", () => {
    setPrintoptions({ edgeitems: 0, threshold: 3 });
    const x = { dtype: "float32", read: () => 1 };
    expect(formatTensor({ ...contiguous([4]), ...x })).toBe("tensor([...])");
    expect(formatTensor({ ...contiguous([2, 4]), ...x })).toBe("tensor([...])");
    expect(formatTensor({ ...contiguous([3]), ...x })).toBe("tensor([1., 1., 1.])");
  });
});

describe("setPrintoptions", () => {
  test("keeps what is not named, but resets sciMode", () => {
    setPrintoptions({ precision: 2, sciMode: true });
    setPrintoptions({ linewidth: 100 });
    expect(getPrintoptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 3, linewidth: 100, sciMode: null });
    setPrintoptions({ profile: "short", edgeitems: 5 });
    expect(getPrintoptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 5, linewidth: 80, sciMode: null });
    setPrintoptions({ profile: "full" });
    expect(getPrintoptions().threshold).toBe(Infinity);
  });

  test("refuses what it does not know, changing nothing", () => {
    const before = getPrintoptions();
    const wrong: object[] = [
      { precison: 3 },
      { sci_mode: true },
      { precision: -1 },
      { precision: 101 },
      { precision: 1.5 },
      { edgeitems: -1, precision: 2 },
      { threshold: Number.NaN },
      { linewidth: 0 },
      { profile: "tiny" },
      { profile: "toString" },
      { sciMode: 1 },
    ];
    for (const options of wrong) expect(() => setPrintoptions(options), JSON.stringify(options)).toThrow(ArgumentError);
    expect(() => setPrintoptions({ precison: 3 } as object)).toThrow(
      "setPrintoptions: unknown option precison; known are precision, threshold, edgeitems, linewidth, profile, sciMode",
    );
    expect(getPrintoptions()).toEqual(before);
  });
});

/** |x| as a fraction of integers, from its bits. */
function fraction(x: number): [bigint, bigint] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const mantissa = (bits & ((1n << 52n) - 1n)) | (exponent > 0 ? 1n << 52n : 0n);
  const shift = Math.max(exponent, 1) - 1075;
  return shift >= 0 ? [mantissa << BigInt(shift), 1n] : [mantissa, 1n << BigInt(-shift)];
}

/** The integer nearest to a / b, ties to even. */
function roundEven(a: bigint, b: bigint): bigint {
  const below = a / b;
  const rest = 2n * (a % b);
  return rest > b || (rest === b && below % 2n === 1n) ? below + 1n : below;
}

function referenceFixed(x: number, digits: number): string {
  const [a, b] = fraction(x);
  const text = roundEven(a * 10n ** BigInt(digits), b)
    .toString()
    .padStart(digits + 1, "0");
  const point = text.length - digits;
  const size = digits > 0 ? `${text.slice(0, point)}.${text.slice(point)}` : text;
  return x < 0 || Object.is(x, -0) ? `-${size}` : size;
}

function referenceScientific(x: number, digits: number): string {
  const [a, b] = fraction(x);
  let exponent = 0;
  const rounded = (place: number): bigint =>
    place >= 0 ? roundEven(a, b * 10n ** BigInt(place)) : roundEven(a * 10n ** BigInt(-place), b);
  if (a > 0n) {
    exponent = Math.floor(Math.log10(Math.abs(x))) - 1;
    while (rounded(exponent - digits) >= 10n ** BigInt(digits + 1)) exponent++;
  }
  const text = rounded(exponent - digits)
    .toString()
    .padStart(digits + 1, "0");
  const mantissa = digits > 0 ? `${text[0]}.${text.slice(1)}` : text;
  const power = `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return `${x < 0 || Object.is(x, -0) ? "-" : ""}${mantissa}e${power}`;
}

describe("numbers as C prints them", () => {
  test("ties, signs and specials", () => {
    const cases: [string, string][] = [
      [fixed(0.03125, 4), "0.0312"],
      [fixed(0.09375, 4), "0.0938"],
      [fixed(0.5, 0), "0"],
      [fixed(1.5, 0), "2"],
      [fixed(2.5, 0), "2"],
      [fixed(-2.5, 0), "-2"],
      [fixed(-0, 4), "-0.0000"],
      [fixed(-0.00001, 4), "-0.0000"],
      [fixed(1e21, 4), "1000000000000000000000.0000"],
      [fixed(-1e23, 0), "-99999999999999991611392"],
      [fixed(Number.NaN, 4), "nan"],
      [fixed(-Infinity, 4), "-inf"],
      [scientific(100005, 4), "1.0000e+05"],
      [scientific(100015, 4), "1.0002e+05"],
      [scientific(1.03125, 4), "1.0312e+00"],
      [scientific(4.5, 0), "4e+00"],
      [scientific(99999.5, 4), "1.0000e+05"],
      [scientific(0, 4), "0.0000e+00"],
      [scientific(-0, 4), "-0.0000e+00"],
      [scientific(5e-324, 4), "4.9407e-324"],
      [scientific(Infinity, 4), "inf"],
    ];
    for (const [text, expected] of cases) expect(text).toBe(expected);
  });

  test("agree with exact arithmetic on random doubles and ties", () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const dyadic = fc.tuple(fc.integer(), fc.integer({ min: -20, max: 40 })).map(([m, e]) => m * 2 ** -e);
    const decimal = fc.tuple(fc.integer({ min: 0, max: 99999 }), fc.nat(17)).map(([m, e]) => Number(`${m}5e${e}`));
    fc.assert(
      fc.property(fc.oneof(double, float, dyadic, decimal), fc.integer({ min: 0, max: 12 }), (x, digits) => {
        expect(fixed(x, digits)).toBe(referenceFixed(x, digits));
        expect(scientific(x, digits)).toBe(referenceScientific(x, digits));
      }),
      { numRuns: 3000 },
    );
  });
});

test("consoles show the text", () => {
  class Thing {
    constructor(readonly word: string) {}
  }
  installInspect(Thing.prototype, (self) => `thing(${self.word})`);
  expect(inspect(new Thing("x"))).toBe("thing(x)");
  expect(inspect({ a: [new Thing("y")] })).toBe("{ a: [ thing(y) ] }");
  expect(Object.keys(Thing.prototype)).toEqual([]);
  const deno = (new Thing("z") as unknown as Record<symbol, () => string>)[Symbol.for("Deno.customInspect")];
  expect(deno.call(new Thing("z"))).toBe("thing(z)");
});

test("strides of the layout, not of the shape, lead to the elements", () => {
  const shape = [2, 3];
  const x = { shape, strides: contiguousStrides([3, 2]).reverse(), offset: 4, dtype: "int64" };
  expect(numel(shape)).toBe(6);
  expect(formatTensor({ ...x, read: (i) => BigInt(i) })).toBe("tensor([[4, 6, 8],\n        [5, 7, 9]])");
});
