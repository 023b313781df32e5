// The digits: reading the file, and splitting it into what is learnt from and what is tested on.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { int32, manualSeed, randperm, tensor } from "wengert";

/** All digits: pixels as numbers in [0, 1], [1797, 64], and labels, [1797]. */
export function readDigits() {
  const text = gunzipSync(readFileSync(new URL("digits.csv.gz", import.meta.url))).toString();
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  return {
    pixels: tensor(rows.map((row) => row.slice(0, 64))).div(16),
    labels: tensor(
      rows.map((row) => row[64]),
      { dtype: int32 },
    ),
  };
}

/** A split into parts of 80 % and 20 %, always the same one. */
export function splitDigits({ pixels, labels }) {
  manualSeed(0);
  const order = randperm(pixels.size(0));
  const cut = Math.floor(pixels.size(0) * 0.8);
  const part = (from, to) => {
    const chosen = order.narrow(0, from, to - from);
    return { pixels: pixels.indexSelect(0, chosen), labels: labels.indexSelect(0, chosen) };
  };
  return { train: part(0, cut), test: part(cut, pixels.size(0)) };
}
