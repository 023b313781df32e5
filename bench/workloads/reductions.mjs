// Reductions over rows and columns, softmax, normalisation and the loss of classification.
import { bytesOf, constant, integers, random } from "./data.mjs";
import { define } from "./define.mjs";

function reduction(op, dim, goal) {
  const along = dim === 1 ? "rows" : "columns";
  const name = `${op} over ${along}, 2000 × 2000`;
  return define({ name, group: "reduction", sizes: { n: 2000 }, tiny: { n: 11 }, goal }, ({ n }) => ({
    kind: "forward",
    inputs: { x: random([n, n], { shift: op === "sum" ? 0.5 : 0 }) },
    forward: (k, { x }) => k[op](x, dim),
    flops: n * n,
    bytes: 4 * n * (n + 1),
  }));
}

function softmax(dtype, goal) {
  const name = `softmax 1000 × 1000${dtype === "float64" ? ", float64," : ""} and backward`;
  return define({ name, group: "softmax", sizes: { n: 1000 }, tiny: { n: 9 }, goal }, ({ n }) => ({
    kind: "gradient",
    params: { x: random([n, n], { dtype }) },
    inputs: { g: random([n, n], { dtype }) },
    cotangent: "g",
    dtype,
    forward: (k, { x }) => k.softmax(x),
    flops: 0,
    // x read and the result written; the result and g read, the gradient written.
    bytes: 5 * bytesOf(dtype) * n * n,
  }));
}

export const reductions = [
  reduction("sum", 1, 0.25),
  reduction("max", 1, 0.5),
  reduction("sum", 0, 0.6),
  reduction("max", 0, 0.8),
  softmax("float32", 2.5),
  softmax("float64"),
  define(
    {
      name: "LayerNorm 1000 × 1000 and backward",
      group: "norm",
      sizes: { rows: 1000, width: 1000 },
      tiny: { rows: 5, width: 12 },
    },
    ({ rows, width }) => ({
      kind: "gradient",
      params: { x: random([rows, width]), gain: random([width], { scale: 0.1, shift: 1 }), bias: constant([width], 0) },
      inputs: { g: random([rows, width]) },
      cotangent: "g",
      forward: (k, { x, gain, bias }) => k.layerNorm(x, gain, bias),
      flops: 0,
      bytes: 5 * 4 * rows * width,
    }),
  ),
  define(
    {
      name: "cross-entropy 1024 × 1000 and backward",
      group: "softmax",
      sizes: { rows: 1024, classes: 1000 },
      tiny: { rows: 6, classes: 7 },
    },
    ({ rows, classes }) => ({
      kind: "gradient",
      params: { x: random([rows, classes]) },
      inputs: { labels: integers([rows], classes) },
      forward: (k, { x, labels }) => k.crossEntropy(x, labels),
      flops: 0,
      bytes: 3 * 4 * rows * classes,
    }),
  ),
];
