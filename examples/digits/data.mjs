// The digits: reading the file, and splitting it into what is learnt from and what is tested on.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Generator, int32, randperm, scope, tensor } from "wengert";

const PIXELS = 64;
const SPLIT_SEED = 0;

/** All digits: pixels as numbers in [−1, 1], [1797, 64], and labels, [1797]. */
export function readDigits() {
  const text = gunzipSync(readFileSync(new URL("digits.csv.gz", import.meta.url))).toString();
  const rows = text.trim().split("\n");
  const table = tensor(rows.map((row) => row.split(",").map(Number)));
  return {
    pixels: table.narrow(1, 0, PIXELS).div(8).sub(1),
    labels: table.select(1, PIXELS).to(int32),
  };
}

/** The digits in parts of 80 % and 20 %, always the same ones. */
export function splitDigits() {
  return scope(() => {
    const { pixels, labels } = readDigits();
    const count = labels.size(0);
    const order = randperm(count, { generator: new Generator().manualSeed(SPLIT_SEED) });
    const part = (chosen) => ({ pixels: pixels.indexSelect(0, chosen), labels: labels.indexSelect(0, chosen) });
    const [train, test] = order.split([Math.floor(count * 0.8), count - Math.floor(count * 0.8)]);
    return { train: part(train), test: part(test) };
  });
}
