// Results in float32: not further from float64 than twice what PyTorch's own float32 is, over the recorded cases.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { manualSeed, rand, scope, Tensor } from "../../src/entries/node.js";
import { type Case, type Document, decode, documents, flattened, invoke } from "./cases.js";

/** By operator and case, for each result the largest difference of PyTorch's float32 from its float64; null: not compared. */
const errors: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>> = JSON.parse(
  gunzipSync(readFileSync(new URL("../fixtures/float32/errors.json.gz", import.meta.url))).toString(),
);

/** The last rounding of a result: half a unit in the last place of the largest element, by which PyTorch may be lucky. */
const HALF_UNIT = 2 ** -24;

/** Results of a case on its inputs rounded to float32, computed in either precision. */
function run(document: Document, each: Case, float: "float32" | "float64"): (Tensor | null)[] {
  manualSeed(1);
  const rounded = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rounded);
    if (!(value instanceof Tensor) || value.dtype !== "float64") return value;
    return float === "float64" ? value.to("float32").to("float64") : value.to("float32");
  };
  // Decoded in float64 whatever comes, so that both precisions start from the same rounded numbers; the dtypes that a case
  // names follow the precision.
  const named = (value: unknown): unknown =>
    value !== null && typeof value === "object" && "dtypeName" in value && value.dtypeName === "float64"
      ? float
      : value;
  const decoded = (value: unknown): unknown => rounded(decode(named(value), "float64", [], (x) => x.detach()));
  const opts = Object.fromEntries(Object.entries(each.opts).map(([name, value]) => [name, decoded(value)]));
  return flattened(invoke(document.op, each.args.map(decoded), opts)).map((x) => (x instanceof Tensor ? x : null));
}

/** Cases where chance makes PyTorch's difference small: further ones of the same operators are held to the bound. */
const LUCKY: Readonly<Record<string, string>> = {
  "addcmul 6":
    "one element, -4.83 + 4.58: PyTorch's compiler fuses product and sum there; rounding the product moves it by 2.4e-7",
  "nn.functional.triplet_margin_loss 0":
    "one mean of differences of distances: 2.9 units in the last place against 0.9",
};

const numbersOf = (x: Tensor): number[] => Array.from(x.detach().contiguous().toTypedArray(), Number);

const known = documents.flatMap((document): [string, Document][] => {
  const name = document.variant ? `${document.op}.${document.variant}` : document.op;
  return name in errors ? [[name, document]] : [];
});

describe("float32 errs at most twice as much as PyTorch's", () => {
  it("is compared for nearly all operators", () => {
    expect(known.length).toBeGreaterThan(390);
  });

  it.each(known)("%s", (name, document) => {
    rand([1]).dispose();
    for (const each of document.cases) {
      const theirs = errors[name]?.[String(each.sample)];
      if (theirs === undefined || `${name} ${each.sample}` in LUCKY) continue;
      scope(() => {
        const [narrow, wide] = [run(document, each, "float32"), run(document, each, "float64")];
        theirs.forEach((error, k) => {
          const [a, b] = [narrow[k], wide[k]];
          if (error === null || !a || !b || a.dtype !== "float32") return;
          const exact = numbersOf(b);
          const size = exact.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
          const bound = 2 * error + HALF_UNIT * size;
          numbersOf(a).forEach((value, j) => {
            const wanted = exact[j] as number;
            if (!Number.isFinite(wanted)) expect(value).toBe(wanted);
            else if (!(Math.abs(value - wanted) <= bound))
              expect.fail(
                `sample ${each.sample}, result ${k}, element ${j}: ${value} for ${wanted}, off by ${Math.abs(value - wanted)} where PyTorch is by ${error}`,
              );
          });
        });
      });
    }
  });
});
